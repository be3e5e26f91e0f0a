//! What a bot does in these tests: call methods, and hold a socket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, ClientBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::slack::{Person, Slack};

/// Begins a web client; the library wants to know beforehand who encrypts.
pub(super) fn web() -> ClientBuilder {
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::builder()
}

/// Calls a method with a JSON body.
pub(super) async fn post(slack: &Slack, method: &str, body: Value) -> Response {
    let url = format!("{}/{method}", slack.api_url());
    let request = web().build().unwrap().post(url).bearer_auth(slack.bot_token());
    let request = request.header("Content-Type", "application/json; charset=utf-8").body(body.to_string());
    request.send().await.unwrap()
}

/// Calls a method and returns its answer.
pub(super) async fn call(slack: &Slack, method: &str, body: Value) -> Value {
    post(slack, method, body).await.json().await.unwrap()
}

/// Calls a method with arguments in the query.
pub(super) async fn get(slack: &Slack, method: &str, query: &[(&str, &str)]) -> Value {
    let url = format!("{}/{method}", slack.api_url());
    let request = web().build().unwrap().get(url).query(query).bearer_auth(slack.bot_token());
    request.send().await.unwrap().json().await.unwrap()
}

/// A workspace with alice and bob, who are in the channel C1 with the bot.
pub(super) async fn workspace() -> (Slack, Person) {
    let slack = Slack::start().await.with_all_rights();
    let alice = slack.user("U1", "alice");
    let bob = slack.user("U2", "bob");
    slack.channel("C1", "general", &[&alice, &bob]);
    (slack, alice)
}

/// Asks for a socket.
pub(super) async fn open(slack: &Slack) -> Value {
    let url = format!("{}/apps.connections.open", slack.api_url());
    web()
        .build()
        .unwrap()
        .post(url)
        .bearer_auth(slack.app_token())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

/// The address of a new socket.
pub(super) async fn url(slack: &Slack) -> String {
    let answer = open(slack).await;
    answer["url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The bot's end of a socket.
pub(super) struct Link(pub(super) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Link {
    /// Opens a socket and hears its hello.
    /// Asks for a socket.
    pub(super) async fn open(slack: &Slack) -> Self {
        let mut link = Self(connect_async(url(slack).await).await.unwrap().0);
        assert_eq!(link.next().await.unwrap()["type"], "hello");
        link
    }

    /// The next frame; `None` when the connection is over.
    pub(super) async fn next(&mut self) -> Option<Value> {
        let frames = async {
            loop {
                match self.0.next().await? {
                    Ok(Message::Text(text)) => {
                        return Some(serde_json::from_str(text.as_str()).unwrap());
                    }
                    Ok(Message::Close(_)) | Err(_) => return None,
                    Ok(_) => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), frames).await.expect("a frame comes in time")
    }

    /// The next envelope, acknowledged.
    pub(super) async fn take(&mut self) -> Value {
        let envelope = self.next().await.expect("the socket is open");
        self.ack(&envelope, None).await;
        envelope
    }

    pub(super) async fn ack(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut ack = json!({"envelope_id": envelope["envelope_id"]});
        if let Some(payload) = payload {
            ack["payload"] = payload;
        }
        self.0.send(Message::text(ack.to_string())).await.unwrap();
    }
}
