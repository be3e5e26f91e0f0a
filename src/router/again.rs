//! Second thoughts: about what was said, and about the answer to it.

use crate::domain::{Conversation, InboundMessage, Outcome, Reply, Silence, Timestamp};
use crate::router::{Router, RouterError};
use crate::store::{ClaimedTurn, LastAsked};

impl Router {
    /// Takes out of its conversation what somebody has taken back.
    pub(super) async fn taken_back(
        &self,
        was: &InboundMessage,
        now: Timestamp,
    ) -> Result<Outcome, RouterError> {
        let withdrawn = self.parts.store.withdraw(&was.key, now).await;
        withdrawn.map_err(RouterError::at("take a message back"))?;
        Ok(Outcome::Silence(Silence::AlreadyAnswered))
    }

    /// Lets what was answered read as it was edited; the last question is answered anew,
    /// where that is set.
    pub(super) async fn edited(
        &self,
        turn: &ClaimedTurn,
        reads: &InboundMessage,
        (edited_at, now): (Timestamp, Timestamp),
    ) -> Result<Outcome, RouterError> {
        let silence = Ok(Outcome::Silence(Silence::AlreadyAnswered));
        let Some(words) = reads.words().filter(|words| words.chars().count() <= self.parts.message_chars)
        else {
            return silence;
        };
        let revised = self.parts.store.revise(&reads.key, words, edited_at, now).await;
        let Some(revised) = revised.map_err(RouterError::at("edit a message"))? else { return silence };
        let goes_on = turn.conversation.as_ref().filter(|active| active.id == revised.conversation);
        match goes_on.filter(|_| self.parts.answers_edits && revised.is_last) {
            Some(conversation) => self.answer_anew((turn, now), conversation).await,
            None => silence,
        }
    }

    /// Answers the last question anew.
    pub(super) async fn again(&self, turn: &ClaimedTurn, now: Timestamp) -> Result<Outcome, RouterError> {
        match &turn.conversation {
            Some(conversation) => self.answer_anew((turn, now), conversation).await,
            None => Ok(self.nothing_asked()),
        }
    }

    async fn answer_anew(
        &self,
        (turn, now): (&ClaimedTurn, Timestamp),
        conversation: &Conversation,
    ) -> Result<Outcome, RouterError> {
        match self.last_asked(conversation).await? {
            Some(LastAsked { before, mut questions, .. }) => {
                if turn.last().is_some_and(|message| message.address.is_direct()) {
                    questions.iter_mut().for_each(|question| question.voice = None);
                }
                self.answer((turn, now), conversation, questions, Some(before)).await
            }
            None => Ok(self.nothing_asked()),
        }
    }

    /// What was asked last in a conversation.
    pub(super) async fn last_asked(
        &self,
        conversation: &Conversation,
    ) -> Result<Option<LastAsked>, RouterError> {
        let asked = self.parts.store.last_asked(conversation.id).await;
        asked.map_err(RouterError::at("look up the last question"))
    }

    /// Says that there is nothing to answer anew.
    pub(super) fn nothing_asked(&self) -> Outcome {
        Outcome::Reply(Reply::ready_made(self.parts.texts.get("retry-nothing")))
    }
}
