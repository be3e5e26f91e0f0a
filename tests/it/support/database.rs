//! A database file, looked at and changed from beside the program.

use std::path::Path;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement, TryGetable};

/// A connection of the test's own.
pub struct Beside(DatabaseConnection);

impl Beside {
    /// Connects to a file, which is made when there is none.
    pub async fn open(path: &Path) -> Self {
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
        options.max_connections(1).sqlx_logging(false);
        Self(Database::connect(options).await.unwrap())
    }

    /// Runs statements.
    pub async fn run(&self, sql: &str) {
        self.try_to(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Runs statements that may be refused.
    pub async fn try_to(&self, sql: &str) -> Result<(), DbErr> {
        self.0.execute_unprepared(sql).await.map(drop)
    }

    /// The first column of all rows.
    pub async fn column<T: TryGetable>(&self, sql: &str) -> Vec<T> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self.0.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The only value.
    pub async fn number(&self, sql: &str) -> i64 {
        let [number] = self.column(sql).await[..] else { panic!("{sql}: one row") };
        number
    }

    pub async fn texts(&self, sql: &str) -> Vec<String> {
        self.column(sql).await
    }

    /// The first column of all rows, whatever bytes it holds.
    async fn blobs(&self, sql: &str) -> Vec<String> {
        let rows: Vec<Vec<u8>> = self.column(sql).await;
        rows.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    pub async fn close(self) {
        self.0.close().await.unwrap();
    }
}

/// Every text in every table of a file, as `table.column: text`.
pub async fn everything(file: &Path) -> Vec<String> {
    let beside = Beside::open(file).await;
    let mut found = Vec::new();
    let tables = "SELECT CAST(name AS BLOB) FROM sqlite_master WHERE type = 'table'";
    for table in beside.blobs(tables).await {
        let columns = format!("SELECT CAST(name AS BLOB) FROM pragma_table_info('{table}')");
        for name in beside.blobs(&columns).await {
            let sql =
                format!("SELECT CAST(\"{name}\" AS BLOB) FROM \"{table}\" WHERE \"{name}\" IS NOT NULL");
            let texts = beside.blobs(&sql).await;
            found.extend(texts.into_iter().map(|text| format!("{table}.{name}: {text}")));
        }
    }
    beside.close().await;
    found
}

/// Runs one statement on a file, which is made when there is none.
pub async fn run(file: &Path, sql: &str) {
    let beside = Beside::open(file).await;
    beside.run(sql).await;
    beside.close().await;
}
