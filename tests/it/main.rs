//! Switchboard from outside: the real program, the real client libraries, and
//! emulators of everything that they speak to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests may panic, and nobody imports them"
)]

mod access;
mod architecture;
mod canary;
mod configuration;
#[cfg(feature = "kill-points")]
mod crash;
mod discord;
mod disk;
mod emulators;
mod given_up;
mod groups;
mod hostile;
mod markdown;
mod migrations;
mod model;
mod operation;
mod packaging;
mod postgres;
mod sandbox;
mod slack;
mod startup;
mod statements;
mod store;
mod support;
mod talk;
mod telegram;
mod terminal;
mod texts;
mod webhooks;
