//! Who works on this database: `instances` has one row for each running
//! process, with its last heartbeat; `leases` says who of them may do what only
//! one at a time may. All moments in here are the database's own, because clocks
//! of several machines differ.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE instances (
    id {uuid} PRIMARY KEY,
    version TEXT NOT NULL,
    started_at {moment} NOT NULL,
    heartbeat_at {moment} NOT NULL
)"#,
    r#"CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder_id {uuid} NOT NULL,
    expires_at {moment} NOT NULL
)"#,
];

const DOWN: &[&str] = &["DROP TABLE leases", "DROP TABLE instances"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
