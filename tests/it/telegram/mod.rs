//! The Telegram channel by itself, between an emulated platform and an inbox
//! that remembers.

mod incoming;
mod interruptions;
mod outgoing;
mod refusals;
mod setup;
mod webhook;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use switchboard::channels::telegram::{Setup, Telegram as Bot, WayIn};
use switchboard::channels::{Batch, Channel, ChannelError, Inbox, InboxError};
use switchboard::config::CatchUpSettings;
use switchboard::domain::texts::Texts;
use switchboard::domain::{
    Address, AddressKind, Clock, Event, InboundMessage, Part, Platform, PostedId, ReplyTo, Timestamp,
    Unreadable,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::subscriber::DefaultGuard;

use crate::support::observed::Observed;
use crate::support::telegram::Telegram;

/// The channel under test, on its platform.
fn bot_on(telegram: &Telegram) -> Bot {
    bot_with(&telegram.token(), &telegram.url()).unwrap()
}

fn bot_with(token: &str, api_base: &str) -> Result<Bot, ChannelError> {
    Bot::new(setup(token, api_base, WayIn::Poll(50)))
}

pub fn setup(token: &str, api_base: &str, way_in: WayIn) -> Setup {
    let texts = Arc::new(Texts::english());
    let (token, api_base) = (token.to_owned().into(), api_base.to_owned());
    let catchup =
        CatchUpSettings { max_age_minutes: 1_440, messages_per_place: 20, messages: 100, places: 50 };
    Setup { token, api_base, way_in, has_drafts: false, catchup, texts, clock: Arc::new(Wall) }
}

/// The time on the wall.
struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::now_utc()
    }
}

/// An inbox that remembers, and refuses when it is told to.
#[derive(Clone)]
struct Recorder {
    state: Observed<Recorded>,
}

#[derive(Default)]
struct Recorded {
    batches: Vec<usize>,
    messages: Vec<InboundMessage>,
    unreadable: Vec<Unreadable>,
    refuses: bool,
    refused: usize,
}

impl Recorder {
    fn new() -> Self {
        Self { state: Observed::new(Recorded::default()) }
    }

    fn refuses(&self, on: bool) {
        self.state.update(|state| state.refuses = on);
    }

    /// Waits for this many messages and returns all there are.
    async fn messages(&self, count: usize) -> Vec<InboundMessage> {
        let look = |state: &mut Recorded| (state.messages.len() >= count).then(|| state.messages.clone());
        self.state.wait_for(look).await.expect("more messages")
    }

    async fn texts(&self, count: usize) -> Vec<String> {
        fn words(message: InboundMessage) -> String {
            match message.event {
                Event::Text(said) => said.text,
                Event::Edited(now) => format!("edit: {}", words(*now)),
                other => format!("{other:?}"),
            }
        }
        self.messages(count).await.into_iter().map(words).collect()
    }

    async fn refusals(&self, count: usize) {
        let look = |state: &mut Recorded| (state.refused >= count).then_some(());
        self.state.wait_for(look).await.expect("more refusals");
    }
}

#[async_trait]
impl Inbox for Recorder {
    async fn accept(&self, batch: Batch) -> Result<(), InboxError> {
        self.state.update(|state| {
            if state.refuses {
                state.refused += 1;
                return Err(InboxError("the disk is full".into()));
            }
            state.batches.push(batch.messages.len() + batch.unreadable.len());
            state.messages.extend(batch.messages);
            state.unreadable.extend(batch.unreadable);
            Ok(())
        })
    }
}

/// A channel that listens.
struct Listening {
    bot: Arc<Bot>,
    inbox: Recorder,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ChannelError>>,
}

impl Listening {
    fn to(telegram: &Telegram) -> Self {
        Self::with(telegram, Recorder::new())
    }

    fn with(telegram: &Telegram, inbox: Recorder) -> Self {
        let (bot, shutdown) = (Arc::new(bot_on(telegram)), CancellationToken::new());
        let (listener, heard, until) = (Arc::clone(&bot), inbox.clone(), shutdown.clone());
        let task = tokio::spawn(async move { listener.listen(Arc::new(heard), until).await });
        Self { bot, inbox, shutdown, task }
    }

    async fn stop(self) -> Result<(), ChannelError> {
        self.shutdown.cancel();
        self.task.await.unwrap()
    }
}

/// Where answers to a person or group go, as if they answered `message`.
fn reply_to(chat: i64, message: Option<i64>) -> ReplyTo {
    let kind = if chat > 0 { AddressKind::Direct } else { AddressKind::Group };
    let (scope, chat) = (String::new(), chat.to_string());
    let address = Address { platform: Platform::Telegram, scope, chat, thread: None, kind, space: None };
    ReplyTo { address, message: message.map(|id| PostedId(id.to_string())), interaction: None, asker: None }
}

fn part(text: &str) -> Part {
    Part::new(0, text.to_owned())
}

/// What was logged since it began, at any level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to log what this thread does.
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone());
        (log, tracing::subscriber::set_default(lines.finish()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
