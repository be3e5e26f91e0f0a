//! The schema's history: every step up, down and up again, on a database with
//! rows in it; and the commands that take these steps.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use crate::support::database::{Beside, Engine, Own};
use crate::support::program::{Ran, Setup};
use crate::support::source;
use crate::support::stage::Stage;

/// A database whose steps are taken one by one.
struct Ladder {
    db: DatabaseConnection,
    beside: Beside,
    _database: Own,
}

impl Ladder {
    async fn new() -> Self {
        let database = Own::new();
        let beside = Beside::open(&database.url()).await;
        let mut options = ConnectOptions::new(database.url());
        options.sqlx_logging(false);
        let db = Database::connect(options).await.unwrap();
        Migrator::install(&db).await.unwrap();
        Self { db, beside, _database: database }
    }

    async fn up(&self) {
        Migrator::up(&self.db, Some(1)).await.unwrap();
    }

    async fn down(&self) {
        Migrator::down(&self.db, Some(1)).await.unwrap();
    }

    /// Puts the sample rows of a step into the database.
    async fn add_sample_of(&self, step: &str) {
        let sample = fs::read_to_string(samples().join(format!("{step}.sql")));
        let sample = sample.unwrap_or_else(|error| panic!("sample rows of {step}: {error}"));
        self.beside.run(&translate(&sample, self.beside.engine())).await;
    }

    /// Every table and index, as the database describes it.
    async fn shape(&self) -> Vec<String> {
        let ours = match self.beside.engine() {
            Engine::Sqlite => {
                "SELECT type || ' ' || name || ': ' || COALESCE(sql, '') FROM sqlite_master \
                 WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'seaql_%' ORDER BY 1"
            }
            Engine::Postgres => {
                "SELECT * FROM (SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) \
                 FROM information_schema.columns WHERE table_schema = 'public' \
                 UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
                 UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
                 WHERE connamespace = 'public'::regnamespace) AS ours (line) WHERE line NOT LIKE '%seaql_%' ORDER BY 1"
            }
        };
        self.beside.texts(ours).await
    }

    /// Every row of every table, as text.
    async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let mut rows = BTreeMap::new();
        for table in self.beside.tables().await.into_iter().filter(|name| !name.starts_with("seaql_")) {
            let columns = self.beside.columns(&table).await;
            let text = match self.beside.engine() {
                Engine::Sqlite => |column: &String| format!("quote({column})"),
                Engine::Postgres => |column: &String| format!("quote_nullable({column})"),
            };
            let columns: Vec<String> = columns.iter().map(text).collect();
            let all = format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || ',' || "));
            rows.insert(table, self.beside.texts(&all).await);
        }
        rows
    }
}

/// Sample rows are written as SQLite reads them, where bytes are `X'…'`, those of a UUID too.
fn translate(sample: &str, engine: Engine) -> String {
    if engine == Engine::Sqlite {
        return sample.to_owned();
    }
    let mut parts = sample.split("X'");
    let mut translated = parts.next().unwrap().to_owned();
    for part in parts {
        let is_uuid = part.find('\'').unwrap() == 32;
        translated += if is_uuid { "'" } else { "'\\x" };
        translated += part;
    }
    translated
}

fn samples() -> PathBuf {
    source::top().join("tests/fixtures/migrations")
}

fn steps() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

#[tokio::test]
async fn every_step_goes_up_down_and_up_again_on_a_database_with_rows_in_it() {
    let ladder = Ladder::new().await;
    for step in steps() {
        let (shape_before, rows_before) = (ladder.shape().await, ladder.rows().await);

        ladder.up().await;
        let shape_after = ladder.shape().await;
        assert_ne!(shape_after, shape_before, "{step} changes something");
        ladder.add_sample_of(&step).await;

        ladder.down().await;
        assert_eq!(ladder.shape().await, shape_before, "{step} can be taken back");
        assert_eq!(ladder.rows().await, rows_before, "{step} takes nothing else along");

        ladder.up().await;
        assert_eq!(ladder.shape().await, shape_after, "{step} can be taken again");
        ladder.add_sample_of(&step).await;
        for (table, rows) in ladder.rows().await {
            assert!(!rows.is_empty(), "{step} leaves `{table}` without a sample");
        }
    }
}

#[tokio::test]
async fn the_whole_history_can_be_taken_back_and_up_again_with_rows_in_it() {
    let ladder = Ladder::new().await;
    for _ in 0..2 {
        for step in steps() {
            ladder.up().await;
            ladder.add_sample_of(&step).await;
        }
        if ladder.beside.engine() == Engine::Sqlite {
            assert_eq!(ladder.beside.texts("PRAGMA foreign_key_check").await, Vec::<String>::new());
        }
        Migrator::down(&ladder.db, None).await.unwrap();
        assert_eq!(ladder.shape().await, Vec::<String>::new());
    }
}

