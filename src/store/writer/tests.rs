//! The writer on a real file: what is kept, who hears of it, and when.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{BATCH, QUEUE, Writer};
use crate::store::{StoreError, engine};
use crate::telemetry::Tasks;

/// How long a test waits for something that should happen.
const PATIENCE: Duration = Duration::from_secs(20);

type Written = Result<(), StoreError>;
type Asked = Pin<Box<dyn Future<Output = Written> + Send>>;

/// A writer on a file with a table of notes.
struct Desk {
    _folder: TempDir,
    writer: Writer,
    readers: DatabaseConnection,
}

/// A job that keeps the writer busy until it is let go.
struct Held {
    job: Asked,
    go: oneshot::Sender<()>,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connections = engine::sqlite::connect(&folder.path().join("notes.db")).await.unwrap();
        let tables = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE); \
             CREATE TABLE replies (note INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)";
        connections.writer.execute_unprepared(tables).await.unwrap();
        let writer = Writer::start(connections.writer, &Tasks::default());
        Self { _folder: folder, writer, readers: connections.readers }
    }

    /// Puts a job into the queue, and nothing more.
    fn ask<F>(&self, job: F) -> Asked
    where
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Written> + Clone + Send + 'static,
    {
        let writer = self.writer.clone();
        let mut asked: Asked = Box::pin(async move { writer.write(job).await });
        // Tokio would send a task away that asks for so much without a pause.
        let first = tokio::task::unconstrained(&mut asked).now_or_never();
        assert!(first.is_none(), "nothing is done at once");
        asked
    }

    fn ask_sql(&self, sql: &str) -> Asked {
        let sql = sql.to_owned();
        self.ask(move |tx| async move { run(tx, &sql).await }.boxed())
    }

    fn note(&self, text: &str) -> Asked {
        self.ask_sql(&format!("INSERT INTO notes (text) VALUES ('{text}')"))
    }

    /// Writes two notes, of which the second one may not be.
    fn fail(&self) -> Asked {
        self.ask_sql("INSERT INTO notes (text) VALUES ('half'); INSERT INTO notes (text) VALUES ('half')")
    }

    /// Waits until the writer is at a job that does not end by itself.
    async fn hold(&self) -> Held {
        let (here, arrived) = oneshot::channel();
        let held = self.hold_later(here);
        timeout(PATIENCE, arrived).await.unwrap().unwrap();
        held
    }

    fn hold_later(&self, here: oneshot::Sender<()>) -> Held {
        let (go, gone) = oneshot::channel::<()>();
        let once = Arc::new(Mutex::new(Some((here, gone))));
        let job = self.ask(move |_| {
            async move {
                let (here, gone) = once.lock().unwrap().take().expect("it runs once");
                here.send(()).unwrap();
                gone.await.unwrap();
                Ok(())
            }
            .boxed()
        });
        Held { job, go }
    }

    /// What another connection sees.
    async fn notes(&self) -> Vec<String> {
        let sql = "SELECT text FROM notes ORDER BY id";
        let statement = Statement::from_string(self.readers.get_database_backend(), sql);
        let rows = self.readers.query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get("", "text").unwrap()).collect()
    }
}

impl Held {
    async fn release(self) {
        self.go.send(()).unwrap();
        done(self.job).await.unwrap();
    }
}

async fn run(tx: &DatabaseTransaction, sql: &str) -> Written {
    tx.execute_unprepared(sql).await?;
    Ok(())
}

async fn done(asked: Asked) -> Written {
    timeout(PATIENCE, asked).await.expect("an answer in time")
}

#[tokio::test]
async fn a_failing_job_harms_no_neighbour() {
    let desk = Desk::new().await;
    let held = desk.hold().await;
    let batch = [desk.note("before"), desk.fail(), desk.note("after")];
    held.release().await;

    let [before, failed, after] = batch;
    assert!(done(before).await.is_ok());
    assert!(matches!(done(failed).await, Err(StoreError::Statement(_))));
    assert!(done(after).await.is_ok());
    assert_eq!(desk.notes().await, ["before", "after"]);
}

#[tokio::test]
async fn a_job_that_fails_alone_leaves_nothing() {
    let desk = Desk::new().await;

    assert!(matches!(done(desk.fail()).await, Err(StoreError::Statement(_))));
    assert!(done(desk.note("next")).await.is_ok());
    assert_eq!(desk.notes().await, ["next"]);
}

#[tokio::test]
async fn a_panicking_job_harms_no_neighbour() {
    let desk = Desk::new().await;
    let panic = || {
        desk.ask(|tx| {
            async move {
                run(tx, "INSERT INTO notes (text) VALUES ('half')").await?;
                panic!("this is the test's own")
            }
            .boxed()
        })
    };
    let held = desk.hold().await;
    let batch = [desk.note("before"), panic(), desk.note("after")];
    held.release().await;

    let [before, panicked, after] = batch;
    assert!(done(before).await.is_ok());
    assert!(matches!(done(panicked).await, Err(StoreError::Panicked)));
    assert!(done(after).await.is_ok());
    assert!(matches!(done(panic()).await, Err(StoreError::Panicked)), "alone, it is no different");
    assert_eq!(desk.notes().await, ["before", "after"]);
}

