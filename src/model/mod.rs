//! Language models: how an answer is asked for.
//!
//! [`Model`] is one model at one provider, or several behind each other. The
//! layer knows about tokens, prices, timeouts and retries; it knows nothing of
//! people, conversations or platforms. What [`from_settings`] builds, from the
//! outside in:
//!
//! - [`Chain`]: asks the next provider when one gives nothing
//! - [`Retrying`]: repeats a request, as the only one who does, and limits the
//!   time that an answer takes in total
//! - [`OpenAi`]: asks once; notices silence, limits sizes, tells errors apart
//!
//! or, with no provider configured, [`Echo`].
//!
//! Whatever happens, a stream ends with [`ModelEvent::Finished`] or one error.
//! Once text has come, nothing is asked again: what has come stays with the
//! caller, and the error is [`ModelError::Cut`].
//!
//! Keys, prompts and answers never reach an error or the log. The client library
//! logs what it cannot read, so its log is off whatever the settings say.

mod body;
mod chain;
mod complaint;
mod cost;
mod discretion;
mod echo;
mod error;
mod openai;
mod probe;
mod reading;
mod retry;
mod retry_after;
mod setup;
mod tokens;
mod transport;
mod wire;
mod wire_text;

use std::pin::Pin;

use async_trait::async_trait;
use futures_util::Stream;

use crate::domain::{Begun, Finished, Line};

pub use chain::Chain;
pub use echo::Echo;
pub use error::{ModelError, SetupError};
pub use openai::{OpenAi, Patience};
pub use probe::{ProbeError, probe};
pub use reading::MAX_ANSWER_BYTES;
pub use retry::{RetryPolicy, Retrying};
pub use setup::from_settings;
pub use tokens::{TOKENS_PER_LINE, TokenEstimates};
pub use transport::install_crypto;

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRequest {
    /// What has been said, the system prompt first, the question last.
    pub lines: Vec<Line>,
    /// One of the model's [`choices`](Model::choices), instead of the default.
    pub model: Option<String>,
}

/// One piece of a model's answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    /// The first text is about to come, from them.
    Begun(Begun),
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

    /// The names that may be asked for, the one that answers by default first.
    fn choices(&self) -> Vec<&str> {
        vec![self.name()]
    }

    /// Asks for an answer.
    ///
    /// May return before anything has been sent; what fails after that fails in
    /// the stream. Dropping the stream cancels the request.
    async fn ask(&self, request: &ModelRequest) -> Result<ModelStream, ModelError>;
}
