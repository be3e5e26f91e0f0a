//! The real daemon between an emulated platform and an emulated model.

use super::database::Beside;
use super::models::Models;
use super::platforms::Emulated;
use super::program::{Running, Setup};
use super::screens::{Post, said};
use super::telegram::Telegram;

/// A platform, a model, and the settings that bring a daemon to both.
#[derive(Debug, Clone)]
pub struct On<P> {
    pub platform: P,
    pub models: Models,
    pub setup: Setup,
}

/// What is the same on every platform is tried on Telegram.
pub type Stage = On<Telegram>;

/// Before the daemon starts.
impl<P: Emulated> On<P> {
    /// With the access rules that it has by itself; nobody has to wait for anybody,
    /// and the model says the same to everybody: `Certainly.`
    pub async fn new() -> Self {
        Self::quick(Setup::new()).await
    }

    /// With the embedded database, whichever engine this run has.
    pub async fn with_file() -> Self {
        Self::quick(Setup::with_file()).await
    }

    async fn quick(setup: Setup) -> Self {
        let stage = Self::at(P::start().await.unlimited(), setup, "retries = 0").await;
        stage.models.answers_with(|_| "Certainly.");
        stage.set("LIMITS__PACE_WRITES", "false")
    }

    /// On this platform, with these settings besides, some of them of the model's.
    pub async fn at(platform: P, setup: Setup, of_model: &str) -> Self {
        let models = Models::start().await;
        let setup = setup.with(&format!(
            "{}\n[model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o\"\n{of_model}",
            platform.settings(),
            models.base_url(),
            models.key(),
        ));
        Self { platform, models, setup }
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

    /// Nobody waits but for the model and the platform: no pace of our own, and patience.
    #[must_use]
    pub fn unhurried(self) -> Self {
        self.set("LIMITS__PACE_WRITES", "false")
            .set("MODEL__PROVIDERS__MAIN__FIRST_TOKEN_TIMEOUT_SECONDS", "60")
            .set("MODEL__PROVIDERS__MAIN__IDLE_TIMEOUT_SECONDS", "60")
    }

    /// The platform asks nobody to wait.
    #[must_use]
    pub fn unlimited(mut self) -> Self {
        self.platform = self.platform.unlimited();
        self
    }

    /// The daemon is on another platform, too; returns the same daemon as it is met there.
    pub fn also_on<Q: Emulated>(&mut self, platform: Q) -> On<Q> {
        self.setup = self.setup.clone().with(&platform.settings());
        On { platform, models: self.models.clone(), setup: self.setup.clone() }
    }
}

/// While it runs, and its end.
impl<P: Emulated> On<P> {
    /// A second way into the database.
    pub async fn beside(&self) -> Beside {
        self.setup.beside().await
    }

    /// Starts the daemon, and waits until it listens.
    pub async fn serve(&self) -> Running {
        self.platform.serve(&self.setup).await
    }

    /// Waits until the bot says something with these words in a chat.
    pub async fn wait_for(&self, chat: P::Chat<'_>, words: &str) -> P::Shown {
        self.wait_until(chat, |text| text.contains(words)).await
    }

    /// Waits until the bot says this in a chat, and no more.
    pub async fn wait_for_text(&self, chat: P::Chat<'_>, text: &str) -> P::Shown {
        self.wait_until(chat, |said| said == text).await
    }

    /// Waits until the bot says something of which this is true.
    pub async fn wait_until(&self, chat: P::Chat<'_>, is_it: impl Fn(&str) -> bool) -> P::Shown {
        let waited = self.platform.wait_for(chat, |shown| shown.is_from_bot() && is_it(shown.text())).await;
        waited.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Waits until the bot says this in a chat, as the last that is said there.
    pub async fn wait_until_last(&self, chat: P::Chat<'_>, text: &str) -> Vec<P::Shown> {
        self.wait_until_last_is(chat, |said| said == text).await
    }

    /// Waits until the bot says something of which this is true, as the last that is said there.
    pub async fn wait_until_last_is(&self, chat: P::Chat<'_>, is_it: impl Fn(&str) -> bool) -> Vec<P::Shown> {
        let seen = self.wait_until(chat, is_it).await;
        let screen = self.platform.screen(chat);
        assert_eq!(screen.last().map(Post::key), Some(seen.key()), "{screen:#?}");
        screen
    }

    /// What the bot has said in a chat.
    pub fn said(&self, chat: P::Chat<'_>) -> Vec<String> {
        said(&self.platform.screen(chat)).into_iter().map(str::to_owned).collect()
    }

    /// Ends the daemon once it has heard everything, and looks for what nobody
    /// should have done and what nobody has looked at.
    pub async fn ends_well(&self, daemon: Running) {
        self.platform.is_heard_out().await;
        self.ends(daemon).await;
    }

    /// The same where the platform has given up telling something.
    pub async fn ends(&self, daemon: Running) {
        daemon.stop().await;
        self.is_left_well();
    }

    /// Looks for what nobody should have done and what nobody has looked at.
    pub fn is_left_well(&self) {
        assert_eq!(self.models.problems(), Vec::<String>::new());
        assert_eq!(self.platform.problems(), Vec::<String>::new());
        let unseen: Vec<String> =
            self.platform.unseen().iter().map(|shown| shown.text().to_owned()).collect();
        assert_eq!(unseen, Vec::<String>::new(), "nobody has looked at these");
    }
}
