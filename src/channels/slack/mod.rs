//! Slack: one app in one workspace.
//!
//! Events come over sockets (`sockets.rs`) or as requests (`webhook.rs`), and are
//! taken in alike (`reception.rs`). The Web API and the sockets are the SDK's; what travels over them is read and
//! written here (`event.rs`, `encode.rs`), because the SDK's own models are
//! strict where Slack changes often, and because it acknowledges what it cannot
//! read. Names of people are learned in the background.

mod api;
mod catchup;
mod clicks;
mod commands;
mod decode;
pub mod encode;
mod envelope;
mod errors;
mod event;
mod files;
mod gaps;
mod history;
mod intake;
mod markup;
mod people;
mod reception;
mod recover;
mod respond;
mod scopes;
mod sockets;
mod status;
mod streams;
mod webhook;
mod workspace;

#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio_util::sync::CancellationToken;

use crate::channels::slack::decode::{Read, Reader};
use crate::channels::slack::encode::{Content, NOTHING_BESIDE, PLAINLY, Post, Update};
use crate::channels::slack::errors::Step;
use crate::channels::slack::streams::Budget;
use crate::channels::slack::webhook::Entrance;
use crate::channels::slack::workspace::Workspace;
use crate::channels::{
    Account, Batch, Channel, ChannelError, Delete, Inbox, LimitScope, ReadBack, Replay, Streams, Webhook,
};
use crate::config::CatchUpSettings;
use crate::domain::texts::Texts;
use crate::domain::{Capabilities, Clock, DeliveryKey, Growth, Part, Platform, PostedId, Rate, ReplyTo};
use crate::telemetry::Tasks;

/// docs.slack.dev/apis/web-api/rate-limits: a post a second in a channel, 50
/// updates a minute in a workspace.
pub const CAPABILITIES: Capabilities = Capabilities {
    text_limit: 12_000,
    length: encode::length,
    direct_interval: Duration::from_millis(1_050),
    group_interval: Duration::from_millis(1_050),
    // "Several hundred messages per minute" in a workspace.
    writes: Some(Rate::per_minute(NonZeroU32::new(280).unwrap())),
    edits: Some(Rate::per_minute(NonZeroU32::new(50).unwrap())),
    typing_lasts: Duration::MAX,
    typing_is_a_write: false,
    idempotent_for: Duration::ZERO,
    has_one_place_for_a_command: false,
    takes_files: true,
    growth: Growth::Replaced,
};

const POSTING: Step = Step { name: "posting", scope: LimitScope::Chat, is_post: true };
const EDITING: Step = Step { name: "editing", scope: LimitScope::Edits, is_post: false };

/// What Slack needs to begin.
pub struct Setup {
    /// The Bot User OAuth Token, `xoxb-…`.
    pub bot_token: SecretString,
    pub way_in: WayIn,
    /// Where the Web API is, with `/api`.
    pub api_base: String,
    /// Whether answers in threads grow by the streams that Slack has.
    pub has_streams: bool,
    pub pace: Pace,
    /// What becomes of what was said while we were away.
    pub catchup: CatchUpSettings,
    pub texts: Arc<Texts>,
    pub clock: Arc<dyn Clock>,
    pub tasks: Tasks,
}

/// How events come in.
pub enum WayIn {
    /// Over sockets, which the App-Level Token (`xapp-…`) opens.
    Sockets { app_token: SecretString },
    /// As requests, which Slack signs.
    Events { signing_secret: SecretString },
}

/// How patient the channel is; tests are less so.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How many sockets are open at once. Two, so that one is there while Slack
    /// replaces the other.
    pub sockets: u32,
    /// How long to wait before the next try to connect.
    pub reconnect_wait: Duration,
    /// How long a call to the Web API may take.
    pub call_within: Duration,
    /// How often Slack is asked whether our token is good, where no socket tells.
    pub check_every: Duration,
    /// How long Slack is sure to send again what nobody took.
    pub resent_for: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let (patience, check_every) = (Duration::from_secs(15), Duration::from_secs(60));
        // At once, after one minute, and after five more; less a little.
        let resent_for = Duration::from_secs(5 * 60);
        Self { sockets: 2, reconnect_wait: patience, call_within: patience, check_every, resent_for }
    }
}

/// Slack.
pub struct Slack {
    workspace: Arc<Workspace>,
    /// Where requests come in, unless sockets are open instead.
    entrance: Option<Entrance>,
    /// What Slack's own streams take, where they are to be used.
    streams: Option<Budget>,
}

