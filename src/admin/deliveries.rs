//! Replies on their way, and those that did not arrive.

use crate::admin::MatterError;
use crate::admin::matter::{discreet, find, granted, short};
use crate::domain::{PartState, Reference, Timestamp};
use crate::store::{DeliveryPart, KeptMessage, MatterId, Revived, Store};

/// How many replies one call takes up again at most.
const AT_ONCE: u64 = 10_000;

/// Which replies are thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// That of one turn.
    One(String),
    /// Those that ended before this moment.
    Before(Timestamp),
    All,
}

/// A turn with its reply.
#[derive(Debug, Clone)]
pub struct ShownDelivery {
    pub messages: Vec<KeptMessage>,
    pub parts: Vec<DeliveryPart>,
}

/// A reply that is on its way again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retried {
    pub turn: Reference,
    /// Whether the answer was stored; otherwise it is made anew.
    pub is_stored: bool,
}

/// The operations.
pub struct Deliveries<'a> {
    pub store: &'a Store,
}

impl Deliveries<'_> {
    /// Parts in a state, the oldest first; in none, all that are open or given up.
    pub async fn list(&self, state: Option<PartState>, limit: u64) -> Result<Vec<DeliveryPart>, MatterError> {
        Ok(self.store.parts_in(state, limit).await?)
    }

    /// A turn with its messages and the parts of its reply.
    pub async fn show(&self, id: &str, with_text: bool) -> Result<ShownDelivery, MatterError> {
        let matter = find(self.store, id).await?;
        let messages = self.store.messages_of(matter, with_text).await?;
        Ok(ShownDelivery {
            messages: messages.into_iter().map(|message| discreet(message, with_text)).collect(),
            parts: self.store.parts_of(matter, with_text).await?,
        })
    }

    /// Puts one reply that was given up on its way again.
    pub async fn retry(&self, id: &str) -> Result<Retried, MatterError> {
        let matter = find(self.store, id).await?;
        granted(matter, self.store.retry(matter).await?).map(|revived| retried(matter, revived))
    }

    /// Puts every reply that was given up on its way again.
    pub async fn retry_all(&self) -> Result<Vec<Retried>, MatterError> {
        let mut all = Vec::new();
        for matter in self.store.given_up(AT_ONCE).await? {
            // What somebody else has taken up meanwhile needs nothing more.
            if let Ok(revived) = granted(matter, self.store.retry(matter).await?) {
                all.push(retried(matter, revived));
            }
        }
        Ok(all)
    }

    /// How many replies a purge would throw away.
    pub async fn count(&self, which: &Purge) -> Result<u64, MatterError> {
        let (matter, before) = self.chosen(which).await?;
        Ok(self.store.count_dead(matter, before).await?)
    }

    /// Throws replies away that were given up, and returns how many.
    pub async fn purge(&self, which: &Purge, now: Timestamp) -> Result<u64, MatterError> {
        let (matter, before) = self.chosen(which).await?;
        let count = self.store.purge_dead(matter, before, now).await?;
        tracing::info!(count, "threw {count} undelivered replies away");
        Ok(count)
    }

    async fn chosen(&self, which: &Purge) -> Result<(Option<MatterId>, Option<Timestamp>), MatterError> {
        Ok(match which {
            Purge::All => (None, None),
            Purge::Before(moment) => (None, Some(*moment)),
            Purge::One(id) => {
                let matter = find(self.store, id).await?;
                if self.store.count_dead(Some(matter), None).await? == 0 {
                    return Err(MatterError::NoReply(short(matter)));
                }
                (Some(matter), None)
            }
        })
    }
}

fn retried(matter: MatterId, revived: Revived) -> Retried {
    let turn = short(matter);
    tracing::info!(turn.id = %matter.0, reference = %turn, "the reply to {turn} is on its way again");
    Retried { turn, is_stored: revived == Revived::Delivered }
}
