//! What waits for a worker: a queue for each kind of work, and who works where.
//!
//! Kinds take turns, and so do the lanes of one kind, in the order in which they
//! began to wait. Each kind has room of its own, so that a platform which does
//! not answer holds back nobody but itself.
//!
//! What was in flight when a process ended without warning is a suspect, and is
//! worked on one at a time. What was in flight at two such ends is tried alone,
//! for a while after the start, so that an innocent is not taken for the culprit.

use std::collections::{HashMap, HashSet, VecDeque};

use uuid::Uuid;

use crate::domain::{LaneId, Platform};
use crate::store::{Accepted, Recovered};

/// How much of one kind is remembered as waiting; beyond, the database is asked again.
const QUEUE: usize = 10_000;

/// What shares room with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// What does not wait in a lane.
    Control(Platform),
    /// What was in flight when a process ended without warning: one at a time,
    /// so that the one which ends processes is found.
    Suspect(Platform),
    /// What was in flight at two such ends in a row: nothing else is begun meanwhile.
    Alone,
    /// The lanes of a platform.
    Lanes(Platform),
}

/// What waits, and what is being worked on.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    queues: HashMap<Kind, VecDeque<Accepted>>,
    /// The kinds in which something waits, the next one first.
    order: VecDeque<Kind>,
    /// Lanes in a queue.
    queued: HashSet<LaneId>,
    running: HashSet<LaneId>,
    /// Running lanes in which more came meanwhile.
    again: HashSet<LaneId>,
    controls: usize,
    /// Lanes and messages that were in flight when a process ended.
    suspects: HashSet<Uuid>,
    /// Those of them that are to be tried alone.
    alone: HashSet<Uuid>,
    /// The one that is being tried alone.
    on_trial: Option<Uuid>,
    /// Platforms on which people can be answered.
    open: HashSet<Platform>,
    /// Those of them of which more may wait in the database than here.
    unread: HashSet<Platform>,
}

impl Waiting {
    /// Notes what was in flight when a process ended.
    pub(super) fn suspect(&mut self, recovered: &Recovered) {
        self.suspects.extend(recovered.lanes.iter().map(|lane| lane.0));
        self.suspects.extend(recovered.controls.iter().map(|id| id.0));
        self.alone.extend(&recovered.again);
    }

    /// Lets others begin, whatever is still on trial.
    pub(super) fn end_trials(&mut self) {
        self.on_trial = None;
        self.alone.clear();
        self.order.retain(|kind| *kind != Kind::Alone);
        for accepted in self.queues.remove(&Kind::Alone).unwrap_or_default() {
            accepted.lane.map(|lane| self.queued.remove(&lane));
            self.push(accepted);
        }
    }

    /// Notes that a suspect has come to its end.
    pub(super) fn acquit(&mut self, accepted: Accepted) {
        self.suspects.remove(&key(accepted));
        self.alone.remove(&key(accepted));
    }

    /// Notes that people can be answered on a platform, of which some may wait already.
    pub(super) fn open(&mut self, platform: Platform) {
        self.open.insert(platform);
        self.unread.insert(platform);
    }

    /// Notes that more may wait in the database.
    pub(super) fn look_again(&mut self) {
        self.unread.extend(&self.open);
    }

    /// A platform of which the database has to be asked, because its queue has run dry.
    pub(super) fn unread(&self) -> Option<Platform> {
        let is_dry = |platform: &Platform| !self.queues.contains_key(&Kind::Lanes(*platform));
        self.unread.iter().copied().find(is_dry)
    }

    /// Takes in what the database said of a platform.
    pub(super) fn read(&mut self, platform: Platform, found: Vec<Accepted>) {
        self.unread.remove(&platform);
        found.into_iter().for_each(|accepted| self.push(accepted));
    }

    /// How much the database may be asked for at once.
    pub(super) const fn limit() -> u64 {
        // One more than there is room for, so that it is noticed when there is more.
        QUEUE as u64 + 1
    }

