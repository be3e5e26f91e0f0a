//! One turn, from claimed to ended: the only place that writes its states.
//!
//! The order of writes is what makes a crash harmless: question and answer are
//! stored before the final text is sent, and the turn ends after it was.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::app::delivery::{Delivering, Delivery, Ended};
use crate::app::stops::Stops;
use crate::channels::ChannelError;
use crate::domain::texts::Texts;
use crate::domain::{
    Asked, Clock, FinishReason, Finished, ModelFailure, Outcome, Platform, Reference, Refusal, Reply, Usage,
};
use crate::model::TokenEstimates;
use crate::router::{Router, RouterError};
use crate::store::{Answered, ClaimedTurn, Exchange, Finale, Question, Store, StoreError};
use crate::telemetry::chain;
use crate::telemetry::metrics::{self, TurnEnd};

/// How often something that has to be kept is written again while the database does not answer.
const LAST_TRIES: u32 = 600;

/// How long to wait in between.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Why a turn could not be brought to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TurnError {
    /// Nobody could say what to answer.
    #[error("could not decide what to answer")]
    Decide(#[source] RouterError),

    /// The end of the turn could not be stored.
    #[error("could not {step}")]
    Store {
        step: &'static str,
        #[source]
        source: StoreError,
    },

    /// The platform took no text.
    #[error("could not deliver the answer")]
    Deliver(#[source] ChannelError),

    /// The turn has been taken over, so nothing more is to be written.
    #[error("the turn is not ours any more")]
    Lost,
}

/// Brings turns to their ends.
pub(crate) struct Turns {
    pub(crate) store: Store,
    pub(crate) router: Router,
    pub(crate) delivery: Delivery,
    pub(crate) stops: Arc<Stops>,
    pub(crate) texts: Arc<Texts>,
    pub(crate) tokens: Arc<TokenEstimates>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Turns {
    /// Brings a claimed turn to its end. Whatever goes wrong, the person hears of it.
    pub(crate) async fn run(&self, turn: &ClaimedTurn, progress: &Progress) {
        let began = progress.began;
        let Some(message) = turn.last() else { return };
        let platform = message.address.platform;
        let _running = metrics::turn_began();
        let end = match self.answer(turn, progress).await {
            Ok(end) => end,
            Err(error) => {
                self.apologize(turn, &error).await;
                TurnEnd::Failed
            }
        };
        metrics::turn_ended(platform, end, began.elapsed());
        tracing::info!(
            turn.id = %turn.turn,
            user.id = %turn.user.id,
            platform = %platform,
            outcome = end.name(),
            duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "a turn on {platform} ended: {}",
            end.name(),
        );
    }

    async fn answer(&self, turn: &ClaimedTurn, progress: &Progress) -> Result<TurnEnd, TurnError> {
        if let Some(answer) = &turn.answer {
            return self.deliver_again(turn, answer).await;
        }
        let outcome = self.router.decide(turn, self.clock.now()).await.map_err(TurnError::Decide)?;
        match outcome {
            Outcome::Reply(reply) => self.reply(turn, reply, progress).await,
            Outcome::Refusal(refusal) => self.refuse(turn, refusal).await,
            Outcome::Silence(silence) => {
                let end = TurnEnd::Silent(silence);
                self.finish(turn, Finale::Done, end).await?;
                Ok(end)
            }
        }
    }

    async fn reply(
        &self,
        turn: &ClaimedTurn,
        reply: Reply,
        progress: &Progress,
    ) -> Result<TurnEnd, TurnError> {
        let to = turn.last().map(|message| message.reply_to()).ok_or(TurnError::Lost)?;
        let Some(mut delivering) = self.delivery.open(&to, turn.turn, may_have_begun(turn)) else {
            return Err(TurnError::Deliver(not_connected()));
        };
        let stoppable = reply.asked.is_some().then(|| self.stops.enter(turn.lane));
        let never = CancellationToken::new();
        let stop = stoppable.as_ref().map_or(&never, |stoppable| stoppable.token());
        let platform = to.address.platform;
        let seen = || {
            progress.is_seen.store(true, Ordering::Relaxed);
            metrics::first_text(platform, progress.began.elapsed());
        };
        let ended = delivering.follow(reply.stream, stop, seen).await;
        drop(stoppable);
        let Some(said) = self.say(turn, ended)? else {
            self.finish(turn, Finale::Failed, TurnEnd::Failed).await?;
            return Ok(TurnEnd::Failed);
        };
        self.show(turn, &mut delivering, said, (reply.asked, progress)).await
    }

    /// Stores what was said, then shows it.
    async fn show(
        &self,
        turn: &ClaimedTurn,
        delivering: &mut Delivering<'_>,
        said: Said,
        (asked, progress): (Option<Asked>, &Progress),
    ) -> Result<TurnEnd, TurnError> {
        if let (Some(asked), Some(finished)) = (asked, said.finished) {
            let exchange = self.exchange(turn, asked, finished, (said.error, progress.began.elapsed()));
            let store = || self.store.ready(turn, exchange.clone(), self.clock.now()).boxed();
            if !patiently("store the answer", store).await? {
                return Err(TurnError::Lost);
            }
        }
        delivering.finish(&said.text).await.map_err(TurnError::Deliver)?;
        // What nobody saw while it came, they see now.
        let is_seen = progress.is_seen.load(Ordering::Relaxed);
        if let Some(message) = turn.last().filter(|_| !is_seen) {
            metrics::first_text(message.address.platform, progress.began.elapsed());
        }
        let (finale, end) = if said.is_failure {
            (Finale::Failed, TurnEnd::Failed)
        } else {
            (Finale::Done, TurnEnd::Answered)
        };
        self.finish(turn, finale, end).await?;
        Ok(end)
    }

    /// The final text for how an answer ended; none if nobody can see it.
    fn say(&self, turn: &ClaimedTurn, ended: Ended) -> Result<Option<Said>, TurnError> {
        let said = match ended {
            Ended::Finished(finished) if finished.text.trim().is_empty() => {
                Said::failure(self.failure(turn, ModelFailure::Nonsense))
            }
            Ended::Finished(finished) => {
                let note = match finished.finish_reason {
                    FinishReason::Length => Some("answer-length"),
                    FinishReason::Filtered | FinishReason::Cut => Some("answer-cut"),
                    FinishReason::Stop | FinishReason::Stopped => None,
                };
                let text = self.with_note(&finished.text, note);
                Said { text, finished: Some(finished), error: None, is_failure: false }
            }
            Ended::Failed { failure, text } if text.trim().is_empty() => {
                Said::failure(self.failure(turn, failure))
            }
            Ended::Failed { failure, text } => Said {
                text: self.with_note(&text, Some("answer-cut")),
                finished: Some(self.partial(text, FinishReason::Cut)),
                error: Some(failure.name()),
                is_failure: false,
            },
            Ended::Stopped { text } if text.trim().is_empty() => Said {
                text: self.texts.get("stopped-before-text"),
                finished: None,
                error: None,
                is_failure: false,
            },
            Ended::Stopped { text } => Said {
                text: text.clone(),
                finished: Some(self.partial(text, FinishReason::Stopped)),
                error: None,
                is_failure: false,
            },
            Ended::Unseen(error) => {
                tracing::warn!(turn.id = %turn.turn, error = %chain(&error), "nobody can see the answer any more");
                return Ok(None);
            }
        };
        Ok(Some(said))
    }

    fn with_note(&self, text: &str, note: Option<&str>) -> String {
        note.map_or_else(|| text.to_owned(), |key| format!("{}\n\n{}", text.trim_end(), self.texts.get(key)))
    }

    fn failure(&self, turn: &ClaimedTurn, failure: ModelFailure) -> String {
        let reference = Reference::from(turn.turn).to_string();
        tracing::warn!(turn.id = %turn.turn, reference = %reference, reason = failure.name(), "told a person that there is no answer");
        self.texts.with(&format!("failure-{}", failure.name()), &[("reference", &reference)])
    }

    /// A part of an answer, whose tokens nobody has counted.
    fn partial(&self, text: String, finish_reason: FinishReason) -> Finished {
        let completion_tokens = self.tokens.estimate("", &text);
        let usage = Usage { completion_tokens, ..Usage::default() };
        Finished { finish_reason, usage, ..Finished::ready_made(text) }
    }

    fn exchange(
        &self,
        turn: &ClaimedTurn,
        asked: Asked,
        finished: Finished,
        (error, took): (Option<&'static str>, Duration),
    ) -> Exchange {
        let moments = turn.messages.iter().map(|message| message.sent_at);
        let questions = asked.questions.into_iter().zip(moments).map(|(line, sent_at)| Question {
            tokens: line.tokens.unwrap_or_default(),
            text: line.text,
            sent_at,
        });
        let tokens = self.tokens.estimate(&finished.model, &finished.text);
        Exchange {
            turn: turn.turn,
            conversation: asked.conversation,
            user: turn.user.id,
            identity: turn.identity,
            questions: questions.collect(),
            answer: Answered { tokens, finished, took, error },
        }
    }

    async fn refuse(&self, turn: &ClaimedTurn, refusal: Refusal) -> Result<TurnEnd, TurnError> {
        self.post(turn, &refusal.text, may_have_begun(turn)).await?;
        let end = TurnEnd::Refused(refusal.reason);
        self.finish(turn, Finale::Refused, end).await?;
        Ok(end)
    }

    /// Delivers an answer that was stored by a process that ended before it had sent it.
    async fn deliver_again(&self, turn: &ClaimedTurn, answer: &str) -> Result<TurnEnd, TurnError> {
        self.post(turn, answer, true).await?;
        self.finish(turn, Finale::Done, TurnEnd::Answered).await?;
        Ok(TurnEnd::Answered)
    }

    async fn post(&self, turn: &ClaimedTurn, text: &str, may_be_duplicate: bool) -> Result<(), TurnError> {
        let to = turn.last().map(|message| message.reply_to()).ok_or(TurnError::Lost)?;
        let delivering = self.delivery.open(&to, turn.turn, may_be_duplicate);
        let mut delivering = delivering.ok_or_else(|| TurnError::Deliver(not_connected()))?;
        delivering.finish(text).await.map_err(TurnError::Deliver)
    }

    async fn finish(&self, turn: &ClaimedTurn, finale: Finale, end: TurnEnd) -> Result<(), TurnError> {
        let store = || self.store.finish(turn, finale, end.name(), self.clock.now()).boxed();
        if patiently("end the turn", store).await? { Ok(()) } else { Err(TurnError::Lost) }
    }

    /// Logs what went wrong, once, and tells the person without any detail.
    async fn apologize(&self, turn: &ClaimedTurn, error: &TurnError) {
        let reference = Reference::from(turn.turn).to_string();
        tracing::error!(turn.id = %turn.turn, reference = %reference, error = %chain(error), "a turn failed");
        match error {
            TurnError::Lost => return,
            // Where the answer did not get through, an apology would not either,
            // unless it was the text that the platform refused.
            TurnError::Deliver(ChannelError::Rejected { .. })
            | TurnError::Decide(_)
            | TurnError::Store { .. } => {
                self.say_sorry(turn, &reference).await;
            }
            // What surely did not arrive is kept; it goes out with the next message here, or after the next start.
            TurnError::Deliver(ChannelError::RateLimited { .. } | ChannelError::Unreachable { .. }) => {
                return self.put_back(turn).await;
            }
            TurnError::Deliver(_) => {}
        }
        self.end_as_failed(turn).await;
    }

    async fn put_back(&self, turn: &ClaimedTurn) {
        if let Err(error) = self.store.give_back(turn, true).await {
            tracing::error!(turn.id = %turn.turn, error = %chain(&error), "could not put a turn back; the next start will");
        }
    }

    async fn say_sorry(&self, turn: &ClaimedTurn, reference: &str) {
        let text = self.texts.with("failure-internal", &[("reference", reference)]);
        if let Err(error) = self.post(turn, &text, false).await {
            tracing::warn!(turn.id = %turn.turn, error = %chain(&error), "the apology did not arrive either");
        }
    }

    /// Ends a failed turn: an open one would hold its lane.
    async fn end_as_failed(&self, turn: &ClaimedTurn) {
        match self.finish(turn, Finale::Failed, TurnEnd::Failed).await {
            Ok(()) | Err(TurnError::Lost) => {}
            Err(error) => {
                tracing::error!(turn.id = %turn.turn, error = %chain(&error), "a failed turn stays open; the next start takes it up");
            }
        }
    }
}

/// How far a turn has come.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    /// Whether the person has seen something of the answer.
    pub(crate) is_seen: AtomicBool,
}

impl Progress {
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), is_seen: AtomicBool::new(false) }
    }
}

