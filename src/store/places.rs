//! Where things are said: chats, threads, and the spaces around them.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set, Statement};

use crate::domain::{Address, AddressId, LaneId, Platform, SpaceId, SpaceRef, Timestamp, UserId};
use crate::store::entities::{addresses, spaces};
use crate::store::{StoreError, micros};

/// A guild, workspace or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    pub id: SpaceId,
    pub platform: Platform,
    pub platform_space_id: String,
    pub name: Option<String>,
    pub is_allowed: bool,
}

/// Takes note of what is heard there; one statement both finds the place and does that.
const HEARD: &str = "UPDATE addresses \
     SET last_sequence = CASE WHEN last_sequence >= $1 THEN last_sequence ELSE $1 END, \
         last_said_at = CASE WHEN last_said_at >= $2 THEN last_said_at ELSE $2 END \
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
    let thread = address.thread.as_deref().unwrap_or_default();
    let (sequence, said_at) = (heard.0, micros(heard.1));
    let values = [
        sequence.into(),
        said_at.into(),
        address.platform.name().into(),
        address.scope.as_str().into(),
        address.chat.as_str().into(),
        thread.into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), HEARD, values);
    if let Some(row) = db.query_one_raw(statement).await? {
        return Ok((AddressId(row.try_get("", "id")?), LaneId(row.try_get("", "lane_id")?)));
    }
    let id = AddressId::new(now);
    // All direct addresses of one person share one lane; any other is a lane of its own.
    let lane = if address.is_direct() { LaneId(user.0) } else { LaneId(id.0) };
    let space = match &address.space {
        Some(space) => Some(resolve_space(db, address.platform, space, now).await?.0),
        None => None,
    };
    addresses::ActiveModel {
        id: Set(id.0),
        platform: Set(address.platform.name().to_owned()),
        scope: Set(address.scope.clone()),
        chat: Set(address.chat.clone()),
        thread: Set(thread.to_owned()),
        kind: Set(address.kind.name().to_owned()),
        space_id: Set(space),
        lane_id: Set(lane.0),
        active_conversation_id: Set(None),
        created_at: Set(micros(now)),
        closed_at: Set(None),
        last_sequence: Set(Some(sequence)),
        last_said_at: Set(Some(said_at)),
        gap_from: Set(None),
    }
    .insert(db)
    .await?;
    Ok((id, lane))
}

/// Finds the space, or makes it, not admitted.
pub(super) async fn resolve_space(
    db: &impl ConnectionTrait,
    platform: Platform,
    space: &SpaceRef,
    now: Timestamp,
) -> Result<SpaceId, StoreError> {
    let known = spaces::Entity::find()
        .filter(spaces::Column::Platform.eq(platform.name()))
        .filter(spaces::Column::PlatformSpaceId.eq(&space.id))
        .one(db)
        .await?;
    if let Some(row) = known {
        return Ok(SpaceId(row.id));
    }
    let id = SpaceId::new(now);
    spaces::ActiveModel {
        id: Set(id.0),
        platform: Set(platform.name().to_owned()),
        platform_space_id: Set(space.id.clone()),
        name: Set(space.name.clone()),
        settings: Set(serde_json::json!({})),
        allowed_by: Set(None),
        allowed_at: Set(None),
        created_at: Set(micros(now)),
    }
    .insert(db)
    .await?;
    Ok(id)
}

/// The space in a row, unless its platform is one of a later version.
pub(super) fn into_space(row: spaces::Model) -> Option<Space> {
    Some(Space {
        id: SpaceId(row.id),
        platform: row.platform.parse().ok()?,
        platform_space_id: row.platform_space_id,
        name: row.name,
        is_allowed: row.allowed_at.is_some(),
    })
}