    /// Notes that something waits.
    pub(super) fn push(&mut self, accepted: Accepted) {
        if let Some(lane) = accepted.lane {
            if self.running.contains(&lane) {
                self.again.insert(lane);
                return;
            }
            if self.queued.contains(&lane) {
                return;
            }
        }
        let kind = self.kind(accepted);
        let queue = self.queues.entry(kind).or_default();
        if queue.len() >= QUEUE {
            self.unread.insert(accepted.platform);
            return;
        }
        if queue.is_empty() {
            self.order.push_back(kind);
        }
        queue.push_back(accepted);
        self.queued.extend(accepted.lane);
    }

    /// Takes the first piece of work for which there is room.
    pub(super) fn take<P>(&mut self, room: impl Fn(Kind) -> Option<P>) -> Option<(Accepted, P)> {
        let mut kinds = self.order.iter().enumerate().filter(|(_, kind)| self.may_begin(**kind));
        let (at, permit) = kinds.find_map(|(at, kind)| Some((at, room(*kind)?)))?;
        let kind = self.order.remove(at)?;
        let queue = self.queues.get_mut(&kind)?;
        let accepted = queue.pop_front()?;
        if queue.is_empty() {
            self.queues.remove(&kind);
        } else {
            self.order.push_back(kind);
        }
        match accepted.lane {
            Some(lane) => {
                self.queued.remove(&lane);
                self.running.insert(lane);
            }
            None => self.controls += 1,
        }
        if kind == Kind::Alone {
            self.on_trial = Some(key(accepted));
        }
        Some((accepted, permit))
    }

    /// Whether a kind need not wait for what is tried alone, or for others to be tried alone itself.
    fn may_begin(&self, kind: Kind) -> bool {
        match kind {
            Kind::Alone => self.running.is_empty() && self.controls == 0,
            Kind::Control(_) | Kind::Suspect(_) | Kind::Lanes(_) => {
                self.on_trial.is_none() && !self.queues.contains_key(&Kind::Alone)
            }
        }
    }

    /// Notes that the work is over; with `has_more`, there is more of it.
    pub(super) fn leave(&mut self, accepted: Accepted, has_more: bool) {
        let mut goes_on = has_more;
        self.on_trial.take_if(|tried| *tried == key(accepted));
        match accepted.lane {
            Some(lane) => {
                self.running.remove(&lane);
                goes_on |= self.again.remove(&lane);
            }
            None => self.controls -= 1,
        }
        if goes_on {
            self.push(accepted);
        }
    }

    /// How much is known to wait or is being worked on.
    pub(super) fn count(&self) -> usize {
        let queued: usize = self.queues.values().map(VecDeque::len).sum();
        queued + self.running.len() + self.controls
    }

    fn kind(&self, accepted: Accepted) -> Kind {
        if self.alone.contains(&key(accepted)) {
            Kind::Alone
        } else if self.suspects.contains(&key(accepted)) {
            Kind::Suspect(accepted.platform)
        } else if accepted.lane.is_none() {
            Kind::Control(accepted.platform)
        } else {
            Kind::Lanes(accepted.platform)
        }
    }
}