#[test]
fn steps_and_samples_belong_together_and_are_in_order() {
    let mut names: Vec<String> = fs::read_dir(samples())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, steps());
}

/// The list that every command ends with: as many steps taken, the others not.
fn listed(taken: usize) -> String {
    let line = |(number, step)| format!("{}  {step}\n", if number < taken { "applied" } else { "pending" });
    steps().into_iter().enumerate().map(line).collect()
}

fn went_well(ran: &Ran, taken: usize) {
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (Some(0), listed(taken).as_str(), ""),
        "{ran:?}"
    );
}

#[tokio::test]
async fn the_commands_take_steps_and_say_where_the_schema_is() {
    let home = Setup::new();
    let all = steps().len();
    went_well(&home.run(&["migrate", "status"]).await, 0);
    went_well(&home.run(&["migrate", "up"]).await, all);
    went_well(&home.run(&["migrate", "up"]).await, all);
    went_well(&home.run(&["migrate", "down", "--yes"]).await, all - 1);
    went_well(&home.run(&["migrate", "down", "2", "--yes"]).await, all - 3);
    went_well(&home.run(&["migrate", "status"]).await, all - 3);
    went_well(&home.run(&["migrate", "down", "--yes", "1000"]).await, 0);
    went_well(&home.run(&["migrate", "up"]).await, all);
}

#[tokio::test]
async fn nothing_is_lost_without_a_yes() {
    let home = Setup::new();
    assert_eq!(home.pipe("hello").await.code, Some(0));
    for command in [&["migrate", "down"][..], &["migrate", "down", "3"], &["migrate", "fresh"]] {
        let ran = home.run(command).await;
        let words = "switchboard: this loses data; add --yes if that is meant\n";
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(1), "", words));
    }
    let beside = Beside::open(&home.database_url()).await;
    assert_eq!(beside.number("SELECT COUNT(*) FROM messages").await, 2);
    beside.close().await;

    went_well(&home.run(&["migrate", "fresh", "--yes"]).await, steps().len());
    let beside = Beside::open(&home.database_url()).await;
    assert_eq!(beside.number("SELECT COUNT(*) FROM messages").await, 0);
    beside.close().await;
    assert_eq!(home.pipe("hello").await.code, Some(0), "an empty database is a good one");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told_by_the_exit_code() {
    let home = Setup::empty();
    for wrong in [&["migrate"][..], &["migrate", "sideways"], &["migrate", "down", "-1", "--yes"]] {
        assert_eq!(home.run(wrong).await.code, Some(2), "{wrong:?}");
    }

    let elsewhere = home.clone().env("SWITCHBOARD__DATABASE__URL", "postgres://u:secret@127.0.0.1:1/d");
    let ran = elsewhere.run(&["migrate", "status"]).await;
    assert_eq!(ran.code, Some(69));
    assert!(!ran.err.contains("secret"), "{}", ran.err);
    assert_eq!(fs::read_dir(home.path("")).unwrap().count(), 0, "nothing is made on the way");
}

#[tokio::test]
async fn a_step_that_ends_in_the_middle_leaves_nothing_and_can_be_taken_again() {
    let ladder = Ladder::new().await;
    for _ in 0..3 {
        ladder.up().await;
    }
    // The name of the last index of the step that makes the inbox is taken.
    ladder.beside.run("CREATE TABLE other (x BIGINT); CREATE INDEX inbox_ended ON other (x)").await;
    let before = ladder.shape().await;

    Migrator::up(&ladder.db, Some(1)).await.unwrap_err();
    assert_eq!(ladder.shape().await, before);

    ladder.beside.run("DROP TABLE other").await;
    Migrator::up(&ladder.db, None).await.unwrap();
}

#[tokio::test]
async fn the_status_is_told_beside_a_daemon_and_changes_nothing() {
    let stage = Stage::new().await;
    let home = &stage.setup;
    // What is not there is not made.
    let ran = home.run(&["migrate", "status"]).await;
    assert_eq!((ran.code, ran.out.contains("applied")), (Some(0), false), "{ran:?}");
    assert!(!home.database().exists());
    if Engine::chosen() == Engine::Postgres {
        let beside = home.beside().await;
        assert_eq!(beside.tables().await, Vec::<String>::new());
        beside.close().await;
    }

    let bot = stage.serve().await;
    let ran = home.run(&["migrate", "status"]).await;
    assert_eq!((ran.code, ran.out.contains("pending")), (Some(0), false), "{ran:?}");
    assert_eq!(ran.out.lines().count(), Migrator::migrations().len(), "{ran:?}");
    stage.ends_well(bot).await;
    let ran = home.run(&["migrate", "status"]).await;
    assert_eq!((ran.code, ran.out.contains("pending")), (Some(0), false), "{ran:?}");
}
