//! The channel, connected to an emulated workspace and to an inbox that records.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use switchboard::channels::slack::{Pace, Setup, Slack, WayIn};
use switchboard::channels::{Batch, Channel, ChannelError, Inbox, InboxError};
use switchboard::config::CatchUpSettings;
use switchboard::domain::texts::Texts;
use switchboard::domain::{
    Clock, DeliveryKey, Event, InboundMessage, Part, PostedId, ReplyTo, Said, Timestamp, TurnId, Unreadable,
};
use switchboard::telemetry::Tasks;
use tokio::task::JoinHandle;

use crate::support::observed::Observed;
use crate::support::slack::{Person, Slack as Workspace};

/// The time on the wall.
struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::now_utc()
    }
}

/// What reached the inbox, and how it behaves.
#[derive(Debug, Default)]
pub(super) struct Inside {
    pub(super) messages: Vec<InboundMessage>,
    pub(super) unreadable: Vec<Unreadable>,
    /// How often it was asked to take something.
    pub(super) asked: usize,
    /// How often it still says no.
    pub(super) failures: usize,
    /// What it never takes.
    pub(super) refused: Option<String>,
    /// Whether it keeps everybody waiting.
    pub(super) is_stuck: bool,
    /// The command that it keeps waiting.
    pub(super) held: Option<&'static str>,
    taken: usize,
}

impl Inside {
    /// Whether somebody said this.
    pub(super) fn has_text(&self, text: &str) -> bool {
        self.messages.iter().any(|message| matches!(&message.event, Event::Text(said) if said.text == text))
    }
}

/// An inbox that records.
#[derive(Debug, Clone)]
pub(super) struct Recorder(pub(super) Observed<Inside>);

#[async_trait]
impl Inbox for Recorder {
    async fn accept(&self, batch: Batch) -> Result<(), InboxError> {
        self.0.update(|inside| inside.asked += 1);
        let has_command = |name: &str| {
            let is_it = |message: &InboundMessage| matches!(&message.event, Event::Command(given) if given.name == name);
            batch.messages.iter().any(is_it)
        };
        self.0.wait(|inside| (!inside.is_stuck && !inside.held.is_some_and(has_command)).then_some(())).await;
        self.0.update(|inside| {
            if inside.failures > 0 {
                inside.failures -= 1;
                return Err(InboxError("the disk is full".into()));
            }
            let text = |message: &InboundMessage| match &message.event {
                Event::Text(said) => Some(said.text.clone()),
                _ => None,
            };
            if inside.refused.is_some()
                && batch.messages.iter().any(|message| text(message) == inside.refused)
            {
                return Err(InboxError("not this one".into()));
            }
            inside.messages.extend(batch.messages);
            inside.unreadable.extend(batch.unreadable);
            Ok(())
        })
    }
}

/// The channel at work.
pub(super) struct Bot {
    pub(super) slack: Workspace,
    pub(super) channel: Arc<Slack>,
    pub(super) inbox: Recorder,
    pub(super) tasks: Tasks,
    listening: Option<JoinHandle<Result<(), ChannelError>>>,
}

pub(super) fn impatient() -> Pace {
    let (wait, within) = (Duration::from_millis(100), Duration::from_millis(500));
    let resent_for = Duration::from_secs(300);
    Pace { sockets: 1, reconnect_wait: wait, call_within: within, check_every: wait, resent_for }
}

pub(super) fn setup(slack: &Workspace, tasks: &Tasks) -> Setup {
    Setup {
        bot_token: slack.bot_token().into(),
        way_in: WayIn::Sockets { app_token: slack.app_token().into() },
        api_base: slack.api_url(),
        has_streams: false,
        pace: impatient(),
        catchup: CatchUpSettings { max_age_minutes: 60, messages_per_place: 20, messages: 100, places: 50 },
        texts: Arc::new(Texts::english()),
        clock: Arc::new(Wall),
        tasks: tasks.clone(),
    }
}

/// A workspace with alice in it, and the channel `C1` with her and the bot.
pub(super) async fn workspace() -> (Workspace, Person) {
    let slack = Workspace::start().await;
    let alice = slack.user("U1", "alice");
    slack.channel("C1", "general", &[&alice]);
    (slack, alice)
}

/// The same, where the bot is told of all that is said in channels.
pub(super) async fn audible() -> (Workspace, Person) {
    let (slack, alice) = workspace().await;
    slack.hears_channels();
    (slack, alice)
}

