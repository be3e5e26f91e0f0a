//! What tests stand on: emulators of the platforms and of the model.
#![allow(dead_code, unused_imports, reason = "an emulator offers more than each test needs")]

pub mod database;
pub mod discord;
mod every;
pub mod models;
pub mod observed;
pub mod picture;
pub mod platforms;
pub mod problems;
pub mod program;
pub mod proxy;
pub mod screens;
pub mod secrets;
pub mod server;
pub mod shown;
pub mod slack;
pub mod source;
pub mod stage;
pub mod statements;
pub mod telegram;
