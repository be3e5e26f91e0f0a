//! Asking the model.

use futures_util::{StreamExt, stream};

use crate::domain::{
    AnswerEvent, AnswerStream, Asked, AskedBefore, Conversation, InboundMessage, Line, Outcome, Reply,
    Speaker, Timestamp,
};
use crate::model::{ModelError, ModelEvent, ModelRequest, ModelStream, TOKENS_PER_LINE};
use crate::router::{Router, RouterError, context};
use crate::store::ClaimedTurn;
use crate::telemetry::{chain, metrics};

impl Router {
    /// Asks the model what to answer.
    pub(super) async fn ask(&self, turn: &ClaimedTurn, now: Timestamp) -> Result<Outcome, RouterError> {
        let conversation = self.conversation(turn, now).await?;
        let model = self.model_of(&conversation);
        let questions = self.questions(turn, &model);
        self.answer(turn, &conversation, questions, None).await
    }

    /// Asks the model for an answer in a conversation: what was asked `before` is asked anew.
    pub(super) async fn answer(
        &self,
        turn: &ClaimedTurn,
        conversation: &Conversation,
        questions: Vec<Line>,
        before: Option<AskedBefore>,
    ) -> Result<Outcome, RouterError> {
        let asked = Asked { conversation: conversation.id, questions: questions.clone(), before };
        if turn.is_stopped {
            // Nobody waits for it any more, so nobody is asked.
            return Ok(Outcome::Reply(Reply { stream: Box::pin(stream::pending()), asked: Some(asked) }));
        }
        let chosen = self.chosen(conversation).map(str::to_owned);
        let model = self.model_of(conversation);
        let measure = |line: &Line| {
            let text = line.tokens.unwrap_or_else(|| self.parts.tokens.estimate(&model, &line.text));
            text.saturating_add(TOKENS_PER_LINE)
        };
        let history = self.history(conversation, before, measure).await?;
        let lines = context::assemble(
            Line { speaker: Speaker::System, text: self.parts.settings.system_prompt.clone(), tokens: None },
            history,
            questions,
            self.parts.settings.context_tokens,
            measure,
        );
        let request = ModelRequest { lines, model: chosen };
        let stream = match self.parts.model.ask(&request).await {
            Ok(stream) => translate(stream),
            Err(error) => failed(&error),
        };
        Ok(Outcome::Reply(Reply { stream, asked: Some(asked) }))
    }

    /// The model that answers in a conversation.
    fn model_of(&self, conversation: &Conversation) -> String {
        self.chosen(conversation).unwrap_or_else(|| self.parts.model.name()).to_owned()
    }

    /// The last that was said, at least as much as a model may get to see; before what was
    /// asked `before`, if it is asked anew.
    async fn history(
        &self,
        conversation: &Conversation,
        before: Option<AskedBefore>,
        measure: impl Fn(&Line) -> u32,
    ) -> Result<Vec<Line>, RouterError> {
        let budget = self.parts.settings.context_tokens;
        let most = context::most_lines(budget);
        let mut looked = context::FIRST_LOOK.min(most);
        loop {
            let lines = match before {
                Some(before) => self.parts.store.recent_before(conversation.id, before.seq, looked).await,
                None => self.parts.store.recent(conversation.id, looked).await,
            };
            let lines = lines.map_err(RouterError::at("read the conversation"))?;
            let is_all = u64::try_from(lines.len()).is_ok_and(|count| count < looked);
            let tokens = lines.iter().map(&measure).fold(0, u32::saturating_add);
            if is_all || looked == most || tokens >= budget {
                return Ok(lines);
            }
            looked = (looked * 4).min(most);
        }
    }

    /// The model chosen for a conversation, as long as it may be chosen.
    pub(super) fn chosen<'a>(&self, conversation: &'a Conversation) -> Option<&'a str> {
        conversation.model.as_deref().filter(|name| self.parts.model.choices().contains(name))
    }

    /// The conversation that goes on where the turn is, begun if there is none.
    pub(super) async fn conversation(
        &self,
        turn: &ClaimedTurn,
        now: Timestamp,
    ) -> Result<Conversation, RouterError> {
        match &turn.conversation {
            Some(conversation) => Ok(conversation.clone()),
            None => self.begin(turn, now).await,
        }
    }

    /// Begins a conversation where the turn is.
    pub(super) async fn begin(
        &self,
        turn: &ClaimedTurn,
        now: Timestamp,
    ) -> Result<Conversation, RouterError> {
        let is_direct = turn.last().is_some_and(|message| message.address.is_direct());
        let address = (!is_direct).then_some(turn.address);
        let begun = self.parts.store.begin_conversation(turn.user.id, address, now).await;
        begun.map_err(RouterError::at("begin a conversation"))
    }

    fn questions(&self, turn: &ClaimedTurn, model: &str) -> Vec<Line> {
        let texts = turn.messages.iter().filter_map(InboundMessage::words).map(str::to_owned);
        texts
            .map(|text| {
                let tokens = Some(self.parts.tokens.estimate(model, &text));
                Line { speaker: Speaker::Person, text, tokens }
            })
            .collect()
    }
}

/// Turns the model's words into ours.
fn translate(stream: ModelStream) -> AnswerStream {
    let events = stream.map(|event| match event {
        Ok(ModelEvent::Begun(begun)) => AnswerEvent::Begun(begun),
        Ok(ModelEvent::Delta(text)) => AnswerEvent::Delta(text),
        Ok(ModelEvent::Restarted) => AnswerEvent::Restarted,
        Ok(ModelEvent::Finished(finished)) => AnswerEvent::Finished(finished),
        Err(error) => report(&error),
    });
    Box::pin(events)
}

fn failed(error: &ModelError) -> AnswerStream {
    let event = report(error);
    Box::pin(stream::once(async move { event }))
}

/// Logs a model's failure, once, and says what people need to know of it.
fn report(error: &ModelError) -> AnswerEvent {
    let failure = error.failure();
    metrics::model_failed(failure);
    tracing::error!(reason = failure.name(), error = %chain(error), "the model gave no whole answer");
    AnswerEvent::Failed(failure)
}
