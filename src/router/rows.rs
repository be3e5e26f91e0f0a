//! Who speaks in a row, faster than people do: a program that answers the bot,
//! from an account that looks like a person's, would be answered for ever.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::config::GroupsSettings;
use crate::domain::{Address, IdentityId, Platform, Timestamp};

/// Of how many this is counted.
const ROWS: usize = 1_000;

/// Counts who speaks in a row.
#[derive(Debug)]
pub(super) struct Rows {
    most: usize,
    within: Duration,
    rows: Mutex<HashMap<Speaker, Row>>,
}

/// An account, and the chat it speaks in: each answer may begin a thread of its own.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Speaker {
    by: IdentityId,
    platform: Platform,
    scope: String,
    chat: String,
}

/// What one account has said lately in a chat. Others do not end it: there may be two such programs.
#[derive(Debug, Default)]
struct Row {
    said: VecDeque<Timestamp>,
    is_too_fast: bool,
}

/// What somebody's pace comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    Human,
    /// Too fast from now on.
    Turned,
    TooFast,
}

impl Rows {
    pub(super) fn new(settings: &GroupsSettings) -> Self {
        Self {
            most: settings.in_a_row as usize,
            within: Duration::from_secs(u64::from(settings.in_a_row_seconds)),
            rows: Mutex::default(),
        }
    }

    /// Counts what somebody said at a moment.
    pub(super) fn count(&self, place: &Address, by: IdentityId, said_at: Timestamp) -> Pace {
        if self.most == 0 {
            return Pace::Human;
        }
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let (scope, chat) = (place.scope.clone(), place.chat.clone());
        let speaker = Speaker { by, platform: place.platform, scope, chat };
        let is_recent = |row: &Row| row.said.back().is_some_and(|last| said_at - *last <= self.within);
        if rows.len() >= ROWS && !rows.contains_key(&speaker) {
            rows.retain(|_, row| is_recent(row));
        }
        if rows.len() >= ROWS && !rows.contains_key(&speaker) {
            return Pace::Human;
        }
        let row = rows.entry(speaker).or_default();
        row.said.push_back(said_at);
        while row.said.len() > self.most + 1
            || row.said.front().is_some_and(|first| said_at - *first > self.within)
        {
            row.said.pop_front();
        }
        let was_too_fast = std::mem::replace(&mut row.is_too_fast, row.said.len() > self.most);
        match (was_too_fast, row.is_too_fast) {
            (_, false) => Pace::Human,
            (false, true) => Pace::Turned,
            (true, true) => Pace::TooFast,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Pace, Rows};
    use crate::domain::{Address, AddressKind, IdentityId, Platform, Timestamp};

    fn rows() -> Rows {
        Rows { most: 2, within: std::time::Duration::from_secs(10), rows: std::sync::Mutex::default() }
    }

    fn count(rows: &Rows, (chat, thread): (u32, u32), by: u128, second: i64) -> Pace {
        let (platform, kind) = (Platform::Slack, AddressKind::Thread);
        let (scope, chat, thread) = (String::new(), chat.to_string(), Some(thread.to_string()));
        let place = Address { platform, scope, chat, thread, kind, space: None };
        let at = Timestamp::UNIX_EPOCH + time::Duration::seconds(second);
        rows.count(&place, IdentityId(Uuid::from_u128(by)), at)
    }

    #[test]
    fn more_than_so_many_in_a_row_within_the_time_are_too_fast_until_a_pause() {
        let rows = rows();
        let paces: Vec<Pace> = [0, 4, 8, 9, 12, 30].map(|second| count(&rows, (1, 1), 1, second)).into();
        assert_eq!(
            paces,
            [Pace::Human, Pace::Human, Pace::Turned, Pace::TooFast, Pace::TooFast, Pace::Human]
        );
    }

    #[test]
    fn each_account_is_counted_in_each_chat_whoever_else_speaks_and_in_whichever_thread() {
        let rows = rows();
        for (place, by) in [((1, 1), 1), ((1, 1), 2), ((1, 2), 1), ((2, 1), 1), ((1, 3), 2)] {
            assert_eq!(count(&rows, place, by, 0), Pace::Human);
        }
        assert_eq!(count(&rows, (1, 4), 1, 0), Pace::Turned);
        assert_eq!(count(&rows, (1, 5), 2, 0), Pace::Turned);
    }
}
