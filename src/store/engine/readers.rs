//! Connections for reading, which nobody waits for without an end.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
};
use tokio::time::timeout;

use crate::store::StoreError;

/// Connections for reading.
///
/// A server that is cut off from us says nothing, and a statement sent to it
/// would be waited for until the operating system gives up, minutes later.
#[derive(Clone)]
pub(in crate::store) struct Readers {
    db: DatabaseConnection,
    patience: Duration,
}

impl Readers {
    pub(super) fn new(db: DatabaseConnection, patience: Duration) -> Self {
        Self { db, patience }
    }

    /// Asks for a sign of life.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.within(self.db.ping()).await?)
    }

    async fn within<T>(&self, asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let silent = || DbErr::Query(RuntimeErr::Internal("no answer in time".to_owned()));
        timeout(self.patience, asked).await.unwrap_or_else(|_| Err(silent()))
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Readers {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.db.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.within(self.db.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.within(self.db.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.within(self.db.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.within(self.db.query_all_raw(statement)).await
    }
}
