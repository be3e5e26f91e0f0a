//! An address is closed for a reason: one that has moved stays closed, one that a
//! platform has shut to us opens again when somebody speaks there. Those closed
//! so far have moved.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE addresses ADD COLUMN closed_reason TEXT",
    "UPDATE addresses SET closed_reason = 'moved' WHERE closed_at IS NOT NULL",
];

const DOWN: &[&str] = &[
    // For the version before, closed means moved.
    "UPDATE addresses SET closed_at = NULL WHERE closed_reason <> 'moved'",
    "ALTER TABLE addresses DROP COLUMN closed_reason",
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
