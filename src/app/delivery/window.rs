//! So many calls within so long, the most urgent ones first.
//!
//! A call counts from when it leaves until so long after it has been answered. Whenever
//! in between the platform counts it, it never sees more of them than it takes, however
//! long the ways to it are and however much they differ.

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::domain::Rate;

/// How long a platform takes at most until it counts a call; one that gets no answer would
/// otherwise hold its slot for as long as anybody waits for that.
const SLOWEST: Duration = Duration::from_secs(1);

/// One of so many slots goes to what matters less, so that nothing waits for ever.
const SHARE: u64 = 8;

/// How much a write matters that has to be made. What matters less waits for what matters more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// What stays, where nothing is to be seen yet: one write, and somebody has all they wait for.
    Whole,
    /// What stays.
    Final,
    /// The first that is to be seen of a reply.
    First,
    /// What has to come before more of a growing text can be seen.
    Growth,
}

/// So many calls within so long.
#[derive(Debug)]
pub(super) struct Window {
    most: usize,
    within: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Until when each call counts.
    taken: HashMap<u64, Instant>,
    /// Who waits, and how to wake them; the next one first.
    waiting: BTreeMap<(Urgency, u64), Arc<Notify>>,
    numbers: u64,
    /// How many slots those who waited have got.
    given: u64,
}

impl Window {
    pub(super) fn new(rate: Rate) -> Arc<Self> {
        let most = usize::try_from(rate.most.get()).unwrap_or(usize::MAX);
        Arc::new(Self { most, within: rate.within, inner: Mutex::default() })
    }

    /// How many calls it takes.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Waits for a slot.
    pub(super) async fn take(self: &Arc<Self>, urgency: Urgency) -> Slot {
        let place = Place::behind_others(self, urgency);
        loop {
            let until = match self.take_first(place.key, Instant::now()) {
                Ok(slot) => return slot,
                Err(until) => until,
            };
            let is_free = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = place.woken.notified() => {}
                () = is_free => {}
            }
        }
    }

    /// Takes a slot right now, if nobody waits and `keep` slots are left.
    pub(super) fn try_take(self: &Arc<Self>, keep: usize, now: Instant) -> Option<Slot> {
        let mut inner = self.lock();
        let is_free = inner.waiting.is_empty() && inner.count(now).saturating_add(keep) < self.most;
        is_free.then(|| self.slot(&mut inner, now))
    }

    /// Whether no call counts and nobody waits.
    pub(super) fn is_at_rest(&self, now: Instant) -> bool {
        let mut inner = self.lock();
        inner.waiting.is_empty() && inner.count(now) == 0
    }

    /// A slot for who is the next; else when to ask again, if that is known.
    fn take_first(self: &Arc<Self>, key: (Urgency, u64), now: Instant) -> Result<Slot, Option<Instant>> {
        let mut inner = self.lock();
        if inner.next() != Some(key) {
            return Err(None);
        }
        if inner.count(now) >= self.most {
            return Err(inner.free_at());
        }
        inner.given += 1;
        Ok(self.slot(&mut inner, now))
    }

    fn slot(self: &Arc<Self>, inner: &mut Inner, now: Instant) -> Slot {
        let id = inner.number();
        inner.taken.insert(id, now + SLOWEST + self.within);
        Slot { window: Arc::clone(self), id, is_used: true }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Who gets the next slot.
    fn next(&self) -> Option<(Urgency, u64)> {
        let most_urgent = self.waiting.keys().next().copied()?;
        let mut others = self.waiting.keys().filter(|(urgency, _)| *urgency > most_urgent.0);
        let is_shared = self.given % SHARE == SHARE - 1;
        Some(others.next().copied().filter(|_| is_shared).unwrap_or(most_urgent))
    }

    /// How many calls count.
    fn count(&mut self, now: Instant) -> usize {
        self.taken.retain(|_, until| *until > now);
        self.taken.len()
    }

    fn free_at(&self) -> Option<Instant> {
        self.taken.values().min().copied()
    }

    fn wake_first(&self) {
        if let Some(woken) = self.next().and_then(|next| self.waiting.get(&next)) {
            woken.notify_one();
        }
    }
}

/// A place among those who wait, until it is dropped.
struct Place<'a> {
    window: &'a Window,
    key: (Urgency, u64),
    woken: Arc<Notify>,
}

impl<'a> Place<'a> {
    fn behind_others(window: &'a Window, urgency: Urgency) -> Self {
        let (mut inner, woken) = (window.lock(), Arc::default());
        let key = (urgency, inner.number());
        inner.waiting.insert(key, Arc::clone(&woken));
        Self { window, key, woken }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut inner = self.window.lock();
        inner.waiting.remove(&self.key);
        inner.wake_first();
    }
}

/// The right to make one call, which has been answered when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    window: Arc<Window>,
    id: u64,
    is_used: bool,
}

