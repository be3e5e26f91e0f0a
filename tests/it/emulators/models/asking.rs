//! A plain HTTP client that asks models.

use reqwest::Client;
use serde_json::{Value, json};

use super::emulated::Models;

/// Asks one emulator, with the right key.
#[derive(Debug, Clone)]
pub struct Asker {
    http: Client,
    base_url: String,
    key: String,
}

impl Asker {
    pub fn of(models: &Models) -> Self {
        // Fails when a test before has installed it.
        rustls::crypto::ring::default_provider().install_default().ok();
        Self { http: Client::new(), base_url: models.base_url(), key: models.key() }
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(self.url(path)).bearer_auth(&self.key);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub async fn post(&self, path: &str, body: &Value) -> reqwest::Result<reqwest::Response> {
        let request = self.http.post(self.url(path)).bearer_auth(&self.key);
        request.json(body).send().await
    }

    /// Asks for a completion in one piece.
    pub async fn ask(&self, body: &Value) -> (u16, Value) {
        let response = self.post("/chat/completions", body).await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Asks for a stream and reads it to its end.
    pub async fn stream(&self, body: &Value) -> Heard {
        let mut response = self.post("/chat/completions", body).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let mut heard = Heard::default();
        loop {
            match response.chunk().await {
                Ok(Some(piece)) => heard.pieces.push(piece.to_vec()),
                Ok(None) => return heard,
                Err(_) => {
                    heard.was_cut = true;
                    return heard;
                }
            }
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    pub fn http(&self) -> &Client {
        &self.http
    }
}

/// What came of a stream.
#[derive(Debug, Default)]
pub struct Heard {
    pub pieces: Vec<Vec<u8>>,
    pub was_cut: bool,
}

impl Heard {
    pub fn raw(&self) -> String {
        String::from_utf8(self.pieces.concat()).unwrap()
    }

    /// What stands behind `data: `, in order.
    pub fn data(&self) -> Vec<String> {
        let raw = self.raw();
        let lines = raw.lines().filter_map(|line| line.strip_prefix("data: "));
        lines.map(str::to_owned).collect()
    }

    /// All chunks that are JSON.
    pub fn chunks(&self) -> Vec<Value> {
        let data = self.data();
        data.iter().filter_map(|data| serde_json::from_str(data).ok()).collect()
    }

    /// One field of all deltas, put together.
    pub fn said(&self, field: &str) -> String {
        let chunks = self.chunks();
        let texts = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"][field].as_str());
        texts.collect()
    }

    pub fn finish_reason(&self) -> Option<String> {
        let chunks = self.chunks();
        let mut reasons = chunks.iter().filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str());
        reasons.next_back().map(str::to_owned)
    }

    pub fn is_done(&self) -> bool {
        self.data().last().is_some_and(|data| data == "[DONE]")
    }
}

/// A request with one user message.
pub fn question(text: &str) -> Value {
    json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]})
}

/// The same, streamed and with usage.
pub fn streamed(text: &str) -> Value {
    with(question(text), json!({"stream": true, "stream_options": {"include_usage": true}}))
}

/// A request with further fields.
pub fn with(mut request: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}
