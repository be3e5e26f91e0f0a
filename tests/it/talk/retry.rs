//! `/retry`, and what `/stop` ends besides an answer that can be seen.

use std::time::{Duration, Instant};

use crate::support::models::{Answer, Fault, Gate};
use crate::support::platforms::Emulated;
use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::{BOT_USERNAME, Fault as TelegramFault};
use crate::talk::{heard, wait_until, wait_until_it_waits, wait_until_noted};

/// A group.
const GROUP: i64 = -1001;

/// Within this, people want to see that an answer has ended.
const SOON: Duration = Duration::from_secs(1);

async fn quick() -> Stage {
    let stage = Stage::lifelike().await.unlimited().unhurried();
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    stage
}

#[tokio::test]
async fn the_last_question_is_answered_anew_and_the_newest_answer_is_what_the_model_sees() {
    let stage = quick().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("zero");
    stage.wait_until_last(1001, "Heard zero").await;
    stage.models.will_say("First try.");
    alice.says("one");
    stage.wait_until_last(1001, "First try.").await;
    for words in ["Second try.", "Third try."] {
        stage.models.will_say(words);
        let asked = alice.says("/retry");
        let screen = stage.wait_until_last(1001, words).await;
        assert_eq!(screen.last().unwrap().reply_to, Some(asked.id));
        assert_eq!(heard(&stage.models, "one"), ["zero", "Heard zero", "one"]);
    }

    alice.says("two");
    let screen = stage.wait_until_last(1001, "Heard two").await;
    assert_eq!(said(&screen), ["Heard zero", "First try.", "Second try.", "Third try.", "Heard two"]);
    assert_eq!(heard(&stage.models, "two"), ["zero", "Heard zero", "one", "Third try.", "two"]);
    let beside = stage.beside().await;
    let kept = "SELECT version || ' ' || content FROM messages WHERE content LIKE '% try.' \
        AND parent_id = (SELECT id FROM messages WHERE content = 'one') ORDER BY version";
    assert_eq!(beside.texts(kept).await, ["1 First try.", "2 Second try.", "3 Third try."]);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_is_only_to_be_shown_is_in_nobodys_way() {
    let stage = quick().await;
    stage.platform.fault("sendMessage", 1, TelegramFault::RetryAfter(2));
    for words in ["First try.", "Second try."] {
        stage.models.will_say(words);
    }
    let bot = stage.serve().await;
    let beside = stage.beside().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("one");
    wait_until(&beside, "SELECT COUNT(*) FROM inbox WHERE state = 'ready'", 1).await;
    alice.says("/retry");

    let screen = stage.wait_until_last(1001, "Second try.").await;
    assert_eq!(said(&screen), ["First try.", "Second try."]);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stop_ends_an_answer_whose_first_text_the_platform_does_not_take_yet() {
    let stage = quick().await;
    let gate = Gate::closed_after(1);
    stage.models.when_asked("think", Answer::deltas(["Well, let me", " think for ever."]).behind(&gate));
    stage.platform.fault("sendMessage", 1, TelegramFault::RetryAfter(6));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("think");
    stage.platform.wait_for_calls("sendMessage", 1).await.unwrap();
    alice.says("/stop");
    let began = Instant::now();
    gate.wait_until_nobody_is_held().await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());

    stage.platform.wait_for_message(1001, |shown| shown.text.starts_with("Well, let me")).await.unwrap();
    stage.platform.wait_for_message(1001, |shown| shown.text == "Stopped.").await.unwrap();
    assert_eq!(stage.said(1001).len(), 2);
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn there_is_nothing_to_answer_anew_before_a_question_nor_while_one_is_answered() {
    let stage = quick().await;
    let gate = Gate::closed_after(1);
    stage.models.when_asked("think", Answer::deltas(["Well", ", so."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("/retry");
    stage.wait_until_last(1001, "There is no question here yet that I could answer again.").await;
    alice.says("think");
    stage.wait_until_last(1001, "Well").await;
    alice.says("/retry");
    stage.wait_until_last_is(1001, |text| text.starts_with("I am still answering here.")).await;
    gate.release();
    stage.wait_for_text(1001, "Well, so.").await;
    alice.says("/new");
    stage.wait_until_last_is(1001, |text| text.starts_with("Done.")).await;
    alice.says("/retry");
    bot.wait_for_logs("a turn on telegram ended", 5).await;
    let said = stage.said(1001);
    assert_eq!((said.len(), said.first()), (5, said.last()), "{said:#?}");
    assert_eq!(stage.models.count(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_question_that_failed_or_was_stopped_is_the_one_that_is_answered_anew() {
    let stage = quick().await.set("MODEL__PROVIDERS__MAIN__RETRIES", "0");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("zero");
    stage.wait_until_last(1001, "Heard zero").await;
    stage.models.fault("chat/completions", 1, Fault::Unauthorized);
    alice.says("one");
    stage.wait_until_last_is(1001, |text| text.contains("wrong setting")).await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    alice.says("two");
    stage.wait_until_last(1001, "Heard two").await;
    assert_eq!(heard(&stage.models, "two"), ["zero", "Heard zero", "two"], "what failed is not seen");
    stage.models.fault("chat/completions", 1, Fault::Unauthorized);
    alice.says("three");
    bot.wait_for_logs("a turn on telegram ended", 4).await;
    alice.says("/retry");
    stage.wait_until_last(1001, "Heard three").await;

    let gate = Gate::closed_after(0);
    stage.models.will(Answer::text("Too late.").behind(&gate));
    alice.says("four");
    gate.wait_until_held(1).await;
    alice.says("/stop");
    stage.wait_for_text(1001, "Stopped before the first word.").await;
    stage.wait_for_text(1001, "Stopped.").await;
    gate.release();
    bot.wait_for_logs("a turn on telegram ended", 8).await;
    alice.says("/retry");
    stage.wait_until_last(1001, "Heard four").await;
    let all = ["zero", "Heard zero", "two", "Heard two", "three", "Heard three", "four"];
    assert_eq!(heard(&stage.models, "four"), all);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn another_answer_comes_once_wherever_the_program_ends_meanwhile() {
    let stage = quick().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("one");
    stage.wait_until_last(1001, "Heard one").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Heard one", " again"]).behind(&gate));
    alice.says("/retry");
    gate.wait_until_held(1).await;
    let beside = stage.beside().await;
    wait_until(&beside, "SELECT COUNT(*) FROM outbox WHERE posted_id IS NOT NULL", 2).await;
    bot.crash().await;
    gate.release();

    stage.models.will_say("Heard one again");
    let bot = stage.serve().await;
    let screen = stage.wait_until_last(1001, "Heard one again").await;
    assert_eq!(said(&screen), ["Heard one", "Heard one again"]);
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    alice.says("two");
    stage.wait_until_last(1001, "Heard two").await;
    assert_eq!(heard(&stage.models, "two"), ["one", "Heard one again", "two"]);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stop_ends_an_answer_of_which_there_is_no_word_within_a_second() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::text("Too late.").behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Think.");
    gate.wait_until_held(1).await;
    let asked = Instant::now();
    alice.says("/stop");
    let words = ["Stopped before the first word.", "Stopped."];
    stage.wait_until(1001, |text| words.contains(&text)).await;
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    gate.wait_until_nobody_is_held().await;
    for words in words {
        stage.wait_for_text(1001, words).await;
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_was_stopped_stays_so_when_the_program_ends_before_it_is_shown() {
    let stage = quick().await;
    let gate = Gate::closed_after(1);
    stage.models.when_asked("think", Answer::deltas(["Well", ", so", " on."]).behind(&gate));
    stage.platform.fault("editMessageText", 1, TelegramFault::Hang);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("think");
    stage.wait_until_last(1001, "Well").await;
    wait_until_noted(&stage.setup).await;
    // What comes next is on its way for ever.
    gate.hold(2);
    stage.platform.wait_for_calls("editMessageText", 1).await.unwrap();
    alice.says("/stop");
    stage.wait_until_last(1001, "Stopped.").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    bot.crash().await;
    gate.release();

    let bot = stage.serve().await;
    stage.wait_for_text(1001, "Stopped before the first word.").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    assert_eq!(stage.said(1001), ["Stopped before the first word.", "Stopped."]);
    assert_eq!(stage.models.count(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stop_ends_what_waits_for_its_turn_and_nobody_elses() {
    let stage = quick().await.set("LIMITS__CONCURRENT_TURNS", "1");
    let gate = Gate::closed_after(0);
    stage.models.when_asked("think", Answer::text("So.").behind(&gate));
    let bot = stage.serve().await;
    let beside = stage.beside().await;
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    bob.says("think");
    gate.wait_until_held(1).await;
    bob.says("and more");
    alice.says("never mind");
    wait_until_it_waits(&beside, "never mind").await;
    let asked = Instant::now();
    alice.says("/stop");
    stage.wait_until_last(1001, "Stopped.").await;
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    alice.says("/stop");
    stage.wait_until_last(1001, "There is nothing to stop right now.").await;
    gate.release();
    stage.wait_until_last(1002, "Heard and more").await;

    assert_eq!(stage.said(1001), ["Stopped.", "There is nothing to stop right now."]);
    assert_eq!(stage.models.count(), 2);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn in_a_group_who_asked_last_and_admins_have_it_answered_anew() {
    let stage = quick().await.set("ACCESS__ADMINS", "telegram:1009");
    let bot = stage.serve().await;
    let group = stage.platform.group(GROUP, "Team");
    let [alice, bob, carol] =
        [(1001, "Alice"), (1002, "Bob"), (1009, "Carol")].map(|(id, name)| stage.platform.user(id, name));
    let retry = format!("/retry@{BOT_USERNAME}");
    alice.says_in(&group, &format!("@{BOT_USERNAME} one"));
    stage.wait_until_last(GROUP, "Heard Alice: one").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    bob.says_in(&group, &retry);
    stage.wait_until_last(GROUP, "Only who asked can do that.").await;
    for (person, words, ended) in [(&alice, "Again.", 4), (&carol, "Once more.", 6)] {
        stage.models.will_say(words);
        person.says_in(&group, &retry);
        stage.wait_until_last(GROUP, words).await;
        bot.wait_for_logs("a turn on telegram ended", ended).await;
    }
    assert_eq!(stage.models.count(), 3);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn another_answer_is_to_what_was_asked_last_when_it_was_asked_for() {
    let stage = quick().await.set("LIMITS__CONCURRENT_TURNS", "1");
    let gate = Gate::closed_after(0);
    stage.models.when_asked("think", Answer::text("So.").behind(&gate));
    let bot = stage.serve().await;
    let beside = stage.beside().await;
    let group = stage.platform.group(GROUP, "Team");
    let [alice, bob, carol] =
        [(1001, "Alice"), (1002, "Bob"), (1003, "Carol")].map(|(id, name)| stage.platform.user(id, name));
    alice.says_in(&group, &format!("@{BOT_USERNAME} one"));
    stage.wait_until_last(GROUP, "Heard Alice: one").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    carol.says("think");
    gate.wait_until_held(1).await;
    alice.says_in(&group, &format!("/retry@{BOT_USERNAME}"));
    let waits = "SELECT COUNT(*) FROM inbox WHERE state = 'received' AND payload LIKE '%\"kind\":\"again\"%'";
    wait_until(&beside, waits, 1).await;
    bob.says_in(&group, &format!("@{BOT_USERNAME} two"));
    wait_until_it_waits(&beside, "two").await;
    // It was on its way for longer.
    beside.run("UPDATE inbox SET sent_at = 0 WHERE payload LIKE '%\"text\":\"two\"%'").await;
    gate.release();

    stage.wait_until_last(1003, "So.").await;
    let is_it = |text: &str| text.starts_with("Something else was asked here meanwhile.");
    let screen = stage.wait_until_last_is(GROUP, is_it).await;
    assert_eq!(said(&screen)[..2], ["Heard Alice: one", "Heard Bob: two"]);
    assert_eq!((said(&screen).len(), stage.models.count()), (3, 3));
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn after_a_crash_who_has_asked_for_another_answer_hears_nothing_else() {
    let stage = quick().await;
    let setup = stage.setup.clone().env("SWITCHBOARD_KILL_POINT", "K15");
    let bot = stage.platform.serve(&setup).await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("one");
    stage.wait_until_last(1001, "Heard one").await;
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    alice.says("/retry");
    bot.ended().await;

    let bot = stage.serve().await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    assert_eq!(stage.said(1001), ["Heard one", "Heard one"]);
    assert_eq!(stage.models.count(), 2);
    stage.ends_well(bot).await;
}
