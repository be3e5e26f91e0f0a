//! A sign of life of what everything depends on, for a supervisor.

use std::sync::Arc;

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::app::dispatch::Dispatch;
use crate::store::Store;

/// The parts without which nothing gets on: the writer and the dispatch.
pub struct Pulse {
    pub(super) store: Store,
    pub(super) dispatch: Arc<Dispatch>,
    /// The dispatch's task.
    pub(super) dispatching: AbortHandle,
    /// Fires when that task is to end.
    pub(super) ending: CancellationToken,
}

impl Pulse {
    /// Whether they turn: the dispatch lets itself be woken, and the writer takes jobs.
    ///
    /// A database that refuses to be written, or takes its time, is none of this: whoever
    /// can help there, it is not who starts us again. `/readyz` tells of it.
    #[must_use]
    pub fn is_felt(&self) -> bool {
        if self.dispatching.is_finished() && !self.ending.is_cancelled() {
            return false;
        }
        self.dispatch.enqueue(&[]);
        self.store.has_a_writer()
    }
}
