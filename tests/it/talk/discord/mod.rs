//! Whole conversations on Discord.

mod buttons;
mod catchup;
mod changes;
mod commands;
mod doors;
mod faults;
mod places;
mod starts;
mod streaming;
mod trouble;

use crate::support::discord::Discord;
use crate::support::stage::On;

const POST: &str = "POST /channels/{id}/messages";
const EDIT: &str = "PATCH /channels/{id}/messages/{id}";

type Stage = On<Discord>;
