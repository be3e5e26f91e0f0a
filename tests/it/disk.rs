//! The disk under the embedded database: full, locked, and full while we run.
//!
//! A limit on the size of files stands for a disk that is full: what is written
//! beyond it fails, and no test has to be root to set it.

use crate::support::daemon::Setup;
use crate::support::database::Beside;
use crate::support::telegram::Telegram;

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
    let (status, _, said) = setup.run(words).await;
    (status.code(), said.lines().last().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_full_disk_at_the_start_is_named_and_worth_another_try() {
    let platform = Telegram::start().await;

    // Too little for the first page of anything, for the index of the log, for the schema, for what comes then.
    for room in [1, 8 << 10, 40 << 10, 100 << 10, 300 << 10] {
        let setup = on_telegram(&platform).with_room_for(room);
        let (code, said) = last_words(&setup, &["serve"]).await;
        let is_told = said.contains("the disk under the database `data/switchboard.db`");
        assert!(code == Some(NOT_AVAILABLE) && is_told, "{room} bytes: {code:?}, {said}");

        let (code, said) = last_words(&setup, &["migrate", "up"]).await;
        assert!(code == Some(NOT_AVAILABLE) && said.contains("the disk under"), "{room} bytes: {code:?}, {said}");
    }
    assert_eq!(platform.count_calls("getUpdates"), 0);
}

#[tokio::test]
async fn a_database_that_another_program_keeps_locked_is_worth_another_try() {
    let platform = Telegram::start().await;
    let setup = on_telegram(&platform);
    assert!(setup.run(&["migrate", "up"]).await.0.success());
    let beside = Beside::open(&setup.database_url()).await;
    beside.run("PRAGMA locking_mode = EXCLUSIVE").await;
    beside.run("BEGIN EXCLUSIVE").await;

    let (code, said) = last_words(&setup, &["serve"]).await;
    let words = "another program keeps the database `data/switchboard.db` locked";
    assert!(code == Some(NOT_AVAILABLE) && said.contains(words), "{code:?}, {said}");
    beside.close().await;
}
