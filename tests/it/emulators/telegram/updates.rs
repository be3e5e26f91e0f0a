//! What the bot is told by `getUpdates`.

use std::time::{Duration, Instant};

use serde_json::json;

use super::telegram::Telegram;
use super::{Bot, quick, texts};

#[tokio::test]
async fn updates_stay_until_a_higher_offset_confirms_them() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    alice.says("one");
    alice.says("two");

    let first = bot.updates(0, 0).await;
    assert_eq!(texts(&first), ["one", "two"]);
    assert_eq!(texts(&bot.updates(0, 0).await), ["one", "two"]);
    let id = first[0]["update_id"].as_i64().unwrap();
    assert_eq!(first[1]["update_id"], id + 1);
    assert_eq!(texts(&bot.updates(id + 1, 0).await), ["two"]);
    assert_eq!(texts(&bot.updates(0, 0).await), ["two"], "the first one is forgotten");
    assert!(bot.updates(id + 2, 0).await.is_empty());
    assert_eq!(telegram.pending_updates(), 0);
}

#[tokio::test]
async fn a_negative_offset_forgets_all_but_the_last() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    for text in ["one", "two", "three"] {
        alice.says(text);
    }
    assert_eq!(texts(&bot.updates(-1, 0).await), ["three"]);
    assert_eq!(texts(&bot.updates(0, 0).await), ["three"]);
}

#[tokio::test]
async fn an_offset_far_in_the_future_is_ignored() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    telegram.restart_update_ids(5000);
    alice.says("after a week of silence");
    let updates = bot.updates(100_000_900, 0).await;
    assert_eq!(updates[0]["update_id"], 5000);
    assert_eq!(telegram.pending_updates(), 1, "nothing is confirmed by it");
}

#[tokio::test]
async fn the_limit_is_between_1_and_100() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    for number in 0..120 {
        alice.says(&format!("{number}"));
    }
    for (limit, expected) in [(2, 2), (1000, 100), (0, 1)] {
        let got = bot.ok("getUpdates", json!({ "limit": limit })).await;
        assert_eq!(got.as_array().unwrap().len(), expected);
    }
}

#[tokio::test]
async fn a_long_poll_ends_when_something_is_said() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let poll = tokio::spawn(async move { bot.updates(0, 50).await });
    telegram.wait_for_poll().await.unwrap();
    alice.says("hello");
    assert_eq!(texts(&poll.await.unwrap()), ["hello"]);
}

#[tokio::test]
async fn a_long_poll_ends_empty_after_its_timeout() {
    let (_telegram, bot) = quick().await;
    let start = Instant::now();
    assert!(bot.updates(0, 1).await.is_empty());
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn the_older_of_two_pollers_gets_409() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let (older, newer) = (bot.clone(), bot);
    let older = tokio::spawn(async move { older.call("getUpdates", json!({ "timeout": 50 })).await });
    telegram.wait_for_poll().await.unwrap();
    let newer = tokio::spawn(async move { newer.updates(0, 50).await });
    let (status, body) = older.await.unwrap();
    assert_eq!(status, 409);
    assert_eq!(
        body["description"],
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    );
    alice.says("still here?");
    assert_eq!(texts(&newer.await.unwrap()), ["still here?"]);
}

#[tokio::test]
async fn a_hasty_repetition_of_a_poll_waits_and_gets_one_update() {
    let telegram = Telegram::start().await;
    let bot = Bot::of(&telegram);
    let alice = telegram.user(7, "Alice");
    alice.says("one");
    alice.says("two");
    assert_eq!(bot.updates(0, 0).await.len(), 2);
    assert_eq!(bot.updates(0, 0).await.len(), 1);
}

