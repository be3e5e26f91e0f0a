//! The schema's history: what is taken, what is not ours, what is too new.

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, EntityTrait, RuntimeErr, Statement,
};

use crate::store::StoreError;
use crate::store::entities::schema_meta;

/// The version of the schema's readers that this program is. A step of the
/// schema that older programs cannot live with raises the number it asks for.
const READER_VERSION: i64 = 1;

/// The table that records which steps are taken.
const HISTORY: &str = "seaql_migrations";

/// Brings the schema up to date, unless a newer program made it.
pub(in crate::store) async fn migrate(db: &DatabaseConnection) -> Result<(), StoreError> {
    refuse_newer(db).await?;
    let known: Vec<String> =
        Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = applied(db).await?;
    let missing = known.iter().filter(|name| !applied.contains(name)).count();
    if missing == 0 {
        return Ok(());
    }
    Migrator::up(db, None).await.map_err(failed)?;
    tracing::info!(steps = missing, "brought the schema up to date: {missing} steps");
    Ok(())
}

/// The steps that the schema has behind it, newer programs' included.
pub(in crate::store) async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    Migrator::install(db).await.map_err(failed)?;
    recorded(db).await
}

/// The same of a database that may have no history yet, and gets none by this.
pub(super) async fn recorded(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    if !tables(db).await?.iter().any(|table| table == HISTORY) {
        return Ok(Vec::new());
    }
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "version").map_err(StoreError::from)).collect()
}

/// Refuses a schema that asks for newer programs than this one.
pub(in crate::store) async fn refuse_newer(db: &DatabaseConnection) -> Result<(), StoreError> {
    if !tables(db).await?.iter().any(|table| table == "schema_meta") {
        return Ok(());
    }
    let row = schema_meta::Entity::find_by_id("minimum_compatible_version").one(db).await?;
    let needed = row.and_then(|row| row.value.parse().ok()).unwrap_or(0);
    if needed > READER_VERSION {
        return Err(StoreError::Newer { needed, ours: READER_VERSION });
    }
    Ok(())
}

/// Whether it has tables, none of which is ours.
pub(super) async fn is_foreign(db: &DatabaseConnection) -> Result<bool, DbErr> {
    let tables = tables(db).await?;
    Ok(!tables.is_empty() && !tables.iter().any(|table| table == HISTORY))
}

/// The names of all tables.
async fn tables(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let sql = if db.get_database_backend() == DatabaseBackend::Postgres {
        "SELECT tablename::text AS name FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

/// Why a step failed; on PostgreSQL an account may read a database and not change it.
fn failed(source: DbErr) -> StoreError {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = &source
    else {
        return StoreError::Migrate(source);
    };
    let code = cause.as_database_error().and_then(|error| error.code());
    if code.as_deref() == Some(INSUFFICIENT_PRIVILEGE) {
        return StoreError::NoRights(source);
    }
    StoreError::Migrate(source)
}
