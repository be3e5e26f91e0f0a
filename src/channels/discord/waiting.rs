//! What has come in and is not yet durable, in its order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::channels::discord::happening::Happening;

/// Something that came in, and when.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) at: Instant,
    pub(super) what: Happening,
}

/// The queue between the gateway and the inbox. It bounds nothing by itself:
/// who fills it stops the gateway in time.
#[derive(Debug)]
pub(super) struct Waiting {
    queue: Mutex<VecDeque<Arc<Arrival>>>,
    length: watch::Sender<usize>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { queue: Mutex::default(), length: watch::Sender::new(0) }
    }
}

impl Waiting {
    pub(super) fn push(&self, arrival: Arrival) {
        self.with(|queue| queue.push_back(Arc::new(arrival)));
    }

    /// The first few, which stay where they are.
    pub(super) fn front(&self, most: usize) -> Vec<Arc<Arrival>> {
        self.with(|queue| queue.iter().take(most).cloned().collect())
    }

    /// Takes the first few away.
    pub(super) fn done(&self, count: usize) {
        self.with(|queue| drop(queue.drain(..count.min(queue.len()))));
    }

    /// Takes out what nobody has to wait for any more.
    pub(super) fn take_out(&self, is_over: impl Fn(&Arrival) -> bool) -> Vec<Arc<Arrival>> {
        self.with(|queue| {
            let (over, rest) = queue.drain(..).partition(|arrival| is_over(arrival));
            *queue = rest;
            Vec::from(over)
        })
    }

    pub(super) fn len(&self) -> usize {
        *self.length.borrow()
    }

    /// Waits until the number of those who wait is as wanted.
    pub(super) async fn until(&self, wanted: impl FnMut(&usize) -> bool) {
        // An error would mean that the sender, which we hold, is gone.
        drop(self.length.subscribe().wait_for(wanted).await);
    }

    fn with<R>(&self, change: impl FnOnce(&mut VecDeque<Arc<Arrival>>) -> R) -> R {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut queue);
        self.length.send_replace(queue.len());
        result
    }
}
