//! The one test binary: Switchboard from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "tests may panic"
)]

mod configuration;
