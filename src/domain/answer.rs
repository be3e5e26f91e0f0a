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
    /// Who is about to give text; what came before was not theirs.
    Begun(Begun),
    /// More text, to be put behind what came before.
    Delta(String),
    /// What came before did not count: the answer begins anew.
    Restarted,
    /// The whole answer.
    Finished(Finished),
    /// There will be no more; what came before stays.
    Failed(ModelFailure),
}

/// Who gives an answer and what it takes, as far as that is known when it begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Begun {
    /// The model as its provider names it.
    pub model: String,
    /// Our name of the provider.
    pub provider: String,
    /// Estimated.
    pub prompt_tokens: u32,
    pub price: Price,
}

impl Begun {
    /// The answer that it has become when it ended early; its provider has counted nothing.
    #[must_use]
    pub fn ended(self, text: String, completion_tokens: u32, finish_reason: FinishReason) -> Finished {
        let Self { model, provider, prompt_tokens, price } = self;
        let cost_micros = price.cost_micros(prompt_tokens, completion_tokens);
        let usage = Usage { prompt_tokens, completion_tokens, cost_micros, is_reported: false };
        Finished { text, finish_reason, usage, model, provider }
    }
}

/// What a million tokens cost, in millionths of the currency in which the prices are configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Price {
    pub prompt: u64,
    pub completion: u64,
}

impl Price {
    /// The cost of an answer, rounded to the nearest; a sum too large to hold
    /// becomes the largest that can be held.
    #[must_use]
    pub fn cost_micros(self, prompt_tokens: u32, completion_tokens: u32) -> u64 {
        const TOKENS: u128 = 1_000_000;
        let prompt = u128::from(prompt_tokens) * u128::from(self.prompt);
        let completion = u128::from(completion_tokens) * u128::from(self.completion);
        u64::try_from((prompt + completion + TOKENS / 2) / TOKENS).unwrap_or(u64::MAX)
    }
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
