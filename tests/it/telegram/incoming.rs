//! What people say, on its way in.

use serde_json::json;
use switchboard::domain::Timestamp;
use switchboard::domain::{AddressKind, Attachment, Event};

use super::{Listening, Recorder};
use crate::support::telegram::{BOT_ID, BOT_USERNAME, Telegram, Upload};

#[tokio::test]
async fn what_people_say_comes_in_order_and_is_confirmed() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let listening = Listening::to(&telegram);
    for text in ["one", "two", "three"] {
        alice.says(text);
    }
    assert_eq!(listening.inbox.texts(3).await, ["one", "two", "three"]);
    telegram.wait_until_confirmed().await.unwrap();
    listening.stop().await.unwrap();
    assert_eq!(telegram.problems(), [""; 0]);
}

#[tokio::test]
async fn what_waits_is_accepted_at_once() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    for number in 0..150 {
        alice.says(&format!("message {number}"));
    }
    let listening = Listening::to(&telegram);
    listening.inbox.messages(150).await;
    telegram.wait_until_confirmed().await.unwrap();
    assert_eq!(listening.inbox.state.read(|state| state.batches.clone()), [100, 50]);
}

#[tokio::test]
async fn nothing_is_confirmed_before_it_is_durable() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let inbox = Recorder::new();
    inbox.refuses(true);
    let listening = Listening::with(&telegram, inbox);
    alice.says("hold on");
    listening.inbox.refusals(2).await;
    assert_eq!(telegram.pending_updates(), 1);

    listening.inbox.refuses(false);
    assert_eq!(listening.inbox.texts(1).await, ["hold on"]);
    telegram.wait_until_confirmed().await.unwrap();
}

#[tokio::test]
async fn what_was_not_confirmed_comes_again_under_the_same_key() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    telegram.repeat_updates(1);
    alice.says("hello");
    let first = Listening::to(&telegram);
    let messages = first.inbox.messages(2).await;
    assert_eq!(messages[0].key, messages[1].key);
    telegram.wait_until_confirmed().await.unwrap();

    telegram.resend_updates(1);
    alice.says("wake up");
    let again = first.inbox.messages(4).await;
    assert!(again[2..].iter().any(|message| message.key == messages[0].key));
    telegram.wait_until_confirmed().await.unwrap();
}

#[tokio::test]
async fn one_unreadable_update_does_not_hold_up_its_batch() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let date = Timestamp::now_utc().unix_timestamp();
    let message = |text: &str| {
        format!(
            r#"{{"message_id":900,"date":{date},"chat":{{"id":7,"type":"private"}},"from":{{"id":7,"first_name":"A"}},"text":{text}}}"#
        )
    };
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));

    alice.says("before");
    let surrogate = telegram.inject("message", &message(r#""\ud800""#));
    let nested = telegram.inject("message", &message(&deep));
    let unknown = telegram.inject("parrot_message", &message("\"squawk\""));
    telegram.inject("hologram", r#"{"depth":3}"#);
    telegram.inject("message", &message(r#""nul \u0000 and \ud83d\ude00""#).replace("900", "901"));
    telegram.inject("message", &message(&json!("x".repeat(1 << 20)).to_string()).replace("900", "902"));
    telegram.inject("message", &message(r#""""#).replace("900", "903"));
    alice.says("after");

    let listening = Listening::to(&telegram);
    let texts = listening.inbox.texts(5).await;
    assert_eq!((texts[0].as_str(), texts[1].as_str()), ("before", "nul \0 and 😀"));
    assert_eq!((texts[2].len(), texts[3].as_str(), texts[4].as_str()), (1 << 20, "", "after"));
    let keys: Vec<String> = listening
        .inbox
        .state
        .read(|state| state.unreadable.iter().map(|unreadable| unreadable.key.0.clone()).collect());
    assert_eq!(keys, [surrogate, nested, unknown].map(|id| format!("telegram:{BOT_ID}:update:{id}")));
    telegram.wait_until_confirmed().await.unwrap();
}

#[tokio::test]
async fn a_long_silence_may_change_the_numbering() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let listening = Listening::to(&telegram);
    alice.says("before");
    listening.inbox.messages(1).await;
    telegram.wait_until_confirmed().await.unwrap();
    telegram.restart_update_ids(17);
    alice.says("after");
    assert_eq!(listening.inbox.texts(2).await, ["before", "after"]);
    telegram.wait_until_confirmed().await.unwrap();
}

#[tokio::test]
async fn a_group_is_heard_and_tells_what_is_meant_for_us() {
    let telegram = Telegram::start().await;
    telegram.privacy_mode(false);
    let (alice, group) = (telegram.user(7, "Alice"), telegram.group(-1001, "Team"));
    let listening = Listening::to(&telegram);
    alice.says_in(&group, "lunch?");
    alice.says_in(&group, &format!("@{BOT_USERNAME} when is lunch?"));
    alice.says_in(&group, &format!("/help@{BOT_USERNAME}"));

    let messages = listening.inbox.messages(3).await;
    let space = messages[0].address.space.clone().unwrap();
    assert_eq!((space.id.as_str(), space.name.as_deref()), ("-1001", Some("Team")));
    let heard: Vec<(String, bool)> = messages
        .into_iter()
        .map(|message| match message.event {
            Event::Text(said) => (said.text.clone(), said.is_addressed()),
            Event::Command(command) => (format!("/{}", command.name), true),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("lunch?", false), ("when is lunch?", true), ("/help", true)];
    assert_eq!(heard, expected.map(|(text, is_addressed)| (text.to_owned(), is_addressed)));
}

#[tokio::test]
async fn a_topic_is_a_place_of_its_own() {
    let telegram = Telegram::start().await;
    let (alice, forum) = (telegram.user(7, "Alice"), telegram.forum(-1_001_000_000_000, "Team"));
    telegram.privacy_mode(false);
    let topic = forum.topic("Plans", &alice);
    let listening = Listening::to(&telegram);
    alice.says_in(&topic, "hello");
    let message = listening.inbox.messages(1).await.remove(0);
    assert_eq!(message.address.kind, AddressKind::Thread);
    assert_eq!(message.address.thread, Some(topic.id().to_string()));
}

#[tokio::test]
async fn edits_and_files_come_in_and_bots_do_not() {
    let telegram = Telegram::start().await;
    telegram.privacy_mode(false);
    let (alice, group) = (telegram.user(7, "Alice"), telegram.group(-1001, "Team"));
    let listening = Listening::to(&telegram);
    telegram.other_bot(8, "Parrot").says_in(&group, "squawk");
    let said = alice.says("helo");
    alice.edits(said, "hello");
    alice.sends(&Upload::photo(&b"pixels"[..]).caption("what is this?"));

    let messages = listening.inbox.messages(3).await;
    assert_eq!(listening.inbox.texts(3).await, ["helo", "edit: hello", "what is this?"]);
    assert_ne!(messages[0].key, messages[1].key);
    let Event::Text(photo) = &messages[2].event else { panic!("{:?}", messages[2].event) };
    assert_eq!(photo.attachments, [Attachment::Image]);
}
