//! Who works on what: one turn of a lane at a time, many lanes side by side.
//!
//! What waits is in the inbox; the queues in memory are bounded hints, and the
//! database is asked when one of them ran over, when something has changed
//! there, and now and then in any case.

mod orphans;
mod waiting;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::turns::{Put, Turns};
use crate::domain::{Clock, Platform};
use crate::store::{Accepted, ClaimedTurn, Store, StoreError};
use crate::telemetry::{KillPoint, Tasks, chain, kill_point};

use orphans::Orphans;
use waiting::{Kind, Waiting};

/// How many commands of a platform are worked on beside the lanes.
const CONTROLS: usize = 64;

/// How long to wait before asking a database again that did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How often the database is asked whether something has changed in it.
const LOOK: Duration = Duration::from_secs(1);

/// After how many looks what waits is asked for in any case.
const LOOKS: u32 = 15;

/// After how many looks it is asked for what nobody works on any more.
const ORPHAN_LOOKS: u32 = 5;

/// After how many looks nobody waits any more for what is tried alone.
const TRIAL_LOOKS: u32 = 60;

/// Gives out the work.
pub(crate) struct Dispatch {
    store: Store,
    turns: Turns,
    clock: Arc<dyn Clock>,
    waiting: Mutex<Waiting>,
    orphans: Orphans,
    wake: Arc<Notify>,
    rooms: HashMap<Kind, Arc<Semaphore>>,
    /// How much waits or is being worked on.
    busy: watch::Sender<usize>,
    /// Fires when running turns are to be given back.
    give_back: CancellationToken,
}

impl Dispatch {
    /// `concurrent` turns may run at once on each platform.
    pub(crate) fn new(
        (store, turns): (Store, Turns),
        platforms: Vec<Platform>,
        concurrent: usize,
        busy: watch::Sender<usize>,
        give_back: CancellationToken,
    ) -> Self {
        let (clock, wake) = (Arc::clone(&turns.clock), turns.begun.noted());
        let of_each = |platform: &Platform| {
            let platform = *platform;
            [
                (Kind::Lanes(platform), concurrent),
                (Kind::Control(platform), CONTROLS),
                (Kind::Suspect(platform), 1),
            ]
        };
        let rooms = platforms.iter().flat_map(of_each).chain([(Kind::Alone, 1)]);
        Self {
            store,
            turns,
            clock,
            rooms: rooms.map(|(kind, room)| (kind, Arc::new(Semaphore::new(room)))).collect(),
            waiting: Mutex::default(),
            orphans: Orphans::default(),
            wake,
            busy,
            give_back,
        }
    }

    /// Begins to work on what waits on a platform; before, nobody could be answered there.
    pub(crate) async fn open(&self, platform: Platform) {
        self.lock().open(platform);
        self.sweep(platform).await;
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
        waiting.look_again();
        self.tell(waiting);
    }

    /// Takes up what an earlier process left, and gives back how many messages that were.
    pub(crate) async fn recover(&self) -> Result<usize, StoreError> {
        let recovered = self.store.recover().await?;
        let mut waiting = self.lock();
        waiting.suspect(&recovered);
        self.tell(waiting);
        Ok(recovered.count)
    }

    /// Works until `shutdown` fires; what runs then goes on in `tasks`.
    pub(crate) async fn run(self: Arc<Self>, tasks: Tasks, shutdown: CancellationToken) {
        loop {
            let (accepted, permit) = tokio::select! {
                () = shutdown.cancelled() => return,
                next = self.next() => next,
            };
            let dispatch = Arc::clone(&self);
            tasks.spawn(async move { dispatch.work(accepted, permit).await });
        }
    }

    /// Looks, until `shutdown` fires, for what came into the database without passing here.
    pub(crate) async fn look(self: Arc<Self>, shutdown: CancellationToken) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut version, mut looks, mut count) = (0, 0, 0_u32);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = ticks.tick() => looks += 1,
            }
            count = count.wrapping_add(1);
            if count.is_multiple_of(ORPHAN_LOOKS) {
                self.release_orphans().await;
            }
            if count == TRIAL_LOOKS {
                let mut waiting = self.lock();
                waiting.end_trials();
                self.tell(waiting);
            }
            let seen = match self.store.changes().await {
                Ok(seen) => seen,
                Err(error) => {
                    tracing::debug!(error = %chain(&error), "could not look for changes");
                    continue;
                }
            };
            if seen != version || looks >= LOOKS {
                (version, looks) = (seen, 0);
                self.look_again();
            }
        }
    }

    async fn release_orphans(&self) {
        match self.orphans.give_back(&self.store).await {
            Ok(0) => {}
            Ok(count) => {
                tracing::warn!(
                    count,
                    "put back {count} messages of which the database thought that they are worked on"
                );
                self.look_again();
            }
            Err(error) => {
                tracing::debug!(error = %chain(&error), "could not look for what nobody works on");
            }
        }
    }

    /// Waits for work and for room to do it.
    async fn next(&self) -> (Accepted, OwnedSemaphorePermit) {
        loop {
            let wake = self.wake.notified();
            let unread = self.lock().unread();
            if let Some(platform) = unread {
                self.sweep(platform).await;
            }
            let room = |kind| Arc::clone(self.rooms.get(&kind)?).try_acquire_owned().ok();
            let begun = self.turns.begun.take();
            let found = {
                let mut waiting = self.lock();
                begun.into_iter().for_each(|accepted| waiting.push(accepted));
                waiting.take(room)
            };
            if let Some(found) = found {
                return found;
            }
            wake.await;
        }
    }

    /// Asks the database what waits on a platform.
    async fn sweep(&self, platform: Platform) {
        match self.store.waiting(platform, Waiting::limit()).await {
            Ok(found) => {
                let mut waiting = self.lock();
                waiting.read(platform, found);
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
        kill_point(KillPoint::BeforeClaim);
        let claimed = match accepted.lane {
            Some(lane) => self.store.claim(lane, self.clock.now()).await,
            None => self.store.claim_one(accepted.id, self.clock.now()).await,
        };
        let has_more = match claimed {
            Ok(Some(turn)) => {
                kill_point(KillPoint::Claimed);
                self.orphans.hold(turn.claim, true);
                let has_more = self.see_through(&turn, accepted).await;
                self.orphans.hold(turn.claim, false);
                has_more
            }
            Ok(None) => false,
            Err(error) => {
                tracing::error!(error = %chain(&error), "could not take a waiting message, trying again");
                sleep(PAUSE).await;
                true
            }
        };
        drop(permit);
        let mut waiting = self.lock();
        waiting.leave(accepted, has_more);
        self.turns.begun.take().into_iter().for_each(|accepted| waiting.push(accepted));
        self.tell(waiting);
    }

    /// Runs a turn to its end; returns whether more waits in its lane.
    async fn see_through(&self, turn: &ClaimedTurn, accepted: Accepted) -> bool {
        let running = AssertUnwindSafe(self.turns.run(turn)).catch_unwind();
        tokio::select! {
            biased;
            ended = running => {
                let Ok(is_put_back) = ended else {
                    tracing::error!(turn.id = %turn.turn, attempts = turn.attempts, "a turn panicked");
                    self.turns.put_back(turn, Put::Tried).await;
                    return true;
                };
                if turn.is_suspect {
                    self.lock().acquit(accepted);
                }
                if is_put_back {
                    sleep(PAUSE).await;
                }
                turn.has_more || is_put_back
            }
            () = self.give_back.cancelled() => {
                self.turns.put_back(turn, Put::Untried).await;
                false
            }
        }
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
