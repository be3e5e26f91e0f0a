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

/// Whether there is a whole answer to a question as it reads now; $1 is its conversation,
/// $2 the question, $3 the turn that asked, $4 its place.
const HAS_WHOLE: &str = "SELECT a.id FROM messages a WHERE a.conversation_id = $1 AND a.seq > $4 \
    AND a.role = 'assistant' AND (a.parent_id = $2 OR a.turn_id = $3) \
    AND a.superseded_at IS NULL AND a.deleted_at IS NULL AND a.error IS NULL \
    AND a.finish_reason IN ('stop', 'length') AND NOT EXISTS ( \
        SELECT 1 FROM messages q JOIN message_revisions r ON r.message_id = q.id \
        WHERE q.turn_id = $3 AND r.replaced_at > a.created_at) LIMIT 1";

/// Whether an answer that broke off comes to a question that has a whole one.
async fn is_worse(
    tx: &DatabaseTransaction,
    conversation: ConversationId,
    before: AskedBefore,
) -> Result<bool, StoreError> {
    let values = [conversation.0.into(), before.question.0.into(), before.turn.0.into(), before.seq.into()];
    let whole = Statement::from_sql_and_values(tx.get_database_backend(), HAS_WHOLE, values);
    Ok(tx.query_one_raw(whole).await?.is_some())
}

/// Lets an answer replace those that there are to the same question, which models get
/// to see again if nobody could answer before; returns the version of the new one, and
/// whether it is superseded itself: one that broke off replaces none that is whole.
pub(super) async fn supersede(
    tx: &DatabaseTransaction,
    conversation: ConversationId,
    (before, is_whole): (AskedBefore, bool),
    now: Timestamp,
) -> Result<(i64, Option<i64>), StoreError> {
    let backend = tx.get_database_backend();
    let is_worse = !is_whole && is_worse(tx, conversation, before).await?;
    let superseded_at = (!is_worse).then(|| micros(now));
    // What was answered by an earlier version of this program knows no parent.
    let replaced = Statement::from_sql_and_values(
        backend,
        "UPDATE messages SET superseded_at = COALESCE(superseded_at, $1), parent_id = $2 \
         WHERE conversation_id = $3 AND seq > $4 AND role = 'assistant' AND (parent_id = $2 OR turn_id = $5)",
        [
            superseded_at.into(),
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
    Ok((highest.flatten().unwrap_or(0) + 1, is_worse.then(|| micros(now))))
}
