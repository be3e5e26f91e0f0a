//! What a process that ended without warning had in its hands.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use crate::domain::{InboxId, LaneId};
use crate::store::entities::inbox;
use crate::store::{Store, StoreError, outbox};

/// The states of a turn that is at work, as the index on them names them.
const RUNNING: &str = "state IN ('claimed', 'generating', 'ready')";

/// What waits and was in flight when a process ended: the lanes, and what has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// How much was given back just now.
    pub count: usize,
    pub lanes: Vec<LaneId>,
    pub controls: Vec<InboxId>,
    /// Those of them that were in flight at the end before as well, by their lanes or themselves.
    pub again: Vec<Uuid>,
}

/// One message that an ended process had taken: itself, its turn, its lane, and whether it
/// was in flight at an earlier such end.
type Orphan = (Uuid, Option<Uuid>, Option<Uuid>, bool);

impl Store {
    /// Gives back what ended processes had taken, and names all that was in flight then.
    ///
    /// Only for a start at which no other instance runs. One of them may be what
    /// ended the process, and nobody knows which: only an attempt that was made
    /// alone counts.
    pub async fn recover(&self) -> Result<Recovered, StoreError> {
        self.write(move |tx| {
            async move {
                let orphans: Vec<Orphan> = in_flight().into_tuple().all(tx).await?;
                give_back(tx, &orphans).await?;
                suspects(tx, &orphans).await
            }
            .boxed()
        })
        .await
    }

    /// The claims that the database knows. Only the process that has the place of
    /// the daemon can have any.
    pub async fn claims(&self) -> Result<Vec<Uuid>, StoreError> {
        let claims = in_flight().select_only().column(inbox::Column::Claim);
        Ok(claims.into_tuple().all(&self.readers).await?)
    }

    /// Gives back what was taken with these claims, at which nobody works; returns how many messages.
    pub async fn take_back(&self, claims: Vec<Uuid>) -> Result<usize, StoreError> {
        self.write(move |tx| {
            async move {
                let lost = in_flight().filter(inbox::Column::Claim.is_in(claims));
                let orphans: Vec<Orphan> = lost.into_tuple().all(tx).await?;
                release(tx, &orphans).await?;
                Ok(orphans.len())
            }
            .boxed()
        })
        .await
    }
}

/// What somebody has taken.
fn in_flight() -> Select<inbox::Entity> {
    inbox::Entity::find()
        .select_only()
        .columns([inbox::Column::Id, inbox::Column::TurnId, inbox::Column::LaneId, inbox::Column::IsSuspect])
        .filter(Expr::cust(RUNNING))
        .filter(inbox::Column::Claim.is_not_null())
}

async fn give_back(tx: &DatabaseTransaction, orphans: &[Orphan]) -> Result<(), StoreError> {
    if orphans.is_empty() {
        return Ok(());
    }
    let attempts = if orphans.len() > 1 { "attempts - 1" } else { "attempts" };
    inbox::Entity::update_many()
        .col_expr(inbox::Column::Attempts, Expr::cust(attempts))
        .col_expr(inbox::Column::IsSuspect, Expr::value(true))
        .filter(inbox::Column::Id.is_in(orphans.iter().map(|(id, ..)| *id)))
        .exec(tx)
        .await?;
    release(tx, orphans).await
}

/// Lets somebody else take it.
async fn release(tx: &DatabaseTransaction, orphans: &[Orphan]) -> Result<(), StoreError> {
    if orphans.is_empty() {
        return Ok(());
    }
    inbox::Entity::update_many()
        .col_expr(
            inbox::Column::State,
            Expr::cust("CASE state WHEN 'ready' THEN 'ready' ELSE 'received' END"),
        )
        .col_expr(inbox::Column::Claim, Expr::value(None::<Uuid>))
        .filter(inbox::Column::Id.is_in(orphans.iter().map(|(id, ..)| *id)))
        .exec(tx)
        .await?;
    let turns: Vec<Uuid> = orphans.iter().filter_map(|(_, turn, ..)| *turn).collect();
    outbox::lose_sight_of(tx, &turns).await
}

/// Everything that waits and was in flight when a process ended, also an earlier one.
async fn suspects(tx: &DatabaseTransaction, orphans: &[Orphan]) -> Result<Recovered, StoreError> {
    let rows: Vec<(Uuid, Option<Uuid>)> = inbox::Entity::find()
        .select_only()
        .columns([inbox::Column::Id, inbox::Column::LaneId])
        .filter(Expr::cust("state IN ('received', 'ready')"))
        .filter(inbox::Column::IsSuspect.eq(true))
        .into_tuple()
        .all(tx)
        .await?;
    let twice = orphans.iter().filter(|(.., was_suspect)| *was_suspect);
    let again = twice.map(|(id, _, lane, _)| lane.unwrap_or(*id)).collect();
    let mut recovered = Recovered { count: orphans.len(), again, ..Recovered::default() };
    for (id, lane) in rows {
        match lane {
            Some(lane) => recovered.lanes.push(LaneId(lane)),
            None => recovered.controls.push(InboxId(id)),
        }
    }
    Ok(recovered)
}
