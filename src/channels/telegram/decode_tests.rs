//! Updates as the manual shows them, and as nobody should send them.

use serde_json::{Value, json};

use super::{Decoded, Reading, update};
use crate::channels::telegram::wire::Me;
use crate::domain::{
    AddressKind, Attachment, Button, ClosedFor, Event, Extent, InboundMessage, MOST_KEPT_BYTES, PostedId,
    Said, Timestamp,
};

macro_rules! fixture {
    ($name:literal) => {
        update_of(include_str!(concat!("../../../tests/fixtures/telegram/", $name, ".json")))
    };
}

fn update_of(fixture: &str) -> Value {
    serde_json::from_str::<Value>(fixture).unwrap()["update"].take()
}

fn decode(raw: &str) -> Decoded {
    let me = json!({ "id": 123_456_789, "first_name": "Switchboard", "username": "switchboard_bot" });
    update(raw, &serde_json::from_value::<Me>(me).unwrap())
}

fn heard(update: &Value) -> InboundMessage {
    match decode(&update.to_string()).reading {
        Reading::Heard(message) => *message,
        Reading::Unreadable(unreadable) => panic!("unreadable: {}", unreadable.reason),
        Reading::Moved(moved) => panic!("a move: {moved:?}"),
        Reading::Turned(door) => panic!("a door: {door:?}"),
        Reading::Ignored(reason) => panic!("ignored: {reason}"),
    }
}

fn said(update: &Value) -> Said {
    match heard(update).event {
        Event::Text(said) => said,
        other => panic!("not talk: {other:?}"),
    }
}

#[test]
fn a_private_message_tells_who_said_what_where_and_when() {
    let message = heard(&fixture!("private_text"));
    assert_eq!(message.key.0, "telegram:123456789:1111111:1365");
    assert_eq!((message.sequence, message.sent_at.unix_timestamp()), (1365, 1_441_645_532));
    let address = &message.address;
    assert_eq!((address.chat.as_str(), address.scope.as_str(), &address.thread), ("1111111", "", &None));
    assert_eq!((address.kind, &address.space), (AddressKind::Direct, &None));
    let author = &message.author;
    assert_eq!((author.platform_user_id.as_str(), author.name.as_str()), ("1111111", "Ann Test"));
    assert_eq!((author.username.as_deref(), author.locale.as_deref()), (Some("ann_test"), Some("en")));
    let Event::Text(said) = message.event else { panic!("talk") };
    assert_eq!((said.text.as_str(), said.is_addressed()), ("Hello, who are you?", true));
    assert_eq!(said.message, Some(PostedId("1365".into())));
}

#[test]
fn a_group_that_moves_is_told_from_both_sides_by_anybody() {
    let told = |chat: i64, field: &str, other: i64| {
        let message = json!({
            "message_id": 9, "date": 1_441_645_532, "chat": { "id": chat, "type": "supergroup" },
            "from": { "id": 1_087_968_824, "is_bot": true, "first_name": "Group" },
            "sender_chat": { "id": chat, "type": "supergroup" }, field: other,
        });
        decode(&json!({ "update_id": 3, "message": message }).to_string()).reading
    };
    for reading in [told(-4, "migrate_to_chat_id", -1004), told(-1004, "migrate_from_chat_id", -4)] {
        let Reading::Moved(moved) = reading else { panic!("a move") };
        assert_eq!((moved.from.as_str(), moved.to.as_str()), ("-4", "-1004"));
    }
}

#[test]
fn a_mention_in_a_group_is_for_us() {
    let message = heard(&fixture!("group_mention"));
    let space = message.address.space.clone().unwrap();
    assert_eq!((space.id.as_str(), space.name.as_deref()), ("-1001234567890", Some("Team")));
    assert_eq!(message.address.kind, AddressKind::Group);
    let Event::Text(said) = message.event else { panic!("talk") };
    assert!(said.is_addressed());
    assert_eq!(said.text, "😀, ask @bob_the_builder about https://example.com");
}

#[test]
fn an_answer_to_us_in_a_topic_is_for_us() {
    let message = heard(&fixture!("topic_reply"));
    assert_eq!((message.address.kind, message.address.thread.as_deref()), (AddressKind::Thread, Some("40")));
    let Event::Text(said) = message.event else { panic!("talk") };
    assert!(said.is_addressed());
    assert_eq!(said.reply_to, Some(PostedId("81".into())));
}

#[test]
fn talk_in_a_topic_that_we_opened_is_no_answer_to_us() {
    let said = said(&fixture!("topic_talk"));
    assert_eq!((said.is_addressed(), said.reply_to), (false, None));
}

#[test]
fn a_thread_of_answers_outside_of_topics_is_the_group_itself() {
    let mut update = fixture!("topic_reply");
    update["message"]["is_topic_message"] = json!(false);
    let address = heard(&update).address;
    assert_eq!((address.kind, address.thread), (AddressKind::Group, None));
}

