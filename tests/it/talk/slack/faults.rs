//! Bad days of Slack's API: each ends in the whole answer, once.

use std::time::Duration;

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::slack::Fault;
use crate::talk::slack::Stage;

const WHOLE: &str = "The whole answer, word for word.";

#[tokio::test]
async fn every_fault_of_posting_ends_in_the_whole_answer_and_the_next_message_works() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("Really?", WHOLE);
    stage.models.when_asked("Sure?", "Yes.");
    let bot = stage.serve().await;
    let faults = [
        (Fault::RateLimited(1), vec![WHOLE]),
        (Fault::Error("ratelimited"), vec![WHOLE]),
        (Fault::Error("service_unavailable"), vec![WHOLE]),
        (Fault::Status(500), vec![WHOLE]),
        (Fault::Status(503), vec![WHOLE]),
        (Fault::Delay(Duration::from_millis(300)), vec![WHOLE]),
        // Whether it arrived is seen by looking.
        (Fault::CutAfter, vec![WHOLE]),
        (Fault::CutBefore, vec![WHOLE]),
        (Fault::StatusAfter(500), vec![WHOLE]),
        (Fault::StatusAfter(503), vec![WHOLE]),
        (Fault::ErrorAfter("internal_error"), vec![WHOLE]),
        (Fault::Error("fatal_error"), vec![WHOLE]),
    ];
    for (number, (fault, expected)) in (1..).zip(faults) {
        let person = stage.platform.user(&format!("U2{number}"), "somebody");
        stage.platform.fault("chat.postMessage", 1, fault.clone());
        person.dm("Really?");
        let screen = stage.wait_until_last(&person.dm_channel(), expected.last().unwrap()).await;
        assert_eq!(said(&screen), expected, "{fault:?}");
        person.dm("Sure?");
        let screen = stage.wait_until_last(&person.dm_channel(), "Yes.").await;
        assert_eq!(said(&screen), [WHOLE, "Yes."], "{fault:?}");
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn every_fault_of_editing_ends_in_one_whole_answer() {
    let stage = Stage::lifelike().await.unhurried();
    let bot = stage.serve().await;
    let faults = [
        Fault::RateLimited(1),
        Fault::Status(500),
        Fault::StatusAfter(503),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Error("fatal_error"),
        Fault::Delay(Duration::from_millis(300)),
    ];
    for (number, fault) in (1..).zip(faults) {
        let gate = Gate::closed_after(1);
        stage.models.will(Answer::deltas(["The whole answer,", " word for word."]).behind(&gate));
        let person = stage.platform.user(&format!("U2{number}"), "somebody");
        person.dm("Really?");
        stage.wait_until_last(&person.dm_channel(), "The whole answer,").await;
        stage.platform.fault("chat.update", 1, fault.clone());
        gate.release();
        let screen = stage.wait_until_last(&person.dm_channel(), WHOLE).await;
        assert_eq!(said(&screen), [WHOLE], "{fault:?}");
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_slack_that_says_nothing_gets_the_answer_in_the_end() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("Really?", WHOLE);
    let bot = stage.serve().await;
    stage.platform.fault("chat.postMessage", 1, Fault::Hang);
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    alice.dm("Really?");
    stage.platform.wait_for_calls("chat.postMessage", 1).await;
    stage.platform.fault("chat.postMessage", 1, Fault::HangAfter);
    bob.dm("Really?");

    stage.wait_until_last(&alice.dm_channel(), WHOLE).await;
    stage.wait_until_last(&bob.dm_channel(), WHOLE).await;
    stage.ends_well(bot).await;

    for person in [alice, bob] {
        assert_eq!(
            said(&stage.platform.screen(&person.dm_channel())),
            [WHOLE],
            "what arrived is found, not repeated"
        );
    }
}

#[tokio::test]
async fn an_answer_that_may_not_be_changed_any_more_is_posted_anew() {
    let stage = Stage::lifelike().await.unhurried();
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user("U1", "alice"), stage.platform.user("U2", "bob"));
    let cases: [(_, _, &[&str]); 2] = [
        // What may not be changed may be taken away.
        (alice, "edit_window_closed", &[WHOLE]),
        // What is said to be gone is left alone.
        (bob, "message_not_found", &["The whole answer,", WHOLE]),
    ];
    for (person, fault, seen) in cases {
        let gate = Gate::closed_after(1);
        stage.models.will(Answer::deltas(["The whole answer,", " word for word."]).behind(&gate));
        person.dm("Really?");
        stage.wait_until_last(&person.dm_channel(), "The whole answer,").await;
        stage.platform.fault("chat.update", 1, Fault::Error(fault));
        gate.release();
        let screen = stage.wait_until_last(&person.dm_channel(), WHOLE).await;
        assert_eq!(said(&screen), seen, "{fault}");
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_text_that_slack_refuses_becomes_a_kind_notice() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("Really?", WHOLE);
    stage.models.when_asked("Sure?", "Yes.");
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    stage.platform.fault("chat.postMessage", 1, Fault::Error("invalid_blocks"));

    alice.dm("Really?");
    let is_notice = |shown: &crate::support::slack::Shown| shown.text.contains("the reference");
    stage.platform.wait_for_message(&alice.dm_channel(), is_notice).await.unwrap();

    alice.dm("Sure?");
    stage.wait_until_last(&alice.dm_channel(), "Yes.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_arrived_is_found_also_where_our_clock_is_two_minutes_ahead() {
    let slack = crate::support::slack::Slack::start().await.in_the_past(Duration::from_secs(120));
    let stage = Stage::lifelike_on(slack).await;
    stage.models.when_asked("Really?", WHOLE);
    stage.models.when_asked("Sure?", "Yes.");
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    stage.platform.fault("chat.postMessage", 1, Fault::CutAfter);
    alice.dm("Really?");
    stage.wait_until(&alice.dm_channel(), |text| text == WHOLE).await;
    bot.wait_for_log("a turn on slack ended").await;
    alice.dm("Sure?");
    let screen = stage.wait_until_last(&alice.dm_channel(), "Yes.").await;
    assert_eq!(said(&screen), [WHOLE, "Yes."], "a second copy that does not say so");
    stage.ends_well(bot).await;
}
