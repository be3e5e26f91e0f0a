//! What is said at the end of a turn, in words for the person.

use std::time::Duration;

use crate::app::delivery::{DeliveryError, Ended, Partial};
use crate::app::turns::Turns;
use crate::domain::{Asked, FinishReason, Finished, ModelFailure, Reference};
use crate::store::{Answered, ClaimedTurn, Ending, Exchange, Finale, Question};
use crate::telemetry::metrics::TurnEnd;

/// The final text of a turn, and what becomes part of the conversation.
pub(super) struct Said {
    pub(super) text: String,
    finished: Option<Finished>,
    error: Option<&'static str>,
    pub(super) end: TurnEnd,
    finale: Finale,
}

impl Said {
    /// Words that are no answer and become part of no conversation.
    pub(super) fn plainly(text: String, finale: Finale, end: TurnEnd) -> Self {
        Self { text, finished: None, error: None, end, finale }
    }

    fn failure(text: String) -> Self {
        Self::plainly(text, Finale::Failed, TurnEnd::Failed)
    }

    fn answer(text: String, finished: Option<Finished>) -> Self {
        Self { finished, ..Self::plainly(text, Finale::Done, TurnEnd::Answered) }
    }

    /// Whether it is an answer that did not break off.
    pub(super) fn is_whole_answer(&self) -> bool {
        self.finale == Finale::Done && self.error.is_none()
    }

    /// Whether it is words of ours in the place of an answer.
    pub(super) fn is_no_answer(&self) -> bool {
        self.finished.is_none()
    }

    /// How the turn ends with it.
    pub(super) fn ending(&self) -> Ending {
        Ending::new(self.finale, self.end.name())
    }
}

impl Turns {
    /// The final text for how an answer ended.
    pub(super) fn say(&self, turn: &ClaimedTurn, ended: Ended) -> Result<Said, DeliveryError> {
        Ok(match ended {
            Ended::Finished(finished) if finished.text.trim().is_empty() => {
                Said::failure(self.failure(turn, ModelFailure::Nonsense))
            }
            Ended::Finished(finished) => {
                let note = match finished.finish_reason {
                    FinishReason::Length => Some("answer-length"),
                    FinishReason::Filtered | FinishReason::Cut => Some("answer-cut"),
                    FinishReason::Stop | FinishReason::Stopped => None,
                };
                Said::answer(self.with_note(&finished.text, note), Some(finished))
            }
            Ended::Failed { failure, part } if part.text.trim().is_empty() => {
                Said::failure(self.failure(turn, failure))
            }
            Ended::Failed { failure, part } => {
                let shown = self.with_note(&part.text, Some("answer-cut"));
                let partial = self.partial(part, FinishReason::Cut);
                Said { error: Some(failure.name()), ..Said::answer(shown, Some(partial)) }
            }
            Ended::Stopped(part) if part.text.trim().is_empty() => {
                Said::answer(self.texts.get("stopped-before-text"), None)
            }
            Ended::Stopped(part) => {
                Said::answer(part.text.clone(), Some(self.partial(part, FinishReason::Stopped)))
            }
            Ended::Unseen(error) => return Err(error),
        })
    }

    /// What to say when it was our fault.
    pub(super) fn apology(&self, turn: &ClaimedTurn) -> Said {
        let reference = Reference::from(turn.turn).to_string();
        Said::failure(self.texts.with("failure-internal", &[("reference", &reference)]))
    }

    /// What to say of a message that was tried too often.
    pub(super) fn farewell(&self, turn: &ClaimedTurn) -> Said {
        let reference = Reference::from(turn.turn).to_string();
        tracing::error!(turn.id = %turn.turn, reference = %reference, attempts = turn.attempts - 1, "gave a message up; it can be replayed");
        let text = self.texts.with("failure-given-up", &[("reference", &reference)]);
        Said::plainly(text, Finale::Dead, TurnEnd::GivenUp)
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
    fn partial(&self, Partial { text, begun }: Partial, finish_reason: FinishReason) -> Finished {
        let completion_tokens = self.tokens.estimate(&begun.model, &text);
        begun.ended(text, completion_tokens, finish_reason)
    }

    /// What becomes part of the conversation, if anything does.
    pub(super) fn exchange(
        &self,
        turn: &ClaimedTurn,
        asked: Option<Asked>,
        said: &Said,
        took: Duration,
    ) -> Option<Exchange> {
        let asked = asked?;
        let answer = said.finished.clone().map(|finished| {
            let tokens = self.tokens.estimate(&finished.model, &finished.text);
            Answered { tokens, finished, took, error: said.error }
        });
        let heard = turn.messages.iter().filter(|message| message.words().is_some());
        // What was asked before is part of the conversation already.
        let lines = if asked.before.is_some() { Vec::new() } else { asked.questions };
        let questions = lines.into_iter().zip(heard).map(|(line, message)| Question {
            key: message.key.clone(),
            tokens: line.tokens.unwrap_or_default(),
            text: line.text,
            sent_at: message.sent_at,
            edited_at: turn.edited_at(&message.key),
        });
        Some(Exchange {
            turn: turn.turn,
            conversation: asked.conversation,
            user: turn.user.id,
            identity: turn.identity,
            questions: questions.collect(),
            answer,
            before: asked.before,
        })
    }
}
