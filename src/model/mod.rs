//! Language models: how an answer is asked for.
//!
//! [`Model`] is one model at one provider, or several behind each other. The
//! layer knows about tokens, prices, timeouts and retries; it knows nothing of
//! people, conversations or platforms. Prompts and answers never reach the log.

mod error;

use std::pin::Pin;

use async_trait::async_trait;
use futures_util::Stream;

use crate::domain::{Finished, Line};

pub use error::ModelError;

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRequest {
    /// What has been said, the system prompt first, the question last.
    pub lines: Vec<Line>,
    /// Another model than the provider's configured one.
    pub model: Option<String>,
}

/// One piece of a model's answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    Delta(String),
    /// What came before does not count: another attempt begins.
    Restarted,
    /// The whole answer; nothing comes after it.
    Finished(Finished),
}

/// The pieces of an answer; ends after [`ModelEvent::Finished`] or an error.
pub type ModelStream = Pin<Box<dyn Stream<Item = Result<ModelEvent, ModelError>> + Send>>;

/// Something that answers.
#[async_trait]
pub trait Model: Send + Sync {
    /// The name of the model that answers by default, for people to see.
    fn name(&self) -> &str;

    /// Asks for an answer.
    ///
    /// Dropping the stream cancels the request.
    async fn ask(&self, request: &ModelRequest) -> Result<ModelStream, ModelError>;
}
