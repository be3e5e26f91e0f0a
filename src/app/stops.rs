//! The answers that are being written, and how to end one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::domain::{LaneId, Stop, Stopping, TurnId, UserId};
use crate::store::ClaimedTurn;

/// The running answers, by lane; a lane has at most one.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    running: Mutex<HashMap<LaneId, Running>>,
}

/// A running answer.
#[derive(Debug)]
struct Running {
    token: CancellationToken,
    /// The turn that gives it.
    turn: TurnId,
    /// The turn that gave the first answer to the same question.
    first: TurnId,
    /// Whoever has asked.
    user: UserId,
}

impl Stops {
    /// Lets the answer that a turn gives in its lane be stopped for as long as the result lives.
    pub(crate) fn enter(&self, of: &ClaimedTurn) -> Stoppable<'_> {
        let (lane, turn, token) = (of.lane, of.turn, CancellationToken::new());
        let running = Running { token: token.clone(), turn, first: turn, user: of.user.id };
        self.lock().insert(lane, running);
        Stoppable { stops: self, lane, token }
    }

    /// Ends the answer to what a turn has asked, whichever turn gives it.
    pub(crate) fn end(&self, asked: TurnId) {
        let running = self.lock();
        let answers = running.values().filter(|running| running.turn == asked || running.first == asked);
        answers.for_each(|running| running.token.cancel());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<LaneId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stop for Stops {
    fn stop(&self, lane: LaneId) -> Option<TurnId> {
        let running = self.lock();
        let answer = running.get(&lane)?;
        answer.token.cancel();
        Some(answer.turn)
    }

    fn stop_turn(&self, lane: LaneId, turn: TurnId, by: UserId) -> Stopping {
        let running = self.lock();
        match running.get(&lane).filter(|running| running.turn == turn) {
            Some(answer) if answer.user == by => {
                answer.token.cancel();
                Stopping::Stopped
            }
            Some(_) => Stopping::NotTheirs,
            None => Stopping::Over,
        }
    }
}

/// An answer that can be stopped.
pub(crate) struct Stoppable<'a> {
    stops: &'a Stops,
    lane: LaneId,
    token: CancellationToken,
}

impl Stoppable<'_> {
    /// Fires when somebody asks to stop.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Says that it is another answer to what `first` has asked.
    pub(crate) fn is_another_for(&self, first: TurnId) {
        if let Some(running) = self.stops.lock().get_mut(&self.lane) {
            running.first = first;
        }
    }
}

impl Drop for Stoppable<'_> {
    fn drop(&mut self) {
        self.stops.lock().remove(&self.lane);
    }
}
