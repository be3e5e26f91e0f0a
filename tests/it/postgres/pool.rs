//! The pool as `[database]` has it: each key by what can be seen of it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use switchboard::config::DatabaseSettings;
use switchboard::store::{Store, StoreError};
use switchboard::telemetry::{Tasks, chain};

use crate::operation::get;
use crate::support::database::{self, Beside, Own};
use crate::support::observed::PATIENCE;
use crate::support::stage::Stage;

/// Our connections to one database.
const OURS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND application_name = 'switchboard'";

/// How much longer than the shorter the longer of two limits has to be seen to be.
const APART: Duration = Duration::from_secs(2);

/// Opens a database with some of the settings changed.
async fn open(own: &Own, change: impl FnOnce(&mut DatabaseSettings)) -> Store {
    let mut settings = own.settings();
    change(&mut settings);
    Store::open(&settings, &Tasks::default()).await.unwrap()
}

/// Looks again and again until a number is this one.
async fn until(beside: &Beside, sql: &str, wanted: i64) {
    let before = Instant::now();
    loop {
        let number = beside.number(sql).await;
        if number == wanted {
            return;
        }
        assert!(before.elapsed() < PATIENCE, "it stays {number} and not {wanted}: {sql}");
        tokio::task::yield_now().await;
    }
}

/// Waits until so many of our statements wait for a lock.
async fn until_waiting(beside: &Beside, count: i64) {
    until(beside, &format!("{OURS} AND wait_event_type = 'Lock'"), count).await;
}

/// What a write comes to, and how long that takes.
async fn timed(store: &Store) -> (Result<(), StoreError>, Duration) {
    let before = Instant::now();
    (store.ping().await, before.elapsed())
}

/// Whether two writes failed with these words, after a second and clearly later.
fn failed_apart(
    words: &str,
    short: (Result<(), StoreError>, Duration),
    long: (Result<(), StoreError>, Duration),
) {
    for (result, _) in [&short, &long] {
        let error = result.as_ref().expect_err("nobody can write");
        assert!(chain(error).to_string().contains(words), "{}", chain(error));
    }
    assert!(short.1 >= Duration::from_secs(1), "{:?}", short.1);
    assert!(short.1 + APART <= long.1, "{:?} and {:?}", short.1, long.1);
}

#[tokio::test]
async fn as_many_connections_are_opened_as_the_pool_may_have_and_the_others_wait() {
    if database::server().is_none() {
        return;
    }
    for size in [2, 5] {
        let own = Own::new();
        let store = open(&own, |settings| {
            settings.pool_size = size;
            settings.acquire_timeout_seconds = 60;
            settings.statement_timeout_seconds = 60;
        })
        .await;
        let (locker, looking) = (Beside::open(&own.url()).await, Beside::open(&own.url()).await);
        locker.shuts_writers_out().await;
        let writes = join_all((0..size * 2).map(|_| store.ping()));
        let unlock = async {
            until_waiting(&looking, size.into()).await;
            locker.run("COMMIT").await;
        };
        let (written, ()) = tokio::join!(writes, unlock);
        assert!(written.iter().all(Result::is_ok), "{written:?}");
        assert_eq!(looking.number(OURS).await, i64::from(size), "as many are kept");
    }
}

#[tokio::test]
async fn who_gets_no_connection_is_told_so_when_its_time_is_over() {
    if database::server().is_none() {
        return;
    }
    let own = Own::new();
    let with = async |seconds| {
        open(&own, |settings| {
            settings.pool_size = 1;
            settings.acquire_timeout_seconds = seconds;
            settings.statement_timeout_seconds = 60;
        })
        .await
    };
    let (hasty, patient) = (with(1).await, with(5).await);
    let (locker, looking) = (Beside::open(&own.url()).await, Beside::open(&own.url()).await);
    locker.shuts_writers_out().await;
    let failing = async {
        // Each has its only connection in use.
        until_waiting(&looking, 2).await;
        let (short, long) = tokio::join!(timed(&hasty), timed(&patient));
        failed_apart("pool", short, long);
        locker.run("COMMIT").await;
    };
    let (first, second, ()) = tokio::join!(hasty.ping(), patient.ping(), failing);
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    if database::server().is_none() {
        return;
    }
    let own = Own::new();
    let with = async |seconds| open(&own, |settings| settings.statement_timeout_seconds = seconds).await;
    let (hasty, patient) = (with(1).await, with(5).await);
    let locker = Beside::open(&own.url()).await;
    locker.shuts_writers_out().await;
    let (short, long) = tokio::join!(timed(&hasty), timed(&patient));
    failed_apart("statement timeout", short, long);
    locker.run("COMMIT").await;
    assert!(hasty.ping().await.is_ok(), "the connection goes on");
}

#[tokio::test]
async fn a_connection_that_is_idle_or_old_is_closed_and_others_stay() {
    if database::server().is_none() {
        return;
    }
    let changes: [fn(&mut DatabaseSettings); 2] =
        [|settings| settings.idle_timeout_seconds = 1, |settings| settings.max_lifetime_seconds = 1];
    for change in changes {
        let (own, other) = (Own::new(), Own::new());
        let (brief, lasting) = (open(&own, change).await, open(&other, |_| {}).await);
        let (looking, beside) = (Beside::open(&own.url()).await, Beside::open(&other.url()).await);
        lasting.ping().await.unwrap();
        brief.ping().await.unwrap();
        until(&looking, OURS, 0).await;
        assert!(beside.number(OURS).await > 0, "they stay where nothing says otherwise");
        assert!(brief.ping().await.is_ok(), "and a new one is opened");
    }
}

#[tokio::test]
async fn the_metrics_tell_of_the_connections_that_the_server_sees() {
    if database::server().is_none() {
        return;
    }
    let stage = Stage::new().await.open().set("DATABASE__POOL_SIZE", "3");
    let bot = stage.serve().await;
    let page = format!("{}/metrics", bot.admin_url().await);
    stage.platform.user(1001, "Alice").says("hello");
    stage.wait_for(1001, "Certainly.").await;
    let (locker, looking) = (stage.beside().await, stage.beside().await);
    let text = agree(&page, &looking, |busy, idle| busy + idle > 0).await;
    assert!(number(&text, "switchboard_database_acquired_seconds_count") > 0, "{text}");

    locker.shuts_writers_out().await;
    stage.platform.user(1001, "Alice").says("and now?");
    until_waiting(&looking, 1).await;
    agree(&page, &looking, |busy, _| busy > 0).await;
    locker.run("COMMIT").await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    assert_eq!(stage.said(1001), ["Certainly.", "Certainly."]);
    stage.ends_well(bot).await;
}

/// Looks until the metrics show as many connections as the server does, and what else is asked for.
async fn agree(page: &str, looking: &Beside, is_it: impl Fn(i64, i64) -> bool) -> String {
    let before = Instant::now();
    loop {
        let text = get(page).await.1;
        let of = |state| number(&text, &format!("switchboard_database_connections{{state=\"{state}\"}}"));
        let (busy, idle, seen) = (of("busy"), of("idle"), looking.number(OURS).await);
        if busy + idle == seen && is_it(busy, idle) {
            assert!(seen <= 3, "{seen}");
            return text;
        }
        assert!(before.elapsed() < PATIENCE, "{busy} busy, {idle} idle, and the server has {seen}");
    }
}

/// What a sample says.
fn number(text: &str, series: &str) -> i64 {
    let value = text.lines().find_map(|line| line.strip_prefix(series)).unwrap_or("0");
    value.trim().parse().unwrap()
}
