//! A thumb is about a turn instead of a stored answer, which is not there yet while it is written.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE thumbs AS SELECT m.turn_id, f.user_id, MAX(f.value) AS value, MAX(f.at) AS at FROM feedback f \
        JOIN messages m ON m.id = f.message_id WHERE m.turn_id IS NOT NULL GROUP BY m.turn_id, f.user_id",
    "DROP TABLE feedback",
    r#"CREATE TABLE feedback (
    turn_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES users (id),
    value BIGINT NOT NULL,
    at {moment} NOT NULL,
    PRIMARY KEY (turn_id, user_id)
)"#,
    "INSERT INTO feedback (turn_id, user_id, value, at) SELECT turn_id, user_id, value, at FROM thumbs",
    "DROP TABLE thumbs",
];

const DOWN: &[&str] = &[
    "CREATE TABLE thumbs AS SELECT m.id AS message_id, f.user_id, f.value, f.at FROM feedback f \
        JOIN messages m ON m.turn_id = f.turn_id AND m.role = 'assistant'",
    "DROP TABLE feedback",
    r#"CREATE TABLE feedback (
    message_id {uuid} NOT NULL REFERENCES messages (id),
    user_id {uuid} NOT NULL REFERENCES users (id),
    value BIGINT NOT NULL,
    at {moment} NOT NULL,
    PRIMARY KEY (message_id, user_id)
)"#,
    "INSERT INTO feedback (message_id, user_id, value, at) SELECT message_id, user_id, value, at FROM thumbs",
    "DROP TABLE thumbs",
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
