//! What has come in and is not forgotten until it has ended. A row is inserted
//! before the platform gets its acknowledgement. `dedupe_hash` names the thing
//! said; `lane_id` is empty for what is not to wait in a lane. A lane has at
//! most one row at work, which the partial unique index keeps. `raw` holds what
//! could not be read.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE inbox (
    id {uuid} PRIMARY KEY,
    dedupe_hash {bytes} NOT NULL,
    platform TEXT NOT NULL,
    lane_id {uuid},
    address_id {uuid} REFERENCES addresses (id),
    identity_id {uuid} REFERENCES identities (id),
    sequence BIGINT NOT NULL,
    turn_id {uuid},
    state TEXT NOT NULL,
    outcome TEXT,
    claim {uuid},
    attempts BIGINT NOT NULL DEFAULT 0,
    payload TEXT,
    raw TEXT,
    sent_at {moment} NOT NULL,
    received_at {moment} NOT NULL,
    ended_at {moment}
)"#,
    r#"CREATE UNIQUE INDEX inbox_by_dedupe ON inbox (dedupe_hash)"#,
    r#"CREATE INDEX inbox_waiting ON inbox (lane_id, state, sent_at, sequence) WHERE state IN ('received', 'ready')"#,
    r#"CREATE UNIQUE INDEX inbox_running ON inbox (lane_id) WHERE state IN ('claimed', 'generating', 'ready')"#,
    r#"CREATE INDEX inbox_by_turn ON inbox (turn_id) WHERE turn_id IS NOT NULL"#,
    r#"CREATE INDEX inbox_ended ON inbox (ended_at) WHERE ended_at IS NOT NULL"#,
];

const DOWN: &[&str] = &["DROP TABLE inbox"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
