//! Taking up again what was given up, and giving it up for good.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::domain::{MessageState, Timestamp};
use crate::store::entities::inbox;
use crate::store::inbox::look::{GIVEN_UP, PUT_ASIDE};
use crate::store::inbox::{Finale, MatterId, state};
use crate::store::{Store, StoreError, changes, micros, outbox};

/// How many turns one statement ends.
const CHUNK: usize = 500;

/// How a turn is remembered whose reply was thrown away.
const PURGED: &str = "purged";

/// What became of a wish to deliver a reply after all, or to have a message answered after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revived {
    /// The stored answer goes out.
    Delivered,
    /// It is answered anew.
    Anew,
    /// Nothing was changed: the answer is stored, and only has to be delivered.
    Stored,
    /// Nothing was changed: nothing of a reply is left that could be delivered.
    Empty,
    /// Nothing was changed: it is not dead, but this.
    Not(MessageState),
    /// There is no such turn or message.
    Gone,
}

impl Store {
    /// Puts a reply that was given up on its way again.
    pub async fn retry(&self, matter: MatterId) -> Result<Revived, StoreError> {
        self.write(move |tx| {
            async move {
                let Some(lead) = lead_of(tx, matter).await? else { return Ok(Revived::Gone) };
                if lead.state != state::DEAD {
                    return Ok(not(&lead));
                }
                if !outbox::has_given_up(tx, matter.0).await? {
                    return Ok(Revived::Empty);
                }
                let finale = lead.ending.as_deref().and_then(Finale::of_state);
                wake(tx, &lead, finale).await?;
                outbox::revive(tx, matter.0).await?;
                changes::announce(tx).await?;
                Ok(if finale.is_some() { Revived::Delivered } else { Revived::Anew })
            }
            .boxed()
        })
        .await
    }

    /// Puts a message that was given up back, to be answered anew; what can be
    /// seen of an earlier answer becomes the new one.
    pub async fn replay(&self, matter: MatterId) -> Result<Revived, StoreError> {
        self.write(move |tx| {
            async move {
                let rows = rows_of(tx, matter).await?;
                let dead: Vec<&inbox::Model> = rows.iter().filter(|row| row.state == state::DEAD).collect();
                if dead.is_empty() {
                    return Ok(leading(&rows).map_or(Revived::Gone, not));
                }
                if dead.iter().any(|row| is_led(row) && is_worth_keeping(row))
                    && outbox::has_given_up(tx, matter.0).await?
                {
                    return Ok(Revived::Stored);
                }
                if dead.iter().all(|row| row.payload.is_none()) {
                    return Ok(Revived::Empty);
                }
                let has_lead = dead.iter().any(|row| is_led(row));
                for row in dead {
                    if is_led(row) {
                        wake(tx, row, None).await?;
                        outbox::restart(tx, matter.0).await?;
                    } else {
                        join(tx, row, has_lead).await?;
                    }
                }
                changes::announce(tx).await?;
                Ok(Revived::Anew)
            }
            .boxed()
        })
        .await
    }

    /// Throws replies away that were given up: of one turn, or of all that ended
    /// before a moment. Their texts are blanked, and nothing can bring them back.
    pub async fn purge_dead(
        &self,
        matter: Option<MatterId>,
        before: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| {
            async move {
                let turns = given_up(matter, before).into_tuple().all(tx).await?;
                for turns in turns.chunks(CHUNK) {
                    forget(tx, turns, now).await?;
                }
                Ok(turns.len() as u64)
            }
            .boxed()
        })
        .await
    }

    /// Turns whose reply was given up and is still there, the first ones first.
    pub async fn given_up(&self, limit: u64) -> Result<Vec<MatterId>, StoreError> {
        let turns = given_up(None, None).order_by_asc(inbox::Column::TurnId).limit(limit);
        let turns: Vec<Uuid> = turns.into_tuple().all(&self.readers).await?;
        Ok(turns.into_iter().map(MatterId).collect())
    }

    /// How many replies [`Store::purge_dead`] would throw away.
    pub async fn count_dead(
        &self,
        matter: Option<MatterId>,
        before: Option<Timestamp>,
    ) -> Result<u64, StoreError> {
        let turns: Vec<Uuid> = given_up(matter, before).into_tuple().all(&self.readers).await?;
        Ok(turns.len() as u64)
    }
}

async fn rows_of(tx: &DatabaseTransaction, matter: MatterId) -> Result<Vec<inbox::Model>, StoreError> {
    let is_it = Condition::any().add(inbox::Column::TurnId.eq(matter.0)).add(inbox::Column::Id.eq(matter.0));
    Ok(inbox::Entity::find().filter(is_it).all(tx).await?)
}

