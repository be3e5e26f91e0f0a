//! The real daemon with its webhooks: Telegram and Slack send, as they would
//! through a proxy that ends TLS.

mod canary;
mod catchup;
mod conversations;
mod doors;
mod quarantine;
mod repeats;
mod starts;

use std::net::SocketAddr;

use crate::support::models::Models;
use crate::support::program::{Running, Setup};
use crate::support::slack::{self, Slack};
use crate::support::telegram::{self, Telegram};

/// What Telegram shows.
const SECRET: &str = "a-secret_of_the-webhook-42";

/// Where the public address leads to.
const PUBLIC: &str = "https://bot.example.org/webhooks/telegram";

/// Both platforms, a model, and the settings of a daemon that they send to.
struct House {
    telegram: Telegram,
    slack: Slack,
    models: Models,
    setup: Setup,
    /// Where the daemon listens, time after time.
    address: SocketAddr,
}

impl House {
    async fn new() -> Self {
        let (telegram, slack, models) =
            (Telegram::start().await, Slack::start().await, Models::start().await);
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        telegram.webhook_gate(address);
        let setup = Setup::new().open().with(&format!(
            "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\nmode = \"webhook\"\nwebhook_url = \"{PUBLIC}\"\n\
             webhook_secret = \"{SECRET}\"\n[channels.slack]\nbot_token = \"{}\"\napi_base = \"{}\"\nmode = \"events\"\n\
             signing_secret = \"{}\"\n[http]\nlisten = \"{address}\"\n[model.providers.main]\nbase_url = \"{}\"\n\
             api_key = \"{}\"\nmodel = \"gpt-4o\"\nretries = 0",
            telegram.token(),
            telegram.url(),
            slack.bot_token(),
            slack.api_url(),
            slack.signing_secret(),
            models.base_url(),
            models.key(),
        ));
        Self { telegram, slack, models, setup, address }
    }

    /// Starts the daemon, and waits until both platforms may send.
    async fn serve(&self) -> Running {
        let bot = self.setup.serve();
        self.listens(&bot).await;
        bot
    }

    async fn listens(&self, bot: &Running) {
        bot.wait_for_log("Telegram sends what comes in to").await;
        bot.wait_for_log("Slack may send what comes in to").await;
        self.slack
            .events_to(&self.url("slack"))
            .await
            .unwrap_or_else(|error| panic!("{error}: {:#?}", bot.log()));
        self.slack.commands_to(&self.url("slack"));
    }

    fn url(&self, platform: &str) -> String {
        format!("http://{}/webhooks/{platform}", self.address)
    }

    /// Waits until the bot says this on Telegram.
    async fn telegram_says(&self, chat: i64, text: &str) {
        let is_it = |shown: &telegram::Shown| shown.is_from_bot() && shown.text == text;
        self.telegram.wait_for_message(chat, is_it).await.unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// Waits until the bot says this on Slack.
    async fn slack_says(&self, channel: &str, text: &str) {
        let is_it = |shown: &slack::Shown| shown.by_bot && shown.text == text;
        self.slack.wait_for_message(channel, is_it).await.unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// What the bot has said on Telegram.
    fn said_on_telegram(&self, chat: i64) -> Vec<String> {
        let screen = self.telegram.screen(chat);
        screen.into_iter().filter(telegram::Shown::is_from_bot).map(|shown| shown.text).collect()
    }

    /// What the bot has said on Slack.
    fn said_on_slack(&self, channel: &str) -> Vec<String> {
        let screen = self.slack.screen(channel);
        screen.into_iter().filter(|shown| shown.by_bot && !shown.deleted).map(|shown| shown.text).collect()
    }

    /// Ends the daemon, and looks for what nobody should have done.
    async fn ends_well(&self, bot: Running) {
        assert!(self.slack.wait_until_delivered().await);
        self.telegram.wait_until_confirmed().await.unwrap();
        bot.stop().await;
        assert_eq!(self.slack.lost_events(), Vec::<String>::new());
        assert_eq!(self.slack.problems(), Vec::<String>::new());
        assert_eq!(self.telegram.problems(), Vec::<String>::new());
        assert_eq!(self.models.problems(), Vec::<String>::new());
    }
}
