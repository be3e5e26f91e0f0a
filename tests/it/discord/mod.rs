//! The Discord channel by itself: through the real serenity, against the
//! emulator, into an inbox that remembers.

mod commands;
mod connection;
mod hostile;
mod inbox;
mod intake;
mod posting;
mod recovering;
mod refusals;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use switchboard::channels::discord::{Discord as Bot, Setup};
use switchboard::channels::{Channel, ChannelError};
use switchboard::config::CatchUpSettings;
use switchboard::domain::texts::Texts;
use switchboard::domain::{Clock, DeliveryKey, Part, ReplyTo, Timestamp, TurnId};
use switchboard::telemetry::Tasks;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::discord::Discord;
use crate::support::observed::{Observed, PATIENCE};
use inbox::Recorder;

/// A clock that tests can put forward.
struct Hands(Observed<Duration>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::now_utc() + self.0.read(|skipped| *skipped)
    }
}

/// The bot beside the platform, listening.
struct Stage {
    discord: Discord,
    bot: Arc<Bot>,
    inbox: Arc<Recorder>,
    skipped: Observed<Duration>,
    tasks: Tasks,
    shutdown: CancellationToken,
    listening: JoinHandle<Result<(), ChannelError>>,
}

impl Stage {
    /// A bot that is connected.
    async fn set() -> Self {
        Self::set_at(Discord::start().await, false).await
    }

    async fn set_at(discord: Discord, message_content: bool) -> Self {
        let stage = Self::open(discord, message_content);
        stage.discord.wait_until_connected().await;
        stage
    }

    /// A bot that begins to connect.
    fn open(discord: Discord, message_content: bool) -> Self {
        let skipped = Observed::new(Duration::ZERO);
        let tasks = Tasks::default();
        let setup = Setup {
            message_content,
            clock: Arc::new(Hands(skipped.clone())),
            ..setup(&discord.token(), &discord.url(), &tasks)
        };
        let bot = Arc::new(Bot::new(setup).unwrap());
        let inbox = Arc::new(Recorder::default());
        let shutdown = CancellationToken::new();
        let listening = {
            let (bot, inbox, shutdown) = (bot.clone(), inbox.clone(), shutdown.clone());
            tokio::spawn(async move { bot.listen(inbox, shutdown).await })
        };
        Self { discord, bot, inbox, skipped, tasks, shutdown, listening }
    }

    /// Lets time pass for the platform and the bot alike.
    fn time_passes(&self, time: Duration) {
        self.discord.time_passes(time);
        self.skipped.update(|skipped| *skipped += time);
    }

    /// Posts one part.
    async fn post(&self, to: &ReplyTo, number: usize, text: &str) -> Result<u64, ChannelError> {
        let key = DeliveryKey::new(TurnId::new(Timestamp::now_utc()), number);
        self.post_as(&key, to, part(number, text)).await
    }

    async fn post_as(&self, key: &DeliveryKey, to: &ReplyTo, part: Part) -> Result<u64, ChannelError> {
        self.bot.post(to, &part, key).await.map(|posted| posted.0.parse().unwrap())
    }

    /// Ends the bot, which has to be prompt; nothing may be left over.
    async fn ends(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(4), self.listening).await;
        ended.expect("it ends promptly").unwrap().expect("it ends well");
        self.tasks.end().await;
        assert_eq!(self.discord.problems(), Vec::<String>::new());
    }

    /// Waits until listening ends by itself.
    async fn gives_up(self) -> (Discord, ChannelError) {
        let ended = tokio::time::timeout(PATIENCE, self.listening).await;
        let error = ended.expect("it gives up").unwrap().expect_err("it says why");
        (self.discord, error)
    }
}

fn setup(token: &str, api_base: &str, tasks: &Tasks) -> Setup {
    Setup {
        token: SecretString::from(token),
        api_base: api_base.to_owned(),
        message_content: false,
        opens_threads: false,
        catchup: CatchUpSettings { max_age_minutes: 60, messages_per_place: 20, messages: 100, places: 50 },
        texts: Arc::new(Texts::english()),
        clock: Arc::new(Hands(Observed::new(Duration::ZERO))),
        tasks: tasks.clone(),
    }
}

/// A bot that does not listen.
fn bot(token: &str, api_base: &str, tasks: &Tasks) -> Bot {
    Bot::new(setup(token, api_base, tasks)).unwrap()
}

fn part(number: usize, text: &str) -> Part {
    Part::new(number, text.to_owned())
}
