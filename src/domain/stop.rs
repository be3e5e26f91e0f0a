//! Ending an answer that is being written.

use crate::domain::{LaneId, TurnId, UserId};

/// Ends answers; what runs them implements it, what people say reaches it.
pub trait Stop: Send + Sync {
    /// Ends the answer that is being written in this lane; returns the turn that gives it.
    fn stop(&self, lane: LaneId) -> Option<TurnId>;

    /// Ends the answer that this turn gives there, for somebody who may.
    fn stop_turn(&self, lane: LaneId, turn: TurnId, by: UserId) -> Stopping;
}

/// What came of stopping one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    Stopped,
    /// Somebody else has asked.
    NotTheirs,
    /// It is not being written any more.
    Over,
}
