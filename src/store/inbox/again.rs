//! What commands do to a lane: something more waits in it, or something no more.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set, Statement,
};
use uuid::Uuid;

use crate::domain::{Again, DedupeKey, Event, InboundMessage, InboxId, LaneId, Stopping, Timestamp, TurnId};
use crate::store::entities::{addresses, inbox};
use crate::store::inbox::accept::{fresh, hash, insert_once, payload_of};
use crate::store::inbox::claim::{in_lane, read};
use crate::store::inbox::{Accepted, ClaimedTurn, state};
use crate::store::{Store, StoreError, micros};

/// How the inbox remembers what waited and was stopped.
const STOPPED: &str = "stopped";

/// How much of what waits is stopped at once.
const STOPPED_AT_ONCE: u64 = 100;

/// Whether anything waits in a lane, or is being worked on; an answer that is made and only has to be
/// shown is neither. An index serves each half, which is why it names all of the index's states.
const BUSY: &str = "SELECT id FROM inbox WHERE lane_id = $1 AND state IN ('received', 'ready') AND state <> 'ready' \
    UNION ALL \
    SELECT id FROM inbox WHERE lane_id = $1 AND state IN ('claimed', 'generating', 'ready') AND state <> 'ready' \
    LIMIT 1";

/// What has come of asking for another answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedAgain {
    /// It waits in the lane.
    Begun(Accepted),
    /// It was asked for before.
    Before,
    /// Something else comes first.
    Busy,
}

fn busy(backend: DbBackend, lane: LaneId) -> Statement {
    Statement::from_sql_and_values(backend, BUSY, [lane.0.into()])
}

/// Names the wish of a turn for another answer.
fn key(asker: TurnId) -> DedupeKey {
    DedupeKey(format!("again:{asker}"))
}

fn kept(asker: TurnId) -> Select<inbox::Entity> {
    inbox::Entity::find().filter(inbox::Column::DedupeHash.eq(hash(&key(asker).0)))
}

impl Store {
    /// Whether anything waits in a lane, or is being worked on and not only to be shown.
    pub async fn is_busy(&self, lane: LaneId) -> Result<bool, StoreError> {
        let busy = busy(self.readers.get_database_backend(), lane);
        Ok(self.readers.query_one_raw(busy).await?.is_some())
    }

    /// Whether a turn has asked already for another answer.
    pub async fn has_asked_again(&self, turn: TurnId) -> Result<bool, StoreError> {
        Ok(kept(turn).one(&self.readers).await?.is_some())
    }

    /// Lets what `question` has asked be answered anew, where `turn` asks for that, unless
    /// something waits there or is being worked on.
    pub async fn ask_again(
        &self,
        turn: &ClaimedTurn,
        question: TurnId,
        now: Timestamp,
    ) -> Result<AskedAgain, StoreError> {
        let Some(asking) = turn.last() else { return Ok(AskedAgain::Before) };
        let again = Again { message: asking.reply_to().message, question: Some(question) };
        let asker = turn.turn;
        let message =
            InboundMessage { key: key(asker), sent_at: now, event: Event::Again(again), ..asking.clone() };
        let (lane, address, identity) = (turn.lane, turn.address, turn.identity);
        self.write(move |tx| {
            async move {
                // Several may ask at once, and one of them is heard.
                addresses::Entity::find_by_id(address.0).lock_exclusive().one(tx).await?;
                if kept(asker).one(tx).await?.is_some() {
                    return Ok(AskedAgain::Before);
                }
                if tx.query_one_raw(busy(tx.get_database_backend(), lane)).await?.is_some() {
                    return Ok(AskedAgain::Busy);
                }
                let id = InboxId::new(now);
                let platform = message.address.platform;
                let row = inbox::ActiveModel {
                    id: Set(id.0),
                    dedupe_hash: Set(hash(&message.key.0)),
                    platform: Set(platform.name().to_owned()),
                    lane_id: Set(Some(lane.0)),
                    address_id: Set(Some(address.0)),
                    identity_id: Set(Some(identity.0)),
                    sequence: Set(message.sequence),
                    state: Set(state::RECEIVED.to_owned()),
                    payload: Set(Some(payload_of(id, &message, None)?)),
                    sent_at: Set(micros(now)),
                    received_at: Set(micros(now)),
                    ..fresh()
                };
                insert_once(tx, row).await?;
                Ok(AskedAgain::Begun(Accepted { id, platform, lane: Some(lane) }))
            }
            .boxed()
        })
        .await
    }

