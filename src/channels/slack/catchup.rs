//! Catching up: Slack sends an event again for about six minutes. What it gave
//! up on is in the history of the known places, as far as the scopes go.
//!
//! From where on is in the inbox and outlives us. Where Slack shows us no
//! history, that is said once.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::channels::absence::{Absence, Found};
use crate::channels::slack::decode::{Ourselves, Read, Reader};
use crate::channels::slack::gaps::Gaps;
use crate::channels::slack::history::{self, Stretch};
use crate::channels::slack::workspace::Workspace;
use crate::channels::{Batch, ChannelError, Inbox, InboxError};
use crate::domain::{Address, AddressKind, Backoff, KnownPlace, Platform};
use crate::telemetry::chain;

/// How many pages of one place are looked at.
const PAGES: usize = 5;

/// How much earlier than the last message that was heard we begin, in
/// microseconds: two sockets bring events in any order, and an event that comes
/// again comes minutes later. What is heard twice, the inbox knows.
const MARGIN: i64 = 10 * 60 * 1_000_000;

/// The history may be asked for 50 times a minute: so many questions come as
/// they are, further ones with a pause.
const QUESTIONS_AT_ONCE: u32 = 20;
const PAUSE: Duration = Duration::from_millis(1_300);

/// Waits between attempts, and how long one place is tried.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How many reasons for not looking are remembered.
const MOST_SAID: usize = 64;

/// Why a place could not be looked through.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{}", chain(.0))]
    Channel(ChannelError),
    #[error("{}", chain(.0))]
    Inbox(InboxError),
}

/// Looks for what was missed: at the start, and after every gap.
pub(super) struct CatchUp {
    workspace: Arc<Workspace>,
    ourselves: Ourselves,
    inbox: Arc<dyn Inbox>,
    /// Where to look at the start.
    places: Vec<KnownPlace>,
}

impl CatchUp {
    /// Takes note of where to look; before anything new comes in.
    pub(super) async fn prepare(
        workspace: &Arc<Workspace>,
        ourselves: &Ourselves,
        inbox: &Arc<dyn Inbox>,
    ) -> Self {
        let mut this = Self {
            workspace: Arc::clone(workspace),
            ourselves: ourselves.clone(),
            inbox: Arc::clone(inbox),
            places: Vec::new(),
        };
        this.places = this.known_places().await;
        this
    }

    /// Looks, and then after every gap; says when the first look is over.
    pub(super) async fn run(self, mut gaps: Gaps, is_done: watch::Sender<bool>) {
        self.look(&self.places).await;
        is_done.send_replace(true);
        while let Some(began) = gaps.next().await {
            tracing::info!(
                platform = "slack",
                "something could not come in a while ago; looking for what Slack has given up sending"
            );
            let begin = i64::try_from(began.unix_timestamp_nanos() / 1_000).unwrap_or(0);
            let mut places = self.known_places().await;
            for place in &mut places {
                place.heard = place.heard.min(begin);
            }
            self.look(&places).await;
        }
    }

