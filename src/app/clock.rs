//! The program's one clock.

use crate::domain::{Clock, Timestamp};

/// The system's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock from which everybody gets the time")]
    fn now(&self) -> Timestamp {
        Timestamp::now_utc()
    }
}
