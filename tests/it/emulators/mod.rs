//! The emulators are held to what they emulate.

mod discord;
mod models;
mod pictures;
mod problems;
mod slack;
mod telegram;
