//! The disk under the embedded database: full, locked, and full while we run.
//!
//! A limit on the size of files stands for a disk that is full: what is written
//! beyond it fails, and no test has to be root to set it.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::operation::{get, until};
use crate::support::database::Beside;
use crate::support::models::{Answer, Gate};
use crate::support::observed::PATIENCE;
use crate::support::program::{Running, Setup};
use crate::support::stage::Stage;
use crate::support::telegram::Telegram;
use crate::talk::wait_until_noted;

/// More than any test writes.
const PLENTY: u64 = 1 << 40;

/// What the promise grants for the way back.
const RECOVERY: Duration = Duration::from_secs(5);

/// What a busy machine may add to an end.
const MARGIN: Duration = Duration::from_secs(2);

/// Something needed is not available; whoever starts us tries again.
const NOT_AVAILABLE: i32 = 69;

fn on_telegram(platform: &Telegram) -> Setup {
    Setup::with_file().with(&format!(
        "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\npoll_seconds = 1",
        platform.token(),
        platform.url()
    ))
}

/// The last line that a command says.
async fn last_words(setup: &Setup, words: &[&str]) -> (Option<i32>, String) {
    let ran = setup.run(words).await;
    (ran.code, ran.err.lines().last().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_full_disk_at_the_start_is_named_and_worth_another_try() {
    let platform = Telegram::start().await;

    // Too little for the first page of anything, for the index of the log, for the schema.
    for room in [1, 8 << 10, 40 << 10, 100 << 10] {
        for command in [["serve"].as_slice(), &["migrate", "up"]] {
            // Each begins anew: what a first try has done may be just enough for a second one.
            let setup = on_telegram(&platform).with_room_for(room);
            let (code, said) = last_words(&setup, command).await;
            let is_told = said.contains("the disk under the database `data/switchboard.db`");
            assert!(code == Some(NOT_AVAILABLE) && is_told, "{room} bytes, {command:?}: {code:?}, {said}");
        }
    }
    assert_eq!(platform.count_calls("getUpdates"), 0);
}

#[tokio::test]
async fn a_database_that_another_program_keeps_locked_is_worth_another_try() {
    let platform = Telegram::start().await;
    let setup = on_telegram(&platform);
    assert_eq!(setup.run(&["migrate", "up"]).await.code, Some(0));
    let beside = Beside::open(&setup.database_url()).await;
    beside.run("PRAGMA locking_mode = EXCLUSIVE").await;
    beside.run("BEGIN EXCLUSIVE").await;

    let (code, said) = last_words(&setup, &["serve"]).await;
    let words = "another program keeps the database `data/switchboard.db` locked";
    assert!(code == Some(NOT_AVAILABLE) && said.contains(words), "{code:?}, {said}");
    beside.close().await;
}

/// A daemon whose disk has room until somebody takes it.
async fn with_a_disk() -> Stage {
    let stage = Stage::with_file().await.open();
    Stage { setup: stage.setup.with_room_for(PLENTY), ..stage }
}

#[tokio::test]
async fn a_disk_that_fills_up_stops_the_acknowledgements_until_there_is_room_again() {
    let stage = with_a_disk().await;
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    let admin = bot.admin_url().await;
    let (ready, alive) = (format!("{admin}/readyz"), format!("{admin}/livez"));
    alice.says("before");
    stage.wait_for(1001, "Certainly.").await;
    bot.wait_for_log("a turn on telegram ended").await;
    stage.platform.wait_until_confirmed().await.unwrap();
    until(&ready, 200).await;

    bot.has_room_for("1");
    until(&ready, 503).await;
    alice.says("meanwhile");
    bot.wait_for_log("could not store what came in; Telegram keeps it for us").await;
    // One failure must not make the next write look as if it had worked.
    for _ in 0..10 {
        assert_eq!((get(&alive).await.0, get(&ready).await.0), (200, 503), "{:#?}", bot.log());
    }
    assert_eq!(stage.platform.pending_updates(), 1, "not confirmed, so Telegram keeps it");
    assert_eq!((stage.said(1001).len(), stage.models.count()), (1, 1));

    bot.has_room_for("unlimited");
    let back = Instant::now();
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    assert!(back.elapsed() < RECOVERY, "it took {:?}", back.elapsed());
    until(&ready, 200).await;
    stage.platform.wait_until_confirmed().await.unwrap();
    assert_eq!(stage.said(1001), ["Certainly.", "Certainly."]);
    assert_eq!(stage.models.count(), 2, "each was answered once");
    stage.ends_well(bot).await;
    assert_eq!(kept(&stage).await, (0, 4));
}

/// How many messages have not ended, and how many lines the conversations have.
async fn kept(stage: &Stage) -> (i64, i64) {
    let beside = Beside::open(&stage.setup.database_url()).await;
    let open = beside.number("SELECT COUNT(*) FROM inbox WHERE ended_at IS NULL").await;
    let lines = beside.number("SELECT COUNT(*) FROM messages").await;
    beside.close().await;
    (open, lines)
}

/// A daemon that has begun to tell a story, and has no room to keep the rest of it.
async fn out_of_room(stage: &Stage) -> Running {
    let gate = Gate::closed_after(1);
    let story = Answer::deltas(["Once upon a time", " there was an end."]).behind(&gate);
    stage.models.when_asked("story", story);
    let bot = stage.serve().await;
    stage.platform.user(1001, "Alice").says("A story, please.");
    stage.wait_for(1001, "Once upon a time").await;
    // What is not noted by then may not have arrived, for all that the next start can know.
    wait_until_noted(&stage.setup).await;
    bot.has_room_for("1");
    gate.release();
    bot.wait_for_logs("yet, trying again", 2).await;
    bot
}

#[tokio::test]
async fn a_disk_that_fills_up_in_the_middle_of_an_answer_costs_nothing_of_it() {
    let stage = with_a_disk().await;
    let bot = out_of_room(&stage).await;
    bot.has_room_for("unlimited");
    let back = Instant::now();
    stage.wait_for(1001, "there was an end.").await;
    assert!(back.elapsed() < RECOVERY, "it took {:?}", back.elapsed());
    bot.wait_for_log("a turn on telegram ended").await;
    assert_eq!(stage.said(1001), ["Once upon a time there was an end."]);
    assert_eq!(stage.models.count(), 1, "what was paid for once is not paid for again");
    stage.ends_well(bot).await;
    assert_eq!(kept(&stage).await, (0, 2));
}

#[tokio::test]
async fn a_stop_waits_for_no_room_and_the_next_start_goes_on_from_there() {
    let stage = with_a_disk().await.set("SHUTDOWN__DRAIN_SECONDS", "1");
    let bot = out_of_room(&stage).await;
    let told = Instant::now();
    bot.signal(Signal::SIGTERM);
    let code = bot.ended().await.code();
    let longest = Duration::from_secs(1) + switchboard::app::GRACE + MARGIN;
    assert!(told.elapsed() < longest, "it took {:?}", told.elapsed());
    assert_eq!(code, Some(0), "nothing is lost: {:#?}", bot.log());
    bot.wait_for_log("1 turns stay as they are there, for the next start to take up").await;
    assert_eq!(kept(&stage).await.0, 1);

    let bot = stage.serve().await;
    stage.wait_for(1001, "there was an end.").await;
    bot.wait_for_log("a turn on telegram ended").await;
    assert_eq!(stage.said(1001), ["Once upon a time there was an end."]);
    stage.ends_well(bot).await;
    assert_eq!(kept(&stage).await, (0, 2));
}

/// What the owner, the group and everybody else may do with a file of a home.
fn mode(home: &Setup, name: &str) -> u32 {
    fs::metadata(home.path(name)).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_is_kept_is_for_nobody_elses_eyes() {
    let home = Setup::empty();
    let running = home.start(&["chat"]);
    until_there(&home, "data/switchboard.db-shm").await;
    assert_eq!(mode(&home, "data"), 0o700);
    for name in ["switchboard.db", "switchboard.db-wal", "switchboard.db-shm", "switchboard.db.lock"] {
        assert_eq!(mode(&home, &format!("data/{name}")), 0o600, "{name}");
    }
    assert_eq!(running.end().await.code, Some(0));
    // Who only looks makes nothing, and who lets somebody in no more than that.
    let home = Setup::empty();
    assert_eq!(home.run(&["access", "list"]).await.code, Some(78));
    assert!(!home.path("data").exists());
    assert_eq!(home.run(&["access", "allow", "telegram:1"]).await.code, Some(0));
    assert_eq!((mode(&home, "data"), mode(&home, "data/switchboard.db")), (0o700, 0o600));
}

#[tokio::test]
async fn what_was_there_before_keeps_its_rights() {
    let home = Setup::empty();
    DirBuilder::new().mode(0o750).create(home.path("data")).unwrap();
    fs::write(home.database(), "").unwrap();
    fs::set_permissions(home.database(), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(home.pipe("hello").await.code, Some(0));
    assert_eq!((mode(&home, "data"), mode(&home, "data/switchboard.db")), (0o750, 0o640));
}

async fn until_there(home: &Setup, name: &str) {
    let appears = async {
        while !home.path(name).exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, appears).await.unwrap_or_else(|_| panic!("{name} should appear"));
}