impl Slot {
    /// Gives it back: the call is not made.
    pub(super) fn unused(mut self) {
        self.is_used = false;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut inner = self.window.lock();
        if self.is_used {
            let until = Instant::now() + self.window.within;
            if let Some(known) = inner.taken.get_mut(&self.id) {
                *known = (*known).min(until);
            }
        } else {
            inner.taken.remove(&self.id);
        }
        inner.wake_first();
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::poll;
    use tokio::time::Instant;

    use super::{SLOWEST, Urgency, Window};
    use crate::domain::Rate;

    const TIME: Duration = Duration::from_millis(50);

    fn window(most: u32) -> Arc<Window> {
        Window::new(Rate { most: NonZeroU32::new(most).unwrap(), within: TIME })
    }

    #[tokio::test]
    async fn a_call_counts_until_some_time_after_its_answer() {
        let (window, began) = (window(2), Instant::now());
        let (first, second) = (window.take(Urgency::First).await, window.take(Urgency::First).await);
        assert!(window.try_take(0, began + TIME + SLOWEST / 2).is_none(), "no answer has come");
        drop((first, second));
        assert!(window.try_take(0, Instant::now()).is_none());
        window.take(Urgency::First).await;
        assert!(began.elapsed() >= TIME, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_call_without_an_answer_counts_no_longer_than_a_platform_can_be_slow() {
        let (window, began) = (window(1), Instant::now());
        let _unanswered = window.take(Urgency::First).await;
        assert!(window.try_take(0, began + TIME + SLOWEST * 2).is_some());
    }

    #[tokio::test]
    async fn what_is_not_used_is_free_at_once() {
        let window = window(1);
        window.take(Urgency::First).await.unused();
        assert!(window.is_at_rest(Instant::now()));
        window.take(Urgency::First).await;
    }

    #[tokio::test]
    async fn what_is_urgent_comes_first_and_what_may_be_left_out_last() {
        let window = window(1);
        drop(window.take(Urgency::Final).await);
        let (growth, first) = (window.take(Urgency::Growth), window.take(Urgency::First));
        let (late, last) = (window.take(Urgency::First), window.take(Urgency::Final));
        tokio::pin!(growth, first, late, last);
        assert!(poll!(&mut growth).is_pending() && poll!(&mut first).is_pending());
        assert!(poll!(&mut late).is_pending() && poll!(&mut last).is_pending());
        assert!(window.try_take(0, Instant::now() + TIME * 2).is_none(), "not before those who wait");
        let mut order = Vec::new();
        let (mut is_over, all) = ([false; 4], 4);
        while order.len() < all {
            tokio::select! {
                _ = &mut growth, if !is_over[0] => { is_over[0] = true; order.push("growth"); }
                _ = &mut first, if !is_over[1] => { is_over[1] = true; order.push("first"); }
                _ = &mut late, if !is_over[2] => { is_over[2] = true; order.push("late"); }
                _ = &mut last, if !is_over[3] => { is_over[3] = true; order.push("final"); }
            }
        }
        assert_eq!(order, ["final", "first", "late", "growth"]);
    }

    #[tokio::test]
    async fn one_of_eight_slots_goes_to_what_matters_less() {
        let window = window(1);
        let mut inner = window.lock();
        for (urgency, number) in
            [(Urgency::Final, 3), (Urgency::Final, 4), (Urgency::First, 2), (Urgency::Growth, 1)]
        {
            inner.waiting.insert((urgency, number), Arc::default());
        }
        let next = |given, inner: &mut super::Inner| {
            inner.given = given;
            inner.next().unwrap()
        };
        for given in (0..7).chain(8..15) {
            assert_eq!(next(given, &mut inner), (Urgency::Final, 3), "{given}");
        }
        assert_eq!(next(7, &mut inner), (Urgency::First, 2));
        inner.waiting.remove(&(Urgency::First, 2));
        assert_eq!(next(15, &mut inner), (Urgency::Growth, 1));
        inner.waiting.remove(&(Urgency::Growth, 1));
        assert_eq!(next(15, &mut inner), (Urgency::Final, 3));
        inner.waiting.clear();
    }

    #[tokio::test]
    async fn who_waits_no_more_holds_back_nobody() {
        let window = window(1);
        drop(window.take(Urgency::Final).await);
        {
            let gone = window.take(Urgency::Final);
            tokio::pin!(gone);
            assert!(poll!(&mut gone).is_pending());
        }
        window.take(Urgency::Growth).await;
    }

    #[tokio::test]
    async fn room_is_kept_where_it_is_wanted() {
        let (window, now) = (window(3), Instant::now());
        assert!(window.try_take(3, now).is_none());
        let slot = window.try_take(2, now);
        assert!(slot.is_some() && window.try_take(2, now).is_none());
        assert!(window.try_take(1, now).is_some());
    }
}
