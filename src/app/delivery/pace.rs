//! How fast we may write: by chat, by account, and by what platforms ask for.
//!
//! What has to be written waits for its turn: final texts before first ones, and both
//! before what a growing text needs. Interim texts are only shown when there is room
//! right now, so that under load they are what thins out; of what all chats share they
//! leave some to those who come, and where edits are scarce, one to each answer that
//! is still to get its final text.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::app::delivery::window::{Slot, Urgency, Window};
use crate::channels::LimitScope;
use crate::domain::{Address, Capabilities, Rate};

/// After how many writes the chats at rest are forgotten.
const TIDY_EVERY: u32 = 10_000;

/// The longest wait that a platform can impose on us by one answer.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// What part of an account's writes is kept for what has to be written.
const KEPT: usize = 4;

/// How many interim edits an account makes at once where edits are scarce; the others are
/// spread over the time, so that growing texts do not stand still for most of it.
const EDITS_AT_ONCE: u32 = 4;

/// The pace of one bot account.
pub(super) struct Pacer {
    chats: Option<Chats>,
    account: Option<Arc<Window>>,
    edits: Option<Edits>,
    typing_is_a_write: bool,
    /// How many answers come piece by piece, each of which may have to be edited once more.
    unfinished: AtomicUsize,
    /// Until when a platform has asked us to be silent.
    limited: Mutex<HashMap<Limited, Instant>>,
    writes: AtomicU32,
}

/// Whom a platform has asked to be silent.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Limited {
    Chat(String),
    Edits,
    Account,
}

/// The pace of edits, where they have one of their own.
struct Edits {
    all: Arc<Window>,
    interim: Arc<Window>,
}

/// The pace of each chat.
struct Chats {
    direct_interval: Duration,
    group_interval: Duration,
    windows: Mutex<HashMap<String, Arc<Window>>>,
}

impl Pacer {
    /// The pace that a platform allows.
    pub(super) fn new(capabilities: &Capabilities) -> Self {
        let Capabilities { direct_interval, group_interval, .. } = *capabilities;
        Self {
            chats: Some(Chats { direct_interval, group_interval, windows: Mutex::default() }),
            account: capabilities.writes.map(Window::new),
            edits: capabilities.edits.map(Edits::new),
            typing_is_a_write: capabilities.typing_is_a_write,
            ..Self::unlimited()
        }
    }

    /// No pace at all, but for what platforms ask for.
    pub(super) fn unlimited() -> Self {
        Self {
            chats: None,
            account: None,
            edits: None,
            typing_is_a_write: false,
            unfinished: AtomicUsize::new(0),
            limited: Mutex::default(),
            writes: AtomicU32::new(0),
        }
    }

    /// Waits until a text may be written that has to be.
    pub(super) async fn wait(&self, address: &Address, urgency: Urgency) -> Leave {
        self.wait_for(address, urgency, false).await
    }

    /// Waits until a post may be edited that has to be.
    pub(super) async fn wait_to_edit(&self, address: &Address, urgency: Urgency) -> Leave {
        self.wait_for(address, urgency, true).await
    }

    async fn wait_for(&self, address: &Address, urgency: Urgency, is_edit: bool) -> Leave {
        self.tidy();
        loop {
            self.until_asked_no_more_for(address, is_edit).await;
            let mut leave = Leave::default();
            if let Some(chat) = self.chat(address) {
                leave.slots.push(chat.take(urgency).await);
            }
            if let Some(shared) = self.shared(is_edit) {
                leave.slots.push(shared.take(urgency).await);
            }
            // Others may have been told meanwhile to wait.
            if self.limited_until(address, is_edit).is_none() {
                return leave;
            }
            leave.give_back();
        }
    }

    /// Waits for as long as the platform has asked for.
    pub(super) async fn until_asked_no_more(&self, address: &Address) {
        self.until_asked_no_more_for(address, false).await;
    }

    async fn until_asked_no_more_for(&self, address: &Address, is_edit: bool) {
        while let Some(until) = self.limited_until(address, is_edit) {
            sleep_until(until).await;
        }
    }

    /// The leave to show an interim text by an edit, if there is room for it right now.
    pub(super) fn room(&self, address: &Address) -> Option<Leave> {
        self.room_for(address, true)
    }

    /// The same for what is no edit.
    pub(super) fn room_to_add(&self, address: &Address) -> Option<Leave> {
        self.room_for(address, false)
    }

    fn room_for(&self, address: &Address, is_edit: bool) -> Option<Leave> {
        if self.limited_until(address, is_edit).is_some() {
            return None;
        }
        let (mut leave, now) = (Leave::default(), Instant::now());
        let has_room = self.chat(address).is_none_or(|chat| leave.tries(&chat, 0, now))
            && match &self.edits {
                Some(edits) if is_edit => {
                    let unfinished = self.unfinished.load(Ordering::Relaxed);
                    leave.tries(&edits.interim, 0, now) && leave.tries(&edits.all, unfinished, now)
                }
                _ => self.account.as_ref().is_none_or(|all| leave.tries(all, kept(all), now)),
            };
        if has_room {
            return Some(leave);
        }
        leave.give_back();
        None
    }

