//! Taking what waits: at most one turn of a lane at a time.

use std::collections::VecDeque;

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};
use serde::de::Error;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::domain::{Event, InboundMessage, InboxId, InstanceId, LaneId, Platform, Timestamp, TurnId};
use crate::store::entities::inbox;
use crate::store::inbox::accept::hash;
use crate::store::inbox::acquaint::acquaint;
use crate::store::inbox::change::{deletion, deletions};
use crate::store::inbox::{Accepted, ClaimedTurn, Ending, Finale, PAYLOAD_VERSION, Payload, again, state};
use crate::store::instances::has_place;
use crate::store::limited::at_most;
use crate::store::{Store, StoreError, micros, moment, outbox};

/// How many quick messages one turn takes together with the one that leads.
const MERGED: usize = 19;

/// How many rows a claim looks at: a whole turn, and one more to know of.
const LOOKED_AT: u64 = MERGED as u64 + 2;

/// How often a message is tried before it is given up.
const ATTEMPTS: i64 = 3;

/// A message, and when it was changed last, if it was.
type Heard = (InboundMessage, Option<Timestamp>);

impl Store {
    /// Takes what waits in a lane: the first message, and those of the same
    /// author right behind it. Returns nothing if nothing waits, or if another
    /// process has taken the place of this one, which would not know of the claim.
    ///
    /// What cannot be read or was tried too often is put aside on the way.
    pub async fn claim(&self, lane: LaneId, now: Timestamp) -> Result<Option<ClaimedTurn>, StoreError> {
        let (instance, may_claim) = (self.instance, self.may_claim());
        self.write(move |tx| {
            async move {
                loop {
                    let rows = in_lane(lane).filter(may_claim.clone()).lock_exclusive();
                    let rows = at_most(LOOKED_AT, &rows, tx.get_database_backend());
                    let mut waiting = inbox::Entity::find().from_raw_sql(rows).all(tx).await?;
                    if waiting.is_empty() {
                        return Ok(None);
                    }
                    // What was begun may stand half on the screen, so what was said earlier and
                    // came later does not go between.
                    let rank = |row: &inbox::Model| (row.state != state::READY, row.turn_id.is_none());
                    waiting.sort_by_key(rank);
                    hear_deletions(&mut waiting);
                    // Without a turn, at least one has been put aside and waits no more.
                    if let Some(turn) = take(tx, waiting.into(), instance, now).await? {
                        return Ok(Some(turn));
                    }
                }
            }
            .boxed()
        })
        .await
    }

    /// Takes one message that does not wait in a lane.
    pub async fn claim_one(&self, id: InboxId, now: Timestamp) -> Result<Option<ClaimedTurn>, StoreError> {
        let (instance, may_claim) = (self.instance, self.may_claim());
        self.write(move |tx| {
            async move {
                let waiting = inbox::Entity::find_by_id(id.0)
                    .filter(is_waiting())
                    .filter(may_claim)
                    .lock_exclusive()
                    .all(tx)
                    .await?;
                take(tx, waiting.into(), instance, now).await
            }
            .boxed()
        })
        .await
    }

    /// That nobody else has our place. A successor who takes it just then finds what
    /// we claim when it looks for what nobody works on.
    fn may_claim(&self) -> Condition {
        let has_place = (!self.is_exclusive()).then(|| has_place(self.instance));
        Condition::all().add_option(has_place)
    }

    /// What waits on a platform, oldest first: one entry for each lane, and one
    /// for each message outside of the lanes.
    pub async fn waiting(&self, platform: Platform, limit: u64) -> Result<Vec<Accepted>, StoreError> {
        let rows: Vec<(Uuid, Option<Uuid>)> =
            all_waiting(platform).limit(limit).into_tuple().all(&self.readers).await?;
        let accepted =
            rows.into_iter().map(|(id, lane)| Accepted { id: InboxId(id), platform, lane: lane.map(LaneId) });
        Ok(accepted.collect())
    }
}

