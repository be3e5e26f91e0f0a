//! Who works on what: one turn of a lane at a time, many lanes side by side.
//!
//! Lanes take turns in the order in which they began to wait, so a busy one
//! does not hold back the others. What waits is in the inbox; the queue in
//! memory is a bounded hint, and the database is asked when it ran over.

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::turns::{Progress, Turns};
use crate::domain::{Clock, LaneId};
use crate::store::{Accepted, ClaimedTurn, Store, StoreError};
use crate::telemetry::{Tasks, chain};

/// How many lanes are remembered as waiting; beyond, the database is asked again.
const QUEUE: usize = 10_000;

/// How many commands are worked on beside the lanes.
const CONTROLS: usize = 64;

/// How long to wait before asking a database again that did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Gives out the work.
pub(crate) struct Dispatch {
    store: Store,
    turns: Turns,
    clock: Arc<dyn Clock>,
    waiting: Mutex<Waiting>,
    wake: Notify,
    lanes: Arc<Semaphore>,
    controls: Arc<Semaphore>,
    /// How much waits or is being worked on.
    busy: watch::Sender<usize>,
    /// Fires when running turns are to be given back.
    give_back: CancellationToken,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Accepted>,
    /// Lanes in the queue.
    queued: HashSet<LaneId>,
    running: HashSet<LaneId>,
    /// Running lanes in which more came meanwhile.
    again: HashSet<LaneId>,
    controls: usize,
    /// Whether there may be more in the database than in the queue.
    has_more: bool,
}

impl Waiting {
    fn push(&mut self, accepted: Accepted) {
        if self.queue.len() >= QUEUE {
            self.has_more = true;
            return;
        }
        match accepted.lane {
            None => self.queue.push_front(accepted),
            Some(lane) if self.running.contains(&lane) => {
                self.again.insert(lane);
            }
            Some(lane) => {
                if self.queued.insert(lane) {
                    self.queue.push_back(accepted);
                }
            }
        }
    }

    fn count(&self) -> usize {
        self.queue.len() + self.running.len() + self.controls + usize::from(self.has_more)
    }
}

impl Dispatch {
    pub(crate) fn new(
        store: Store,
        turns: Turns,
        concurrent: usize,
        busy: watch::Sender<usize>,
        give_back: CancellationToken,
    ) -> Self {
        let clock = Arc::clone(&turns.clock);
        Self {
            store,
            turns,
            clock,
            waiting: Mutex::default(),
            wake: Notify::new(),
            lanes: Arc::new(Semaphore::new(concurrent)),
            controls: Arc::new(Semaphore::new(CONTROLS)),
            busy,
            give_back,
        }
    }

    /// Says that messages wait.
    pub(crate) fn enqueue(&self, accepted: &[Accepted]) {
        let mut waiting = self.lock();
        accepted.iter().for_each(|accepted| waiting.push(*accepted));
        self.tell(waiting);
    }

    /// Says that more may wait than anybody has told of.
    pub(crate) fn look_again(&self) {
        let mut waiting = self.lock();
        waiting.has_more = true;
        self.tell(waiting);
    }

    /// Takes up what an earlier process left, and gives back how many rows that were.
    pub(crate) async fn recover(&self) -> Result<u64, StoreError> {
        let orphans = self.store.recover().await?;
        self.look_again();
        Ok(orphans)
    }

    /// Works until `shutdown` fires; what runs then goes on in `tasks`.
    pub(crate) async fn run(self: Arc<Self>, tasks: Tasks, shutdown: CancellationToken) {
        loop {
            let next = tokio::select! {
                () = shutdown.cancelled() => return,
                next = self.next() => next,
            };
            let (accepted, permit) = next;
            let dispatch = Arc::clone(&self);
            tasks.spawn(async move { dispatch.work(accepted, permit).await });
        }
    }

    /// Waits for work and for room to do it.
    async fn next(&self) -> (Accepted, OwnedSemaphorePermit) {
        loop {
            let wake = self.wake.notified();
            if self.needs_sweep() {
                self.sweep().await;
            }
            let room = |semaphore: &Arc<Semaphore>| Arc::clone(semaphore).try_acquire_owned().ok();
            if let Some(found) = self.take(room) {
                return found;
            }
            wake.await;
        }
    }

