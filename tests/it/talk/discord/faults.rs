//! Bad days of Discord's API: each ends in the whole answer, once.

use std::time::Duration;

use crate::support::discord::{Fault, Scope};
use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::talk::discord::{EDIT, POST, Stage};

const WHOLE: &str = "The whole answer, word for word.";

fn faults() -> Vec<Fault> {
    let limited = |scope| Fault::RateLimited { retry_after: Duration::from_millis(700), scope };
    vec![
        limited(Scope::User),
        limited(Scope::Shared),
        limited(Scope::Global),
        Fault::Status(500),
        Fault::Status(502),
        Fault::StatusAfter(500),
        Fault::StatusAfter(502),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Delay(Duration::from_millis(300)),
    ]
}

#[tokio::test]
async fn every_fault_of_posting_ends_in_one_whole_answer_and_the_next_message_works() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("Really?", WHOLE);
    stage.models.when_asked("Sure?", "Yes.");
    let bot = stage.serve().await;
    for (number, fault) in (2001..).zip(faults()) {
        let person = stage.platform.user(number, "somebody");
        stage.platform.fault(POST, 1, fault.clone());
        person.dm("Really?");
        let screen = stage.wait_until_last(person.dm_channel(), WHOLE).await;
        assert_eq!(said(&screen), [WHOLE], "{fault:?}");
        person.dm("Sure?");
        let screen = stage.wait_until_last(person.dm_channel(), "Yes.").await;
        assert_eq!(said(&screen), [WHOLE, "Yes."], "{fault:?}");
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn every_fault_of_editing_ends_in_one_whole_answer() {
    let stage = Stage::lifelike().await.unhurried();
    let bot = stage.serve().await;
    for (number, fault) in (2001..).zip(faults()) {
        let gate = Gate::closed_after(1);
        stage.models.will(Answer::deltas(["The whole answer,", " word for word."]).behind(&gate));
        let person = stage.platform.user(number, "somebody");
        person.dm("Really?");
        stage.wait_until_last(person.dm_channel(), "The whole answer,").await;
        stage.platform.fault(EDIT, 1, fault.clone());
        gate.release();
        let screen = stage.wait_until_last(person.dm_channel(), WHOLE).await;
        assert_eq!(said(&screen), [WHOLE], "{fault:?}");
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_discord_that_says_nothing_gets_the_answer_once() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("Really?", WHOLE);
    let bot = stage.serve().await;
    let people = [(2001, Fault::Hang), (2002, Fault::HangAfter)].map(|(number, fault)| {
        stage.platform.fault(POST, 1, fault);
        stage.platform.user(number, "somebody")
    });
    for person in &people {
        person.dm("Really?");
    }
    for person in &people {
        let screen = stage.wait_until_last(person.dm_channel(), WHOLE).await;
        assert_eq!(said(&screen), [WHOLE]);
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_whose_beginning_was_deleted_is_posted_anew() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["The whole answer,", " word for word."]).behind(&gate));
    let bot = stage.serve().await;
    let general = stage.platform.guild(500, "Team").channel(501, "general");
    let alice = stage.platform.user(1001, "alice");
    alice.says_in(general, &format!("{} really?", stage.platform.mention()));
    let screen = stage.wait_until_last(general, "The whole answer,").await;

    alice.deletes(screen.last().unwrap().id);
    gate.release();

    assert_eq!(said(&stage.wait_until_last(general, WHOLE).await), [WHOLE]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_text_that_discord_refuses_becomes_a_kind_notice() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("Really?", WHOLE);
    stage.models.when_asked("Sure?", "Yes.");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    let refusal = Fault::Error { status: 400, code: 50_035, message: "Invalid Form Body" };
    stage.platform.fault(POST, 1, refusal);

    alice.dm("Really?");
    let is_notice =
        |shown: &crate::support::discord::Shown| shown.by_bot && shown.text.contains("the reference");
    stage.platform.wait_for_message(alice.dm_channel(), is_notice).await;

    alice.dm("Sure?");
    stage.wait_until_last(alice.dm_channel(), "Yes.").await;
    stage.ends_well(bot).await;
}
