//! How a turn ends, and how it is handed on.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::domain::{SentPart, Timestamp, TurnId};
use crate::store::entities::inbox;
use crate::store::inbox::{ClaimedTurn, state};
use crate::store::{Store, StoreError, micros, outbox};

/// The last state of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finale {
    /// Answered, or silent for a reason.
    Done,
    Refused,
    Failed,
    /// Given up after too many attempts; it can be replayed.
    Dead,
}

impl Finale {
    const ALL: [Self; 4] = [Self::Done, Self::Refused, Self::Failed, Self::Dead];

    const fn state(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Dead => state::DEAD,
        }
    }

    pub(super) fn of_state(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finale| finale.state() == name)
    }
}

/// How a turn ends, and in a word why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub finale: Finale,
    pub outcome: String,
}

impl Ending {
    /// Ends as `finale`, which `outcome` explains.
    #[must_use]
    pub fn new(finale: Finale, outcome: &str) -> Self {
        Self { finale, outcome: outcome.to_owned() }
    }
}

/// Says that something of the answer is on its way; false if the claim is over.
pub(in crate::store) async fn is_generating(
    tx: &DatabaseTransaction,
    turn: TurnId,
    claim: Uuid,
) -> Result<bool, StoreError> {
    let begun = Expr::cust("CASE state WHEN 'claimed' THEN 'generating' ELSE state END");
    let marked = inbox::Entity::update_many()
        .col_expr(inbox::Column::State, begun)
        .filter(inbox::Column::TurnId.eq(turn.0))
        .filter(inbox::Column::Claim.eq(claim))
        .exec(tx)
        .await?;
    Ok(marked.rows_affected > 0)
}

/// What became of a turn when its answer was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Readiness {
    /// It has its answer now.
    Ready,
    /// It had one already: the first write was kept, and only its answer was lost.
    ReadyBefore,
    /// The claim is over.
    Lost,
}

/// Notes that the whole answer is stored, and how the turn ends.
pub(in crate::store) async fn mark_ready(
    tx: &DatabaseTransaction,
    (turn, claim): (TurnId, Uuid),
    ending: &Ending,
) -> Result<Readiness, StoreError> {
    let ready = inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state::READY))
        .col_expr(inbox::Column::Ending, Expr::value(ending.finale.state()))
        .col_expr(inbox::Column::Outcome, Expr::value(ending.outcome.as_str()))
        .filter(inbox::Column::TurnId.eq(turn.0))
        .filter(inbox::Column::Claim.eq(claim));
    // Written out for the planner, like all states that indexes name.
    let first = ready.clone().filter(Expr::cust("state <> 'ready'")).exec(tx).await?;
    if first.rows_affected > 0 {
        return Ok(Readiness::Ready);
    }
    let again = ready.exec(tx).await?;
    Ok(if again.rows_affected > 0 { Readiness::ReadyBefore } else { Readiness::Lost })
}

