//! The one place that repeats a request.
//!
//! A request is repeated only while no text has come: after that, a second
//! answer would be another one. Waiting for a repetition counts towards the
//! time that an answer may take in total.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use crate::config::ProviderSettings;
use crate::domain::Backoff;
use crate::model::openai::patience;
use crate::model::{Model, ModelError, ModelEvent, ModelRequest, ModelStream};

/// No setting makes us repeat a request more often.
const MAX_RETRIES: u32 = 10;
/// Who is told to wait longer is told at once, so that another provider can be asked.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(20);

/// How often and how fast a request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    pub retries: u32,
    /// The wait before the first repetition; it doubles each time.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// How long all attempts and waits may take together.
    pub total: Duration,
}

impl From<&ProviderSettings> for RetryPolicy {
    fn from(settings: &ProviderSettings) -> Self {
        Self {
            retries: settings.retries,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            total: patience(settings.total_timeout_seconds),
        }
    }
}

impl RetryPolicy {
    /// How long to wait before repetition `number`, from 0, which is `ours` unless the provider asks
    /// for another; none when it is not worth it.
    fn wait(&self, number: u32, error: &ModelError, ours: &mut Backoff) -> Option<Duration> {
        if number >= self.retries.min(MAX_RETRIES) {
            return None;
        }
        match error {
            ModelError::RateLimited { .. } | ModelError::Unavailable { .. } | ModelError::Cut { .. } => {
                let asked = error.retry_after().filter(|wait| !wait.is_zero());
                let wait = asked.unwrap_or_else(|| ours.next_wait());
                Some(wait).filter(|wait| *wait <= MAX_RETRY_AFTER)
            }
            ModelError::QuotaGone { .. }
            | ModelError::Unauthorized { .. }
            | ModelError::Misconfigured { .. }
            | ModelError::Rejected { .. }
            | ModelError::Nonsense { .. } => None,
        }
    }
}

/// A model that is asked again when it gave no text.
pub struct Retrying {
    model: Arc<dyn Model>,
    policy: RetryPolicy,
}

impl Retrying {
    /// Asks `model` as often as `policy` says.
    #[must_use]
    pub fn new(model: Arc<dyn Model>, policy: RetryPolicy) -> Self {
        Self { model, policy }
    }
}

#[async_trait]
impl Model for Retrying {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn choices(&self) -> Vec<&str> {
        self.model.choices()
    }

    async fn ask(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let asking = Asking {
            model: Arc::clone(&self.model),
            request: request.clone(),
            policy: self.policy,
            deadline: Instant::now() + self.policy.total,
            repetitions: 0,
            backoff: Backoff::new(self.policy.first_wait, self.policy.longest_wait),
            attempt: None,
            has_text: false,
            has_ended: false,
        };
        Ok(Box::pin(stream::unfold(asking, async |mut asking| {
            let event = asking.next().await?;
            Some((event, asking))
        })))
    }
}

/// One question and all attempts to have it answered.
struct Asking {
    model: Arc<dyn Model>,
    request: ModelRequest,
    policy: RetryPolicy,
    deadline: Instant,
    repetitions: u32,
    backoff: Backoff,
    attempt: Option<ModelStream>,
    has_text: bool,
    has_ended: bool,
}

impl Asking {
    async fn next(&mut self) -> Option<Result<ModelEvent, ModelError>> {
        if self.has_ended {
            return None;
        }
        let event = match tokio::time::timeout_at(self.deadline, self.event()).await {
            Ok(event) => event,
            Err(_) => Err(self.too_late()),
        };
        self.has_text |= matches!(event, Ok(ModelEvent::Delta(_)));
        if matches!(event, Err(_) | Ok(ModelEvent::Finished(_))) {
            self.has_ended = true;
            self.attempt = None;
        }
        Some(event)
    }

    async fn event(&mut self) -> Result<ModelEvent, ModelError> {
        loop {
            let error = match self.attempt().await {
                Ok(event) => return Ok(event),
                Err(error) if self.has_text => return Err(error),
                Err(error) => error,
            };
            self.attempt = None;
            let wait = self.policy.wait(self.repetitions, &error, &mut self.backoff);
            let Some(wait) = wait.filter(|wait| Instant::now() + *wait < self.deadline) else {
                return Err(error);
            };
            self.repetitions += 1;
            tracing::warn!(
                model = self.model.name(),
                repetition = self.repetitions,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                error = &error as &(dyn Error + 'static),
                "the model gave no answer, asking it again"
            );
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&mut self) -> Result<ModelEvent, ModelError> {
        let attempt = match &mut self.attempt {
            Some(attempt) => attempt,
            None => self.attempt.insert(self.model.ask(&self.request).await?),
        };
        match attempt.next().await {
            Some(event) => event,
            None => Err(self.ended_early()),
        }
    }

    fn too_late(&self) -> ModelError {
        let (model, source) = (self.model_asked(), None);
        let step = format!("no whole answer within {} s", self.policy.total.as_secs_f64());
        if self.has_text {
            ModelError::Cut { model, step, source }
        } else {
            ModelError::Unavailable { model, step, retry_after: None, source }
        }
    }

    fn ended_early(&self) -> ModelError {
        ModelError::Cut { model: self.model_asked(), step: "it ended early".to_owned(), source: None }
    }

    fn model_asked(&self) -> String {
        self.request.model.clone().unwrap_or_else(|| self.model.name().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MAX_RETRIES, RetryPolicy};
    use crate::domain::Backoff;
    use crate::model::ModelError;

    const POLICY: RetryPolicy = RetryPolicy {
        retries: u32::MAX,
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(8),
        total: Duration::from_secs(300),
    };

    fn unavailable() -> ModelError {
        ModelError::Unavailable {
            model: "m".to_owned(),
            step: String::new(),
            retry_after: None,
            source: None,
        }
    }

    fn rate_limited(seconds: u64) -> ModelError {
        ModelError::RateLimited { model: "m".to_owned(), retry_after: Some(Duration::from_secs(seconds)) }
    }

    fn ours() -> Backoff {
        Backoff::new(POLICY.first_wait, POLICY.longest_wait)
    }

    #[test]
    fn what_the_provider_asks_for_is_honoured_up_to_a_limit() {
        assert_eq!(POLICY.wait(3, &rate_limited(20), &mut ours()), Some(Duration::from_secs(20)));
        assert_eq!(POLICY.wait(0, &rate_limited(21), &mut ours()), None);
        assert!(POLICY.wait(0, &rate_limited(0), &mut ours()).unwrap() <= POLICY.first_wait);
    }

    #[test]
    fn no_setting_repeats_for_ever() {
        assert!(POLICY.wait(MAX_RETRIES - 1, &unavailable(), &mut ours()).is_some());
        assert!(POLICY.wait(MAX_RETRIES, &unavailable(), &mut ours()).is_none());
        assert!(RetryPolicy { retries: 0, ..POLICY }.wait(0, &unavailable(), &mut ours()).is_none());
    }
}
