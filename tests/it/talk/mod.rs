//! Whole conversations: the real daemon between emulators of a platform and of
//! a model. What a person sees is what is asserted.

mod crashes;
mod faults;
mod streaming;

use crate::support::daemon::{Daemon, Setup};
use crate::support::models::Models;
use crate::support::telegram::{Shown, Telegram};

/// A daemon on Telegram, answered by a model.
struct House {
    telegram: Telegram,
    models: Models,
    setup: Setup,
}

impl House {
    async fn new() -> Self {
        let (telegram, models) = (Telegram::start().await, Models::start().await);
        let setup = Setup::new().open().with(&format!(
            "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\n\
             [model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o\"\n\
             first_token_timeout_seconds = 2\nidle_timeout_seconds = 2\nretries = 1",
            telegram.token(),
            telegram.url(),
            models.base_url(),
            models.key(),
        ));
        Self { telegram, models, setup }
    }

    fn serve(&self) -> Daemon {
        self.setup.serve()
    }

    /// Waits until the last message in a chat is the bot's and says this.
    async fn wait_until_last(&self, chat: i64, is_it: impl Fn(&str) -> bool) -> Vec<Shown> {
        let waited = self.telegram.wait_for_message(chat, |shown| shown.is_from_bot() && is_it(&shown.text));
        let seen = waited.await.unwrap_or_else(|error| panic!("{error}"));
        let screen = self.telegram.screen(chat);
        assert_eq!(screen.last().map(|last| last.id), Some(seen.id), "{screen:#?}");
        screen
    }

    /// Ends the daemon and looks for what nobody has looked at.
    async fn ends_well(&self, daemon: Daemon) {
        daemon.stop().await;
        assert_eq!(self.telegram.problems(), Vec::<String>::new());
        assert_eq!(self.telegram.unseen(), Vec::new());
        assert_eq!(self.models.problems(), Vec::<String>::new());
    }
}

/// What the bot has said in a chat.
fn said(screen: &[Shown]) -> Vec<&str> {
    screen.iter().filter(|shown| shown.is_from_bot()).map(|shown| shown.text.as_str()).collect()
}
