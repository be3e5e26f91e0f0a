//! A look into the database of a daemon that has ended.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

/// Every text in every table, as `table.column: text`.
pub async fn everything(file: &Path) -> Vec<String> {
    let db = open(file).await;
    let mut found = Vec::new();
    for table in column(&db, "SELECT CAST(name AS BLOB) FROM sqlite_master WHERE type = 'table'").await {
        for name in column(&db, &format!("SELECT CAST(name AS BLOB) FROM pragma_table_info('{table}')")).await
        {
            let sql =
                format!("SELECT CAST(\"{name}\" AS BLOB) FROM \"{table}\" WHERE \"{name}\" IS NOT NULL");
            let texts = column(&db, &sql).await;
            found.extend(texts.into_iter().map(|text| format!("{table}.{name}: {text}")));
        }
    }
    db.close().await.unwrap();
    found
}

/// Runs one statement; makes the file when there is none.
pub async fn run(file: &Path, sql: &str) {
    let db = open(file).await;
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

async fn open(file: &Path) -> DatabaseConnection {
    Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap()
}

async fn column(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<Vec<u8>>(0).unwrap_or_default()).map(lossy).collect()
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
