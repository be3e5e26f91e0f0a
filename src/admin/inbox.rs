//! What came in and was not answered: given up, or not readable.

use std::sync::Arc;

use crate::admin::MatterError;
use crate::admin::matter::{discreet, find, granted, short};
use crate::channels::Channel;
use crate::domain::{InboundMessage, MessageState, Reference, Timestamp};
use crate::store::{KeptMessage, MatterId, Revived, Store};

/// How many messages one call takes up again at most.
const AT_ONCE: u64 = 10_000;

/// What is put aside, and waits for somebody to look at it.
const ASIDE: [MessageState; 2] = [MessageState::Dead, MessageState::Quarantined];

/// A message that is taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It waits, to be answered anew.
    Waits(Reference),
    /// It can be read now, and holds so many new messages.
    Read(Reference, usize),
}

/// What became of everything that was put aside.
#[derive(Debug, Default)]
pub struct ReplayedAll {
    pub replayed: Vec<Replayed>,
    /// What stays where it is, and why.
    pub left: Vec<MatterError>,
}

/// The operations.
pub struct Inbox<'a> {
    pub store: &'a Store,
    /// Who reads anew what could not be read.
    pub channels: &'a [Arc<dyn Channel>],
}

impl Inbox<'_> {
    /// Messages in a state, the oldest first; in none, all that are put aside.
    pub async fn list(
        &self,
        state: Option<MessageState>,
        limit: u64,
    ) -> Result<Vec<KeptMessage>, MatterError> {
        let states = state.map_or_else(|| ASIDE.to_vec(), |state| vec![state]);
        let messages = self.store.messages_in(&states, limit).await?;
        Ok(messages.into_iter().map(|message| discreet(message, false)).collect())
    }

    /// The messages of a turn, or the one message.
    pub async fn show(&self, id: &str, with_text: bool) -> Result<Vec<KeptMessage>, MatterError> {
        let matter = find(self.store, id).await?;
        let messages = self.store.messages_of(matter, with_text).await?;
        Ok(messages.into_iter().map(|message| discreet(message, with_text)).collect())
    }

    /// Takes one message up again.
    pub async fn replay(&self, id: &str, now: Timestamp) -> Result<Replayed, MatterError> {
        self.take_up(find(self.store, id).await?, now).await
    }

    /// Takes up again all that is put aside, and goes on where something has to stay.
    pub async fn replay_all(&self, now: Timestamp) -> Result<ReplayedAll, MatterError> {
        let mut all = ReplayedAll::default();
        let mut aside: Vec<MatterId> =
            self.store.messages_in(&ASIDE, AT_ONCE).await?.iter().map(KeptMessage::matter).collect();
        aside.sort_unstable();
        aside.dedup();
        for matter in aside {
            match self.take_up(matter, now).await {
                Ok(replayed) => all.replayed.push(replayed),
                Err(MatterError::Store(error)) => return Err(error.into()),
                Err(reason) => all.left.push(reason),
            }
        }
        Ok(all)
    }

    async fn take_up(&self, matter: MatterId, now: Timestamp) -> Result<Replayed, MatterError> {
        let id = short(matter);
        let replayed = match self.store.replay(matter).await? {
            Revived::Not(MessageState::Quarantined) => self.read_again(matter, now).await?,
            Revived::Empty => return Err(MatterError::Blank(id)),
            revived => granted(matter, revived).map(|_| Replayed::Waits(id.clone()))?,
        };
        tracing::info!(turn.id = %matter.0, reference = %id, "took {id} up again");
        Ok(replayed)
    }

    /// Reads what is in quarantine with the decoder of today.
    async fn read_again(&self, matter: MatterId, now: Timestamp) -> Result<Replayed, MatterError> {
        let id = short(matter);
        let gone = || MatterError::Unknown(id.to_string());
        let messages = self.store.messages_of(matter, true).await?;
        let held = messages.into_iter().find(|held| held.state == MessageState::Quarantined);
        let held = held.ok_or_else(gone)?;
        let Some(raw) = held.text.filter(|raw| !raw.is_empty()) else {
            return Err(MatterError::Unreadable { id, reason: "nothing of it was kept".to_owned() });
        };
        let platform = held.platform;
        let channel = self.channels.iter().find(|channel| channel.platform() == platform);
        let reader =
            channel.and_then(|channel| channel.replay()).ok_or(MatterError::NotConfigured(platform))?;
        let read = reader.read_again(&raw).await;
        let mut batch = read.map_err(|source| MatterError::Channel { id: id.clone(), platform, source })?;
        if let Some(unreadable) = batch.unreadable.pop() {
            return Err(MatterError::Unreadable { id, reason: unreadable.reason });
        }
        let messages = batch.messages.into_iter().filter(InboundMessage::calls_us);
        let messages = messages.map(InboundMessage::legible).collect();
        let count = self.store.read_again(held.id, (messages, batch.moves), now).await?.ok_or_else(gone)?;
        Ok(Replayed::Read(id, count))
    }
}
