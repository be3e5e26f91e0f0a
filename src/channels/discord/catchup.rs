//! Catching up: a new session tells nothing of what was said before it, so the
//! known places are looked through, those where people spoke last first.
//!
//! From where on is in the inbox and outlives us; what the gateway tells of a
//! place meanwhile is held for a while, so that it comes behind. Then come the
//! channels where nobody has talked to us yet, as far as guilds tell of them and
//! something was said there lately: somebody may have begun to.

use std::collections::{BTreeMap, HashSet};
use std::future::pending;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::Value;
use serenity::http::Route;
use serenity::model::channel::Message;
use serenity::model::id::{ChannelId, GuildId};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::channels::absence::{Absence, Found};
use crate::channels::discord::api::id_of;
use crate::channels::discord::places::Activity;
use crate::channels::discord::recover::PAGE;
use crate::channels::discord::waiting::Waiting;
use crate::channels::discord::{Shared, channel, decode, happening};
use crate::channels::{Batch, ChannelError, Inbox, InboxError};
use crate::domain::{Backoff, KnownPlace, Platform};
use crate::telemetry::chain;

/// How many places are looked through at once.
const AT_ONCE: usize = 4;

/// How many pages of one place are looked at.
const PAGES: usize = 5;

/// How much earlier than the last message that was heard we begin: ids are not
/// given out in perfect order. What is heard twice, the inbox knows.
const MARGIN_MS: u64 = 5_000;

/// How long the guilds may take to tell of themselves, which saves questions.
const GUILDS_TELL_WITHIN: Duration = Duration::from_secs(1);

/// How long they may take where only they know of a place. There may be thousands.
const ALL_TELL_WITHIN: Duration = Duration::from_secs(60);

/// How much our clock and Discord's may differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10 * 60);

/// How long the gateway's messages are held at most, once it is known where to look.
const HOLD: Duration = Duration::from_secs(10);

/// Waits between attempts, and how long one place is tried.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(5 * 60);

const LOOKING: &str = "looking for what was missed";

/// Why a place could not be looked through.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{}", chain(.0))]
    Channel(ChannelError),
    #[error("{}", chain(.0))]
    Inbox(InboxError),
}

/// Catches up at the beginning of every session; never ends by itself.
pub(super) async fn run(
    shared: &Shared,
    inbox: &dyn Inbox,
    waiting: &Waiting,
    mut sessions: watch::Receiver<u64>,
) {
    while sessions.changed().await.is_ok() {
        loop {
            tokio::select! {
                () = catch_up(shared, inbox, waiting) => break,
                // There is more to catch up with.
                began = sessions.changed() => if began.is_err() { return },
            }
        }
    }
}

async fn catch_up(shared: &Shared, inbox: &dyn Inbox, waiting: &Waiting) {
    // As soon as one message of a place is stored, nobody knows any more what was missed
    // before it; so until it is noted where that begins, all are held, however long an
    // inbox that does not work takes. Whoever fills the queue stops the gateway in time.
    let places = known_places(shared, inbox).await;
    let until = Instant::now() + HOLD;
    let letting_go = async {
        sleep_until(until).await;
        waiting.release_all();
        pending::<()>().await;
    };
    tokio::select! {
        () = letting_go => {}
        () = look_everywhere(shared, inbox, waiting, (places, until)) => {}
    }
    waiting.release_all();
}

