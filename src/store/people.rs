//! People and the accounts they write from.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select, Set,
};
use uuid::Uuid;

use crate::domain::{Author, ConversationId, IdentityId, Platform, Role, Timestamp, User, UserId};
use crate::store::entities::{identities, users};
use crate::store::{Store, StoreError, micros};

/// An account, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub id: IdentityId,
    pub user: UserId,
    pub platform: Platform,
    pub scope: String,
    pub platform_user_id: String,
    pub name: String,
}

/// Every query for people starts here.
pub(super) fn all_users() -> Select<users::Entity> {
    users::Entity::find().filter(users::Column::IsAnonymized.eq(false))
}

/// Finds the account, or makes it and a person for it.
pub(super) async fn resolve(
    db: &impl ConnectionTrait,
    account: (Platform, &str),
    author: &Author,
    now: Timestamp,
) -> Result<(IdentityId, UserId), StoreError> {
    if let Some((identity, user, name, username)) = find(db, account, author).await? {
        // Where the platform did not tell how somebody is called, the last that it told holds.
        let is_told = author.name != author.platform_user_id;
        if is_told && (name != author.name || username != author.username) {
            identities::Entity::update_many()
                .col_expr(identities::Column::Name, Expr::value(author.name.clone()))
                .col_expr(identities::Column::Username, Expr::value(author.username.clone()))
                .filter(identities::Column::Id.eq(identity))
                .exec(db)
                .await?;
        }
        return Ok((IdentityId(identity), UserId(user)));
    }
    if let Some(made) = create(db, account, author, now).await? {
        return Ok(made);
    }
    // Another connection has made it between our two looks.
    let (identity, user, ..) = find(db, account, author).await?.ok_or_else(|| StoreError::Row {
        table: "identities",
        id: format!("{}:{}", account.0, author.platform_user_id),
        source: None,
    })?;
    Ok((IdentityId(identity), UserId(user)))
}

async fn find(
    db: &impl ConnectionTrait,
    (platform, scope): (Platform, &str),
    author: &Author,
) -> Result<Option<(Uuid, Uuid, String, Option<String>)>, StoreError> {
    let known = identities::Entity::find()
        .select_only()
        .columns([
            identities::Column::Id,
            identities::Column::UserId,
            identities::Column::Name,
            identities::Column::Username,
        ])
        .filter(identities::Column::Platform.eq(platform.name()))
        .filter(identities::Column::Scope.eq(scope))
        .filter(identities::Column::PlatformUserId.eq(&author.platform_user_id))
        .into_tuple()
        .one(db)
        .await?;
    Ok(known)
}

/// Makes a person with this account, unless the account is there meanwhile.
async fn create(
    db: &impl ConnectionTrait,
    (platform, scope): (Platform, &str),
    author: &Author,
    now: Timestamp,
) -> Result<Option<(IdentityId, UserId)>, StoreError> {
    let (identity, user) = (IdentityId::new(now), UserId::new(now));
    // Whoever sits at the terminal has the machine, and with it the database.
    let role = if platform == Platform::Terminal { Role::Owner } else { Role::Stranger };
    users::ActiveModel {
        id: Set(user.0),
        name: Set(author.name.clone()),
        role: Set(role.name().to_owned()),
        tier: Set("free".to_owned()),
        locale: Set(author.locale.clone()),
        settings: Set(serde_json::json!({})),
        is_blocked: Set(false),
        is_anonymized: Set(false),
        created_at: Set(micros(now)),
        ..Default::default()
    }
    .insert(db)
    .await?;
    let account = identities::ActiveModel {
        id: Set(identity.0),
        user_id: Set(user.0),
        platform: Set(platform.name().to_owned()),
        scope: Set(scope.to_owned()),
        platform_user_id: Set(author.platform_user_id.clone()),
        name: Set(author.name.clone()),
        username: Set(author.username.clone()),
        created_at: Set(micros(now)),
        last_seen_at: Set(micros(now)),
    };
    let made = identities::Entity::insert(account)
        .on_conflict(
            OnConflict::columns([
                identities::Column::Platform,
                identities::Column::Scope,
                identities::Column::PlatformUserId,
            ])
            .do_nothing()
            .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    if made == 0 {
        users::Entity::delete_by_id(user.0).exec(db).await?;
        return Ok(None);
    }
    Ok(Some((identity, user)))
}

/// The person with this id, and the conversation of their direct chats.
pub(super) async fn load(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<(User, Option<ConversationId>), StoreError> {
    let row = all_users().filter(users::Column::Id.eq(id.0)).one(db).await?;
    let row = row.ok_or_else(|| unreadable(id))?;
    let active = row.active_conversation_id.map(ConversationId);
    Ok((into_user(row)?, active))
}

pub(super) fn into_user(row: users::Model) -> Result<User, StoreError> {
    let id = UserId(row.id);
    let role = row.role.parse().map_err(|_| unreadable(id))?;
    Ok(User { id, name: row.name, role, is_blocked: row.is_blocked })
}

/// The account in a row, unless its platform is one of a later version.
pub(super) fn into_identity(row: identities::Model) -> Option<Identity> {
    Some(Identity {
        id: IdentityId(row.id),
        user: UserId(row.user_id),
        platform: row.platform.parse().ok()?,
        scope: row.scope,
        platform_user_id: row.platform_user_id,
        name: row.name,
    })
}

fn unreadable(id: UserId) -> StoreError {
    StoreError::Row { table: "users", id: id.to_string(), source: None }
}

impl Store {
    /// Finds an account by its platform's id.
    pub async fn identity(
        &self,
        platform: Platform,
        scope: &str,
        platform_user_id: &str,
    ) -> Result<Option<Identity>, StoreError> {
        let row = identities::Entity::find()
            .filter(identities::Column::Platform.eq(platform.name()))
            .filter(identities::Column::Scope.eq(scope))
            .filter(identities::Column::PlatformUserId.eq(platform_user_id))
            .one(&self.readers)
            .await?;
        Ok(row.and_then(into_identity))
    }

    /// The person with this id.
    pub async fn user(&self, id: UserId) -> Result<User, StoreError> {
        Ok(load(&self.readers, id).await?.0)
    }
}
