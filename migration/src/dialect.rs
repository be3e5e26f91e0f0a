//! The few words in which SQLite and PostgreSQL differ.
//!
//! Steps are written as SQL, which says exactly what the schema is; column types
//! that the engines name differently stand in braces. A moment is a count of
//! microseconds since 1970, UTC: as text, SQLite would not sort them right.

use sea_orm_migration::prelude::{DbErr, SchemaManager};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Type names: in the steps, on SQLite, on PostgreSQL.
const TYPES: [(&str, &str, &str); 4] = [
    ("{uuid}", "UUID_BLOB", "UUID"),
    ("{json}", "JSON_TEXT", "JSONB"),
    ("{moment}", "BIGINT", "BIGINT"),
    ("{bytes}", "BLOB", "BYTEA"),
];

/// Runs statements one after another.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        let sql = translate(statement, manager.get_database_backend());
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

fn translate(statement: &str, backend: DbBackend) -> String {
    TYPES.iter().fold(statement.to_owned(), |sql, (name, sqlite, postgres)| {
        let word = if backend == DbBackend::Postgres { postgres } else { sqlite };
        sql.replace(name, word)
    })
}
