//! Where channels are: which of them are threads, in what, and in which guild.
//!
//! A message names its channel and guild and nothing more. Guilds tell of their
//! channels and threads when we connect; what we were not told, or have
//! forgotten, is asked for.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use serenity::http::{LightMethod, Route};
use serenity::model::channel::{ChannelType, GuildChannel};
use serenity::model::guild::Guild;
use serenity::model::id::{ChannelId, GuildId, MessageId};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::channels::discord::api::Api;
use crate::channels::discord::errors::CallError;
use crate::channels::discord::memory::Memory;
use crate::channels::discord::threads;
use crate::domain::{Address, AddressKind, Author, Call, Event, InboundMessage, Platform, Said, SpaceRef};

const CHANNELS: usize = 20_000;
const GUILDS: usize = 5_000;

/// How many messages are remembered with their authors, which deletions do not name.
const MESSAGES: usize = 4_096;

/// How often an unknown channel is asked for before it is taken for no thread.
const ATTEMPTS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(500);

/// What we were told of places and of who spoke there.
#[derive(Debug)]
pub(super) struct Places {
    known: Mutex<Known>,
    /// The guilds that have not told of themselves yet in this session.
    silent: watch::Sender<HashSet<GuildId>>,
}

/// A channel of a guild, and the last message in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Activity {
    pub(super) channel: ChannelId,
    pub(super) guild: GuildId,
    pub(super) last: MessageId,
}

/// Who said something where, and whom it called.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    pub(super) address: Address,
    pub(super) author: Author,
    pub(super) call: Call,
}

#[derive(Debug)]
struct Known {
    /// The channel that a thread is in; none for a channel that is no thread.
    parents: Memory<ChannelId, Option<ChannelId>>,
    names: Memory<GuildId, String>,
    /// What called us, and apart from it what did not: so much talk is not to make us forget it.
    spoken: Memory<MessageId, Spoken>,
    spoken_aside: Memory<MessageId, Spoken>,
    /// What threads are to be called that messages begin, and where there can be none.
    titles: Memory<ChannelId, String>,
    refused: Memory<ChannelId, ()>,
    closed_to_threads: Memory<ChannelId, ()>,
    /// The last message of a channel, as its guild told in this session.
    last: Memory<ChannelId, Activity>,
}

impl Default for Places {
    fn default() -> Self {
        let known = Known {
            parents: Memory::of(CHANNELS),
            names: Memory::of(GUILDS),
            spoken: Memory::of(MESSAGES),
            spoken_aside: Memory::of(MESSAGES),
            titles: Memory::of(MESSAGES),
            refused: Memory::of(MESSAGES),
            closed_to_threads: Memory::of(CHANNELS),
            last: Memory::of(CHANNELS),
        };
        Self { known: Mutex::new(known), silent: watch::Sender::default() }
    }
}

impl Places {
    /// Forgets what guilds have told of their last messages; these will tell anew.
    pub(super) fn begin_session(&self, guilds: impl Iterator<Item = GuildId>) {
        self.silent.send_replace(guilds.collect());
        self.with(|known| known.last = Memory::of(CHANNELS));
    }

    /// Waits until these guilds have told of themselves.
    pub(super) async fn have_told(&self, guilds: &HashSet<GuildId>) {
        // An error would mean that the sender, which we hold, is gone.
        drop(self.silent.subscribe().wait_for(|silent| guilds.is_disjoint(silent)).await);
    }

    /// Waits until all guilds have told of themselves.
    pub(super) async fn all_have_told(&self) {
        drop(self.silent.subscribe().wait_for(HashSet::is_empty).await);
    }

    /// The last message of a channel, as far as its guild has told.
    pub(super) fn last_said(&self, channel: ChannelId) -> Option<MessageId> {
        self.with(|known| known.last.recall(&channel).map(|activity| activity.last))
    }

    /// The channels in which something was said after a message, as far as their guilds have
    /// told, those where somebody spoke last first.
    pub(super) fn active_since(&self, message: u64) -> Vec<Activity> {
        let is_newer = |activity: &Activity| activity.last.get() > message;
        let mut active: Vec<Activity> =
            self.with(|known| known.last.iter().map(|(_, activity)| *activity).filter(is_newer).collect());
        active.sort_unstable_by_key(|activity| Reverse(activity.last));
        active
    }

    /// Learns a guild with its channels and threads.
    pub(super) fn learn_guild(&self, guild: &Guild) {
        self.with(|known| {
            known.names.learn(guild.id, guild.name.clone());
            for channel in guild.channels.values().chain(&guild.threads) {
                known.parents.learn(channel.id, parent(channel.kind, channel.parent_id));
                if let Some(last) = channel.last_message_id {
                    known.last.learn(channel.id, Activity { channel: channel.id, guild: guild.id, last });
                }
            }
        });
        self.silent.send_if_modified(|silent| silent.remove(&guild.id));
    }

    pub(super) fn learn_name(&self, guild: GuildId, name: &str) {
        self.with(|known| known.names.learn(guild, name.to_owned()));
    }

    /// Learns a channel or thread.
    pub(super) fn learn_channel(&self, channel: &GuildChannel) {
        self.learn(channel.id, channel.kind, channel.parent_id);
    }

    /// Learns what is known of a channel in passing.
    pub(super) fn learn(&self, channel: ChannelId, kind: ChannelType, above: Option<ChannelId>) {
        self.with(|known| known.parents.learn(channel, parent(kind, above)));
    }

