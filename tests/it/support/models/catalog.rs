//! The models there are: `GET /models` and `GET /models/{id}`.

use std::collections::{BTreeMap, HashSet};

use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::server::Reply;
use super::error::{ApiError, no_model};

/// Models exist since then, as `created` says: 1 January 2026.
const CREATED: u64 = 1_767_225_600;

/// What a model is called and what it takes.
#[derive(Debug, Clone)]
pub struct ModelCard {
    pub(super) id: String,
    pub(super) context_tokens: u64,
    pub(super) answer_tokens: u64,
    pub(super) takes_max_tokens: bool,
    pub(super) takes_max_completion_tokens: bool,
    pub(super) takes_temperature: bool,
    pub(super) token_weight: u64,
    pub(super) answers_as: Option<String>,
}

impl ModelCard {
    /// An ordinary chat model with room for 128,000 tokens, 16,384 of them answered.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            context_tokens: 128_000,
            answer_tokens: 16_384,
            takes_max_tokens: true,
            takes_max_completion_tokens: true,
            takes_temperature: true,
            token_weight: 1,
            answers_as: None,
        }
    }

    /// Limits the prompt.
    #[must_use]
    pub fn with_context(mut self, tokens: u64) -> Self {
        self.context_tokens = tokens;
        self
    }

    /// Limits what `max_tokens` and `max_completion_tokens` may ask for.
    #[must_use]
    pub fn with_answers_up_to(mut self, tokens: u64) -> Self {
        self.answer_tokens = tokens;
        self
    }

    /// Makes it a reasoning model: no `max_tokens`, and no temperature but 1.
    #[must_use]
    pub fn reasoning(mut self) -> Self {
        self.takes_max_tokens = false;
        self.takes_temperature = false;
        self
    }

    /// Makes it a model on an older server, which knows only `max_tokens`.
    #[must_use]
    pub fn on_an_older_server(mut self) -> Self {
        self.takes_max_completion_tokens = false;
        self
    }

    /// Counts so many tokens where the rule in `tokens.rs` counts one.
    #[must_use]
    pub fn with_tokens_that_weigh(mut self, weight: u64) -> Self {
        self.token_weight = weight;
        self
    }

    /// Names another model in its answers, as aliases do: `gpt-4o` is answered by `gpt-4o-2024-08-06`.
    #[must_use]
    pub fn answering_as(mut self, id: &str) -> Self {
        self.answers_as = Some(id.to_owned());
        self
    }

    fn json(&self) -> Value {
        json!({"id": self.id, "object": "model", "created": CREATED, "owned_by": "emulator"})
    }
}

/// All models, and those that there were.
#[derive(Debug)]
pub(super) struct Catalog {
    models: BTreeMap<String, ModelCard>,
    retired: HashSet<String>,
}

impl Catalog {
    pub(super) fn new(ids: &[&str]) -> Self {
        let models = ids.iter().map(|id| ((*id).to_owned(), ModelCard::new(id)));
        Self { models: models.collect(), retired: HashSet::new() }
    }

    pub(super) fn add(&mut self, card: ModelCard) {
        self.models.insert(card.id.clone(), card);
    }

    pub(super) fn retire(&mut self, id: &str) {
        self.models.remove(id);
        self.retired.insert(id.to_owned());
    }

    /// Finds a model; asking for one that has been there is nobody's mistake.
    pub(super) fn find(&self, id: &str) -> Result<ModelCard, ApiError> {
        self.models.get(id).cloned().ok_or_else(|| {
            let error = no_model(id);
            if self.retired.contains(id) { error.forgivable() } else { error }
        })
    }

    /// Answers `GET /models`.
    pub(super) fn list(&self) -> Reply {
        let data: Vec<Value> = self.models.values().map(ModelCard::json).collect();
        Reply::json(StatusCode::OK, &json!({"object": "list", "data": data}))
    }

    /// Answers `GET /models/{id}`; asking whether there is a model is legitimate.
    pub(super) fn show(&self, id: &str) -> Result<Reply, ApiError> {
        let card = self.models.get(id).ok_or_else(|| {
            let message = format!("The model '{id}' does not exist");
            ApiError::new(404, message).at("model").coded("model_not_found").forgivable()
        })?;
        Ok(Reply::json(StatusCode::OK, &card.json()))
    }
}
