//! A second daemon on a database stands by: it lives, says why it is not ready,
//! takes its turn when the first is gone, and ends when it is told to.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::operation::{get, until};
use crate::support::database::{self, Beside};
use crate::support::program::Running;
use crate::support::stage::Stage;

/// How long an end may take that has nothing to wait for.
const AT_ONCE: Duration = Duration::from_secs(5);

/// What is said of the other one.
const OTHER: &str = "another process may be at work on this database";

async fn ends_at_once(bot: &Running) {
    let before = Instant::now();
    bot.signal(Signal::SIGTERM);
    let code = bot.ended().await.code();
    assert!(before.elapsed() < AT_ONCE, "it took {:?}", before.elapsed());
    assert_eq!(code, Some(0), "{:#?}", bot.log());
}

/// Waits until somebody waits for a lock on the database.
async fn until_held_up(beside: &Beside, bot: &Running) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND application_name = 'switchboard' AND wait_event_type = 'Lock'";
    let before = Instant::now();
    while beside.number(waiting).await == 0 {
        assert!(before.elapsed() < Duration::from_secs(20), "nobody waits: {:#?}", bot.log());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_stands_by_lives_is_not_ready_and_ends_when_told() {
    if database::server().is_none() {
        return;
    }
    let stage = Stage::new().await.open().set("DATABASE__LEASE_SECONDS", "300");
    let first = stage.serve().await;
    let second = stage.setup.serve();
    second.wait_for_log(OTHER).await;
    let admin = second.admin_url().await;
    let down = until(&format!("{admin}/readyz"), 503).await;
    assert_eq!(down["database"], "down");
    assert!(down["reason"].as_str().is_some_and(|reason| reason.contains(OTHER)), "{down}");
    assert_eq!(get(&format!("{admin}/livez")).await.0, 200);
    assert_eq!(get(&format!("{admin}/metrics")).await.0, 200);
    ends_at_once(&second).await;

    stage.platform.user(1001, "Alice").says("still there?");
    stage.wait_for(1001, "Certainly.").await;
    stage.ends_well(first).await;
}

#[tokio::test]
async fn who_stands_by_takes_its_turn_when_the_first_is_gone() {
    if database::server().is_none() {
        return;
    }
    let stage = Stage::new().await.open().set("DATABASE__LEASE_SECONDS", "15");
    let first = stage.serve().await;
    let second = stage.setup.serve();
    second.wait_for_log(OTHER).await;
    first.stop().await;
    let up = until(&format!("{}/readyz", second.admin_url().await), 200).await;
    assert!(up.get("reason").is_none(), "{up}");
    stage.platform.user(1001, "Alice").says("who is it?");
    stage.wait_for(1001, "Certainly.").await;
    stage.ends_well(second).await;
}

#[tokio::test]
async fn a_chat_that_stands_by_says_what_it_waits_for() {
    if database::server().is_none() {
        return;
    }
    let stage = Stage::new().await.set("DATABASE__LEASE_SECONDS", "300");
    let first = stage.serve().await;
    let chat = stage.setup.says("hello");
    chat.wait_for_log(OTHER).await;
    assert_eq!(chat.out(), "", "that is for answers");
    let before = Instant::now();
    chat.signal(Signal::SIGTERM);
    chat.ended().await;
    assert!(before.elapsed() < AT_ONCE, "it took {:?}", before.elapsed());
    stage.ends_well(first).await;
}

#[tokio::test]
async fn a_start_that_is_held_up_ends_when_told() {
    if database::server().is_none() {
        return;
    }
    let stage = Stage::new().await;
    let beside = stage.beside().await;
    // Another program is about to change the schema.
    beside.run("SELECT pg_advisory_lock(1398227524, hashtext(current_schema()))").await;
    let bot = stage.setup.serve();
    until_held_up(&beside, &bot).await;
    let admin = bot.admin_url().await;
    let down = until(&format!("{admin}/readyz"), 503).await;
    assert_eq!(down["reason"], "the database is being opened");
    assert_eq!(get(&format!("{admin}/livez")).await.0, 200);
    ends_at_once(&bot).await;
    beside.run("SELECT pg_advisory_unlock_all()").await;

    // Nothing can be done yet about what came in earlier, such as to forget what is old.
    assert_eq!(stage.setup.run(&["migrate", "up"]).await.code, Some(0));
    beside.run("BEGIN; LOCK TABLE inbox IN EXCLUSIVE MODE").await;
    let bot = stage.setup.serve();
    // In a transaction the activity stays as it was first seen.
    let looking = stage.beside().await;
    until_held_up(&looking, &bot).await;
    ends_at_once(&bot).await;
    beside.run("COMMIT").await;
    looking.close().await;
    beside.close().await;

    let bot = stage.serve().await;
    stage.ends_well(bot).await;
}
