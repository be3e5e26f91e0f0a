//! The platforms, as far as they are the same to a daemon and to those who watch it.

use std::fmt::Debug;

use super::discord::{self, Discord, GatewayRecord};
use super::program::{Running, Setup};
use super::screens::Post;
use super::slack::{self, Slack};
use super::telegram::{self, Telegram};

/// A platform that a daemon can be on.
pub trait Emulated: Clone + Debug {
    /// A place that people talk in.
    type Chat<'a>: Copy;

    /// What people see there.
    type Shown: Post;

    /// Starts it with the limits that the real one has.
    async fn start() -> Self;

    /// Asks nobody to wait from now on.
    #[must_use]
    fn unlimited(self) -> Self;

    /// The settings that bring a daemon here.
    fn settings(&self) -> String;

    /// Starts a daemon, and waits until it hears what is said here.
    async fn serve(&self, setup: &Setup) -> Running;

    /// All that can be seen in a chat; it has been looked at then.
    fn screen(&self, chat: Self::Chat<'_>) -> Vec<Self::Shown>;

    /// Waits for a message, as it is then; or says what there is instead.
    async fn wait_for(
        &self,
        chat: Self::Chat<'_>,
        is_it: impl Fn(&Self::Shown) -> bool,
    ) -> Result<Self::Shown, String>;

    /// Waits until the daemon has taken all that was to be told, of which nothing was given up.
    async fn is_heard_out(&self);

    /// Calls that no correct bot makes.
    fn problems(&self) -> Vec<String>;

    /// Posts of the bot that nobody has looked at.
    fn unseen(&self) -> Vec<Self::Shown>;
}

impl Emulated for Telegram {
    type Chat<'a> = i64;
    type Shown = telegram::Shown;

    async fn start() -> Self {
        Telegram::start().await
    }

    fn unlimited(self) -> Self {
        self.without_rate_limits();
        self
    }

    fn settings(&self) -> String {
        format!("[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"", self.token(), self.url())
    }

    async fn serve(&self, setup: &Setup) -> Running {
        let daemon = setup.serve();
        self.wait_for_poll().await.unwrap_or_else(|error| panic!("{error}\n{:#?}", daemon.log()));
        daemon
    }

    fn screen(&self, chat: Self::Chat<'_>) -> Vec<telegram::Shown> {
        Telegram::screen(self, chat)
    }

    async fn wait_for(
        &self,
        chat: Self::Chat<'_>,
        is_it: impl Fn(&telegram::Shown) -> bool,
    ) -> Result<telegram::Shown, String> {
        self.wait_for_message(chat, is_it).await.map_err(|error| error.to_string())
    }

    /// Telegram keeps what nobody took, and that is nobody's mistake.
    async fn is_heard_out(&self) {}

    fn problems(&self) -> Vec<String> {
        Telegram::problems(self)
    }

    fn unseen(&self) -> Vec<telegram::Shown> {
        Telegram::unseen(self)
    }
}

impl Emulated for Discord {
    type Chat<'a> = u64;
    type Shown = discord::Shown;

    async fn start() -> Self {
        Discord::start().await
    }

    fn unlimited(self) -> Self {
        self.without_rate_limits()
    }

    fn settings(&self) -> String {
        format!("[channels.discord]\ntoken = \"{}\"\napi_base = \"{}\"", self.token(), self.url())
    }

    /// What was said before it is connected, nobody would hear.
    async fn serve(&self, setup: &Setup) -> Running {
        let before = self.gateway_log().iter().filter(|record| record.is_identified()).count();
        let daemon = setup.serve();
        self.wait_for_gateway(before + 1, GatewayRecord::is_identified).await;
        daemon
    }

    fn screen(&self, channel: Self::Chat<'_>) -> Vec<discord::Shown> {
        Discord::screen(self, channel)
    }

    async fn wait_for(
        &self,
        channel: Self::Chat<'_>,
        is_it: impl Fn(&discord::Shown) -> bool,
    ) -> Result<discord::Shown, String> {
        Ok(self.wait_for_message(channel, is_it).await)
    }

    /// Discord tells everything once, whether anybody hears it or not.
    async fn is_heard_out(&self) {}

    fn problems(&self) -> Vec<String> {
        Discord::problems(self)
    }

    fn unseen(&self) -> Vec<discord::Shown> {
        Discord::unseen(self)
    }
}

impl Emulated for Slack {
    type Chat<'a> = &'a str;
    type Shown = slack::Shown;

    async fn start() -> Self {
        Slack::start().await
    }

    fn unlimited(self) -> Self {
        self.without_rate_limits();
        self
    }

    fn settings(&self) -> String {
        format!(
            "[channels.slack]\nbot_token = \"{}\"\napp_token = \"{}\"\napi_base = \"{}\"",
            self.bot_token(),
            self.app_token(),
            self.api_url(),
        )
    }

    async fn serve(&self, setup: &Setup) -> Running {
        let daemon = setup.serve();
        assert!(self.wait_for_sockets(2).await, "{:#?}", daemon.log());
        daemon
    }

    fn screen(&self, channel: Self::Chat<'_>) -> Vec<slack::Shown> {
        Slack::screen(self, channel)
    }

    async fn wait_for(
        &self,
        channel: Self::Chat<'_>,
        is_it: impl Fn(&slack::Shown) -> bool,
    ) -> Result<slack::Shown, String> {
        self.wait_for_message(channel, is_it).await.map_err(|error| error.to_string())
    }

    async fn is_heard_out(&self) {
        assert!(self.wait_until_delivered().await, "{} envelopes wait", self.undelivered());
        assert_eq!(self.lost_events(), Vec::<String>::new());
    }

    fn problems(&self) -> Vec<String> {
        Slack::problems(self)
    }

    fn unseen(&self) -> Vec<slack::Shown> {
        Slack::unseen(self)
    }
}
