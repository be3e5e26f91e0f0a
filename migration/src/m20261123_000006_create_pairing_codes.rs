//! Codes by which people are let in: an unknown person gets one and an admin
//! approves it; whoever sends the code of kind `owner` becomes the first owner.
//! Only hashes are kept, and a code works once.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE pairing_codes (
    id {uuid} PRIMARY KEY,
    kind TEXT NOT NULL,
    code_hash {bytes} NOT NULL,
    user_id {uuid} REFERENCES users (id),
    created_at {moment} NOT NULL,
    expires_at {moment} NOT NULL,
    used_at {moment}
)"#,
    r#"CREATE UNIQUE INDEX pairing_codes_by_hash ON pairing_codes (code_hash)"#,
    r#"CREATE INDEX pairing_codes_by_user ON pairing_codes (user_id)"#,
];

const DOWN: &[&str] = &["DROP TABLE pairing_codes"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
