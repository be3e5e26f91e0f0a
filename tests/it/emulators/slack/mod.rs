//! The Slack emulator, held to Slack's documentation: one test for each rule.

mod bot;
mod client;
mod drawing;
mod events;
mod http;
mod interactions;
mod messages;
mod rich;
mod sockets;
mod web;

use crate::support::{server, slack};
