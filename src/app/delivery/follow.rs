//! Watching an answer come, and showing it meanwhile.

use std::future::pending;
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
    /// The longer of two, of which only one can stay.
    fn or(self, other: Self) -> Self {
        if self.text.len() > other.text.len() { self } else { other }
    }
}

/// Shows an answer while it comes, and returns how it ended.
///
/// `on_text` is called once, when the first text can be seen.
pub(super) async fn follow(
    screen: &mut Screen<'_>,
    mut stream: AnswerStream,
    stop: &CancellationToken,
    placeholder: &str,
    mut on_text: impl FnMut(),
) -> Ended {
    let mut now = Partial::default();
    // What an answer had come to that broke off and was begun anew.
    let mut before = Partial::default();
    let mut beat = Beat::of(screen.capabilities());
    let (mut is_seen, mut has_begun) = (false, false);
    loop {
        let event = tokio::select! {
            biased;
            () = stop.cancelled() => return Ended::Stopped(before.or(now)),
            event = stream.next() => event,
            () = beat.is_due() => {
                if beat.growth == Growth::Appended && before.text.starts_with(now.text.trim_end()) {
                    // It stands there already.
                    beat.pause();
                    continue;
                }
                let is_text = !now.text.trim().is_empty();
                let shown = if is_text { now.text.as_str() } else { placeholder };
                // Platforms can ask for minutes, and a stop is not to wait for them.
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return Ended::Stopped(before.or(now)),
                    () = screen.until_asked_no_more() => {}
                }
                let is_shown = match screen.show_interim(shown).await {
                    Ok(is_shown) => is_shown,
                    Err(DeliveryError::Stopped) => return Ended::Stopped(before.or(now)),
                    Err(error) => return Ended::Unseen(error),
                };
                if is_text && is_shown && !is_seen {
                    is_seen = true;
                    on_text();
                }
                beat.pause();
                continue;
            }
        };
        match event {
            Some(AnswerEvent::Begun(begun)) => now.begun = begun,
            Some(AnswerEvent::Delta(delta)) => {
                kill_point(if has_begun { KillPoint::Streaming } else { KillPoint::FirstToken });
                has_begun = true;
                let was_blank = now.text.trim().is_empty();
                now.text.push_str(&delta);
                if was_blank && !now.text.trim().is_empty() {
                    beat.begin();
                }
                if now.text.len() > LONGEST {
                    return Ended::Failed { failure: ModelFailure::Cut, part: now };
                }
            }
            Some(AnswerEvent::Restarted) => {
                before = before.or(std::mem::take(&mut now));
                beat.begin_anew();
            }
            Some(AnswerEvent::Finished(finished)) => return Ended::Finished(finished),
            Some(AnswerEvent::Failed(failure)) => {
                return Ended::Failed { failure, part: before.or(now) };
            }
            None => return Ended::Failed { failure: ModelFailure::Cut, part: before.or(now) },
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