/// Received, or answered by a process that ended before it had delivered.
///
/// The states are written out, because an index on some states serves only a
/// statement that names them; a value that is bound says nothing to the planner.
fn is_waiting() -> Condition {
    Condition::all()
        .add(Expr::cust("state IN ('received', 'ready')"))
        .add(Expr::cust("(state = 'received' OR claim IS NULL)"))
}

/// What waits in a lane, in the order in which it is taken.
pub(super) fn in_lane(lane: LaneId) -> Select<inbox::Entity> {
    inbox::Entity::find()
        .filter(inbox::Column::LaneId.eq(lane.0))
        .filter(is_waiting())
        // `ready` comes before `received`: what is answered is delivered first.
        .order_by_asc(inbox::Column::State)
        .order_by_asc(inbox::Column::SentAt)
        .order_by_asc(inbox::Column::Sequence)
}

/// One row for each lane in which something waits, and for each message outside of the lanes.
///
/// A lane stands for its rows, so that both engines can group by it.
fn all_waiting(platform: Platform) -> Select<inbox::Entity> {
    inbox::Entity::find()
        .select_only()
        .column_as(Expr::cust("COALESCE(lane_id, id)"), "id")
        .column(inbox::Column::LaneId)
        .filter(is_waiting())
        .filter(inbox::Column::Platform.eq(platform.name()))
        .group_by(Expr::cust("COALESCE(lane_id, id)"))
        .group_by(Expr::col(inbox::Column::LaneId))
        .order_by_asc(Expr::cust("MIN(sent_at)"))
}

/// Lets what takes something back come before all that would tell a model of it. What was begun
/// to be answered is stopped instead, see [`is_stopped`].
fn hear_deletions(waiting: &mut [inbox::Model]) {
    let keys = deletions(&*waiting);
    if keys.is_empty() {
        return;
    }
    let is_begun = |row: &inbox::Model| {
        let asks = || read(row).is_ok_and(|message| matches!(message.event, Event::Text(_)));
        row.state == state::READY || row.ending.is_some() || (row.turn_id.is_some() && asks())
    };
    waiting.sort_by_cached_key(|row| match deletion(row) {
        Some(_) => 1,
        None if is_begun(row) => 0,
        None => 2,
    });
}

/// Whether nobody waits for a turn any more that was begun before.
fn is_stopped(lead: &inbox::Model, said: &[InboundMessage], behind: &VecDeque<inbox::Model>) -> bool {
    if lead.turn_id.is_none() || ending(lead).is_some() {
        return false;
    }
    let keys = deletions(behind);
    let is_taken_back = |message: &InboundMessage| keys.contains(&hash(&message.key.0));
    again::is_stopped(lead) || (!keys.is_empty() && said.iter().all(is_taken_back))
}

