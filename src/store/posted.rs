//! Where replies are that have ended.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect};

use crate::domain::{PostedId, Timestamp};
use crate::store::entities::{inbox, outbox};
use crate::store::inbox::ClaimedTurn;
use crate::store::{Store, StoreError, micros};

impl Store {
    /// Where the replies are that ended since then at the place of a turn, so that nobody takes
    /// one of them for its own. Ids of other places may be the same.
    pub async fn posted_since(
        &self,
        turn: &ClaimedTurn,
        since: Timestamp,
    ) -> Result<Vec<PostedId>, StoreError> {
        let there = Query::select()
            .expr(Expr::value(1))
            .from(inbox::Entity)
            .and_where(
                Expr::col((inbox::Entity, inbox::Column::TurnId))
                    .equals((outbox::Entity, outbox::Column::TurnId)),
            )
            .and_where(inbox::Column::AddressId.eq(turn.address.0))
            .take();
        let posted: Vec<String> = outbox::Entity::find()
            .select_only()
            .column(outbox::Column::PostedId)
            .filter(outbox::Column::EndedAt.gte(micros(since)))
            .filter(outbox::Column::PostedId.is_not_null())
            .filter(Expr::exists(there))
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(posted.into_iter().map(PostedId).collect())
    }
}
