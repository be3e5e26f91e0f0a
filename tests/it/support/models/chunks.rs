//! The JSON of answers: chunks of a stream, and the whole.
//!
//! Source: `CreateChatCompletionStreamResponse` and `CreateChatCompletionResponse` as
//! async-openai 0.43 has them from openai/openai-openapi; tool calls as in
//! simonw/llm#988.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::answer::Delta;
use super::twist::Twist;
use super::usage::Usage;
use super::utterance::Utterance;

/// Writes the chunks of one answer, all with the same beginning.
///
/// Written by hand, as long answers have tens of thousands of them.
#[derive(Debug)]
pub(super) struct Chunks {
    head: String,
    tail: &'static str,
    has_obfuscation: bool,
    has_no_choices: bool,
    has_extra_fields: bool,
    has_surrogates_apart: bool,
    is_ascii: bool,
    id: u64,
}

/// What a client that asked for it finds in every chunk but the last.
const NO_USAGE_YET: &str = ",\"usage\":null";

impl Chunks {
    pub(super) fn new(id: u64, model: &str, has_usage: bool, twist: &Twist) -> Self {
        let extra = if twist.has_extra_fields {
            "\"prompt_logprobs\":null,\"x_emulator\":{\"region\":\"eu-1\"},"
        } else {
            ""
        };
        let head = format!(
            "{{\"id\":\"{}\",\"object\":\"chat.completion.chunk\",\"created\":{},\"model\":{},\
             \"service_tier\":\"default\",\"system_fingerprint\":\"fp_emulated\",{extra}",
            answer_id(id),
            now(),
            Value::from(model),
        );
        Self {
            head,
            tail: if has_usage { NO_USAGE_YET } else { "" },
            has_obfuscation: false,
            has_no_choices: twist.has_no_choices,
            has_extra_fields: twist.has_extra_fields,
            has_surrogates_apart: twist.has_surrogates_apart,
            is_ascii: twist.is_ascii,
            id,
        }
    }

    /// Adds the field that hides the length of tokens.
    pub(super) fn obfuscated(mut self, is_wanted: bool) -> Self {
        self.has_obfuscation = is_wanted;
        self
    }

    /// The first chunk: the role, and no text yet.
    pub(super) fn first(&self, has_content: bool) -> String {
        let content = if has_content { "\"\"" } else { "null" };
        let delta = format!("{{\"role\":\"assistant\",\"content\":{content},\"refusal\":null}}");
        self.chunk(&delta, None)
    }

    /// One step; several chunks only when a character is torn apart.
    pub(super) fn step(&self, step: &Delta) -> Vec<String> {
        match step {
            Delta::Content(text) if self.has_surrogates_apart => torn(text)
                .iter()
                .map(|piece| self.chunk(&format!("{{\"content\":\"{piece}\"}}"), None))
                .collect(),
            usual => vec![self.chunk(&usual.json(self.id).to_string(), None)],
        }
    }

    /// A chunk that says nothing: `content` is null.
    pub(super) fn nothing(&self) -> String {
        self.chunk("{\"content\":null}", None)
    }

    /// The chunk with the reason.
    pub(super) fn last(&self, finish: &str) -> String {
        self.chunk("{}", Some(finish))
    }

    /// The chunk with the usage, after the last.
    pub(super) fn usage(&self, usage: &Usage) -> String {
        let mut usage = usage.json();
        if self.has_extra_fields {
            usage["cost"] = json!(0.0001);
        }
        self.close(&format!("{}\"choices\":[],\"usage\":{usage}", self.head))
    }

    fn chunk(&self, delta: &str, finish: Option<&str>) -> String {
        let finish = finish.map_or(Value::Null, Value::from);
        let extra = if self.has_extra_fields { ",\"stop_reason\":null,\"token_ids\":[1,2]" } else { "" };
        let (head, tail) = (&self.head, self.tail);
        if self.has_no_choices {
            return self.close(&format!("{head}\"choices\":[]{tail}"));
        }
        self.close(&format!(
            "{head}\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\
             \"finish_reason\":{finish}{extra}}}]{tail}"
        ))
    }

    fn close(&self, chunk: &str) -> String {
        let obfuscation = if self.has_obfuscation {
            // As many letters as bring chunks to about the same length.
            let letters = "aB3dE5gH7jK9mN1p";
            format!(",\"obfuscation\":\"{}\"", &letters[chunk.len() % letters.len()..])
        } else {
            String::new()
        };
        let chunk = format!("{chunk}{obfuscation}}}");
        if self.is_ascii { ascii(&chunk) } else { chunk }
    }
}

/// The whole answer in one piece.
pub(super) fn completion(said: &Utterance, model: &str, twist: &Twist) -> String {
    let is_content = |step: &Delta| matches!(step, Delta::Content(_));
    let is_refusal = |step: &Delta| matches!(step, Delta::Refusal(_));
    let is_thought = |step: &Delta| matches!(step, Delta::Thought(_));
    let calls = said.calls();
    let refusal = said.text(is_refusal);
    let mut content = said.text(is_content);
    if content.is_none() && calls.is_empty() && refusal.is_none() && !twist.has_null_content {
        content = Some(String::new());
    }
    let mut message = json!({
        "role": "assistant",
        "content": content,
        "refusal": refusal,
        "annotations": [],
    });
    if let Some(thoughts) = said.text(is_thought) {
        message["reasoning_content"] = thoughts.into();
    }
    if !calls.is_empty() {
        let calls = calls.into_iter().map(|(id, name, arguments)| {
            let function = json!({"name": name, "arguments": arguments});
            json!({"id": id, "type": "function", "function": function})
        });
        message["tool_calls"] = calls.collect();
    }
    let mut choice = json!({
        "index": 0,
        "message": message,
        "logprobs": null,
        "finish_reason": said.finish,
    });
    let mut whole = json!({
        "id": answer_id(said.id),
        "object": "chat.completion",
        "created": now(),
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_emulated",
    });
    if !twist.has_no_usage {
        whole["usage"] = said.usage.json();
    }
    if twist.has_extra_fields {
        choice["stop_reason"] = Value::Null;
        choice["message"]["audio_tokens"] = 0.into();
        whole["x_emulator"] = json!({"region": "eu-1"});
    }
    whole["choices"] = if twist.has_no_choices { json!([]) } else { json!([choice]) };
    let text = whole.to_string();
    if twist.is_ascii { ascii(&text) } else { text }
}

fn answer_id(id: u64) -> String {
    format!("chatcmpl-{id:029}")
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// Writes JSON with escapes only; letters beyond ASCII stand inside of strings.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            text.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

/// The insides of JSON strings, with each half of a surrogate pair on its own.
fn torn(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for letter in text.chars() {
        let mut units = [0; 2];
        match letter.encode_utf16(&mut units) {
            [high, low] => {
                pieces.push(format!("\\u{high:04x}"));
                pieces.push(format!("\\u{low:04x}"));
                pieces.push(String::new());
            }
            _ => {
                let quoted = Value::from(letter.to_string()).to_string();
                if let Some(piece) = pieces.last_mut() {
                    piece.push_str(&quoted[1..quoted.len() - 1]);
                }
            }
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
