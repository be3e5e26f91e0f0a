//! What goes over the wire: chat completions, as tolerant as servers are loose.
//!
//! Compatible servers leave out fields, send null for them, invent finish
//! reasons and put errors into the stream. Everything that comes in is
//! therefore optional, and what we do not need is not read.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::ProviderSettings;
use crate::domain::{FinishReason, Line};
use crate::model::wire_text::WireText;

/// The body of a request.
#[derive(Debug, Serialize)]
pub(super) struct ChatRequest<'a> {
    model: &'a str,
    messages: Vec<WireLine<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
}

#[derive(Debug, Serialize)]
struct WireLine<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl<'a> ChatRequest<'a> {
    /// Asks `model` for a streamed answer to `lines`, with its usage at the end.
    pub(super) fn new(model: &'a str, lines: &'a [Line], settings: &ProviderSettings) -> Self {
        let limit = settings.max_answer_tokens;
        let messages =
            lines.iter().map(|line| WireLine { role: line.speaker.name(), content: line.spoken() }).collect();
        Self {
            model,
            messages,
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            max_completion_tokens: limit.filter(|_| !settings.use_max_tokens),
            max_tokens: limit.filter(|_| settings.use_max_tokens),
        }
    }
}

/// One event of a streamed answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Chunk {
    pub(super) model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    /// What some servers send in the middle of a stream instead of a status.
    pub(super) error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    content: Option<WireText>,
    refusal: Option<WireText>,
    reasoning_content: Option<IgnoredAny>,
    reasoning: Option<IgnoredAny>,
}

impl Chunk {
    /// Whether the model has a say in it; the usage at the end comes without.
    pub(super) fn has_choice(&self) -> bool {
        self.first().is_some()
    }

    /// Whether the model is at work: text, thought or an end.
    pub(super) fn shows_work(&self) -> bool {
        self.first().is_some_and(|choice| {
            let thinks = choice
                .delta
                .as_ref()
                .is_some_and(|delta| delta.reasoning_content.is_some() || delta.reasoning.is_some());
            thinks || choice.text().is_some() || choice.finish_reason.is_some()
        })
    }

    /// The text that it adds.
    pub(super) fn text(&self) -> Option<&WireText> {
        self.first()?.text()
    }

    /// Why the answer ends here, if it does.
    pub(super) fn finish_reason(&self) -> Option<FinishReason> {
        match self.first()?.finish_reason.as_deref()? {
            "" => None,
            "length" | "max_tokens" => Some(FinishReason::Length),
            "content_filter" => Some(FinishReason::Filtered),
            _ => Some(FinishReason::Stop),
        }
    }

    /// The tokens of prompt and answer, where it reports both.
    pub(super) fn usage(&self) -> Option<(u32, u32)> {
        let tokens = |name: &str| {
            let count = self.usage.as_ref()?.get(name)?.as_u64()?;
            Some(u32::try_from(count).unwrap_or(u32::MAX))
        };
        Some((tokens("prompt_tokens")?, tokens("completion_tokens")?))
    }

    fn first(&self) -> Option<&Choice> {
        self.choices.as_ref()?.first()
    }
}

impl Choice {
    fn text(&self) -> Option<&WireText> {
        let delta = self.delta.as_ref()?;
        [&delta.content, &delta.refusal].into_iter().flatten().find(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ChatRequest, Chunk};
    use crate::config::ProviderSettings;
    use crate::domain::{FinishReason, Line, Speaker};
    use crate::model::wire_text::Joiner;

    fn chunk(json: &str) -> Chunk {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn chunks_are_read_whatever_they_leave_out() {
        let table = [
            (r#"{"choices":[{"delta":{"content":"hi"},"finish_reason":null}]}"#, "hi", None, None),
            (r#"{"choices":[{"delta":{"role":"assistant","content":null}}]}"#, "", None, None),
            (r#"{"choices":[{"delta":{"reasoning_content":"hm"}}],"x":1}"#, "", None, None),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, "", Some(FinishReason::Stop), None),
            (r#"{"choices":[{"finish_reason":"length"}]}"#, "", Some(FinishReason::Length), None),
            (r#"{"choices":[{"finish_reason":"content_filter"}]}"#, "", Some(FinishReason::Filtered), None),
            (r#"{"choices":[{"finish_reason":"eos_token"}]}"#, "", Some(FinishReason::Stop), None),
            (r#"{"choices":[{"delta":{"content":"a"},"finish_reason":""}]}"#, "a", None, None),
            (r#"{"choices":[{"delta":{"refusal":"no"}}]}"#, "no", None, None),
            (r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5}}"#, "", None, Some((3, 5))),
            (r#"{"choices":null,"usage":{"prompt_tokens":3}}"#, "", None, None),
            (r#"{"usage":{"prompt_tokens":99999999999,"completion_tokens":1.5}}"#, "", None, None),
            (r#"{"error":"overloaded"}"#, "", None, None),
            (r#"{}"#, "", None, None),
        ];
        for (json, text, finish_reason, usage) in table {
            let chunk = chunk(json);
            let said = chunk.text().map(|text| Joiner::default().join(text));
            assert_eq!(said.unwrap_or_default(), text, "{json}");
            assert_eq!(chunk.finish_reason(), finish_reason, "{json}");
            assert_eq!(chunk.usage(), usage, "{json}");
        }
    }

    #[test]
    fn thought_is_work_and_a_role_is_not() {
        assert!(chunk(r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#).shows_work());
        assert!(chunk(r#"{"choices":[{"delta":{"reasoning":"hm"}}]}"#).shows_work());
        assert!(!chunk(r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#).shows_work());
    }

    #[test]
    fn the_limit_of_tokens_goes_by_the_name_that_the_server_knows() {
        let line = [Line { speaker: Speaker::Person, text: "hi\0".to_owned(), tokens: None, voice: None }];
        let mut settings: ProviderSettings =
            serde_json::from_value(json!({"base_url": "http://localhost/v1", "model": "m"})).unwrap();
        let body = |settings: &ProviderSettings| {
            serde_json::to_value(ChatRequest::new("other", &line, settings)).unwrap()
        };
        let plain = json!({
            "model": "other",
            "messages": [{"role": "user", "content": "hi\0"}],
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        assert_eq!(body(&settings), plain);

        settings.max_answer_tokens = Some(7);
        assert_eq!(body(&settings)["max_completion_tokens"], 7);
        assert!(body(&settings).get("max_tokens").is_none());

        settings.use_max_tokens = true;
        assert_eq!(body(&settings)["max_tokens"], 7);
        assert!(body(&settings).get("max_completion_tokens").is_none());
    }
}
