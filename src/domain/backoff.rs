//! Waiting longer after each failure, and not all at the same moment.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// The waits between tries.
#[derive(Debug)]
pub struct Backoff {
    shape: ExponentialBuilder,
    waits: <ExponentialBuilder as BackoffBuilder>::Backoff,
    longest: Duration,
    has_failed: bool,
}

impl Backoff {
    /// Begins with `first` and doubles up to `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        // The library adds up to as much again, by chance.
        let shape = ExponentialBuilder::new()
            .with_min_delay(first.min(longest) / 2)
            .with_max_delay(longest / 2)
            .without_max_times()
            .with_jitter();
        Self { shape, waits: shape.build(), longest, has_failed: false }
    }

    /// The wait after one more failure: between a half and the whole of what it may be.
    pub fn next_wait(&mut self) -> Duration {
        self.has_failed = true;
        self.waits.next().unwrap_or(self.longest)
    }

    /// Whether something failed since the last success.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Begins anew after a success.
    pub fn reset(&mut self) {
        *self = Self { waits: self.shape.build(), has_failed: false, ..*self };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Backoff;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new(seconds(1), seconds(60));
        for most in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = backoff.next_wait();
            assert!(wait >= seconds(most) / 2 && wait <= seconds(most), "{wait:?} is not about {most} s");
        }
        assert!(backoff.has_failed());
        backoff.reset();
        assert!(!backoff.has_failed() && backoff.next_wait() <= seconds(1));
    }

    #[test]
    fn two_do_not_come_back_at_the_same_moments() {
        let waits = || {
            let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
            std::iter::repeat_with(|| backoff.next_wait()).take(8).collect::<Vec<_>>()
        };
        assert_ne!(waits(), waits());
    }
}
