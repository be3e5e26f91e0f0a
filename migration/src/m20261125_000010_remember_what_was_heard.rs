//! How far each place has been heard, so that what was said while nobody
//! listened can be looked for. `last_sequence` is the platform's order of the
//! newest message that was accepted there, `last_said_at` its time. `gap_from`
//! is set while what was said since then is still to be looked for.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE addresses ADD COLUMN last_sequence BIGINT",
    "ALTER TABLE addresses ADD COLUMN last_said_at {moment}",
    "ALTER TABLE addresses ADD COLUMN gap_from BIGINT",
];

const DOWN: &[&str] = &[
    "ALTER TABLE addresses DROP COLUMN gap_from",
    "ALTER TABLE addresses DROP COLUMN last_said_at",
    "ALTER TABLE addresses DROP COLUMN last_sequence",
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
