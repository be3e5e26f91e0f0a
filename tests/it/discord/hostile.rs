//! What no platform should send, and what must not come of it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use switchboard::channels::Channel;
use tracing_subscriber::EnvFilter;

use super::Stage;
use crate::support::discord::{Discord, Fault};

/// A message as documented, with changes.
fn message(id: u64, changes: Value) -> Value {
    let mut whole: Value = serde_json::from_str(include_str!("../../fixtures/discord/message.json")).unwrap();
    whole["id"] = json!(id.to_string());
    for (key, value) in changes.as_object().unwrap() {
        whole[key] = value.clone();
    }
    whole
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_kept_and_the_rest_goes_on() {
    let stage = Stage::set().await;

    stage.discord.tells("MESSAGE_CREATE", message(11, json!({ "author": "nobody" })));
    stage.discord.tells("MESSAGE_CREATE", message(12, json!({ "content": null })));
    stage.discord.tells("MESSAGE_CREATE", message(13, json!({ "content": "fine" })));
    stage.discord.tells("MESSAGE_DELETE", json!({ "id": [] }));
    stage.discord.tells("INTERACTION_CREATE", json!({ "id": "14", "type": 2, "token": "s3cret" }));
    stage.discord.tells("INTERACTION_CREATE", json!({ "id": "15", "type": 77 }));
    stage.discord.tells("SOMETHING_NEW", json!({ "id": "16" }));
    stage.discord.tells("MESSAGE_CREATE", message(17, json!({ "content": "the end" })));

    stage.inbox.said("the end").await;
    assert_eq!(stage.inbox.texts(), ["fine", "the end"]);
    let kept: Vec<String> =
        stage.inbox.read(|taken| taken.unreadable.iter().map(|kept| kept.raw.clone()).collect());
    assert_eq!(kept.len(), 4, "{kept:#?}");
    assert!(kept.iter().all(|raw| !raw.contains("s3cret")));
    let mut keys: Vec<String> =
        stage.inbox.read(|taken| taken.unreadable.iter().map(|kept| kept.key.0.clone()).collect());
    keys.dedup();
    assert_eq!(keys.len(), 4);

    let replay = stage.bot.replay().unwrap();
    let same = replay.read_again(&kept[1]).await.unwrap();
    assert_eq!((same.messages.len(), same.unreadable.len()), (0, 1), "it still cannot be read");
    let mended = kept[1].replace(r#""content":null"#, r#""content":"mended""#);
    let read = replay.read_again(&mended).await.unwrap();
    assert!(read.unreadable.is_empty() && read.messages[0].key.0 == "discord:message:12", "{read:?}");
    stage.ends().await;
}

#[tokio::test]
async fn frames_that_are_no_json_of_ours_do_not_end_the_connection() {
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));

    stage.discord.sends_frame("not json");
    stage.discord.sends_frame("{}");
    stage.discord.sends_frame(r#"{"op":99,"d":null}"#);
    stage.discord.sends_frame(r#"{"op":0,"s":1,"t":"MESSAGE_CREATE","d":{"content":"\ud800"}}"#);
    stage.discord.sends_frame(&format!(r#"{{"op":0,"s":1,"t":"MESSAGE_CREATE","d":{deep}}}"#));
    alice.dm("hello");

    stage.inbox.said("hello").await;
    stage.ends().await;
}

#[tokio::test]
async fn texts_of_any_kind_come_in() {
    let stage = Stage::set_at(Discord::start().await, true).await;
    let long = "x".repeat(1 << 20);
    let texts = ["a\0b", "\u{202e}evil", "<@>", "<@99999999999999999999>", "<@!", "<<<<@1>", &long];

    for (id, text) in (20..).zip(texts) {
        stage.discord.tells("MESSAGE_CREATE", message(id, json!({ "content": text })));
    }
    stage
        .discord
        .tells("MESSAGE_CREATE", message(40, json!({ "content": "", "guild_id": "8", "member": null })));
    stage.discord.tells("MESSAGE_CREATE", message(41, json!({ "content": "the end" })));

    stage.inbox.said("the end").await;
    let mut expected = vec!["a\0b"];
    expected.extend(&texts[1..]);
    expected.extend(["", "the end"]);
    assert_eq!(stage.inbox.texts(), expected);
    stage.ends().await;
}

/// A log that stays here.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_tells_no_secret_and_nothing_that_was_said() {
    let log = Log::default();
    let writer = log.clone();
    // What the program silences whatever it is asked for; everything else speaks.
    let rules = EnvFilter::new("trace,serenity=off,tokio_tungstenite=off");
    let lines = tracing_subscriber::fmt().with_env_filter(rules).with_writer(move || writer.clone());
    tracing::subscriber::set_global_default(lines.finish()).unwrap();
    let stage = Stage::set().await;
    let alice = stage.discord.user(1, "alice");

    stage.discord.fault("POST /interactions/{id}/{token}/callback", 3, Fault::CutBefore);
    alice.runs_command("help", &[], alice.dm_channel()).await;
    let (message, invocation) = stage.inbox.command("help").await;
    stage.post(&message.reply_to(), 0, "an open secret").await.ok();
    stage.post(&message.reply_to(), 0, "an open secret").await.ok();
    stage.discord.tells("MESSAGE_CREATE", json!({ "content": "a whisper", "id": 1 }));
    alice.dm("another whisper");
    stage.inbox.said("another whisper").await;
    let token = stage.discord.token();
    alice.screen(alice.dm_channel());
    stage.ends().await;

    let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(told.contains("could not promise an answer"), "{told}");
    for secret in
        [token, invocation.interaction.unwrap().token, "whisper".to_owned(), "an open secret".to_owned()]
    {
        let line = told.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "it tells {secret}");
    }
}
