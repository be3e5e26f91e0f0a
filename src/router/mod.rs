//! Decides the answer: who is it, may they, is it a command, else the model.
//!
//! The router turns a claimed turn into an [`Outcome`] and writes neither inbox
//! nor reply; `app` does both. It knows no platform. Every kind of event passes
//! the one gate in `access.rs` first.

mod access;
mod again;
mod answer;
mod attention;
mod commands;
mod context;
mod error;
mod overheard;
mod rows;

use std::sync::Arc;

use crate::config::{GroupsSettings, ModelSettings};
use crate::domain::texts::Texts;
use crate::domain::{
    Command, Event, InboundMessage, Invocation, Missed, Outcome, Refusal, RefusalReason, Reply, Said,
    Silence, Stop, Timestamp,
};
use crate::model::{Model, TokenEstimates};
use crate::store::{ClaimedTurn, Store};

pub use access::AccessRules;
pub use attention::{Attention, Heed};
pub use error::RouterError;
pub use overheard::Overheard;

use rows::{Pace, Rows};

/// How many times as long as one message all that is answered together may be.
const TOGETHER: usize = 4;

/// What a router is made of.
pub struct Parts {
    pub store: Store,
    pub model: Arc<dyn Model>,
    pub tokens: Arc<TokenEstimates>,
    pub texts: Arc<Texts>,
    pub stop: Arc<dyn Stop>,
    pub access: AccessRules,
    pub overheard: Arc<Overheard>,
    pub settings: ModelSettings,
    /// Whether an edit of the last question is answered.
    pub answers_edits: bool,
    pub groups: GroupsSettings,
    /// The longest message that is taken, in characters.
    pub message_chars: usize,
}

/// Decides the answer to a message.
pub struct Router {
    parts: Parts,
    rows: Rows,
}

impl Router {
    /// Puts a router together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { rows: Rows::new(&parts.groups), parts }
    }

    /// Decides what becomes of a turn.
    pub async fn decide(&self, turn: &ClaimedTurn, now: Timestamp) -> Result<Outcome, RouterError> {
        let Some(message) = turn.last() else { return Ok(Outcome::Silence(Silence::NotAddressed)) };
        // Everybody may take back what they have said.
        if let Event::Deleted(was) = &message.event {
            return self.taken_back(was, now).await;
        }
        if let Some(outcome) = self.gate(turn, message, now).await? {
            return Ok(outcome);
        }
        if self.is_too_fast(turn, message) {
            return Ok(Outcome::Silence(Silence::TooFast));
        }
        match &message.event {
            Event::Command(invocation) => self.command(turn, invocation, now).await,
            Event::Text(said) => match self.unreadable(turn, said) {
                Some(refusal) => Ok(Outcome::Refusal(refusal)),
                None => self.ask(turn, now).await,
            },
            Event::Edited(reads) => self.edited(turn, reads, (message.sent_at, now)).await,
            Event::Deleted(_) => Ok(Outcome::Silence(Silence::AlreadyAnswered)),
            Event::Again(again) => self.again(turn, again, now).await,
            Event::Reacted(_) => Ok(Outcome::Silence(Silence::NotAddressed)),
            Event::Missed(missed) => Ok(Outcome::Reply(Reply::ready_made(self.missed(missed)))),
        }
    }

    async fn command(
        &self,
        turn: &ClaimedTurn,
        invocation: &Invocation,
        now: Timestamp,
    ) -> Result<Outcome, RouterError> {
        match Command::named(&invocation.name) {
            Some(command) => commands::run(self, command, turn, invocation, now).await,
            None => Ok(commands::unknown(self, invocation)),
        }
    }

    /// Whether a program answers us where others read along, from an account that looks like a person's.
    fn is_too_fast(&self, turn: &ClaimedTurn, message: &InboundMessage) -> bool {
        let is_talk = match &message.event {
            Event::Text(_) => true,
            // What we do not know, nobody has chosen from a menu.
            Event::Command(invocation) => Command::named(&invocation.name).is_none(),
            Event::Edited(_) | Event::Deleted(_) | Event::Missed(_) | Event::Again(_) | Event::Reacted(_) => {
                false
            }
        };
        if message.address.is_direct() || !is_talk {
            return false;
        }
        let pace = self.rows.count(&message.address, turn.identity, message.sent_at);
        if pace == Pace::Turned {
            tracing::warn!(address.id = %turn.address, user.id = %turn.user.id, platform = %message.address.platform, "user {} speaks in a row, faster than people do, and gets no answer there until they pause", turn.user.id);
        }
        pace != Pace::Human
    }

    fn missed(&self, missed: &Missed) -> String {
        let texts = &self.parts.texts;
        let count = missed.count.to_string();
        if missed.may_be_more {
            texts.with("missed-many", &[("count", &count)])
        } else if missed.count == 1 {
            texts.get("missed-one")
        } else {
            texts.with("missed-some", &[("count", &count)])
        }
    }

    fn unreadable(&self, turn: &ClaimedTurn, last: &Said) -> Option<Refusal> {
        let texts = &self.parts.texts;
        let lengths = || turn.messages.iter().map(said_chars);
        let (length, limit) = (lengths().sum::<usize>(), self.parts.message_chars);
        if length == 0 {
            let key = "refusal-nothing-readable";
            tracing::debug!(turn.id = %turn.turn, attachments = last.attachments.len(), "nothing readable");
            return Some(Refusal { reason: RefusalReason::NothingReadable, text: texts.get(key) });
        }
        // Platforms cut a long text into several messages.
        let longest = lengths().max().filter(|longest| *longest > limit);
        let together = (length > limit.saturating_mul(TOGETHER)).then_some(length);
        if let Some(length) = longest.or(together) {
            let limit = if longest.is_some() { limit } else { limit.saturating_mul(TOGETHER) };
            let (length, limit) = (length.to_string(), limit.to_string());
            let text = texts.with("refusal-too-long", &[("length", &length), ("limit", &limit)]);
            return Some(Refusal { reason: RefusalReason::TooLong, text });
        }
        None
    }
}

/// The length of what was said, in characters that can be seen.
fn said_chars(message: &InboundMessage) -> usize {
    message.words().map_or(0, |words| words.chars().count())
}
