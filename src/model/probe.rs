//! Asks a provider, once and at the start, whether it is there and takes our key.

use std::time::Duration;

use async_openai::config::Config;
use reqwest::StatusCode;

use crate::config::ProviderSettings;
use crate::model::SetupError;
use crate::model::transport::{self, Access};

/// How long a provider may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a provider may not answer when it is asked.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It could not be asked at all.
    #[error(transparent)]
    Setup(#[from] SetupError),

    /// It does not accept the key.
    #[error("it does not accept the key (status {status}); see `model.providers.{provider}.api_key`")]
    Key { provider: String, status: u16 },

    /// Somebody answers who knows nothing of models.
    #[error(
        "it knows no list of models (status {status}); is `/v1` missing in `model.providers.{provider}.base_url`?"
    )]
    Elsewhere { provider: String, status: u16 },

    /// Nobody answers there.
    #[error("nobody answers at `model.providers.{provider}.base_url`")]
    Unreachable {
        provider: String,
        #[source]
        source: reqwest::Error,
    },

    /// Somebody answers, who is in trouble.
    #[error("it is in trouble (status {status})")]
    Trouble { status: u16 },
}

/// Asks the provider called `name` for its models. Which these are is of no
/// concern; a server without such a list is most likely none of the kind we need.
pub async fn probe(name: &str, settings: &ProviderSettings) -> Result<(), ProbeError> {
    let access = Access::new(name, settings)?;
    let request = transport::client(name, PATIENCE)?.get(access.url("/models")).headers(access.headers());
    let answered = request.timeout(PATIENCE).send().await;
    let unreachable = |source: reqwest::Error| ProbeError::Unreachable {
        provider: name.to_owned(),
        source: source.without_url(),
    };
    let status = answered.map_err(unreachable)?.status();
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(ProbeError::Key { provider: name.to_owned(), status: status.as_u16() })
        }
        _ if status.is_redirection() || status == StatusCode::NOT_FOUND => {
            Err(ProbeError::Elsewhere { provider: name.to_owned(), status: status.as_u16() })
        }
        _ if status.is_server_error() => Err(ProbeError::Trouble { status: status.as_u16() }),
        _ => Ok(()),
    }
}
