//! The only way to start a task: as part of a group that shutdown waits for.

use std::future::Future;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A group of tasks that are told to end together and waited for together.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

impl Tasks {
    /// Starts a task in the group.
    #[expect(clippy::disallowed_methods, reason = "this is the group through which everybody spawns")]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(self.tracker.track_future(task))
    }

    /// The token that fires when the group is told to end.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// A group of its own that is told to end with this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { tracker: TaskTracker::new(), shutdown: self.shutdown.child_token() }
    }

    /// How many tasks are at work.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tracker.len()
    }

    /// Tells all tasks to end, and waits until they have.
    pub async fn end(&self) {
        self.shutdown.cancel();
        self.finished().await;
    }

    /// Waits until all tasks have ended by themselves.
    pub async fn finished(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
