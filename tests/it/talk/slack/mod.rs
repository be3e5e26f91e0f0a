//! Whole conversations on Slack.

mod catchup;
mod changes;
mod commands;
mod faults;
mod places;
mod starts;
mod streaming;
mod trouble;

use crate::support::models::Models;
use crate::support::program::{Running, Setup};
use crate::support::slack::{Shown, Slack};
use crate::talk::{furnish, stops_well};

/// A daemon on Slack, answered by a model.
struct House {
    slack: Slack,
    models: Models,
    setup: Setup,
}

impl House {
    async fn new() -> Self {
        Self::at(Slack::start().await).await
    }

    async fn at(slack: Slack) -> Self {
        let channel = format!(
            "[channels.slack]\nbot_token = \"{}\"\napp_token = \"{}\"\napi_base = \"{}\"",
            slack.bot_token(),
            slack.app_token(),
            slack.api_url(),
        );
        let (models, setup) = furnish(&channel).await;
        Self { slack, models, setup }
    }

    /// Starts the daemon, and waits until it listens.
    async fn serve(&self) -> Running {
        self.serve_with(&self.setup).await
    }

    async fn serve_with(&self, setup: &Setup) -> Running {
        let bot = setup.serve();
        assert!(self.slack.wait_for_sockets(2).await, "{:#?}", bot.log());
        bot
    }

    /// Waits until the bot says this in a channel.
    async fn wait_for(&self, channel: &str, text: &str) -> Shown {
        let waited = self.slack.wait_for_message(channel, |shown| shown.by_bot && shown.text == text).await;
        waited.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Waits until the last message in a channel is the bot's and says this.
    async fn wait_until_last(&self, channel: &str, text: &str) -> Vec<Shown> {
        let seen = self.wait_for(channel, text).await;
        let screen = self.slack.screen(channel);
        assert_eq!(screen.last().map(|last| last.ts.as_str()), Some(seen.ts.as_str()), "{screen:#?}");
        screen
    }

    /// Ends the daemon and looks for what nobody has looked at.
    async fn ends_well(&self, bot: Running) {
        assert!(self.slack.wait_until_delivered().await);
        assert_eq!(self.slack.lost_events(), Vec::<String>::new());
        stops_well(bot, &self.models).await;
        assert_eq!(self.slack.problems(), Vec::<String>::new());
        assert_eq!(self.slack.unseen(), Vec::new());
    }
}

/// What the bot has said in a channel.
fn said(screen: &[Shown]) -> Vec<&str> {
    let shown = screen.iter().filter(|shown| shown.by_bot && !shown.deleted);
    shown.map(|shown| shown.text.as_str()).collect()
}
