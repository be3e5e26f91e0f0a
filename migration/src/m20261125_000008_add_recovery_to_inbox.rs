//! What recovery has to know of a message: which instance took it, how its turn
//! is to end once the answer is stored (`ending`), and whether it was in flight
//! when a process ended without warning (`is_suspect`), so that it is replayed
//! with no other such message beside it. The reservation is what a running turn
//! may still spend of its person's budget.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE inbox ADD COLUMN instance_id {uuid}",
    "ALTER TABLE inbox ADD COLUMN ending TEXT",
    "ALTER TABLE inbox ADD COLUMN is_suspect BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE inbox ADD COLUMN reserved_tokens BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE inbox ADD COLUMN reserved_cost_micros BIGINT NOT NULL DEFAULT 0",
];

const DOWN: &[&str] = &[
    "ALTER TABLE inbox DROP COLUMN reserved_cost_micros",
    "ALTER TABLE inbox DROP COLUMN reserved_tokens",
    "ALTER TABLE inbox DROP COLUMN is_suspect",
    "ALTER TABLE inbox DROP COLUMN ending",
    "ALTER TABLE inbox DROP COLUMN instance_id",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