#[test]
fn commands_are_ours_when_they_can_be() {
    let group = |text: &str, command: usize| {
        let mut update = fixture!("group_mention");
        update["message"]["text"] = json!(text);
        update["message"]["entities"] = json!([{ "offset": 0, "length": command, "type": "bot_command" }]);
        heard(&update).event
    };
    let table = [
        ("/help", 5, Some(("help", ""))),
        ("/model@switchboard_bot gpt", 22, Some(("model", "gpt"))),
        ("/nonsense@switchboard_bot", 25, Some(("nonsense", ""))),
        ("/weather", 8, None),
        ("/help@other_bot", 15, None),
    ];
    for (text, length, expected) in table {
        match (group(text, length), expected) {
            (Event::Command(command), Some((name, arguments))) => {
                assert_eq!((command.name.as_str(), command.arguments.as_str()), (name, arguments));
            }
            (Event::Text(said), None) => assert!(!said.is_addressed(), "{text}"),
            (other, _) => panic!("{text}: {other:?}"),
        }
    }
    let Event::Command(start) = heard(&fixture!("private_command")).event else { panic!("a command") };
    assert_eq!((start.name.as_str(), start.message), ("start", Some(PostedId("1366".into()))));
}

#[test]
fn what_is_not_text_is_an_attachment() {
    let photo = said(&fixture!("photo_with_caption"));
    assert_eq!((photo.text.as_str(), photo.attachments), ("What is this?", vec![Attachment::Image]));
    let sticker = said(&fixture!("sticker"));
    assert_eq!((sticker.text.as_str(), sticker.attachments), ("", vec![Attachment::Sticker]));
    let table = [
        ("voice", Attachment::Audio),
        ("audio", Attachment::Audio),
        ("video", Attachment::Video),
        ("video_note", Attachment::Video),
        ("document", Attachment::File),
        ("location", Attachment::Other),
        ("poll", Attachment::Other),
    ];
    for (field, expected) in table {
        let mut update = fixture!("private_text");
        update["message"].as_object_mut().unwrap().remove("text");
        update["message"][field] = json!({});
        assert_eq!(said(&update).attachments, [expected], "{field}");
    }
    let mut animation = fixture!("private_text");
    animation["message"]["animation"] = json!({});
    animation["message"]["document"] = json!({});
    assert_eq!(said(&animation).attachments, [Attachment::Video]);
}

#[test]
fn an_edit_is_named_by_its_time() {
    let message = heard(&fixture!("edited_message"));
    assert_eq!(message.key.0, "telegram:123456789:1111111:1365:1441646600");
    assert_eq!(message.sent_at.unix_timestamp(), 1_441_646_600);
    let Event::Edited(now) = message.event else { panic!("an edit") };
    let mut unchanged = heard(&fixture!("private_text"));
    let Event::Text(said) = &mut unchanged.event else { panic!("talk") };
    said.text = "Hello, what are you?".to_owned();
    assert_eq!(*now, unchanged, "as if it had been said like that");
}

#[test]
fn who_speaks_for_a_group_or_channel_is_that_and_no_person() {
    let mut updates = [fixture!("anonymous_admin"), fixture!("anonymous_admin")];
    updates[1]["message"]["sender_chat"] =
        json!({ "id": -1_009_876_543_210_i64, "type": "channel", "title": "News" });
    for (update, (id, name)) in updates.iter().zip([("-1001234567890", "Team"), ("-1009876543210", "News")]) {
        let message = heard(update);
        let author = &message.author;
        assert_eq!((author.platform_user_id.as_str(), author.name.as_str()), (id, name));
        assert!(author.is_anonymous && author.username.is_none());
        let Event::Text(said) = message.event else { panic!("talk") };
        assert_eq!((said.text.as_str(), said.is_addressed()), ("hello", true));
    }
}

#[test]
fn what_becomes_of_us_in_a_chat_closes_and_opens_it() {
    let told = |kind: &str, now: Value| {
        let update = json!({ "update_id": 3, "my_chat_member": {
            "chat": { "id": -5, "type": kind }, "date": 1, "from": { "id": 7, "first_name": "A" },
            "old_chat_member": { "status": "member" }, "new_chat_member": now,
        } });
        decode(&update.to_string()).reading
    };
    let table = [
        ("private", json!({ "status": "kicked", "until_date": 0 }), Some(ClosedFor::Blocked)),
        ("private", json!({ "status": "member" }), None),
        ("supergroup", json!({ "status": "kicked", "until_date": 0 }), Some(ClosedFor::Removed)),
        ("group", json!({ "status": "left" }), Some(ClosedFor::Removed)),
        ("group", json!({ "status": "administrator" }), None),
        (
            "supergroup",
            json!({ "status": "restricted", "is_member": true, "can_send_messages": false }),
            Some(ClosedFor::Restricted),
        ),
        ("supergroup", json!({ "status": "restricted", "is_member": true, "can_send_messages": true }), None),
        (
            "supergroup",
            json!({ "status": "restricted", "is_member": false, "can_send_messages": true }),
            Some(ClosedFor::Removed),
        ),
    ];
    for (kind, now, expected) in table {
        let Reading::Turned(door) = told(kind, now.clone()) else { panic!("{now}") };
        assert_eq!((door.of, door.closed), (Extent::Chat("-5".into()), expected), "{now}");
    }
    assert!(matches!(told("group", json!({ "status": "to come" })), Reading::Ignored(_)));
}

