//! Second thoughts about what has been answered. `said_key` names a question as its
//! platform does, hashed like `inbox.dedupe_hash`, so that an edit or a deletion
//! finds it when the inbox has let go of its words; `message_revisions` keeps how it read
//! before. What is `superseded_at` a moment stays and is shown to no model any more:
//! an answer that another one has replaced, or a question that nobody has answered.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    "ALTER TABLE messages ADD COLUMN said_key {bytes}",
    "ALTER TABLE messages ADD COLUMN edited_at {moment}",
    "ALTER TABLE messages ADD COLUMN superseded_at {moment}",
    "CREATE INDEX messages_by_key ON messages (said_key) WHERE said_key IS NOT NULL",
    r#"CREATE TABLE message_revisions (
    message_id {uuid} NOT NULL REFERENCES messages (id),
    number BIGINT NOT NULL,
    content TEXT NOT NULL,
    replaced_at {moment} NOT NULL,
    PRIMARY KEY (message_id, number)
)"#,
];

const DOWN: &[&str] = &[
    "DROP TABLE message_revisions",
    "DROP INDEX messages_by_key",
    "ALTER TABLE messages DROP COLUMN superseded_at",
    "ALTER TABLE messages DROP COLUMN edited_at",
    "ALTER TABLE messages DROP COLUMN said_key",
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
