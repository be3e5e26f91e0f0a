//! Second thoughts about what is answered already.

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::talk::{first_waits, heard, wait_until, wait_until_noted};

const GROUP: i64 = -1001;

/// A model that answers with what it heard, and nobody who waits for anything else.
async fn stage() -> (Stage, Gate) {
    let stage = Stage::lifelike().await.unlimited();
    let gate = first_waits(&stage.models);
    (stage.unhurried(), gate)
}

#[tokio::test]
async fn an_edit_of_what_is_answered_is_what_the_model_hears_from_then_on() {
    let (stage, _) = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let one = alice.says("one");
    stage.wait_until_last(1001, "Heard one").await;
    alice.edits(one, "uno");
    let beside = stage.beside().await;
    wait_until(&beside, "SELECT COUNT(*) FROM message_revisions WHERE content = 'one'", 1).await;
    alice.says("two");
    let screen = stage.wait_until_last(1001, "Heard two").await;

    assert_eq!(said(&screen), ["Heard one", "Heard two"]);
    assert_eq!(heard(&stage.models, "two"), ["uno", "Heard one", "two"]);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_of_what_is_being_answered_is_noted_behind_the_answer() {
    let (stage, gate) = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let first = alice.says("first");
    gate.wait_until_held(1).await;
    alice.edits(first, "the first");
    alice.says("second");
    stage.platform.wait_until_confirmed().await.unwrap();
    gate.release();

    let screen = stage.wait_until_last(1001, "Heard second").await;
    assert_eq!(said(&screen), ["Heard first", "Heard second"]);
    assert_eq!(heard(&stage.models, "second"), ["the first", "Heard first", "second"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_by_somebody_who_may_not_talk_any_more_changes_nothing() {
    let (stage, _) = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let one = alice.says("one");
    stage.wait_until_last(1001, "Heard one").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    assert_eq!(stage.setup.run(&["access", "deny", "telegram:1001"]).await.code, Some(0));
    alice.edits(one, "uno");
    bot.wait_for_log("silent_blocked").await;

    let beside = stage.beside().await;
    assert_eq!(beside.texts("SELECT content FROM messages WHERE role = 'user'").await, ["one"]);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn where_that_is_set_the_last_question_is_answered_as_it_was_edited_and_no_other_is() {
    let (stage, _) = stage().await;
    let stage = stage.set("CONVERSATION__ANSWER_EDITS", "true");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let zero = alice.says("zero");
    stage.wait_until_last(1001, "Heard zero").await;
    let one = alice.says("one");
    stage.wait_until_last(1001, "Heard one").await;
    alice.edits(one, "uno");
    let screen = stage.wait_until_last(1001, "Heard uno").await;
    assert_eq!(
        screen.last().unwrap().reply_to,
        screen.iter().find(|shown| shown.text == "uno").map(|shown| shown.id)
    );
    assert_eq!(heard(&stage.models, "uno"), ["zero", "Heard zero", "uno"]);

    alice.edits(zero, "null");
    let beside = stage.beside().await;
    wait_until(&beside, "SELECT COUNT(*) FROM message_revisions", 2).await;
    alice.says("two");
    let screen = stage.wait_until_last(1001, "Heard two").await;
    assert_eq!(said(&screen), ["Heard zero", "Heard one", "Heard uno", "Heard two"]);
    assert_eq!(heard(&stage.models, "two"), ["null", "Heard zero", "uno", "Heard uno", "two"]);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_edited_question_is_answered_once_wherever_the_program_ends_meanwhile() {
    let (stage, _) = stage().await;
    let stage = stage.set("CONVERSATION__ANSWER_EDITS", "true");
    let gate = Gate::closed_after(1);
    stage.models.when_asked("uno", Answer::deltas(["Heard", " uno"]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let one = alice.says("one");
    stage.wait_until_last(1001, "Heard one").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    alice.edits(one, "uno");
    stage.wait_until_last(1001, "Heard").await;
    let beside = stage.beside().await;
    wait_until(&beside, "SELECT COUNT(*) FROM outbox WHERE posted_id IS NOT NULL", 2).await;
    bot.crash().await;
    gate.release();

    let bot = stage.serve().await;
    let screen = stage.wait_until_last(1001, "Heard uno").await;
    assert_eq!(said(&screen), ["Heard one", "Heard uno"]);
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    alice.says("two");
    stage.wait_until_last(1001, "Heard two").await;
    assert_eq!(heard(&stage.models, "two"), ["uno", "Heard uno", "two"]);
    let kept = "SELECT version || ' ' || content FROM messages WHERE content IN ('Heard one', 'Heard uno') ORDER BY seq";
    assert_eq!(beside.texts(kept).await, ["1 Heard one", "2 Heard uno"]);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn in_a_group_only_what_was_asked_of_the_bot_is_kept_as_it_was_edited() {
    let (stage, _) = stage().await;
    stage.platform.privacy_mode(false);
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let group = stage.platform.group(GROUP, "Team");
    let lunch = bob.says_in(&group, "lunch?");
    bob.edits(lunch, "dinner?");
    let call = |words: &str| format!("@{} {words}", crate::support::telegram::BOT_USERNAME);
    let one = alice.says_in(&group, &call("one"));
    stage.wait_until_last(GROUP, "Heard one").await;
    wait_until_noted(&stage.setup).await;
    alice.edits(one, &call("uno"));
    let beside = stage.beside().await;
    wait_until(&beside, "SELECT COUNT(*) FROM message_revisions", 1).await;

    assert_eq!(beside.texts("SELECT content FROM messages WHERE role = 'user'").await, ["uno"]);
    assert_eq!(beside.texts("SELECT name FROM identities").await, ["Alice"]);
    beside.close().await;
    stage.ends_well(bot).await;
}
