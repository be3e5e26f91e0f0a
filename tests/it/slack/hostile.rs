//! Frames that no honest Slack sends, and what must never be written down.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;
use switchboard::channels::{Channel, ChannelError};
use switchboard::domain::Event;
use tracing_subscriber::fmt::MakeWriter;

use super::bot::{Bot, workspace};
use crate::support::slack::Fault;

fn message(text: &str) -> String {
    format!(
        r#"{{"team_id":"T0EMU0001","event_id":"Ev1","event":{{"type":"message","channel":"D1","channel_type":"im",
           "user":"U1","ts":"1700000000.000100","text":{text}}}}}"#
    )
}

fn envelope(id: &str, kind: &str, payload: &str) -> String {
    format!(
        r#"{{"envelope_id":"{id}","type":"{kind}","payload":{payload},"accepts_response_payload":false}}"#
    )
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_acknowledged_and_the_rest_goes_on() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let hostile = [message(r#""\ud800 half a character""#), message(&deep), "null".to_owned(), deep];
    for (number, payload) in hostile.iter().enumerate() {
        slack.sends_frame(&format!("e{number}"), &envelope(&format!("e{number}"), "events_api", payload));
    }
    alice.dm("still there?");
    assert_eq!(bot.next_text().await.text, "still there?");
    assert!(slack.wait_until_delivered().await);
    let kept = bot.inside(|inside| inside.unreadable.iter().map(|kept| kept.raw.clone()).collect::<Vec<_>>());
    assert_eq!(kept, hostile);

    let replay = bot.channel.replay().unwrap();
    let same = replay.read_again(&kept[0]).await.unwrap();
    assert_eq!((same.messages.len(), same.unreadable.len()), (0, 1), "it still cannot be read");
    let read = replay.read_again(&kept[0].replace(r"\ud800", "not")).await.unwrap();
    assert!(read.unreadable.is_empty());
    assert!(matches!(&read.messages[0].event, Event::Text(said) if said.text == "not half a character"));
    bot.ends().await;
}

#[tokio::test]
async fn strange_texts_are_taken_as_they_are() {
    let (slack, _) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let long = "x".repeat(1 << 20);
    let texts = ["nul \0 and bell \u{7}", "", long.as_str(), "\u{202e}backwards", "👨‍👩‍👧‍👦"];
    for (number, text) in texts.iter().enumerate() {
        let payload = message(&json!(text).to_string());
        slack.sends_frame(&format!("e{number}"), &envelope(&format!("e{number}"), "events_api", &payload));
    }
    for text in texts {
        assert!(bot.next_text().await.text == text);
    }
    assert!(slack.wait_until_delivered().await);
    bot.ends().await;
}

#[tokio::test]
async fn kinds_that_nobody_knows_are_acknowledged_and_forgotten() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    let event = r#"{"team_id":"T1","event_id":"Ev2","event":{"type":"of_tomorrow","x":1}}"#;
    slack.sends_frame("e1", &envelope("e1", "events_api", event));
    slack.sends_frame("e2", &envelope("e2", "envelope_of_tomorrow", "{}"));
    slack.sends_frame("e3", &envelope("e3", "interactive", r#"{"type":"shortcut"}"#));
    alice.dm("hello");
    assert_eq!(bot.next_text().await.text, "hello");
    assert!(slack.wait_until_delivered().await);
    assert!(bot.inside(|inside| inside.unreadable.is_empty()));
    bot.ends().await;
}

#[tokio::test]
async fn frames_that_are_none_do_no_harm() {
    let (slack, alice) = workspace().await;
    let bot = Bot::listens(&slack).await;
    for frame in ["", "not json", "[]", "{}", r#"{"type":7}"#, r#"{"type":"events_api"}"#] {
        slack.sends_raw(frame);
    }
    alice.dm("hello");
    assert_eq!(bot.next_text().await.text, "hello");
    bot.ends().await;
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_and_no_word_of_people_reaches_the_log() {
    let lines = Lines::default();
    let log =
        tracing_subscriber::fmt().with_env_filter("switchboard=trace").with_writer(lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(log);
    let (slack, alice) = workspace().await;
    slack.hears_of_its_end();
    slack.fault("auth.test", 1, Fault::Status(503));
    slack.fault("apps.connections.open", 1, Fault::CutAfter);
    let mut bot = Bot::listens(&slack).await;
    bot.inbox.0.update(|inside| inside.failures = 1);
    alice.dm("a private word");
    bot.next_text().await;
    slack.sends_frame("e1", &envelope("e1", "events_api", &message(r#"{"private":"word"}"#)));
    alice.runs_in("C1", "/switchboard", "a private word");
    let asked = bot.next().await;
    slack.fault("response_url", 1, Fault::CutBefore);
    let error = bot.posts(&asked.reply_to(), "a private word").await.unwrap_err();
    assert!(matches!(error, ChannelError::Unknown { .. }));
    slack.uninstall_app();
    let ended = bot.ended().await.unwrap_err();
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("cannot start listening yet"), "{log}");
    let said = format!("{log} {asked:?} {error:?} {ended:?}").replace(r#"arguments: "private word""#, "");
    for secret in [slack.bot_token(), slack.app_token(), "/commands/".to_owned(), "ticket=".to_owned()] {
        assert!(!said.contains(&secret), "{said}");
    }
    assert!(!log.contains("private"), "{log}");
}