async fn look_everywhere(
    shared: &Shared,
    inbox: &dyn Inbox,
    waiting: &Waiting,
    (places, until): (Vec<KnownPlace>, Instant),
) {
    let places = places.into_iter().filter_map(|place| Some((channel(LOOKING, &place.address).ok()?, place)));
    let places: Vec<(ChannelId, KnownPlace)> = places.collect();
    let known: HashSet<ChannelId> = places.iter().map(|(channel, _)| *channel).collect();
    // However many threads there are, their channels are looked through, too.
    let channels = places.iter().filter(|(_, place)| place.address.thread.is_none()).count();
    if Instant::now() < until {
        waiting.hold_only(known.clone());
    }
    let guilds = places.iter().filter_map(|(_, place)| place.address.space.as_ref()?.id.parse().ok());
    let guilds: HashSet<GuildId> = guilds.collect();
    // Those that do not tell in time are asked.
    drop(timeout(GUILDS_TELL_WITHIN, shared.places.have_told(&guilds)).await);
    let absence = Absence::until(shared.clock.now(), shared.catchup);
    let looking = stream::iter(places).for_each_concurrent(AT_ONCE, async |(channel, place)| {
        Look { shared, inbox, absence: &absence, channel, place }.patiently().await;
        waiting.release(channel);
    });
    looking.await;
    waiting.release_all();
    let strange = strange_places(shared, inbox, &absence, (&known, channels)).await;
    let looking = stream::iter(strange).for_each_concurrent(AT_ONCE, async |(channel, place)| {
        Look { shared, inbox, absence: &absence, channel, place }.patiently().await;
    });
    looking.await;
}

/// Channels where nobody has talked to us yet and something was said lately, though not
/// before anybody talked to us at all: an inbox that begins anew answers nothing twice.
async fn strange_places(
    shared: &Shared,
    inbox: &dyn Inbox,
    absence: &Absence,
    (known, channels): (&HashSet<ChannelId>, usize),
) -> Vec<(ChannelId, KnownPlace)> {
    let first_heard = match inbox.first_heard(Platform::Discord).await {
        Ok(Some(moment)) => moment,
        Ok(None) => return Vec::new(),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "cannot tell where else to catch up; the next session tries again");
            return Vec::new();
        }
    };
    // Of those that do not tell in time, the next session may hear.
    drop(timeout(ALL_TELL_WITHIN, shared.places.all_have_told()).await);
    let heard = decode::first_at(absence.oldest().max(first_heard - CLOCKS_DIFFER));
    let mut places = Vec::new();
    let limit = usize::try_from(shared.catchup.places).unwrap_or(usize::MAX).saturating_sub(channels);
    let active = shared.places.active_since(heard).into_iter();
    for Activity { channel, guild, .. } in active.filter(|place| !known.contains(&place.channel)).take(limit)
    {
        let address = shared.places.address(&shared.api, channel, Some(guild)).await;
        let heard = i64::try_from(heard).unwrap_or(i64::MAX);
        places.push((channel, KnownPlace { address, heard }));
    }
    places
}

/// The inbox knows them as soon as it works.
async fn known_places(shared: &Shared, inbox: &dyn Inbox) -> Vec<KnownPlace> {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    loop {
        match inbox.known_places(Platform::Discord, shared.catchup.places).await {
            Ok(places) => return places,
            Err(error) => {
                let wait = backoff.next_wait();
                tracing::warn!(error = %chain(&error), "cannot tell yet where to catch up, asking again in {wait:?}");
                sleep(wait).await;
            }
        }
    }
}

/// A place that is looked through.
struct Look<'a> {
    shared: &'a Shared,
    inbox: &'a dyn Inbox,
    absence: &'a Absence,
    channel: ChannelId,
    place: KnownPlace,
}

/// Messages by their ids, as they came.
type Messages = BTreeMap<u64, Value>;

