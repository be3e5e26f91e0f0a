//! The emulator's time: real time, which tests can move forward.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Counts from the start of the emulator; everything that expires asks this.
#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
    moved: Duration,
    /// How far the workspace's present is behind everybody else's.
    behind: Duration,
    unix_at_start: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        let unix_at_start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self { started: Instant::now(), moved: Duration::ZERO, behind: Duration::ZERO, unix_at_start }
    }

    /// Time since the start, moves included.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed() + self.moved
    }

    /// Seconds since 1970 as the emulator's workspace has them.
    pub(super) fn unix(&self) -> u64 {
        (self.unix_at_start + self.now() - self.behind).as_secs()
    }

    /// Seconds since 1970 as everybody else has them: signatures are checked
    /// against the bot's own clock, which tests cannot move.
    pub(super) fn true_unix(&self) -> u64 {
        (self.unix_at_start + self.started.elapsed()).as_secs()
    }

    /// Begins in the past.
    pub(super) fn fall_behind(&mut self, time: Duration) {
        self.behind += time;
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.moved += by;
    }
}

/// Random numbers with a known seed, for choices Slack does not promise.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `sides`.
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides.max(1)
    }

    /// Hexadecimal digits, for identifiers.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.roll(16)])).collect()
    }
}
