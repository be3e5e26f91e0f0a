//! What Discord sends, and what we make of it.

use serde_json::{Value, json};
use serenity::model::application::CommandInteraction;
use serenity::model::channel::Message;
use serenity::model::event::MessageUpdateEvent;
use serenity::model::id::{MessageId, UserId};

use super::{Reader, command, deletion, edit, is_edit, is_talk, message, moment};
use crate::channels::discord::places::Spoken;
use crate::domain::{
    Address, AddressKind, Attachment, Call, Event, InboundMessage, Platform, PostedId, Said, SpaceRef,
    Timestamp,
};

const MESSAGE: &str = include_str!("../../../../tests/fixtures/discord/message.json");
const COMMAND: &str = include_str!("../../../../tests/fixtures/discord/command.json");

const READER: Reader = Reader { bot: UserId::new(1), reads_all: false, opens_threads: false };

/// The documented message with changes.
fn documented(changes: Value) -> Message {
    serde_json::from_value(changed(changes)).unwrap()
}

fn changed(changes: Value) -> Value {
    let mut whole: Value = serde_json::from_str(MESSAGE).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        whole[key] = value.clone();
    }
    whole
}

fn bot() -> Value {
    json!({ "id": "1", "username": "switchboard", "discriminator": "0", "bot": true })
}

fn address(kind: AddressKind) -> Address {
    let space =
        (kind != AddressKind::Direct).then(|| SpaceRef { id: "290926798626357999".into(), name: None });
    Address {
        platform: Platform::Discord,
        scope: String::new(),
        chat: "290926798999357250".into(),
        thread: None,
        kind,
        space,
    }
}

fn decoded(changes: Value, kind: AddressKind) -> InboundMessage {
    message(&documented(changes), address(kind), READER)
}

fn said(changes: Value, kind: AddressKind) -> Said {
    let Event::Text(said) = decoded(changes, kind).event else { panic!("it is talk") };
    said
}

#[test]
fn the_documented_message_is_read_field_by_field() {
    let read = decoded(json!({}), AddressKind::Direct);
    assert_eq!(read.key.0, "discord:message:334385199974967042");
    assert_eq!(read.author.platform_user_id, "53908099506183680");
    assert_eq!((read.author.name.as_str(), read.author.username.as_deref()), ("Mason", Some("Mason")));
    assert_eq!(read.sequence, 334_385_199_974_967_042);
    assert_eq!(read.sent_at, time::macros::datetime!(2017-07-11 17:27:07.299 UTC));
    let expected = Said {
        message: Some(PostedId("334385199974967042".into())),
        text: "Supa Hot".into(),
        call: Call::Direct,
        reply_to: None,
        attachments: Vec::new(),
    };
    assert_eq!(read.event, Event::Text(expected));
}

#[test]
fn only_mentions_and_replies_that_mention_are_addressed_in_groups() {
    let answered = changed(json!({ "author": bot(), "id": "334385199974967000" }));
    let reply = |mentions: Value| {
        json!({
            "type": 19,
            "message_reference": { "channel_id": "290926798999357250", "message_id": "334385199974967000" },
            "referenced_message": answered, "mentions": mentions,
        })
    };
    let table = [
        (json!({}), false),
        (json!({ "content": "<@1> hi", "mentions": [bot()] }), true),
        (json!({ "content": "@everyone", "mention_everyone": true }), false),
        (reply(json!([bot()])), true),
        (reply(json!([])), false),
    ];
    for (changes, expected) in table {
        assert_eq!(said(changes.clone(), AddressKind::Group).is_addressed(), expected, "{changes}");
    }
    let reads_all = Reader { reads_all: true, ..READER };
    let quiet = message(&documented(reply(json!([]))), address(AddressKind::Group), reads_all);
    let Event::Text(quiet) = quiet.event else { panic!("it is talk") };
    assert!(quiet.is_addressed(), "who may read everything can answer a reply without a mention");
    assert_eq!(quiet.reply_to, Some(PostedId("334385199974967000".into())));
}

#[test]
fn a_mention_of_the_bot_is_taken_out_and_others_are_named() {
    let ann = json!({ "id": "7", "username": "ann_1", "global_name": "Ann", "discriminator": "0",
        "member": { "nick": "Annie", "roles": [], "joined_at": "2017-03-13T19:19:14.040000+00:00", "deaf": false, "mute": false } });
    let changes = json!({ "content": "<@1> ask <@7> about <#5>", "mentions": [bot(), ann] });
    assert_eq!(said(changes, AddressKind::Group).text, "ask @Annie about <#5>");
}

#[test]
fn names_are_those_that_people_chose() {
    let member = json!({ "nick": "Boss", "roles": [], "joined_at": null, "deaf": false, "mute": false });
    let author = json!({ "id": "7", "username": "ann_1", "global_name": "Ann", "discriminator": "0" });
    let in_a_guild = decoded(json!({ "author": author, "member": member }), AddressKind::Group);
    assert_eq!(in_a_guild.author.name, "Ann", "what she is called in one server is not for another");
    assert_eq!(decoded(json!({ "author": author }), AddressKind::Direct).author.name, "Ann");
}

#[test]
fn what_nobody_said_is_no_talk() {
    let author = |extra: &str| json!({ "id": "7", "username": "x", "discriminator": "0", extra: true });
    let table = [
        (json!({}), true),
        (json!({ "type": 19 }), true),
        (json!({ "author": author("bot") }), false),
        (json!({ "author": author("system") }), false),
        (json!({ "webhook_id": "9" }), false),
        (json!({ "type": 6 }), false),
        (json!({ "type": 7 }), false),
        (json!({ "type": 18 }), false),
        (json!({ "type": 20 }), false),
        (json!({ "type": 21 }), false),
        (json!({ "type": 200 }), false),
    ];
    for (changes, expected) in table {
        assert_eq!(is_talk(&documented(changes.clone())), expected, "{changes}");
    }
}