#[tokio::test]
async fn allowed_updates_are_remembered() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let said = bot.says(7, "react to me").await;
    let said = telegram.screen(7).into_iter().find(|shown| shown.id == said).unwrap();

    alice.reacts(&said, "👍");
    assert!(bot.updates(0, 0).await.is_empty(), "reactions must be asked for");
    bot.ok("getUpdates", json!({ "allowed_updates": ["message_reaction"] })).await;
    alice.says("not asked for");
    alice.reacts(&said, "🔥");
    let updates = bot.updates(0, 0).await;
    assert_eq!(updates.len(), 1);
    let reaction = &updates[0]["message_reaction"];
    assert_eq!(reaction["old_reaction"], json!([{ "type": "emoji", "emoji": "👍" }]));
    assert_eq!(reaction["new_reaction"], json!([{ "type": "emoji", "emoji": "🔥" }]));
    assert_eq!(reaction["user"]["id"], 7);
    bot.ok("getUpdates", json!({ "offset": -1, "allowed_updates": [] })).await;
    alice.says("the default again");
    assert_eq!(texts(&bot.updates(0, 0).await), ["the default again"]);
}

#[tokio::test]
async fn updates_are_gone_after_a_day() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    alice.says("yesterday");
    telegram.time_passes(Duration::from_secs(24 * 3600 + 1));
    alice.says("today");
    assert_eq!(texts(&bot.updates(0, 0).await), ["today"]);
}

#[tokio::test]
async fn a_message_has_its_fields_and_entities_in_utf16() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    alice.says("👩‍👩‍👧 /start see https://example.com/a?b, @someone #tag a@b.com");
    let message = bot.updates(0, 0).await[0]["message"].clone();
    assert_eq!(
        message["from"],
        json!({ "id": 7, "is_bot": false, "first_name": "Alice", "language_code": "en" })
    );
    assert_eq!(message["chat"], json!({ "id": 7, "first_name": "Alice", "type": "private" }));
    assert!(message["date"].as_i64().unwrap() > 1_700_000_000);
    let entities: Vec<(&str, u64, u64)> = message["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["type"].as_str().unwrap(), e["offset"].as_u64().unwrap(), e["length"].as_u64().unwrap()))
        .collect();
    let expected =
        [("bot_command", 9, 6), ("url", 20, 23), ("mention", 45, 8), ("hashtag", 54, 4), ("email", 59, 7)];
    assert_eq!(entities, expected);
}

#[tokio::test]
async fn raw_updates_come_as_they_are() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    telegram.inject("message", r#"{"text":"\ud800"}"#);
    telegram.inject("purple_event", r#"{"nobody":"knows"}"#);
    telegram.inject_verbatim(|id| format!(r#"{{"update_id":{id},"update_id":{id},"x":1e999}}"#));
    alice.says("fine");
    let text = bot.http.get(format!("{}/getUpdates", bot.base)).send().await.unwrap().text().await.unwrap();
    assert!(text.contains(r#""message":{"text":"\ud800"}"#) && text.contains("purple_event"));
    assert!(text.contains("1e999") && text.contains("fine"));
}

#[tokio::test]
async fn updates_come_late_twice_and_out_of_order_by_script() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    telegram.hold_updates();
    alice.says("one");
    alice.says("two");
    assert!(bot.updates(0, 0).await.is_empty());
    telegram.release_updates_reversed();
    let updates = bot.updates(0, 0).await;
    assert_eq!(texts(&updates), ["two", "one"]);
    assert!(updates[0]["update_id"].as_i64() < updates[1]["update_id"].as_i64());
    telegram.reverse_batches(1);
    assert_eq!(texts(&bot.updates(0, 0).await), ["one", "two"]);

    telegram.repeat_updates(1);
    alice.says("three");
    let updates = bot.updates(updates[1]["update_id"].as_i64().unwrap() + 1, 0).await;
    assert_eq!(texts(&updates), ["three", "three"]);
    let next = updates[0]["update_id"].as_i64().unwrap() + 1;
    assert!(bot.updates(next, 0).await.is_empty());
    telegram.resend_updates(2);
    assert_eq!(texts(&bot.updates(next, 0).await), ["one", "three"]);
}

#[tokio::test]
async fn a_poller_that_hangs_up_leaves_its_place() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let poller = bot.clone();
    let poll = tokio::spawn(async move { poller.updates(0, 50).await });
    telegram.wait_for_poll().await.unwrap();
    poll.abort();
    telegram.wait_until_nobody_polls().await.unwrap();
    alice.says("into the void");
    assert_eq!(texts(&bot.updates(0, 0).await), ["into the void"], "nothing was lost");
}
