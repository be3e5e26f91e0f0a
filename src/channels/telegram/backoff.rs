//! How long to wait before trying again.

use std::time::Duration;

use uuid::Uuid;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait of our own choice.
const LONGEST: Duration = Duration::from_secs(30);

/// Waits that double with every failure, up to a limit.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait, somewhere between a half and the whole of what it may be.
    pub(super) fn next_wait(&mut self) -> Duration {
        let most = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let [.., low, high] = *Uuid::now_v7().as_bytes();
        most / 2 + most / 2 * u32::from(u16::from_be_bytes([low, high])) / u32::from(u16::MAX)
    }

    /// Tells whether something failed since the last success.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Starts over after a success.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, FIRST, LONGEST};

    #[test]
    fn waits_grow_up_to_a_limit_and_start_over() {
        let mut backoff = Backoff::default();
        for number in 0..40 {
            let most = FIRST.saturating_mul(1 << number.min(16)).min(LONGEST);
            let wait = backoff.next_wait();
            assert!(wait >= most / 2 && wait <= most, "{number}: {wait:?}");
        }
        assert!(backoff.has_failed());
        backoff.reset();
        assert!(!backoff.has_failed() && backoff.next_wait() <= FIRST);
    }
}
