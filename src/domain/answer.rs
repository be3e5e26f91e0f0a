//! An answer while it is being made.

use std::pin::Pin;

use futures_util::Stream;

use crate::domain::ModelFailure;

/// The pieces of one answer, in order; the last is [`AnswerEvent::Finished`] or
/// [`AnswerEvent::Failed`].
pub type AnswerStream = Pin<Box<dyn Stream<Item = AnswerEvent> + Send>>;

/// One piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerEvent {
    /// More text, to be put behind what came before.
    Delta(String),
    /// What came before did not count: the answer begins anew.
    Restarted,
    /// The whole answer.
    Finished(Finished),
    /// There will be no more; what came before stays.
    Failed(ModelFailure),
}

/// A whole answer and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    pub text: String,
    pub finish_reason: FinishReason,
    pub usage: Usage,
    /// The model as its provider names it; empty when no model was asked.
    pub model: String,
    /// Our name of the provider; empty when no model was asked.
    pub provider: String,
}

impl Finished {
    /// An answer that no model had to make.
    #[must_use]
    pub fn ready_made(text: String) -> Self {
        Self {
            text,
            finish_reason: FinishReason::Stop,
            usage: Usage::default(),
            model: String::new(),
            provider: String::new(),
        }
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// The model had said what it had to say.
    Stop,
    /// It ran into the limit of tokens.
    Length,
    /// The provider's filter ended it.
    Filtered,
    /// The person asked to stop.
    Stopped,
    /// The stream broke off.
    Cut,
}

impl FinishReason {
    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Filtered => "filtered",
            Self::Stopped => "stopped",
            Self::Cut => "cut",
        }
    }
}

/// What an answer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
    /// In millionths of the currency in which the prices are configured.
    pub cost_micros: u64,
    /// Whether the provider reported the tokens; otherwise they are estimated.
    pub is_reported: bool,
}
