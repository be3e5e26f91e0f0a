//! Bad days of the model and of the platform that come together, or again and again;
//! one of each kind is in `every_fault.rs`.

use std::time::Duration;

use crate::support::models::{Answer, Fault as ModelFault, Gate};
use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::{CallRecord, Fault, Shown};

const WHOLE: &str = "The whole answer, word for word.";

#[tokio::test]
async fn every_fault_of_the_platform_still_ends_in_the_whole_answer() {
    let stage = Stage::lifelike().await;
    stage.platform.without_rate_limits();
    stage.models.when_asked("?", WHOLE);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Ready?");
    stage.wait_until_last(1001, WHOLE).await;
    let cut = "(This may be a duplicate: the platform did not say whether it had arrived.)\n\n";
    let faults = [
        (1, Fault::RetryAfter(1), vec![""]),
        (1, Fault::Delay(Duration::from_millis(300)), vec![""]),
        (1, Fault::Refuse(400, "Bad Request: can't parse entities: something".to_owned()), vec![""]),
        // Nobody can know whether it arrived, so every further copy says what it is.
        (1, Fault::CutAfter, vec!["", cut]),
        (2, Fault::CutAfter, vec!["", cut, cut]),
        (1, Fault::CutBefore, vec![cut]),
        (3, Fault::CutBefore, vec![cut]),
        (1, Fault::Status(500), vec![cut]),
        (1, Fault::Page(502), vec![cut]),
        (1, Fault::StatusAfter(500), vec!["", cut]),
        (2, Fault::PageAfter(503), vec!["", cut, cut]),
    ];
    for (turn, (times, fault, labels)) in faults.into_iter().enumerate() {
        let number = 2001 + i64::try_from(turn).unwrap();
        let expected: Vec<String> = labels.iter().map(|label| format!("{label}{WHOLE}")).collect();
        stage.platform.fault("sendMessage", times, fault.clone());
        stage.platform.user(number, "Somebody").says("Really?");
        bot.wait_for_logs("a turn on telegram ended", turn + 2).await;
        assert_eq!(said(&stage.platform.screen(number)), expected, "{fault:?}");
    }
    stage.ends_well(bot).await;
}

/// What is logged when a call to a platform is made again.
const TRYING_AGAIN: &str = "a write to telegram did not work, trying again";

