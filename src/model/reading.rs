//! The answer of an OpenAI-compatible API, read piece by piece.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use async_openai::error::{OpenAIError, StreamError};
use async_openai::types::stream::StreamResponse;
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use tokio::time::Instant;

use crate::domain::{Begun, FinishReason, Finished, Line, Price, Usage};
use crate::model::complaint::Complaint;
use crate::model::openai::Patience;
use crate::model::wire::Chunk;
use crate::model::wire_text::Joiner;
use crate::model::{ModelError, ModelEvent, ModelStream, TokenEstimates};

/// The longest answer that is taken; the rest is left unread.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// How long we wait for the usage once the answer itself has ended.
const USAGE_PATIENCE: Duration = Duration::from_secs(2);

/// All that the library tells of a body that ends with an error.
const BROKEN: &str = "the connection broke, or sent more than we take";

/// What was asked, and of whom.
pub(super) struct Question {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) lines: Vec<Line>,
    pub(super) key: SecretString,
    pub(super) price: Price,
}

/// An answer while it comes in.
pub(super) struct Reading {
    chunks: StreamResponse<Chunk>,
    question: Question,
    patience: Patience,
    tokens: Arc<TokenEstimates>,
    /// When the next piece must be there.
    deadline: Instant,
    /// Whether the model has been seen at work.
    is_working: bool,
    has_choice: bool,
    joiner: Joiner,
    text: String,
    /// The first text, while it is being told who gives it.
    first: Option<String>,
    finish_reason: Option<FinishReason>,
    usage: Option<(u32, u32)>,
    /// The model by the name that the provider gives it.
    answering: Option<String>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Open,
    /// Nothing more is read, and the end is yet to be told.
    Full,
    Ended,
}

impl Reading {
    /// Begins to read; the first token must be there by `deadline`.
    pub(super) fn new(
        chunks: StreamResponse<Chunk>,
        question: Question,
        patience: Patience,
        tokens: Arc<TokenEstimates>,
        deadline: Instant,
    ) -> Self {
        Self {
            chunks,
            question,
            patience,
            tokens,
            deadline,
            is_working: false,
            has_choice: false,
            joiner: Joiner::default(),
            text: String::new(),
            first: None,
            finish_reason: None,
            usage: None,
            answering: None,
            state: State::Open,
        }
    }

    /// The pieces of the answer.
    pub(super) fn into_stream(self) -> ModelStream {
        Box::pin(stream::unfold(self, async |mut reading| {
            let event = reading.next().await?;
            Some((event, reading))
        }))
    }

