//! What no correct client does fails the test that does not take it, on every
//! emulator.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::discord::Discord;
use crate::support::models::Models;
use crate::support::slack::Slack;
use crate::support::telegram::Telegram;

/// Asks for a place that there is none of.
async fn goes_astray(base: &str) {
    reqwest012::get(format!("{base}/astray")).await.unwrap();
}

/// Does something that fails, and returns why it did.
fn failure(does: impl FnOnce()) -> String {
    let failed = catch_unwind(AssertUnwindSafe(does)).expect_err("it should fail");
    failed
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| failed.downcast_ref::<&str>().unwrap().to_string())
}

/// The last handle of an emulator, and no other, fails for what was asked of it.
fn fails_in_the_end<E: Clone>(emulator: E, name: &str, what: &str) {
    let last = emulator.clone();
    drop(emulator);
    let why = failure(|| drop(last));
    assert!(why.starts_with(&format!("problems of {name} that nobody took: ")), "{why}");
    assert!(why.contains(what), "{why}");
}

#[tokio::test]
async fn problems_that_nobody_takes_fail_in_the_end() {
    let (discord, telegram) = (Discord::start().await, Telegram::start().await);
    let (slack, models) = (Slack::start().await, Models::start().await);
    for base in [discord.url(), telegram.url(), slack.api_url(), models.base_url()] {
        goes_astray(&base).await;
    }
    fails_in_the_end(discord, "Discord", "unknown call: GET /astray");
    fails_in_the_end(telegram, "Telegram", "a path that is none: Not Found");
    fails_in_the_end(slack, "Slack", "astray: unknown_method");
    fails_in_the_end(models, "the model", "GET /v1/astray: 404");
}

#[tokio::test]
async fn problems_that_were_taken_fail_nobody() {
    let (discord, telegram) = (Discord::start().await, Telegram::start().await);
    let (slack, models) = (Slack::start().await, Models::start().await);
    for base in [discord.url(), telegram.url(), slack.api_url(), models.base_url()] {
        goes_astray(&base).await;
    }
    let taken =
        [discord.take_problems(), telegram.take_problems(), slack.take_problems(), models.take_problems()];
    assert_eq!(taken.map(|problems| problems.len()), [1; 4]);
    let left = [discord.problems(), telegram.problems(), slack.problems(), models.problems()];
    assert_eq!(left.concat(), [""; 0]);
}

#[tokio::test]
async fn who_fails_already_is_told_of_that_only() {
    let telegram = Telegram::start().await;
    goes_astray(&telegram.url()).await;
    let why = failure(|| {
        let _last = telegram;
        panic!("something else");
    });
    assert_eq!(why, "something else");
}
