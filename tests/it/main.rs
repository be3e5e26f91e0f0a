//! Everything that is tested from outside, as one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "tests may panic"
)]

mod model;
mod support;