    async fn next(&mut self) -> Option<Result<ModelEvent, ModelError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(ModelEvent::Delta(first)));
        }
        while self.state == State::Open {
            match self.next_chunk().await {
                Ok(Some(chunk)) => match self.take_in(&chunk) {
                    Ok(Some(delta)) if delta.len() == self.text.len() => {
                        self.first = Some(delta);
                        return Some(Ok(ModelEvent::Begun(self.begun())));
                    }
                    Ok(Some(delta)) => return Some(Ok(ModelEvent::Delta(delta))),
                    Ok(None) => {}
                    Err(error) => return self.end(Err(error)),
                },
                Ok(None) => break,
                // The answer is complete; only what was to follow it is not.
                Err(_) if self.finish_reason.is_some() => break,
                Err(error) => return self.end(Err(error)),
            }
        }
        if self.state == State::Ended {
            return None;
        }
        let finished = self.finish().map(ModelEvent::Finished);
        self.end(finished)
    }

    fn begun(&self) -> Begun {
        let Question { model, provider, lines, price, .. } = &self.question;
        Begun {
            model: self.answering.clone().unwrap_or_else(|| model.clone()),
            provider: provider.clone(),
            prompt_tokens: self.tokens.estimate_prompt(model, lines),
            price: *price,
        }
    }

    fn end(&mut self, last: Result<ModelEvent, ModelError>) -> Option<Result<ModelEvent, ModelError>> {
        self.state = State::Ended;
        Some(last)
    }

    async fn next_chunk(&mut self) -> Result<Option<Chunk>, ModelError> {
        match tokio::time::timeout_at(self.deadline, self.chunks.next()).await {
            Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
            Ok(Some(Err(error))) => Err(self.unreadable(&error)),
            Ok(None) => Ok(None),
            Err(_) if self.is_working => Err(self.broke_off("nothing more came in time")),
            Err(_) => Err(self.broke_off("no first token in time")),
        }
    }

    /// Takes note of a chunk and returns the text it adds, if any.
    fn take_in(&mut self, chunk: &Chunk) -> Result<Option<String>, ModelError> {
        if let Some(error) = &chunk.error {
            return Err(self.complained(Complaint::from_json(error)));
        }
        self.has_choice |= chunk.has_choice();
        self.is_working |= chunk.shows_work();
        self.usage = chunk.usage().or(self.usage);
        if self.answering.is_none() {
            self.answering = chunk.model.clone().filter(|model| !model.is_empty());
        }
        // The first reason stands; some servers repeat it, or send text after it.
        let text = chunk.text().filter(|_| self.finish_reason.is_none()).map(|text| self.joiner.join(text));
        let delta = text.and_then(|text| self.add(&text));
        self.finish_reason = self.finish_reason.or(chunk.finish_reason());
        if self.finish_reason.is_some() {
            self.deadline = Instant::now() + self.patience.idle.min(USAGE_PATIENCE);
        } else if self.is_working {
            self.deadline = Instant::now() + self.patience.idle;
        }
        Ok(delta)
    }

    /// Adds text to the answer, as much as fits, and returns what it added.
    fn add(&mut self, text: &str) -> Option<String> {
        // Not every database keeps a NUL, and blank lines before the first word are left over from thinking.
        let mut text = text.replace('\0', "");
        if self.text.is_empty() {
            text = text.trim_start().to_owned();
        }
        let room = MAX_ANSWER_BYTES - self.text.len();
        if text.len() > room {
            text.truncate(text.floor_char_boundary(room));
            self.finish_reason = Some(FinishReason::Length);
            self.state = State::Full;
        }
        self.text.push_str(&text);
        Some(text).filter(|text| !text.is_empty())
    }

    fn finish(&mut self) -> Result<Finished, ModelError> {
        let Some(finish_reason) = self.finish_reason else {
            return Err(if self.has_choice {
                self.cut()
            } else {
                self.nonsense("no answer in the response")
            });
        };
        if self.text.is_empty() {
            return Err(self.nonsense("an answer without text"));
        }
        let usage = self.settle();
        Ok(Finished {
            text: mem::take(&mut self.text),
            finish_reason,
            usage,
            model: self.answering.take().unwrap_or_else(|| self.question.model.clone()),
            provider: self.question.provider.clone(),
        })
    }

    fn settle(&self) -> Usage {
        let Question { model, lines, price, .. } = &self.question;
        if let Some((prompt_tokens, _)) = self.usage {
            self.tokens.learn(model, lines, prompt_tokens);
            // What is kept of the answer has the name that came with it.
            if let Some(answering) = self.answering.as_ref().filter(|name| *name != model) {
                self.tokens.learn(answering, lines, prompt_tokens);
            }
        }
        let (prompt_tokens, completion_tokens) = self.usage.unwrap_or_else(|| {
            (self.tokens.estimate_prompt(model, lines), self.tokens.estimate(model, &self.text))
        });
        Usage {
            prompt_tokens,
            completion_tokens,
            cost_micros: price.cost_micros(prompt_tokens, completion_tokens),
            is_reported: self.usage.is_some(),
        }
    }

    /// Why the stream could not be read on. The library's errors carry what was
    /// received in their text, so none of them is passed on.
    fn unreadable(&self, error: &OpenAIError) -> ModelError {
        let what = match error {
            OpenAIError::JSONDeserialize(..) => "a piece that is no chunk of an answer",
            OpenAIError::StreamError(error) => match error.as_ref() {
                StreamError::EventStream(words) if words.starts_with("Transport error") => {
                    return self.broke_off(BROKEN);
                }
                StreamError::EventStream(_) | StreamError::UnknownEvent(_) => {
                    "a stream that is none of events"
                }
            },
            OpenAIError::Reqwest(_)
            | OpenAIError::ApiError(_)
            | OpenAIError::FileSaveError(_)
            | OpenAIError::FileReadError(_)
            | OpenAIError::Boxed(_)
            | OpenAIError::InvalidArgument(_) => return self.broke_off(BROKEN),
        };
        if self.text.is_empty() { self.nonsense(what) } else { self.broke_off(what) }
    }

    fn complained(&self, complaint: Complaint) -> ModelError {
        let discretion = self.question.discretion();
        if self.text.is_empty() {
            let status = complaint.likely_status();
            complaint.into_error(&self.question.model, status, None, discretion)
        } else {
            self.broke_off(&format!("the provider says: {}", complaint.words(discretion)))
        }
    }

    fn broke_off(&self, step: &str) -> ModelError {
        let (model, step) = (self.question.model.clone(), step.to_owned());
        if self.text.is_empty() {
            ModelError::Unavailable { model, step, retry_after: None, source: None }
        } else {
            ModelError::Cut { model, step, source: None }
        }
    }

    fn cut(&self) -> ModelError {
        ModelError::Cut {
            model: self.question.model.clone(),
            step: "it ended without a finish reason".to_owned(),
            source: None,
        }
    }

    fn nonsense(&self, what: &str) -> ModelError {
        ModelError::Nonsense { model: self.question.model.clone(), what: what.to_owned() }
    }
}
