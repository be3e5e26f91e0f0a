//! How fast we may write: by chat, by account, and by what platforms ask for.
//!
//! First texts and final texts wait for their turn. Interim ones are only shown
//! when there is room right now, so that under load they are what thins out.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
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

/// How many edits an account makes at once, however long it has made none: platforms
/// count them by the minute, and not from where ours begins.
const EDITS_AT_ONCE: NonZeroU32 = NonZeroU32::new(4).unwrap();

type Keyed<C> = RateLimiter<String, DefaultKeyedStateStore<String>, C, NoOpMiddleware<<C as Clock>::Instant>>;
type Single<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The pace of one bot account.
pub(super) struct Pacer<C: Clock = DefaultClock> {
    directs: Keyed<C>,
    groups: Keyed<C>,
    account: Single<C>,
    edits: Single<C>,
    /// How many edits wait that have to be made.
    waiting: AtomicUsize,
    /// Until when a platform has asked us to be silent; the account under no name.
    limited: Mutex<HashMap<Option<String>, Instant>>,
    writes: AtomicU32,
}

impl Pacer {
    /// The pace that a platform allows.
    pub(super) fn new(capabilities: &Capabilities) -> Self {
        Self::by(&DefaultClock::default(), capabilities)
    }

    /// No pace at all, but for what platforms ask for.
    pub(super) fn unlimited() -> Self {
        Self::with(&DefaultClock::default(), UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED)
    }

    /// Waits until a post may be edited that has to be; meanwhile no interim edit takes its place.
    pub(super) async fn wait_to_edit(&self, address: &Address) {
        let _waiting = Waiting::among(&self.waiting);
        self.wait(address).await;
        self.edits.until_ready().await;
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
}

impl<C: Clock + Clone> Pacer<C> {
    /// The pace that a platform allows, by this clock.
    fn by(clock: &C, capabilities: &Capabilities) -> Self {
        let one_each = |interval| Quota::with_period(interval).unwrap_or(UNLIMITED);
        let edits = Quota::per_minute(capabilities.edits_per_minute);
        Self::with(
            clock,
            one_each(capabilities.direct_interval),
            one_each(capabilities.group_interval),
            Quota::per_second(capabilities.writes_per_second),
            edits.allow_burst(EDITS_AT_ONCE.min(edits.burst_size())),
        )
    }

    fn with(clock: &C, directs: Quota, groups: Quota, account: Quota, edits: Quota) -> Self {
        let keyed = |quota| RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock.clone());
        let single = |quota| RateLimiter::direct_with_clock(quota, clock.clone());
        Self {
            directs: keyed(directs),
            groups: keyed(groups),
            account: single(account),
            edits: single(edits),
            waiting: AtomicUsize::new(0),
            limited: Mutex::default(),
            writes: AtomicU32::new(0),
        }
    }

    /// Whether an interim text may be written right now; if so, it counts.
    pub(super) fn has_room(&self, address: &Address) -> bool {
        // What all chats share and is scarce comes last: an edit that does not leave takes none of it.
        self.has_room_to_add(address) && self.edits.check().is_ok()
    }

    /// The same for what is no edit.
    pub(super) fn has_room_to_add(&self, address: &Address) -> bool {
        self.limited_until(address).is_none()
            && self.waiting.load(Ordering::Relaxed) == 0
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

    fn chat_limiter(&self, address: &Address) -> &Keyed<C> {
        if address.is_direct() { &self.directs } else { &self.groups }
    }
}

/// One who waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn among(all: &'a AtomicUsize) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(all)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Platforms count by chat, whatever the thread.
fn key(address: &Address) -> String {
    format!("{}/{}", address.scope, address.chat)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use tokio::time::Instant;

    use super::{EDITS_AT_ONCE, Pacer};
    use crate::channels::LimitScope;
    use crate::domain::{Address, AddressKind, Capabilities, Growth, Platform};

    const SECOND: Duration = Duration::from_secs(1);
    const TICK: Duration = Duration::from_millis(100);
    const TICKS_A_MINUTE: u32 = 600;
    const EDITS_A_MINUTE: u32 = 45;

    /// A platform like Slack, but for what is said to groups.
    const CAPABILITIES: Capabilities = Capabilities {
        text_limit: 4_000,
        length: str::len,
        direct_interval: SECOND,
        group_interval: Duration::from_secs(3),
        writes_per_second: NonZeroU32::new(5).unwrap(),
        edits_per_minute: NonZeroU32::new(EDITS_A_MINUTE).unwrap(),
        typing_lasts: Duration::MAX,
        idempotent_for: Duration::ZERO,
        has_one_place_for_a_command: false,
        takes_files: false,
        growth: Growth::Replaced,
    };

    /// A pace whose time passes only when it is told to.
    fn pacer() -> (Pacer<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Pacer::by(&clock, &CAPABILITIES), clock)
    }

