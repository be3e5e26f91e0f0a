//! `switchboard inbox`.

use super::{ANSWER, SECRET, assert_discreet, field};
use crate::support::models::{Answer, Gate};
use crate::support::stage::Stage;

#[tokio::test]
async fn a_message_that_was_given_up_is_replayed_and_its_notice_becomes_the_answer() {
    let stage = Stage::new().await.open();
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::deltas([ANSWER]).behind(&gate));
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says(SECRET);
    gate.wait_until_held(1).await;
    bot.crash().await;
    let beside = stage.beside().await;
    beside.run("UPDATE inbox SET attempts = 3").await;
    beside.close().await;
    let bot = stage.serve().await;
    stage.wait_for(1001, "with the reference").await;
    bot.wait_for_logs("given_up", 1).await;

    let list = stage.json(&["inbox", "list"]).await;
    let [message] = &list.as_array().unwrap()[..] else { panic!("{list}") };
    let short = field(message, "reference");
    assert!(stage.said(1001)[0].contains(short), "people are told the same word");
    assert_eq!((field(message, "state"), field(message, "outcome")), ("dead", "given_up"));
    assert_discreet(&[list.to_string(), stage.told(&["inbox", "show", short]).await]);
    assert!(stage.told(&["inbox", "show", short, "--text"]).await.contains(SECRET));
    let (code, said) = stage.command(&["deliveries", "retry", short]).await;
    assert!(code == 1 && said.contains("inbox replay"), "{said}");

    let said = stage.told(&["inbox", "replay", short]).await;
    assert_eq!(said, format!("{short} waits again, and is answered anew.\n"));
    stage.wait_for(1001, ANSWER).await;
    assert_eq!(stage.said(1001), [ANSWER], "in the post that had said sorry");
    bot.wait_for_logs("answered", 1).await;
    assert_eq!(stage.told(&["inbox", "list"]).await, "Nothing is there.\n");
    gate.release();
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_message_of_a_later_version_is_hidden_and_replayed_once_it_can_be_read() {
    let stage = Stage::new().await.open();
    let alice = stage.platform.user(1001, "Alice");
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::deltas([ANSWER]).behind(&gate));
    let bot = stage.serve().await;
    alice.says(SECRET);
    gate.wait_until_held(1).await;
    bot.crash().await;
    let beside = stage.beside().await;
    beside.run(r#"UPDATE inbox SET payload = replace(payload, '"kind":"text"', '"kind":"CANARY"')"#).await;
    let bot = stage.serve().await;
    bot.wait_for_logs("cannot be read", 1).await;

    let list = stage.json(&["inbox", "list"]).await;
    let short = field(&list[0], "reference");
    assert_eq!(field(&list[0], "outcome"), "unreadable");
    assert_discreet(&[list.to_string(), stage.told(&["inbox", "show", short]).await]);
    beside.run(r#"UPDATE inbox SET payload = replace(payload, '"kind":"CANARY"', '"kind":"text"')"#).await;
    beside.close().await;
    let said = stage.told(&["inbox", "replay", "--all"]).await;
    assert_eq!(said, format!("{short} waits again, and is answered anew.\n"));
    stage.wait_for(1001, ANSWER).await;
    assert_eq!(stage.said(1001), [ANSWER]);
    gate.release();
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_event_in_quarantine_is_read_again_and_answered_once_it_can_be() {
    let stage = Stage::new().await.open();
    stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    let odd = r#"{"message_id":900,"date":1800000000,"author_signature":"SIGNED","chat":{"id":1001,"type":"private","first_name":"Alice"},"from":{"id":1001,"is_bot":false,"first_name":"Alice"},"text":"a CANARY \ud800"}"#;
    stage.platform.inject("message", &odd.replace("SIGNED", &"x".repeat(100_000)));
    // Telegram hears so once it is durable; the log tells before.
    stage.platform.wait_until_confirmed().await.unwrap();

    let list = stage.json(&["inbox", "list", "--state", "quarantined"]).await;
    let short = field(&list[0], "reference");
    assert_discreet(&[list.to_string(), stage.told(&["inbox", "show", short]).await]);
    assert!(stage.told(&["inbox", "show", short, "--text"]).await.contains("a CANARY"));
    let (code, said) = stage.command(&["inbox", "replay", short]).await;
    assert!(code == 1 && said.contains(&format!("{short} still cannot be read: not a JSON")), "{said}");
    let all = stage.told(&["inbox", "replay", "--all"]).await;
    assert!(all.starts_with("left: ") && all.contains(short), "{all}");
    assert_eq!(stage.json(&["inbox", "list"]).await[0]["reference"], short, "nothing has changed");

    let beside = stage.beside().await;
    beside.run(r"UPDATE inbox SET raw = replace(raw, '\ud800', 'that is well')").await;
    let said = stage.told(&["inbox", "replay", short]).await;
    assert_eq!(said, format!("{short} can be read now: 1 message in it will be answered.\n"));
    stage.wait_for(1001, ANSWER).await;
    let asked = stage.models.request(1).await;
    assert_eq!(asked.last_user_text(), "a CANARY that is well");
    bot.wait_for_logs("answered", 1).await;
    assert_eq!(stage.told(&["inbox", "list"]).await, "Nothing is there.\n");
    let left = "SELECT COUNT(*) FROM inbox WHERE state = 'done' AND raw IS NULL AND payload IS NULL";
    assert_eq!(beside.number(left).await, 2, "the message, and the key under which its event came");
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_number_that_comes_again_days_later_hides_nothing_and_what_nobody_replays_is_thrown_away_in_the_end()
 {
    let stage = Stage::new().await.open();
    let bot = stage.serve().await;
    let odd = r#"{"message_id":900,"date":1,"chat":{"id":1001,"type":"private"},"text":"\ud800"}"#;
    let number = stage.platform.inject("message", odd);
    bot.wait_for_logs("it is kept as it came", 1).await;
    stage.platform.wait_until_confirmed().await.unwrap();
    bot.stop().await;
    let beside = stage.beside().await;
    let days_pass = async |days: i64| {
        let micros = days * 24 * 60 * 60 * 1_000_000;
        let older = format!("received_at = received_at - {micros}, key_until = key_until - {micros}");
        beside.run(&format!("UPDATE inbox SET {older}")).await;
    };

    days_pass(8).await;
    stage.platform.restart_update_ids(number);
    let bot = stage.serve().await;
    assert_eq!(stage.platform.inject("message", odd), number);
    bot.wait_for_logs("it is kept as it came", 1).await;
    stage.platform.wait_until_confirmed().await.unwrap();
    assert_eq!(stage.json(&["inbox", "list"]).await.as_array().unwrap().len(), 2);
    bot.stop().await;

    days_pass(23).await;
    let bot = stage.serve().await;
    bot.wait_for_log("threw away 1 events that could not be read").await;
    assert_eq!(stage.json(&["inbox", "list"]).await.as_array().unwrap().len(), 1);
    beside.close().await;
    stage.ends_well(bot).await;
}
