//! Answers that grow by Slack's own streams, in threads.

use std::time::Duration;

use crate::support::models::{Answer, Gate};
use crate::support::program::Running;
use crate::support::screens::said;
use crate::support::slack::{Fault, Person, Shown};
use crate::talk::slack::Stage;
use crate::talk::wait_until_noted;

const DELTAS: [&str; 3] =
    ["Once upon **a time** there", " was a [gate](https://example.com/cat.png) and", " <!here>."];
const WHOLE: &str = "Once upon a time there was a gate (example.com) and <!here>.";

/// Alice, the bot, and a channel.
async fn stage() -> (Stage, Person, String) {
    let stage = Stage::lifelike().await.unhurried().set("CHANNELS__SLACK__STREAMS", "true");
    stage.platform.reads_channels();
    let alice = stage.platform.user("U1", "alice");
    let general = stage.platform.channel("C1", "general", &[&alice]);
    (stage, alice, general)
}

/// In the midst of a story, of which the first words stream.
struct Story {
    stage: Stage,
    bot: Running,
    gate: Gate,
    alice: Person,
    general: String,
    asked: String,
}

async fn story() -> Story {
    let (stage, alice, general) = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(DELTAS).behind(&gate));
    let bot = stage.serve().await;
    let asked = alice.says_in(&general, "<@bot> tell me a story");
    streamed(&stage, &general, "Once upon **a time**").await;
    Story { stage, bot, gate, alice, general, asked }
}

/// What stands there of an answer that streams.
async fn streamed(stage: &Stage, channel: &str, text: &str) -> Shown {
    let is_it = |shown: &Shown| shown.by_bot && shown.streams && shown.text.trim_end() == text;
    stage.platform.wait_for_message(channel, is_it).await.unwrap()
}

/// Waits for the whole answer, which streams no more.
async fn whole(stage: &Stage, channel: &str) -> Vec<Shown> {
    let screen = stage.wait_until_last(channel, WHOLE).await;
    assert_eq!(said(&screen), [WHOLE]);
    assert!(!screen.iter().any(|shown| shown.streams), "{screen:#?}");
    screen
}

