//! Buttons under answers, as Telegram has them.

use crate::support::models::{Answer, Gate};
use crate::support::stage::Stage;
use crate::support::telegram::{BOT_USERNAME, Person, Shown};
use crate::talk::wait_until_noted;

const GROUP: i64 = -1001;

async fn stage() -> Stage {
    let stage = Stage::lifelike().await.unlimited().unhurried().set("CONVERSATION__BUTTONS", "true");
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    stage
}

/// Waits until an answer reads like this and has this button and no other.
async fn shown(stage: &Stage, chat: i64, text: &str, button: &str) -> Shown {
    let is_it = |shown: &Shown| shown.text == text && shown.buttons() == [[button]];
    let waited = stage.platform.wait_for_message(chat, is_it).await;
    waited.unwrap_or_else(|error| panic!("{text} [{button}]: {error}"))
}

/// What somebody hears in private who presses a button.
async fn pressed(person: &Person, shown: &Shown, button: &str) -> String {
    person.clicks(shown, button).answer().await.unwrap().text
}

#[tokio::test]
async fn an_answer_can_be_stopped_while_it_is_written_and_asked_for_anew_when_it_is_not() {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Well", " for ever."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("think");
    let running = shown(&stage, 1001, "Well", "Stop").await;
    assert_eq!(pressed(&alice, &running, "Stop").await, "Stopped.");
    let stopped = shown(&stage, 1001, "Well", "Another answer").await;
    gate.wait_until_nobody_is_held().await;

    let words = pressed(&alice, &stopped, "Another answer").await;
    assert_eq!(words, "One moment, I answer the last question again.");
    let again = shown(&stage, 1001, "Heard think", "Another answer").await;
    assert_eq!(again.reply_to, Some(stopped.id));
    bot.wait_for_logs("a turn on telegram ended", 4).await;
    pressed(&alice, &stopped, "Another answer").await;
    bot.wait_for_logs("a turn on telegram ended", 6).await;
    assert_eq!(stage.said(1001), ["Well", "Heard think", "Heard think"]);

    alice.says("two");
    shown(&stage, 1001, "Heard two", "Another answer").await;
    let words = pressed(&alice, &again, "Another answer").await;
    assert!(words.starts_with("This button is about an earlier question."), "{words}");
    assert_eq!(stage.models.count(), 4);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn only_who_asked_can_stop_an_answer_or_ask_for_another() {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Well", ", so."]).behind(&gate));
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let group = stage.platform.group(GROUP, "Team");
    bob.says_in(&group, "hello");
    alice.says_in(&group, &format!("@{BOT_USERNAME} think"));
    let running = shown(&stage, GROUP, "Well", "Stop").await;
    assert_eq!(pressed(&bob, &running, "Stop").await, "Only who asked can do that.");
    assert_eq!(gate.held(), 1);
    gate.release();
    let ended = shown(&stage, GROUP, "Well, so.", "Another answer").await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    assert_eq!(pressed(&bob, &ended, "Another answer").await, "Only who asked can do that.");
    // An edit has taken the other button away from the screen, and not from who still sees it.
    assert_eq!(stage.said(GROUP), ["Well, so."]);

    // Who is shut out hears so in private, and nothing happens.
    assert_eq!(stage.setup.run(&["access", "deny", "telegram:1001"]).await.code, Some(0));
    assert_eq!(pressed(&alice, &ended, "Another answer").await, "Sorry, I can't answer you here.");
    assert_eq!(stage.models.count(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn after_a_crash_no_button_stays_that_stops_nothing() {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Heard", " think"]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("think");
    let running = shown(&stage, 1001, "Heard", "Stop").await;
    wait_until_noted(&stage.setup).await;
    bot.crash().await;
    gate.release();
    let bot = stage.serve().await;
    let ended = shown(&stage, 1001, "Heard think", "Another answer").await;
    assert_eq!(running.id, ended.id);
    assert_eq!(stage.said(1001), ["Heard think"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_long_answer_has_its_button_at_its_end_and_commands_have_none() {
    let stage = stage().await;
    let long = "All of it.\n".repeat(900);
    stage.models.will_say(long.clone());
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me all.");
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    alice.says("/help");
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    let screen = stage.platform.screen(1001);
    let buttons: Vec<usize> =
        screen.iter().filter(|shown| shown.is_from_bot()).map(|shown| shown.buttons().len()).collect();
    assert_eq!(buttons, [0, 0, 1, 0], "{buttons:?}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn several_presses_at_once_ask_once() {
    let stage = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("one");
    let one = shown(&stage, 1001, "Heard one", "Another answer").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::text("Once more.").behind(&gate));
    stage.platform.hold_updates();
    let clicks = [(); 3].map(|()| alice.clicks(&one, "Another answer"));
    stage.platform.release_updates();
    let mut told = Vec::new();
    for click in clicks {
        told.push(click.answer().await.unwrap().text);
    }
    told.sort();
    assert!(told[..2].iter().all(|words| words.starts_with("I am still answering here.")), "{told:?}");
    assert_eq!(told[2], "One moment, I answer the last question again.");
    gate.release();
    shown(&stage, 1001, "Once more.", "Another answer").await;
    bot.wait_for_logs("a turn on telegram ended", 5).await;
    assert_eq!((stage.said(1001).len(), stage.models.count()), (2, 2));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_button_is_about_its_own_question_under_each_of_its_answers() {
    let stage = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("one");
    shown(&stage, 1001, "Heard one", "Another answer").await;
    for (words, ended) in [("Again.", 3), ("Once more.", 5)] {
        bot.wait_for_logs("a turn on telegram ended", ended - 2).await;
        stage.models.will_say(words);
        let last = stage.platform.screen(1001).pop().unwrap();
        assert_eq!(
            pressed(&alice, &last, "Another answer").await,
            "One moment, I answer the last question again."
        );
        shown(&stage, 1001, words, "Another answer").await;
    }
    bot.wait_for_logs("a turn on telegram ended", 5).await;
    alice.says("two");
    let two = shown(&stage, 1001, "Heard two", "Another answer").await;
    bot.wait_for_logs("a turn on telegram ended", 6).await;
    // Telegram tells nothing of a deletion; this is what others leave of one.
    let beside = stage.beside().await;
    beside.run("UPDATE messages SET deleted_at = created_at WHERE content IN ('two', 'Heard two')").await;
    beside.close().await;
    let words = pressed(&alice, &two, "Another answer").await;
    assert!(words.starts_with("This button is about an earlier question."), "{words}");
    assert_eq!(stage.models.count(), 4);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_was_stopped_while_nobody_wrote_it_is_shown_as_stopped() {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Heard", " think"]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("think");
    let running = shown(&stage, 1001, "Heard", "Stop").await;
    wait_until_noted(&stage.setup).await;
    bot.crash().await;
    gate.release();
    // This is what a stop leaves of an answer that was put back.
    let beside = stage.beside().await;
    beside.run("UPDATE inbox SET outcome = 'stopped'").await;
    beside.close().await;
    let bot = stage.serve().await;
    let stopped = shown(&stage, 1001, "Stopped before the first word.", "Another answer").await;
    assert_eq!((running.id, stage.models.count()), (stopped.id, 1));
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    pressed(&alice, &stopped, "Another answer").await;
    shown(&stage, 1001, "Heard think", "Another answer").await;
    stage.ends_well(bot).await;
}
