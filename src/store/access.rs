//! Who has been let in, and the codes by which people get in.

use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};
use uuid::Uuid;

use crate::domain::{Address, Author, Platform, Role, SpaceRef, SpaceStanding, Timestamp, User, UserId};
use crate::store::entities::{identities, pairing_codes, spaces, users};
use crate::store::{Identity, Space, Store, StoreError, changes, micros, people, places};

/// What a code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeKind {
    /// An admin who approves it lets its person in.
    Pairing,
    /// Whoever sends it in a direct chat becomes the first owner.
    Owner,
}

impl CodeKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Pairing => "pairing",
            Self::Owner => "owner",
        }
    }
}

/// A code to be kept, as a hash.
#[derive(Debug, Clone)]
pub struct PairingCode {
    pub kind: CodeKind,
    pub hash: Vec<u8>,
    /// Who is let in by it; none for an owner's code.
    pub user: Option<UserId>,
    pub lasts: Duration,
}

/// What the database knows of somebody where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub role: Role,
    pub is_blocked: bool,
    /// Whether the space around has been let in.
    pub space: SpaceStanding,
}

impl Standing {
    /// That of somebody who is not known, in a place that is not known either.
    const NONE: Self = Self { role: Role::Stranger, is_blocked: false, space: SpaceStanding::Unknown };
}

/// One row in any case.
const STANDING: &str = "SELECT u.role, u.is_blocked, s.allowed_at, s.blocked_at FROM (SELECT 1 AS one) o \
     LEFT JOIN identities i ON i.platform = $1 AND i.scope = $2 AND i.platform_user_id = $3 \
     LEFT JOIN users u ON u.id = i.user_id AND NOT u.is_anonymized \
     LEFT JOIN spaces s ON s.platform = $1 AND s.platform_space_id = $4";

