//! The Telegram emulator, rule by rule, over plain HTTP and through teloxide.

mod drawing;
mod messages;
mod real_client;
mod updates;
mod webhooks;
mod world;

use crate::support::{server, telegram};

use serde_json::{Value, json};
use telegram::Telegram;

const NOT_MODIFIED: &str = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";

/// A bot that speaks plain HTTP.
#[derive(Clone)]
struct Bot {
    http: reqwest012::Client,
    base: String,
}

impl Bot {
    fn of(telegram: &Telegram) -> Self {
        let base = format!("{}/bot{}", telegram.url(), telegram.token());
        Self { http: reqwest012::Client::new(), base }
    }

    async fn call(&self, method: &str, params: Value) -> (u16, Value) {
        let request = self.http.post(format!("{}/{method}", self.base)).json(&params);
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// Calls and expects success.
    async fn ok(&self, method: &str, params: Value) -> Value {
        let (status, mut body) = self.call(method, params).await;
        assert_eq!((status, &body["ok"]), (200, &json!(true)), "{method}: {body}");
        body["result"].take()
    }

    /// Calls and expects a refusal with these words.
    async fn refused(&self, method: &str, params: Value, status: u16, description: &str) -> Value {
        let (got, body) = self.call(method, params).await;
        assert_eq!(body["description"], description, "{body}");
        assert_eq!((got, &body["ok"], &body["error_code"]), (status, &json!(false), &json!(status)));
        body
    }

    async fn says(&self, chat: i64, text: &str) -> i64 {
        self.ok("sendMessage", json!({ "chat_id": chat, "text": text })).await["message_id"].as_i64().unwrap()
    }

    async fn updates(&self, offset: i64, timeout: u64) -> Vec<Value> {
        let got = self.ok("getUpdates", json!({ "offset": offset, "timeout": timeout })).await;
        got.as_array().unwrap().clone()
    }
}

/// The platform without its brakes, and a bot on it.
async fn quick() -> (Telegram, Bot) {
    let telegram = Telegram::start().await;
    telegram.without_rate_limits();
    let bot = Bot::of(&telegram);
    (telegram, bot)
}

fn texts(updates: &[Value]) -> Vec<&str> {
    updates.iter().filter_map(|update| update["message"]["text"].as_str()).collect()
}
