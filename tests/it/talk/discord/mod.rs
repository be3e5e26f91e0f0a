//! Whole conversations on Discord.

mod catchup;
mod changes;
mod commands;
mod faults;
mod places;
mod starts;
mod streaming;
mod trouble;

use crate::support::discord::{Discord, GatewayRecord, GatewayStep, Shown};
use crate::support::models::Models;
use crate::support::program::{Running, Setup};
use crate::talk::{furnish, stops_well};

const POST: &str = "POST /channels/{id}/messages";
const EDIT: &str = "PATCH /channels/{id}/messages/{id}";

/// A daemon on Discord, answered by a model.
struct House {
    discord: Discord,
    models: Models,
    setup: Setup,
}

impl House {
    async fn new() -> Self {
        Self::at(Discord::start().await).await
    }

    /// A house where the platform itself never asks to wait.
    async fn without_rate_limits() -> Self {
        Self::at(Discord::start().await.without_rate_limits()).await
    }

    async fn at(discord: Discord) -> Self {
        let channel =
            format!("[channels.discord]\ntoken = \"{}\"\napi_base = \"{}\"", discord.token(), discord.url());
        let (models, setup) = furnish(&channel).await;
        Self { discord, models, setup }
    }

    /// Starts the daemon; what was said before it is connected, nobody would hear.
    async fn serve(&self) -> Running {
        self.serve_with(&self.setup).await
    }

    async fn serve_with(&self, setup: &Setup) -> Running {
        let before = self.discord.gateway_log().iter().filter(|record| is_identified(record)).count();
        let bot = setup.serve();
        self.discord.wait_for_gateway(before + 1, is_identified).await;
        bot
    }

    /// Waits until the last message in a channel is the bot's and says this.
    async fn wait_until_last(&self, channel: u64, text: &str) -> Vec<Shown> {
        let seen = self.discord.wait_for_message(channel, |shown| shown.by_bot && shown.text == text).await;
        let screen = self.discord.screen(channel);
        assert_eq!(screen.last().map(|last| last.id), Some(seen.id), "{screen:#?}");
        screen
    }

    /// Ends the daemon and looks for what nobody has looked at.
    async fn ends_well(&self, bot: Running) {
        stops_well(bot, &self.models).await;
        assert_eq!(self.discord.problems(), Vec::<String>::new());
        let unseen = self.discord.unseen();
        assert!(unseen.is_empty(), "{unseen:#?}");
    }
}

/// Whether a new session began.
fn is_identified(record: &GatewayRecord) -> bool {
    matches!(record.what, GatewayStep::Identified { .. })
}

/// What the bot has said in a channel.
fn said(screen: &[Shown]) -> Vec<&str> {
    let shown = screen.iter().filter(|shown| shown.by_bot && !shown.deleted);
    shown.map(|shown| shown.text.as_str()).collect()
}