impl Store {
    /// What is known of somebody where they are, also of those who are not known at all.
    pub async fn standing(&self, address: &Address, author: &Author) -> Result<Standing, StoreError> {
        let space = address.space.as_ref().map(|space| space.id.as_str()).unwrap_or_default();
        let values = [
            address.platform.name().into(),
            address.scope.as_str().into(),
            author.platform_user_id.as_str().into(),
            space.into(),
        ];
        let backend = self.readers.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, STANDING, values);
        let Some(row) = self.readers.query_one_raw(statement).await? else { return Ok(Standing::NONE) };
        let role: Option<String> = row.try_get("", "role")?;
        Ok(Standing {
            role: role.and_then(|role| role.parse().ok()).unwrap_or(Standing::NONE.role),
            is_blocked: row.try_get::<Option<bool>>("", "is_blocked")?.unwrap_or(Standing::NONE.is_blocked),
            space: places::standing(row.try_get("", "allowed_at")?, row.try_get("", "blocked_at")?),
        })
    }

    /// Keeps a code, unless its person has `limit` open ones already; returns
    /// whether it is kept. An owner's code replaces the one before.
    pub async fn keep_code(&self, code: PairingCode, limit: u64, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |tx| {
            async move {
                if code.kind == CodeKind::Owner {
                    pairing_codes::Entity::delete_many()
                        .filter(pairing_codes::Column::Kind.eq(code.kind.name()))
                        .exec(tx)
                        .await?;
                }
                if let Some(user) = code.user {
                    // Nobody else keeps a code of theirs between our count and our insert.
                    people::all_users().filter(users::Column::Id.eq(user.0)).lock_exclusive().one(tx).await?;
                }
                let open = open_codes(code.kind, now)
                    .filter(pairing_codes::Column::UserId.eq(code.user.map(|user| user.0)))
                    .count(tx)
                    .await?;
                if open >= limit {
                    return Ok(false);
                }
                pairing_codes::ActiveModel {
                    id: Set(UserId::new(now).0),
                    kind: Set(code.kind.name().to_owned()),
                    code_hash: Set(code.hash),
                    user_id: Set(code.user.map(|user| user.0)),
                    created_at: Set(micros(now)),
                    expires_at: Set(micros(now + code.lasts)),
                    used_at: Set(None),
                }
                .insert(tx)
                .await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Uses up a pairing code and lets its person in; returns who, if the code is good.
    pub async fn approve(&self, hash: Vec<u8>, now: Timestamp) -> Result<Option<User>, StoreError> {
        self.write(move |tx| {
            async move {
                let Some(code) = use_up(tx, CodeKind::Pairing, hash, now).await? else { return Ok(None) };
                let Some(user) = code.user_id.map(UserId) else { return Ok(None) };
                admit(tx, user, Role::Member).await?;
                Ok(Some(people::load(tx, user).await?.0))
            }
            .boxed()
        })
        .await
    }

    /// Uses up the owner's code and makes this person the owner; returns whether the code is good.
    pub async fn become_owner(
        &self,
        hash: Vec<u8>,
        user: UserId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            async move {
                if use_up(tx, CodeKind::Owner, hash, now).await?.is_none() {
                    return Ok(false);
                }
                set_role(tx, user, Role::Owner).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Whether somebody on a chat platform owns this deployment.
    pub async fn has_owner(&self) -> Result<bool, StoreError> {
        let owners = identities::Entity::find()
            .filter(identities::Column::Platform.ne(Platform::Terminal.name()))
            .filter(
                identities::Column::UserId.in_subquery(sea_orm::QueryTrait::into_query(
                    people::all_users()
                        .select_only()
                        .column(users::Column::Id)
                        // Written out, for the index on them.
                        .filter(Expr::cust("role = 'owner'")),
                )),
            )
            .limit(1)
            .count(&self.readers)
            .await?;
        Ok(owners > 0)
    }

    /// Lets an account in by its platform's id, also before it has ever written.
    pub async fn allow_account(
        &self,
        platform: Platform,
        scope: String,
        author: Author,
        now: Timestamp,
    ) -> Result<User, StoreError> {
        self.write(move |tx| {
            async move {
                let (_, user) = people::resolve(tx, (platform, &scope), &author, now).await?;
                set_blocked(tx, user, false).await?;
                admit(tx, user, Role::Member).await?;
                Ok(people::load(tx, user).await?.0)
            }
            .boxed()
        })
        .await
    }

    /// Shuts an account's person out, also before they have ever written; the codes
    /// that they hold are of no use any more.
    pub async fn deny_account(
        &self,
        platform: Platform,
        scope: String,
        author: Author,
        now: Timestamp,
    ) -> Result<User, StoreError> {
        self.write(move |tx| {
            async move {
                let (_, user) = people::resolve(tx, (platform, &scope), &author, now).await?;
                set_blocked(tx, user, true).await?;
                pairing_codes::Entity::delete_many()
                    .filter(pairing_codes::Column::Kind.eq(CodeKind::Pairing.name()))
                    .filter(pairing_codes::Column::UserId.eq(user.0))
                    .exec(tx)
                    .await?;
                Ok(people::load(tx, user).await?.0)
            }
            .boxed()
        })
        .await
    }

    /// Admits a space, or shuts it out.
    pub async fn allow_space(
        &self,
        platform: Platform,
        space: SpaceRef,
        is_allowed: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            async move {
                let id = places::resolve_space(tx, platform, &space, now).await?;
                spaces::Entity::update_many()
                    .col_expr(spaces::Column::AllowedAt, Expr::value(is_allowed.then_some(micros(now))))
                    .col_expr(spaces::Column::BlockedAt, Expr::value((!is_allowed).then_some(micros(now))))
                    .filter(spaces::Column::Id.eq(id.0))
                    .exec(tx)
                    .await?;
                changes::announce(tx).await
            }
            .boxed()
        })
        .await
    }

    /// Whether a place with this id has been heard of.
    pub async fn knows_space(&self, platform: Platform, id: &str) -> Result<bool, StoreError> {
        let space = SpaceRef { id: id.to_owned(), name: None };
        Ok(places::find_space(&self.readers, platform, &space).await?.is_some())
    }

    /// People and their accounts, newest first.
    pub async fn people(&self, limit: u64) -> Result<Vec<(User, Vec<Identity>)>, StoreError> {
        let rows = people::all_users()
            .order_by_desc(users::Column::CreatedAt)
            .limit(limit)
            .all(&self.readers)
            .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let accounts = identities::Entity::find()
            .filter(identities::Column::UserId.is_in(ids))
            .all(&self.readers)
            .await?;
        let mut accounts: Vec<Identity> = accounts.into_iter().filter_map(people::into_identity).collect();
        let mut people = Vec::with_capacity(rows.len());
        for row in rows {
            let user = people::into_user(row)?;
            let (theirs, others) = accounts.into_iter().partition(|account| account.user == user.id);
            accounts = others;
            people.push((user, theirs));
        }
        Ok(people)
    }

    /// Guilds, workspaces and groups, newest first.
    pub async fn spaces(&self, limit: u64) -> Result<Vec<Space>, StoreError> {
        let rows = spaces::Entity::find()
            .order_by_desc(spaces::Column::CreatedAt)
            .limit(limit)
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().filter_map(places::into_space).collect())
    }
}

fn open_codes(kind: CodeKind, now: Timestamp) -> sea_orm::Select<pairing_codes::Entity> {
    pairing_codes::Entity::find()
        .filter(pairing_codes::Column::Kind.eq(kind.name()))
        .filter(pairing_codes::Column::UsedAt.is_null())
        .filter(pairing_codes::Column::ExpiresAt.gt(micros(now)))
}

async fn use_up(
    tx: &DatabaseTransaction,
    kind: CodeKind,
    hash: Vec<u8>,
    now: Timestamp,
) -> Result<Option<pairing_codes::Model>, StoreError> {
    // Looking a hash of 256 bits up tells nothing about the code by its timing.
    let code = open_codes(kind, now).filter(pairing_codes::Column::CodeHash.eq(hash)).one(tx).await?;
    let Some(code) = code else { return Ok(None) };
    let used = pairing_codes::Entity::update_many()
        .col_expr(pairing_codes::Column::UsedAt, Expr::value(micros(now)))
        .filter(pairing_codes::Column::Id.eq(code.id))
        .filter(pairing_codes::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    // Without a row, somebody else was faster.
    Ok((used.rows_affected > 0).then_some(code))
}

/// Raises a stranger to `role`; whoever has a higher one keeps it.
async fn admit(tx: &DatabaseTransaction, user: UserId, role: Role) -> Result<(), StoreError> {
    let (known, _) = people::load(tx, user).await?;
    if known.role < role { set_role(tx, user, role).await } else { changes::announce(tx).await }
}

async fn set_role(tx: &DatabaseTransaction, user: UserId, role: Role) -> Result<(), StoreError> {
    users::Entity::update_many()
        .col_expr(users::Column::Role, Expr::value(role.name()))
        .filter(users::Column::Id.eq(user.0))
        .exec(tx)
        .await?;
    changes::announce(tx).await
}

async fn set_blocked(tx: &DatabaseTransaction, user: UserId, is_blocked: bool) -> Result<(), StoreError> {
    users::Entity::update_many()
        .col_expr(users::Column::IsBlocked, Expr::value(is_blocked))
        .filter(users::Column::Id.eq(user.0))
        .exec(tx)
        .await?;
    changes::announce(tx).await
}
