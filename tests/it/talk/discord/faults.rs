//! Bad days of Discord's API: each ends in the whole answer, once.

use std::time::Duration;

use crate::support::discord::{Fault, Scope};
use crate::support::models::{Answer, Gate};
use crate::talk::discord::{EDIT, House, POST, said};
use crate::talk::unhurried;

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
    let house = House::new().await;
    house.models.when_asked("Really?", WHOLE);
    house.models.when_asked("Sure?", "Yes.");
    let bot = house.serve().await;
    for (number, fault) in (2001..).zip(faults()) {
        let person = house.discord.user(number, "somebody");
        house.discord.fault(POST, 1, fault.clone());
        person.dm("Really?");
        let screen = house.wait_until_last(person.dm_channel(), WHOLE).await;
        assert_eq!(said(&screen), [WHOLE], "{fault:?}");
        person.dm("Sure?");
        let screen = house.wait_until_last(person.dm_channel(), "Yes.").await;
        assert_eq!(said(&screen), [WHOLE, "Yes."], "{fault:?}");
    }
    house.ends_well(bot).await;
}

#[tokio::test]
async fn every_fault_of_editing_ends_in_one_whole_answer() {
    let house = House::new().await;
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    for (number, fault) in (2001..).zip(faults()) {
        let gate = Gate::closed_after(1);
        house.models.will(Answer::deltas(["The whole answer,", " word for word."]).behind(&gate));
        let person = house.discord.user(number, "somebody");
        person.dm("Really?");
        house.wait_until_last(person.dm_channel(), "The whole answer,").await;
        house.discord.fault(EDIT, 1, fault.clone());
        gate.release();
        let screen = house.wait_until_last(person.dm_channel(), WHOLE).await;
        assert_eq!(said(&screen), [WHOLE], "{fault:?}");
    }
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_discord_that_says_nothing_gets_the_answer_once() {
    let house = House::new().await;
    house.models.when_asked("Really?", WHOLE);
    let bot = house.serve().await;
    let people = [(2001, Fault::Hang), (2002, Fault::HangAfter)].map(|(number, fault)| {
        house.discord.fault(POST, 1, fault);
        house.discord.user(number, "somebody")
    });
    for person in &people {
        person.dm("Really?");
    }
    for person in &people {
        let screen = house.wait_until_last(person.dm_channel(), WHOLE).await;
        assert_eq!(said(&screen), [WHOLE]);
    }
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_whose_beginning_was_deleted_is_posted_anew() {
    let house = House::new().await;
    let gate = Gate::closed_after(1);
    house.models.will(Answer::deltas(["The whole answer,", " word for word."]).behind(&gate));
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    let general = house.discord.guild(500, "Team").channel(501, "general");
    let alice = house.discord.user(1001, "alice");
    alice.says_in(general, &format!("{} really?", house.discord.mention()));
    let screen = house.wait_until_last(general, "The whole answer,").await;

    alice.deletes(screen.last().unwrap().id);
    gate.release();

    assert_eq!(said(&house.wait_until_last(general, WHOLE).await), [WHOLE]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_text_that_discord_refuses_becomes_a_kind_notice() {
    let house = House::new().await;
    house.models.when_asked("Really?", WHOLE);
    house.models.when_asked("Sure?", "Yes.");
    let bot = house.serve().await;
    let alice = house.discord.user(1001, "alice");
    let refusal = Fault::Error { status: 400, code: 50_035, message: "Invalid Form Body" };
    house.discord.fault(POST, 1, refusal);

    alice.dm("Really?");
    let is_notice =
        |shown: &crate::support::discord::Shown| shown.by_bot && shown.text.contains("the reference");
    house.discord.wait_for_message(alice.dm_channel(), is_notice).await;

    alice.dm("Sure?");
    house.wait_until_last(alice.dm_channel(), "Yes.").await;
    house.ends_well(bot).await;
}
