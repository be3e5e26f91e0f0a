//! How fast a bot may send, after "My bot is hitting limits" in the Bots FAQ.
//!
//! The FAQ gives three numbers (one message per second in a chat with short
//! bursts forgiven, 20 per minute in a group, 30 per second overall) and no
//! algorithm. Chosen here: messages and edits count, nothing else does; a chat
//! forgives bursts of [`BURST`]; the other two are sliding windows. Who is told
//! to wait keeps being told so until the time is over, whatever happens
//! meanwhile.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Messages a chat takes at once before the pace of one per second holds.
pub(super) const BURST: f64 = 3.0;
const PER_GROUP: usize = 20;
const GROUP_WINDOW: Duration = Duration::from_secs(60);
const OVERALL: usize = 30;
const OVERALL_WINDOW: Duration = Duration::from_secs(1);

/// The limits of one bot.
#[derive(Debug)]
pub(super) struct Limits {
    pub enabled: bool,
    chats: HashMap<i64, ChatLimit>,
    overall: Window,
}

#[derive(Debug)]
struct ChatLimit {
    tokens: f64,
    filled: Instant,
    window: Window,
    waits_until: Option<Instant>,
}

#[derive(Debug, Default)]
struct Window {
    taken: VecDeque<Instant>,
    waits_until: Option<Instant>,
}

impl Limits {
    pub fn new() -> Self {
        Self { enabled: true, chats: HashMap::new(), overall: Window::default() }
    }

    /// Takes the right to send one message, or tells how many seconds to wait.
    pub fn take(&mut self, chat: i64, is_group: bool, now: Instant) -> Result<(), u64> {
        if !self.enabled {
            return Ok(());
        }
        let limit = self.chats.entry(chat).or_insert_with(|| ChatLimit {
            tokens: BURST,
            filled: now,
            window: Window::default(),
            waits_until: None,
        });
        refuse_until(self.overall.waits_until, now)?;
        refuse_until(limit.waits_until, now)?;
        limit.refill(now);
        let wait = match (limit.tokens < 1.0, is_group) {
            (true, _) => Some(Duration::from_secs_f64(1.0 - limit.tokens)),
            (false, true) => limit.window.wait(PER_GROUP, GROUP_WINDOW, now),
            (false, false) => None,
        };
        if let Some(wait) = wait {
            return Err(postpone(&mut limit.waits_until, wait, now));
        }
        if let Some(wait) = self.overall.wait(OVERALL, OVERALL_WINDOW, now) {
            return Err(postpone(&mut self.overall.waits_until, wait, now));
        }
        limit.tokens -= 1.0;
        if is_group {
            limit.window.taken.push_back(now);
        }
        self.overall.taken.push_back(now);
        Ok(())
    }

    /// Holds a chat back as if it had been flooded.
    pub fn hold_back(&mut self, chat: i64, wait: Duration, now: Instant) {
        let limit = self.chats.entry(chat).or_insert_with(|| ChatLimit {
            tokens: BURST,
            filled: now,
            window: Window::default(),
            waits_until: None,
        });
        limit.waits_until = Some(now + wait);
    }
}

impl ChatLimit {
    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed).min(BURST);
        self.filled = now;
    }
}

impl Window {
    /// How long until another one fits.
    fn wait(&mut self, most: usize, window: Duration, now: Instant) -> Option<Duration> {
        while self.taken.front().is_some_and(|first| now.saturating_duration_since(*first) >= window) {
            self.taken.pop_front();
        }
        if self.taken.len() < most {
            return None;
        }
        let first = self.taken.front()?;
        Some(window.saturating_sub(now.saturating_duration_since(*first)))
    }
}

fn refuse_until(until: Option<Instant>, now: Instant) -> Result<(), u64> {
    match until.map(|until| until.saturating_duration_since(now)) {
        Some(left) if !left.is_zero() => Err(whole_seconds(left)),
        _ => Ok(()),
    }
}

fn postpone(until: &mut Option<Instant>, wait: Duration, now: Instant) -> u64 {
    let seconds = whole_seconds(wait);
    *until = Some(now + Duration::from_secs(seconds));
    seconds
}

/// Rounds up, to at least one.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs_f64().ceil() as u64).max(1)
}
