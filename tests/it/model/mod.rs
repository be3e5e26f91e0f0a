//! Language models, asked over real sockets.

mod answers;
mod chain;
mod echo;
mod faults;
mod retries;
mod secrets;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use switchboard::config::ProviderSettings;
use switchboard::domain::{Finished, Line, Speaker};
use switchboard::model::{
    Model, ModelError, ModelEvent, ModelRequest, OpenAi, Patience, RetryPolicy, Retrying, TokenEstimates,
};

use crate::support::models::Models;
use crate::support::observed::PATIENCE;

/// Longer than any test takes.
const PATIENT: Patience = Patience { connect: PATIENCE, first_token: PATIENCE, idle: PATIENCE };

/// As short as a busy machine allows.
const IMPATIENT: Patience =
    Patience { connect: PATIENCE, first_token: Duration::from_millis(500), idle: Duration::from_millis(500) };

/// Repeats twice, at once.
const TWICE: RetryPolicy = RetryPolicy {
    retries: 2,
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_millis(1),
    total: PATIENCE,
};

/// What came of a question.
struct Heard {
    /// All deltas, put together.
    text: String,
    /// How often what came before did not count.
    restarts: usize,
    end: Result<Finished, ModelError>,
}

impl Heard {
    fn error(self) -> ModelError {
        self.end.expect_err("this should fail")
    }
}

/// Asks, and listens to the end.
async fn ask(model: &dyn Model, request: &ModelRequest) -> Heard {
    let (mut text, mut restarts) = (String::new(), 0);
    let mut stream = match model.ask(request).await {
        Ok(stream) => stream,
        Err(error) => return Heard { text, restarts, end: Err(error) },
    };
    let end = loop {
        let event = tokio::time::timeout(PATIENCE, stream.next()).await.expect("an answer in time");
        match event.expect("a stream ends with an end or an error") {
            Ok(ModelEvent::Begun(begun)) => assert!(text.is_empty() && !begun.model.is_empty()),
            Ok(ModelEvent::Delta(delta)) => text.push_str(&delta),
            Ok(ModelEvent::Restarted) => {
                text.clear();
                restarts += 1;
            }
            Ok(ModelEvent::Finished(finished)) => break Ok(finished),
            Err(error) => break Err(error),
        }
    };
    assert!(stream.next().await.is_none(), "nothing comes after the end");
    Heard { text, restarts, end }
}

fn said(text: &str) -> ModelRequest {
    let line = |speaker, text: &str| Line { speaker, text: text.to_owned(), tokens: None, voice: None };
    ModelRequest { lines: vec![line(Speaker::System, "Be brief."), line(Speaker::Person, text)], model: None }
}

fn settings(models: &Models) -> ProviderSettings {
    settings_at(&models.base_url(), &models.key())
}

fn settings_at(base_url: &str, key: &str) -> ProviderSettings {
    let settings = json!({
        "base_url": base_url,
        "api_key": key,
        "model": "gpt-4o-mini",
        "price": {"prompt_per_million": 2.0, "completion_per_million": 10.0},
    });
    serde_json::from_value(settings).unwrap()
}

fn openai(models: &Models) -> OpenAi {
    openai_with(&settings(models), PATIENT)
}

fn openai_with(settings: &ProviderSettings, patience: Patience) -> OpenAi {
    OpenAi::with_patience("main", settings, patience, Arc::default()).unwrap()
}

fn retrying(models: &Models, policy: RetryPolicy) -> Retrying {
    Retrying::new(Arc::new(openai(models)), policy)
}

/// The estimates of a process that has heard nothing yet.
fn no_estimates() -> Arc<TokenEstimates> {
    Arc::default()
}
