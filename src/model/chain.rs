//! Several models behind each other: the next is asked when one gives nothing,
//! or breaks off.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use crate::model::{Model, ModelError, ModelEvent, ModelRequest, ModelStream};

/// Several models behind each other.
///
/// The next is asked when one fails before its first text, unless it refused the
/// request itself: that will not get better elsewhere. An answer that breaks off
/// is begun anew once, with the next model if there is one. A model asked for by
/// name belongs to the first that has it; it is asked before all others, and those
/// answer with their own.
pub struct Chain {
    first: Arc<dyn Model>,
    others: Vec<Arc<dyn Model>>,
}

impl Chain {
    /// Asks `first`, and where it fails the `others` in their order.
    #[must_use]
    pub fn new(first: Arc<dyn Model>, others: Vec<Arc<dyn Model>>) -> Self {
        Self { first, others }
    }

    fn models(&self) -> impl Iterator<Item = &Arc<dyn Model>> {
        [&self.first].into_iter().chain(&self.others)
    }

    /// Whom to ask, and whom after that.
    fn order(&self, choice: Option<&str>) -> (Arc<dyn Model>, Vec<Arc<dyn Model>>) {
        let has_it = |model: &Arc<dyn Model>| choice.is_some_and(|name| model.choices().contains(&name));
        let owner = self.models().position(has_it).unwrap_or(0);
        let others = self.models().enumerate().filter(|(place, _)| *place != owner);
        let others = others.map(|(_, model)| Arc::clone(model)).collect();
        (Arc::clone(self.models().nth(owner).unwrap_or(&self.first)), others)
    }
}

#[async_trait]
impl Model for Chain {
    fn name(&self) -> &str {
        self.first.name()
    }

    fn choices(&self) -> Vec<&str> {
        let mut choices = Vec::new();
        for choice in self.models().flat_map(|model| model.choices()) {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
        choices
    }

    async fn ask(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let (model, others) = self.order(request.model.as_deref());
        let falling = Falling {
            model,
            others: others.into_iter(),
            request: request.clone(),
            attempt: None,
            has_text: false,
            has_restarted: false,
            has_ended: false,
        };
        Ok(Box::pin(stream::unfold(falling, async |mut falling| {
            let event = falling.next().await?;
            Some((event, falling))
        })))
    }
}

/// One question on its way down the chain.
struct Falling {
    model: Arc<dyn Model>,
    others: std::vec::IntoIter<Arc<dyn Model>>,
    request: ModelRequest,
    attempt: Option<ModelStream>,
    has_text: bool,
    has_restarted: bool,
    has_ended: bool,
}

impl Falling {
    async fn next(&mut self) -> Option<Result<ModelEvent, ModelError>> {
        if self.has_ended {
            return None;
        }
        loop {
            let event = self.attempt().await?;
            self.has_text |= matches!(event, Ok(ModelEvent::Delta(_)));
            match event {
                Err(error) if self.is_worth_another(&error) => {
                    self.begin_anew(&error);
                    return Some(Ok(ModelEvent::Restarted));
                }
                Err(error) => {
                    let Some(next) = self.after(&error) else {
                        self.has_ended = true;
                        return Some(Err(error));
                    };
                    tracing::warn!(
                        model = self.model.name(),
                        error = &error as &(dyn Error + 'static),
                        "a model gave no answer, asking `{}` instead",
                        next.name()
                    );
                    self.ask_next(next);
                }
                event => return Some(event),
            }
        }
    }

    async fn attempt(&mut self) -> Option<Result<ModelEvent, ModelError>> {
        let attempt = match &mut self.attempt {
            Some(attempt) => attempt,
            None => match self.model.ask(&self.request).await {
                Ok(attempt) => self.attempt.insert(attempt),
                Err(error) => return Some(Err(error)),
            },
        };
        attempt.next().await
    }

    /// Whether an answer that broke off is to be begun anew.
    fn is_worth_another(&self, error: &ModelError) -> bool {
        self.has_text && !self.has_restarted && matches!(error, ModelError::Cut { .. })
    }

    fn begin_anew(&mut self, error: &ModelError) {
        tracing::warn!(
            model = self.model.name(),
            error = error as &(dyn Error + 'static),
            "an answer broke off, beginning it anew"
        );
        self.has_restarted = true;
        self.has_text = false;
        self.attempt = None;
        if let Some(next) = self.others.next() {
            self.ask_next(next);
        }
    }

    fn ask_next(&mut self, next: Arc<dyn Model>) {
        self.model = next;
        self.attempt = None;
        // A model asked for by name belongs to the one before.
        self.request.model = None;
    }

    fn after(&mut self, error: &ModelError) -> Option<Arc<dyn Model>> {
        if self.has_text || matches!(error, ModelError::Rejected { .. }) { None } else { self.others.next() }
    }
}