/// What a suspect is known by: its lane, or itself where it has none.
fn key(accepted: Accepted) -> Uuid {
    accepted.lane.map_or(accepted.id.0, |lane| lane.0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Kind, Waiting};
    use crate::domain::{InboxId, LaneId, Platform};
    use crate::store::{Accepted, Recovered};

    fn talk(number: u128, platform: Platform) -> Accepted {
        let id = Uuid::from_u128(number);
        Accepted { id: InboxId(id), platform, lane: Some(LaneId(id)) }
    }

    fn taken(waiting: &mut Waiting, room: impl Fn(Kind) -> bool) -> Vec<u128> {
        let mut taken = Vec::new();
        while let Some((accepted, ())) = waiting.take(|kind| room(kind).then_some(())) {
            taken.push(accepted.id.0.as_u128());
        }
        taken
    }

    #[test]
    fn platforms_take_turns_and_one_without_room_holds_back_only_itself() {
        let mut waiting = Waiting::default();
        for number in [1, 2, 3] {
            waiting.push(talk(number, Platform::Telegram));
        }
        waiting.push(talk(4, Platform::Slack));
        waiting.push(talk(5, Platform::Slack));

        let no_slack = |kind| kind != Kind::Lanes(Platform::Slack);
        assert_eq!(taken(&mut waiting, no_slack), [1, 2, 3]);
        waiting.push(talk(6, Platform::Telegram));
        assert_eq!(taken(&mut waiting, |_| true), [4, 6, 5]);
    }

    #[test]
    fn a_lane_waits_once_and_again_when_more_came_while_it_was_worked_on() {
        let mut waiting = Waiting::default();
        let lane = talk(1, Platform::Discord);
        waiting.push(lane);
        waiting.push(lane);
        assert_eq!(taken(&mut waiting, |_| true), [1]);
        waiting.push(lane);
        assert_eq!(taken(&mut waiting, |_| true), [0; 0]);
        waiting.leave(lane, false);
        assert_eq!(taken(&mut waiting, |_| true), [1]);
        waiting.leave(lane, false);
        assert_eq!((taken(&mut waiting, |_| true), waiting.count()), (vec![], 0));
    }

    #[test]
    fn suspects_have_room_of_their_own_until_they_are_acquitted() {
        let mut waiting = Waiting::default();
        let lanes = [1, 2].map(|number| LaneId(Uuid::from_u128(number)));
        waiting.suspect(&Recovered { lanes: lanes.to_vec(), ..Recovered::default() });
        for number in [1, 2, 3] {
            waiting.push(talk(number, Platform::Telegram));
        }

        let is_none = |kind| kind != Kind::Suspect(Platform::Telegram);
        assert_eq!(taken(&mut waiting, is_none), [3]);
        let (first, ()) = waiting.take(|_| Some(())).unwrap();
        waiting.acquit(first);
        waiting.leave(first, true);
        assert_eq!(taken(&mut waiting, is_none), [1]);
    }

    #[test]
    fn who_was_there_twice_is_tried_alone_and_not_for_ever() {
        let mut waiting = Waiting::default();
        let lanes = [1, 2].map(|number| LaneId(Uuid::from_u128(number)));
        let again = lanes.iter().map(|lane| lane.0).collect();
        waiting.push(talk(4, Platform::Slack));
        let (running, ()) = waiting.take(|_| Some(())).unwrap();
        waiting.suspect(&Recovered { lanes: lanes.to_vec(), again, ..Recovered::default() });
        for number in [1, 2, 3] {
            waiting.push(talk(number, Platform::Telegram));
        }

        assert_eq!(taken(&mut waiting, |_| true), [0; 0], "something else runs");
        waiting.leave(running, false);
        assert_eq!(taken(&mut waiting, |_| true), [1], "and nothing beside it");
        waiting.acquit(talk(1, Platform::Telegram));
        waiting.leave(talk(1, Platform::Telegram), false);
        assert_eq!(taken(&mut waiting, |_| true), [2]);
        waiting.push(talk(1, Platform::Telegram));
        waiting.end_trials();
        assert_eq!(taken(&mut waiting, |_| true), [3, 1]);
    }

    #[test]
    fn what_waits_on_a_platform_is_asked_for_once_people_can_be_answered_there() {
        let mut waiting = Waiting::default();
        waiting.look_again();
        assert_eq!(waiting.unread(), None);
        waiting.open(Platform::Slack);
        assert_eq!(waiting.unread(), Some(Platform::Slack));
        waiting.read(Platform::Slack, Vec::new());
        assert_eq!(waiting.unread(), None);
        waiting.look_again();
        assert_eq!(waiting.unread(), Some(Platform::Slack));
    }

    #[test]
    fn what_has_no_room_here_is_looked_up_when_its_queue_has_run_dry() {
        let mut waiting = Waiting::default();
        for number in 0..=10_000 {
            waiting.push(talk(number, Platform::Telegram));
        }
        assert_eq!(waiting.unread(), None);
        assert_eq!(taken(&mut waiting, |_| true).len(), 10_000);
        assert_eq!(waiting.unread(), Some(Platform::Telegram));
        waiting.read(Platform::Telegram, vec![talk(10_000, Platform::Telegram)]);
        assert_eq!((waiting.unread(), taken(&mut waiting, |_| true)), (None, vec![10_000]));
    }
}