    /// The inbox knows them as soon as it works.
    async fn known_places(&self) -> Vec<KnownPlace> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            match self.inbox.known_places(Platform::Slack, self.workspace.catchup.places).await {
                Ok(places) => return places,
                Err(error) => {
                    tracing::warn!(platform = "slack", error = %chain(&error), "cannot tell yet where to catch up");
                    sleep(backoff.next_wait()).await;
                }
            }
        }
    }

    async fn look(&self, places: &[KnownPlace]) {
        let absence = Absence::until(self.workspace.clock.now(), self.workspace.catchup);
        let mut questions = 0;
        for place in places {
            self.patiently(place, &absence, &mut questions).await;
        }
        for place in channels(places) {
            self.patiently(&place, &absence, &mut questions).await;
        }
    }

    /// Tries until it is done, or there is no use in it. What is not done stays
    /// noted, and the next start begins there.
    async fn patiently(&self, place: &KnownPlace, absence: &Absence, questions: &mut u32) {
        let (began, mut backoff) = (Instant::now(), Backoff::new(FIRST_WAIT, LONGEST_WAIT));
        loop {
            let error = match self.through(place, absence, questions).await {
                Ok(()) => return,
                Err(error) => error,
            };
            let wait = match &error {
                Failure::Channel(ChannelError::RateLimited { retry_after, .. }) => *retry_after,
                Failure::Channel(error) if !error.is_passing() => {
                    self.workspace.say_once(error);
                    // One that cannot be noted is noted the next time.
                    drop(self.inbox.looked_through(&place.address, place.heard).await);
                    return;
                }
                Failure::Channel(_) | Failure::Inbox(_) => backoff.next_wait(),
            };
            if began.elapsed() + wait > PATIENCE {
                tracing::error!(platform = "slack", %error, "could not look for what was missed; the next start tries again");
                return;
            }
            tracing::debug!(platform = "slack", %error, "cannot catch up yet, trying again in {wait:?}");
            sleep(wait).await;
        }
    }

    async fn through(
        &self,
        place: &KnownPlace,
        absence: &Absence,
        questions: &mut u32,
    ) -> Result<(), Failure> {
        let (found, may_be_more) = self.read(place, questions).await.map_err(Failure::Channel)?;
        let Batch { messages, unreadable, .. } = self.decode(&place.address, &found);
        let newest = messages.iter().map(|message| message.sequence).max().unwrap_or(0).max(place.heard);
        let found = Found { messages, heard: place.heard, may_be_more };
        let messages = absence.sort(found, self.inbox.as_ref()).await.map_err(Failure::Inbox)?;
        if !(messages.is_empty() && unreadable.is_empty()) {
            let count = messages.len();
            tracing::info!(
                platform = "slack",
                count,
                "looked through a place and found {count} messages, known ones among them"
            );
            self.inbox
                .accept(Batch { messages, unreadable, ..Batch::default() })
                .await
                .map_err(Failure::Inbox)?;
        }
        self.inbox.looked_through(&place.address, newest).await.map_err(Failure::Inbox)
    }

    /// What was said since; also whether there may be more.
    async fn read(
        &self,
        place: &KnownPlace,
        questions: &mut u32,
    ) -> Result<(Vec<Box<RawValue>>, bool), ChannelError> {
        let stretch = Stretch {
            channel: place.address.chat.clone(),
            thread: place.address.thread.clone(),
            oldest: history::ts_of(place.heard - MARGIN),
        };
        let (mut found, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES {
            if *questions >= QUESTIONS_AT_ONCE {
                sleep(PAUSE).await;
            }
            *questions += 1;
            let mut page = history::page(&self.workspace.api, &stretch, cursor.as_deref()).await?;
            found.append(&mut page.messages);
            match page.next() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok((found, false)),
            }
        }
        Ok((found, true))
    }

    fn decode(&self, place: &Address, found: &[Box<RawValue>]) -> Batch {
        let reader = Reader { ourselves: &self.ourselves, people: &self.workspace.people };
        let mut batch = Batch::default();
        for raw in found {
            match reader.past(place, raw.get()) {
                Read::Message(message) => batch.messages.push(*message),
                Read::Unreadable(unreadable) => batch.unreadable.push(unreadable),
                Read::Turned(_) | Read::Withdrawn | Read::Ignored(_) => {}
            }
        }
        batch
    }
}

/// The channels around known threads, where somebody may have begun another.
fn channels(places: &[KnownPlace]) -> Vec<KnownPlace> {
    let mut channels: BTreeMap<&str, KnownPlace> = BTreeMap::new();
    for place in places.iter().filter(|place| !place.address.is_direct()) {
        let heard = channels
            .get(place.address.chat.as_str())
            .map_or(place.heard, |known| known.heard.max(place.heard));
        let address = Address { thread: None, kind: AddressKind::Group, ..place.address.clone() };
        channels.insert(&place.address.chat, KnownPlace { address, heard });
    }
    channels.into_values().collect()
}

/// What was said once and need not be said again.
#[derive(Debug, Default)]
pub(super) struct Said(Mutex<HashSet<String>>);

impl Workspace {
    /// Says why some of what was missed cannot be found.
    fn say_once(&self, error: &ChannelError) {
        let words = chain(error).to_string();
        let mut said = self.said.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < MOST_SAID && said.insert(words) {
            tracing::warn!(platform = "slack", error = %chain(error), "cannot look everywhere for what was said while nobody listened; what Slack has given up sending from there stays unanswered");
        }
    }
}
