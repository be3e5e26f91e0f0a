//! State that tests change, look at, and wait for.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;

/// How long a test waits for something that should happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Shared state with a signal whenever it may have changed.
#[derive(Debug)]
pub struct Observed<T> {
    state: Arc<Mutex<T>>,
    changed: watch::Sender<u64>,
}

impl<T> Clone for Observed<T> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), changed: self.changed.clone() }
    }
}

impl<T> Observed<T> {
    pub fn new(state: T) -> Self {
        Self { state: Arc::new(Mutex::new(state)), changed: watch::Sender::new(0) }
    }

    /// Reads the state as it is now.
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the state and wakes everybody who waits for it.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.send_modify(|version| *version += 1);
        result
    }

    /// Waits until `look` finds something; `None` when [`PATIENCE`] is over.
    pub async fn wait_for<R>(&self, look: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        tokio::time::timeout(PATIENCE, self.wait(look)).await.ok()
    }

    /// Waits, without a limit, until `look` finds something.
    pub async fn wait<R>(&self, mut look: impl FnMut(&mut T) -> Option<R>) -> R {
        let mut changes = self.changed.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(found) = look(&mut self.lock()) {
                return found;
            }
            changes.changed().await.expect("the state outlives those who wait for it");
        }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
