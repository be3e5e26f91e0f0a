//! What is on its way out: one row for each part of a reply, named by its turn
//! and its place in it. A row is `sending` before the request leaves, so that a
//! crash leaves a trace of what may have arrived; `posted_id` is the platform's
//! name of it. The text is blanked when the turn has ended.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE outbox (
    turn_id {uuid} NOT NULL,
    number BIGINT NOT NULL,
    platform TEXT NOT NULL,
    state TEXT NOT NULL,
    payload TEXT,
    posted_id TEXT,
    is_labelled BOOLEAN NOT NULL DEFAULT FALSE,
    sending_at {moment},
    created_at {moment} NOT NULL,
    ended_at {moment},
    PRIMARY KEY (turn_id, number)
)"#,
    r#"CREATE INDEX outbox_open ON outbox (created_at) WHERE state IN ('pending', 'sending', 'unknown', 'dead')"#,
    r#"CREATE INDEX outbox_ended ON outbox (ended_at) WHERE ended_at IS NOT NULL"#,
];

const DOWN: &[&str] = &["DROP TABLE outbox"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
