//! What the program keeps about itself: `schema_meta` says how old a program may
//! be to work on this schema; `changes` is one row whose version rises with every
//! change that running instances have to hear of.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &[&str] = &[
    r#"CREATE TABLE schema_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)"#,
    r#"INSERT INTO schema_meta (name, value) VALUES ('minimum_compatible_version', '1')"#,
    r#"CREATE TABLE changes (id BIGINT PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL)"#,
    r#"INSERT INTO changes (id, version) VALUES (1, 0)"#,
];

const DOWN: &[&str] = &["DROP TABLE changes", "DROP TABLE schema_meta"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DOWN).await
    }
}