    fn direct(number: usize) -> Address {
        let (scope, chat) = ("T1".to_owned(), format!("D{number}"));
        Address {
            platform: Platform::Slack,
            scope,
            chat,
            thread: None,
            kind: AddressKind::Direct,
            space: None,
        }
    }

    fn thread(number: usize) -> Address {
        let (chat, thread) = ("C1".to_owned(), Some(number.to_string()));
        Address { chat, thread, kind: AddressKind::Thread, ..direct(0) }
    }

    #[test]
    fn threads_of_one_chat_use_up_no_edits_that_do_not_leave() {
        let (pacer, clock) = pacer();
        for _ in 0..20 {
            let left = (0..10).filter(|number| pacer.has_room(&thread(*number))).count();
            assert_eq!(left, 1, "a group takes one in three seconds");
            assert!(pacer.has_room(&direct(0)), "and leaves others theirs");
            clock.advance(SECOND * 3);
        }
    }

    #[test]
    fn no_minute_sees_more_edits_than_the_platform_takes() {
        let (pacer, clock) = pacer();
        let mut edits = Vec::new();
        for tick in 0..2 * TICKS_A_MINUTE {
            edits.extend((0..10).filter(|number| pacer.has_room(&direct(*number))).map(|_| tick));
            clock.advance(TICK);
        }
        let within =
            |from: u32| edits.iter().filter(|tick| (from..from + TICKS_A_MINUTE).contains(*tick)).count();
        let most = (0..TICKS_A_MINUTE).map(within).max().unwrap();
        let allowed = usize::try_from(EDITS_A_MINUTE + EDITS_AT_ONCE.get()).unwrap();
        assert!((allowed - 4..=allowed).contains(&most), "{most}");
    }

    #[test]
    fn a_chat_and_the_account_have_a_pace_of_their_own() {
        let (pacer, clock) = pacer();
        assert!(pacer.has_room(&direct(0)) && !pacer.has_room(&direct(0)));
        clock.advance(SECOND);
        assert!(pacer.has_room(&direct(0)) && pacer.has_room(&thread(0)));
        clock.advance(SECOND);
        assert!(
            pacer.has_room(&direct(0)) && !pacer.has_room(&thread(1)),
            "threads share their group's pace"
        );
    }

    #[tokio::test]
    async fn what_has_to_be_written_waits_and_takes_no_edit() {
        let interval = Duration::from_millis(20);
        let edits_per_minute = NonZeroU32::new(1).unwrap();
        let pacer = Pacer::new(&Capabilities { direct_interval: interval, edits_per_minute, ..CAPABILITIES });
        let began = Instant::now();
        for _ in 0..3 {
            pacer.wait(&direct(0)).await;
        }
        assert!(began.elapsed() >= interval * 2, "{:?}", began.elapsed());
        assert!(pacer.has_room(&direct(1)));
    }

    #[tokio::test]
    async fn edits_that_have_to_be_made_take_their_share_and_come_before_all_others() {
        let edits_per_minute = NonZeroU32::new(1_200).unwrap();
        let pacer = Pacer::new(&Capabilities {
            edits_per_minute,
            writes_per_second: NonZeroU32::MAX,
            ..CAPABILITIES
        });
        let began = Instant::now();
        for number in 0..3 {
            pacer.wait_to_edit(&direct(number)).await;
        }
        assert!(pacer.has_room(&direct(3)), "one of four is left");
        let last = direct(4);
        let waits = pacer.wait_to_edit(&last);
        tokio::pin!(waits);
        assert!(futures_util::poll!(&mut waits).is_pending());
        assert!(!pacer.has_room(&direct(5)), "not before the one that waits");
        waits.await;
        assert!(began.elapsed() >= SECOND / 20, "{:?}", began.elapsed());
        assert_eq!(pacer.waiting.load(super::Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn what_a_platform_asks_for_holds_the_chat_or_all_of_the_account() {
        let (pacer, wait) = (Pacer::new(&CAPABILITIES), Duration::from_millis(50));
        pacer.limit(&direct(0), LimitScope::Chat, SECOND * 60);
        assert!(!pacer.has_room(&direct(0)) && pacer.has_room(&direct(1)));
        let began = Instant::now();
        pacer.limit(&direct(1), LimitScope::Account, wait);
        assert!(!pacer.has_room(&direct(2)));
        pacer.wait(&direct(3)).await;
        assert!(began.elapsed() >= wait, "{:?}", began.elapsed());
    }
}
