//! Another answer to what was asked last: a branch beside the one there is.
//!
//! All answers to a question have it as their parent, and a version of their own. The
//! newest is what a model gets to see; those before it stay, superseded.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use uuid::Uuid;

use crate::domain::{
    AskedBefore, ConversationId, Line, MessageId, Speaker, Timestamp, TurnId, UserId, Voice,
};
use crate::store::entities::{identities, messages};
use crate::store::{Store, StoreError, micros};

/// The most that is asked together in one turn.
const TOGETHER: u64 = 20;

/// What was asked last in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAsked {
    pub before: AskedBefore,
    /// Who has asked.
    pub user: Option<UserId>,
    /// The questions as they read now, each with its voice.
    pub questions: Vec<Line>,
}

/// A question as it is looked up: id, turn, place, person, text, tokens, and the name of the account.
type Asked = (Uuid, Option<Uuid>, i64, Option<Uuid>, String, Option<i64>, Option<String>);

impl Store {
    /// What was asked last in a conversation, answered or not.
    pub async fn last_asked(&self, id: ConversationId) -> Result<Option<LastAsked>, StoreError> {
        let account = messages::Entity::belongs_to(identities::Entity)
            .from(messages::Column::OriginIdentityId)
            .to(identities::Column::Id);
        let rows: Vec<Asked> = messages::Entity::find()
            .join(JoinType::LeftJoin, account.into())
            .filter(messages::Column::ConversationId.eq(id.0))
            .filter(messages::Column::Role.eq(Speaker::Person.name()))
            .filter(messages::Column::DeletedAt.is_null())
            .order_by_desc(messages::Column::Seq)
            .limit(TOGETHER)
            .select_only()
            .columns([
                messages::Column::Id,
                messages::Column::TurnId,
                messages::Column::Seq,
                messages::Column::UserId,
                messages::Column::Content,
                messages::Column::Tokens,
            ])
            .column(identities::Column::Name)
            .into_tuple()
            .all(&self.readers)
            .await?;
        let Some(&(question, Some(turn), _, user, ..)) = rows.first() else { return Ok(None) };
        let together: Vec<Asked> = rows.into_iter().take_while(|asked| asked.1 == Some(turn)).collect();
        let seq = together.last().map_or(0, |first| first.2);
        let lines = together.into_iter().rev().map(|(.., text, tokens, name)| Line {
            speaker: Speaker::Person,
            text,
            tokens: tokens.and_then(|tokens| u32::try_from(tokens).ok()),
            voice: name.map(|name| Voice::of(&name)),
        });
        let before = AskedBefore { question: MessageId(question), turn: TurnId(turn), seq };
        Ok(Some(LastAsked { before, user: user.map(UserId), questions: lines.collect() }))
    }
}

/// Lets an answer replace those that there are to the same question, which models get
/// to see again if nobody could answer before; returns the version of the new one.
pub(super) async fn supersede(
    tx: &DatabaseTransaction,
    conversation: ConversationId,
    before: AskedBefore,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let backend = tx.get_database_backend();
    // What was answered by an earlier version of this program knows no parent.
    let replaced = Statement::from_sql_and_values(
        backend,
        "UPDATE messages SET superseded_at = COALESCE(superseded_at, $1), parent_id = $2 \
         WHERE conversation_id = $3 AND seq > $4 AND role = 'assistant' AND (parent_id = $2 OR turn_id = $5)",
        [
            micros(now).into(),
            before.question.0.into(),
            conversation.0.into(),
            before.seq.into(),
            before.turn.0.into(),
        ],
    );
    tx.execute_raw(replaced).await?;
    let shown = Statement::from_sql_and_values(
        backend,
        "UPDATE messages SET superseded_at = NULL \
         WHERE turn_id = $1 AND role = 'user' AND superseded_at IS NOT NULL",
        [before.turn.0.into()],
    );
    tx.execute_raw(shown).await?;
    let highest: Option<Option<i64>> = messages::Entity::find()
        .filter(messages::Column::ConversationId.eq(conversation.0))
        .filter(messages::Column::Seq.gt(before.seq))
        .filter(messages::Column::ParentId.eq(before.question.0))
        .select_only()
        .column_as(messages::Column::Version.max(), "version")
        .into_tuple()
        .one(tx)
        .await?;
    Ok(highest.flatten().unwrap_or(0) + 1)
}
