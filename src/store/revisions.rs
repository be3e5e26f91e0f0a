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

use crate::domain::{Change, ConversationId, DedupeKey, Speaker, Timestamp, TurnId};
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
///
/// After an edit to the words that it has, an earlier one that still waits changes nothing.
pub(super) async fn concerns(tx: &DatabaseTransaction, change: &Change) -> Result<bool, StoreError> {
    let found = question(&change.message.key).lock_exclusive().one(tx).await?;
    let Some(row) = found else { return Ok(false) };
    if change.is_deletion {
        return Ok(true);
    }
    let Some(words) = change.message.words() else { return Ok(false) };
    if words == row.content {
        confirm(tx, &row, micros(change.at)).await?;
        return Ok(false);
    }
    Ok(true)
}

/// The keys, as they are kept, of what a turn has asked and was taken out of its conversation.
pub(super) async fn withdrawn(tx: &DatabaseTransaction, turn: Uuid) -> Result<Vec<Vec<u8>>, StoreError> {
    let keys: Vec<Option<Vec<u8>>> = messages::Entity::find()
        .filter(messages::Column::TurnId.eq(turn))
        .filter(messages::Column::DeletedAt.is_not_null())
        .select_only()
        .column(messages::Column::SaidKey)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(keys.into_iter().flatten().collect())
}

/// Notes that a question was edited last at a moment, and reads as it did.
async fn confirm(tx: &DatabaseTransaction, row: &messages::Model, edited: i64) -> Result<(), StoreError> {
    if row.edited_at.is_some_and(|known| known >= edited) {
        return Ok(());
    }
    messages::Entity::update_many()
        .col_expr(messages::Column::EditedAt, Expr::value(edited))
        .filter(messages::Column::Id.eq(row.id))
        .exec(tx)
        .await?;
    Ok(())
}

impl Store {
    /// The turn that has asked a question; nothing if it is not part of a conversation.
    pub async fn turn_that_asked(&self, key: &DedupeKey) -> Result<Option<TurnId>, StoreError> {
        let asked = question(key).one(&self.readers).await?;
        Ok(asked.and_then(|row| row.turn_id).map(TurnId))
    }

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
                if known > edited {
                    return Ok(None);
                }
                if row.content == words && known != edited {
                    confirm(tx, &row, edited).await?;
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
