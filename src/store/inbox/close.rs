//! How messages end whose place is closed to us.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::domain::{ClosedFor, LaneId, Timestamp};
use crate::store::entities::inbox;
use crate::store::inbox::claim::in_lane;
use crate::store::inbox::finish::end_all;
use crate::store::inbox::{Ending, Finale, state};
use crate::store::{StoreError, micros, outbox};

/// How many messages one statement ends.
const CHUNK: usize = 500;

/// How a turn ends whose reply nobody can be shown.
fn ending(why: ClosedFor, undelivered: &str) -> Ending {
    if why.may_open() {
        Ending::new(Finale::Dead, undelivered)
    } else {
        Ending::new(Finale::Failed, why.outcome())
    }
}

/// Ends a turn that was about to reply.
pub(in crate::store) async fn end_undelivered(
    tx: &DatabaseTransaction,
    (turn, claim, has_merged): (Uuid, Uuid, bool),
    (why, undelivered): (ClosedFor, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    if !end_all(tx, (turn, claim), &ending(why, undelivered), has_merged, now).await? {
        return Ok(());
    }
    if why.may_open() {
        // The platform has said no.
        return outbox::give_up(tx, turn, false, now).await;
    }
    outbox::end(tx, turn, None, now).await
}

/// Ends what waits at an address and has no answer yet; returns how many turns.
///
/// What is answered already and waits for its delivery is for its turn to find out.
pub(in crate::store) async fn end_waiting(
    tx: &DatabaseTransaction,
    (address, lane): (Uuid, LaneId),
    why: ClosedFor,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let is_unanswered =
        Condition::all().add(inbox::Column::State.eq(state::RECEIVED)).add(inbox::Column::Ending.is_null());
    let waiting: Vec<(Uuid, Option<Uuid>)> = in_lane(lane)
        .filter(inbox::Column::AddressId.eq(address))
        .filter(is_unanswered)
        .lock_exclusive()
        .select_only()
        .columns([inbox::Column::Id, inbox::Column::TurnId])
        .into_tuple()
        .all(tx)
        .await?;
    let ended = inbox::Entity::update_many()
        .col_expr(inbox::Column::Outcome, Expr::value(why.outcome()))
        .col_expr(inbox::Column::Payload, Expr::value(None::<String>))
        .col_expr(inbox::Column::EndedAt, Expr::value(micros(now)));
    let failed = ended.clone().col_expr(inbox::Column::State, Expr::value(state::FAILED));
    for some in waiting.chunks(CHUNK) {
        let ids = some.iter().map(|(id, _)| *id);
        failed.clone().filter(inbox::Column::Id.is_in(ids)).exec(tx).await?;
    }
    // What was begun and put back.
    for turn in waiting.iter().filter_map(|(_, turn)| *turn) {
        let merged =
            Condition::all().add(inbox::Column::TurnId.eq(turn)).add(inbox::Column::State.eq(state::MERGED));
        ended.clone().filter(merged).exec(tx).await?;
        outbox::end(tx, turn, None, now).await?;
    }
    Ok(waiting.len())
}
