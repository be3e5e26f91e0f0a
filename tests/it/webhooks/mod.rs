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
use crate::support::slack::Slack;
use crate::support::stage::On;
use crate::support::telegram::Telegram;

/// What Telegram shows.
const SECRET: &str = "a-secret_of_the-webhook-42";

/// Where the public address leads to.
const PUBLIC: &str = "https://bot.example.org/webhooks/telegram";

/// A daemon as both platforms meet it, which send to where it listens.
struct PublicStage {
    telegram: On<Telegram>,
    slack: On<Slack>,
    /// Where the daemon listens, time after time.
    address: SocketAddr,
}

impl PublicStage {
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
        let slack = On { platform: slack, models: models.clone(), setup: setup.clone() };
        Self { telegram: On { platform: telegram, models, setup }, slack, address }
    }

    /// Starts the daemon, and waits until both platforms may send.
    async fn serve(&self) -> Running {
        let bot = self.telegram.setup.serve();
        self.listens(&bot).await;
        bot
    }

    async fn listens(&self, bot: &Running) {
        bot.wait_for_log("Telegram sends what comes in to").await;
        bot.wait_for_log("Slack may send what comes in to").await;
        let slack = &self.slack.platform;
        let sends = slack.events_to(&self.url("slack")).await;
        sends.unwrap_or_else(|error| panic!("{error}: {:#?}", bot.log()));
        slack.commands_to(&self.url("slack"));
    }

    fn url(&self, platform: &str) -> String {
        format!("http://{}/webhooks/{platform}", self.address)
    }

    /// Ends the daemon once it has heard everything, and looks for what nobody
    /// should have done and what nobody has looked at.
    async fn ends_well(&self, bot: Running) {
        self.telegram.platform.wait_until_confirmed().await.unwrap();
        self.slack.ends_well(bot).await;
        assert_eq!(self.slack.platform.lost_events(), Vec::<String>::new());
        self.telegram.is_left_well();
    }
}