    /// The leave to show the typing indicator, if there is room for it right now.
    pub(super) fn room_to_type(&self, address: &Address) -> Option<Leave> {
        let mut leave = Leave::default();
        if !self.typing_is_a_write {
            return Some(leave);
        }
        let is_limited = self.limited_until(address, false).is_some();
        let mut all = self.account.iter();
        let has_room = !is_limited && all.all(|all| leave.tries(all, kept(all), Instant::now()));
        has_room.then_some(leave)
    }

    /// Takes note, until this is dropped, of an answer that may have to be edited once more.
    pub(super) fn unfinished(&self) -> Unfinished<'_> {
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        Unfinished(&self.unfinished)
    }

    /// Remembers that the platform asked us to wait.
    pub(super) fn limit(&self, address: &Address, scope: LimitScope, wait: Duration) {
        let who = match scope {
            LimitScope::Chat => Limited::Chat(key(address)),
            LimitScope::Edits => Limited::Edits,
            LimitScope::Account => Limited::Account,
        };
        let until = Instant::now() + wait.min(LONGEST_WAIT);
        let mut limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        limited.retain(|_, until| *until > Instant::now());
        let known = limited.entry(who).or_insert(until);
        *known = (*known).max(until);
    }

    fn limited_until(&self, address: &Address, is_edit: bool) -> Option<Instant> {
        let limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        if limited.is_empty() {
            return None;
        }
        let of_edits = limited.get(&Limited::Edits).filter(|_| is_edit);
        let of_chat = limited.get(&Limited::Chat(key(address)));
        let until = limited.get(&Limited::Account).max(of_edits).max(of_chat).copied();
        until.filter(|until| *until > Instant::now())
    }

    /// Forgets the chats at rest, now and then.
    fn tidy(&self) {
        if self.writes.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1
            && let Some(chats) = &self.chats
        {
            chats.forget_those_at_rest(Instant::now());
        }
    }

    fn chat(&self, address: &Address) -> Option<Arc<Window>> {
        self.chats.as_ref().map(|chats| chats.window(address))
    }

    /// What all chats share for this kind of write.
    fn shared(&self, is_edit: bool) -> Option<&Arc<Window>> {
        match &self.edits {
            Some(edits) if is_edit => Some(&edits.all),
            _ => self.account.as_ref(),
        }
    }
}

impl Edits {
    fn new(rate: Rate) -> Self {
        let at_once = NonZeroU32::new(EDITS_AT_ONCE).unwrap_or(NonZeroU32::MIN).min(rate.most);
        let within = rate.within * at_once.get() / rate.most.get();
        Self { all: Window::new(rate), interim: Window::new(Rate { most: at_once, within }) }
    }
}

impl Chats {
    fn window(&self, address: &Address) -> Arc<Window> {
        let within = if address.is_direct() { self.direct_interval } else { self.group_interval };
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Window::new(Rate { most: NonZeroU32::MIN, within });
        Arc::clone(windows.entry(key(address)).or_insert_with(new))
    }

    fn forget_those_at_rest(&self, now: Instant) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has one in hand is about to take a slot of it.
        windows.retain(|_, window| Arc::strong_count(window) > 1 || !window.is_at_rest(now));
        windows.shrink_to_fit();
    }
}

/// How much of what all chats share is kept for what has to be written.
fn kept(window: &Window) -> usize {
    window.most().div_ceil(KEPT)
}

/// The leave to make one write, which has been answered when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Leave {
    slots: Vec<Slot>,
}

impl Leave {
    /// Adds a slot, if there is one and `keep` others are left.
    fn tries(&mut self, window: &Arc<Window>, keep: usize, now: Instant) -> bool {
        let slot = window.try_take(keep, now);
        let has_slot = slot.is_some();
        self.slots.extend(slot);
        has_slot
    }

    /// Gives everything back.
    fn give_back(self) {
        self.slots.into_iter().for_each(Slot::unused);
    }
}

/// One answer that may have to be edited once more, until it is dropped.
pub(super) struct Unfinished<'a>(&'a AtomicUsize);

