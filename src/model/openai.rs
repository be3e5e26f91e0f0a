//! A model behind an OpenAI-compatible API.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_trait::async_trait;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use crate::config::ProviderSettings;
use crate::domain::Price;
use crate::model::discretion::Discretion;
use crate::model::reading::{Question, Reading};
use crate::model::transport::{self, Access, Refused};
use crate::model::wire::{ChatRequest, Chunk};
use crate::model::{Model, ModelError, ModelRequest, ModelStream, SetupError, TokenEstimates};

/// No setting makes us wait longer.
const MAX_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// A model behind an OpenAI-compatible API, asked once for each question.
///
/// Repeating is the business of [`Retrying`](crate::model::Retrying), as is the
/// time that an answer may take in total.
pub struct OpenAi {
    provider: String,
    settings: ProviderSettings,
    patience: Patience,
    tokens: Arc<TokenEstimates>,
    client: Client<Access>,
}

/// How long we wait for the next sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the connection.
    pub connect: Duration,
    /// For the first text or thought, from the beginning.
    pub first_token: Duration,
    /// For each further piece.
    pub idle: Duration,
}

impl From<&ProviderSettings> for Patience {
    fn from(settings: &ProviderSettings) -> Self {
        Self {
            connect: patience(settings.connect_timeout_seconds),
            first_token: patience(settings.first_token_timeout_seconds),
            idle: patience(settings.idle_timeout_seconds),
        }
    }
}

/// So many seconds, but never so many that a clock could not add them.
pub(super) fn patience(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(MAX_PATIENCE)
}

impl OpenAi {
    /// The provider called `name`, as patient as its settings say.
    pub fn new(
        name: &str,
        settings: &ProviderSettings,
        tokens: Arc<TokenEstimates>,
    ) -> Result<Self, SetupError> {
        Self::with_patience(name, settings, Patience::from(settings), tokens)
    }

    /// The provider called `name`, with another patience than its settings say.
    pub fn with_patience(
        name: &str,
        settings: &ProviderSettings,
        patience: Patience,
        tokens: Arc<TokenEstimates>,
    ) -> Result<Self, SetupError> {
        let http = transport::client(name, patience.connect)?;
        let client = Client::build(http.clone(), Access::new(name, settings)?)
            .with_http_service(transport::service(http));
        Ok(Self { provider: name.to_owned(), settings: settings.clone(), patience, tokens, client })
    }

    fn question(&self, request: &ModelRequest) -> Question {
        Question {
            provider: self.provider.clone(),
            model: request.model.clone().unwrap_or_else(|| self.settings.model.clone()),
            lines: request.lines.clone(),
            key: self.client.config().api_key().clone(),
            price: Price::from(&self.settings.price),
        }
    }
}

#[async_trait]
impl Model for OpenAi {
    fn name(&self) -> &str {
        &self.settings.model
    }

    fn choices(&self) -> Vec<&str> {
        [&self.settings.model].into_iter().chain(&self.settings.models).map(String::as_str).collect()
    }

    async fn ask(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let first_token_by = Instant::now() + self.patience.first_token;
        let question = self.question(request);
        let body = ChatRequest::new(&question.model, &question.lines, &self.settings);
        let chat = self.client.chat();
        let opening = chat.create_stream_byot::<_, Chunk>(body);
        let chunks = match tokio::time::timeout_at(first_token_by, opening).await {
            Ok(Ok(chunks)) => chunks,
            Ok(Err(error)) => return Err(not_opened(&question, error)),
            Err(_) => return Err(unavailable(&question, "no answer in time", None)),
        };
        let reading = Reading::new(chunks, question, self.patience, Arc::clone(&self.tokens), first_token_by);
        Ok(reading.into_stream())
    }
}

/// Why there is no stream at all.
fn not_opened(question: &Question, error: OpenAIError) -> ModelError {
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<Refused>() {
            Ok(refused) => refused.complaint.into_error(
                &question.model,
                refused.status,
                refused.retry_after,
                question.discretion(),
            ),
            Err(error) => unavailable(question, "the request failed", Some(error)),
        },
        OpenAIError::Reqwest(error) => {
            let step = if error.is_connect() { "no connection" } else { "the connection broke" };
            unavailable(question, step, Some(Box::new(error.without_url())))
        }
        // These carry what was sent or received in their text, so they end here.
        OpenAIError::ApiError(_)
        | OpenAIError::JSONDeserialize(..)
        | OpenAIError::FileSaveError(_)
        | OpenAIError::FileReadError(_)
        | OpenAIError::StreamError(_)
        | OpenAIError::InvalidArgument(_) => unavailable(question, "the request could not be made", None),
    }
}

fn unavailable(question: &Question, step: &str, source: Option<Box<dyn Error + Send + Sync>>) -> ModelError {
    ModelError::Unavailable {
        model: question.model.clone(),
        step: step.to_owned(),
        retry_after: None,
        source,
    }
}

impl Question {
    /// What must not appear in an error.
    pub(super) fn discretion(&self) -> Discretion<'_> {
        Discretion { key: self.key.expose_secret(), lines: &self.lines }
    }
}
