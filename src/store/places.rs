//! Where things are said: chats, threads, and the spaces around them.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set};
use uuid::Uuid;

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

/// Finds the address, or makes it; `user` is who speaks, and owns the lane of a direct chat.
pub(super) async fn resolve(
    db: &impl ConnectionTrait,
    address: &Address,
    user: UserId,
    now: Timestamp,
) -> Result<(AddressId, LaneId), StoreError> {
    let thread = address.thread.as_deref().unwrap_or_default();
    let known: Option<(Uuid, Uuid)> = addresses::Entity::find()
        .select_only()
        .columns([addresses::Column::Id, addresses::Column::LaneId])
        .filter(addresses::Column::Platform.eq(address.platform.name()))
        .filter(addresses::Column::Scope.eq(&address.scope))
        .filter(addresses::Column::Chat.eq(&address.chat))
        .filter(addresses::Column::Thread.eq(thread))
        .into_tuple()
        .one(db)
        .await?;
    if let Some((id, lane)) = known {
        return Ok((AddressId(id), LaneId(lane)));
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
