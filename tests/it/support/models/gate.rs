//! A gate that keeps answers open until a test lets them go on.

use std::time::Duration;

use tokio::sync::watch;

use super::super::observed::PATIENCE;

/// Holds streams at a delta; moving or opening it lets them go on.
///
/// An answer that is not streamed is held before its headers.
#[derive(Debug, Clone)]
pub struct Gate {
    limit: watch::Sender<Option<usize>>,
    waiting: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// Makes an open gate.
    pub fn new() -> Self {
        Self { limit: watch::Sender::new(None), waiting: watch::Sender::new(0) }
    }

    /// Makes a gate that is closed after so many deltas.
    pub fn closed_after(deltas: usize) -> Self {
        let gate = Self::new();
        gate.hold(deltas);
        gate
    }

    /// Holds streams after so many deltas; those held earlier go on until there.
    pub fn hold(&self, deltas: usize) {
        self.limit.send_replace(Some(deltas));
    }

    /// Lets all streams go on.
    pub fn release(&self) {
        self.limit.send_replace(None);
    }

    /// How many answers are held right now.
    pub fn held(&self) -> usize {
        *self.waiting.borrow()
    }

    /// Waits until at least so many answers are held.
    ///
    /// # Panics
    ///
    /// When they are not, for as long as a test has patience.
    pub async fn wait_until_held(&self, answers: usize) {
        let held = self.wait_for(PATIENCE, |waiting| waiting >= answers).await;
        assert!(held, "{answers} answers should be held, {} are", self.held());
    }

    /// Waits until no answer is held: all have gone on, or their clients have gone.
    ///
    /// # Panics
    ///
    /// When some still are, after as long as a test has patience.
    pub async fn wait_until_nobody_is_held(&self) {
        let free = self.wait_for(PATIENCE, |waiting| waiting == 0).await;
        assert!(free, "no answer should be held, {} are", self.held());
    }

    async fn wait_for(&self, patience: Duration, is_so: impl Fn(usize) -> bool) -> bool {
        let mut waiting = self.waiting.subscribe();
        let change = waiting.wait_for(|waiting| is_so(*waiting));
        tokio::time::timeout(patience, change).await.is_ok()
    }

    /// True when a stream that has sent so many deltas would be held.
    pub(super) fn is_shut(&self, sent: usize) -> bool {
        self.limit.borrow().is_some_and(|limit| sent >= limit)
    }

    /// Waits until a stream that has sent so many deltas may go on.
    pub(super) async fn pass(&self, sent: usize) {
        if !self.is_shut(sent) {
            return;
        }
        let _waiting = Waiting::at(&self.waiting);
        let mut limit = self.limit.subscribe();
        let opened = limit.wait_for(|limit| limit.is_none_or(|limit| sent < limit));
        opened.await.expect("a gate outlives those who wait at it");
    }
}

/// Counts an answer as held for as long as it waits or its client stays.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn at(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|waiting| *waiting += 1);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}
