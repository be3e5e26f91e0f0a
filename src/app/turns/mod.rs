//! One turn, from claimed to ended: the only place that decides its states.
//!
//! The order of writes is what makes a crash harmless: what is about to leave
//! is noted before it does, question and answer are stored before the final
//! text is sent, and the turn ends after it was.

mod anew;
mod begun;
mod said;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::delivery::{Delivering, Delivery, DeliveryError};
use crate::app::doors;
use crate::app::ledger::Ledger;
use crate::app::stops::{Stoppable, Stops};
use crate::channels::ChannelError;
use crate::domain::texts::Texts;
use crate::domain::{
    Asked, Clock, Closed, Event, InboundMessage, Outcome, Part, Reference, Refusal, Reply, SentPart, Silence,
};
use crate::model::TokenEstimates;
use crate::router::{Router, RouterError};
use crate::store::{Answer, ClaimedTurn, Ending, Finale, Store};
use crate::telemetry::metrics::{self, TurnEnd};
use crate::telemetry::{KillPoint, chain, kill_point, taste};

pub(crate) use begun::Begun;

use said::Said;

/// How a turn is remembered whose reply nobody could be shown.
const UNDELIVERED: &str = "undelivered";

/// Why a turn could not be brought to its end.
#[derive(Debug, thiserror::Error)]
enum TurnError {
    /// Nobody could say what to answer.
    #[error("could not decide what to answer")]
    Decide(#[from] RouterError),

    /// The answer could not be shown.
    #[error("could not deliver the answer")]
    Deliver(#[from] DeliveryError),
}

/// Whether a turn that is put back has been tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// It was no fault of its own.
    Untried,
    Tried,
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
    pub(crate) begun: Begun,
    /// Fires when nothing more can be written before the end.
    pub(crate) last_call: CancellationToken,
}

impl Turns {
    /// Brings a claimed turn to its end. Whatever goes wrong, the person hears of it.
    ///
    /// Returns whether the turn was put back instead, for a fault that may have passed
    /// in a moment.
    pub(crate) async fn run(&self, turn: &ClaimedTurn) -> bool {
        let Some(message) = turn.last() else { return false };
        let (began, platform, to) = (Instant::now(), message.address.platform, message.reply_to());
        let ledger = self.ledger(turn);
        let Some(delivering) = self.delivery.open(&to, &ledger) else {
            tracing::error!(turn.id = %turn.turn, platform = %platform, "{platform} is not connected, so nobody can be answered there");
            self.put_back(turn, Put::Untried).await;
            return false;
        };
        let _running = metrics::turn_began();
        // What is asked here can be stopped from now on, and before a model has heard of it. Of an edit
        // it is not known yet whether it is answered.
        let asks = matches!(message.event, Event::Text(_) | Event::Again(_));
        let may_ask = turn.ending.is_none() && !turn.is_given_up && asks;
        let stoppable = may_ask.then(|| self.stoppable(turn));
        let is_seen = AtomicBool::new(false);
        let mut work = Work { turns: self, turn, ledger: &ledger, delivering, stoppable, began, is_seen };
        let end = match work.answer().await {
            Ok(end) => end,
            // Nothing was done yet, unlike by a command, and the tries are counted.
            Err(TurnError::Decide(error @ RouterError::Store { .. })) if !is_command(message) => {
                tracing::warn!(turn.id = %turn.turn, attempts = turn.attempts, error = %chain(&error), "could not decide yet what to answer");
                self.put_back(turn, Put::Tried).await;
                return true;
            }
            Err(error) => work.fail(&error).await,
        };
        metrics::turn_ended(platform, end, began.elapsed());
        tracing::info!(
            turn.id = %turn.turn,
            // A turn bears the id of its first message.
            message.id = %turn.turn,
            user.id = %turn.user.id,
            conversation.id = turn.conversation.as_ref().map(|conversation| display(conversation.id)),
            platform = %platform,
            outcome = end.name(),
            duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "a turn on {platform} ended: {}",
            end.name(),
        );
        false
    }

    /// Puts a turn back, to be taken again.
    pub(crate) async fn put_back(&self, turn: &ClaimedTurn, how: Put) {
        note_put_back(turn, self.ledger(turn).give_back(how == Put::Untried).await);
    }

    /// Lets the answer of a turn be stopped; one that somebody has stopped before a crash is.
    fn stoppable(&self, turn: &ClaimedTurn) -> Stoppable<'_> {
        let stoppable = self.stops.enter(turn);
        if turn.is_stopped {
            stoppable.token().cancel();
        }
        stoppable
    }

    fn ledger<'a>(&'a self, turn: &'a ClaimedTurn) -> Ledger<'a> {
        Ledger { store: &self.store, turn, clock: &self.clock, last_call: &self.last_call }
    }
}

/// One turn at work.
struct Work<'a> {
    turns: &'a Turns,
    turn: &'a ClaimedTurn,
    ledger: &'a Ledger<'a>,
    delivering: Delivering<'a>,
    /// The answer, for as long as it may be stopped.
    stoppable: Option<Stoppable<'a>>,
    began: Instant,
    /// Whether the person has seen something of the answer.
    is_seen: AtomicBool,
}

