//! Telegram, through the Bot API.
//!
//! Requests are teloxide's, and so is the HTTP client; the loop that polls,
//! the reading of what comes in and the errors are ours (`api.rs`, `wire.rs`
//! and `intake.rs` say why). Updates come by long poll (`intake.rs`) or are
//! sent to us (`webhook.rs`), and are read alike. Telegram cannot tell a repeated
//! post: what was sent without an answer may be there, and a bot cannot read a
//! chat to find out.

mod api;
mod commands;
mod decode;
pub mod encode;
mod errors;
mod intake;
mod outgoing;
mod webhook;
mod wire;
mod words;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use teloxide::payloads::GetMe;
use tokio_util::sync::CancellationToken;

use crate::channels::telegram::api::{Api, CallError};
use crate::channels::telegram::decode::Reading;
use crate::channels::telegram::errors::channel_error;
use crate::channels::telegram::intake::Intake;
use crate::channels::telegram::webhook::Entrance;
use crate::channels::telegram::wire::Me;
use crate::channels::{
    Account, Batch, Channel, ChannelError, Delete, Drafts, Inbox, Replay, Typing, Webhook,
};
use crate::config::CatchUpSettings;
use crate::domain::texts::Texts;
use crate::domain::{
    Backoff, Capabilities, Clock, DeliveryKey, Growth, Part, Platform, PostedId, Rate, ReplyTo,
};
use crate::telemetry::chain;

pub use webhook::Hook;

/// Telegram takes 4,096 UTF-16 units after parsing; the rest is for its own counting.
pub const CAPABILITIES: Capabilities = Capabilities {
    text_limit: 4_000,
    length: encode::length,
    direct_interval: Duration::from_millis(1_050),
    group_interval: Duration::from_millis(3_050),
    writes: Some(Rate::per_second(NonZeroU32::new(30).unwrap())),
    edits: None,
    typing_lasts: Duration::from_secs(5),
    // Messages are what Telegram speaks of.
    typing_is_a_write: false,
    idempotent_for: Duration::ZERO,
    has_one_place_for_a_command: false,
    takes_files: true,
    growth: Growth::Replaced,
};

/// The waits between tries on Telegram.
fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(500), Duration::from_secs(30))
}

/// What the channel needs to know.
pub struct Setup {
    /// The token that @BotFather shows.
    pub token: SecretString,
    /// The address of the Bot API, without `/bot<token>`.
    pub api_base: String,
    pub way_in: WayIn,
    /// Whether what comes of an answer is shown as a draft in private chats.
    pub has_drafts: bool,
    /// What becomes of what was said while we were away.
    pub catchup: CatchUpSettings,
    pub texts: Arc<Texts>,
    pub clock: Arc<dyn Clock>,
}

/// How updates come in.
pub enum WayIn {
    /// We ask, and Telegram holds the poll open for so many seconds when there is nothing to tell, up to 50.
    Poll(u32),
    /// Telegram sends them.
    Webhook(Hook),
}

enum Way {
    Poll(u32),
    Webhook(Box<Entrance>),
}

/// One bot on Telegram.
pub struct Telegram {
    api: Api,
    texts: Arc<Texts>,
    way_in: Way,
    has_drafts: bool,
    clock: Arc<dyn Clock>,
    catchup: CatchUpSettings,
    /// Who we are, once Telegram has told.
    me: Mutex<Option<Me>>,
    /// Whether we listen, and the last poll was answered or the last look at the webhook was good.
    is_connected: AtomicBool,
}

impl Telegram {
    /// Prepares the channel; nothing is sent yet.
    pub fn new(setup: Setup) -> Result<Self, ChannelError> {
        let api = Api::new(&setup.token, &setup.api_base)?;
        Ok(Self {
            api,
            texts: setup.texts,
            way_in: match setup.way_in {
                WayIn::Poll(seconds) => Way::Poll(seconds),
                WayIn::Webhook(hook) => Way::Webhook(Box::new(Entrance::new(hook))),
            },
            has_drafts: setup.has_drafts,
            clock: setup.clock,
            catchup: setup.catchup,
            me: Mutex::new(None),
            is_connected: AtomicBool::new(false),
        })
    }

    /// The way in for what Telegram sends, if it is to send anything.
    fn entrance(&self) -> Option<&Entrance> {
        match &self.way_in {
            Way::Webhook(entrance) => Some(entrance),
            Way::Poll(_) => None,
        }
    }

    /// Asks for updates until `shutdown` fires or the token is refused.
    async fn poll(
        &self,
        seconds: u32,
        me: &Me,
        inbox: &dyn Inbox,
        shutdown: &CancellationToken,
    ) -> Result<(), ChannelError> {
        self.is_connected.store(true, Ordering::Relaxed);
        let ended = Intake::new(self, me, inbox, seconds).run(shutdown).await;
        self.is_connected.store(false, Ordering::Relaxed);
        ended
    }