/// Writes something, however long the database needs: what has been paid for and
/// shown is not to be thrown away because a disk is busy.
async fn patiently<'a>(
    step: &'static str,
    write: impl Fn() -> BoxFuture<'a, Result<bool, StoreError>> + Send,
) -> Result<bool, TurnError> {
    for _ in 0..LAST_TRIES {
        match write().await {
            Ok(is_ours) => return Ok(is_ours),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "cannot {step} yet, trying again");
                sleep(LAST_PAUSE).await;
            }
        }
    }
    write().await.map_err(at(step))
}

/// The final text of a turn, and what becomes part of the conversation.
struct Said {
    text: String,
    finished: Option<Finished>,
    error: Option<&'static str>,
    is_failure: bool,
}

impl Said {
    fn failure(text: String) -> Self {
        Self { text, finished: None, error: None, is_failure: true }
    }
}

/// Whether an earlier try at this turn may have left something on the screen.
fn may_have_begun(turn: &ClaimedTurn) -> bool {
    turn.attempts > 1
}

fn at(step: &'static str) -> impl FnOnce(StoreError) -> TurnError {
    move |source| TurnError::Store { step, source }
}

fn not_connected() -> ChannelError {
    let reason = format!("its platform is not connected (one of {:?})", Platform::ALL.map(Platform::name));
    ChannelError::Gone { step: "the answer", reason }
}
