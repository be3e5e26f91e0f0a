//! Places that a platform has closed to us, and opened again.
//!
//! What waits in a place that is closed ends there: nobody could be shown an answer, so
//! no model is asked for one. Whatever is heard in it later opens it again; see `places`.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::domain::{AddressId, ClosedFor, Door, Extent, LaneId, Platform, SpaceRef, Timestamp};
use crate::store::entities::addresses;
use crate::store::inbox::{ClaimedTurn, end_undelivered, end_waiting};
use crate::store::{Store, StoreError, micros, places};

/// Why an address is closed that goes on under another id.
pub(super) const MOVED: &str = "moved";

/// An address that has been closed to us, or opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turned {
    pub address: AddressId,
    pub platform: Platform,
    /// Why it is closed; nothing if it is open.
    pub closed: Option<ClosedFor>,
    /// How many messages have waited there and get no answer.
    pub ended: usize,
}

impl Store {
    /// Ends a turn whose reply cannot be shown because its place is closed, and closes the place.
    ///
    /// A reply that may still be delivered one day is kept, as any that did not arrive.
    pub async fn shut_out(
        &self,
        turn: &ClaimedTurn,
        (door, outcome): (Door, &'static str),
        now: Timestamp,
    ) -> Result<Vec<Turned>, StoreError> {
        let (id, claim, has_merged) = (turn.turn.0, turn.claim, turn.messages.len() > 1);
        self.write(move |tx| {
            async move {
                let turned = turn_door(tx, &door, now).await?;
                if let Some(why) = door.closed {
                    end_undelivered(tx, (id, claim, has_merged), (why, outcome), now).await?;
                }
                Ok(turned)
            }
            .boxed()
        })
        .await
    }
}

/// Applies what a platform tells of doors; of those told several times only the last counts.
pub(super) async fn turn_all(
    tx: &DatabaseTransaction,
    doors: &[Door],
    now: Timestamp,
) -> Result<Vec<Turned>, StoreError> {
    let mut turned = Vec::new();
    for (number, door) in doors.iter().enumerate() {
        let is_told_later = doors.iter().skip(number + 1).any(|later| later.is_that_of(door));
        if !is_told_later {
            turned.extend(turn_door(tx, door, now).await?);
        }
    }
    Ok(turned)
}

/// Closes or opens what is behind a door, and returns what was not so before.
async fn turn_door(tx: &DatabaseTransaction, door: &Door, now: Timestamp) -> Result<Vec<Turned>, StoreError> {
    let Some(behind) = behind(tx, door).await? else { return Ok(Vec::new()) };
    let is_to_turn = match door.closed {
        Some(_) => Condition::all().add(addresses::Column::ClosedAt.is_null()),
        None => Condition::all()
            .add(addresses::Column::ClosedAt.is_not_null())
            .add(addresses::Column::ClosedReason.ne(MOVED)),
    };
    let rows = addresses::Entity::find()
        .filter(addresses::Column::Platform.eq(door.platform.name()))
        .filter(addresses::Column::Scope.eq(&door.scope))
        .filter(behind)
        .filter(is_to_turn)
        // Two that lock several rows wait, and do not block each other.
        .order_by_asc(addresses::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    let ids = rows.iter().map(|row| row.id);
    addresses::Entity::update_many()
        .col_expr(addresses::Column::ClosedAt, Expr::value(door.closed.map(|_| micros(now))))
        .col_expr(addresses::Column::ClosedReason, Expr::value(door.closed.map(ClosedFor::name)))
        // What is said meanwhile is not looked for.
        .col_expr(addresses::Column::GapFrom, Expr::value(None::<i64>))
        .filter(addresses::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    let mut turned = Vec::with_capacity(rows.len());
    for row in rows {
        let ended = match door.closed {
            Some(why) => end_waiting(tx, (row.id, LaneId(row.lane_id)), why, now).await?,
            None => 0,
        };
        let (address, platform, closed) = (AddressId(row.id), door.platform, door.closed);
        turned.push(Turned { address, platform, closed, ended });
    }
    Ok(turned)
}

/// Which addresses are behind a door; nothing if nobody has ever talked to us there.
async fn behind(tx: &DatabaseTransaction, door: &Door) -> Result<Option<Condition>, StoreError> {
    let is_chat = |chat: &str| Condition::all().add(addresses::Column::Chat.eq(chat));
    let is_thread = |thread: &str| Condition::all().add(addresses::Column::Thread.eq(thread));
    Ok(match &door.of {
        Extent::Chat(chat) => Some(is_chat(chat)),
        Extent::Thread { chat, thread } => {
            let in_chat = is_chat(chat).add(is_thread(thread));
            let alone = is_chat(thread).add(is_thread(""));
            Some(Condition::any().add(in_chat).add(alone))
        }
        Extent::Space(id) => {
            let space = SpaceRef { id: id.clone(), name: None };
            let space = places::find_space(tx, door.platform, &space).await?;
            space.map(|space| Condition::all().add(addresses::Column::SpaceId.eq(space.0)))
        }
    })
}
