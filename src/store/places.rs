//! Where things are said: chats, threads, and the spaces around them.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set, Statement};

use crate::domain::{
    Address, AddressId, LaneId, Platform, SpaceId, SpaceRef, SpaceStanding, Timestamp, UserId,
};
use crate::store::entities::{addresses, spaces};
use crate::store::{StoreError, micros};

/// A guild, workspace or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    pub id: SpaceId,
    pub platform: Platform,
    pub platform_space_id: String,
    pub name: Option<String>,
    pub standing: SpaceStanding,
}

/// Takes note of what is heard there, which opens the place again unless it has moved; one
/// statement both finds the place and does that.
const HEARD: &str = "UPDATE addresses \
     SET last_sequence = CASE WHEN last_sequence >= $1 THEN last_sequence ELSE $1 END, \
         last_said_at = CASE WHEN last_said_at >= $2 THEN last_said_at ELSE $2 END, \
         closed_at = CASE WHEN COALESCE(closed_reason, 'moved') = 'moved' THEN closed_at END, \
         closed_reason = CASE closed_reason WHEN 'moved' THEN 'moved' END \
     WHERE platform = $3 AND scope = $4 AND chat = $5 AND thread = $6 RETURNING id, lane_id";

/// Finds the address where something is `heard`, or makes it; `user` is who
/// speaks, and owns the lane of a direct chat.
pub(super) async fn resolve(
    db: &impl ConnectionTrait,
    address: &Address,
    heard: (i64, Timestamp),
    user: UserId,
    now: Timestamp,
) -> Result<(AddressId, LaneId), StoreError> {
    if let Some(known) = hear(db, address, heard).await? {
        return Ok(known);
    }
    let id = AddressId::new(now);
    // All direct addresses of one person share one lane; any other is a lane of its own.
    let lane = if address.is_direct() { LaneId(user.0) } else { LaneId(id.0) };
    let space = match &address.space {
        Some(space) => Some(resolve_space(db, address.platform, space, now).await?.0),
        None => None,
    };
    let row = addresses::ActiveModel {
        id: Set(id.0),
        platform: Set(address.platform.name().to_owned()),
        scope: Set(address.scope.clone()),
        chat: Set(address.chat.clone()),
        thread: Set(thread(address).to_owned()),
        kind: Set(address.kind.name().to_owned()),
        space_id: Set(space),
        lane_id: Set(lane.0),
        active_conversation_id: Set(None),
        created_at: Set(micros(now)),
        closed_at: Set(None),
        closed_reason: Set(None),
        last_sequence: Set(Some(heard.0)),
        last_said_at: Set(Some(micros(heard.1))),
        gap_from: Set(None),
    };
    let made = addresses::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([
                addresses::Column::Platform,
                addresses::Column::Scope,
                addresses::Column::Chat,
                addresses::Column::Thread,
            ])
            .do_nothing()
            .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    if made > 0 {
        return Ok((id, lane));
    }
    // Another connection has made it between our two looks.
    hear(db, address, heard).await?.ok_or_else(|| gone("addresses", id))
}

async fn hear(
    db: &impl ConnectionTrait,
    address: &Address,
    (sequence, said_at): (i64, Timestamp),
) -> Result<Option<(AddressId, LaneId)>, StoreError> {
    let values = [
        sequence.into(),
        micros(said_at).into(),
        address.platform.name().into(),
        address.scope.as_str().into(),
        address.chat.as_str().into(),
        thread(address).into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), HEARD, values);
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(None) };
    Ok(Some((AddressId(row.try_get("", "id")?), LaneId(row.try_get("", "lane_id")?))))
}

/// A thread that is none is the empty text, as the table has it.
fn thread(address: &Address) -> &str {
    address.thread.as_deref().unwrap_or_default()
}

/// Finds the space, or makes it, not admitted.
pub(super) async fn resolve_space(
    db: &impl ConnectionTrait,
    platform: Platform,
    space: &SpaceRef,
    now: Timestamp,
) -> Result<SpaceId, StoreError> {
    if let Some(known) = find_space(db, platform, space).await? {
        return Ok(known);
    }
    let id = SpaceId::new(now);
    let row = spaces::ActiveModel {
        id: Set(id.0),
        platform: Set(platform.name().to_owned()),
        platform_space_id: Set(space.id.clone()),
        name: Set(space.name.clone()),
        settings: Set(serde_json::json!({})),
        allowed_by: Set(None),
        allowed_at: Set(None),
        created_at: Set(micros(now)),
        blocked_at: Set(None),
    };
    let made = spaces::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([spaces::Column::Platform, spaces::Column::PlatformSpaceId])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    if made > 0 {
        return Ok(id);
    }
    // Another connection has made it between our two looks.
    find_space(db, platform, space).await?.ok_or_else(|| gone("spaces", id))
}

pub(super) async fn find_space(
    db: &impl ConnectionTrait,
    platform: Platform,
    space: &SpaceRef,
) -> Result<Option<SpaceId>, StoreError> {
    let known = spaces::Entity::find()
        .filter(spaces::Column::Platform.eq(platform.name()))
        .filter(spaces::Column::PlatformSpaceId.eq(&space.id))
        .one(db)
        .await?;
    Ok(known.map(|row| SpaceId(row.id)))
}

fn gone(table: &'static str, id: impl ToString) -> StoreError {
    StoreError::Row { table, id: id.to_string(), source: None }
}

/// The space in a row, unless its platform is one of a later version.
pub(super) fn into_space(row: spaces::Model) -> Option<Space> {
    Some(Space {
        id: SpaceId(row.id),
        platform: row.platform.parse().ok()?,
        platform_space_id: row.platform_space_id,
        name: row.name,
        standing: standing(row.allowed_at, row.blocked_at),
    })
}

/// What the two moments in a row mean.
pub(super) fn standing(allowed_at: Option<i64>, blocked_at: Option<i64>) -> SpaceStanding {
    match (allowed_at, blocked_at) {
        (_, Some(_)) => SpaceStanding::Blocked,
        (Some(_), None) => SpaceStanding::Allowed,
        (None, None) => SpaceStanding::Unknown,
    }
}
