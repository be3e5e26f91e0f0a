//! Asking the model.

use futures_util::{StreamExt, stream};

use crate::domain::{
    AnswerEvent, AnswerStream, Asked, AskedBefore, Conversation, ConversationId, Line, Outcome, Reply,
    Speaker, Timestamp, Voice,
};
use crate::model::{ModelError, ModelEvent, ModelRequest, ModelStream, TOKENS_PER_LINE};
use crate::router::{Router, RouterError, context};
use crate::store::{ClaimedTurn, StoreError};
use crate::telemetry::{chain, metrics};

impl Router {
    /// Asks the model what to answer.
    pub(super) async fn ask(&self, turn: &ClaimedTurn, now: Timestamp) -> Result<Outcome, RouterError> {
        let conversation = self.conversation(turn, now).await?;
        let model = self.model_of(&conversation);
        let questions = self.questions(turn, &model);
        self.answer((turn, now), &conversation, questions, None).await
    }

    /// Asks the model for an answer in a conversation: what was asked `before` is asked anew.
    pub(super) async fn answer(
        &self,
        (turn, now): (&ClaimedTurn, Timestamp),
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
        let estimate = |text: &str| self.parts.tokens.estimate(&model, text);
        let measure = |line: &Line| {
            let text = line.tokens.unwrap_or_else(|| estimate(&line.text));
            let name = line.voice.as_ref().map_or(0, |voice| estimate(&voice.mark()));
            text.saturating_add(name).saturating_add(TOKENS_PER_LINE)
        };
        let is_among_others = turn.last().is_some_and(|message| !message.address.is_direct());
        let place = (conversation.id, before.map(|before| before.seq));
        let history = if is_among_others {
            self.history_among_others(turn, place, (measure, now)).await?
        } else {
            self.look_back(|most| self.parts.store.recent(place, most), &measure).await?
        };
        let lines = context::assemble(
            context::system(&self.parts.settings.system_prompt, is_among_others),
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

    /// The last that was said where several people talk, and overheard there; before a
    /// place in the conversation, where that is told.
    async fn history_among_others(
        &self,
        turn: &ClaimedTurn,
        place: (ConversationId, Option<i64>),
        (measure, now): (impl Fn(&Line) -> u32, Timestamp),
    ) -> Result<Vec<Line>, RouterError> {
        let look = |most| self.parts.store.recent_among_others(place, most);
        let said = self.look_back(look, |(line, _)| measure(line)).await?;
        let overheard =
            turn.last().map(|asked| self.parts.overheard.recall(&asked.address, asked.sent_at, now));
        Ok(context::interleave(said, overheard.unwrap_or_default()))
    }

    /// The last that was said, at least as much as a model may get to see.
    async fn look_back<T, F>(
        &self,
        look: impl Fn(u64) -> F,
        measure: impl Fn(&T) -> u32,
    ) -> Result<Vec<T>, RouterError>
    where
        F: Future<Output = Result<Vec<T>, StoreError>>,
    {
        let budget = self.parts.settings.context_tokens;
        let most = context::most_lines(budget);
        let mut looked = context::FIRST_LOOK.min(most);
        loop {
            let lines = look(looked).await.map_err(RouterError::at("read the conversation"))?;
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
        let said = turn.messages.iter().filter_map(|message| Some((message, message.words()?)));
        said.map(|(message, text)| {
            let tokens = Some(self.parts.tokens.estimate(model, text));
            let voice = (!message.address.is_direct()).then(|| Voice::of(&message.author.name));
            Line { speaker: Speaker::Person, text: text.to_owned(), tokens, voice }
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
