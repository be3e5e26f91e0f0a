//! The row by which running instances learn that something changed.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter};

use crate::store::entities::changes;
use crate::store::{Store, StoreError};

/// The only row there is.
const ROW: i64 = 1;

/// Tells running instances that something changed; part of the change's own transaction.
pub(super) async fn announce(db: &impl ConnectionTrait) -> Result<(), StoreError> {
    changes::Entity::update_many()
        .col_expr(changes::Column::Version, Expr::col(changes::Column::Version).add(1))
        .filter(changes::Column::Id.eq(ROW))
        .exec(db)
        .await?;
    Ok(())
}

impl Store {
    /// How often something has changed; a greater number than before means: look again.
    pub async fn changes(&self) -> Result<i64, StoreError> {
        let row = changes::Entity::find_by_id(ROW).one(&self.readers).await?;
        Ok(row.map_or(0, |row| row.version))
    }
}