impl Drop for Unfinished<'_> {
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

    use futures_util::poll;
    use tokio::time::Instant;

    use super::{Pacer, Urgency};
    use crate::channels::LimitScope;
    use crate::domain::{Address, AddressKind, Capabilities, Growth, Platform, Rate};

    const SECOND: Duration = Duration::from_secs(1);
    const TICK: Duration = Duration::from_millis(20);

    /// A platform like Slack, but for what is said to groups.
    const CAPABILITIES: Capabilities = Capabilities {
        text_limit: 4_000,
        length: str::len,
        direct_interval: TICK,
        group_interval: SECOND,
        writes: Some(Rate::per_minute(NonZeroU32::new(200).unwrap())),
        edits: Some(Rate::per_minute(NonZeroU32::new(10).unwrap())),
        typing_lasts: Duration::MAX,
        typing_is_a_write: false,
        idempotent_for: Duration::ZERO,
        has_one_place_for_a_command: false,
        takes_files: false,
        growth: Growth::Replaced,
    };

    /// A platform like Discord: edits are writes, and typing too.
    const WRITES_ONLY: Capabilities = Capabilities {
        writes: Some(Rate::per_minute(NonZeroU32::new(8).unwrap())),
        edits: None,
        typing_is_a_write: true,
        ..CAPABILITIES
    };

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

    fn interim(pacer: &Pacer, chats: std::ops::Range<usize>) -> usize {
        chats.filter(|number| pacer.room(&direct(*number)).is_some()).count()
    }

    #[test]
    fn threads_of_one_chat_share_its_pace_and_take_nothing_that_does_not_leave() {
        let pacer = Pacer::new(&CAPABILITIES);
        let left = (0..20).filter(|number| pacer.room(&thread(*number)).is_some()).count();
        assert_eq!(left, 1);
        assert_eq!(interim(&pacer, 0..9), 3, "and leaves others theirs: four at once");
    }

    #[tokio::test]
    async fn each_answer_that_comes_keeps_an_edit_where_they_are_scarce() {
        let pacer = Pacer::new(&CAPABILITIES);
        let answers: Vec<_> = (0..8).map(|_| pacer.unfinished()).collect();
        assert_eq!(interim(&pacer, 0..9), 2, "two of ten are left");
        for number in 10..18 {
            drop(pacer.wait_to_edit(&direct(number), Urgency::Final).await);
        }
        drop(answers);
        assert_eq!(interim(&pacer, 20..29), 0);
    }

    #[tokio::test]
    async fn posts_take_no_edits_and_edits_no_posts() {
        let pacer = Pacer::new(&CAPABILITIES);
        for number in 0..10 {
            drop(pacer.wait_to_edit(&direct(number), Urgency::Final).await);
        }
        let eleventh = direct(11);
        let edit = pacer.wait_to_edit(&eleventh, Urgency::Final);
        tokio::pin!(edit);
        assert!(poll!(&mut edit).is_pending());
        for number in 20..40 {
            drop(pacer.wait(&direct(number), Urgency::First).await);
        }
    }

    #[tokio::test]
    async fn interim_texts_leave_room_for_what_has_to_be_written() {
        let pacer = Pacer::new(&WRITES_ONLY);
        assert_eq!(interim(&pacer, 0..9), 6, "a quarter is kept");
        assert!(pacer.room_to_type(&direct(10)).is_none());
        for number in 11..13 {
            drop(pacer.wait(&direct(number), Urgency::First).await);
        }
        let late = direct(13);
        let wait = pacer.wait(&late, Urgency::Final);
        tokio::pin!(wait);
        assert!(poll!(&mut wait).is_pending());
    }

    #[tokio::test]
    async fn writes_to_one_chat_are_apart() {
        let (pacer, began) = (Pacer::new(&CAPABILITIES), Instant::now());
        for _ in 0..3 {
            drop(pacer.wait(&direct(0), Urgency::Final).await);
        }
        assert!(began.elapsed() >= TICK * 2, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn what_a_platform_asks_for_holds_the_chat_or_all_edits_or_all_of_the_account() {
        let (pacer, wait) = (Pacer::new(&CAPABILITIES), TICK * 3);
        pacer.limit(&direct(0), LimitScope::Chat, SECOND * 60);
        assert!(pacer.room(&direct(0)).is_none() && pacer.room(&direct(1)).is_some());
        pacer.limit(&direct(1), LimitScope::Edits, SECOND * 60);
        assert!(pacer.room(&direct(2)).is_none());
        drop(pacer.wait(&direct(2), Urgency::First).await);
        let began = Instant::now();
        pacer.limit(&direct(1), LimitScope::Account, wait);
        drop(pacer.wait(&direct(3), Urgency::First).await);
        assert!(began.elapsed() >= wait, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn who_waits_hears_what_the_platform_has_asked_others_for_meanwhile() {
        let most = NonZeroU32::MIN;
        let writes = Some(Rate { most, within: TICK });
        let (pacer, chat) = (Pacer::new(&Capabilities { writes, ..CAPABILITIES }), direct(1));
        let taken = pacer.wait(&direct(0), Urgency::First).await;
        let waits = pacer.wait(&chat, Urgency::First);
        tokio::pin!(waits);
        assert!(poll!(&mut waits).is_pending());
        let (began, asked) = (Instant::now(), TICK * 4);
        pacer.limit(&direct(0), LimitScope::Account, asked);
        drop(taken);
        waits.await;
        assert!(began.elapsed() >= asked, "{:?}", began.elapsed());
    }
}