    async fn ask_who_we_are(&self) -> Result<Me, CallError> {
        let me: Me = self.api.call(&GetMe::new()).await?;
        let privacy = if me.can_read_all_group_messages {
            "privacy mode is off: in groups I get every message"
        } else {
            "privacy mode is on: in groups I get commands, mentions and answers to me (to change that: @BotFather, \
             /setprivacy, Disable, then take me out of the group and in again)"
        };
        tracing::info!(platform = %Platform::Telegram, "connected as @{}; {privacy}", me.username);
        self.me.lock().unwrap_or_else(PoisonError::into_inner).replace(me.clone());
        Ok(me)
    }

    /// Finds out who we are, however long it takes; nothing when `shutdown` fires first.
    async fn who_we_are(&self, shutdown: &CancellationToken) -> Result<Option<Me>, ChannelError> {
        let known = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_some() {
            return Ok(known);
        }
        let mut waits = backoff();
        loop {
            let asked = tokio::select! {
                () = shutdown.cancelled() => return Ok(None),
                asked = self.ask_who_we_are() => asked,
            };
            let error = match asked {
                Ok(me) => return Ok(Some(me)),
                Err(error) => channel_error(GREETING, error),
            };
            let wait = match error {
                ChannelError::Unauthorized { .. } => return Err(error),
                ChannelError::RateLimited { retry_after, .. } => retry_after,
                _ => waits.next_wait(),
            };
            tracing::warn!(platform = %Platform::Telegram, error = %chain(&error), "cannot connect; trying again");
            tokio::select! {
                () = shutdown.cancelled() => return Ok(None),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

const GREETING: &str = "asking who the bot is";

#[async_trait]
impl Channel for Telegram {
    fn platform(&self) -> Platform {
        Platform::Telegram
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    async fn check(&self) -> Result<Account, ChannelError> {
        let me = self.ask_who_we_are().await.map_err(|error| match error {
            CallError::Turned { status: 400..500 } => ChannelError::Setup {
                way_out: "what answers at channels.telegram.api_base is not the Bot API; unless you run a server of \
                          your own, leave it at https://api.telegram.org"
                    .to_owned(),
            },
            error => channel_error(GREETING, error),
        })?;
        let name = if me.username.is_empty() { me.first_name } else { format!("@{}", me.username) };
        Ok(Account { id: me.id.to_string(), name })
    }

    async fn listen(&self, inbox: Arc<dyn Inbox>, shutdown: CancellationToken) -> Result<(), ChannelError> {
        let Some(me) = self.who_we_are(&shutdown).await? else {
            return Ok(());
        };
        let listening = shutdown.child_token();
        let hearing = async {
            let ended = match &self.way_in {
                Way::Poll(seconds) => self.poll(*seconds, &me, inbox.as_ref(), &listening).await,
                Way::Webhook(entrance) => webhook::run(self, entrance, Arc::clone(&inbox), &listening).await,
            };
            listening.cancel();
            ended
        };
        let (ended, ()) = tokio::join!(hearing, commands::register(&self.api, &self.texts, &listening));
        ended
    }

    fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Relaxed)
    }

    async fn post(&self, to: &ReplyTo, part: &Part, _key: &DeliveryKey) -> Result<PostedId, ChannelError> {
        outgoing::post(&self.api, &self.texts, to, part).await
    }

    async fn edit(&self, to: &ReplyTo, posted: &PostedId, part: &Part) -> Result<(), ChannelError> {
        outgoing::edit(&self.api, &self.texts, to, posted, part).await
    }

    fn typing(&self) -> Option<&dyn Typing> {
        Some(self)
    }

    fn drafts(&self, to: &ReplyTo) -> Option<&dyn Drafts> {
        let is_possible = to.address.is_direct() && to.interaction.is_none();
        (self.has_drafts && is_possible).then_some(self as &dyn Drafts)
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        self.entrance().map(|_| self as &dyn Webhook)
    }

    fn replay(&self) -> Option<&dyn Replay> {
        Some(self)
    }

    fn delete(&self) -> Option<&dyn Delete> {
        Some(self)
    }
}

#[async_trait]
impl Drafts for Telegram {
    async fn show_draft(&self, to: &ReplyTo, part: &Part, key: &DeliveryKey) -> Result<(), ChannelError> {
        outgoing::show_draft(&self.api, to, part, key).await
    }
}

#[async_trait]
impl Delete for Telegram {
    async fn delete(&self, to: &ReplyTo, posted: &PostedId) -> Result<(), ChannelError> {
        outgoing::delete(&self.api, to, posted).await
    }
}

#[async_trait]
impl Replay for Telegram {
    async fn read_again(&self, raw: &str) -> Result<Batch, ChannelError> {
        let known = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let me = match known {
            Some(me) => me,
            None => self.ask_who_we_are().await.map_err(|error| channel_error(GREETING, error))?,
        };
        Ok(match decode::update(raw, &me).reading {
            Reading::Heard(message) => (*message).into(),
            Reading::Moved(moved) => moved.into(),
            Reading::Turned(door) => door.into(),
            Reading::Unreadable(event) => event.into(),
            Reading::Ignored(_) => Batch::default(),
        })
    }
}

#[async_trait]
impl Typing for Telegram {
    async fn show_typing(&self, to: &ReplyTo) -> Result<(), ChannelError> {
        outgoing::show_typing(&self.api, to).await
    }
}