    /// Remembers who said a message where, and whom it called.
    pub(super) fn remember(&self, id: MessageId, message: &InboundMessage) {
        let said = message.changed().unwrap_or(message);
        let Event::Text(Said { call, .. }) = said.event else { return };
        let spoken = Spoken { address: said.address.clone(), author: said.author.clone(), call };
        // The first message of a post in a forum has the id of its thread, too.
        let title = (call == Call::Mention).then(|| threads::title(said)).flatten();
        self.with(|known| {
            match call {
                Call::Direct | Call::Mention | Call::Reply => known.spoken.learn(id, spoken),
                Call::Others | Call::Nobody => known.spoken_aside.learn(id, spoken),
                Call::NotOurs => {}
            }
            if let Some(title) = title {
                known.titles.learn(ChannelId::new(id.get()), title);
            }
        });
    }

    /// Who said a message where, unless that is long ago.
    pub(super) fn spoken(&self, message: MessageId) -> Option<Spoken> {
        self.with(|known| {
            known.spoken.recall(&message).or_else(|| known.spoken_aside.recall(&message)).cloned()
        })
    }

    /// What the thread is to be called that a message begins.
    pub(super) fn title(&self, thread: ChannelId) -> Option<String> {
        self.with(|known| known.titles.recall(&thread).cloned())
    }

    /// Whether a channel is known to be a thread.
    pub(super) fn is_thread(&self, channel: ChannelId) -> bool {
        self.with(|known| matches!(known.parents.recall(&channel), Some(Some(_))))
    }

    /// Remembers that there can be no such thread.
    pub(super) fn refuse(&self, thread: ChannelId) {
        self.with(|known| known.refused.learn(thread, ()));
    }

    /// Takes note that in this channel we may not open threads, or not write in them.
    pub(super) fn close_to_threads(&self, channel: ChannelId) {
        self.with(|known| known.closed_to_threads.learn(channel, ()));
    }

    pub(super) fn is_closed_to_threads(&self, channel: ChannelId) -> bool {
        self.with(|known| known.closed_to_threads.recall(&channel).is_some())
    }

    /// Forgets that there is a thread.
    pub(super) fn forget_thread(&self, thread: ChannelId) {
        self.with(|known| known.parents.learn(thread, None));
    }

    pub(super) fn is_refused(&self, thread: ChannelId) -> bool {
        self.with(|known| known.refused.recall(&thread).is_some())
    }

    /// The address of a channel, which is asked for when we do not know it.
    pub(super) async fn address(&self, api: &Api, channel: ChannelId, guild: Option<GuildId>) -> Address {
        let Some(guild) = guild else { return direct(channel) };
        let known = self.with(|known| known.parents.recall(&channel).copied());
        let parent = match known {
            Some(parent) => parent,
            None => self.ask(api, channel).await,
        };
        let name = self.with(|known| known.names.recall(&guild).cloned());
        Address {
            platform: Platform::Discord,
            scope: String::new(),
            chat: parent.unwrap_or(channel).to_string(),
            thread: parent.map(|_| channel.to_string()),
            kind: if parent.is_some() { AddressKind::Thread } else { AddressKind::Group },
            space: Some(SpaceRef { id: guild.to_string(), name }),
        }
    }

    async fn ask(&self, api: &Api, channel: ChannelId) -> Option<ChannelId> {
        for attempt in 1..=ATTEMPTS {
            let route = Route::Channel { channel_id: channel };
            let asked =
                timeout(PATIENCE, api.call("asking for a channel", LightMethod::Get, route, None)).await;
            match asked {
                Ok(Ok(answer)) => {
                    let parent = parent_in(&answer);
                    self.with(|known| known.parents.learn(channel, parent));
                    return parent;
                }
                Ok(Err(CallError::Refused(refusal))) if refusal.is_closed_to_us() => break,
                Ok(Err(_)) | Err(_) => tokio::time::sleep(PAUSE * attempt).await,
            }
        }
        // Answers arrive all the same: threads are written to like channels.
        tracing::warn!(channel.id = %channel, "could not learn whether channel {channel} is a thread");
        None
    }

    fn with<R>(&self, look: impl FnOnce(&mut Known) -> R) -> R {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn direct(channel: ChannelId) -> Address {
    Address {
        platform: Platform::Discord,
        scope: String::new(),
        chat: channel.to_string(),
        thread: None,
        kind: AddressKind::Direct,
        space: None,
    }
}

/// Channels have a parent too: their category.
fn parent(kind: ChannelType, above: Option<ChannelId>) -> Option<ChannelId> {
    let is_thread =
        matches!(kind, ChannelType::NewsThread | ChannelType::PublicThread | ChannelType::PrivateThread);
    above.filter(|_| is_thread)
}

pub(super) fn parent_in(channel: &Value) -> Option<ChannelId> {
    let kind = channel.get("type").and_then(Value::as_u64).and_then(|kind| u8::try_from(kind).ok())?;
    let above = channel.get("parent_id")?.as_str()?.parse().ok()?;
    parent(ChannelType::from(kind), Some(above))
}

#[cfg(test)]
mod tests {
    use super::parent_in;
    use serde_json::json;

    #[test]
    fn only_threads_are_in_another_channel() {
        let table = [
            (json!({ "type": 11, "parent_id": "5" }), Some(5)),
            (json!({ "type": 12, "parent_id": "5" }), Some(5)),
            (json!({ "type": 10, "parent_id": "5" }), Some(5)),
            (json!({ "type": 0, "parent_id": "5" }), None),
            (json!({ "type": 0, "parent_id": null }), None),
            (json!({ "type": 99, "parent_id": "5" }), None),
            (json!({}), None),
        ];
        for (channel, expected) in table {
            assert_eq!(parent_in(&channel).map(|id| id.get()), expected, "{channel}");
        }
    }
}
