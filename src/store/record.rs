//! What a turn adds to its conversation: questions and their answer, questions that
//! nobody could answer, another answer to earlier ones, or nothing.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, Set, Statement};

use crate::domain::{
    AskedBefore, ConversationId, DedupeKey, FinishReason, Finished, IdentityId, MessageId, Speaker,
    Timestamp, TurnId, UserId,
};
use crate::store::entities::messages;
use crate::store::inbox::hash;
use crate::store::{StoreError, again, micros};

/// Questions and their answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub turn: TurnId,
    pub conversation: ConversationId,
    pub user: UserId,
    pub identity: IdentityId,
    /// What was asked; nothing if it was asked before.
    pub questions: Vec<Question>,
    /// Nothing if nobody could answer: then no model gets to see the questions, which are
    /// kept for another try.
    pub answer: Option<Answered>,
    /// What has been asked before, if this is another answer to it.
    pub before: Option<AskedBefore>,
}

/// One thing a person said.
#[derive(Debug, Clone)]
pub struct Question {
    /// Names the thing said.
    pub key: DedupeKey,
    pub text: String,
    pub tokens: u32,
    pub sent_at: Timestamp,
    /// When it was changed last before it was answered, if it was.
    pub edited_at: Option<Timestamp>,
}

/// What was answered, and what it took.
#[derive(Debug, Clone)]
pub struct Answered {
    pub finished: Finished,
    /// Its length in tokens, for later prompts.
    pub tokens: u32,
    pub took: Duration,
    /// Why it is not whole, if it is not.
    pub error: Option<&'static str>,
}

impl Answered {
    /// Whether it did not break off.
    fn is_whole(&self) -> bool {
        let is_ended = match self.finished.finish_reason {
            FinishReason::Stop | FinishReason::Length => true,
            FinishReason::Filtered | FinishReason::Stopped | FinishReason::Cut => false,
        };
        is_ended && self.error.is_none()
    }
}

/// Adds the exchange to its conversation.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    exchange: Exchange,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Exchange { questions, answer, before, .. } = &exchange;
    let count = i64::try_from(questions.len() + usize::from(answer.is_some())).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(());
    }
    let first = take_numbers(tx, exchange.conversation, count, now).await?;
    let mut rows: Vec<messages::ActiveModel> = Vec::with_capacity(questions.len() + 1);
    let (mut parent, mut version, mut superseded_at) = (None, 1, None);
    for (seq, question) in (first..).zip(questions) {
        let row = question_row(&exchange, question, seq, now);
        parent = row.id.try_as_ref().copied();
        rows.push(row);
    }
    if let Some(before) = before {
        parent = Some(before.question.0);
        let is_whole = answer.as_ref().is_some_and(Answered::is_whole);
        let place = again::supersede(tx, exchange.conversation, (*before, is_whole), now).await?;
        (version, superseded_at) = place;
    }
    if let Some(answered) = answer {
        let row = answer_row(&exchange, answered, first + count - 1, now);
        rows.push(messages::ActiveModel {
            parent_id: Set(parent),
            version: Set(version),
            superseded_at: Set(superseded_at),
            ..row
        });
    }
    messages::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

fn question_row(exchange: &Exchange, question: &Question, seq: i64, now: Timestamp) -> messages::ActiveModel {
    messages::ActiveModel {
        user_id: Set(Some(exchange.user.0)),
        origin_identity_id: Set(Some(exchange.identity.0)),
        content: Set(question.text.clone()),
        tokens: Set(Some(i64::from(question.tokens))),
        created_at: Set(micros(question.sent_at)),
        said_key: Set(Some(hash(&question.key.0))),
        edited_at: Set(question.edited_at.map(micros)),
        superseded_at: Set(exchange.answer.is_none().then(|| micros(now))),
        ..blank(exchange, Speaker::Person, seq, now)
    }
}

fn answer_row(exchange: &Exchange, answered: &Answered, seq: i64, now: Timestamp) -> messages::ActiveModel {
    let Answered { finished, tokens, took, error } = answered;
    messages::ActiveModel {
        content: Set(finished.text.clone()),
        tokens: Set(Some(i64::from(*tokens))),
        model: Set(Some(finished.model.clone())),
        provider: Set(Some(finished.provider.clone())),
        prompt_tokens: Set(Some(i64::from(finished.usage.prompt_tokens))),
        completion_tokens: Set(Some(i64::from(finished.usage.completion_tokens))),
        cost_micros: Set(Some(i64::try_from(finished.usage.cost_micros).unwrap_or(i64::MAX))),
        response_ms: Set(Some(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))),
        finish_reason: Set(Some(finished.finish_reason.name().to_owned())),
        error: Set(error.map(str::to_owned)),
        completed_at: Set(Some(micros(now))),
        ..blank(exchange, Speaker::Assistant, seq, now)
    }
}

fn blank(exchange: &Exchange, speaker: Speaker, seq: i64, now: Timestamp) -> messages::ActiveModel {
    messages::ActiveModel {
        id: Set(MessageId::new(now).0),
        conversation_id: Set(exchange.conversation.0),
        seq: Set(seq),
        turn_id: Set(Some(exchange.turn.0)),
        user_id: Set(None),
        origin_identity_id: Set(None),
        role: Set(speaker.name().to_owned()),
        content: Set(String::new()),
        parent_id: Set(None),
        version: Set(1),
        tokens: Set(None),
        model: Set(None),
        provider: Set(None),
        prompt_tokens: Set(None),
        completion_tokens: Set(None),
        cost_micros: Set(None),
        response_ms: Set(None),
        finish_reason: Set(None),
        error: Set(None),
        created_at: Set(micros(now)),
        completed_at: Set(None),
        deleted_at: Set(None),
        said_key: Set(None),
        edited_at: Set(None),
        superseded_at: Set(None),
    }
}

/// Takes the next `count` numbers of a conversation and returns the first.
async fn take_numbers(
    tx: &DatabaseTransaction,
    conversation: ConversationId,
    count: i64,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let statement = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "UPDATE conversations SET next_seq = next_seq + $1, version = version + 1, last_activity_at = $2 \
         WHERE id = $3 RETURNING next_seq",
        [count.into(), micros(now).into(), conversation.0.into()],
    );
    let row = tx.query_one_raw(statement).await?;
    let missing = || StoreError::Row { table: "conversations", id: conversation.to_string(), source: None };
    let next: i64 = row.ok_or_else(missing)?.try_get("", "next_seq")?;
    Ok(next - count)
}
