//! The real daemon between emulators of Telegram and of a model, with the
//! access rules that it has by itself.

use super::database::Beside;
use super::models::Models;
use super::program::{Running, Setup};
use super::telegram::{Shown, Telegram};

/// Telegram, a model, and the settings that bring a daemon to both.
pub struct Stage {
    pub telegram: Telegram,
    pub models: Models,
    pub setup: Setup,
}

impl Stage {
    /// The model says the same to everybody: `Certainly.`
    pub async fn new() -> Self {
        Self::on(Setup::new()).await
    }

    /// With the embedded database, whichever engine this run has.
    pub async fn with_file() -> Self {
        Self::on(Setup::with_file()).await
    }

    async fn on(setup: Setup) -> Self {
        let (telegram, models) = (Telegram::start().await, Models::start().await);
        telegram.without_rate_limits();
        models.answers_with(|_| "Certainly.");
        let setup = setup
            .with(&format!(
                "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\n\
                 [model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o\"\nretries = 0",
                telegram.token(),
                telegram.url(),
                models.base_url(),
                models.key(),
            ))
            .env("SWITCHBOARD__LIMITS__PACE_WRITES", "false");
        Self { telegram, models, setup }
    }

    /// Sets a key by its variable, such as `ACCESS__DIRECT`.
    #[must_use]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.setup = self.setup.env(&format!("SWITCHBOARD__{key}"), value);
        self
    }

    /// Everybody may talk, everywhere.
    #[must_use]
    pub fn open(self) -> Self {
        self.set("ACCESS__DIRECT", "open").set("ACCESS__GROUPS", "open")
    }

    /// A second way into the database.
    pub async fn beside(&self) -> Beside {
        self.setup.beside().await
    }

    /// Starts the daemon, and waits until it listens.
    pub async fn serve(&self) -> Running {
        let daemon = self.setup.serve();
        self.telegram.wait_for_poll().await.unwrap_or_else(|error| panic!("{error}\n{:#?}", daemon.log()));
        daemon
    }

    /// Waits until the bot says this in a chat.
    pub async fn wait_for(&self, chat: i64, words: &str) -> Shown {
        let is_it = |shown: &Shown| shown.is_from_bot() && shown.text.contains(words);
        self.telegram.wait_for_message(chat, is_it).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// What the bot has said in a chat.
    pub fn said(&self, chat: i64) -> Vec<String> {
        let screen = self.telegram.screen(chat);
        screen.into_iter().filter(Shown::is_from_bot).map(|shown| shown.text).collect()
    }

    /// Ends the daemon, and looks for what nobody should have done.
    pub async fn ends_well(&self, daemon: Running) {
        daemon.stop().await;
        assert_eq!(self.telegram.problems(), Vec::<String>::new());
        assert_eq!(self.models.problems(), Vec::<String>::new());
    }
}
