//! Everything that is tested from outside, as one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests may panic, and nobody reaches into them"
)]

mod emulators;
mod model;
mod support;