#[tokio::test]
async fn a_copy_is_not_spent_while_the_platform_is_away_and_after_three_nobody_is_told_more() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("?", WHOLE);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Ready?");
    stage.wait_until_last(1001, WHOLE).await;
    let cut = "(This may be a duplicate: the platform did not say whether it had arrived.)";

    // Four posts that nobody answers.
    stage.platform.fault("sendMessage", 4, Fault::CutBefore);
    let bob = stage.platform.user(1002, "Bob");
    bob.says("Really?");
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    assert_eq!(said(&stage.platform.screen(1002)), Vec::<&str>::new());
    let list = stage.setup.run(&["deliveries", "list"]).await;
    assert!(list.out.contains(" dead "), "an admin sees it: {list:?}");

    stage.platform.fault("sendMessage", 1, Fault::CutBefore);
    stage.platform.fault("sendChatAction", 50, Fault::CutBefore);
    bob.says("And now?");
    let failures = bot.log().iter().filter(|line| line.contains(TRYING_AGAIN)).count();
    bot.wait_for_logs(TRYING_AGAIN, failures + 3).await;
    assert_eq!(said(&stage.platform.screen(1002)), Vec::<&str>::new());
    stage.platform.no_more_faults();
    bot.wait_for_logs("a turn on telegram ended", 3).await;
    assert_eq!(said(&stage.platform.screen(1002)), [format!("{cut}\n\n{WHOLE}")]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn faults_of_editing_that_come_again_and_again_end_in_one_whole_answer() {
    let stage = Stage::lifelike().await.unhurried();
    stage.platform.without_rate_limits();
    let bot = stage.serve().await;
    let faults = [
        (5, Fault::Status(500)),
        (3, Fault::Page(502)),
        (3, Fault::RetryAfter(1)),
        (3, Fault::CutBefore),
        // The text is there already when it is sent again.
        (2, Fault::StatusAfter(500)),
        (2, Fault::PageAfter(502)),
        (3, Fault::CutAfter),
    ];
    for (number, (times, fault)) in (2001..).zip(faults) {
        let gate = Gate::closed_after(1);
        stage.models.will(Answer::deltas(["The whole answer", ", word for word."]).behind(&gate));
        stage.platform.user(number, "Somebody").says("Really?");
        stage.wait_until_last(number, "The whole answer").await;
        stage.platform.fault("editMessageText", times, fault.clone());
        gate.release();
        let screen = stage.wait_until_last(number, WHOLE).await;
        assert_eq!(said(&screen), [WHOLE], "{fault:?}");
        // A cut that comes after the text is there leaves no more to do; the rest is for nobody.
        stage.platform.no_more_faults();
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_fault_of_an_edit_in_the_middle_of_an_answer_ends_nothing() {
    let stage = Stage::lifelike().await.unhurried();
    stage.platform.without_rate_limits();
    let bot = stage.serve().await;
    let faults = [
        Fault::Status(500),
        Fault::Page(502),
        Fault::CutBefore,
        Fault::StatusAfter(500),
        Fault::PageAfter(502),
        Fault::CutAfter,
    ];
    for (number, fault) in (2001..).zip(faults) {
        let gate = Gate::closed_after(1);
        stage.models.will(Answer::deltas(["The whole answer", ", word", " for word."]).behind(&gate));
        stage.platform.user(number, "Somebody").says("Really?");
        stage.wait_until_last(number, "The whole answer").await;
        let edits =
            |calls: &[CallRecord]| calls.iter().filter(|call| call.method == "editMessageText").count();
        let before = edits(&stage.platform.calls());
        stage.platform.fault("editMessageText", 1, fault.clone());
        gate.hold(2);
        stage.platform.wait_for_calls("editMessageText", before + 1).await.unwrap();
        gate.release();
        let screen = stage.wait_until_last(number, WHOLE).await;
        assert_eq!(said(&screen), [WHOLE], "{fault:?}");
    }
    bot.wait_for_logs("a turn on telegram ended", 6).await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn somebody_who_blocked_the_bot_harms_nobody_else() {
    let stage = Stage::lifelike().await;
    stage.models.when_asked("?", WHOLE);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Ready?");
    alice.blocks_bot();
    let bob = stage.platform.user(1002, "Bob");
    bob.says("Ready?");
    stage.wait_until_last(1002, WHOLE).await;
    bot.stop().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_begun_anew_where_it_stands() {
    let stage = Stage::lifelike().await;
    let long = "Once upon a time there was a king, ".repeat(200);
    let deltas = [long.as_str(), "and", " then"];
    stage.models.will(Answer::deltas(deltas).with(ModelFault::HangAfterDeltas(2)));
    stage.models.will_say("There was a queen.");
    let bot = stage.serve().await;
    stage.platform.user(1001, "Alice").says("Tell me a story.");

    let is_new = |shown: &Shown| shown.is_from_bot() && shown.text == "There was a queen.";
    stage.platform.wait_for_message(1001, is_new).await.unwrap_or_else(|error| panic!("{error}"));
    stage.ends_well(bot).await;

    let screen = stage.platform.screen(1001);
    assert_eq!(said(&screen), ["There was a queen."], "what was too much is taken away");
    assert_eq!(stage.models.count(), 2);
}

#[tokio::test]
async fn of_an_answer_that_breaks_off_twice_the_longer_text_stays() {
    let stage = Stage::lifelike().await;
    stage.models.will(Answer::deltas(["One,", " two,", " three"]).with(ModelFault::HangAfterDeltas(2)));
    stage.models.will(Answer::deltas(["Uno,", " due"]).with(ModelFault::CutAfterDeltas(1)));
    let bot = stage.serve().await;
    stage.platform.user(1001, "Alice").says("Count.");

    let screen = stage.wait_until_last_is(1001, |text| text.contains("broke off")).await;

    let said = said(&screen);
    assert!(said.len() == 1 && said[0].starts_with("One, two,"), "{said:?}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_apology_takes_the_place_of_what_was_shown() {
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Well,", " <b>no."]).behind(&gate));
    let bot = stage.serve().await;
    stage.platform.user(1001, "Alice").says("Really?");
    stage.wait_until_last(1001, "Well,").await;
    let refusal = || Fault::Refuse(400, "Bad Request: MESSAGE_TOO_STRANGE".to_owned());
    stage.platform.fault("editMessageText", 1, refusal());
    stage.platform.fault("sendMessage", 1, refusal());
    gate.release();

    let screen = stage.wait_until_last_is(1001, |text| text.contains("Sorry")).await;

    assert_eq!(said(&screen).len(), 1, "{screen:#?}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_reply_whose_platform_takes_nothing_for_too_long_is_put_back_and_comes_once() {
    let stage = Stage::lifelike().await.set("LIMITS__PATIENCE_SECONDS", "1");
    stage.models.when_asked("?", WHOLE);
    let bot = stage.serve().await;
    // The first try waits for longer than the patience, and the second is the last.
    stage.platform.fault("sendMessage", 2, Fault::RetryAfter(2));
    stage.platform.user(1001, "Alice").says("Really?");
    bot.wait_for_log("a turn failed").await;
    assert_eq!(stage.said(1001), [""; 0]);

    stage.wait_until_last(1001, WHOLE).await;
    bot.wait_for_log("a turn on telegram ended: delivered").await;
    assert_eq!(stage.said(1001), [WHOLE], "what surely did not arrive is no copy");
    assert_eq!(stage.models.count(), 1, "the answer was kept");
    stage.ends_well(bot).await;
}
