//! What an operator asks for is rare among much that is not: messages that were
//! given up or could not be read, parts of replies that were given up, owners. An
//! index on these alone finds them however much there is, and costs a turn nothing.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    "CREATE INDEX inbox_put_aside ON inbox (received_at) WHERE state IN ('dead', 'quarantined')",
    "CREATE INDEX outbox_given_up ON outbox (created_at) WHERE ended_at IS NOT NULL AND payload IS NOT NULL",
    "CREATE INDEX users_owners ON users (id) WHERE role = 'owner'",
];

const DOWN: &[&str] =
    &["DROP INDEX users_owners", "DROP INDEX outbox_given_up", "DROP INDEX inbox_put_aside"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
