//! Discord, by its gateway and its REST API.
//!
//! - `gateway.rs`: serenity in a thread; `connection.rs`: staying connected
//! - `happening.rs`, `waiting.rs`, `intake.rs`: from events to what is durable
//! - `decode.rs`, `mentions.rs`, `encode.rs`: what is said, in and out, pure
//! - `places.rs`: which channels are threads, of what
//! - `interactions.rs`, `commands.rs`: slash commands and their answers
//! - `catchup.rs`: what was said while there was no session
//! - `threads.rs`: threads that answers open
//! - `recover.rs`: looking for our own posts, and taking them away
//! - `api.rs`, `errors.rs`: calls, and what can go wrong with them
//!
//! Direct messages, mentions and commands work without any privilege; the
//! content of other messages is shown only to bots with the message content
//! intent. Rich formatting is left as Discord reads it.

mod api;
mod catchup;
mod commands;
mod connection;
mod decode;
pub mod encode;
mod errors;
mod gateway;
mod happening;
mod intake;
mod interactions;
mod memory;
mod mentions;
mod places;
mod recover;
mod threads;
mod waiting;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use serenity::http::{LightMethod, Route};
use serenity::model::id::{ChannelId, UserId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::channels::{Account, Batch, Channel, ChannelError, Delete, Inbox, ReadBack, Replay, Typing};
use crate::config::CatchUpSettings;
use crate::domain::texts::Texts;
use crate::domain::{
    Address, Capabilities, Clock, DeliveryKey, Growth, Part, Platform, PostedId, Rate, ReplyTo,
};
use crate::telemetry::Tasks;
use api::{Api, id_of, snowflake};
use decode::Reader;
use encode::Labelled;
use errors::{CallError, MESSAGE_CONTENT_WAY_OUT};
use happening::Happening;
use interactions::Interactions;
use places::Places;

/// docs.discord.com/developers/resources/message: 2,000 characters; the rest is for its own counting.
pub const CAPABILITIES: Capabilities = Capabilities {
    // Discord takes 2,000.
    text_limit: 1_990,
    length: encode::length,
    // Five writes in five seconds to one channel, and a little air.
    direct_interval: Duration::from_millis(1_050),
    group_interval: Duration::from_millis(1_050),
    // Of 50 for everything.
    writes: Some(Rate::per_second(NonZeroU32::new(45).unwrap())),
    edits: None,
    typing_lasts: Duration::from_secs(10),
    typing_is_a_write: true,
    idempotent_for: Duration::from_secs(120),
    has_one_place_for_a_command: true,
    takes_files: true,
    growth: Growth::Replaced,
};

/// The application flags of bots that may read all messages.
const READS_ALL: u64 = 1 << 18 | 1 << 19;

/// What it takes to be a bot in Discord.
pub struct Setup {
    pub token: SecretString,
    /// Where the API is, without `/api/v10`; `https://discord.com` except in tests.
    pub api_base: String,
    /// Whether to ask for the content of messages that do not concern the bot.
    pub message_content: bool,
    /// Whether an answer to a mention in a channel opens a thread.
    pub opens_threads: bool,
    /// What becomes of what was said while we were away.
    pub catchup: CatchUpSettings,
    pub texts: Arc<Texts>,
    pub clock: Arc<dyn Clock>,
    pub tasks: Tasks,
}

/// Discord, as one bot.
pub struct Discord {
    shared: Shared,
}

/// What the parts of this channel share.
struct Shared {
    api: Arc<Api>,
    places: Arc<Places>,
    interactions: Arc<Interactions>,
    texts: Arc<Texts>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    message_content: bool,
    opens_threads: bool,
    catchup: CatchUpSettings,
    /// How many sessions have begun.
    sessions: watch::Sender<u64>,
    /// Our own id; 0 until we know it.
    bot: AtomicU64,
    has_registered: Arc<AtomicBool>,
    is_connected: Arc<AtomicBool>,
}

impl Shared {
    /// Who reads what is said in a channel, and how.
    fn reader(&self, bot: UserId, channel: Option<ChannelId>) -> Reader {
        let is_closed = channel.is_some_and(|channel| self.places.is_closed_to_threads(channel));
        let opens_threads = self.opens_threads && !is_closed;
        Reader { bot, reads_all: self.message_content, opens_threads }
    }

    fn bot(&self) -> Option<UserId> {
        let id = self.bot.load(Ordering::Relaxed);
        (id != 0).then(|| UserId::new(id))
    }

    fn is_bot(&self, id: UserId) {
        self.bot.store(id.get(), Ordering::Relaxed);
    }
}

impl Discord {
    /// Prepares the channel; nothing is sent yet.
    pub fn new(setup: Setup) -> Result<Self, ChannelError> {
        let Setup { token, api_base, message_content, opens_threads, catchup, texts, clock, tasks } = setup;
        let api = Arc::new(Api::new(token, &api_base)?);
        let interactions = Interactions::new(api.clone(), clock.clone(), tasks.clone());
        let shared = Shared {
            api,
            places: Arc::default(),
            interactions: Arc::new(interactions),
            texts,
            clock,
            tasks,
            message_content,
            opens_threads,
            catchup,
            sessions: watch::Sender::new(0),
            bot: AtomicU64::new(0),
            has_registered: Arc::default(),
            is_connected: Arc::default(),
        };
        Ok(Self { shared })
    }

    async fn post_message(
        &self,
        to: &ReplyTo,
        part: &Part,
        key: &DeliveryKey,
    ) -> Result<PostedId, ChannelError> {
        let step = "posting";
        let channel_id = self.written_to(step, to).await?;
        let route = Route::ChannelMessages { channel_id };
        // A thread shows by itself what it begins with.
        let is_elsewhere = to.message.as_ref().is_some_and(|message| message.0 == channel_id.to_string());
        let answers = to.message.as_ref().filter(|_| part.number == 0 && !is_elsewhere);
        let file = part.file.as_ref();
        let body = encode::post(&part.text, self.labelled(part), key, answers);
        let mut posted = self.shared.api.post(step, route, &body, file).await;
        if answers.is_some()
            && matches!(&posted, Err(CallError::Refused(refusal)) if refusal.is_about_the_reply())
        {
            let body = encode::post(&part.text, self.labelled(part), key, None);
            posted = self.shared.api.post(step, route, &body, file).await;
        }
        if let Err(CallError::Refused(refusal)) = &posted
            && file.is_none()
            && refusal.is_about_rights()
            && let Some(channel_id) = self.leave_thread(to, channel_id)
        {
            let route = Route::ChannelMessages { channel_id };
            let answers = to.message.as_ref().filter(|_| part.number == 0);
            let body = encode::post(&part.text, self.labelled(part), key, answers);
            posted = self.shared.api.post(step, route, &body, None).await;
        }
        if let Err(CallError::Refused(refusal)) = &posted
            && file.is_some()
            && refusal.is_about_rights()
        {
            // Words may be allowed here all the same.
            let reason = "files may not be attached here".to_owned();
            return Err(ChannelError::Rejected { step, reason });
        }
        Ok(PostedId(id_of(step, &posted.map_err(CallError::of_a_post)?)?.to_string()))
    }
}

/// The channel that an address is written to.
fn channel(step: &'static str, address: &Address) -> Result<ChannelId, ChannelError> {
    snowflake(step, address.thread.as_ref().unwrap_or(&address.chat)).map(ChannelId::new)
}

#[async_trait]
impl Channel for Discord {
    fn platform(&self) -> Platform {
        Platform::Discord
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    async fn check(&self) -> Result<Account, ChannelError> {
        let step = "asking who we are";
        let user = self.shared.api.call(step, LightMethod::Get, Route::UserMe, None).await?;
        let id = id_of(step, &user)?;
        if self.shared.message_content {
            let application = self.shared.api.about_the_application().await?;
            let flags = application.get("flags").and_then(Value::as_u64);
            // Where the flags are not told, the gateway will tell.
            if flags.is_some_and(|flags| flags & READS_ALL == 0) {
                return Err(ChannelError::Setup { way_out: MESSAGE_CONTENT_WAY_OUT.to_owned() });
            }
        }
        let name = user.get("username").and_then(Value::as_str).unwrap_or("Discord").to_owned();
        Ok(Account { id: id.to_string(), name })
    }

    fn is_connected(&self) -> bool {
        self.shared.is_connected.load(Ordering::Relaxed)
    }

    async fn listen(&self, inbox: Arc<dyn Inbox>, shutdown: CancellationToken) -> Result<(), ChannelError> {
        intake::run(&self.shared, inbox.as_ref(), shutdown).await
    }

    async fn post(&self, to: &ReplyTo, part: &Part, key: &DeliveryKey) -> Result<PostedId, ChannelError> {
        if let Some(interaction) = &to.interaction
            && let Some(posted) = self.shared.interactions.show(interaction, part).await?
        {
            return Ok(posted);
        }
        if is_for_one_among_many(to) {
            let words = self.shared.texts.get("too-late-in-private");
            return self.post_message(to, &Part::new(part.number, words), key).await;
        }
        self.post_message(to, part, key).await
    }

    async fn edit(&self, to: &ReplyTo, posted: &PostedId, part: &Part) -> Result<(), ChannelError> {
        if let Some(interaction) = &to.interaction
            && self.shared.interactions.change(interaction, posted, part).await?
        {
            return Ok(());
        }
        if is_for_one_among_many(to) {
            // What stands there says that it is too late, and is not for others to read.
            return Ok(());
        }
        let step = "editing";
        let message_id = snowflake(step, &posted.0)?.into();
        let route = Route::ChannelMessage { channel_id: self.stands_in(step, to).await?, message_id };
        let body = encode::edit_with(&part.text, self.labelled(part));
        self.shared.api.call(step, LightMethod::Patch, route, Some(&body)).await?;
        Ok(())
    }

    fn typing(&self) -> Option<&dyn Typing> {
        Some(self)
    }

    fn read_back(&self) -> Option<&dyn ReadBack> {
        Some(self)
    }

    fn delete(&self) -> Option<&dyn Delete> {
        Some(self)
    }

    fn replay(&self) -> Option<&dyn Replay> {
        Some(self)
    }
}

impl Discord {
    /// The button of a part, with the word on it.
    fn labelled(&self, part: &Part) -> Option<Labelled> {
        let button = part.button?;
        Some(Labelled { label: self.shared.texts.get(button.text_key()), custom_id: button.to_string() })
    }
}

/// Whether only one person is to see what is said where others read along.
fn is_for_one_among_many(to: &ReplyTo) -> bool {
    to.interaction.is_some() && !to.address.is_direct()
}

#[async_trait]
impl Replay for Discord {
    async fn read_again(&self, raw: &str) -> Result<Batch, ChannelError> {
        let step = "asking who we are";
        let user = self.shared.api.call(step, LightMethod::Get, Route::UserMe, None).await?;
        let bot = UserId::new(id_of(step, &user)?);
        let mut batch = Batch::default();
        if let Some(what) = Happening::again(raw) {
            intake::read(&self.shared, bot, &what, &mut batch).await;
        }
        Ok(batch)
    }
}

#[async_trait]
impl Typing for Discord {
    async fn show_typing(&self, to: &ReplyTo) -> Result<(), ChannelError> {
        if to.interaction.is_some() {
            // The person who gave the command sees that the bot is thinking; nobody else has to.
            return Ok(());
        }
        let step = "showing that we write";
        let route = Route::ChannelTyping { channel_id: self.seen_in(step, to)? };
        self.shared.api.call(step, LightMethod::Post, route, None).await?;
        Ok(())
    }
}
