//! Which processes run on this database, and who of them may do what only one
//! at a time may. All moments are the database's own.

use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, Statement, Value,
};

use crate::domain::InstanceId;
use crate::store::entities::{instances, leases};
use crate::store::{Store, StoreError};

/// The lease of the process that works on a database; only one at a time may have it.
pub const DAEMON: &str = "daemon";

/// The database's clock, in microseconds since 1970.
fn now(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        _ => "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000",
    }
}

impl Store {
    /// This process, as claims and leases name it.
    #[must_use]
    pub fn instance(&self) -> InstanceId {
        self.instance
    }

    /// Takes a lease, or keeps it, for `lasts` from now; false if another has it.
    ///
    /// Also counts as a heartbeat of this process.
    pub async fn lease(&self, name: &'static str, lasts: Duration) -> Result<bool, StoreError> {
        let instance = self.instance;
        self.write(move |tx| {
            async move {
                beat(tx, instance).await?;
                let now = now(tx.get_database_backend());
                let sql = format!(
                    "INSERT INTO leases (name, holder_id, expires_at) VALUES ($1, $2, {now} + $3) \
                     ON CONFLICT (name) DO UPDATE SET holder_id = excluded.holder_id, expires_at = excluded.expires_at \
                     WHERE leases.holder_id = excluded.holder_id OR leases.expires_at < {now}"
                );
                let lasts = i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX);
                let values = [name.into(), instance.0.into(), lasts.into()];
                let taken = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
                Ok(tx.execute_raw(taken).await?.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    /// Takes the leases of everybody away: for who knows by other means that nobody else runs.
    pub async fn be_alone(&self) -> Result<(), StoreError> {
        self.write(move |tx| {
            async move {
                leases::Entity::delete_many().exec(tx).await?;
                instances::Entity::delete_many().exec(tx).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Gives all leases of this process back and takes its row away.
    pub async fn leave(&self) -> Result<(), StoreError> {
        let instance = self.instance;
        self.write(move |tx| {
            async move {
                leases::Entity::delete_many()
                    .filter(leases::Column::HolderId.eq(instance.0))
                    .exec(tx)
                    .await?;
                instances::Entity::delete_by_id(instance.0).exec(tx).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

/// That no other process has taken the place of this one, as part of a statement.
pub(super) fn has_place(instance: InstanceId) -> Expr {
    Expr::cust_with_values(
        "NOT EXISTS (SELECT 1 FROM leases WHERE name = $1 AND holder_id <> $2)",
        [Value::from(DAEMON), instance.0.into()],
    )
}

async fn beat(tx: &DatabaseTransaction, instance: InstanceId) -> Result<(), StoreError> {
    let now = now(tx.get_database_backend());
    let sql = format!(
        "INSERT INTO instances (id, version, started_at, heartbeat_at) VALUES ($1, $2, {now}, {now}) \
         ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at"
    );
    let values = [instance.0.into(), env!("CARGO_PKG_VERSION").into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}
