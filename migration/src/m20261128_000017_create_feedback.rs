//! What people think of answers: one thumb of each person under each, 1 or -1. A
//! platform tells under which of its posts it stands, by which the answer is found.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE feedback (
    message_id {uuid} NOT NULL REFERENCES messages (id),
    user_id {uuid} NOT NULL REFERENCES users (id),
    value BIGINT NOT NULL,
    at {moment} NOT NULL,
    PRIMARY KEY (message_id, user_id)
)"#,
    "CREATE INDEX outbox_by_post ON outbox (posted_id) WHERE posted_id IS NOT NULL",
];

const DOWN: &[&str] = &["DROP INDEX outbox_by_post", "DROP TABLE feedback"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
