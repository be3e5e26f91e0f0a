//! What nobody should send, through every platform's own way in: nothing
//! breaks, the person hears something friendly, and the next message works.

use serde_json::json;

use crate::support::database;
use crate::support::discord::Discord;
use crate::support::platforms::Emulated;
use crate::support::program::Setup;
use crate::support::slack::Slack;
use crate::support::stage::{On, Stage};

const TOO_LONG: &str = "longer than I can take at once";
const NOTHING: &str = "I can only read text so far";

/// Turns, zero-width characters and a NUL in a name.
const NAME: &str = "\u{202e}Ev\u{200b}il\0\u{2066}";

fn long() -> String {
    "x".repeat(1 << 20)
}

fn stacked() -> String {
    format!("e{}", "\u{301}".repeat(5_000))
}

/// Brackets in brackets, deeper than parsers like.
fn deep() -> String {
    format!("{}{}", "[".repeat(200), "]".repeat(200))
}

/// A stage on which the model says what it was told.
async fn stage<P: Emulated>() -> On<P> {
    let stage = On::new().await.open();
    stage.models.answers_with(|asked| format!("You said: {}", asked.last_words()));
    stage
}

/// Looks whether what is kept is fit to be kept.
async fn is_clean(setup: &Setup) {
    let texts = database::everything(&setup.database_url()).await;
    let said: Vec<&String> = texts.iter().filter(|text| text.starts_with("messages.content: ")).collect();
    assert!(said.iter().any(|text| text.contains("nul \u{fffd} here")), "{said:#?}");
    let names = ["identities.name: ", "identities.username: ", "users.name: ", "spaces.name: "];
    let others = ["messages.content: ", "inbox.payload: ", "inbox.raw: ", "conversations.title: "];
    let is_of = |text: &str, columns: &[&str]| columns.iter().any(|column| text.starts_with(column));
    for text in &texts {
        let is_name = is_of(text, &names);
        assert!(!(is_name || is_of(text, &others)) || !text.contains('\0'), "{text:?}");
        assert!(!is_name || !text.contains(['\u{202e}', '\u{200b}', '\u{2066}']), "{text:?}");
    }
}

