//! Taking in a batch of messages: one transaction, before the acknowledgement.

use futures_util::FutureExt;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, EntityTrait, Set};
use sha2::{Digest, Sha256};

use crate::domain::{Command, Event, InboundMessage, InboxId, Timestamp, Unreadable};
use crate::store::entities::inbox;
use crate::store::inbox::{Accepted, Incoming, PAYLOAD_VERSION, Payload, Taken, change, purge, state};
use crate::store::{Store, StoreError, doors, feedback, micros, moves, people, places};

impl Store {
    /// Makes what came in durable, and tells what is new.
    ///
    /// A message that was accepted before is no error. What could not be read is
    /// kept raw. Moves come first: what is said at the new address belongs to them already.
    /// Changes come behind: they may be about messages beside them. Doors come last: what is
    /// said before one closes needs no answer any more.
    pub async fn accept(&self, incoming: Incoming, now: Timestamp) -> Result<Taken, StoreError> {
        self.write(move |tx| {
            async move {
                let Incoming { messages, mut changes, thumbs, unreadable, moves, doors: told } = incoming;
                for event in unreadable {
                    quarantine(tx, event, now).await?;
                }
                let mut taken = Taken::default();
                for moved in &moves {
                    taken.moved += usize::from(moves::apply(tx, moved, now).await?);
                }
                for message in messages {
                    match insert(tx, &message, None, now).await? {
                        Some(accepted) => taken.accepted.push(accepted),
                        None => taken.repeated += 1,
                    }
                }
                // In the order in which a lane is taken: two that lock several rows wait, and do not block each other.
                changes.sort_by_key(|change| (change.message.sent_at, change.message.sequence));
                for change in changes {
                    let changed = change::apply(tx, change, now).await?;
                    taken.accepted.extend(changed.accepted);
                    taken.changes.push(changed.end);
                    taken.over.extend(changed.over);
                }
                for message in thumbs {
                    if let Event::Reacted(reacted) = &message.event
                        && feedback::apply(tx, &message, now).await?
                    {
                        taken.thumbs.push((reacted.thumb, reacted.is_taken_back));
                    }
                }
                taken.turned = doors::turn_all(tx, &told, now).await?;
                Ok(taken)
            }
            .boxed()
        })
        .await
    }
}

/// Keeps a message, which was `edited_at` a moment if it was; nothing if it was accepted before.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    message: &InboundMessage,
    edited_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Accepted>, StoreError> {
    let place = &message.address;
    let account = (place.platform, place.scope.as_str());
    let (identity, user) = people::resolve(tx, account, &message.author, now).await?;
    let heard = (message.sequence, message.sent_at);
    let (address, lane) = places::resolve(tx, place, heard, user, now).await?;
    let id = InboxId::new(now);
    let lane = (!is_seen_to_at_once(message)).then_some(lane);
    let payload = payload_of(id, message, edited_at)?;
    let row = inbox::ActiveModel {
        id: Set(id.0),
        dedupe_hash: Set(hash(&message.key.0)),
        platform: Set(place.platform.name().to_owned()),
        lane_id: Set(lane.map(|lane| lane.0)),
        address_id: Set(Some(address.0)),
        identity_id: Set(Some(identity.0)),
        sequence: Set(message.sequence),
        state: Set(state::RECEIVED.to_owned()),
        payload: Set(Some(payload)),
        sent_at: Set(micros(message.sent_at)),
        received_at: Set(micros(now)),
        ..fresh()
    };
    let is_new = insert_once(tx, row).await?;
    Ok(is_new.then_some(Accepted { id, platform: message.address.platform, lane }))
}

async fn quarantine(tx: &DatabaseTransaction, event: Unreadable, now: Timestamp) -> Result<(), StoreError> {
    let hash = hash(&event.key.0);
    if event.is_numbered {
        purge::release(tx, &hash, now).await?;
    }
    let row = inbox::ActiveModel {
        id: Set(InboxId::new(now).0),
        dedupe_hash: Set(hash),
        key_until: Set(event.is_numbered.then(|| micros(purge::number_until(now)))),
        platform: Set(event.platform.name().to_owned()),
        sequence: Set(0),
        state: Set(state::QUARANTINED.to_owned()),
        outcome: Set(Some(event.reason)),
        // PostgreSQL keeps no NUL in a text.
        raw: Set(Some(event.raw.replace('\0', "\u{fffd}"))),
        sent_at: Set(micros(now)),
        received_at: Set(micros(now)),
        ..fresh()
    };
    insert_once(tx, row).await?;
    Ok(())
}

pub(super) async fn insert_once(
    tx: &DatabaseTransaction,
    row: inbox::ActiveModel,
) -> Result<bool, StoreError> {
    let rows = inbox::Entity::insert(row)
        .on_conflict(OnConflict::column(inbox::Column::DedupeHash).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(rows > 0)
}

/// A message as it is kept in the row with this id.
pub(super) fn payload_of(
    id: InboxId,
    message: &InboundMessage,
    edited_at: Option<Timestamp>,
) -> Result<String, StoreError> {
    let payload = Payload { version: PAYLOAD_VERSION, edited_at: edited_at.map(micros), message };
    serde_json::to_string(&payload).map_err(|source| StoreError::Row {
        table: "inbox",
        id: id.to_string(),
        source: Some(source),
    })
}

/// What is still unknown about every new row.
pub(super) fn fresh() -> inbox::ActiveModel {
    inbox::ActiveModel {
        lane_id: Set(None),
        address_id: Set(None),
        identity_id: Set(None),
        turn_id: Set(None),
        outcome: Set(None),
        claim: Set(None),
        attempts: Set(0),
        payload: Set(None),
        raw: Set(None),
        ended_at: Set(None),
        instance_id: Set(None),
        ending: Set(None),
        is_suspect: Set(false),
        reserved_tokens: Set(0),
        reserved_cost_micros: Set(0),
        key_until: Set(None),
        ..Default::default()
    }
}

/// Control events do not wait in the lane.
fn is_seen_to_at_once(message: &InboundMessage) -> bool {
    match &message.event {
        Event::Command(invocation) => Command::named(&invocation.name).is_none_or(Command::bypasses_lane),
        Event::Edited(_) | Event::Deleted(_) | Event::Reacted(_) => true,
        Event::Text(_) | Event::Missed(_) | Event::Again(_) => false,
    }
}

pub(in crate::store) fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}