/// Takes the first message that can be taken, with its followers.
async fn take(
    tx: &DatabaseTransaction,
    mut waiting: VecDeque<inbox::Model>,
    instance: InstanceId,
    now: Timestamp,
) -> Result<Option<ClaimedTurn>, StoreError> {
    while let Some(lead) = waiting.pop_front() {
        if lead.attempts > ATTEMPTS {
            tracing::error!(inbox.id = %lead.id, "gave up message {} without a word: the words failed too", lead.id);
            bury(tx, &lead, "given_up".to_owned(), now).await?;
            continue;
        }
        let known = match read_edited(&lead) {
            Ok((message, edited_at)) => {
                let edits = edited_at.map(|at| (message.key.clone(), at)).into_iter().collect();
                acquaint(tx, &lead, message).await.map(|known| ClaimedTurn { edits, ..known })
            }
            Err(error) => Err(error),
        };
        match known {
            Ok(known) => match begin(tx, &lead, (known, instance), waiting, now).await {
                // A reply that a later version has stored; what waits behind it can be taken.
                Err(StoreError::Row { source, .. }) => {
                    let odd = || Error::custom("its reply is stored as this program does not know it");
                    put_aside(tx, &lead, Some(source.unwrap_or_else(odd)), now).await?;
                    return Ok(None);
                }
                begun => return begun.map(Some),
            },
            Err(StoreError::Row { source, .. }) => put_aside(tx, &lead, source, now).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

async fn begin(
    tx: &DatabaseTransaction,
    lead: &inbox::Model,
    (mut known, instance): (ClaimedTurn, InstanceId),
    waiting: VecDeque<inbox::Model>,
    now: Timestamp,
) -> Result<ClaimedTurn, StoreError> {
    let turn = TurnId(lead.turn_id.unwrap_or_else(|| TurnId::new(now).0));
    let mut left = waiting.len();
    let (mut parts, mut is_stopped) = (Vec::new(), false);
    if lead.turn_id.is_some() {
        let merged = merged_before(tx, turn, now).await?;
        merged.into_iter().for_each(|heard| hear(&mut known, heard));
        is_stopped = self::is_stopped(lead, &known.messages, &waiting);
        parts = outbox::left_of(tx, turn).await?;
    } else {
        let followers = followers(lead, &known.messages, waiting);
        left -= followers.len();
        let ids: Vec<Uuid> = followers.iter().map(|(id, _)| *id).collect();
        merge(tx, ids, turn).await?;
        followers.into_iter().for_each(|(_, heard)| hear(&mut known, heard));
    }
    let claim = mark(tx, lead, (turn, instance), now).await?;
    Ok(ClaimedTurn {
        turn,
        claim,
        has_more: left > 0,
        attempts: u32::try_from(lead.attempts + 1).unwrap_or(u32::MAX),
        is_given_up: lead.attempts >= ATTEMPTS,
        is_stopped,
        parts,
        ending: ending(lead),
        ..known
    })
}

/// Adds a message to a turn.
fn hear(turn: &mut ClaimedTurn, (message, edited_at): Heard) {
    turn.edits.extend(edited_at.map(|at| (message.key.clone(), at)));
    turn.messages.push(message);
}

/// How the turn ends, if its answer is stored.
fn ending(lead: &inbox::Model) -> Option<Ending> {
    let finale = lead.ending.as_deref().and_then(Finale::of_state)?;
    Some(Ending { finale, outcome: lead.outcome.clone().unwrap_or_else(|| "answered".to_owned()) })
}

/// The messages behind the lead that belong to the same breath.
fn followers(
    lead: &inbox::Model,
    said: &[InboundMessage],
    waiting: VecDeque<inbox::Model>,
) -> Vec<(Uuid, Heard)> {
    let is_talk = |message: &InboundMessage| matches!(message.event, Event::Text(_));
    let is_same = |row: &inbox::Model| {
        row.identity_id == lead.identity_id
            && row.address_id == lead.address_id
            && row.state == lead.state
            && row.turn_id.is_none()
    };
    if !said.iter().all(is_talk) {
        return Vec::new();
    }
    let behind = waiting.into_iter().take(MERGED).take_while(is_same);
    // One that cannot be read is seen to when it leads.
    let read = behind.map_while(|row| Some((row.id, read_edited(&row).ok()?)));
    read.take_while(|(_, (message, _))| is_talk(message)).collect()
}

async fn merged_before(
    tx: &DatabaseTransaction,
    turn: TurnId,
    now: Timestamp,
) -> Result<Vec<Heard>, StoreError> {
    let rows = inbox::Entity::find()
        .filter(inbox::Column::TurnId.eq(turn.0))
        .filter(inbox::Column::State.eq(state::MERGED))
        .order_by_asc(inbox::Column::SentAt)
        .order_by_asc(inbox::Column::Sequence)
        .all(tx)
        .await?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        match read_edited(&row) {
            Ok(heard) => messages.push(heard),
            Err(StoreError::Row { source, .. }) => put_aside(tx, &row, source, now).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(messages)
}

async fn merge(tx: &DatabaseTransaction, ids: Vec<Uuid>, turn: TurnId) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state::MERGED))
        .col_expr(inbox::Column::TurnId, Expr::value(turn.0))
        .filter(inbox::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
}

async fn mark(
    tx: &DatabaseTransaction,
    lead: &inbox::Model,
    (turn, instance): (TurnId, InstanceId),
    now: Timestamp,
) -> Result<Uuid, StoreError> {
    let claim = TurnId::new(now).0;
    // One that was given up and is to be delivered after all has waited with its answer.
    let is_answered = lead.state == state::READY || ending(lead).is_some();
    let taken = if is_answered { state::READY } else { state::CLAIMED };
    inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(taken))
        .col_expr(inbox::Column::Claim, Expr::value(claim))
        .col_expr(inbox::Column::TurnId, Expr::value(turn.0))
        .col_expr(inbox::Column::InstanceId, Expr::value(instance.0))
        .col_expr(inbox::Column::Attempts, Expr::col(inbox::Column::Attempts).add(1))
        .filter(inbox::Column::Id.eq(lead.id))
        .exec(tx)
        .await?;
    Ok(claim)
}

/// Ends a message that this program cannot use; a later one may, so its payload stays.
async fn put_aside(
    tx: &DatabaseTransaction,
    row: &inbox::Model,
    reason: Option<serde_json::Error>,
    now: Timestamp,
) -> Result<(), StoreError> {
    // The reason may repeat what a person wrote, so it is no matter for the log.
    tracing::error!(inbox.id = %row.id, "message {} cannot be read; it stays in the inbox as dead, its outcome says why", row.id);
    let reason = reason.map_or_else(|| "something it names is gone".to_owned(), |reason| reason.to_string());
    bury(tx, row, format!("unreadable: {reason}"), now).await
}

/// Ends a message, and what was merged with it, without an answer; payloads stay.
async fn bury(
    tx: &DatabaseTransaction,
    row: &inbox::Model,
    outcome: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    let merged_with_it = Condition::all()
        .add(inbox::Column::State.eq(state::MERGED))
        .add(inbox::Column::TurnId.eq(row.turn_id.filter(|_| row.state != state::MERGED)));
    let ended = inbox::Entity::update_many()
        .col_expr(inbox::Column::Outcome, Expr::value(outcome))
        .col_expr(inbox::Column::Claim, Expr::value(None::<Uuid>))
        .col_expr(inbox::Column::EndedAt, Expr::value(micros(now)));
    ended.clone().filter(merged_with_it).exec(tx).await?;
    let dead = ended.col_expr(inbox::Column::State, Expr::value(state::DEAD));
    dead.filter(inbox::Column::Id.eq(row.id)).exec(tx).await?;
    match row.turn_id.filter(|_| row.state != state::MERGED) {
        Some(turn) => outbox::give_up(tx, turn, true, now).await,
        None => Ok(()),
    }
}

pub(super) fn read(row: &inbox::Model) -> Result<InboundMessage, StoreError> {
    read_edited(row).map(|(message, _)| message)
}

fn read_edited(row: &inbox::Model) -> Result<Heard, StoreError> {
    let unreadable =
        |source| StoreError::Row { table: "inbox", id: row.id.to_string(), source: Some(source) };
    let payload = row.payload.as_deref().ok_or_else(|| unreadable(Error::custom("there is no payload")))?;
    let payload: Payload<&RawValue> = serde_json::from_str(payload).map_err(unreadable)?;
    if payload.version != PAYLOAD_VERSION {
        let odd = format!("its version is {}, and this program reads {PAYLOAD_VERSION}", payload.version);
        return Err(unreadable(Error::custom(odd)));
    }
    let message = serde_json::from_str(payload.message.get()).map_err(unreadable)?;
    Ok((message, payload.edited_at.map(moment)))
}
