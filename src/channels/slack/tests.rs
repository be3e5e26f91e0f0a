//! What Slack's events mean, by the examples of its documentation.

use serde_json::{Value, json};

use crate::channels::slack::commands;
use crate::channels::slack::decode::{Ourselves, Read, Reader};
use crate::channels::slack::people::People;
use crate::domain::{AddressKind, Attachment, Event, InboundMessage, Said, Timestamp, Unreadable};

const APP_MENTION: &str = include_str!("../../../tests/fixtures/slack/app_mention.json");
const BOT_MESSAGE: &str = include_str!("../../../tests/fixtures/slack/bot_message.json");
const FILE_SHARE: &str = include_str!("../../../tests/fixtures/slack/file_share.json");
const MESSAGE_CHANGED: &str = include_str!("../../../tests/fixtures/slack/message_changed.json");
const MESSAGE_CHANNELS: &str = include_str!("../../../tests/fixtures/slack/message_channels.json");
const MESSAGE_DELETED: &str = include_str!("../../../tests/fixtures/slack/message_deleted.json");
const MESSAGE_IM: &str = include_str!("../../../tests/fixtures/slack/message_im.json");
const SLASH_COMMAND: &str = include_str!("../../../tests/fixtures/slack/slash_command.json");

fn with_reader<R>(read: impl FnOnce(&Reader<'_>) -> R) -> R {
    let ourselves = Ourselves {
        user: "U0LAN0Z89".to_owned(),
        team: "T123ABC456".to_owned(),
        team_name: Some("Acme".to_owned()),
    };
    read(&Reader { ourselves: &ourselves, people: &People::default() })
}

fn read(payload: &str) -> Read {
    with_reader(|reader| reader.event(payload))
}

fn message(payload: &str) -> InboundMessage {
    match read(payload) {
        Read::Message(message) => *message,
        other => panic!("a message, not {other:?}"),
    }
}

fn said(message: &InboundMessage) -> &Said {
    match &message.event {
        Event::Text(said) => said,
        other => panic!("a text, not {other:?}"),
    }
}

fn unreadable(payload: &str) -> Unreadable {
    match read(payload) {
        Read::Unreadable(unreadable) => unreadable,
        other => panic!("something unreadable, not {other:?}"),
    }
}

/// A documented payload with other values in its event.
fn but(payload: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut payload: Value = serde_json::from_str(payload).unwrap();
    change(&mut payload["event"]);
    payload.to_string()
}

#[test]
fn a_direct_message_is_addressed_and_has_no_thread() {
    let message = message(MESSAGE_IM);
    assert_eq!(said(&message).text, "Hello hello can you hear me?");
    assert!(said(&message).is_addressed());
    let address = &message.address;
    assert_eq!((address.kind, address.scope.as_str()), (AddressKind::Direct, "T123ABC456"));
    assert_eq!((address.chat.as_str(), &address.thread), ("D024BE91L", &None));
    assert_eq!(address.space.as_ref().unwrap().id, "T123ABC456");
    assert_eq!(message.author.platform_user_id, "U2147483697");
    assert_eq!(message.sequence, 1_355_517_523_000_005);
    assert_eq!(message.sent_at.unix_timestamp(), 1_355_517_523);
}

#[test]
fn a_mention_means_the_same_in_both_events() {
    let mention = message(APP_MENTION);
    assert_eq!(mention, message(MESSAGE_CHANNELS));
    assert_eq!(said(&mention).text, "What is the hour of the pearl, ?");
    assert!(said(&mention).is_addressed());
    assert_eq!(mention.address.kind, AddressKind::Thread);
    assert_eq!(mention.address.thread.as_deref(), Some("1515449522.000016"));
}

#[test]
fn talk_among_others_is_reported_and_not_addressed() {
    let payload = but(MESSAGE_CHANNELS, |event| {
        event["text"] = json!("me too");
        event["thread_ts"] = json!("1515449000.000001");
    });
    let message = message(&payload);
    assert!(!said(&message).is_addressed());
    assert_eq!(message.address.thread.as_deref(), Some("1515449000.000001"));
}

#[test]
fn threads_of_direct_messages_stay_direct() {
    let reply = message(&but(MESSAGE_IM, |event| event["thread_ts"] = json!("1355517000.000001")));
    assert_eq!(reply.address.kind, AddressKind::Direct);
    assert_eq!(reply.address.thread.as_deref(), Some("1355517000.000001"));
    let root = message(&but(MESSAGE_IM, |event| event["thread_ts"] = event["ts"].clone()));
    assert_eq!(root.address.thread, None);
}

#[test]
fn several_people_in_one_direct_message_are_a_group() {
    let payload = but(MESSAGE_IM, |event| {
        event["channel"] = json!("G024BE91L");
        event["channel_type"] = json!("mpim");
    });
    let message = message(&payload);
    assert_eq!(message.address.kind, AddressKind::Thread);
    assert!(!said(&message).is_addressed());
}

#[test]
fn an_edit_replaces_the_text() {
    let edit = message(MESSAGE_CHANGED);
    let Event::Edited(now) = &edit.event else { panic!("an edit, not {edit:?}") };
    assert_eq!(said(now).message.as_ref().unwrap().0, "1355517523.000005");
    assert_eq!(said(now).text, "Hello, world!");
    assert_eq!(now.key.0, "slack:T123ABC456:C123ABC456:1355517523.000005:");
    assert_eq!((now.sequence, now.sent_at.unix_timestamp()), (1_355_517_523_000_005, 1_355_517_523));
    assert_eq!(edit.key.0, "slack:T123ABC456:C123ABC456:1355517523.000005:1358878755.000001");
    assert_eq!(edit.sent_at.unix_timestamp(), 1_358_878_755);
    assert_eq!((edit.address.thread.as_deref(), &now.address), (Some("1355517523.000005"), &edit.address));
}

#[test]
fn a_preview_is_no_edit() {
    let preview = but(MESSAGE_CHANGED, |event| event["previous_message"] = event["message"].clone());
    assert!(matches!(read(&preview), Read::Ignored(_)));
    let preview = but(MESSAGE_CHANGED, |event| event["message"]["edited"] = Value::Null);
    assert!(matches!(read(&preview), Read::Ignored(_)));
}

#[test]
fn a_mention_that_was_added_later_means_the_same_in_both_events() {
    let changed = but(MESSAGE_CHANGED, |event| {
        event["previous_message"] = event["message"].clone();
        event["message"]["text"] = json!("<@U0LAN0Z89> hello");
    });
    let mention = but(APP_MENTION, |event| {
        event["text"] = json!("<@U0LAN0Z89> hello");
        event["ts"] = json!("1355517523.000005");
        event["edited"] = json!({"user": "U123ABC456", "ts": "1358878755.000001"});
    });
    let changed = message(&changed);
    let Event::Edited(now) = &changed.event else { panic!("an edit, not {changed:?}") };
    assert_eq!((said(now).text.as_str(), said(now).is_addressed()), ("hello", true));
    assert_eq!(changed, message(&mention));
}

#[test]
fn a_deletion_names_what_is_gone() {
    let message = message(MESSAGE_DELETED);
    let Event::Deleted(was) = &message.event else { panic!("a deletion, not {message:?}") };
    assert!(was.key.0.ends_with(":1358878749.000002:"), "{:?}", was.key);
    assert_eq!(message.address.thread.as_deref(), Some("1358878740.000001"));
    assert_eq!(message.author.platform_user_id, "U123ABC456");
}

#[test]
fn a_tombstone_is_a_deletion() {
    let payload = but(MESSAGE_CHANGED, |event| {
        event["previous_message"] = event["message"].clone();
        event["message"]["subtype"] = json!("tombstone");
        event["message"]["text"] = json!("This message was deleted.");
    });
    assert!(matches!(message(&payload).event, Event::Deleted(_)));
}

#[test]
fn files_come_as_attachments_and_their_caption_as_text() {
    let message = message(FILE_SHARE);
    assert_eq!(said(&message).text, "You must <look>");
    assert_eq!(said(&message).attachments, [Attachment::Image, Attachment::File, Attachment::Audio]);
}

#[test]
fn what_no_person_said_is_dropped() {
    let changes: [fn(&mut Value); 6] = [
        |event| event["bot_id"] = json!("B1"),
        |event| event["user"] = json!("U0LAN0Z89"),
        |event| event["user"] = json!("USLACKBOT"),
        |event| event["user"] = Value::Null,
        |event| event["subtype"] = json!("channel_join"),
        |event| event["type"] = json!("reaction_added"),
    ];
    for change in changes {
        assert!(matches!(read(&but(MESSAGE_IM, change)), Read::Ignored(_)));
    }
    assert!(matches!(read(BOT_MESSAGE), Read::Ignored(_)));
    let changed_by_bot = but(MESSAGE_CHANGED, |event| event["message"]["bot_id"] = json!("B1"));
    assert!(matches!(read(&changed_by_bot), Read::Ignored(_)));
}

#[test]
fn a_command_in_the_text_is_a_command() {
    let in_thread = but(APP_MENTION, |event| event["text"] = json!("<@U0LAN0Z89> /stop"));
    assert!(matches!(message(&in_thread).event, Event::Command(given) if given.name == "stop"));
    let not_ours = but(MESSAGE_CHANNELS, |event| event["text"] = json!("/stop that"));
    assert!(matches!(message(&not_ours).event, Event::Text(_)));
}

#[test]
fn what_claims_to_be_a_message_and_is_none_is_kept_raw() {
    let whole = MESSAGE_IM.replace("Hello hello", r"\ud800");
    assert_eq!(unreadable(&whole).key.0, "slack:Ev123ABC456");
    assert!(unreadable(&whole).is_numbered && !unreadable("null").is_numbered);
    assert_eq!(unreadable(&whole).raw, whole);
    let changes: [fn(&mut Value); 6] = [
        |event| event["text"] = json!({"not": "a text"}),
        |event| event["ts"] = json!("yesterday"),
        |event| event["ts"] = json!(17),
        |event| event["channel"] = Value::Null,
        |event| event["files"] = json!("many"),
        |event| event["type"] = json!(["message"]),
    ];
    for change in changes {
        let reason = unreadable(&but(MESSAGE_IM, change)).reason;
        assert!(!reason.contains("Hello"), "{reason}");
    }
    assert!(matches!(read("null"), Read::Unreadable(_)));
    assert!(matches!(read("[]"), Read::Unreadable(_)));
}

#[test]
fn of_unreadable_megabytes_the_first_is_kept() {
    let long = but(MESSAGE_IM, |event| event["text"] = json!(["é".repeat(1 << 20)]));
    let raw = unreadable(&long).raw;
    assert!(raw.len() <= 1 << 20 && raw.len() > (1 << 20) - 4, "{}", raw.len());
}

#[test]
fn strange_but_readable_messages_are_read() {
    let nul = message(&but(MESSAGE_IM, |event| event["text"] = json!("a\0b")));
    assert_eq!(said(&nul).text, "a\0b");
    let empty = message(&but(MESSAGE_IM, |event| event["text"] = Value::Null));
    assert_eq!(said(&empty).text, "");
    let forwarded = but(MESSAGE_IM, |event| {
        event["text"] = json!("");
        event["attachments"] = json!([{"is_share": true, "text": "earlier"}]);
    });
    assert_eq!(said(&message(&forwarded)).attachments, [Attachment::Other]);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let deep = MESSAGE_IM.replace(r#""channel_type""#, &format!(r#""blocks": {deep}, "channel_type""#));
    assert!(said(&message(&deep)).is_addressed());
    let long = message(&but(MESSAGE_IM, |event| event["text"] = json!("<@U1> ".repeat(1 << 18))));
    assert!(said(&long).text.starts_with("@U1 @U1"));
}

#[test]
fn a_slash_command_brings_its_way_back() {
    let now = Timestamp::from_unix_timestamp(1_700_000_000).unwrap();
    let message = with_reader(|reader| commands::decode(reader, SLASH_COMMAND, now)).unwrap();
    let Event::Command(given) = &message.event else { panic!("a command") };
    assert_eq!((given.name.as_str(), given.arguments.as_str()), ("model", "gpt-5 mini"));
    let interaction = given.interaction.as_ref().unwrap();
    assert_eq!(
        commands::way_back(interaction),
        Some(("https://hooks.slack.com/commands/1234/5678", "U2147483697"))
    );
    assert!(!format!("{message:?}").contains("hooks.slack.com"));
    assert_eq!(message.address.kind, AddressKind::Group);
    assert_eq!(message.author.username.as_deref(), Some("Steve"));
    assert_eq!(message.key.0, "slack:T0001:command:13345224609.738474920.8088930838d88f008e0");
}

#[test]
fn an_unreadable_command_is_kept_without_its_secret() {
    let payload = SLASH_COMMAND.replace("trigger_id", "trigger");
    let now = Timestamp::UNIX_EPOCH;
    let unreadable = with_reader(|reader| commands::decode(reader, &payload, now)).unwrap_err();
    assert!(!format!("{unreadable:?}").contains("hooks.slack.com"), "{unreadable:?}");
}
