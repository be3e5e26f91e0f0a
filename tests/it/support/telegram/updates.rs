//! What the bot is told: which updates exist, which it may see, and the
//! scripted ways in which they come late, twice or out of order.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::queue::{Body, Event, RETENTION};
use super::state::{Content, Kind, Membership, Message, State};

/// How long a button press waits for the bot (`process_new_callback_query_queue`).
const CALLBACK_RETENTION: Duration = Duration::from_secs(150);
/// How many updates can be sent again after they were confirmed.
const REMEMBERED: usize = 1000;

/// All kinds of update (`Client::get_update_type_name`).
const KINDS: &[&str] = &[
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "message_reaction",
    "message_reaction_count",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
];
/// The kinds a bot gets only when it asks for them by name (`getUpdates`, `allowed_updates`).
const UNASKED: &[&str] = &["chat_member", "message_reaction", "message_reaction_count"];

/// The way out for updates, with everything a test may do to it.
#[derive(Debug, Default)]
pub(super) struct Outlet {
    /// The kinds asked for; all but [`UNASKED`] when there are none.
    allowed: Option<Vec<String>>,
    held: Option<Vec<Pending>>,
    repeats: usize,
    pub reversed_batches: usize,
    recent: VecDeque<(i64, Event)>,
    pub stale: VecDeque<(i64, Event)>,
}

#[derive(Debug)]
struct Pending {
    body: Body,
    expires: Instant,
    lane: i64,
}

impl Outlet {
    /// The kinds asked for, unless they are the default ones.
    pub fn allowed(&self) -> Option<&[String]> {
        self.allowed.as_deref()
    }

    /// Remembers the kinds a bot asks for; other values leave things as they are
    /// (`Client::get_allowed_update_types`).
    pub fn allow(&mut self, list: Option<Value>) {
        let Some(Value::Array(names)) = list else {
            return;
        };
        let Some(names) = names.iter().map(Value::as_str).collect::<Option<Vec<_>>>() else {
            return;
        };
        let known: Vec<String> = names
            .iter()
            .map(|name| name.to_lowercase())
            .filter(|name| KINDS.contains(&name.as_str()))
            .collect();
        self.allowed = if known.is_empty() { None } else { Some(known) };
    }

    /// Tells whether updates are kept back.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    fn lets_through(&self, kind: &str) -> bool {
        match &self.allowed {
            Some(kinds) => kinds.iter().any(|allowed| allowed == kind),
            None => !UNASKED.contains(&kind),
        }
    }
}

impl State {
    /// Tells the bot something, if it wants to hear it.
    pub fn emit(&mut self, kind: &str, payload: &Value, lane: i64) {
        if !self.outlet.lets_through(kind) {
            return;
        }
        let retention = if kind == "callback_query" { CALLBACK_RETENTION } else { RETENTION };
        self.enqueue(Body::Kind(kind.to_owned(), payload.to_string()), retention, lane);
    }

    /// Tells the bot of a new or changed message, if it may see it.
    pub fn emit_message(&mut self, kind: &str, chat: i64, id: i64) {
        let Some(message) = self.message(chat, id) else {
            return;
        };
        if self.bot_sees(message) {
            let json = self.message_json(message);
            self.emit(kind, &json, chat);
        }
    }

    /// Puts an update into the queue whether the bot asked for its kind or not.
    pub fn enqueue(&mut self, body: Body, retention: Duration, lane: i64) {
        let pending = Pending { body, expires: self.now() + retention, lane };
        match &mut self.outlet.held {
            Some(held) => held.push(pending),
            None => self.queue_pending(pending),
        }
    }

    fn queue_pending(&mut self, pending: Pending) {
        let copies = if self.outlet.repeats > 0 { 2 } else { 1 };
        self.outlet.repeats = self.outlet.repeats.saturating_sub(1);
        let Pending { body, expires, lane } = pending;
        let event = Event { body, expires, copies, lane };
        let id = self.queue.push(event.clone());
        self.outlet.recent.push_back((id, event));
        if self.outlet.recent.len() > REMEMBERED {
            self.outlet.recent.pop_front();
        }
    }

    /// Keeps updates back until they are released.
    pub fn hold_updates(&mut self) {
        self.outlet.held.get_or_insert_default();
    }

    /// Releases what was held, the last first if `reversed`.
    pub fn release_updates(&mut self, reversed: bool) {
        let mut held = self.outlet.held.take().unwrap_or_default();
        if reversed {
            held.reverse();
        }
        for pending in held {
            self.queue_pending(pending);
        }
    }

    /// Releases what was held as a test wants it; what it does not name is lost.
    pub fn release_in_order(&mut self, places: &[usize]) {
        let held = self.outlet.held.take().unwrap_or_default();
        let mut held: Vec<_> = held.into_iter().map(Some).collect();
        for place in places {
            let pending = held[*place].take().expect("each place once");
            self.queue_pending(pending);
        }
    }

    /// Lets the next updates come twice under the same id.
    pub fn repeat_updates(&mut self, times: usize) {
        self.outlet.repeats += times;
    }

    /// Sends the last updates again, confirmed or not.
    pub fn resend_updates(&mut self, count: usize) {
        let from = self.outlet.recent.len().saturating_sub(count);
        let recent = self.outlet.recent.range(from..).cloned();
        let again: Vec<_> = recent.map(|(id, event)| (id, Event { copies: 1, ..event })).collect();
        self.outlet.stale.extend(again);
    }

    /// Tells whether the bot gets to see a message of somebody else
    /// (Bots FAQ, "What messages will my bot get?").
    fn bot_sees(&self, message: &Message) -> bool {
        let chat = self.chat(message.chat);
        if message.author == self.bot.id || self.user(message.author).is_bot {
            return false;
        }
        if chat.kind == Kind::Private {
            return true;
        }
        let is_service = matches!(message.content, Content::Service(_));
        match chat.membership {
            Membership::Left | Membership::Kicked => false,
            Membership::Admin => true,
            Membership::Member | Membership::Muted => {
                !self.bot.privacy || is_service || self.is_meant_for_bot(message)
            }
        }
    }

    fn is_meant_for_bot(&self, message: &Message) -> bool {
        let answers_bot = message
            .reply_to
            .and_then(|id| self.message(message.chat, id))
            .is_some_and(|replied| replied.author == self.bot.id);
        let Some(text) = message.formatted() else {
            return answers_bot;
        };
        let own = format!("@{}", self.bot.username);
        let units: Vec<u16> = text.text.encode_utf16().collect();
        answers_bot
            || text.entities.iter().any(|entity| {
                let words = String::from_utf16_lossy(&units[entity.offset..entity.offset + entity.length]);
                match (entity.kind, words.find('@')) {
                    ("mention", _) => words.eq_ignore_ascii_case(&own),
                    ("bot_command", Some(at)) => words[at..].eq_ignore_ascii_case(&own),
                    // A bare command is for the bot that spoke last.
                    ("bot_command", None) => {
                        let last = self.chat(message.chat).last_bot;
                        entity.offset == 0 && last.is_none_or(|last| last == self.bot.id)
                    }
                    _ => false,
                }
            })
    }
}