#[test]
fn only_people_are_heard() {
    let mut of_a_bot = fixture!("private_text");
    of_a_bot["message"]["from"]["is_bot"] = json!(true);
    let updates = [
        fixture!("linked_channel"),
        fixture!("channel_post"),
        fixture!("new_member"),
        of_a_bot,
        json!({ "update_id": 1, "hologram": { "depth": 3 } }),
        json!({ "update_id": 1 }),
    ];
    for update in updates {
        let decoded = decode(&update.to_string());
        assert!(matches!(decoded.reading, Reading::Ignored(_)), "{update}");
        assert_eq!(decoded.id, update["update_id"].as_i64());
    }
}

#[test]
fn what_cannot_be_read_is_kept_with_its_number_and_without_its_words_in_the_reason() {
    let wrap = |message: &str| format!(r#"{{"update_id":5,"message":{message}}}"#);
    let rest = r#""message_id":1,"date":1,"chat":{"id":1,"type":"private"},"from":{"id":1,"first_name":"A"}"#;
    let table = [
        wrap(&format!(r#"{{{rest},"text":"secret \ud800"}}"#)),
        wrap(&format!(r#"{{{rest},"entities":"secret"}}"#)),
        wrap("\"secret\""),
        wrap("{}"),
        r#"{"update_id":5,"parrot_message":{"message_id":1,"chat":{"id":1},"text":"secret"}}"#.to_owned(),
    ];
    for raw in table {
        let Decoded { id, reading: Reading::Unreadable(unreadable) } = decode(&raw) else {
            panic!("readable: {raw}");
        };
        assert_eq!((id, unreadable.key.0.as_str()), (Some(5), "telegram:123456789:update:5"));
        assert!(unreadable.is_numbered);
        assert_eq!(unreadable.raw, raw);
        assert!(!unreadable.reason.contains("secret"), "{}", unreadable.reason);
    }
    let Reading::Unreadable(nameless) = decode("{}").reading else { panic!("readable") };
    assert!(!nameless.is_numbered);
    let long = wrap(&format!("\"{}\"", "ä".repeat(MOST_KEPT_BYTES)));
    let Reading::Unreadable(unreadable) = decode(&long).reading else { panic!("readable") };
    assert!(unreadable.raw.len() <= MOST_KEPT_BYTES && unreadable.raw.len() > MOST_KEPT_BYTES - 4);
}

#[test]
fn what_we_do_not_read_may_be_anything() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let raw = format!(
        r#"{{"update_id":5,"message":{{"message_id":1,"date":1,"chat":{{"id":1,"type":"private"}},
        "from":{{"id":1,"first_name":"A"}},"text":"hi","novelty":"\ud800","depth":{deep},
        "entities":[{{"type":"hologram","offset":0,"length":1,"depth":{deep}}}]}}}}"#
    );
    assert!(matches!(decode(&raw).reading, Reading::Heard(_)));
}

#[test]
fn a_button_is_a_command_about_its_answer() {
    let mut update = fixture!("callback_query");
    let turn = crate::domain::TurnId::new(Timestamp::UNIX_EPOCH);
    for (data, name, about) in [
        (Button::stop(turn).to_string(), "stop", turn),
        (Button::retry(turn).to_string(), "retry", turn),
        ("yes".to_owned(), "retry", Button::LOST.turn),
    ] {
        update["callback_query"]["data"] = json!(data);
        let Reading::Heard(message) = decode(&update.to_string()).reading else { panic!("a press") };
        assert!(message.key.0.ends_with(":callback:4382bfdwdsb323b2d9"), "{message:?}");
        assert_eq!((message.address.chat.as_str(), message.author.name.as_str()), ("1111111", "Ann Test"));
        let Event::Command(given) = message.event else { panic!("a command") };
        assert_eq!((given.name.as_str(), given.pressed), (name, Some(about)));
        assert_eq!(given.message, Some(PostedId("89".to_owned())));
        assert!(given.interaction.is_some());
    }
    update["callback_query"].as_object_mut().unwrap().remove("message");
    assert!(matches!(decode(&update.to_string()).reading, Reading::Ignored(_)));
}
