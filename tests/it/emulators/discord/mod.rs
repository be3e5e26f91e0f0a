//! The Discord emulator keeps the rules of the official documentation.

mod client;
mod faults;
mod gateway;
mod interactions;
mod limits;
mod markdown;
mod mentions;
mod messages;
mod places;
mod serenity_client;

use crate::support::discord as emulator;
