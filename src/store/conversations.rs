//! Conversations: which one goes on where, and what was said in it last.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, JoinType,
    QueryFilter, QueryOrder, QueryResult, QuerySelect, Select, Set,
};
use uuid::Uuid;

use crate::domain::{
    Address, AddressId, Conversation, ConversationId, Line, Speaker, Timestamp, UserId, Voice,
};
use crate::store::entities::{addresses, conversations, identities, messages, users};
use crate::store::limited::at_most;
use crate::store::{Store, StoreError, micros, moment};

/// What somebody said: role, text, tokens, when, and the name of the account.
type Named = (String, String, Option<i64>, i64, Option<String>);

/// Every query for messages that a model can see starts here.
fn visible_messages(conversation: ConversationId) -> Select<messages::Entity> {
    messages::Entity::find()
        .filter(messages::Column::ConversationId.eq(conversation.0))
        .filter(messages::Column::DeletedAt.is_null())
        .filter(messages::Column::SupersededAt.is_null())
}

fn visible_before(conversation: ConversationId, before: Option<i64>) -> Select<messages::Entity> {
    let before = before.map(|seq| messages::Column::Seq.lt(seq));
    visible_messages(conversation).filter(Condition::all().add_option(before))
}

impl Store {
    /// Begins a conversation, which from now on is the one that goes on there.
    ///
    /// It belongs to the person's direct chats, or to `address` when there is one.
    pub async fn begin_conversation(
        &self,
        user: UserId,
        address: Option<AddressId>,
        now: Timestamp,
    ) -> Result<Conversation, StoreError> {
        let id = ConversationId::new(now);
        self.write(move |tx| begin(tx, id, (user, address), now).boxed()).await?;
        Ok(Conversation { id, model: None, created_at: now })
    }

    /// The conversation with this id.
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation, StoreError> {
        let row = conversations::Entity::find_by_id(id.0).one(&self.readers).await?;
        let missing = || StoreError::Row { table: "conversations", id: id.to_string(), source: None };
        let row = row.ok_or_else(missing)?;
        Ok(Conversation { id, model: row.model, created_at: moment(row.created_at) })
    }

    /// Whether a model has answered in the conversation that goes on at an address.
    pub async fn has_answered(&self, address: &Address) -> Result<bool, StoreError> {
        let said = addresses::Entity::belongs_to(messages::Entity)
            .from(addresses::Column::ActiveConversationId)
            .to(messages::Column::ConversationId);
        let answer: Option<Uuid> = addresses::Entity::find()
            .join(JoinType::InnerJoin, said.into())
            .select_only()
            .column(messages::Column::Id)
            .filter(messages::Column::Role.eq(Speaker::Assistant.name()))
            .filter(addresses::Column::Platform.eq(address.platform.name()))
            .filter(addresses::Column::Scope.eq(address.scope.as_str()))
            .filter(addresses::Column::Chat.eq(address.chat.as_str()))
            .filter(addresses::Column::Thread.eq(address.thread.as_deref().unwrap_or_default()))
            .into_tuple()
            .one(&self.readers)
            .await?;
        Ok(answer.is_some())
    }

    /// Chooses the model that answers in a conversation, or the default one.
    pub async fn choose_model(&self, id: ConversationId, model: Option<String>) -> Result<(), StoreError> {
        self.write(move |tx| {
            async move {
                conversations::Entity::update_many()
                    .col_expr(conversations::Column::Model, Expr::value(model))
                    .filter(conversations::Column::Id.eq(id.0))
                    .exec(tx)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// The last things said in a conversation, oldest first, at most `limit`; before a place
    /// in it, where that is told.
    pub async fn recent(
        &self,
        (id, before): (ConversationId, Option<i64>),
        limit: u64,
    ) -> Result<Vec<Line>, StoreError> {
        let last = visible_before(id, before)
            .select_only()
            .columns([messages::Column::Role, messages::Column::Content, messages::Column::Tokens])
            .order_by_desc(messages::Column::Seq);
        let last = at_most(limit, &last, self.readers.get_database_backend());
        let rows = self.readers.query_all_raw(last).await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(QueryResult::try_get_many_by_index).collect();
        Ok(rows?.into_iter().rev().map(into_line).collect())
    }

    /// The same where several people talk: with their names, as they are called now, and when it was said.
    pub async fn recent_among_others(
        &self,
        (id, before): (ConversationId, Option<i64>),
        limit: u64,
    ) -> Result<Vec<(Line, Timestamp)>, StoreError> {
        let account = messages::Entity::belongs_to(identities::Entity)
            .from(messages::Column::OriginIdentityId)
            .to(identities::Column::Id);
        let last = visible_before(id, before)
            .join(JoinType::LeftJoin, account.into())
            .select_only()
            .columns([messages::Column::Role, messages::Column::Content, messages::Column::Tokens])
            .column(messages::Column::CreatedAt)
            .column(identities::Column::Name)
            .order_by_desc(messages::Column::Seq);
        let last = at_most(limit, &last, self.readers.get_database_backend());
        let rows = self.readers.query_all_raw(last).await?;
        let rows: Result<Vec<Named>, _> = rows.iter().map(QueryResult::try_get_many_by_index).collect();
        let lines = rows?.into_iter().rev().map(|(role, text, tokens, said_at, name)| {
            let voice = name.map(|name| Voice::of(&name));
            (Line { voice, ..into_line((role, text, tokens)) }, moment(said_at))
        });
        Ok(lines.collect())
    }
}

fn into_line((role, text, tokens): (String, String, Option<i64>)) -> Line {
    let speaker = if role == Speaker::Assistant.name() { Speaker::Assistant } else { Speaker::Person };
    Line { speaker, text, tokens: tokens.and_then(|tokens| u32::try_from(tokens).ok()), voice: None }
}

async fn begin(
    tx: &DatabaseTransaction,
    id: ConversationId,
    (user, address): (UserId, Option<AddressId>),
    now: Timestamp,
) -> Result<(), StoreError> {
    conversations::ActiveModel {
        id: Set(id.0),
        user_id: Set(address.is_none().then_some(user.0)),
        address_id: Set(address.map(|address| address.0)),
        status: Set("active".to_owned()),
        next_seq: Set(1),
        version: Set(1),
        created_at: Set(micros(now)),
        last_activity_at: Set(micros(now)),
        ..Default::default()
    }
    .insert(tx)
    .await?;
    let active = Expr::value(id.0);
    match address {
        Some(address) => {
            addresses::Entity::update_many()
                .col_expr(addresses::Column::ActiveConversationId, active)
                .filter(addresses::Column::Id.eq(address.0))
                .exec(tx)
                .await?;
        }
        None => {
            users::Entity::update_many()
                .col_expr(users::Column::ActiveConversationId, active)
                .filter(users::Column::Id.eq(user.0))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}
