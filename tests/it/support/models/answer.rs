//! What the model is told to answer.

use std::time::Duration;

use serde_json::{Value, json};

use super::fault::Fault;
use super::gate::Gate;
use super::tokens;

/// An answer, in the order in which a model says it: thoughts, text or refusal,
/// tool calls, and why it stopped.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub(super) thoughts: Option<String>,
    pub(super) content: Option<Content>,
    pub(super) refusal: Option<String>,
    pub(super) calls: Vec<ToolCall>,
    pub(super) finish: Option<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) first_token: Option<Duration>,
    pub(super) tokens_per_second: Option<f64>,
    pub(super) gate: Option<Gate>,
}

/// Text, as it is cut into deltas.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Cut into tokens of about four bytes, at character boundaries.
    Text(String),
    /// Cut as the test wants it.
    Deltas(Vec<String>),
}

/// A call of a tool, with its arguments as the text the model wrote.
#[derive(Debug, Clone)]
pub(super) struct ToolCall {
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Answer {
    /// Says a text, streamed token by token.
    pub fn text(text: impl Into<String>) -> Self {
        Self { content: Some(Content::Text(text.into())), ..Self::default() }
    }

    /// Says a text, streamed in exactly these deltas, empty ones included.
    pub fn deltas<D: Into<String>>(deltas: impl IntoIterator<Item = D>) -> Self {
        let deltas = deltas.into_iter().map(Into::into).collect();
        Self { content: Some(Content::Deltas(deltas)), ..Self::default() }
    }

    /// Calls a tool, without a text.
    pub fn tool_call(name: &str, arguments: &Value) -> Self {
        Self::default().and_calls(name, arguments)
    }

    /// Refuses: `refusal` holds the sentence and `content` is null.
    pub fn refusal(sentence: impl Into<String>) -> Self {
        Self { refusal: Some(sentence.into()), ..Self::default() }
    }

    /// Does nothing but fail.
    pub fn failure(fault: Fault) -> Self {
        Self::text("").with(fault)
    }

    /// Calls a tool, or one more.
    #[must_use]
    pub fn and_calls(self, name: &str, arguments: &Value) -> Self {
        self.and_calls_with_text(name, &arguments.to_string())
    }

    /// Calls a tool with arguments that need not be JSON, as models do at times.
    #[must_use]
    pub fn and_calls_with_text(mut self, name: &str, arguments: &str) -> Self {
        let (name, arguments) = (name.to_owned(), arguments.to_owned());
        self.calls.push(ToolCall { name, arguments });
        self
    }

    /// Thinks first, in `reasoning_content` as DeepSeek and vLLM send it.
    #[must_use]
    pub fn after_thinking(mut self, thoughts: impl Into<String>) -> Self {
        self.thoughts = Some(thoughts.into());
        self
    }

    /// Stops for another reason than `stop` or `tool_calls`: `length`,
    /// `content_filter`, or one that nobody knows.
    #[must_use]
    pub fn finished_by(mut self, reason: impl Into<String>) -> Self {
        self.finish = Some(reason.into());
        self
    }

    /// Spoils this answer; several faults may come together.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Lets this answer wait for its first token.
    #[must_use]
    pub fn first_token_after(mut self, delay: Duration) -> Self {
        self.first_token = Some(delay);
        self
    }

    /// Gives this answer a speed of its own.
    #[must_use]
    pub fn at_tokens_per_second(mut self, rate: f64) -> Self {
        self.tokens_per_second = Some(rate);
        self
    }

    /// Lets this answer obey a gate of its own instead of that of all answers.
    #[must_use]
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// The text as a person would read it, for lists of what was never said.
    pub(super) fn summary(&self) -> String {
        let text = match &self.content {
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Deltas(deltas)) => deltas.concat(),
            None => format!("{:?} {:?}", self.refusal, self.calls),
        };
        text.chars().take(80).collect()
    }
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        Self::failure(fault)
    }
}

/// One step of a streamed answer.
#[derive(Debug, Clone)]
pub(super) enum Delta {
    Thought(String),
    Content(String),
    Refusal(String),
    Call { index: usize, name: String },
    Arguments { index: usize, piece: String },
}

impl Delta {
    /// The `delta` object of a chunk.
    pub(super) fn json(&self, answer_id: u64) -> Value {
        match self {
            Self::Thought(piece) => json!({"content": null, "reasoning_content": piece}),
            Self::Content(piece) => json!({"content": piece}),
            Self::Refusal(piece) => json!({"refusal": piece}),
            Self::Call { index, name } => json!({"tool_calls": [{
                "index": index,
                "id": call_id(answer_id, *index),
                "type": "function",
                "function": {"name": name, "arguments": ""},
            }]}),
            Self::Arguments { index, piece } => json!({"tool_calls": [{
                "index": index,
                "function": {"arguments": piece},
            }]}),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Thought(piece) | Self::Content(piece) | Self::Refusal(piece) => piece,
            Self::Call { name, .. } => name,
            Self::Arguments { piece, .. } => piece,
        }
    }

    pub(super) fn text_mut(&mut self) -> &mut String {
        match self {
            Self::Thought(piece) | Self::Content(piece) | Self::Refusal(piece) => piece,
            Self::Call { name, .. } => name,
            Self::Arguments { piece, .. } => piece,
        }
    }
}

/// The id of a tool call, as long as real ones.
pub(super) fn call_id(answer_id: u64, index: usize) -> String {
    format!("call_{answer_id:020}{index:04}")
}

impl Answer {
    /// All steps of the answer, in order.
    pub(super) fn steps(&self) -> Vec<Delta> {
        let mut steps = Vec::new();
        steps.extend(self.thoughts.iter().flat_map(|text| pieces(text)).map(Delta::Thought));
        match &self.content {
            Some(Content::Text(text)) => steps.extend(pieces(text).map(Delta::Content)),
            Some(Content::Deltas(deltas)) => {
                steps.extend(deltas.iter().cloned().map(Delta::Content));
            }
            None => {}
        }
        steps.extend(self.refusal.iter().flat_map(|text| pieces(text)).map(Delta::Refusal));
        for (index, call) in self.calls.iter().enumerate() {
            steps.push(Delta::Call { index, name: call.name.clone() });
            steps.extend(pieces(&call.arguments).map(|piece| Delta::Arguments { index, piece }));
        }
        steps
    }
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    tokens::cut(text).into_iter().map(str::to_owned)
}