    /// Ends the answer that a turn has begun and that waits to be gone on with, for the person of
    /// `by`: it is shown as stopped as soon as it can be.
    pub async fn stop_waiting(&self, by: &ClaimedTurn, asked: TurnId) -> Result<Stopping, StoreError> {
        let (lane, identity) = (by.lane, by.identity);
        self.write(move |tx| {
            async move {
                let begun = in_lane(lane)
                    .filter(inbox::Column::TurnId.eq(asked.0))
                    .filter(inbox::Column::Ending.is_null())
                    .lock_exclusive()
                    .one(tx)
                    .await?;
                let Some(row) = begun else { return Ok(Stopping::Over) };
                if row.identity_id != Some(identity.0) {
                    return Ok(Stopping::NotTheirs);
                }
                stop(tx, vec![row.id]).await?;
                Ok(Stopping::Stopped)
            }
            .boxed()
        })
        .await
    }

    /// Notes that somebody has stopped the answer that a turn is giving: should the program end
    /// before that is shown, the answer does not go on. Nothing if it has ended already.
    pub async fn note_stopped(&self, turn: TurnId) -> Result<(), StoreError> {
        self.write(move |tx| {
            async move {
                inbox::Entity::update_many()
                    .col_expr(inbox::Column::Outcome, Expr::value(STOPPED))
                    .filter(inbox::Column::TurnId.eq(turn.0))
                    .filter(inbox::Column::Claim.is_not_null())
                    .filter(inbox::Column::Ending.is_null())
                    .exec(tx)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Ends what the person of a turn has said in its lane and nobody answers just now; returns
    /// how many messages. What was begun is shown as stopped as soon as it can be.
    pub async fn end_own_waiting(&self, turn: &ClaimedTurn, now: Timestamp) -> Result<u64, StoreError> {
        let (lane, identity) = (turn.lane, turn.identity);
        self.write(move |tx| {
            async move {
                let waiting = in_lane(lane)
                    .filter(inbox::Column::IdentityId.eq(identity.0))
                    .filter(inbox::Column::Ending.is_null())
                    .order_by_asc(inbox::Column::Id)
                    .limit(STOPPED_AT_ONCE)
                    .lock_exclusive()
                    .all(tx)
                    .await?;
                // A platform's own command waits for its answer, and a change for being noted.
                let is_talk = |row: &inbox::Model| {
                    read(row).is_ok_and(|message| matches!(message.event, Event::Text(_) | Event::Again(_)))
                };
                let (begun, waiting): (Vec<_>, Vec<_>) =
                    waiting.into_iter().filter(is_talk).partition(|row| row.turn_id.is_some());
                let stopped = stop(tx, begun.into_iter().map(|row| row.id).collect()).await?;
                let ids: Vec<_> = waiting.into_iter().map(|row| row.id).collect();
                if ids.is_empty() {
                    return Ok(stopped);
                }
                let ended = inbox::Entity::update_many()
                    .col_expr(inbox::Column::State, Expr::value(state::DONE))
                    .col_expr(inbox::Column::Outcome, Expr::value(STOPPED))
                    .col_expr(inbox::Column::Payload, Expr::value(None::<String>))
                    .col_expr(inbox::Column::EndedAt, Expr::value(micros(now)))
                    .filter(inbox::Column::Id.is_in(ids))
                    .exec(tx)
                    .await?;
                Ok(stopped + ended.rows_affected)
            }
            .boxed()
        })
        .await
    }
}

/// Whether somebody has stopped a turn that waits to be gone on with.
pub(super) fn is_stopped(row: &inbox::Model) -> bool {
    row.ending.is_none() && row.outcome.as_deref() == Some(STOPPED)
}

/// Stops turns that were begun: what they show is for whoever takes them up.
async fn stop(tx: &DatabaseTransaction, ids: Vec<Uuid>) -> Result<u64, StoreError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let stopped = inbox::Entity::update_many()
        .col_expr(inbox::Column::Outcome, Expr::value(STOPPED))
        .filter(inbox::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(stopped.rows_affected)
}
