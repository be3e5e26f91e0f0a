//! Where things are said: `spaces` are guilds, workspaces and groups, which
//! settings and admission attach to; `addresses` are the chats and threads in
//! them. A thread that is none is the empty text, so that it counts in the
//! unique index on both engines.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE spaces (
    id {uuid} PRIMARY KEY,
    platform TEXT NOT NULL,
    platform_space_id TEXT NOT NULL,
    name TEXT,
    settings {json} NOT NULL DEFAULT '{}',
    allowed_by {uuid} REFERENCES users (id),
    allowed_at {moment},
    created_at {moment} NOT NULL
)"#,
    r#"CREATE UNIQUE INDEX spaces_by_platform ON spaces (platform, platform_space_id)"#,
    r#"CREATE TABLE addresses (
    id {uuid} PRIMARY KEY,
    platform TEXT NOT NULL,
    scope TEXT NOT NULL,
    chat TEXT NOT NULL,
    thread TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL,
    space_id {uuid} REFERENCES spaces (id),
    lane_id {uuid} NOT NULL,
    active_conversation_id {uuid},
    created_at {moment} NOT NULL,
    closed_at {moment}
)"#,
    r#"CREATE UNIQUE INDEX addresses_by_place ON addresses (platform, scope, chat, thread)"#,
    r#"CREATE INDEX addresses_by_lane ON addresses (lane_id)"#,
];

const DOWN: &[&str] = &["DROP TABLE addresses", "DROP TABLE spaces"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
