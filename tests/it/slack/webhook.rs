//! Events that Slack sends as requests: signed, fresh, durable, and only then
//! answered with 200.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use switchboard::channels::Channel;
use switchboard::domain::Event;
use switchboard::http::webhooks::{self, Bounds};
use switchboard::model::install_crypto;
use tokio::net::TcpListener;

use super::bot::{Bot, workspace};
use crate::support::observed::PATIENCE;
use crate::support::slack::{Fault, Slack as Workspace, signature};

/// A channel that Slack sends its events to.
struct Hooked {
    bot: Bot,
    address: SocketAddr,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl Hooked {
    async fn on(slack: &Workspace) -> Self {
        let mut hooked = Self::prepared(slack).await;
        hooked.bot = hooked.bot.starts();
        hooked.is_connected(true).await;
        let url = hooked.url();
        slack.events_to(&url).await.unwrap();
        slack.commands_to(&url);
        slack.interactivity_to(&url);
        hooked
    }

    /// Answers requests, and does not listen yet.
    async fn prepared(slack: &Workspace) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bot = Bot::by_events(slack);
        let channels: Vec<Arc<dyn Channel>> = vec![bot.channel.clone()];
        bot.tasks.spawn(webhooks::serve(listener, channels, Bounds::default(), bot.tasks.clone()));
        Self { bot, address }
    }

    fn url(&self) -> String {
        format!("http://{}/webhooks/slack", self.address)
    }

    async fn is_connected(&self, wanted: bool) {
        let met = async {
            while self.bot.channel.is_connected() != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, met).await.expect("it to become so");
    }

    /// Posts with any headers; returns the status, Retry-After and the body.
    async fn post(&self, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, Option<String>, String) {
        install_crypto();
        let request = reqwest::Client::new().post(self.url());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.body(body).send().await.unwrap();
        let after = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().to_owned());
        (answer.status().as_u16(), after, answer.text().await.unwrap())
    }

    /// Posts rightly signed.
    async fn post_signed(&self, kind: &str, body: &str) -> (u16, Option<String>, String) {
        let at = unix();
        let signed = signature(&self.bot.slack.signing_secret(), at, body);
        let at = at.to_string();
        let headers =
            [("Content-Type", kind), ("X-Slack-Request-Timestamp", &at), ("X-Slack-Signature", &signed)];
        self.post(&headers, body.as_bytes().to_vec()).await
    }
}

fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn the_address_proves_itself_and_events_come_in_without_any_socket() {
    let (slack, alice) = workspace().await;
    let hooked = Hooked::on(&slack).await;
    alice.dm("hello");
    assert_eq!(hooked.bot.next_text().await.text, "hello");
    assert!(slack.wait_until_delivered().await);
    assert_eq!(slack.open_sockets(), 0);
    assert!(!slack.calls().iter().any(|call| call.method == "apps.connections.open"));
    assert_eq!(slack.lost_events(), Vec::<String>::new());
    hooked.bot.ends().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_kept_gets_503_and_comes_again() {
    let (slack, alice) = workspace().await;
    let hooked = Hooked::on(&slack).await;
    hooked.bot.inbox.0.update(|inside| inside.failures = 1_000);
    let refused = hooked.post_signed(JSON, &event("hello there")).await;
    assert_eq!((refused.0, refused.1.as_deref()), (503, Some("2")));
    // More than one request tries by itself in its time, and fewer than Slack's four together.
    slack.retry_after([Duration::ZERO; 3]);
    hooked.bot.inbox.0.update(|inside| inside.failures = 7);
    alice.dm("keep this");
    hooked.bot.wait_until(|inside| inside.has_text("keep this")).await;
    assert!(slack.wait_until_delivered().await);
    assert_eq!(slack.lost_events(), Vec::<String>::new());
    hooked.bot.ends().await;
}

/// An event as Slack wraps it.
fn event(text: &str) -> String {
    let event = json!({
        "type": "message", "channel": "DU1", "channel_type": "im", "user": "U1", "text": text,
        "ts": "1700000000.000100", "event_ts": "1700000000.000100",
    });
    json!({ "type": "event_callback", "team_id": "T0EMU0001", "event_id": "Ev1", "event": event }).to_string()
}

#[tokio::test]
async fn only_what_slack_signed_just_now_is_read() {
    let (slack, _) = workspace().await;
    let hooked = Hooked::on(&slack).await;
    let (secret, now, body) = (slack.signing_secret(), unix(), event("let me in"));
    let at = now.to_string();
    let right = signature(&secret, now, &body);
    let foreign = signature("0123456789abcdef0123456789abcdef", now, &body);
    let (kind, time, name) = ("Content-Type", "X-Slack-Request-Timestamp", "X-Slack-Signature");
    let wrong: [&[(&str, &str)]; 8] = [
        &[(kind, JSON)],
        &[(kind, JSON), (name, &right)],
        &[(kind, JSON), (time, &at)],
        &[(kind, JSON), (time, &at), (name, &foreign)],
        &[(kind, JSON), (time, &at), (name, &right[..60])],
        &[(kind, JSON), (time, &at), (name, "v0=")],
        &[(kind, JSON), (time, &at), (name, &right), (name, &right)],
        &[(kind, JSON), (time, &at), (time, "1"), (name, &right)],
    ];
    for headers in wrong {
        assert_eq!(hooked.post(headers, body.clone().into_bytes()).await.0, 401, "{headers:?}");
    }
    let changed = body.replace("let me in", "let me out");
    let headers = [(kind, JSON), (time, at.as_str()), (name, right.as_str())];
    assert_eq!(hooked.post(&headers, changed.into_bytes()).await.0, 401);
    let challenge = json!({ "type": "url_verification", "challenge": "c" }).to_string();
    assert_eq!(hooked.post(&headers, challenge.into_bytes()).await.0, 401, "nobody else learns anything");

    for apart in [301_i64, -302, 86_400] {
        let then = now.checked_add_signed(-apart).unwrap();
        let (signed, then) = (signature(&secret, then, &body), then.to_string());
        let headers = [(kind, JSON), (time, then.as_str()), (name, signed.as_str())];
        assert_eq!(hooked.post(&headers, body.clone().into_bytes()).await.0, 401, "{apart}");
    }
    assert_eq!(hooked.bot.inside(|inside| inside.asked), 0);
    assert_eq!(hooked.post(&headers, body.into_bytes()).await.0, 200);
    assert_eq!(hooked.bot.next_text().await.text, "let me in");
    hooked.bot.ends().await;
}

#[tokio::test]
async fn a_request_that_is_sent_again_later_is_refused() {
    let (slack, alice) = workspace().await;
    let hooked = Hooked::on(&slack).await;
    alice.dm("hello");
    assert!(slack.wait_until_delivered().await);
    assert_eq!(slack.sends_again_signed_ago(310).await, Some(401));
    assert_eq!(slack.sends_again_signed_ago(-310).await, Some(401));
    assert_eq!(slack.sends_again_signed_ago(280).await, Some(200));
    hooked.bot.ends().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_and_answered_with_200() {
    let (slack, alice) = workspace().await;
    let hooked = Hooked::on(&slack).await;
    for (kind, body) in [
        (JSON, "no JSON"),
        (JSON, ""),
        (JSON, r#"{"type":"event_callback","event_id":"Ev9","event":{"type":"message","channel":7}}"#),
        (JSON, r#"{"type":"event_callback","event_id":"Ev8","event":{"type":"message","text":"\ud800"}}"#),
        (FORM, "nothing=known"),
        (FORM, "command=%2Fswitchboard"),
    ] {
        let answer = hooked.post_signed(kind, body).await;
        assert_eq!((answer.0, answer.2.as_str()), (200, ""), "{body}");
    }
    hooked.bot.wait_until(|inside| inside.unreadable.len() == 6).await;
    alice.dm("still there?");
    assert_eq!(hooked.bot.next_text().await.text, "still there?");
    hooked.bot.ends().await;
}

#[tokio::test]
async fn a_command_is_a_form_and_its_acknowledgement_the_answer() {
    let (slack, alice) = workspace().await;
    let hooked = Hooked::on(&slack).await;
    alice.runs_in("C1", "/switchboard", "model gpt & co");
    let Event::Command(given) = hooked.bot.next().await.event else { panic!("a command") };
    assert_eq!((given.name.as_str(), given.arguments.as_str()), ("model", "gpt & co"));
    assert!(slack.wait_until_delivered().await);

    // An inbox that takes its time costs nobody the command: it is acknowledged after 1.5 s.
    hooked.bot.inbox.0.update(|inside| inside.is_stuck = true);
    alice.runs_in("C1", "/switchboard", "help");
    let shown = slack.wait_for_message("C1", |shown| shown.only_for.is_some()).await.unwrap();
    assert!(!shown.text.contains("failed"), "{}", shown.text);
    hooked.bot.inbox.0.update(|inside| inside.is_stuck = false);
    assert!(matches!(hooked.bot.next().await.event, Event::Command(given) if given.name == "help"));
    hooked.bot.ends().await;
}

#[tokio::test]
async fn clicks_and_slacks_look_at_our_certificate_are_answered() {
    let (slack, _) = workspace().await;
    let hooked = Hooked::on(&slack).await;
    let click = serde_urlencoded::to_string([("payload", r#"{"type":"block_actions"}"#)]).unwrap();
    for body in [click.as_str(), "token=t&ssl_check=1"] {
        assert_eq!(hooked.post_signed(FORM, body).await.0, 200, "{body}");
    }
    let limited = json!({ "type": "app_rate_limited", "minute_rate_limited": 1_518_467_820 }).to_string();
    assert_eq!(hooked.post_signed(JSON, &limited).await.0, 200);
    let (_, _, body) = hooked.post_signed(JSON, r#"{"type":"url_verification","challenge":"\"x"}"#).await;
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({ "challenge": "\"x" }));
    assert_eq!(hooked.bot.inside(|inside| inside.asked), 0);
    hooked.bot.ends().await;
}

#[tokio::test]
async fn a_channel_is_not_connected_while_slack_cannot_be_asked_and_ends_when_its_token_is_withdrawn() {
    let (slack, alice) = workspace().await;
    let mut hooked = Hooked::on(&slack).await;
    slack.fault("auth.test", 3, Fault::Status(503));
    hooked.is_connected(false).await;
    hooked.is_connected(true).await;
    alice.dm("hello");
    assert_eq!(hooked.bot.next_text().await.text, "hello");
    slack.revoke_tokens();
    let error = hooked.bot.ended().await.unwrap_err();
    assert!(!error.is_passing(), "{error}");
    assert!(!hooked.bot.channel.is_connected());
}

#[tokio::test]
async fn slack_is_sent_away_until_the_channel_listens() {
    let (slack, _) = workspace().await;
    let hooked = Hooked::prepared(&slack).await;
    let early = hooked.post_signed(JSON, &event("hello")).await;
    assert_eq!((early.0, early.1.as_deref()), (503, Some("2")));
    // The address proves itself even so.
    slack.events_to(&hooked.url()).await.unwrap();
    hooked.bot.ends().await;
}
