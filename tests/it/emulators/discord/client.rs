//! A bot made of plain requests and a plain WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest012::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::emulator::Discord;

/// Guilds, messages, reactions and typing, in guilds and direct messages.
pub(crate) const ORDINARY: u64 = 1 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14;
pub(crate) const MESSAGE_CONTENT: u64 = 1 << 15;

/// An answer with its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The error code of a refusal.
    pub(crate) fn code(&self) -> u64 {
        self.body["code"].as_u64().unwrap_or(u64::MAX)
    }

    /// The id of what came back.
    pub(crate) fn id(&self) -> u64 {
        self.body["id"].as_str().and_then(|id| id.parse().ok()).expect("the answer has an id")
    }
}

/// Sends a request to the API; a path begins with a slash.
pub(crate) async fn send(
    discord: &Discord,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> reqwest012::Result<Response> {
    let token = format!("Bot {}", discord.token());
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = reqwest012::Client::new()
        .request(method, format!("{}/api/v10{path}", discord.url()))
        .header("authorization", token)
        .header("user-agent", "DiscordBot (https://example.org, 1)");
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await
}

/// Sends a request and reads the answer.
pub(crate) async fn ask(discord: &Discord, method: &str, path: &str, body: Option<Value>) -> Answer {
    let response = send(discord, method, path, body).await.expect("an answer comes");
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    Answer { status, body: serde_json::from_str(&text).unwrap_or_default() }
}

/// Sends a message into a channel.
pub(crate) async fn post(discord: &Discord, channel: u64, body: Value) -> Answer {
    ask(discord, "POST", &format!("/channels/{channel}/messages"), Some(body)).await
}

/// A gateway connection.
pub(crate) struct Gateway {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) session: String,
    pub(crate) sequence: u64,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed(u16),
    Dropped,
}

impl Gateway {
    /// Connects and hears hello.
    pub(crate) async fn connect(discord: &Discord) -> Self {
        Self::connect_to(&format!("{}/?v=10&encoding=json", discord.gateway_url())).await
    }

    pub(crate) async fn connect_to(url: &str) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("the gateway listens");
        Self { socket, session: String::new(), sequence: 0 }
    }

    /// Connects, identifies, and takes READY and the guilds.
    pub(crate) async fn ready(discord: &Discord, intents: u64) -> Self {
        let mut gateway = Self::connect(discord).await;
        gateway.identify(discord, intents).await;
        let ready = gateway.event("READY").await;
        gateway.session = ready["session_id"].as_str().unwrap().to_owned();
        gateway
    }

    pub(crate) async fn identify(&mut self, discord: &Discord, intents: u64) {
        let properties = json!({ "os": "linux", "browser": "test", "device": "test" });
        let data = json!({ "token": discord.token(), "intents": intents, "properties": properties });
        self.say(2, data).await;
    }

    pub(crate) async fn resume(&mut self, discord: &Discord, session: &str, sequence: u64) {
        let data = json!({ "token": discord.token(), "session_id": session, "seq": sequence });
        self.say(6, data).await;
    }

    pub(crate) async fn say(&mut self, op: u64, data: Value) {
        self.say_raw(json!({ "op": op, "d": data }).to_string()).await;
    }

    pub(crate) async fn say_raw(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.expect("the connection is open");
    }

    /// Hears the next payload, or how the connection ended.
    pub(crate) async fn hear(&mut self) -> Result<Value, End> {
        let next = tokio::time::timeout(Duration::from_secs(20), self.socket.next());
        match next.await.expect("something comes in time") {
            Some(Ok(Message::Text(text))) => {
                let payload: Value = serde_json::from_str(text.as_str()).unwrap();
                if let Some(sequence) = payload["s"].as_u64() {
                    self.sequence = sequence;
                }
                Ok(payload)
            }
            Some(Ok(Message::Close(Some(frame)))) => Err(End::Closed(frame.code.into())),
            _ => Err(End::Dropped),
        }
    }

    /// Hears payloads until one has an opcode.
    pub(crate) async fn op(&mut self, op: u64) -> Value {
        loop {
            let payload = self.hear().await.expect("the connection is open");
            if payload["op"] == op {
                return payload;
            }
        }
    }

    /// Hears payloads until an event of a name comes.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let payload = self.hear().await.expect("the connection is open");
            if payload["t"] == name {
                return payload["d"].clone();
            }
        }
    }

    /// Hears the very next event and its name.
    pub(crate) async fn next_event(&mut self) -> (String, Value) {
        let payload = self.op(0).await;
        (payload["t"].as_str().unwrap().to_owned(), payload["d"].clone())
    }

    /// Hears payloads until the connection ends.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.hear().await {
                return end;
            }
        }
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame =
            tokio_tungstenite::tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).await.ok();
        while self.socket.next().await.is_some_and(|message| message.is_ok()) {}
    }
}