#[tokio::test]
async fn an_answer_in_a_thread_grows_word_by_word_and_becomes_a_post_like_others() {
    let Story { stage, bot, gate, general, asked, .. } = story().await;
    gate.hold(2);
    let gated = "Once upon **a time** there was a [gate]\u{2060}(https:\u{2060}//example.\u{2060}com/cat.\u{2060}png)";
    streamed(&stage, &general, gated).await;
    gate.release();
    let screen = whole(&stage, &general).await;

    let answer = screen.last().unwrap();
    assert!(answer.blocks.is_some(), "{answer:#?}");
    assert_eq!(answer.thread.as_deref(), Some(asked.as_str()));
    assert_eq!((&answer.notified, &answer.unfurled), (&Vec::new(), &Vec::new()));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn outside_of_threads_it_is_posted_and_edited() {
    let (stage, alice, _) = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = stage.serve().await;

    alice.dm("tell me a story");
    let shown = stage.wait_for_text(&alice.dm_channel(), "Once upon").await;
    assert!(!shown.streams);
    gate.release();
    stage.wait_until_last(&alice.dm_channel(), "Once upon a time.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_model_that_thinks_for_long_is_announced_by_a_post_that_is_edited() {
    let (stage, alice, general) = stage().await;
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::deltas(DELTAS).behind(&gate));
    let bot = stage.serve().await;

    alice.says_in(&general, "<@bot> tell me a story");
    let shown = stage.wait_for_text(&general, "…").await;
    assert!(!shown.streams);
    gate.release();
    whole(&stage, &general).await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_limit_on_a_stream_holds_up_nobody_else() {
    let (stage, alice, general) = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.when_asked("story", Answer::deltas(DELTAS).behind(&gate));
    stage.models.when_asked("hello", "Hello.");
    let bot = stage.serve().await;
    stage.platform.fault("chat.appendStream", 1, Fault::RateLimited(600));
    alice.says_in(&general, "<@bot> tell me a story");
    stage.platform.wait_for_calls("chat.appendStream", 1).await;

    alice.dm("hello");
    stage.wait_for_text(&alice.dm_channel(), "Hello.").await;
    gate.release();
    whole(&stage, &general).await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn who_stops_it_by_slacks_own_button_gets_no_more_of_it() {
    let Story { stage, bot, gate, general, .. } = story().await;

    stage.platform.fault("chat.appendStream", 1, Fault::Error("stopped_by_user"));
    gate.hold(2);
    gate.wait_until_nobody_is_held().await;
    let left = stage.wait_until(&general, |text| text.starts_with("Once upon a time there was a gate")).await;
    assert!(!left.streams);
    bot.wait_for_logs("a turn on slack ended", 1).await;
    assert_eq!(stage.said(&general).len(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_a_crash_left_growing_becomes_whole_where_it_stands() {
    let Story { stage, bot, gate, general, .. } = story().await;
    wait_until_noted(&stage.setup).await;
    assert!(stage.platform.wait_until_delivered().await);
    bot.crash().await;
    gate.release();

    stage.models.will(Answer::deltas(DELTAS));
    let bot = stage.serve().await;
    whole(&stage, &general).await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stream_that_slack_ends_is_edited_from_then_on() {
    let Story { stage, bot, gate, general, .. } = story().await;

    stage.platform.advance(Duration::from_secs(300));
    gate.hold(2);
    stage.wait_for_text(&general, "Once upon a time there was a gate (example.com) and").await;
    gate.release();
    whole(&stage, &general).await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stop_leaves_what_there_was() {
    let Story { stage, bot, alice, general, asked, .. } = story().await;

    alice.replies_in(&general, &asked, "<@bot> /stop");
    let left = stage.wait_until(&general, |text| text == "Once upon a time there").await;
    assert!(!left.streams);
    stage.wait_for_text(&general, "Stopped.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn more_streams_than_slack_takes_are_posted_and_edited() {
    let stage = Stage::lifelike().await.unhurried().set("LIMITS__PACE_WRITES", "true");
    let stage = stage.set("CHANNELS__SLACK__STREAMS", "true");
    let alice = stage.platform.user("U1", "alice");
    let places: Vec<String> =
        (0..10).map(|number| stage.platform.channel(&format!("C{number}"), "place", &[&alice])).collect();
    let gate = Gate::closed_after(1);
    stage.models.when_asked("go on", Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = stage.serve().await;
    for place in &places {
        alice.says_in(place, "<@bot> go on");
    }
    gate.wait_until_held(places.len()).await;
    for place in &places {
        stage.wait_for_text(place, "Once upon").await;
    }
    gate.release();
    for place in &places {
        stage.wait_until_last(place, "Once upon a time.").await;
    }
    let calls = stage.platform.calls();
    let begun = calls.iter().filter(|call| call.method == "chat.startStream").count();
    assert!((4..10).contains(&begun), "{begun}");
    let refused: Vec<_> = calls.iter().filter(|call| call.status != "ok").collect();
    assert!(refused.is_empty(), "{refused:#?}");
    stage.ends_well(bot).await;
}

/// Every kind of bad day of one call, each in a program of its own: streams are few in a minute.
async fn befalls(method: &str, fault: Fault) {
    let (stage, alice, general) = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(DELTAS).behind(&gate));
    stage.platform.fault(method, 1, fault.clone());
    let bot = stage.serve().await;
    alice.says_in(&general, "<@bot> tell me a story");
    let seen = if method == "chat.startStream" { method } else { "chat.appendStream" };
    stage.platform.wait_for_calls(seen, 1).await;
    gate.release();
    bot.wait_for_logs("a turn on slack ended", 1).await;

    let screen = stage.platform.screen(&general);
    assert_eq!(said(&screen), [WHOLE], "{method}: {fault:?}: {screen:#?}");
    assert!(!screen.iter().any(|shown| shown.streams), "{method}: {fault:?}: {screen:#?}");
    let calls = stage.platform.calls();
    let has_befallen = calls.iter().any(|call| call.method == method && call.status != "ok");
    assert!(has_befallen || matches!(fault, Fault::Delay(_)), "{method}: {fault:?}: {calls:#?}");
    bot.stop().await;
}

fn faults() -> [Fault; 11] {
    [
        Fault::RateLimited(1),
        Fault::Error("streaming_mode_mismatch"),
        Fault::Error("user_not_found"),
        Fault::Error("team_not_found"),
        Fault::Error("service_unavailable"),
        Fault::Status(500),
        Fault::StatusAfter(503),
        Fault::ErrorAfter("internal_error"),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Delay(Duration::from_millis(300)),
    ]
}

#[tokio::test]
async fn whatever_becomes_of_its_beginning_the_answer_is_there_once_and_whole() {
    for fault in faults() {
        befalls("chat.startStream", fault).await;
    }
}

#[tokio::test]
async fn whatever_becomes_of_what_is_added_the_answer_is_there_once_and_whole() {
    for fault in faults() {
        befalls("chat.appendStream", fault).await;
    }
}

#[tokio::test]
async fn whatever_becomes_of_its_end_the_answer_is_there_once_and_whole() {
    for fault in faults() {
        befalls("chat.stopStream", fault).await;
    }
}