impl Look<'_> {
    /// Tries until it is done, or there is no use in it. What is not done stays
    /// noted, and the next session begins there.
    async fn patiently(&self) {
        let (began, mut backoff) = (Instant::now(), Backoff::new(FIRST_WAIT, LONGEST_WAIT));
        loop {
            let error = match self.through().await {
                Ok(()) => return,
                Err(error) => error,
            };
            let wait = match &error {
                Failure::Channel(ChannelError::RateLimited { retry_after, .. }) => *retry_after,
                Failure::Channel(error) if !error.is_passing() => {
                    tracing::info!(channel.id = %self.channel, error = %chain(error), "channel {} is closed to us, what was missed there stays so", self.channel);
                    // One that cannot be noted is noted the next time.
                    drop(self.inbox.looked_through(&self.place.address, self.place.heard).await);
                    return;
                }
                Failure::Channel(_) | Failure::Inbox(_) => backoff.next_wait(),
            };
            if began.elapsed() + wait > PATIENCE {
                tracing::error!(channel.id = %self.channel, error = %error, "could not look for what was missed in channel {}; the next session tries again", self.channel);
                return;
            }
            tracing::debug!(channel.id = %self.channel, error = %error, "cannot catch up yet, trying again in {wait:?}");
            sleep(wait).await;
        }
    }

    async fn through(&self) -> Result<(), Failure> {
        let heard = u64::try_from(self.place.heard).unwrap_or(0);
        let mut newest = self.place.heard;
        let is_quiet = self.shared.places.last_said(self.channel).is_some_and(|last| last.get() <= heard);
        if !is_quiet {
            let (found, may_be_more) = self.read(heard).await.map_err(Failure::Channel)?;
            newest = found.keys().next_back().and_then(|id| i64::try_from(*id).ok()).unwrap_or(0).max(newest);
            let Batch { messages, unreadable, .. } = self.decode(&found);
            let found = Found { messages, heard: self.place.heard, may_be_more };
            let messages = self.absence.sort(found, self.inbox).await.map_err(Failure::Inbox)?;
            if !(messages.is_empty() && unreadable.is_empty()) {
                tracing::info!(channel.id = %self.channel, count = messages.len(), "caught up with channel {}", self.channel);
                self.inbox
                    .accept(Batch { messages, unreadable, ..Batch::default() })
                    .await
                    .map_err(Failure::Inbox)?;
            }
        }
        self.inbox.looked_through(&self.place.address, newest).await.map_err(Failure::Inbox)
    }

    /// What was said since; also whether there may be more between the oldest
    /// page and the newest ones.
    async fn read(&self, heard: u64) -> Result<(Messages, bool), ChannelError> {
        let after = heard.saturating_sub(MARGIN_MS << 22);
        let mut found = self.page("after", Some(after)).await?;
        let (first_page, mut before) = (found.keys().next_back().copied().unwrap_or(0), None);
        if found.len() < PAGE {
            return Ok((found, false));
        }
        // The next page would be the next oldest one, and the newest matter most.
        for _ in 1..PAGES {
            let page = self.page("before", before).await?;
            let (oldest, count) = (page.keys().next().copied().unwrap_or(0), page.len());
            found.extend(page.into_iter().filter(|(id, _)| *id > after));
            if count < PAGE || oldest <= first_page {
                return Ok((found, false));
            }
            if decode::moment(oldest) < self.absence.oldest() {
                break;
            }
            before = Some(oldest);
        }
        Ok((found, true))
    }

    async fn page(&self, bound: &'static str, id: Option<u64>) -> Result<Messages, ChannelError> {
        let mut query = vec![("limit", PAGE.to_string())];
        query.extend(id.map(|id| (bound, id.to_string())));
        let route = Route::ChannelMessages { channel_id: self.channel };
        let messages = self.shared.api.list(LOOKING, route, query).await?;
        messages.into_iter().map(|message| Ok((id_of(LOOKING, &message)?, message))).collect()
    }

    fn decode(&self, found: &Messages) -> Batch {
        let mut batch = Batch::default();
        let Some(bot) = self.shared.bot() else { return batch };
        let reader = self.shared.reader(bot, Some(self.channel));
        for value in found.values() {
            match Message::deserialize(value) {
                Ok(said) if decode::is_talk(&said) => {
                    let message = decode::message(&said, self.place.address.clone(), reader);
                    self.shared.places.remember(said.id, &message);
                    batch.messages.push(message);
                }
                Ok(_) => {}
                Err(_) => batch.unreadable.extend(happening::unreadable("MESSAGE_CREATE", value.clone())),
            }
        }
        batch
    }
}