#[test]
fn attachments_have_kinds() {
    let file = |kind: Value| json!({ "id": "5", "filename": "f", "size": 1, "url": "u", "proxy_url": "p", "content_type": kind });
    let table = [
        (json!({ "attachments": [file(json!("image/png"))] }), Attachment::Image),
        (json!({ "attachments": [file(json!("audio/ogg"))] }), Attachment::Audio),
        (json!({ "attachments": [file(json!("video/mp4"))] }), Attachment::Video),
        (json!({ "attachments": [file(json!("text/plain; charset=utf-8"))] }), Attachment::File),
        (json!({ "attachments": [file(Value::Null)] }), Attachment::File),
        (json!({ "attachments": [file(json!("video/webm"))], "flags": 1 << 13 }), Attachment::Audio),
        (json!({ "sticker_items": [{ "id": "5", "name": "wave", "format_type": 1 }] }), Attachment::Sticker),
    ];
    for (changes, expected) in table {
        assert_eq!(said(changes.clone(), AddressKind::Direct).attachments, [expected], "{changes}");
    }
    let only_sticker =
        json!({ "content": "", "sticker_items": [{ "id": "5", "name": "wave", "format_type": 1 }] });
    assert_eq!(said(only_sticker, AddressKind::Direct).text, "");
}

#[test]
fn a_forwarded_message_is_no_reply_and_keeps_its_words() {
    let snapshot = json!({ "message": { "content": "from elsewhere", "timestamp": "2017-07-11T17:27:07.299000+00:00",
        "edited_timestamp": null, "mentions": [], "attachments": [], "embeds": [], "type": 0 } });
    let changes = json!({
        "content": "", "message_snapshots": [snapshot],
        "message_reference": { "type": 1, "channel_id": "5", "message_id": "6" },
    });
    let read = said(changes, AddressKind::Direct);
    assert_eq!((read.text.as_str(), read.reply_to), ("from elsewhere", None));
}

#[test]
fn odd_texts_are_taken_as_they_are() {
    let long = "x".repeat(1 << 20);
    for (content, text) in
        [("", ""), ("a\0b", "a\0b"), (" \n ", ""), ("𝕏\u{202e}", "𝕏\u{202e}"), (&long, &long)]
    {
        assert_eq!(said(json!({ "content": content }), AddressKind::Direct).text, text);
    }
}

#[test]
fn edits_have_a_time_and_a_key_of_their_own() {
    let update = |changes: Value| serde_json::from_value::<MessageUpdateEvent>(changed(changes)).unwrap();
    let edited = json!({ "edited_timestamp": "2017-07-11T17:28:00.5+00:00", "content": "Colder" });
    let read = edit(&update(edited.clone()), address(AddressKind::Direct), READER).unwrap();
    assert!(is_edit(&update(edited), READER));
    let now = decoded(json!({ "content": "Colder" }), AddressKind::Direct);
    assert_eq!(read.event, Event::Edited(Box::new(now)), "as if it had been said like that");
    assert_eq!(read.sent_at, time::macros::datetime!(2017-07-11 17:28:00.5 UTC));
    assert!(
        read.key.0.starts_with("discord:message:334385199974967042:edited:2017-07-11T17:28:00.5"),
        "{:?}",
        read.key
    );

    let when = "2017-07-11T17:28:00+00:00";
    let table = [
        (json!({}), false),
        (json!({ "edited_timestamp": when, "author": bot() }), false),
        (json!({ "edited_timestamp": when, "webhook_id": "9" }), false),
        (json!({ "edited_timestamp": when, "guild_id": "8", "content": "" }), false),
        (json!({ "edited_timestamp": when, "guild_id": "8", "mentions": [bot()] }), true),
    ];
    for (changes, expected) in table {
        assert_eq!(is_edit(&update(changes.clone()), READER), expected, "{changes}");
    }
}

#[test]
fn deletions_are_by_whoever_had_said_it() {
    let read = decoded(json!({}), AddressKind::Direct);
    let said = Spoken { address: read.address, author: read.author.clone(), call: Call::Direct };
    let gone = deletion(MessageId::new(5), said, Timestamp::UNIX_EPOCH);
    assert_eq!((gone.key.0.as_str(), &gone.author), ("discord:message:5:deleted", &read.author));
    let Event::Deleted(was) = gone.event else { panic!("a deletion") };
    assert_eq!((was.key.0.as_str(), was.sent_at), ("discord:message:5", moment(5)));
    assert!(was.calls_us());
}

#[test]
fn the_documented_command_is_read_field_by_field() {
    let given: CommandInteraction = serde_json::from_str(COMMAND).unwrap();
    let read = command(&given, address(AddressKind::Group));
    assert_eq!(read.key.0, "discord:interaction:786008729715212338");
    assert_eq!(read.author.platform_user_id, "53908232506183680");
    assert_eq!(read.author.locale.as_deref(), Some("en-US"));
    assert_eq!(read.sent_at, moment(786_008_729_715_212_338));
    let Event::Command(invocation) = &read.event else { panic!("it is a command") };
    assert_eq!(
        (invocation.name.as_str(), invocation.arguments.as_str()),
        ("cardsearch", "The Gitrog Monster")
    );
    assert_eq!(invocation.interaction.as_ref().unwrap().token, "A_UNIQUE_TOKEN");
    assert!(!format!("{read:?}").contains("A_UNIQUE_TOKEN"));
}
