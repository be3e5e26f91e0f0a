//! Chats that go on under another id: their lane, conversation and admission go with them.
//!
//! The row of the old address gets the new id, so that whatever waits there, is being
//! answered or was said is at the new address from now on. The old id is kept as a closed
//! address of the same lane, for what was said there before and comes late. A platform
//! tells of a move more than once, in any order with what is said at the new address. If
//! that was first, the new address stays as it is, with what waits in its lane, and the old
//! conversation goes on in it; what waits at the old one is answered in its own lane.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Set,
};
use uuid::Uuid;

use crate::domain::{AddressId, Move, Timestamp};
use crate::store::doors::MOVED;
use crate::store::entities::{addresses, conversations, spaces};
use crate::store::{StoreError, changes, micros};

/// Applies a move; false if nothing is known of the chat, or it has been moved before.
pub(super) async fn apply(
    tx: &DatabaseTransaction,
    moved: &Move,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let is_space_moved = move_space(tx, moved).await?;
    if is_space_moved {
        changes::announce(tx).await?;
    }
    let old = find_address(tx, moved, &moved.from).await?;
    let Some(old) = old.filter(|old| !has_moved(old)) else { return Ok(is_space_moved) };
    match find_address(tx, moved, &moved.to).await? {
        None => rename(tx, &old, moved, now).await?,
        Some(new) => hand_over(tx, &old, &new, now).await?,
    }
    Ok(true)
}

/// Whether it was moved before; one that is closed for another reason is moved all the same.
fn has_moved(address: &addresses::Model) -> bool {
    // The versions before closed an address for nothing else, and without a word.
    address.closed_at.is_some() && address.closed_reason.as_deref().is_none_or(|why| why == MOVED)
}

/// The address of a whole chat; a group that moves has no threads.
async fn find_address(
    tx: &DatabaseTransaction,
    moved: &Move,
    chat: &str,
) -> Result<Option<addresses::Model>, StoreError> {
    let found = addresses::Entity::find()
        .filter(addresses::Column::Platform.eq(moved.platform.name()))
        .filter(addresses::Column::Scope.eq(&moved.scope))
        .filter(addresses::Column::Chat.eq(chat))
        .filter(addresses::Column::Thread.eq(""))
        .lock_exclusive();
    Ok(found.one(tx).await?)
}

/// Gives the address its new id, and leaves a closed one behind.
async fn rename(
    tx: &DatabaseTransaction,
    old: &addresses::Model,
    moved: &Move,
    now: Timestamp,
) -> Result<(), StoreError> {
    addresses::Entity::update_many()
        .col_expr(addresses::Column::Chat, Expr::value(moved.to.as_str()))
        .col_expr(addresses::Column::ClosedAt, Expr::value(None::<i64>))
        .col_expr(addresses::Column::ClosedReason, Expr::value(None::<String>))
        // Messages are numbered anew there.
        .col_expr(addresses::Column::LastSequence, Expr::value(None::<i64>))
        .col_expr(addresses::Column::GapFrom, Expr::value(None::<i64>))
        .filter(addresses::Column::Id.eq(old.id))
        .exec(tx)
        .await?;
    let mut left = old.clone().into_active_model().reset_all();
    left.id = Set(AddressId::new(now).0);
    left.closed_at = Set(Some(micros(now)));
    left.closed_reason = Set(Some(MOVED.to_owned()));
    addresses::Entity::insert(left).exec_without_returning(tx).await?;
    Ok(())
}

/// Lets the conversation of an address go on in another that is there already.
async fn hand_over(
    tx: &DatabaseTransaction,
    old: &addresses::Model,
    new: &addresses::Model,
    now: Timestamp,
) -> Result<(), StoreError> {
    let goes_on = old.active_conversation_id.or(new.active_conversation_id);
    addresses::Entity::update_many()
        .col_expr(addresses::Column::ActiveConversationId, Expr::value(goes_on))
        .filter(addresses::Column::Id.eq(new.id))
        .exec(tx)
        .await?;
    addresses::Entity::update_many()
        .col_expr(addresses::Column::ClosedAt, Expr::value(micros(now)))
        .col_expr(addresses::Column::ClosedReason, Expr::value(MOVED))
        .filter(addresses::Column::Id.eq(old.id))
        .exec(tx)
        .await?;
    conversations::Entity::update_many()
        .col_expr(conversations::Column::AddressId, Expr::value(new.id))
        .filter(conversations::Column::AddressId.eq(old.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Moves the space with its admission; one that is there already gets the admission, and
/// whoever is shut out of either stays shut out.
async fn move_space(tx: &DatabaseTransaction, moved: &Move) -> Result<bool, StoreError> {
    let Some(old) = find_space(tx, moved, &moved.from).await? else { return Ok(false) };
    let Some(new) = find_space(tx, moved, &moved.to).await? else {
        spaces::Entity::update_many()
            .col_expr(spaces::Column::PlatformSpaceId, Expr::value(moved.to.as_str()))
            .filter(spaces::Column::Id.eq(old.id))
            .exec(tx)
            .await?;
        return Ok(true);
    };
    merge(tx, &old, &new).await?;
    addresses::Entity::update_many()
        .col_expr(addresses::Column::SpaceId, Expr::value(new.id))
        .filter(addresses::Column::SpaceId.eq(old.id))
        .exec(tx)
        .await?;
    spaces::Entity::delete_by_id(old.id).exec(tx).await?;
    Ok(true)
}

async fn merge(tx: &DatabaseTransaction, old: &spaces::Model, new: &spaces::Model) -> Result<(), StoreError> {
    let (allowed_at, allowed_by): (Option<i64>, Option<Uuid>) = match new.allowed_at {
        Some(_) => (new.allowed_at, new.allowed_by),
        None => (old.allowed_at, old.allowed_by),
    };
    spaces::Entity::update_many()
        .col_expr(spaces::Column::AllowedAt, Expr::value(allowed_at))
        .col_expr(spaces::Column::AllowedBy, Expr::value(allowed_by))
        .col_expr(spaces::Column::BlockedAt, Expr::value(new.blocked_at.or(old.blocked_at)))
        .col_expr(spaces::Column::Settings, Expr::value(old.settings.clone()))
        .filter(spaces::Column::Id.eq(new.id))
        .exec(tx)
        .await?;
    Ok(())
}

async fn find_space(
    tx: &DatabaseTransaction,
    moved: &Move,
    chat: &str,
) -> Result<Option<spaces::Model>, StoreError> {
    let found = spaces::Entity::find()
        .filter(spaces::Column::Platform.eq(moved.platform.name()))
        .filter(spaces::Column::PlatformSpaceId.eq(chat))
        .lock_exclusive();
    Ok(found.one(tx).await?)
}
