//! What turns have begun beside themselves: it waits in the inbox, and whoever gives out
//! the work is told of it here.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::store::Accepted;

/// What nobody has told of yet; a turn begins one thing at most, so there is never much.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    kept: Mutex<Vec<Accepted>>,
    noted: Arc<Notify>,
}

impl Begun {
    /// Notes what waits in the inbox now.
    pub(super) fn note(&self, accepted: Accepted) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(accepted);
        self.noted.notify_one();
    }

    /// Fires when something is noted.
    pub(crate) fn noted(&self) -> Arc<Notify> {
        Arc::clone(&self.noted)
    }

    /// Takes what was begun since the last time.
    pub(crate) fn take(&self) -> Vec<Accepted> {
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
