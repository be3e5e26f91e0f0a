//! Forgetting by age: what has ended, keys that may name something else by now,
//! and what could not be read and nobody has replayed.

use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DeleteMany, EntityTrait, QueryFilter,
    Statement, Value,
};

use crate::domain::Timestamp;
use crate::store::entities::{inbox, outbox, pairing_codes};
use crate::store::inbox::state;
use crate::store::{Store, StoreError, micros};

/// How long what has ended is remembered: no platform delivers anything again after that.
const REMEMBERED: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long a key is good that is the number of a delivery: Telegram's begin again
/// at random after a week without any.
const NUMBERED: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// How long what could not be read waits to be replayed.
const QUARANTINED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How much was forgotten.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// What had ended.
    pub ended: u64,
    /// What could never be read.
    pub unread: u64,
}

impl Store {
    /// Forgets what is old enough, and the codes that nobody can use any more.
    pub async fn purge(&self, now: Timestamp) -> Result<Purged, StoreError> {
        self.write(move |tx| {
            async move {
                let then = micros(now - REMEMBERED);
                let ended =
                    inbox::Entity::delete_many().filter(inbox::Column::EndedAt.lt(then)).exec(tx).await?;
                outbox::Entity::delete_many().filter(outbox::Column::EndedAt.lt(then)).exec(tx).await?;
                let codes = pairing_codes::Entity::delete_many()
                    .filter(pairing_codes::Column::ExpiresAt.lt(then))
                    .exec(tx)
                    .await?;
                let numbered = forget_numbers(tx, now).await?;
                let unread = unread_before(now - QUARANTINED).exec(tx).await?;
                Ok(Purged {
                    ended: ended.rows_affected + codes.rows_affected + numbered,
                    unread: unread.rows_affected,
                })
            }
            .boxed()
        })
        .await
    }
}

/// When a key that is a number stops to be good.
pub(super) fn number_until(now: Timestamp) -> Timestamp {
    now + NUMBERED
}

/// Lets go of a number that something else may have by now.
pub(super) async fn release(tx: &DatabaseTransaction, hash: &[u8], now: Timestamp) -> Result<(), StoreError> {
    rename(tx, "dedupe_hash = $2", [micros(now).into(), hash.into()].into()).await
}

/// Forgets what has ended under a number, and the numbers of what has not.
async fn forget_numbers(tx: &DatabaseTransaction, now: Timestamp) -> Result<u64, StoreError> {
    let ended = ended_under_a_number(now).exec(tx).await?;
    rename(tx, "TRUE", vec![micros(now).into()]).await?;
    Ok(ended.rows_affected)
}

fn ended_under_a_number(now: Timestamp) -> DeleteMany<inbox::Entity> {
    inbox::Entity::delete_many()
        .filter(inbox::Column::KeyUntil.lt(micros(now)))
        .filter(inbox::Column::EndedAt.is_not_null())
        // What was given up can still be replayed.
        .filter(inbox::Column::State.ne(state::DEAD))
}

/// The state is written out, for the index on it.
fn unread_before(then: Timestamp) -> DeleteMany<inbox::Entity> {
    inbox::Entity::delete_many()
        .filter(Expr::cust("state = 'quarantined'"))
        .filter(inbox::Column::ReceivedAt.lt(micros(then)))
}

/// Names rows after themselves whose number is good no more.
async fn rename(tx: &DatabaseTransaction, which: &str, values: Vec<Value>) -> Result<(), StoreError> {
    let backend = tx.get_database_backend();
    let itself = match backend {
        DbBackend::Postgres => "uuid_send(id)",
        _ => "id",
    };
    let sql =
        format!("UPDATE inbox SET dedupe_hash = {itself}, key_until = NULL WHERE key_until < $1 AND {which}");
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(())
}