#[tokio::test]
async fn nothing_is_answered_before_the_commit() {
    let desk = Desk::new().await;
    let held = desk.hold().await;
    let mut early = desk.note("early");
    let (here, arrived) = oneshot::channel();
    let last = desk.hold_later(here);
    held.release().await;
    timeout(PATIENCE, arrived).await.unwrap().unwrap();

    // The batch has written the note and is not committed.
    assert!((&mut early).now_or_never().is_none());
    assert_eq!(desk.notes().await, Vec::<String>::new());

    last.release().await;
    assert!(done(early).await.is_ok());
    assert_eq!(desk.notes().await, ["early"]);
}

#[tokio::test]
async fn what_a_call_has_returned_can_be_read_at_once() {
    let desk = Desk::new().await;
    for count in 1..=50 {
        done(desk.note(&count.to_string())).await.unwrap();
        assert_eq!(desk.notes().await.len(), count);
    }
}

#[tokio::test]
async fn a_commit_that_fails_keeps_nothing_and_tells_everybody() {
    let desk = Desk::new().await;
    let held = desk.hold().await;
    // The reply's note is looked for at the commit only.
    let orphan = "INSERT INTO replies (note) VALUES (404)";
    let batch = [desk.note("before"), desk.ask_sql(orphan), desk.note("after")];
    held.release().await;

    for answer in batch {
        assert!(matches!(done(answer).await, Err(StoreError::Commit(_))));
    }
    assert_eq!(desk.notes().await, Vec::<String>::new());
    assert!(matches!(done(desk.ask_sql(orphan)).await, Err(StoreError::Commit(_))));

    done(desk.note("next")).await.unwrap();
    assert_eq!(desk.notes().await, ["next"]);
}

#[tokio::test]
async fn who_runs_again_because_of_another_is_told_of_that_time() {
    let desk = Desk::new().await;
    let held = desk.hold().await;
    let orphan = desk.ask_sql("INSERT INTO replies (note) VALUES (404)");
    let batch =
        [desk.note("one"), orphan, desk.note("two"), desk.fail(), desk.note("two"), desk.note("three")];
    held.release().await;

    let [one, orphaned, two, failed, again, three] = batch;
    for kept in [one, two, three] {
        done(kept).await.unwrap();
    }
    assert!(matches!(done(orphaned).await, Err(StoreError::Commit(_))));
    assert!(matches!(done(failed).await, Err(StoreError::Statement(_))));
    assert!(matches!(done(again).await, Err(StoreError::Statement(_))), "there is one already");
    assert_eq!(desk.notes().await, ["one", "two", "three"]);
}

/// SQLite rolls back by itself when, for instance, the disk is full, and fails what it was asked.
#[tokio::test]
async fn a_transaction_that_ends_under_its_jobs_is_not_the_end() {
    let desk = Desk::new().await;
    let held = desk.hold().await;
    let batch = [desk.note("before"), desk.ask_sql("ROLLBACK; SELECT * FROM nowhere"), desk.note("after")];
    held.release().await;

    for answer in batch {
        assert!(done(answer).await.is_err());
    }
    assert!(
        done(desk.ask_sql("ROLLBACK; SELECT * FROM nowhere")).await.is_err(),
        "alone, it is no different"
    );
    done(desk.note("next")).await.unwrap();
    assert_eq!(desk.notes().await, ["next"]);
}

#[tokio::test]
async fn a_full_queue_makes_callers_wait_and_loses_nothing() {
    let desk = Desk::new().await;
    let held = desk.hold().await;
    let waiting: Vec<Asked> = (0..QUEUE + 100).map(|number| desk.note(&number.to_string())).collect();
    assert_eq!(desk.writer.jobs.capacity(), 0);
    held.release().await;

    let answers = timeout(PATIENCE, join_all(waiting)).await.unwrap();
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(desk.notes().await.len(), QUEUE + 100);
}

#[tokio::test]
async fn jobs_run_in_the_order_in_which_they_came() {
    let desk = Desk::new().await;
    let held = desk.hold().await;
    let numbers: Vec<String> = (0..BATCH * 2 + 7).map(|number| number.to_string()).collect();
    let waiting: Vec<Asked> = numbers.iter().map(|number| desk.note(number)).collect();
    held.release().await;

    timeout(PATIENCE, join_all(waiting)).await.unwrap();
    assert_eq!(desk.notes().await, numbers);
}

#[tokio::test]
async fn a_caller_that_stopped_waiting_harms_nobody() {
    let desk = Desk::new().await;
    let held = desk.hold().await;
    drop(desk.note("forgotten"));
    let stays = desk.note("kept");
    drop(desk.fail());
    held.release().await;

    done(stays).await.unwrap();
    assert_eq!(desk.notes().await, ["forgotten", "kept"], "what was asked is done all the same");
}

#[tokio::test]
async fn the_writer_ends_with_the_last_who_can_ask() {
    let folder = tempfile::tempdir().unwrap();
    let connections = engine::sqlite::connect(&folder.path().join("notes.db")).await.unwrap();
    let tasks = Tasks::default();
    drop(Writer::start(connections.writer, &tasks));

    timeout(PATIENCE, tasks.end()).await.expect("the writer ends");
}
