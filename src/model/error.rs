//! Why a model gave no answer.

use std::error::Error;
use std::time::Duration;

use crate::domain::ModelFailure;

/// Why a model gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The provider asks us to slow down.
    #[error("model `{model}` is rate limited")]
    RateLimited { model: String, retry_after: Option<Duration> },

    /// The account at the provider has nothing left; asking again does not help.
    #[error("the quota for model `{model}` is used up: {message}")]
    QuotaGone { model: String, message: String },

    /// The provider does not accept our key.
    #[error("the provider of model `{model}` does not accept the key (status {status}): {message}")]
    Unauthorized { model: String, status: u16, message: String },

    /// The provider refused the request itself.
    #[error("the provider refused the request to model `{model}` (status {status}): {message}")]
    Rejected { model: String, status: u16, message: String },

    /// The provider could not be reached, took too long, or failed on its side.
    #[error("model `{model}` is not available: {step}")]
    Unavailable {
        model: String,
        step: String,
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },

    /// The answer broke off after some text had come.
    #[error("the answer of model `{model}` broke off: {step}")]
    Cut {
        model: String,
        step: String,
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },

    /// The provider answered with something that is no answer.
    #[error("model `{model}` answered with nonsense: {what}")]
    Nonsense { model: String, what: String },
}

impl ModelError {
    /// The kind of failure, as far as people need to know.
    #[must_use]
    pub fn failure(&self) -> ModelFailure {
        match self {
            Self::RateLimited { .. } => ModelFailure::RateLimited,
            Self::QuotaGone { .. } => ModelFailure::QuotaGone,
            Self::Unauthorized { .. } => ModelFailure::Unauthorized,
            Self::Rejected { .. } => ModelFailure::Rejected,
            Self::Unavailable { .. } => ModelFailure::Unavailable,
            Self::Cut { .. } => ModelFailure::Cut,
            Self::Nonsense { .. } => ModelFailure::Nonsense,
        }
    }
}
