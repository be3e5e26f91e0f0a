//! What turns have begun beside themselves: it waits in the inbox, and whoever gives out
//! the work is told of it here.

use std::sync::{Mutex, PoisonError};

use crate::store::Accepted;

/// What nobody has told of yet; a turn begins one thing at most, so there is never much.
#[derive(Debug, Default)]
pub(crate) struct Begun(Mutex<Vec<Accepted>>);

impl Begun {
    /// Notes what waits in the inbox now.
    pub(super) fn note(&self, accepted: Option<Accepted>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(accepted);
    }

    /// Takes what was begun since the last time.
    pub(crate) fn take(&self) -> Vec<Accepted> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
