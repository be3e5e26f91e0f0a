//! What has been said: `conversations` belong to a place, which is either a
//! person's direct chats or one address; `messages` are ordered by `seq`, never
//! by time. `next_seq` hands out the numbers.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE conversations (
    id {uuid} PRIMARY KEY,
    user_id {uuid} REFERENCES users (id),
    address_id {uuid} REFERENCES addresses (id),
    title TEXT,
    model TEXT,
    provider TEXT,
    system_prompt TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    next_seq BIGINT NOT NULL DEFAULT 1,
    version BIGINT NOT NULL DEFAULT 1,
    created_at {moment} NOT NULL,
    last_activity_at {moment} NOT NULL,
    CHECK ((user_id IS NULL) <> (address_id IS NULL))
)"#,
    r#"CREATE INDEX conversations_by_user ON conversations (user_id, last_activity_at)"#,
    r#"CREATE INDEX conversations_by_address ON conversations (address_id, last_activity_at)"#,
    r#"CREATE TABLE messages (
    id {uuid} PRIMARY KEY,
    conversation_id {uuid} NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    turn_id {uuid},
    user_id {uuid} REFERENCES users (id),
    origin_identity_id {uuid} REFERENCES identities (id),
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    parent_id {uuid},
    version BIGINT NOT NULL DEFAULT 1,
    tokens BIGINT,
    model TEXT,
    provider TEXT,
    prompt_tokens BIGINT,
    completion_tokens BIGINT,
    cost_micros BIGINT,
    response_ms BIGINT,
    finish_reason TEXT,
    error TEXT,
    created_at {moment} NOT NULL,
    completed_at {moment},
    deleted_at {moment}
)"#,
    r#"CREATE UNIQUE INDEX messages_by_conversation ON messages (conversation_id, seq)"#,
    r#"CREATE INDEX messages_by_turn ON messages (turn_id) WHERE turn_id IS NOT NULL"#,
];

const DOWN: &[&str] = &["DROP TABLE messages", "DROP TABLE conversations"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
