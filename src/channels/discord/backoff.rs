//! Waiting longer after each failure, and not all at the same moment.

use std::time::Duration;

use uuid::Uuid;

/// How long to wait before the next attempt.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// Begins anew after a success.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next wait: twice the last, up to the longest, of which up to a half is chance.
    pub(super) fn next(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(self.failures)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        // The last byte of a version 7 UUID is random.
        let chance = u32::from(Uuid::now_v7().as_bytes()[15]);
        doubled / 2 + doubled / 2 * chance / 255
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use std::time::Duration;

    #[test]
    fn waits_grow_up_to_the_longest() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new(seconds(1), seconds(60));
        let bounds = [1, 2, 4, 8, 16, 32, 60, 60];
        for most in bounds {
            let wait = backoff.next();
            assert!(wait >= seconds(most) / 2 && wait <= seconds(most), "{wait:?} is not about {most} s");
        }
        backoff.reset();
        assert!(backoff.next() <= seconds(1));
    }
}
