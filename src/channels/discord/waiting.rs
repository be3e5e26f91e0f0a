//! What has come in and is not yet durable, in its order.
//!
//! What is said in a place that is still being looked through is held, so that
//! what was said there before comes first.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use serenity::model::id::ChannelId;
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
    inner: Mutex<Inner>,
    length: watch::Sender<Length>,
}

#[derive(Debug, Default)]
struct Inner {
    queue: VecDeque<Arc<Arrival>>,
    held: Held,
}

/// How much waits.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) all: usize,
    /// What is not held.
    pub(super) free: usize,
}

#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    /// Everything but commands.
    All,
    In(HashSet<ChannelId>),
}

impl Held {
    /// What does not tell its place may be about any.
    fn holds(&self, arrival: &Arrival) -> bool {
        match self {
            Self::Nothing => false,
            // Who gives a command is told at once when it cannot be taken in.
            Self::All => arrival.what.interaction().is_none(),
            Self::In(places) => arrival.what.channel().is_none_or(|channel| places.contains(&channel)),
        }
    }
}

impl Default for Waiting {
    fn default() -> Self {
        Self { inner: Mutex::default(), length: watch::Sender::new(Length::default()) }
    }
}

impl Waiting {
    pub(super) fn push(&self, arrival: Arrival) {
        self.with(|inner| inner.queue.push_back(Arc::new(arrival)));
    }

    /// Holds everything but commands for now.
    pub(super) fn hold(&self) {
        self.with(|inner| inner.held = Held::All);
    }

    /// Holds what comes from these places only.
    pub(super) fn hold_only(&self, places: HashSet<ChannelId>) {
        self.with(|inner| inner.held = if places.is_empty() { Held::Nothing } else { Held::In(places) });
    }

    /// Holds what comes from a place no longer.
    pub(super) fn release(&self, place: ChannelId) {
        self.with(|inner| {
            if let Held::In(places) = &mut inner.held {
                places.remove(&place);
                if places.is_empty() {
                    inner.held = Held::Nothing;
                }
            }
        });
    }

    /// Holds nothing any more.
    pub(super) fn release_all(&self) {
        self.with(|inner| inner.held = Held::Nothing);
    }

    /// The first few that are not held, which stay where they are.
    pub(super) fn front(&self, most: usize) -> Vec<Arc<Arrival>> {
        self.with(|inner| {
            let free = inner.queue.iter().filter(|arrival| !inner.held.holds(arrival));
            free.take(most).cloned().collect()
        })
    }

    /// Takes away what is done.
    pub(super) fn done(&self, arrivals: &[Arc<Arrival>]) {
        self.with(|inner| {
            let mut done = arrivals.iter().peekable();
            // Both are in the same order.
            inner.queue.retain(|arrival| done.next_if(|done| Arc::ptr_eq(done, arrival)).is_none());
        });
    }

    /// Takes out what nobody has to wait for any more.
    pub(super) fn take_out(&self, is_over: impl Fn(&Arrival) -> bool) -> Vec<Arc<Arrival>> {
        self.with(|inner| {
            let (over, rest) = inner.queue.drain(..).partition(|arrival| is_over(arrival));
            inner.queue = rest;
            Vec::from(over)
        })
    }

    pub(super) fn len(&self) -> usize {
        self.length.borrow().all
    }

    /// Waits until so many wait as are wanted.
    pub(super) async fn until(&self, wanted: impl FnMut(&Length) -> bool) {
        // An error would mean that the sender, which we hold, is gone.
        drop(self.length.subscribe().wait_for(wanted).await);
    }

    fn with<R>(&self, change: impl FnOnce(&mut Inner) -> R) -> R {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut inner);
        let all = inner.queue.len();
        let free = match &inner.held {
            Held::Nothing => all,
            held @ (Held::All | Held::In(_)) => {
                inner.queue.iter().filter(|arrival| !held.holds(arrival)).count()
            }
        };
        self.length.send_replace(Length { all, free });
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serenity::model::channel::Message;
    use serenity::model::id::{ChannelId, MessageId};
    use tokio::time::Instant;

    use super::{Arrival, Waiting};
    use crate::channels::discord::happening::{Deleted, Happening};

    fn deleted() -> Happening {
        let (ids, channel) = (vec![MessageId::new(1)], ChannelId::new(7));
        Happening::Deleted(Deleted { ids, channel, guild: None })
    }

    fn said(waiting: &Waiting, id: u64, channel: u64) {
        let mut message = Message::default();
        (message.id, message.channel_id) = (MessageId::new(id), ChannelId::new(channel));
        waiting.push(Arrival { at: Instant::now(), what: Happening::Said(Box::new(message)) });
    }

    fn free(waiting: &Waiting) -> Vec<u64> {
        let ids = |arrival: &Arc<Arrival>| match &arrival.what {
            Happening::Said(message) => message.id.get(),
            other => panic!("{other:?}"),
        };
        waiting.front(9).iter().map(ids).collect()
    }

    #[test]
    fn what_is_held_waits_and_the_others_pass() {
        let waiting = Waiting::default();
        waiting.hold();
        for (id, channel) in [(1, 7), (2, 8), (3, 7), (4, 9)] {
            said(&waiting, id, channel);
        }
        assert_eq!(free(&waiting), [0; 0]);

        waiting.hold_only([ChannelId::new(7), ChannelId::new(9)].into());
        assert_eq!(free(&waiting), [2]);
        waiting.done(&waiting.front(9));
        waiting.release(ChannelId::new(7));
        assert_eq!(free(&waiting), [1, 3]);
        waiting.release_all();
        waiting.done(&waiting.front(1));

        assert_eq!(free(&waiting), [3, 4]);
        assert_eq!(waiting.len(), 2);
    }

    #[test]
    fn what_tells_no_place_waits_as_long_as_anything() {
        let waiting = Waiting::default();
        waiting.hold_only([ChannelId::new(7)].into());
        waiting.push(Arrival { at: Instant::now(), what: deleted() });
        assert_eq!(waiting.front(9).len(), 0);
        waiting.release(ChannelId::new(7));
        assert_eq!(waiting.front(9).len(), 1);
    }
}