impl Slack {
    /// Prepares the connection; nothing is sent yet.
    pub fn new(setup: Setup) -> Result<Self, ChannelError> {
        let entrance = match &setup.way_in {
            WayIn::Events { signing_secret } => Some(Entrance::new(signing_secret)),
            WayIn::Sockets { .. } => None,
        };
        let streams = setup.has_streams.then(Budget::new);
        Ok(Self { workspace: Arc::new(Workspace::new(setup)?), entrance, streams })
    }
}

#[async_trait]
impl Channel for Slack {
    fn platform(&self) -> Platform {
        Platform::Slack
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    async fn check(&self) -> Result<Account, ChannelError> {
        let (ourselves, name) = self.workspace.check().await?;
        Ok(Account { name: name.unwrap_or_else(|| ourselves.user.clone()), id: ourselves.user })
    }

    fn is_connected(&self) -> bool {
        self.workspace.is_connected.load(Ordering::Relaxed)
    }

    async fn listen(&self, inbox: Arc<dyn Inbox>, shutdown: CancellationToken) -> Result<(), ChannelError> {
        match &self.entrance {
            Some(entrance) => webhook::run(&self.workspace, entrance, inbox, shutdown).await,
            None => intake::run(&self.workspace, inbox, shutdown).await,
        }
    }

    async fn post(&self, to: &ReplyTo, part: &Part, _key: &DeliveryKey) -> Result<PostedId, ChannelError> {
        if let Some(interaction) = &to.interaction {
            return respond::answer(&self.workspace.api, interaction, &to.address, part).await;
        }
        if let Some(file) = &part.file {
            return self.post_file(to, part, file).await;
        }
        let post = Post {
            channel: &to.address.chat,
            thread_ts: to.address.thread.as_deref(),
            content: self.content(part),
            how: PLAINLY,
            beside: NOTHING_BESIDE,
        };
        let posted: Posted = self.workspace.api.post(POSTING, "chat.postMessage", &post).await?;
        Ok(PostedId(posted.ts))
    }

    async fn edit(&self, to: &ReplyTo, posted: &PostedId, part: &Part) -> Result<(), ChannelError> {
        if respond::is_ephemeral(posted) {
            let reason = "Slack keeps nothing of an answer that only one person saw".to_owned();
            return Err(ChannelError::Rejected { step: EDITING.name, reason });
        }
        let update =
            Update { channel: &to.address.chat, ts: &posted.0, content: self.content(part), how: PLAINLY };
        let update = async || self.workspace.api.post::<IgnoredAny>(EDITING, "chat.update", &update).await;
        match update().await {
            Err(error) if streams::is_in_the_way(&error) => {
                // We were ended while it grew.
                drop(self.end(to, posted).await);
                update().await.map(drop)
            }
            updated => updated.map(drop),
        }
    }

    fn read_back(&self) -> Option<&dyn ReadBack> {
        Some(self)
    }

    fn delete(&self) -> Option<&dyn Delete> {
        Some(self)
    }

    fn streams(&self, to: &ReplyTo) -> Option<&dyn Streams> {
        let is_possible = self.streams.is_some() && to.address.thread.is_some() && to.asker.is_some();
        (is_possible && to.interaction.is_none()).then_some(self as &dyn Streams)
    }

    fn webhook(&self) -> Option<&dyn Webhook> {
        self.entrance.as_ref().map(|_| self as &dyn Webhook)
    }

    fn replay(&self) -> Option<&dyn Replay> {
        Some(self)
    }
}

impl Slack {
    /// What a part says, with its button.
    fn content(&self, part: &Part) -> Content {
        let content = Content::of(&part.text);
        match part.button {
            Some(button) => {
                content.with_button(&self.workspace.texts.get(button.text_key()), &button.to_string())
            }
            None => content,
        }
    }
}

#[async_trait]
impl Replay for Slack {
    async fn read_again(&self, raw: &str) -> Result<Batch, ChannelError> {
        let reader = Reader { ourselves: self.workspace.ourselves().await?, people: &self.workspace.people };
        Ok(match reader.event(raw) {
            Read::Message(message) => (*message).into(),
            Read::Unreadable(event) => event.into(),
            Read::Turned(door) => door.into(),
            Read::Withdrawn | Read::Ignored(_) => Batch::default(),
        })
    }
}

/// The answer of `chat.postMessage`, as far as it matters.
#[derive(Debug, Deserialize)]
struct Posted {
    ts: String,
}
