//! Ends without warning, and what is found afterwards.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::models::{Answer, Gate};
use crate::support::platforms::Emulated;
use crate::support::screens::said;
use crate::support::slack::{Fault as SlackFault, Slack};
use crate::support::stage::Stage;
use crate::support::telegram::{Fault, Telegram};
use crate::talk::{first_waits, wait_until_noted};

#[tokio::test]
async fn an_answer_that_a_crash_cut_becomes_whole_where_it_stands_after_the_next_start() {
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me a story.");
    stage.wait_until_last(1001, "Once upon").await;
    wait_until_noted(&stage.setup).await;
    bot.crash().await;
    gate.release();

    stage.models.will_say("Once upon a time.");
    let bot = stage.serve().await;
    let screen = stage.wait_until_last(1001, "Once upon a time.").await;

    assert_eq!(said(&screen), ["Once upon a time."]);
    stage.models.will_say("It was about a time.");
    alice.says("What was it about?");
    stage.wait_until_last(1001, "It was about a time.").await;
    let asked = stage.models.request(3).await;
    let heard: Vec<&str> = asked.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(heard[1..], ["Tell me a story.", "Once upon a time.", "What was it about?"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_a_stop_cut_is_not_there_twice_without_saying_so() {
    let mut stage = Stage::lifelike().await;
    stage.setup = stage.setup.env("SWITCHBOARD__SHUTDOWN__DRAIN_SECONDS", "1");
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me a story.");
    stage.wait_until_last(1001, "Once upon").await;
    bot.signal(Signal::SIGTERM);
    assert!(bot.ended().await.success());
    gate.release();

    stage.models.will_say("Once upon a time.");
    let bot = stage.serve().await;
    let screen = stage.wait_until_last(1001, "Once upon a time.").await;

    assert_eq!(said(&screen), ["Once upon a time."]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn another_bot_on_the_same_database_is_answered_too() {
    let stage = Stage::lifelike().await;
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let other = Stage { platform: Telegram::start_with_another_bot().await, ..stage.clone() };
    let (token, url) = (other.platform.token(), other.platform.url());
    let other = other.set("CHANNELS__TELEGRAM__TOKEN", &token).set("CHANNELS__TELEGRAM__API_BASE", &url);
    // Each bot counts the messages of its own chats, so theirs have the same numbers.
    let mut ids = Vec::new();
    for (stage, text) in [(&stage, "plum"), (&other, "pear"), (&stage, "fig"), (&other, "quince")] {
        let bot = stage.serve().await;
        ids.push(stage.platform.user(1001, "Alice").says(text).id);
        stage.wait_until_last_is(1001, |said| said == format!("Heard {text}")).await;
        stage.ends_well(bot).await;
    }
    assert_eq!(ids[..2], [ids[0], ids[0]], "{ids:?}");
    assert_eq!(ids[2..], [ids[2], ids[2]], "{ids:?}");
}

#[tokio::test]
async fn what_was_said_while_nobody_listened_is_answered_after_the_start() {
    let stage = Stage::lifelike().await;
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    bot.crash().await;
    alice.says("Anybody there?");

    stage.models.will_say("Here I am.");
    let bot = stage.serve().await;
    let screen = stage.wait_until_last(1001, "Here I am.").await;

    assert_eq!(said(&screen).len(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_telegram_kept_for_too_long_gets_one_notice_for_each_place() {
    let mut stage = Stage::lifelike().await;
    stage.setup = stage.setup.env("SWITCHBOARD__CATCHUP__MAX_AGE_MINUTES", "0");
    let bot = stage.serve().await;
    bot.crash().await;
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    for number in 0..150 {
        alice.says(&format!("number {number}"));
    }
    bob.says("Anybody there?");

    stage.models.will_say("Here I am.");
    // The way to Telegram may be slow.
    stage.platform.fault("getUpdates", 2, Fault::Delay(Duration::from_millis(1_200)));
    let bot = stage.serve().await;
    for chat in [1001, 1002] {
        stage.wait_until_last_is(chat, |text| text.starts_with("I was away and missed messages here")).await;
    }
    bot.stop().await;
    stage.setup = stage.setup.clone().env("SWITCHBOARD__CATCHUP__MAX_AGE_MINUTES", "1440");
    let bot = stage.serve().await;
    alice.says("And now?");
    let screen = stage.wait_until_last(1001, "Here I am.").await;

    assert_eq!(said(&screen).len(), 2, "{screen:#?}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn it_ends_when_it_is_told_to_also_without_a_page_on_its_health() {
    let mut stage = Stage::lifelike().await;
    stage.setup = stage.setup.without_health();
    let bot = stage.serve().await;

    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_platform_that_is_away_after_a_crash_holds_back_nobody_on_another() {
    let mut stage = Stage::lifelike().await.unlimited().unhurried();
    let slack = stage.also_on(Slack::start().await.unlimited());
    let gate = first_waits(&stage.models);
    let bot = slack.serve().await;
    let there: Vec<_> = (1_001..1_005).map(|id| stage.platform.user(id, "Somebody")).collect();
    for (number, person) in there.iter().enumerate() {
        slack.platform.user(&format!("U{number}"), &format!("p{number}")).dm("first");
        person.says("first");
    }
    stage.models.request(8).await;
    bot.crash().await;
    stage.models.when_asked("first", "Heard first");
    gate.release();
    // Slack is there first, hears everything, and shows nothing.
    slack.platform.fault("chat.postMessage", 100_000, SlackFault::CutBefore);
    stage.platform.fault("getMe", 1, Fault::Delay(Duration::from_secs(2)));
    let bot = stage.setup.serve();
    bot.wait_for_log("a write to slack did not work").await;

    for person in &there {
        stage.wait_for_text(person.id(), "Heard first").await;
        person.says("anybody?");
    }
    for person in &there {
        stage.wait_for_text(person.id(), "Heard anybody?").await;
    }
    bot.crash().await;
}
