//! Edits and deletions: they change what waits. Of what has been begun or is answered
//! they are taken note of in its lane, behind it.
//!
//! An edit may come before its message; it then is that message, under the same
//! key, so that what comes afterwards adds nothing. Of what was not for us,
//! nothing is kept. Nobody takes a row between our look at it and our change of
//! it: the look locks it.

use std::collections::HashSet;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, Set, UpdateMany, UpdateResult,
};
use serde::de::IgnoredAny;
use uuid::Uuid;

use crate::domain::{
    Change, ChangeEnd, DedupeKey, Event, InboundMessage, InboxId, LaneId, Platform, Timestamp, TurnId,
};
use crate::store::entities::inbox;
use crate::store::inbox::accept::{fresh, hash, insert, insert_once, payload_of};
use crate::store::inbox::claim::{in_lane, read};
use crate::store::inbox::{Accepted, PAYLOAD_VERSION, Payload, state};
use crate::store::{StoreError, micros, revisions};

/// How much of what waits in a lane is looked at for more that was taken back.
const MOST_DELETIONS: u64 = 100;

/// What has become of a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Changed {
    pub(super) end: ChangeEnd,
    /// What waits now on its account.
    pub(super) accepted: Option<Accepted>,
    /// The turn that answers what was taken back, which need not go on.
    pub(super) over: Option<TurnId>,
}

impl From<ChangeEnd> for Changed {
    fn from(end: ChangeEnd) -> Self {
        Self { end, accepted: None, over: None }
    }
}

/// Applies a change.
pub(super) async fn apply(
    tx: &DatabaseTransaction,
    change: Change,
    now: Timestamp,
) -> Result<Changed, StoreError> {
    if let Some(row) = find(tx, &change.message.key).await? {
        return change_row(tx, &row, &change, now).await;
    }
    if !change.may_begin {
        return Ok(ChangeEnd::Unknown.into());
    }
    if change.is_deletion {
        if forestall(tx, &change, now).await? {
            return Ok(ChangeEnd::TakenBack.into());
        }
    } else if let Some(accepted) = insert(tx, &change.message, Some(change.at), now).await? {
        return Ok(Changed { accepted: Some(accepted), ..ChangeEnd::Heard.into() });
    }
    // Another connection has taken the message in between our two looks.
    match find(tx, &change.message.key).await? {
        Some(row) => change_row(tx, &row, &change, now).await,
        None => Ok(ChangeEnd::Unknown.into()),
    }
}

async fn find(tx: &DatabaseTransaction, key: &DedupeKey) -> Result<Option<inbox::Model>, StoreError> {
    let of = inbox::Column::DedupeHash.eq(hash(&key.0));
    Ok(inbox::Entity::find().filter(of).lock_exclusive().one(tx).await?)
}

async fn change_row(
    tx: &DatabaseTransaction,
    row: &inbox::Model,
    change: &Change,
    now: Timestamp,
) -> Result<Changed, StoreError> {
    // What has an ending only has to be delivered.
    let waits = row.state == state::RECEIVED && row.ending.is_none();
    // Of what was begun before a crash, something may stand on the screen.
    if !waits || (change.is_deletion && row.turn_id.is_some()) {
        return note(tx, row, change, now).await;
    }
    // What has no lane is seen to at once.
    if row.lane_id.is_none() {
        return Ok(ChangeEnd::Late.into());
    }
    if change.is_deletion {
        return Ok(take_back(tx, row, now).await?.into());
    }
    let Some(kept) = heading(row) else { return Ok(ChangeEnd::Late.into()) };
    if kept.edited_at.is_some_and(|edited| edited > micros(change.at)) {
        return Ok(ChangeEnd::Outdated.into());
    }
    let payload = payload_of(InboxId(row.id), &change.message, Some(change.at))?;
    let replaced = waiting(row).col_expr(inbox::Column::Payload, Expr::value(payload)).exec(tx).await?;
    Ok(end_of(&replaced, ChangeEnd::Replaced).into())
}

