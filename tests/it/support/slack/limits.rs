//! Rate limits: docs.slack.dev/apis/web-api/rate-limits.
//!
//! The tiers are minimums ("50+ per minute"); here they are what there is: so
//! many calls in any 60 seconds. `chat.postMessage`, `chat.postEphemeral` and
//! `assistant.threads.setStatus` allow one a second in each channel, with a
//! burst of [`BURST`], and `chat.postMessage` 300 a minute in the workspace
//! ("several hundred" in the documentation).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// How many messages a channel takes at once before it is one a second.
pub const BURST: u32 = 5;
const POSTS_A_MINUTE: usize = 300;

/// How often a method may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    T2,
    T3,
    T4,
    /// Hundreds a minute, as `auth.test`.
    Generous,
    /// One a second in each channel.
    PerChannel,
}

impl Tier {
    fn per_minute(self) -> usize {
        match self {
            Self::T2 => 20,
            Self::T3 => 50,
            Self::T4 => 100,
            Self::Generous | Self::PerChannel => POSTS_A_MINUTE,
        }
    }
}

/// What was called lately.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) off: bool,
    calls: BTreeMap<String, VecDeque<Duration>>,
    /// When each channel's bucket will be full again.
    full_at: BTreeMap<(String, String), Duration>,
}

impl Limits {
    /// Counts a call, or says after how many seconds to try again.
    pub(super) fn admit(
        &mut self,
        method: &str,
        tier: Tier,
        channel: &str,
        now: Duration,
    ) -> Result<(), u64> {
        if self.off {
            return Ok(());
        }
        let most = tier.per_minute();
        let recent = self.calls.entry(method.to_owned()).or_default();
        while recent.front().is_some_and(|at| *at + MINUTE <= now) {
            recent.pop_front();
        }
        if recent.len() >= most {
            let wait = recent.front().map_or(MINUTE, |oldest| *oldest + MINUTE - now);
            return Err(whole_seconds(wait));
        }
        if tier == Tier::PerChannel {
            let full_at = self.full_at.entry((method.to_owned(), channel.to_owned())).or_default();
            let full = (*full_at).max(now) + Duration::from_secs(1);
            let over = full.saturating_sub(now + Duration::from_secs(u64::from(BURST)));
            if !over.is_zero() {
                return Err(whole_seconds(over));
            }
            *full_at = full;
        }
        recent.push_back(now);
        Ok(())
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
