//! A dedupe key that is a platform's number for a delivery is given again at some
//! time, for something else: `key_until` is when it stops to name this row. It is
//! empty for keys that name the thing said. What could not be read is found by its
//! age, so that it does not stay for ever.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE inbox ADD COLUMN key_until {moment}",
    "CREATE INDEX inbox_by_key_until ON inbox (key_until) WHERE key_until IS NOT NULL",
    "CREATE INDEX inbox_quarantined ON inbox (received_at) WHERE state = 'quarantined'",
];

const DOWN: &[&str] = &[
    "DROP INDEX inbox_quarantined",
    "DROP INDEX inbox_by_key_until",
    "ALTER TABLE inbox DROP COLUMN key_until",
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
