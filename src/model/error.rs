//! Why a model gave no answer, or could not be set up.

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

    /// The provider has no such model, or what answers there is no such API.
    #[error(
        "no model `{model}` answers there (status {status}): {message}; see `base_url` and `model` of its provider"
    )]
    Misconfigured { model: String, status: u16, message: String },

    /// The provider refused the request itself.
    #[error("the provider refused the request to model `{model}` (status {status}): {message}")]
    Rejected { model: String, status: u16, message: String },

    /// The provider could not be reached, took too long, or failed on its side.
    #[error("model `{model}` is not available: {step}")]
    Unavailable {
        model: String,
        step: String,
        retry_after: Option<Duration>,
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
            Self::Misconfigured { .. } => ModelFailure::Misconfigured,
            Self::Rejected { .. } => ModelFailure::Rejected,
            Self::Unavailable { .. } => ModelFailure::Unavailable,
            Self::Cut { .. } => ModelFailure::Cut,
            Self::Nonsense { .. } => ModelFailure::Nonsense,
        }
    }

    /// How long the provider asks us to wait, if it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => *retry_after,
            Self::QuotaGone { .. }
            | Self::Unauthorized { .. }
            | Self::Misconfigured { .. }
            | Self::Rejected { .. }
            | Self::Cut { .. }
            | Self::Nonsense { .. } => None,
        }
    }
}

/// Why a model could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Providers are configured, and none of them is to be asked.
    #[error("the chain of models is empty")]
    EmptyChain,

    /// The chain names a provider that is not configured.
    #[error("the chain of models names `{name}`, which is no configured provider")]
    UnknownProvider { name: String },

    /// The address is none that HTTP knows.
    #[error("the base URL of provider `{provider}` is no http or https URL")]
    BadUrl { provider: String },

    /// The key cannot be sent in a header.
    #[error("the key of provider `{provider}` has characters that no key has")]
    BadKey { provider: String },

    /// The HTTP client could not be built, as when no root certificates are found.
    #[error("the HTTP client for provider `{provider}` could not be built")]
    Client {
        provider: String,
        #[source]
        source: reqwest::Error,
    },
}
