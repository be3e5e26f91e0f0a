//! The body of a streamed answer: limited, and read to its end.
//!
//! The client library puts no limit to what it holds, and stops reading at
//! `[DONE]`. What HTTP sends after that often comes a moment later, and a
//! connection whose body was left unfinished is closed instead of used again.

use std::error::Error;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use reqwest::{Body, Response};

/// The largest single event of a stream. One token takes some hundred bytes.
const MAX_EVENT_BYTES: usize = 1024 * 1024;
/// The largest stream. Around each token's few bytes of text are some hundred of JSON.
const MAX_STREAM_BYTES: usize = 128 * 1024 * 1024;
/// How long the last event waits for the end of its body.
const END_PATIENCE: Duration = Duration::from_millis(100);
/// What stands at the end of a stream of events.
const DONE: &[u8] = b"[DONE]";

type BoxError = Box<dyn Error + Send + Sync>;

/// The same response, which breaks off where it gets too large and ends where HTTP does.
pub(super) fn limited(response: Response) -> Response {
    let pieces =
        Pieces { source: Box::pin(response.bytes_stream().fuse()), sizes: Sizes::default(), waiting: None };
    let pieces = stream::unfold(pieces, async |mut pieces| {
        let piece = pieces.next().await?;
        Some((piece, pieces))
    });
    http::Response::new(Body::wrap_stream(pieces)).into()
}

struct Pieces<S, B> {
    source: S,
    sizes: Sizes,
    /// A piece that came while the one before it waited for the end.
    waiting: Option<reqwest::Result<B>>,
}

impl<S, B> Pieces<S, B>
where
    S: Stream<Item = reqwest::Result<B>> + Unpin,
    B: AsRef<[u8]>,
{
    async fn next(&mut self) -> Option<Result<B, BoxError>> {
        let piece = match self.waiting.take() {
            Some(piece) => piece,
            None => self.source.next().await?,
        };
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => return Some(Err(error.without_url().into())),
        };
        if let Err(error) = self.sizes.add(piece.as_ref()) {
            return Some(Err(error.into()));
        }
        if piece.as_ref().trim_ascii_end().ends_with(DONE)
            && let Ok(next) = tokio::time::timeout(END_PATIENCE, self.source.next()).await
        {
            self.waiting = next;
        }
        Some(Ok(piece))
    }
}

/// Something in a stream is larger than any honest answer.
#[derive(Debug, thiserror::Error)]
#[error("the stream is larger than we take")]
struct TooLarge;

#[derive(Default)]
struct Sizes {
    stream: usize,
    line: usize,
}

impl Sizes {
    fn add(&mut self, piece: &[u8]) -> Result<(), TooLarge> {
        self.stream += piece.len();
        self.line = match piece.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => piece.len() - end,
            None => self.line + piece.len(),
        };
        if self.stream > MAX_STREAM_BYTES || self.line > MAX_EVENT_BYTES { Err(TooLarge) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_EVENT_BYTES, Sizes};

    #[test]
    fn lines_may_be_many_but_not_endless() {
        let mut sizes = Sizes::default();
        let line = [b"data: ".as_slice(), &[b'x'; 1000], b"\n\n"].concat();
        for _ in 0..5_000 {
            assert!(sizes.add(&line).is_ok());
        }
        let piece = vec![b'x'; MAX_EVENT_BYTES / 2];
        assert!(sizes.add(&piece).is_ok());
        assert!(sizes.add(&piece).is_err());
    }
}