async fn lead_of(tx: &DatabaseTransaction, matter: MatterId) -> Result<Option<inbox::Model>, StoreError> {
    let rows = rows_of(tx, matter).await?;
    Ok(leading(&rows).cloned())
}

/// The message that leads a turn; without a turn, the only one.
fn leading(rows: &[inbox::Model]) -> Option<&inbox::Model> {
    let others = || rows.iter().find(|row| row.state != state::MERGED);
    rows.iter().find(|row| is_led(row)).or_else(others).or(rows.first())
}

/// Whether it was taken by somebody as the first of its turn: followers never are.
fn is_led(row: &inbox::Model) -> bool {
    row.turn_id.is_none() || row.instance_id.is_some()
}

/// Whether its stored answer is one, and no apology.
fn is_worth_keeping(row: &inbox::Model) -> bool {
    match row.ending.as_deref().and_then(Finale::of_state) {
        Some(Finale::Done | Finale::Refused) => true,
        Some(Finale::Failed | Finale::Dead) | None => false,
    }
}

fn not(row: &inbox::Model) -> Revived {
    MessageState::named(&row.state).map_or(Revived::Gone, Revived::Not)
}

/// Puts the message that leads a turn back, and what was merged with it.
///
/// It waits as `received` also with its answer stored: of those that are
/// `ready`, a lane has one at most.
async fn wake(
    tx: &DatabaseTransaction,
    row: &inbox::Model,
    finale: Option<Finale>,
) -> Result<(), StoreError> {
    let ending = row.ending.as_deref().filter(|_| finale.is_some());
    let outcome = finale.filter(|finale| *finale != Finale::Done).and(ending);
    inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state::RECEIVED))
        .col_expr(inbox::Column::Attempts, Expr::value(0_i64))
        .col_expr(inbox::Column::IsSuspect, Expr::value(false))
        .col_expr(inbox::Column::Claim, Expr::value(None::<Uuid>))
        .col_expr(inbox::Column::Ending, Expr::value(ending))
        .col_expr(inbox::Column::Outcome, Expr::value(outcome))
        .col_expr(inbox::Column::EndedAt, Expr::value(None::<i64>))
        .filter(inbox::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    let Some(turn) = row.turn_id else { return Ok(()) };
    inbox::Entity::update_many()
        .col_expr(inbox::Column::Outcome, Expr::value(None::<String>))
        .col_expr(inbox::Column::EndedAt, Expr::value(None::<i64>))
        .filter(inbox::Column::TurnId.eq(turn))
        .filter(inbox::Column::State.eq(state::MERGED))
        .exec(tx)
        .await?;
    Ok(())
}

/// Puts a message back that was put aside while its turn went on: into the turn
/// that is replayed, or else into one of its own.
async fn join(tx: &DatabaseTransaction, row: &inbox::Model, has_lead: bool) -> Result<(), StoreError> {
    let (state, turn) = if has_lead { (state::MERGED, row.turn_id) } else { (state::RECEIVED, None::<Uuid>) };
    inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state))
        .col_expr(inbox::Column::TurnId, Expr::value(turn))
        .col_expr(inbox::Column::Outcome, Expr::value(None::<String>))
        .col_expr(inbox::Column::EndedAt, Expr::value(None::<i64>))
        .filter(inbox::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The turns whose reply was given up and is still there.
fn given_up(matter: Option<MatterId>, before: Option<Timestamp>) -> sea_orm::Select<inbox::Entity> {
    let mut turns = inbox::Entity::find()
        .select_only()
        .column(inbox::Column::TurnId)
        .distinct()
        .filter(Expr::cust(PUT_ASIDE))
        .filter(inbox::Column::State.eq(state::DEAD))
        .filter(Expr::cust(format!("turn_id IN (SELECT turn_id FROM outbox WHERE {GIVEN_UP})")));
    if let Some(matter) = matter {
        turns = turns.filter(inbox::Column::TurnId.eq(matter.0));
    }
    if let Some(before) = before {
        turns = turns.filter(inbox::Column::EndedAt.lt(micros(before)));
    }
    turns
}

async fn forget(tx: &DatabaseTransaction, turns: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
    let turns = turns.iter().copied();
    inbox::Entity::update_many()
        .col_expr(inbox::Column::Payload, Expr::value(None::<String>))
        .filter(inbox::Column::TurnId.is_in(turns.clone()))
        .exec(tx)
        .await?;
    inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state::FAILED))
        .col_expr(inbox::Column::Outcome, Expr::value(PURGED))
        .filter(inbox::Column::TurnId.is_in(turns.clone()))
        .filter(inbox::Column::State.eq(state::DEAD))
        .exec(tx)
        .await?;
    outbox::blank(tx, turns, now).await
}
