//! How fast we may write: by chat, by account, and by what platforms ask for.
//!
//! First texts and final texts wait for their turn. Interim ones are only shown
//! when there is room right now, so that under load they are what thins out.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep_until};

use crate::channels::LimitScope;
use crate::domain::{Address, Capabilities};

/// After how many writes the chats at rest are forgotten.
const TIDY_EVERY: u32 = 10_000;

/// The longest wait that a platform can impose on us by one answer.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// More than anybody can write.
const UNLIMITED: Quota = Quota::per_second(NonZeroU32::MAX);

type Keyed = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock>;
type Single = RateLimiter<NotKeyed, InMemoryState, DefaultClock>;

/// The pace of one bot account.
pub(super) struct Pacer {
    directs: Keyed,
    groups: Keyed,
    account: Single,
    edits: Single,
    /// Until when a platform has asked us to be silent; the account under no name.
    limited: Mutex<HashMap<Option<String>, Instant>>,
    writes: AtomicU32,
}

impl Pacer {
    /// The pace that a platform allows.
    pub(super) fn new(capabilities: &Capabilities) -> Self {
        let one_each = |interval| Quota::with_period(interval).unwrap_or(UNLIMITED);
        Self {
            directs: RateLimiter::keyed(one_each(capabilities.direct_interval)),
            groups: RateLimiter::keyed(one_each(capabilities.group_interval)),
            account: RateLimiter::direct(Quota::per_second(capabilities.writes_per_second)),
            edits: RateLimiter::direct(Quota::per_minute(capabilities.edits_per_minute)),
            limited: Mutex::default(),
            writes: AtomicU32::new(0),
        }
    }

    /// No pace at all, but for what platforms ask for.
    pub(super) fn unlimited() -> Self {
        Self {
            directs: RateLimiter::keyed(UNLIMITED),
            groups: RateLimiter::keyed(UNLIMITED),
            account: RateLimiter::direct(UNLIMITED),
            edits: RateLimiter::direct(UNLIMITED),
            limited: Mutex::default(),
            writes: AtomicU32::new(0),
        }
    }

    /// Waits until a text may be written that has to be.
    pub(super) async fn wait(&self, address: &Address) {
        while let Some(until) = self.limited_until(address) {
            sleep_until(until).await;
        }
        self.tidy();
        self.chat_limiter(address).until_key_ready(&key(address)).await;
        self.account.until_ready().await;
    }

    /// Whether an interim text may be written right now; if so, it counts.
    pub(super) fn has_room(&self, address: &Address) -> bool {
        self.limited_until(address).is_none()
            && self.edits.check().is_ok()
            && self.chat_limiter(address).check_key(&key(address)).is_ok()
            && self.account.check().is_ok()
    }

    /// Remembers that the platform asked us to wait.
    pub(super) fn limit(&self, address: &Address, scope: LimitScope, wait: Duration) {
        let who = match scope {
            LimitScope::Chat => Some(key(address)),
            LimitScope::Account => None,
        };
        let until = Instant::now() + wait.min(LONGEST_WAIT);
        let mut limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        limited.retain(|_, until| *until > Instant::now());
        let known = limited.entry(who).or_insert(until);
        *known = (*known).max(until);
    }

    /// Forgets the chats at rest, now and then.
    fn tidy(&self) {
        if self.writes.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            for chats in [&self.directs, &self.groups] {
                chats.retain_recent();
                chats.shrink_to_fit();
            }
        }
    }

    fn limited_until(&self, address: &Address) -> Option<Instant> {
        let limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = limited.get(&None);
        let of_chat = limited.get(&Some(key(address)));
        of_account.max(of_chat).copied().filter(|until| *until > Instant::now())
    }

    fn chat_limiter(&self, address: &Address) -> &Keyed {
        if address.is_direct() { &self.directs } else { &self.groups }
    }
}

/// Platforms count by chat, whatever the thread.
fn key(address: &Address) -> String {
    format!("{}/{}", address.scope, address.chat)
}