/// The same, where the bot may read what is in channels.
pub(super) async fn readable() -> (Workspace, Person) {
    let (slack, alice) = workspace().await;
    slack.reads_channels();
    (slack, alice)
}

impl Bot {
    /// Connects to a workspace, and waits for its socket.
    pub(super) async fn listens(slack: &Workspace) -> Self {
        let bot = Self::begins(slack, impatient());
        assert!(slack.wait_for_sockets(1).await);
        bot
    }

    /// Begins to connect.
    pub(super) fn begins(slack: &Workspace, pace: Pace) -> Self {
        Self::prepared(slack, pace).starts()
    }

    /// Begins to listen.
    pub(super) fn starts(self) -> Self {
        let inbox = Arc::new(self.inbox.clone());
        self.starts_with(inbox)
    }

    /// Begins to listen for another inbox.
    pub(super) fn starts_with(mut self, inbox: Arc<dyn Inbox>) -> Self {
        let channel = Arc::clone(&self.channel);
        let shutdown = self.tasks.shutdown();
        self.listening = Some(self.tasks.spawn(async move { channel.listen(inbox, shutdown).await }));
        self
    }

    /// The channel before it listens.
    pub(super) fn prepared(slack: &Workspace, pace: Pace) -> Self {
        let tasks = Tasks::default();
        let setup = Setup { pace, ..setup(slack, &tasks) };
        Self::of(slack, setup, tasks)
    }

    /// The channel before it listens, waiting for requests instead of sockets.
    pub(super) fn by_events(slack: &Workspace) -> Self {
        let tasks = Tasks::default();
        let way_in = WayIn::Events { signing_secret: slack.signing_secret().into() };
        let setup = Setup { way_in, ..setup(slack, &tasks) };
        Self::of(slack, setup, tasks)
    }

    fn of(slack: &Workspace, setup: Setup, tasks: Tasks) -> Self {
        Self {
            slack: slack.clone(),
            channel: Arc::new(Slack::new(setup).unwrap()),
            inbox: Recorder(Observed::new(Inside::default())),
            tasks,
            listening: None,
        }
    }

    /// The next message that the inbox took.
    pub(super) async fn next(&self) -> InboundMessage {
        let next = self.inbox.0.wait_for(|inside| {
            let message = inside.messages.get(inside.taken)?.clone();
            inside.taken += 1;
            Some(message)
        });
        next.await.expect("a message")
    }

    /// The next message, which is a text.
    pub(super) async fn next_text(&self) -> Said {
        match self.next().await.event {
            Event::Text(said) => said,
            other => panic!("a text, not {other:?}"),
        }
    }

    pub(super) fn inside<R>(&self, look: impl FnOnce(&Inside) -> R) -> R {
        self.inbox.0.read(look)
    }

    /// Waits until the inbox is as told.
    pub(super) async fn wait_until(&self, mut is_so: impl FnMut(&Inside) -> bool) {
        self.inbox.0.wait_for(|inside| is_so(inside).then_some(())).await.expect("it to become so");
    }

    /// How listening ended.
    pub(super) async fn ended(&mut self) -> Result<(), ChannelError> {
        let listening = self.listening.take().unwrap();
        let ended = tokio::time::timeout(crate::support::observed::PATIENCE, listening).await;
        ended.expect("it ends").unwrap()
    }

    pub(super) async fn posts(&self, to: &ReplyTo, text: &str) -> Result<PostedId, ChannelError> {
        let key = DeliveryKey::new(TurnId::new(Wall.now()), 0);
        self.channel.post(to, &part(text), &key).await
    }

    pub(super) async fn edits(
        &self,
        to: &ReplyTo,
        posted: &PostedId,
        text: &str,
    ) -> Result<(), ChannelError> {
        self.channel.edit(to, posted, &part(text)).await
    }

    /// Ends it, and makes sure that it made no mistake with the platform.
    pub(super) async fn ends(mut self) {
        self.tasks.shutdown().cancel();
        if self.listening.is_some() {
            self.ended().await.unwrap();
        }
        assert_eq!(self.slack.problems(), Vec::<String>::new());
        self.tasks.end().await;
    }
}

pub(super) fn part(text: &str) -> Part {
    Part::new(0, text.to_owned())
}
