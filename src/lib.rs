//! Switchboard: one assistant in Discord, Telegram, Slack and the terminal.
//!
//! The map of the code, from the bottom up. A module uses those before it,
//! never those after it, and the four in the middle are strangers to each
//! other; `tests/it/architecture.rs` enforces that.
//!
//! - [`domain`]: the words we use. Pure.
//! - [`config`]: settings, read once, checked once.
//! - [`telemetry`]: logs, metrics, and the only way to start a task.
//! - [`store`], [`model`], [`channels`]: durable truth, language models, chat
//!   platforms.
//! - [`admin`]: operations with more than one surface.
//! - [`router`]: decides the answer to a message.
//! - [`http`]: health, metrics and webhooks.
//! - [`app`]: builds the parts, joins them, starts and stops them.
//! - [`cli`]: one file per subcommand.
//!
//! A message's way: `channels/<p>/decode` → [`app`]'s inbox (durable, then the
//! platform's acknowledgement) → `app/dispatch` (lanes) → [`router`] →
//! `app/delivery` → `channels/<p>/encode`.
//!
//! What you will not find: a channel that knows the router, a router that knows
//! a platform, an entity outside of [`store`], a task without an owner.

pub mod admin;
pub mod app;
pub mod channels;
pub mod cli;
pub mod config;
pub mod domain;
pub mod http;
pub mod model;
pub mod router;
pub mod store;
pub mod telemetry;