impl Work<'_> {
    async fn answer(&mut self) -> Result<TurnEnd, TurnError> {
        self.delivering.resolve().await?;
        if let Some(ending) = &self.turn.ending {
            return self.deliver(ending).await;
        }
        if self.turn.is_given_up {
            return Ok(self.conclude(self.turns.farewell(self.turn), None).await?);
        }
        self.turn.messages.iter().for_each(taste);
        let outcome = self.turns.router.decide(self.turn, self.turns.clock.now()).await?;
        Ok(match outcome {
            Outcome::Reply(reply) => self.reply(reply).await?,
            Outcome::Refusal(Refusal { reason, text }) => {
                self.conclude(Said::plainly(text, Finale::Refused, TurnEnd::Refused(reason)), None).await?
            }
            Outcome::Silence(silence) => self.keep_silent(silence).await?,
            Outcome::Again { question, meanwhile } => self.ask_again(question, meanwhile).await?,
        })
    }

    async fn keep_silent(&mut self, silence: Silence) -> Result<TurnEnd, DeliveryError> {
        let end = TurnEnd::Silent(silence);
        // An earlier try may have begun to answer.
        self.delivering.finish(&[], None).await?;
        self.ledger.finish(&Ending::new(Finale::Done, end.name()), None).await?;
        Ok(end)
    }

    async fn reply(&mut self, reply: Reply) -> Result<TurnEnd, DeliveryError> {
        let (turns, turn, known) = (self.turns, self.turn, self.stoppable.take());
        let asks = reply.asked.is_some();
        let stoppable = asks.then(|| known.unwrap_or_else(|| turns.stoppable(turn)));
        if let Some((stoppable, before)) =
            stoppable.as_ref().zip(reply.asked.as_ref().and_then(|asked| asked.before))
        {
            stoppable.is_another_for(before.turn);
        }
        let never = CancellationToken::new();
        let stop = stoppable.as_ref().map_or(&never, |stoppable| stoppable.token());
        let (is_seen, began) = (&self.is_seen, self.began);
        let seen = || note_first_text(turn, is_seen, began);
        let ended = self.delivering.follow(reply.stream, stop, seen).await;
        drop(stoppable);
        let said = self.turns.say(self.turn, ended)?;
        self.conclude(said, reply.asked).await
    }

    /// Stores what is said at the end, shows it, and ends the turn.
    async fn conclude(&mut self, said: Said, asked: Option<Asked>) -> Result<TurnEnd, DeliveryError> {
        let mut parts = self.delivering.cut_answer(&said.text);
        if let Some(asked) = &asked {
            let first = asked.before.map_or(self.turn.turn, |before| before.turn);
            self.offer_another(&mut parts, first);
        }
        let left = self.turn.parts.last().map_or(0, |part| part.number + 1);
        let count = self.delivering.count();
        // What an earlier try has left is noted already, and not to be noted anew.
        let sending = (count < parts.len() && count >= left).then_some(count);
        let answer = Answer {
            exchange: self.turns.exchange(self.turn, asked, &said, self.began.elapsed()),
            has_surplus: count.max(left) > parts.len(),
            sending,
            parts,
            ending: said.ending(),
        };
        kill_point(KillPoint::BeforeReady);
        self.ledger.ready(&answer).await?;
        kill_point(KillPoint::Ready);
        if said.is_no_answer() {
            self.delivering.excuse();
        }
        self.show(&answer.parts, sending, &answer.ending).await?;
        if said.is_whole_answer() {
            self.delivering.note_answered();
        }
        Ok(said.end)
    }

    /// Delivers an answer that an earlier try has stored and not sent whole.
    async fn deliver(&mut self, ending: &Ending) -> Result<TurnEnd, TurnError> {
        let kept = self.turn.parts.iter().filter_map(|part| {
            let text = self.delivering.unlabelled(part.text.as_deref()?).to_owned();
            Some(Part { file: part.file.clone(), ..Part::new(part.number, text) })
        });
        let mut parts: Vec<Part> = kept.collect();
        if asks(self.turn) && matches!(ending.finale, Finale::Done | Finale::Failed) {
            let first = self.turns.router.first_asked(self.turn).await?;
            self.offer_another(&mut parts, first);
        }
        self.show(&parts, None, ending).await?;
        if ending.finale == Finale::Done {
            self.delivering.note_answered();
        }
        Ok(TurnEnd::Delivered)
    }

    async fn show(
        &mut self,
        parts: &[Part],
        announced: Option<usize>,
        ending: &Ending,
    ) -> Result<(), DeliveryError> {
        if ending.finale != Finale::Done {
            self.delivering.excuse();
        }
        let last = match self.delivering.finish(parts, announced).await {
            Err(DeliveryError::Channel(error @ ChannelError::Rejected { .. })) if has_a_file(parts) => {
                tracing::warn!(turn.id = %self.turn.turn, error = %chain(&error), "an answer cannot go on in a file, so it goes on in posts");
                self.go_on_in_posts(parts, ending).await?
            }
            finished => finished?,
        };
        // What nobody saw while it came, they see now.
        note_first_text(self.turn, &self.is_seen, self.began);
        kill_point(KillPoint::BeforeFinish);
        self.ledger.finish(ending, last).await
    }

    /// Shows an answer whose file is not taken here.
    async fn go_on_in_posts(
        &mut self,
        parts: &[Part],
        ending: &Ending,
    ) -> Result<Option<SentPart>, DeliveryError> {
        let whole = parts.iter().find_map(|part| part.file.as_ref()).map_or("", |file| &file.text);
        let button = parts.last().and_then(|part| part.button);
        let mut parts = self.delivering.cut(whole);
        if let Some(last) = parts.last_mut() {
            last.button = button;
        }
        // The answer itself is stored.
        let answer =
            Answer { exchange: None, has_surplus: false, sending: None, parts, ending: ending.clone() };
        self.ledger.ready(&answer).await?;
        self.delivering.finish(&answer.parts, None).await
    }

    /// Ends the turn in a place that is closed to us: nothing more is written there, and
    /// nobody is to act, so that the place is told of and not the turn.
    async fn shut_out(&self, closed: Closed, error: &DeliveryError) -> TurnEnd {
        let turn = self.turn;
        tracing::info!(turn.id = %turn.turn, error = %chain(error), "a reply has no place any more");
        let Some(message) = turn.last() else { return TurnEnd::Failed };
        match self.ledger.shut_out(&closed.door_of(&message.address), UNDELIVERED).await {
            Ok(turned) => doors::tell(&turned),
            Err(error) => {
                tracing::error!(turn.id = %turn.turn, error = %chain(&error), "a failed turn stays open; the next start takes it up");
            }
        }
        TurnEnd::Failed
    }

    /// Logs what went wrong, once, and tells the person without any detail.
    async fn fail(&mut self, error: &TurnError) -> TurnEnd {
        let turn = self.turn;
        if let TurnError::Deliver(error) = error
            && let Some(closed) = error.closed()
        {
            return self.shut_out(closed, error).await;
        }
        let reference = Reference::from(turn.turn).to_string();
        tracing::error!(turn.id = %turn.turn, reference = %reference, error = %chain(error), "a turn failed");
        let sorry = match error {
            TurnError::Deliver(DeliveryError::Lost | DeliveryError::Stopped) => return TurnEnd::Failed,
            // What surely did not arrive is kept, and goes out later.
            TurnError::Deliver(DeliveryError::Channel(
                ChannelError::RateLimited { .. } | ChannelError::Unreachable { .. },
            )) => {
                let put_back = self.ledger.give_back_unsent().await;
                return note_put_back(turn, put_back);
            }
            // What may have arrived is looked for, or labelled, when the platform is there again.
            TurnError::Deliver(DeliveryError::Away(_)) => {
                let put_back = self.ledger.give_back(true).await;
                return note_put_back(turn, put_back);
            }
            // Where the answer did not get through, an apology would not either,
            // unless it was the text that the platform refused.
            TurnError::Deliver(
                DeliveryError::Channel(ChannelError::Rejected { .. }) | DeliveryError::Store(_),
            )
            | TurnError::Decide(_) => self.conclude(self.turns.apology(turn), None).await,
            TurnError::Deliver(DeliveryError::Channel(error)) => {
                let may_have_arrived = matches!(error, ChannelError::Unknown { .. });
                self.ledger.give_up(UNDELIVERED, may_have_arrived).await.map(|()| TurnEnd::Failed)
            }
        };
        if let Err(error) = sorry {
            tracing::warn!(turn.id = %turn.turn, error = %chain(&error), "the apology did not arrive either");
            if let Err(error) = self.ledger.give_up(UNDELIVERED, true).await {
                tracing::error!(turn.id = %turn.turn, error = %chain(&error), "a failed turn stays open; the next start takes it up");
            }
        }
        TurnEnd::Failed
    }
}

/// Whether a model is asked in it.
fn asks(turn: &ClaimedTurn) -> bool {
    turn.last().is_some_and(|message| match &message.event {
        Event::Text(_) | Event::Edited(_) | Event::Again(_) => true,
        Event::Command(_) | Event::Deleted(_) | Event::Missed(_) | Event::Reacted(_) => false,
    })
}

fn has_a_file(parts: &[Part]) -> bool {
    parts.iter().any(|part| part.file.is_some())
}

fn is_command(message: &InboundMessage) -> bool {
    matches!(message.event, Event::Command(_))
}

fn note_put_back(turn: &ClaimedTurn, put_back: Result<(), DeliveryError>) -> TurnEnd {
    if let Err(error) = put_back {
        tracing::error!(turn.id = %turn.turn, error = %chain(&error), "could not put a turn back; the next start will");
    }
    TurnEnd::Failed
}

fn note_first_text(turn: &ClaimedTurn, is_seen: &AtomicBool, began: Instant) {
    if !is_seen.swap(true, Ordering::Relaxed)
        && let Some(message) = turn.last()
    {
        metrics::first_text(message.address.platform, began.elapsed());
    }
}
