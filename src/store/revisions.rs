//! Second thoughts about what is part of a conversation: an edited question reads
//! as it was edited from then on, and how it read before is kept; one that is taken
//! back stays, and no model gets to see it any more, nor the answers to it.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Set,
};
use uuid::Uuid;

use crate::domain::{Change, ConversationId, DedupeKey, Speaker, Timestamp};
use crate::store::entities::{message_revisions, messages};
use crate::store::inbox::hash;
use crate::store::{Store, StoreError, micros};

/// How many earlier wordings of a message are kept: the last ones.
const MOST_REVISIONS: i64 = 20;

/// A question that reads as it was edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revised {
    pub conversation: ConversationId,
    /// Whether nothing was asked in the conversation after it.
    pub is_last: bool,
}

/// Every query for a question that is part of a conversation starts here.
fn question(key: &DedupeKey) -> Select<messages::Entity> {
    messages::Entity::find()
        .filter(messages::Column::SaidKey.eq(hash(&key.0)))
        .filter(messages::Column::DeletedAt.is_null())
        // What was replayed stands there more than once.
        .order_by_desc(messages::Column::Seq)
}

/// Whether a change would change anything about what is part of a conversation.
pub(super) async fn concerns(tx: &DatabaseTransaction, change: &Change) -> Result<bool, StoreError> {
    let Some(row) = question(&change.message.key).one(tx).await? else { return Ok(false) };
    let is_other = |words: &str| words != row.content;
    Ok(change.is_deletion || change.message.words().is_some_and(is_other))
}

impl Store {
    /// Lets a question read as it was edited; nothing if it is none, or was edited later.
    ///
    /// Doing it again changes nothing and returns the same.
    pub async fn revise(
        &self,
        key: &DedupeKey,
        words: &str,
        edited_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Revised>, StoreError> {
        let (key, words) = (key.clone(), words.to_owned());
        self.write(move |tx| {
            async move {
                let Some(row) = question(&key).lock_exclusive().one(tx).await? else { return Ok(None) };
                let (known, edited) = (row.edited_at.unwrap_or(i64::MIN), micros(edited_at));
                if known > edited || (row.content == words && known != edited) {
                    return Ok(None);
                }
                if row.content != words {
                    keep(tx, &row, now).await?;
                    messages::Entity::update_many()
                        .col_expr(messages::Column::Content, Expr::value(words))
                        .col_expr(messages::Column::Tokens, Expr::value(None::<i64>))
                        .col_expr(messages::Column::EditedAt, Expr::value(edited))
                        .filter(messages::Column::Id.eq(row.id))
                        .exec(tx)
                        .await?;
                }
                let conversation = ConversationId(row.conversation_id);
                Ok(Some(Revised { conversation, is_last: is_last(tx, &row).await? }))
            }
            .boxed()
        })
        .await
    }

    /// Takes a question out of its conversation, and its answers if nothing else was asked
    /// with it; false if it is not part of one.
    pub async fn withdraw(&self, key: &DedupeKey, now: Timestamp) -> Result<bool, StoreError> {
        let key = key.clone();
        self.write(move |tx| {
            async move {
                let rows = question(&key).lock_exclusive().all(tx).await?;
                for row in &rows {
                    delete(tx, Condition::all().add(messages::Column::Id.eq(row.id)), now).await?;
                    if let Some(turn) = row.turn_id {
                        withdraw_answers(tx, row, turn, now).await?;
                    }
                }
                Ok(!rows.is_empty())
            }
            .boxed()
        })
        .await
    }
}

/// Keeps how a message read until now.
async fn keep(tx: &DatabaseTransaction, row: &messages::Model, now: Timestamp) -> Result<(), StoreError> {
    let of = message_revisions::Column::MessageId.eq(row.id);
    let last: Option<i64> = message_revisions::Entity::find()
        .filter(of.clone())
        .order_by_desc(message_revisions::Column::Number)
        .select_only()
        .column(message_revisions::Column::Number)
        .into_tuple()
        .one(tx)
        .await?;
    let number = last.unwrap_or(0) + 1;
    let revision = message_revisions::ActiveModel {
        message_id: Set(row.id),
        number: Set(number),
        content: Set(row.content.clone()),
        replaced_at: Set(micros(now)),
    };
    message_revisions::Entity::insert(revision).exec_without_returning(tx).await?;
    message_revisions::Entity::delete_many()
        .filter(of)
        .filter(message_revisions::Column::Number.lte(number - MOST_REVISIONS))
        .exec(tx)
        .await?;
    Ok(())
}

async fn is_last(tx: &DatabaseTransaction, row: &messages::Model) -> Result<bool, StoreError> {
    let later = messages::Entity::find()
        .filter(messages::Column::ConversationId.eq(row.conversation_id))
        .filter(messages::Column::Seq.gt(row.seq))
        .filter(messages::Column::Role.eq(Speaker::Person.name()))
        .filter(messages::Column::TurnId.ne(row.turn_id))
        .filter(messages::Column::DeletedAt.is_null());
    Ok(later.one(tx).await?.is_none())
}

/// An answer without its question would only confuse, and may repeat what was taken back.
async fn withdraw_answers(
    tx: &DatabaseTransaction,
    row: &messages::Model,
    turn: Uuid,
    now: Timestamp,
) -> Result<(), StoreError> {
    let asked: Vec<(Uuid, i64, Option<i64>)> = messages::Entity::find()
        .filter(messages::Column::TurnId.eq(turn))
        .filter(messages::Column::Role.eq(Speaker::Person.name()))
        .select_only()
        .columns([messages::Column::Id, messages::Column::Seq, messages::Column::DeletedAt])
        .into_tuple()
        .all(tx)
        .await?;
    if asked.iter().any(|(_, _, deleted_at)| deleted_at.is_none()) {
        return Ok(());
    }
    let first = asked.iter().map(|(_, seq, _)| *seq).min().unwrap_or(row.seq);
    let questions = asked.into_iter().map(|(id, _, _)| id);
    let theirs = Condition::any()
        .add(messages::Column::ParentId.is_in(questions))
        .add(messages::Column::TurnId.eq(turn));
    let answers = Condition::all()
        .add(messages::Column::ConversationId.eq(row.conversation_id))
        .add(messages::Column::Seq.gt(first))
        .add(messages::Column::Role.eq(Speaker::Assistant.name()))
        .add(theirs);
    delete(tx, answers, now).await
}

async fn delete(tx: &DatabaseTransaction, which: Condition, now: Timestamp) -> Result<(), StoreError> {
    messages::Entity::update_many()
        .col_expr(messages::Column::DeletedAt, Expr::value(micros(now)))
        .filter(which)
        .filter(messages::Column::DeletedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}
