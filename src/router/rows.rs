//! Who speaks in a row, faster than people do: a program that answers the bot,
//! from an account that looks like a person's, would be answered for ever.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::config::GroupsSettings;
use crate::domain::{AddressId, IdentityId, Timestamp};

/// Of how many places this is counted.
const PLACES: usize = 1_000;

/// Counts who speaks in a row.
#[derive(Debug)]
pub(super) struct Rows {
    most: usize,
    within: Duration,
    rows: Mutex<HashMap<AddressId, Row>>,
}

/// What one account has said in a place since anybody else was answered there.
#[derive(Debug)]
struct Row {
    by: IdentityId,
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
    pub(super) fn count(&self, place: AddressId, by: IdentityId, said_at: Timestamp) -> Pace {
        if self.most == 0 {
            return Pace::Human;
        }
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |row: &Row| row.said.back().is_some_and(|last| said_at - *last <= self.within);
        if rows.len() >= PLACES && !rows.contains_key(&place) {
            rows.retain(|_, row| is_recent(row));
        }
        if rows.len() >= PLACES && !rows.contains_key(&place) {
            return Pace::Human;
        }
        let row = rows.entry(place).or_insert_with(|| Row::of(by));
        if row.by != by {
            *row = Row::of(by);
        }
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

impl Row {
    fn of(by: IdentityId) -> Self {
        Self { by, said: VecDeque::new(), is_too_fast: false }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Pace, Rows};
    use crate::domain::{AddressId, IdentityId, Timestamp};

    fn rows() -> Rows {
        Rows { most: 2, within: std::time::Duration::from_secs(10), rows: std::sync::Mutex::default() }
    }

    fn count(rows: &Rows, place: u128, by: u128, second: i64) -> Pace {
        let at = Timestamp::UNIX_EPOCH + time::Duration::seconds(second);
        rows.count(AddressId(Uuid::from_u128(place)), IdentityId(Uuid::from_u128(by)), at)
    }

    #[test]
    fn more_than_so_many_in_a_row_within_the_time_are_too_fast_until_a_pause() {
        let rows = rows();
        let paces: Vec<Pace> = [0, 4, 8, 9, 12, 30].map(|second| count(&rows, 1, 1, second)).into();
        assert_eq!(
            paces,
            [Pace::Human, Pace::Human, Pace::Turned, Pace::TooFast, Pace::TooFast, Pace::Human]
        );
    }

    #[test]
    fn somebody_else_ends_a_row_and_each_place_counts_by_itself() {
        let rows = rows();
        for (place, by) in [(1, 1), (1, 1), (1, 2), (1, 1), (1, 1), (2, 1)] {
            assert_eq!(count(&rows, place, by, 0), Pace::Human);
        }
        assert_eq!(count(&rows, 1, 1, 0), Pace::Turned);
    }
}
