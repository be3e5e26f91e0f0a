//! How a turn ends, and how it is handed on.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::domain::Timestamp;
use crate::store::entities::{inbox, pairing_codes};
use crate::store::inbox::{ClaimedTurn, state};
use crate::store::record::{self, Exchange};
use crate::store::{Store, StoreError, micros};

/// The last state of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finale {
    /// Answered, or silent for a reason.
    Done,
    Refused,
    Failed,
}

impl Finale {
    const fn state(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Store {
    /// Stores question and answer, before the last of it is sent.
    ///
    /// Returns false, and stores nothing, if the turn is no longer ours.
    pub async fn ready(
        &self,
        turn: &ClaimedTurn,
        exchange: Exchange,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let claim = turn.claim;
        self.write(move |tx| {
            async move {
                let marked = inbox::Entity::update_many()
                    .col_expr(inbox::Column::State, Expr::value(state::READY))
                    .filter(inbox::Column::TurnId.eq(exchange.turn.0))
                    .filter(inbox::Column::Claim.eq(claim))
                    .exec(tx)
                    .await?;
                if marked.rows_affected == 0 {
                    return Ok(false);
                }
                record::insert(tx, exchange, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Ends a turn; its payloads are blanked, and `outcome` says in a word how it ended.
    ///
    /// Returns false if the turn is no longer ours.
    pub async fn finish(
        &self,
        turn: &ClaimedTurn,
        finale: Finale,
        outcome: &'static str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, claim) = (turn.turn.0, turn.claim);
        let has_merged = turn.messages.len() > 1;
        self.write(move |tx| {
            async move {
                let lead = Condition::all().add(inbox::Column::Claim.eq(claim));
                let ended = end(tx, id, lead, (finale.state(), outcome), now).await?;
                if ended == 0 {
                    return Ok(false);
                }
                if has_merged {
                    let merged = Condition::all().add(inbox::Column::State.eq(state::MERGED));
                    end(tx, id, merged, (state::MERGED, outcome), now).await?;
                }
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Puts a turn back that we could not finish; one that is `is_untried` keeps its attempts.
    pub async fn give_back(&self, turn: &ClaimedTurn, is_untried: bool) -> Result<(), StoreError> {
        let (id, claim) = (turn.turn.0, turn.claim);
        let attempts = if is_untried { "attempts - 1" } else { "attempts" };
        self.write(move |tx| {
            async move {
                inbox::Entity::update_many()
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
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

impl Store {
    /// Forgets what ended before `then`, its dedupe keys included, and codes that nobody can use any more.
    pub async fn purge(&self, then: Timestamp) -> Result<u64, StoreError> {
        self.write(move |tx| {
            async move {
                let ended = inbox::Entity::delete_many()
                    .filter(inbox::Column::EndedAt.lt(micros(then)))
                    .exec(tx)
                    .await?;
                let expired = pairing_codes::Entity::delete_many()
                    .filter(pairing_codes::Column::ExpiresAt.lt(micros(then)))
                    .exec(tx)
                    .await?;
                Ok(ended.rows_affected + expired.rows_affected)
            }
            .boxed()
        })
        .await
    }
}

async fn end(
    tx: &DatabaseTransaction,
    turn: Uuid,
    which: Condition,
    (state, outcome): (&'static str, &'static str),
    now: Timestamp,
) -> Result<u64, StoreError> {
    let ended = inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state))
        .col_expr(inbox::Column::Outcome, Expr::value(outcome))
        .col_expr(inbox::Column::Payload, Expr::value(None::<String>))
        // An end is the end: whoever still has the claim can change nothing any more.
        .col_expr(inbox::Column::Claim, Expr::value(None::<Uuid>))
        .col_expr(inbox::Column::EndedAt, Expr::value(micros(now)))
        .filter(inbox::Column::TurnId.eq(turn))
        .filter(which)
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}
