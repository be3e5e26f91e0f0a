//! Whole conversations on Slack.

mod buttons;
mod catchup;
mod changes;
mod commands;
mod doors;
mod faults;
mod files;
mod places;
mod starts;
mod streaming;
mod streams;
mod trouble;

use crate::support::slack::Slack;
use crate::support::stage::On;

type Stage = On<Slack>;
