//! The answers that are being written, and how to end one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::domain::{LaneId, Stop};

/// The running answers, by lane; a lane has at most one.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    running: Mutex<HashMap<LaneId, CancellationToken>>,
}

impl Stops {
    /// Lets the answer in this lane be stopped for as long as the result lives.
    pub(crate) fn enter(&self, lane: LaneId) -> Stoppable<'_> {
        let token = CancellationToken::new();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(lane, token.clone());
        Stoppable { stops: self, lane, token }
    }
}

impl Stop for Stops {
    fn stop(&self, lane: LaneId) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let token = running.get(&lane);
        if let Some(token) = token {
            token.cancel();
        }
        token.is_some()
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
}

impl Drop for Stoppable<'_> {
    fn drop(&mut self) {
        self.stops.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.lane);
    }
}
