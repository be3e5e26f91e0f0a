//! Ending an answer that is being written.

use crate::domain::LaneId;

/// Ends answers; what runs them implements it, what people say reaches it.
pub trait Stop: Send + Sync {
    /// Ends the answer that is being written in this lane; returns whether there was one.
    fn stop(&self, lane: LaneId) -> bool;
}