/// Notes a change of what is being answered, or is part of a conversation: it waits in
/// the lane as a row of its own, so that it comes behind the answer.
async fn note(
    tx: &DatabaseTransaction,
    row: &inbox::Model,
    change: &Change,
    now: Timestamp,
) -> Result<Changed, StoreError> {
    let is_over = row.ended_at.is_some();
    let platform = row.platform.parse::<Platform>().ok();
    let Some((lane, platform)) = row.lane_id.zip(platform) else { return Ok(ChangeEnd::Late.into()) };
    if is_over && !revisions::concerns(tx, change).await? {
        return Ok(ChangeEnd::Late.into());
    }
    let message = as_event(change, None);
    let mut id = insert_behind(tx, (row, &message), change, now).await?;
    if id.is_none() && !change.is_deletion {
        // Platforms tell the time of an edit in seconds: this is told again, or another one.
        match find(tx, &message.key).await? {
            Some(known) if said_in(&known) == change.message.words().map(str::to_owned) => {}
            Some(known) if known.state == state::RECEIVED && known.turn_id.is_none() => {
                let payload = payload_of(InboxId(known.id), &message, None)?;
                let payload = Expr::value(payload);
                let renewed = waiting(&known).col_expr(inbox::Column::Payload, payload).exec(tx).await?;
                return Ok(end_of(&renewed, ChangeEnd::Replaced).into());
            }
            _ => {
                let message = as_event(change, change.message.words());
                id = insert_behind(tx, (row, &message), change, now).await?;
            }
        }
    }
    let Some(id) = id else { return Ok(ChangeEnd::Late.into()) };
    let accepted = Some(Accepted { id, platform, lane: Some(LaneId(lane)) });
    let over = match row.turn_id.filter(|_| change.is_deletion) {
        Some(turn) => is_all_taken_back(tx, row, (LaneId(lane), turn)).await?.then_some(TurnId(turn)),
        None => None,
    };
    Ok(Changed { end: ChangeEnd::Noted, accepted, over })
}

/// Puts a change behind what it is about; nothing if it is there already.
async fn insert_behind(
    tx: &DatabaseTransaction,
    (row, message): (&inbox::Model, &InboundMessage),
    change: &Change,
    now: Timestamp,
) -> Result<Option<InboxId>, StoreError> {
    let id = InboxId::new(now);
    let noted = inbox::ActiveModel {
        id: Set(id.0),
        dedupe_hash: Set(hash(&message.key.0)),
        platform: Set(row.platform.clone()),
        lane_id: Set(row.lane_id),
        address_id: Set(row.address_id),
        identity_id: Set(row.identity_id),
        sequence: Set(row.sequence),
        state: Set(state::RECEIVED.to_owned()),
        payload: Set(Some(payload_of(id, message, None)?)),
        sent_at: Set(micros(change.at)),
        received_at: Set(micros(now)),
        ..fresh()
    };
    Ok(insert_once(tx, noted).await?.then_some(id))
}

/// Whether nothing is left of what a turn has asked, now that this row is taken back.
async fn is_all_taken_back(
    tx: &DatabaseTransaction,
    row: &inbox::Model,
    (lane, turn): (LaneId, Uuid),
) -> Result<bool, StoreError> {
    let others: Vec<Vec<u8>> = inbox::Entity::find()
        .filter(inbox::Column::TurnId.eq(turn))
        .filter(inbox::Column::Id.ne(row.id))
        .select_only()
        .column(inbox::Column::DedupeHash)
        .into_tuple()
        .all(tx)
        .await?;
    if others.is_empty() {
        return Ok(true);
    }
    let waiting = in_lane(lane).limit(MOST_DELETIONS).all(tx).await?;
    let (deleted, withdrawn) = (deletions(&waiting), revisions::withdrawn(tx, turn).await?);
    Ok(others.iter().all(|key| deleted.contains(key) || withdrawn.contains(key)))
}

