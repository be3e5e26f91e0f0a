//! The bytes of a streamed body, in the TCP writes in which they should go out.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::Frame;

/// How much waits at most for its write, when nothing else is asked for.
const GATHERED_BYTES: usize = 16 * 1024;

/// How long a cut waits, so that what was written before it is not lost.
const LINGER: Duration = Duration::from_millis(5);

/// How bytes are put together in writes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Writes {
    /// All that is ready at the same time, as fast as it goes.
    #[default]
    Gathered,
    /// So many events in each.
    Events(usize),
    /// So many bytes in each, and a pause after it.
    Bytes { count: usize, pause: Duration },
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// As HTTP wants it.
    InOrder,
    /// By closing the connection.
    Cut,
}

/// Where a producer writes its body.
#[derive(Debug)]
pub(super) struct Wire {
    slot: Slot,
    writes: Writes,
    pending: Vec<u8>,
    pending_events: usize,
}

impl Wire {
    /// Adds an event, which is sent at the next occasion.
    pub(super) async fn event(&mut self, text: &str) {
        self.pending.extend_from_slice(text.as_bytes());
        self.pending_events += 1;
        let is_due = match self.writes {
            Writes::Gathered => self.pending.len() >= GATHERED_BYTES,
            Writes::Events(count) => self.pending_events >= count,
            Writes::Bytes { .. } => true,
        };
        if is_due {
            self.flush().await;
        }
    }

    /// Sends what is waiting, and returns when it is written or in the socket's buffer.
    pub(super) async fn flush(&mut self) {
        let bytes = Bytes::from(std::mem::take(&mut self.pending));
        self.pending_events = 0;
        match self.writes {
            Writes::Bytes { count, pause } => {
                for piece in bytes.chunks(count.max(1)) {
                    self.slot.put(bytes.slice_ref(piece)).await;
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
            }
            Writes::Gathered | Writes::Events(_) if bytes.is_empty() => {}
            Writes::Gathered | Writes::Events(_) => self.slot.put(bytes).await,
        }
    }

    /// Sends what is waiting and `last`, calling `done` as soon as the end of it is
    /// handed over.
    ///
    /// A client that has read the end may be gone before this returns, and should not
    /// be taken for one that left too early.
    pub(super) async fn end(&mut self, last: &str, done: impl FnOnce()) -> Ending {
        self.pending.extend_from_slice(last.as_bytes());
        if let Writes::Bytes { count, .. } = self.writes {
            let count = count.max(1);
            let before_last = self.pending.len().saturating_sub(1) / count * count;
            let last_write = self.pending.split_off(before_last);
            self.flush().await;
            self.pending = last_write;
        }
        self.slot.hand_over(Bytes::from(std::mem::take(&mut self.pending)));
        done();
        self.slot.taken().await;
        Ending::InOrder
    }

    /// Sends what is waiting and then closes the connection.
    pub(super) async fn cut(&mut self) -> Ending {
        self.flush().await;
        tokio::time::sleep(LINGER).await;
        Ending::Cut
    }
}

/// Makes a body out of what `produce` writes, while the client takes it.
///
/// The producer is dropped with the body as soon as the client is gone.
pub(super) fn body<P, F>(writes: Writes, produce: P) -> Body
where
    P: FnOnce(Wire) -> F,
    F: Future<Output = Ending> + Send + 'static,
{
    let slot = Slot::default();
    let wire = Wire { slot: slot.clone(), writes, pending: Vec::new(), pending_events: 0 };
    let producer: Producer = Box::pin(produce(wire));
    Body::new(Produced { slot, producer: Some(producer), is_written: true, ending: Ending::InOrder })
}

type Producer = Pin<Box<dyn Future<Output = Ending> + Send>>;

/// The place between a producer and the connection that polls it.
#[derive(Debug, Clone, Default)]
struct Slot(Arc<Mutex<VecDeque<Bytes>>>);

impl Slot {
    async fn put(&self, bytes: Bytes) {
        self.hand_over(bytes);
        self.taken().await;
    }

    fn hand_over(&self, bytes: Bytes) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !bytes.is_empty() {
            slot.push_back(bytes);
        }
    }

    /// Waits until the connection has taken all; it polls the producer again when it
    /// has, so that nobody needs to be woken.
    async fn taken(&self) {
        poll_fn(|_| {
            let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if slot.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn take(&self) -> Option<Bytes> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.pop_front()
    }
}

/// A body that is produced while it is polled.
struct Produced {
    slot: Slot,
    producer: Option<Producer>,
    is_written: bool,
    ending: Ending,
}

impl hyper::body::Body for Produced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        // hyper writes to the socket only when a body has nothing more for now.
        if !self.is_written {
            self.is_written = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(producer) = &mut self.producer
            && let Poll::Ready(ending) = producer.as_mut().poll(context)
        {
            self.producer = None;
            self.ending = ending;
        }
        match (self.slot.take(), &self.producer, self.ending) {
            (Some(bytes), _, _) => {
                self.is_written = false;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            (None, Some(_), _) => Poll::Pending,
            (None, None, Ending::InOrder) => Poll::Ready(None),
            (None, None, Ending::Cut) => {
                Poll::Ready(Some(Err(io::Error::other("the emulator cut the stream"))))
            }
        }
    }
}
