//! Updates that wait for the bot, after tddb/td/db/TQueue.cpp.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long the server keeps updates.
pub(super) const RETENTION: Duration = Duration::from_secs(24 * 3600);

/// An offset further ahead than this counts as a mistake and is ignored.
const FUTURE: i64 = 10;
/// As is one further behind than this.
const PAST: i64 = 200_000;
/// The largest answer, in bytes (`JsonUpdates`).
const LARGEST_BATCH: usize = 1 << 22;

/// What an update says.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// The kind and its JSON; the id is written when it is delivered.
    Kind(String, String),
    /// Text delivered as it is, whatever it says.
    Verbatim(String),
}

/// One update in the queue.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub body: Body,
    pub expires: Instant,
    /// How often the bot gets to see it, once unless a test says otherwise.
    pub copies: usize,
    /// Updates of one lane reach a webhook strictly in order.
    pub lane: i64,
}

/// The queue of one bot.
#[derive(Debug)]
pub(super) struct Queue {
    events: BTreeMap<i64, Event>,
    next: i64,
}

impl Queue {
    pub fn new(first: i64) -> Self {
        Self { events: BTreeMap::new(), next: first }
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// The id the next update gets.
    pub fn next_id(&self) -> i64 {
        self.next
    }

    /// Goes on with another id.
    pub fn restart(&mut self, next: i64) {
        self.next = next;
    }

    pub fn push(&mut self, event: Event) -> i64 {
        let id = self.next;
        self.next += 1;
        self.events.insert(id, event);
        id
    }

    pub fn clear(&mut self) {
        self.events.clear();
    }

    /// Forgets all but the newest.
    pub fn keep_last(&mut self, count: usize) {
        while self.events.len() > count {
            self.events.pop_first();
        }
    }

    pub fn forget(&mut self, id: i64) {
        self.events.remove(&id);
    }

    /// The first update from `id` on.
    pub fn at_or_after(&self, id: i64) -> Option<(i64, &Event)> {
        self.events.range(id..).next().map(|(id, event)| (*id, event))
    }

    /// Forgets what is older than `offset`, then reads; a senseless offset reads from the start.
    pub fn read(&mut self, offset: i64, limit: usize, now: Instant) -> Vec<(i64, Event)> {
        while self.events.first_key_value().is_some_and(|(_, event)| event.expires < now) {
            self.events.pop_first();
        }
        if offset > 0 && offset <= self.next + FUTURE && offset >= self.next - PAST {
            self.events = self.events.split_off(&offset);
        }
        let mut size = 0;
        self.events
            .iter()
            .filter(|(_, event)| event.expires >= now)
            .take(limit)
            .take_while(|(_, event)| {
                size += 50 + event.body.len();
                size < LARGEST_BATCH
            })
            .map(|(id, event)| (*id, event.clone()))
            .collect()
    }
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Kind(kind, json) => kind.len() + json.len(),
            Self::Verbatim(text) => text.len(),
        }
    }

    /// The update as the bot reads it.
    pub fn render(&self, id: i64) -> String {
        match self {
            Self::Kind(kind, json) => format!("{{\"update_id\":{id},\"{kind}\":{json}}}"),
            Self::Verbatim(text) => text.clone(),
        }
    }
}
