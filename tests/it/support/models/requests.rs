//! What was asked, and how each request ended.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use hyper::HeaderMap;
use serde_json::Value;

use super::super::observed::Observed;
use super::state::State;
use super::usage::Usage;

/// One request for a chat completion, whatever became of it.
#[derive(Debug, Clone)]
pub struct AskedRequest {
    pub at: Instant,
    pub model: String,
    pub messages: Vec<AskedMessage>,
    pub stream: bool,
    /// The body; null when it was not JSON.
    pub json: Arc<Value>,
    /// All headers but the key, by their lower-case names.
    pub headers: BTreeMap<String, String>,
    pub finished: Finished,
    /// When it ended.
    pub finished_at: Option<Instant>,
    /// What the answer costs, as soon as it is decided.
    pub usage: Option<Usage>,
}

/// A message of a request: who says what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedMessage {
    pub role: String,
    /// The text, that of several parts on lines of their own.
    pub text: String,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// Not yet: it is being answered, or held, or left hanging.
    NotYet,
    /// With a whole answer, however strange.
    Answered,
    /// With an error status, or a page instead of an answer.
    Refused(u16),
    /// The emulator closed the connection, as told, after so many deltas.
    Cut { deltas: usize },
    /// The client closed the connection after so many deltas.
    Disconnected { deltas: usize },
}

impl AskedRequest {
    /// What the person said last: the text of the last user message.
    pub fn last_user_text(&self) -> &str {
        self.text_of("user").next_back().unwrap_or_default()
    }

    /// The same without the name before it, where the model is told that several people talk.
    pub fn last_words(&self) -> &str {
        self.words(self.last_user_text())
    }

    /// What was said since the last answer, without names.
    pub fn questions(&self) -> Vec<&str> {
        let last = self.messages.iter().rposition(|message| message.role != "user").map_or(0, |at| at + 1);
        self.messages[last..].iter().map(|message| self.words(&message.text)).collect()
    }

    fn words<'a>(&self, said: &'a str) -> &'a str {
        let has_names = self.text_of("system").any(|text| text.contains("Several people talk here."));
        said.split_once(": ").filter(|_| has_names).map_or(said, |(_, words)| words)
    }

    /// All texts of one role, in order.
    pub fn text_of(&self, role: &str) -> impl DoubleEndedIterator<Item = &str> {
        let of_role = self.messages.iter().filter(move |message| message.role == role);
        of_role.map(|message| message.text.as_str())
    }

    /// Reads what can be read, also of a request that is refused.
    pub(super) fn read(json: Arc<Value>, headers: &HeaderMap) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let messages = json["messages"].as_array();
        let messages = messages.into_iter().flatten().map(|message| AskedMessage {
            role: text(&message["role"]),
            text: content_text(&message["content"]),
        });
        let headers = headers.iter().filter(|(name, _)| *name != "authorization");
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        Self {
            at: Instant::now(),
            model: text(&json["model"]),
            messages: messages.collect(),
            stream: json["stream"] == true,
            headers: headers.collect(),
            finished: Finished::NotYet,
            finished_at: None,
            usage: None,
            json,
        }
    }
}

fn content_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

/// One call of any route.
#[derive(Debug, Clone)]
pub struct CallRecord {
    pub at: Instant,
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The status of the answer; 0 while, or because, none was sent.
    pub status: u16,
}

/// The last of a sequence of things, by their number from 0.
#[derive(Debug)]
pub(super) struct Log<T> {
    kept: VecDeque<T>,
    forgotten: usize,
    most: usize,
}

impl<T> Log<T> {
    pub(super) fn keeping(most: usize) -> Self {
        Self { kept: VecDeque::new(), forgotten: 0, most }
    }

    pub(super) fn keep(&mut self, most: usize) {
        self.most = most;
        self.forget();
    }

    /// Adds one and returns its number.
    pub(super) fn push(&mut self, thing: T) -> usize {
        self.kept.push_back(thing);
        let number = self.count() - 1;
        self.forget();
        number
    }

    /// How many there were in all.
    pub(super) fn count(&self) -> usize {
        self.forgotten + self.kept.len()
    }

    pub(super) fn get(&self, number: usize) -> Option<&T> {
        self.kept.get(number.checked_sub(self.forgotten)?)
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.kept.get_mut(number.checked_sub(self.forgotten)?)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.kept.iter()
    }

    fn forget(&mut self) {
        while self.kept.len() > self.most {
            self.kept.pop_front();
            self.forgotten += 1;
        }
    }
}

/// A request that is being answered; dropped unfinished, its client has left.
#[derive(Debug)]
pub(super) struct Ticket {
    state: Observed<State>,
    number: usize,
    deltas: usize,
    is_finished: bool,
}

impl Ticket {
    pub(super) fn open(state: &Observed<State>, asked: AskedRequest) -> Self {
        Self {
            number: state.update(|state| state.requests.push(asked)),
            state: state.clone(),
            deltas: 0,
            is_finished: false,
        }
    }

    /// Makes ids that are the same in every run.
    pub(super) fn number(&self) -> u64 {
        self.number as u64
    }

    pub(super) fn costs(&self, usage: Usage) {
        self.change(|request| request.usage = Some(usage));
    }

    pub(super) fn count_delta(&mut self) {
        self.deltas += 1;
    }

    pub(super) fn deltas(&self) -> usize {
        self.deltas
    }

    pub(super) fn answered(&mut self) {
        self.finish(Finished::Answered);
    }

    pub(super) fn refused(&mut self, status: u16) {
        self.finish(Finished::Refused(status));
    }

    pub(super) fn cut(&mut self) {
        self.finish(Finished::Cut { deltas: self.deltas });
    }

    fn finish(&mut self, how: Finished) {
        self.is_finished = true;
        self.change(|request| {
            request.finished = how;
            request.finished_at = Some(Instant::now());
        });
    }

    fn change(&self, change: impl FnOnce(&mut AskedRequest)) {
        self.state.update(|state| {
            if let Some(request) = state.requests.get_mut(self.number) {
                change(request);
            }
        });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.is_finished {
            self.finish(Finished::Disconnected { deltas: self.deltas });
        }
    }
}
