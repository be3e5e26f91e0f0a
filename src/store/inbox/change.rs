//! Edits and deletions: they change what waits, and nothing that has been begun.
//!
//! An edit may come before its message; it then is that message, under the same
//! key, so that what comes afterwards adds nothing. Of what was not for us,
//! nothing is kept. Nobody takes a row between our look at it and our change of
//! it: the look locks it.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, Set, UpdateMany, UpdateResult,
};
use serde::de::IgnoredAny;

use crate::domain::{Change, ChangeEnd, InboxId, Timestamp};
use crate::store::entities::inbox;
use crate::store::inbox::accept::{fresh, hash, insert, insert_once, payload_of};
use crate::store::inbox::{Accepted, PAYLOAD_VERSION, Payload, state};
use crate::store::{StoreError, micros};

/// Applies a change; also returns what waits now, if the change is what was said.
pub(super) async fn apply(
    tx: &DatabaseTransaction,
    change: Change,
    now: Timestamp,
) -> Result<(ChangeEnd, Option<Accepted>), StoreError> {
    if let Some(row) = find(tx, &change).await? {
        return Ok((change_row(tx, &row, &change, now).await?, None));
    }
    if !change.may_begin {
        return Ok((ChangeEnd::Unknown, None));
    }
    if change.is_deletion {
        if forestall(tx, &change, now).await? {
            return Ok((ChangeEnd::TakenBack, None));
        }
    } else if let Some(accepted) = insert(tx, &change.message, Some(change.at), now).await? {
        return Ok((ChangeEnd::Heard, Some(accepted)));
    }
    // Another connection has taken the message in between our two looks.
    let end = match find(tx, &change).await? {
        Some(row) => change_row(tx, &row, &change, now).await?,
        None => ChangeEnd::Unknown,
    };
    Ok((end, None))
}

async fn find(tx: &DatabaseTransaction, change: &Change) -> Result<Option<inbox::Model>, StoreError> {
    let of = inbox::Column::DedupeHash.eq(hash(&change.message.key.0));
    Ok(inbox::Entity::find().filter(of).lock_exclusive().one(tx).await?)
}

async fn change_row(
    tx: &DatabaseTransaction,
    row: &inbox::Model,
    change: &Change,
    now: Timestamp,
) -> Result<ChangeEnd, StoreError> {
    // What has no lane is seen to at once, and what has an ending only has to be delivered.
    let waits = row.state == state::RECEIVED && row.lane_id.is_some() && row.ending.is_none();
    if !waits {
        return Ok(ChangeEnd::Late);
    }
    if change.is_deletion {
        // Of what was begun before a crash, something may stand on the screen.
        return if row.turn_id.is_some() { Ok(ChangeEnd::Late) } else { take_back(tx, row, now).await };
    }
    let Some(kept) = heading(row) else { return Ok(ChangeEnd::Late) };
    if kept.edited_at.is_some_and(|edited| edited > micros(change.at)) {
        return Ok(ChangeEnd::Outdated);
    }
    let payload = payload_of(InboxId(row.id), &change.message, Some(change.at))?;
    let replaced = waiting(row).col_expr(inbox::Column::Payload, Expr::value(payload)).exec(tx).await?;
    Ok(end_of(&replaced, ChangeEnd::Replaced))
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
