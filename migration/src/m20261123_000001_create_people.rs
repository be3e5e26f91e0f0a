//! People and their accounts: `users` are persons, `identities` the accounts
//! they write from. A person may have several; an account has one person.
//!
//! `active_conversation_id` names a row of a table that comes later, so it has
//! no foreign key.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE users (
    id {uuid} PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'stranger',
    tier TEXT NOT NULL DEFAULT 'free',
    preferred_model TEXT,
    locale TEXT,
    time_zone TEXT,
    settings {json} NOT NULL DEFAULT '{}',
    is_blocked BOOLEAN NOT NULL DEFAULT FALSE,
    is_anonymized BOOLEAN NOT NULL DEFAULT FALSE,
    active_conversation_id {uuid},
    created_at {moment} NOT NULL
)"#,
    r#"CREATE TABLE identities (
    id {uuid} PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    platform TEXT NOT NULL,
    scope TEXT NOT NULL,
    platform_user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    username TEXT,
    created_at {moment} NOT NULL,
    last_seen_at {moment} NOT NULL
)"#,
    r#"CREATE UNIQUE INDEX identities_by_account ON identities (platform, scope, platform_user_id)"#,
    r#"CREATE INDEX identities_by_user ON identities (user_id)"#,
];

const DOWN: &[&str] = &["DROP TABLE identities", "DROP TABLE users"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