    /// Takes the first piece of work for which there is room.
    fn take(
        &self,
        room: impl Fn(&Arc<Semaphore>) -> Option<OwnedSemaphorePermit>,
    ) -> Option<(Accepted, OwnedSemaphorePermit)> {
        let mut waiting = self.lock();
        let control = waiting.queue.front().is_some_and(|accepted| accepted.lane.is_none());
        let mut found = None;
        if control {
            found = room(&self.controls).and_then(|permit| Some((waiting.queue.pop_front()?, permit)));
        }
        if found.is_none() {
            let at = waiting.queue.iter().position(|accepted| accepted.lane.is_some())?;
            found = room(&self.lanes).and_then(|permit| Some((waiting.queue.remove(at)?, permit)));
        }
        if let Some((accepted, _)) = &found {
            match accepted.lane {
                Some(lane) => {
                    waiting.queued.remove(&lane);
                    waiting.running.insert(lane);
                }
                None => waiting.controls += 1,
            }
        }
        found
    }

    fn needs_sweep(&self) -> bool {
        let waiting = self.lock();
        waiting.has_more && waiting.queue.is_empty()
    }

    /// Asks the database what waits.
    async fn sweep(&self) {
        let found = self.store.waiting(QUEUE as u64).await;
        match found {
            Ok(found) => {
                let mut waiting = self.lock();
                waiting.has_more = found.len() >= QUEUE;
                found.into_iter().for_each(|accepted| waiting.push(accepted));
                self.tell(waiting);
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "could not ask what waits, trying again");
                sleep(PAUSE).await;
                self.wake.notify_one();
            }
        }
    }

    async fn work(&self, accepted: Accepted, permit: OwnedSemaphorePermit) {
        let claimed = match accepted.lane {
            Some(lane) => self.store.claim(lane, self.clock.now()).await,
            None => self.store.claim_one(accepted.id, self.clock.now()).await,
        };
        let has_more = match claimed {
            Ok(Some(turn)) => self.see_through(&turn).await,
            Ok(None) => false,
            Err(error) => {
                tracing::error!(error = %chain(&error), "could not take a waiting message, trying again");
                sleep(PAUSE).await;
                true
            }
        };
        drop(permit);
        self.leave(accepted, has_more);
    }

    /// Runs a turn to its end; returns whether more waits in its lane.
    async fn see_through(&self, turn: &ClaimedTurn) -> bool {
        let progress = Progress::begin();
        let running = AssertUnwindSafe(self.turns.run(turn, &progress)).catch_unwind();
        tokio::select! {
            biased;
            ended = running => {
                if ended.is_err() {
                    tracing::error!(turn.id = %turn.turn, attempts = turn.attempts, "a turn panicked");
                    self.release(turn, false).await;
                    return true;
                }
                turn.has_more
            }
            () = self.give_back.cancelled() => {
                // Of what somebody has seen a part, the whole comes as a second copy, and has to say so.
                self.release(turn, !progress.is_seen.load(Ordering::Relaxed)).await;
                false
            }
        }
    }

    /// Puts a turn back; `is_untried` takes the attempt back as well.
    async fn release(&self, turn: &ClaimedTurn, is_untried: bool) {
        if let Err(error) = self.store.give_back(turn, is_untried).await {
            tracing::error!(turn.id = %turn.turn, error = %chain(&error), "could not put a turn back; the next start will");
        }
    }

    fn leave(&self, accepted: Accepted, has_more: bool) {
        let mut waiting = self.lock();
        match accepted.lane {
            Some(lane) => {
                waiting.running.remove(&lane);
                if waiting.again.remove(&lane) || has_more {
                    waiting.push(accepted);
                }
            }
            None => {
                waiting.controls -= 1;
                if has_more {
                    waiting.push(accepted);
                }
            }
        }
        self.tell(waiting);
    }

    fn tell(&self, waiting: MutexGuard<'_, Waiting>) {
        self.busy.send_replace(waiting.count());
        drop(waiting);
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
