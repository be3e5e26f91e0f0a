//! Watching an answer come, and showing it meanwhile.

use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::app::delivery::DeliveryError;
use crate::app::delivery::screen::Screen;
use crate::domain::{AnswerEvent, AnswerStream, Begun, Capabilities, Finished, Growth, ModelFailure};
use crate::telemetry::{KillPoint, kill_point};

/// How long nothing may be seen before a placeholder is.
const PLACEHOLDER_AFTER: Duration = Duration::from_millis(2_500);

/// How long the first text waits for more, so that a quick answer is one post.
const GRACE: Duration = Duration::from_millis(80);

/// The first pause between two interim texts; each pause is longer than the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(1_200);

/// The longest pause between two interim texts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The longest answer, in bytes; a longer one is cut off there.
const LONGEST: usize = 1 << 20;

/// How an answer ended.
pub(crate) enum Ended {
    Finished(Finished),
    /// The model failed; what had come before stays.
    Failed {
        failure: ModelFailure,
        part: Partial,
    },
    /// Somebody asked to stop.
    Stopped(Partial),
    /// There is nobody to show it to any more.
    Unseen(DeliveryError),
}

/// An answer as far as it has come.
#[derive(Default)]
pub(crate) struct Partial {
    pub(crate) text: String,
    /// Who gave it; nobody as long as there is no text.
    pub(crate) begun: Begun,
}

impl Partial {
    fn grow(&mut self, delta: &str) {
        kill_point(if self.text.is_empty() { KillPoint::FirstToken } else { KillPoint::Streaming });
        self.text.push_str(delta);
    }

    /// The longer of two, of which only one can stay.
    fn or(self, other: Self) -> Self {
        if self.text.len() > other.text.len() { self } else { other }
    }
}

/// An answer that comes.
struct Coming {
    stream: AnswerStream,
    now: Partial,
    /// What it had come to when it broke off and was begun anew.
    before: Partial,
    /// What has come and changes more than the text.
    kept: Option<Option<AnswerEvent>>,
}

impl Coming {
    fn of(stream: AnswerStream) -> Self {
        Self { stream, now: Partial::default(), before: Partial::default(), kept: None }
    }

    fn has_text(&self) -> bool {
        !self.now.text.trim().is_empty()
    }

    fn is_too_long(&self) -> bool {
        self.now.text.len() > LONGEST
    }

    /// What comes next.
    async fn next(&mut self) -> Option<AnswerEvent> {
        match self.kept.take() {
            Some(event) => event,
            None => self.stream.next().await,
        }
    }

    /// Waits for something while the text goes on growing: what nobody takes in waits in
    /// memory, in larger and larger pieces.
    async fn while_waiting_for<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                event = self.stream.next(), if self.kept.is_none() && !self.is_too_long() => match event {
                    Some(AnswerEvent::Begun(begun)) => self.now.begun = begun,
                    Some(AnswerEvent::Delta(delta)) => self.now.grow(&delta),
                    other => self.kept = Some(other),
                },
            }
        }
    }

    /// All that stays of it.
    fn end(self) -> Partial {
        self.before.or(self.now)
    }
}

/// Shows an answer while it comes, and returns how it ended.
///
/// `on_text` is called once, when the first text can be seen.
pub(super) async fn follow(
    screen: &mut Screen<'_>,
    stream: AnswerStream,
    stop: &CancellationToken,
    placeholder: &str,
    mut on_text: impl FnMut(),
) -> Ended {
    let mut coming = Coming::of(stream);
    let mut beat = Beat::of(screen.capabilities());
    let mut is_seen = false;
    loop {
        if coming.is_too_long() {
            return Ended::Failed { failure: ModelFailure::Cut, part: coming.now };
        }
        let event = tokio::select! {
            biased;
            () = stop.cancelled() => return Ended::Stopped(coming.end()),
            event = coming.next() => event,
            () = beat.is_due() => {
                if beat.growth == Growth::Appended && coming.before.text.starts_with(coming.now.text.trim_end()) {
                    // It stands there already.
                    beat.pause();
                    continue;
                }
                // Platforms can ask for minutes, and a stop is not to wait for them.
                let until_asked_no_more = stop.run_until_cancelled(screen.until_asked_no_more());
                if coming.while_waiting_for(until_asked_no_more).await.is_none() {
                    return Ended::Stopped(coming.end());
                }
                if coming.kept.is_some() {
                    // It may have ended meanwhile, and then needs no second post.
                    continue;
                }
                let is_text = coming.has_text();
                let shown = if is_text { coming.now.text.clone() } else { placeholder.to_owned() };
                let is_shown = match coming.while_waiting_for(screen.show_interim(&shown)).await {
                    Ok(is_shown) => is_shown,
                    Err(DeliveryError::Stopped) => return Ended::Stopped(coming.end()),
                    Err(error) => return Ended::Unseen(error),
                };
                if is_text && is_shown && !is_seen {
                    is_seen = true;
                    on_text();
                }
                beat.pause();
                if !is_text && coming.has_text() {
                    beat.begin();
                }
                continue;
            }
        };
        match event {
            Some(AnswerEvent::Begun(begun)) => coming.now.begun = begun,
            Some(AnswerEvent::Delta(delta)) => {
                let had_text = coming.has_text();
                coming.now.grow(&delta);
                if !had_text && coming.has_text() {
                    beat.begin();
                }
            }
            Some(AnswerEvent::Restarted) => {
                coming.before = std::mem::take(&mut coming.before).or(std::mem::take(&mut coming.now));
                beat.begin_anew();
            }
            Some(AnswerEvent::Finished(finished)) => return Ended::Finished(finished),
            Some(AnswerEvent::Failed(failure)) => return Ended::Failed { failure, part: coming.end() },
            None => return Ended::Failed { failure: ModelFailure::Cut, part: coming.end() },
        }
    }
}

/// When something is shown next.
struct Beat {
    growth: Growth,
    /// Never, as long as there is nothing to show.
    due: Option<Instant>,
    pause: Duration,
}

impl Beat {
    fn of(capabilities: &Capabilities) -> Self {
        let growth = capabilities.growth;
        match growth {
            Growth::Replaced => {
                let due = Some(Instant::now() + PLACEHOLDER_AFTER);
                Self { growth, due, pause: FIRST_PAUSE }
            }
            Growth::Appended => Self { growth, due: None, pause: capabilities.direct_interval },
        }
    }

    /// Waits until something is to be shown.
    async fn is_due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => pending().await,
        }
    }

    /// Takes note that there is something to show by now.
    fn begin(&mut self) {
        let grace = match self.growth {
            Growth::Replaced => GRACE,
            // More of it needs no second post.
            Growth::Appended => Duration::ZERO,
        };
        self.due = Some(Instant::now() + grace);
    }

    /// Takes note that what there was does not count any more.
    fn begin_anew(&mut self) {
        if self.growth == Growth::Appended {
            self.due = None;
        }
    }

    /// Takes note that something has been shown.
    fn pause(&mut self) {
        self.due = Some(Instant::now() + self.pause);
        if self.growth == Growth::Replaced {
            self.pause = (self.pause * 6 / 5).min(LONGEST_PAUSE);
        }
    }
}
