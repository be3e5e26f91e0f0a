//! The Slack channel by itself: the real SDK against the emulated workspace.

mod bot;
mod commands;
mod hostile;
mod posting;
mod receiving;
mod recovering;
mod refusals;
mod trouble;
