//! Databases for tests, one for each, and ways to look into them from beside
//! the program.
//!
//! They are files of SQLite; or, where `SWITCHBOARD_TEST_POSTGRES` names a
//! server, databases of their own there. `make test` runs the suites both ways.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DbErr, Statement,
    TryGetable,
};
use switchboard::config::{DatabaseSettings, Settings};
use tempfile::TempDir;

/// The server that tests may make databases on.
const SERVER: &str = "SWITCHBOARD_TEST_POSTGRES";

/// Where the tests of this run keep what they keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn chosen() -> Self {
        if server().is_some() { Self::Postgres } else { Self::Sqlite }
    }
}

/// The URL of the server, if this run has one.
pub fn server() -> Option<String> {
    std::env::var(SERVER).ok().filter(|url| !url.is_empty())
}

/// An empty database of a test's own, which is gone when the last copy of this is.
#[derive(Debug, Clone)]
pub struct Own(Arc<Kept>);

#[derive(Debug)]
enum Kept {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl Own {
    /// On the engine of this run.
    pub fn new() -> Self {
        match server() {
            Some(server) => Self::on(server),
            None => Self::file(),
        }
    }

    /// A file of SQLite, whichever engine this run has.
    pub fn file() -> Self {
        Self(Arc::new(Kept::Sqlite(tempfile::tempdir().unwrap())))
    }

    fn on(server: String) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        manage(&server, &format!("CREATE DATABASE {name}"));
        Self(Arc::new(Kept::Postgres { server, name }))
    }

    pub fn engine(&self) -> Engine {
        match self.0.as_ref() {
            Kept::Sqlite(_) => Engine::Sqlite,
            Kept::Postgres { .. } => Engine::Postgres,
        }
    }

    pub fn url(&self) -> String {
        match self.0.as_ref() {
            Kept::Sqlite(folder) => format!("sqlite://{}", folder.path().join("switchboard.db").display()),
            Kept::Postgres { server, name } => {
                let (place, _) = server.rsplit_once('/').expect("a server with a database");
                format!("{place}/{name}")
            }
        }
    }

    /// The URL without TLS, which nobody who is measured needs on this machine.
    pub fn plain_url(&self) -> String {
        match self.engine() {
            Engine::Sqlite => self.url(),
            Engine::Postgres => format!("{}?sslmode=disable", self.url()),
        }
    }

    pub fn settings(&self) -> DatabaseSettings {
        settings(&self.url())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            manage(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// The settings as they are with nothing given but this URL.
pub fn settings(url: &str) -> DatabaseSettings {
    let defaults = Settings::load(None, &BTreeMap::new()).unwrap().database;
    DatabaseSettings { url: url.to_owned().into(), ..defaults }
}

/// Does something on the server, outside of the test's own runtime.
fn manage(server: &str, sql: &str) {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(server, sql));
    };
    std::thread::scope(|scope| scope.spawn(work).join().unwrap());
}

/// A connection of the test's own.
pub struct Beside(DatabaseConnection);

impl Beside {
    /// Connects to a database; a file is made when there is none, and so is its folder.
    pub async fn open(url: &str) -> Self {
        let file = url.strip_prefix("sqlite://");
        if let Some(folder) = file.and_then(|file| Path::new(file).parent()) {
            std::fs::create_dir_all(folder).unwrap();
        }
        let mode = if file.is_some() { "?mode=rwc" } else { "" };
        let mut options = ConnectOptions::new(format!("{url}{mode}"));
        options.max_connections(1).acquire_timeout(Duration::from_secs(20)).sqlx_logging(false);
        Self(Database::connect(options).await.unwrap())
    }

    /// Connects to a file.
    pub async fn of_file(path: &Path) -> Self {
        Self::open(&format!("sqlite://{}", path.display())).await
    }

    pub fn engine(&self) -> Engine {
        match self.0.get_database_backend() {
            DatabaseBackend::Postgres => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    /// Runs statements.
    pub async fn run(&self, sql: &str) {
        self.try_to(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Runs statements that may be refused.
    pub async fn try_to(&self, sql: &str) -> Result<(), DbErr> {
        self.0.execute_unprepared(sql).await.map(drop)
    }

    /// Begins a transaction beside which nobody can write; reading goes on.
    pub async fn shuts_writers_out(&self) {
        self.try_to_shut_writers_out().await.unwrap();
    }

    /// The same where somebody else may be quicker.
    pub async fn try_to_shut_writers_out(&self) -> Result<(), DbErr> {
        let begin = match self.engine() {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN; LOCK TABLE schema_meta IN EXCLUSIVE MODE",
        };
        self.try_to(begin).await
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

    /// How the database goes about a statement, as it explains it, whatever the values are.
    pub async fn plan(&self, sql: &str) -> Vec<String> {
        if self.engine() == Engine::Sqlite {
            let explained =
                Statement::from_string(DatabaseBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"));
            let steps =
                self.0.query_all_raw(explained).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            return steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
        }
        let values = (1..).take_while(|number| sql.contains(&format!("${number}"))).count();
        let values =
            if values == 0 { String::new() } else { format!("({})", vec!["NULL"; values].join(", ")) };
        self.run("SET plan_cache_mode = force_generic_plan").await;
        self.run(&format!("PREPARE explained AS {sql}")).await;
        let plan = self.texts(&format!("EXPLAIN (COSTS OFF) EXECUTE explained{values}")).await;
        self.run("DEALLOCATE explained; RESET plan_cache_mode").await;
        plan
    }

    /// A UUID as statements write it.
    pub fn id(&self, uuid: &str) -> String {
        match self.engine() {
            Engine::Sqlite => format!("X'{}'", uuid.replace('-', "")),
            Engine::Postgres => format!("'{uuid}'"),
        }
    }

    /// The names of all tables that are not the database's own.
    pub async fn tables(&self) -> Vec<String> {
        let sql = match self.engine() {
            Engine::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            Engine::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
        };
        self.texts(sql).await
    }

    /// The names of a table's columns.
    pub async fn columns(&self, table: &str) -> Vec<String> {
        let sql = match self.engine() {
            Engine::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
            Engine::Postgres => format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY ordinal_position"
            ),
        };
        self.texts(&sql).await
    }

    pub async fn close(self) {
        self.0.close().await.unwrap();
    }
}

/// Every text in every table, as `table.column: text`.
pub async fn everything(url: &str) -> Vec<String> {
    let beside = Beside::open(url).await;
    let mut found = Vec::new();
    for table in beside.tables().await {
        for name in beside.columns(&table).await {
            let value = match beside.engine() {
                Engine::Sqlite => format!("CAST(\"{name}\" AS BLOB)"),
                Engine::Postgres => format!("convert_to(CAST(\"{name}\" AS TEXT), 'UTF8')"),
            };
            let sql = format!("SELECT {value} FROM \"{table}\" WHERE \"{name}\" IS NOT NULL");
            let rows: Vec<Vec<u8>> = beside.column(&sql).await;
            let texts = rows.iter().map(|bytes| String::from_utf8_lossy(bytes));
            found.extend(texts.map(|text| format!("{table}.{name}: {text}")));
        }
    }
    beside.close().await;
    found
}

/// Runs one statement on a database; a file is made when there is none.
pub async fn run(url: &str, sql: &str) {
    let beside = Beside::open(url).await;
    beside.run(sql).await;
    beside.close().await;
}