impl Store {
    /// Ends a turn of which `last` is the part that was just sent.
    ///
    /// Payloads are blanked, unless the turn may be replayed. Returns false if
    /// the turn is no longer ours, and has not ended like this either.
    pub async fn finish(
        &self,
        turn: &ClaimedTurn,
        ending: Ending,
        last: Option<SentPart>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, claim) = (turn.turn.0, turn.claim);
        let has_merged = turn.messages.len() > 1;
        self.write(move |tx| {
            async move {
                if !end_all(tx, (id, claim), &ending, has_merged, now).await? {
                    return has_ended(tx, id, &ending).await;
                }
                outbox::end(tx, id, last.as_ref(), now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Ends a turn whose reply cannot be delivered; what is not sent of it can be sent after all.
    pub async fn give_up_delivery(
        &self,
        turn: &ClaimedTurn,
        (outcome, may_have_arrived): (&str, bool),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, claim) = (turn.turn.0, turn.claim);
        let has_merged = turn.messages.len() > 1;
        let ending = Ending::new(Finale::Dead, outcome);
        self.write(move |tx| {
            async move {
                if !end_all(tx, (id, claim), &ending, has_merged, now).await? {
                    return Ok(false);
                }
                outbox::give_up(tx, id, may_have_arrived, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Puts a turn back that we could not finish; one that is `is_untried` keeps its attempts.
    pub async fn give_back(&self, turn: &ClaimedTurn, is_untried: bool) -> Result<(), StoreError> {
        self.put_back(turn, is_untried, true).await
    }

    /// Puts a turn back that is not at fault, and whose last post surely did not arrive.
    pub async fn give_back_unsent(&self, turn: &ClaimedTurn) -> Result<(), StoreError> {
        self.put_back(turn, true, false).await
    }

    async fn put_back(
        &self,
        turn: &ClaimedTurn,
        is_untried: bool,
        may_have_arrived: bool,
    ) -> Result<(), StoreError> {
        let (id, claim) = (turn.turn.0, turn.claim);
        let attempts = if is_untried { "attempts - 1" } else { "attempts" };
        self.write(move |tx| {
            async move {
                let put_back = inbox::Entity::update_many()
                    .col_expr(
                        inbox::Column::State,
                        Expr::cust("CASE state WHEN 'ready' THEN 'ready' ELSE 'received' END"),
                    )
                    .col_expr(inbox::Column::Claim, Expr::value(None::<Uuid>))
                    .col_expr(inbox::Column::Attempts, Expr::cust(attempts))
                    .filter(inbox::Column::TurnId.eq(id))
                    .filter(inbox::Column::Claim.eq(claim))
                    .exec(tx)
                    .await?;
                if put_back.rows_affected == 0 {
                    // Whoever has it now knows better what is on its way.
                    return Ok(());
                }
                if may_have_arrived {
                    outbox::lose_sight_of(tx, &[id]).await
                } else {
                    outbox::retract(tx, id).await
                }
            }
            .boxed()
        })
        .await
    }
}

/// Whether a turn has ended like this: the answer to an earlier try may have been lost.
async fn has_ended(tx: &DatabaseTransaction, turn: Uuid, ending: &Ending) -> Result<bool, StoreError> {
    let ended = inbox::Entity::find()
        .filter(inbox::Column::TurnId.eq(turn))
        .filter(inbox::Column::State.eq(ending.finale.state()))
        .filter(inbox::Column::Outcome.eq(ending.outcome.as_str()))
        .filter(inbox::Column::EndedAt.is_not_null());
    Ok(ended.one(tx).await?.is_some())
}

/// Ends the row that leads a turn, and what was merged with it.
pub(super) async fn end_all(
    tx: &DatabaseTransaction,
    (turn, claim): (Uuid, Uuid),
    ending: &Ending,
    has_merged: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let lead = Condition::all().add(inbox::Column::Claim.eq(claim));
    if end(tx, turn, lead, (ending.finale.state(), ending), now).await? == 0 {
        return Ok(false);
    }
    if has_merged {
        let merged = Condition::all().add(inbox::Column::State.eq(state::MERGED));
        end(tx, turn, merged, (state::MERGED, ending), now).await?;
    }
    Ok(true)
}

async fn end(
    tx: &DatabaseTransaction,
    turn: Uuid,
    which: Condition,
    (state, ending): (&'static str, &Ending),
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut rows = inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state))
        .col_expr(inbox::Column::Outcome, Expr::value(ending.outcome.as_str()))
        // An end is the end: whoever still has the claim can change nothing any more.
        .col_expr(inbox::Column::Claim, Expr::value(None::<Uuid>))
        .col_expr(inbox::Column::EndedAt, Expr::value(micros(now)));
    if ending.finale != Finale::Dead {
        rows = rows.col_expr(inbox::Column::Payload, Expr::value(None::<String>));
    }
    let ended = rows.filter(inbox::Column::TurnId.eq(turn)).filter(which).exec(tx).await?;
    Ok(ended.rows_affected)
}
