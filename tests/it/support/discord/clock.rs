//! Time that tests can skip, and the identifiers and timestamps made from it.

use std::time::{Duration, Instant, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// The first second of 2015 in Unix milliseconds (reference.mdx, "Snowflakes").
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

const ISO8601: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]+00:00");

/// The clock of the emulated platform.
#[derive(Debug, Default)]
pub(super) struct Clock {
    skipped: Duration,
    /// How far the platform's present is behind everybody else's.
    behind: Duration,
    last_snowflake: u64,
}

impl Clock {
    /// The platform's present, for deadlines and windows.
    pub(super) fn now(&self) -> Instant {
        Instant::now() + self.skipped
    }

    /// The platform's present as time since 1970.
    pub(super) fn unix(&self) -> Duration {
        UNIX_EPOCH.elapsed().unwrap_or_default() + self.skipped - self.behind
    }

    /// Begins in the past.
    pub(super) fn fall_behind(&mut self, time: Duration) {
        self.behind += time;
    }

    /// Lets time pass without waiting for it.
    pub(super) fn skip(&mut self, time: Duration) {
        self.skipped += time;
    }

    /// Makes an identifier that is later than all before.
    pub(super) fn snowflake(&mut self) -> u64 {
        let milliseconds = u64::try_from(self.unix().as_millis()).unwrap_or(u64::MAX);
        let earliest = milliseconds.saturating_sub(DISCORD_EPOCH_MS) << 22;
        self.last_snowflake = earliest.max(self.last_snowflake + 1);
        self.last_snowflake
    }
}

/// Writes a time since 1970 as Discord does.
pub(super) fn iso8601(unix: Duration) -> String {
    let moment = OffsetDateTime::UNIX_EPOCH + unix;
    moment.format(ISO8601).expect("the format has no fallible parts")
}