/// The keys, as the inbox keeps them, of what was taken back behind its back: these rows wait.
pub(super) fn deletions<'a>(waiting: impl IntoIterator<Item = &'a inbox::Model>) -> HashSet<Vec<u8>> {
    waiting.into_iter().filter_map(deletion).collect()
}

/// What a row takes back that waits.
pub(super) fn deletion(row: &inbox::Model) -> Option<Vec<u8>> {
    match read(row).ok()?.event {
        Event::Deleted(was) => Some(hash(&was.key.0)),
        Event::Text(_)
        | Event::Command(_)
        | Event::Edited(_)
        | Event::Missed(_)
        | Event::Again(_)
        | Event::Reacted(_) => None,
    }
}

/// The words of a noted edit, as long as they are kept.
fn said_in(noted: &inbox::Model) -> Option<String> {
    let kept: Payload<InboundMessage> = serde_json::from_str(noted.payload.as_deref()?).ok()?;
    match kept.message.event {
        Event::Edited(reads) => reads.words().map(str::to_owned),
        Event::Text(_)
        | Event::Command(_)
        | Event::Deleted(_)
        | Event::Missed(_)
        | Event::Again(_)
        | Event::Reacted(_) => None,
    }
}

/// A change as what it is: a second telling of it is recognized, by its words where need be.
fn as_event(change: &Change, words: Option<&str>) -> InboundMessage {
    let said = &change.message;
    let (name, event) = if change.is_deletion {
        ("deleted".to_owned(), Event::Deleted(Box::new(said.clone())))
    } else {
        (format!("edited:{}", micros(change.at)), Event::Edited(Box::new(said.clone())))
    };
    let words: String =
        words.map(hash).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    InboundMessage {
        key: DedupeKey(format!("{}:{name}{words}", said.key.0)),
        sent_at: change.at,
        event,
        ..said.clone()
    }
}

async fn take_back(
    tx: &DatabaseTransaction,
    row: &inbox::Model,
    now: Timestamp,
) -> Result<ChangeEnd, StoreError> {
    let ended = waiting(row)
        .col_expr(inbox::Column::State, Expr::value(state::DONE))
        .col_expr(inbox::Column::Outcome, Expr::value(ChangeEnd::TakenBack.name()))
        .col_expr(inbox::Column::Payload, Expr::value(None::<String>))
        .col_expr(inbox::Column::EndedAt, Expr::value(micros(now)))
        .exec(tx)
        .await?;
    Ok(end_of(&ended, ChangeEnd::TakenBack))
}

/// Changes a row as long as it waits.
fn waiting(row: &inbox::Model) -> UpdateMany<inbox::Entity> {
    inbox::Entity::update_many()
        .filter(inbox::Column::Id.eq(row.id))
        .filter(inbox::Column::State.eq(state::RECEIVED))
}

fn end_of(changed: &UpdateResult, end: ChangeEnd) -> ChangeEnd {
    if changed.rows_affected > 0 { end } else { ChangeEnd::Late }
}

/// What is known of a payload without its message; nothing of one that a later version wrote.
fn heading(row: &inbox::Model) -> Option<Payload<IgnoredAny>> {
    let kept: Payload<IgnoredAny> = serde_json::from_str(row.payload.as_deref()?).ok()?;
    (kept.version == PAYLOAD_VERSION).then_some(kept)
}

/// Ends a message before it has come; false if it has come meanwhile.
async fn forestall(tx: &DatabaseTransaction, change: &Change, now: Timestamp) -> Result<bool, StoreError> {
    let message = &change.message;
    let row = inbox::ActiveModel {
        id: Set(InboxId::new(now).0),
        dedupe_hash: Set(hash(&message.key.0)),
        platform: Set(message.address.platform.name().to_owned()),
        sequence: Set(message.sequence),
        state: Set(state::DONE.to_owned()),
        outcome: Set(Some(ChangeEnd::TakenBack.name().to_owned())),
        sent_at: Set(micros(message.sent_at)),
        received_at: Set(micros(now)),
        ended_at: Set(Some(micros(now))),
        ..fresh()
    };
    insert_once(tx, row).await
}