#[tokio::test]
async fn telegram_takes_anything() {
    let stage = Stage::new().await.open();
    let alice = stage.platform.user(1001, NAME);
    let bot = stage.serve().await;
    // Told when it is old, it would only be told that it was missed.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let message = |number: i64, field: &str, value: &str| {
        format!(
            r#"{{"message_id":{number},"date":{now},"chat":{{"id":1001,"type":"private"}},"from":{{"id":1001,"is_bot":false,"first_name":"\u202eEv\u200bil\u0000"}},"{field}":{value}}}"#
        )
    };
    let sticker = r#"{"file_id":"A","file_unique_id":"B","type":"regular","width":1,"height":1,"is_animated":false,"is_video":false}"#;
    stage.platform.inject("message", &message(9001, "text", r#""\ud800""#));
    stage.platform.inject("message", &message(9002, "text", &deep()));
    stage.platform.inject("message", &message(9003, "hologram", &deep()));
    stage.platform.inject("hologram", "{}");
    bot.wait_for_logs("could not read an event", 2).await;
    stage.platform.inject("message", &message(9004, "sticker", sticker));
    stage.wait_for(1001, NOTHING).await;

    let texts = [
        ("nul \0 here".to_owned(), "Certainly."),
        (long(), TOO_LONG),
        (stacked(), "Certainly."),
        // Telegram leaves nothing of a text that nobody can see.
        ("\u{202e}\u{200b}\u{200d}".to_owned(), NOTHING),
        (" \n\t ".to_owned(), NOTHING),
    ];
    for (number, (text, expected)) in texts.into_iter().enumerate() {
        if text.contains('\0') {
            // A person's app would send no NUL, and Telegram would let none pass.
            stage.platform.inject("message", &message(9005, "text", &serde_json::to_string(&text).unwrap()));
        } else {
            alice.says(&text);
        }
        bot.wait_for_logs("a turn on telegram ended", number + 2).await;
        let said = stage.said(1001).split_off(number + 1);
        assert!(said.iter().any(|said| said.contains(expected)), "{expected}: {said:?}");
    }
    alice.says("/whoami");
    stage.wait_for(1001, "You are Evil, a guest here.").await;
    stage.ends_well(bot).await;
    is_clean(&stage.setup).await;
}

#[tokio::test]
async fn discord_takes_anything() {
    let stage = stage().await;
    let discord: &Discord = &stage.platform;
    let bot = stage.serve().await;
    let alice = discord.user(1, NAME);
    let dm = alice.dm_channel();
    for frame in [
        "not json".to_owned(),
        deep(),
        r#"{"op":0,"s":1,"t":"MESSAGE_CREATE","d":{"content":"\ud800"}}"#.to_owned(),
        format!(r#"{{"op":0,"s":1,"t":"MESSAGE_CREATE","d":{}}}"#, deep()),
    ] {
        discord.sends_frame(&frame);
    }
    discord.tells("SOMETHING_NEW", json!({ "id": "16" }));
    let texts = [
        ("nul \0 here".to_owned(), "You said: nul \u{fffd} here"),
        (long(), TOO_LONG),
        (stacked(), "e\u{301}\u{301}"),
        ("\u{202e}\u{200b}\u{200d}".to_owned(), "You said: "),
        (" \n\t ".to_owned(), NOTHING),
        (String::new(), NOTHING),
    ];
    for (number, (text, expected)) in texts.into_iter().enumerate() {
        alice.dm(&text);
        bot.wait_for_logs("a turn on discord ended", number + 1).await;
        let said = stage.said(dm);
        assert!(said.iter().any(|said| said.contains(expected)), "{expected}: {said:?}");
    }
    alice.runs_command("whoami", &[], dm).await;
    alice.waits_for(dm, |shown| shown.text.contains("You are Evil, a guest here.")).await;
    stage.ends_well(bot).await;
    is_clean(&stage.setup).await;
}

#[tokio::test]
async fn slack_takes_anything() {
    let stage = stage().await;
    let slack: &Slack = &stage.platform;
    let alice = slack.user("U1", NAME);
    let dm = alice.dm_channel();
    let bot = stage.serve().await;
    let payload = |number: usize, text: &str| {
        format!(
            r#"{{"team_id":"{}","event_id":"Ev{number}","event":{{"type":"message","channel":"{dm}","channel_type":"im","user":"U1","ts":"1700000000.00010{number}","text":{text}}}}}"#,
            slack.team()
        )
    };
    let frames = [payload(1, r#""\ud800""#), payload(2, &deep()), deep(), "null".to_owned()];
    for (number, payload) in frames.iter().enumerate() {
        let id = format!("e{number}");
        let frame = format!(
            r#"{{"envelope_id":"{id}","type":"events_api","payload":{payload},"accepts_response_payload":false}}"#
        );
        slack.sends_frame(&id, &frame);
    }
    let unknown =
        r#"{"envelope_id":"e9","type":"envelope_of_tomorrow","payload":{},"accepts_response_payload":false}"#;
    slack.sends_frame("e9", unknown);
    slack.sends_raw("not json");
    assert!(slack.wait_until_delivered().await);
    let texts = [
        ("nul \0 here".to_owned(), "You said: nul \u{fffd} here"),
        (stacked(), "e\u{301}\u{301}"),
        ("\u{202e}\u{200b}\u{200d}".to_owned(), "You said: "),
        (long(), TOO_LONG),
        (" \n\t ".to_owned(), NOTHING),
    ];
    for (number, (text, expected)) in texts.into_iter().enumerate() {
        alice.dm(&text);
        bot.wait_for_logs("a turn on slack ended", number + 1).await;
        let said = stage.said(&dm);
        assert!(said.iter().any(|said| said.contains(expected)), "{expected}: {said:?}");
    }
    alice.runs_in(&dm, "/switchboard", "whoami");
    slack.wait_for_message(&dm, |shown| shown.text.contains("You are Evil, a guest here.")).await.unwrap();
    stage.ends_well(bot).await;
    is_clean(&stage.setup).await;
}

#[tokio::test]
async fn the_terminal_takes_anything_from_a_pipe() {
    let setup = Setup::new().env("USER", NAME.trim_end_matches('\u{2066}').replace('\0', "").as_str());
    let inputs: [(Vec<u8>, &str); 8] = [
        (b"nul \0 here".to_vec(), "You said: nul \u{fffd} here"),
        (b"half \xed\xa0\x80 a character".to_vec(), "You said: half \u{fffd}"),
        (b"\xff\xfe".to_vec(), "You said: \u{fffd}"),
        (long().into_bytes(), TOO_LONG),
        (stacked().into_bytes(), "e\u{301}\u{301}"),
        ("\u{202e}\u{200b}".as_bytes().to_vec(), "You said: "),
        (deep().into_bytes(), "You said: [[["),
        (b"/whoami".to_vec(), "You are Evil, the owner here."),
    ];
    for (input, expected) in inputs {
        let said = piped(&setup, &input).await;
        assert!(said.contains(expected), "{expected}: {said:.200}");
    }
    for nothing in ["", " \n\t "] {
        assert_eq!(piped(&setup, nothing.as_bytes()).await, "");
    }
    assert!(piped(&setup, b"and now?").await.starts_with("You said: and now?"));
    is_clean(&setup).await;
}

/// What `… | switchboard` answers, or why it does not.
async fn piped(setup: &Setup, input: &[u8]) -> String {
    let ran = setup.pipe(input).await;
    let is_refused = ran.err.contains(TOO_LONG);
    assert_eq!((ran.code, is_refused && !ran.out.is_empty()), (Some(is_refused.into()), false), "{ran:?}");
    if is_refused { ran.err } else { ran.out }
}
