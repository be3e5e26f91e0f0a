//! What commands do to a lane: something more waits in it, or something no more.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};

use crate::domain::{Again, DedupeKey, Event, InboundMessage, InboxId, LaneId, Timestamp};
use crate::store::entities::inbox;
use crate::store::inbox::accept::{fresh, hash, insert_once, payload_of};
use crate::store::inbox::claim::{in_lane, read};
use crate::store::inbox::{Accepted, ClaimedTurn, state};
use crate::store::{Store, StoreError, micros};

/// How the inbox remembers what waited and was stopped.
const STOPPED: &str = "stopped";

/// How much of what waits is stopped at once.
const STOPPED_AT_ONCE: u64 = 100;

/// Whether anything waits in a lane, or is being worked on; an index serves each half.
const BUSY: &str = "SELECT id FROM inbox WHERE lane_id = $1 AND state IN ('received', 'ready') \
    UNION ALL \
    SELECT id FROM inbox WHERE lane_id = $1 AND state IN ('claimed', 'generating', 'ready') LIMIT 1";

impl Store {
    /// Whether anything waits in a lane, or is being worked on.
    pub async fn is_busy(&self, lane: LaneId) -> Result<bool, StoreError> {
        let busy = Statement::from_sql_and_values(self.readers.get_database_backend(), BUSY, [lane.0.into()]);
        Ok(self.readers.query_one_raw(busy).await?.is_some())
    }

    /// Lets the last question be answered anew, where `turn` asks for that; nothing if it
    /// has asked before.
    pub async fn ask_again(
        &self,
        turn: &ClaimedTurn,
        now: Timestamp,
    ) -> Result<Option<Accepted>, StoreError> {
        let Some(asking) = turn.last() else { return Ok(None) };
        let again = Again { message: asking.reply_to().message };
        let message = InboundMessage {
            key: DedupeKey(format!("again:{}", turn.turn)),
            sent_at: now,
            event: Event::Again(again),
            ..asking.clone()
        };
        let (lane, address, identity) = (turn.lane, turn.address, turn.identity);
        self.write(move |tx| {
            async move {
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
                let is_new = insert_once(tx, row).await?;
                Ok(is_new.then_some(Accepted { id, platform, lane: Some(lane) }))
            }
            .boxed()
        })
        .await
    }

    /// Ends what the person of a turn has said in its lane and nobody has begun to answer;
    /// returns how many messages.
    pub async fn end_own_waiting(&self, turn: &ClaimedTurn, now: Timestamp) -> Result<u64, StoreError> {
        let (lane, identity) = (turn.lane, turn.identity);
        self.write(move |tx| {
            async move {
                let waiting = in_lane(lane)
                    .filter(inbox::Column::IdentityId.eq(identity.0))
                    .filter(inbox::Column::TurnId.is_null())
                    .filter(inbox::Column::Ending.is_null())
                    .order_by_asc(inbox::Column::Id)
                    .limit(STOPPED_AT_ONCE)
                    .lock_exclusive()
                    .all(tx)
                    .await?;
                // A platform's own command waits for its answer, and a change for being noted.
                let is_talk = |row: &&inbox::Model| {
                    read(row).is_ok_and(|message| matches!(message.event, Event::Text(_) | Event::Again(_)))
                };
                let ids: Vec<_> = waiting.iter().filter(is_talk).map(|row| row.id).collect();
                if ids.is_empty() {
                    return Ok(0);
                }
                let ended = inbox::Entity::update_many()
                    .col_expr(inbox::Column::State, Expr::value(state::DONE))
                    .col_expr(inbox::Column::Outcome, Expr::value(STOPPED))
                    .col_expr(inbox::Column::Payload, Expr::value(None::<String>))
                    .col_expr(inbox::Column::EndedAt, Expr::value(micros(now)))
                    .filter(inbox::Column::Id.is_in(ids))
                    .exec(tx)
                    .await?;
                Ok(ended.rows_affected)
            }
            .boxed()
        })
        .await
    }
}
