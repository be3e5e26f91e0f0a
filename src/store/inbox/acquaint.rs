//! Who speaks, and what is known about the place: one statement for all of it.
//!
//! A turn asks this once, and everything that the gate and the commands need is
//! in the answer; asked one after another it would be five statements.

use sea_orm::{ConnectionTrait, QueryResult, Statement};
use uuid::Uuid;

use crate::domain::{
    AddressId, Conversation, ConversationId, IdentityId, InboundMessage, LaneId, TurnId, User, UserId,
};
use crate::store::entities::inbox;
use crate::store::inbox::ClaimedTurn;
use crate::store::places::standing;
use crate::store::{StoreError, moment};

const KNOWN: &str = "SELECT u.id AS user_id, u.name, u.role, u.is_blocked, a.lane_id, s.allowed_at, s.blocked_at, \
     c.id AS conversation_id, c.model, c.created_at \
     FROM identities i JOIN users u ON u.id = i.user_id JOIN addresses a ON a.id = $2 \
     LEFT JOIN spaces s ON s.id = a.space_id \
     LEFT JOIN conversations c ON c.id = \
         CASE a.kind WHEN 'direct' THEN u.active_conversation_id ELSE a.active_conversation_id END \
     WHERE i.id = $1 AND NOT u.is_anonymized";

/// Loads who speaks, and what is known about the place.
pub(super) async fn acquaint(
    db: &impl ConnectionTrait,
    lead: &inbox::Model,
    message: InboundMessage,
) -> Result<ClaimedTurn, StoreError> {
    let gone = || StoreError::Row { table: "inbox", id: lead.id.to_string(), source: None };
    let (identity, address) = lead.identity_id.zip(lead.address_id).ok_or_else(gone)?;
    let values = [identity.into(), address.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), KNOWN, values);
    let row = db.query_one_raw(statement).await?.ok_or_else(gone)?;
    Ok(ClaimedTurn {
        turn: TurnId(lead.id),
        claim: Uuid::nil(),
        lane: LaneId(row.try_get("", "lane_id")?),
        attempts: 0,
        is_suspect: lead.is_suspect,
        is_given_up: false,
        has_more: false,
        user: user(&row)?,
        identity: IdentityId(identity),
        address: AddressId(address),
        space: standing(row.try_get("", "allowed_at")?, row.try_get("", "blocked_at")?),
        conversation: conversation(&row)?,
        messages: vec![message],
        edits: Vec::new(),
        is_stopped: false,
        parts: Vec::new(),
        ending: None,
    })
}

fn user(row: &QueryResult) -> Result<User, StoreError> {
    let id = UserId(row.try_get("", "user_id")?);
    let role: String = row.try_get("", "role")?;
    let unreadable = |_| StoreError::Row { table: "users", id: id.to_string(), source: None };
    Ok(User {
        id,
        name: row.try_get("", "name")?,
        role: role.parse().map_err(unreadable)?,
        is_blocked: row.try_get("", "is_blocked")?,
    })
}

fn conversation(row: &QueryResult) -> Result<Option<Conversation>, StoreError> {
    let Some(id) = row.try_get("", "conversation_id")? else { return Ok(None) };
    Ok(Some(Conversation {
        id: ConversationId(id),
        model: row.try_get("", "model")?,
        created_at: moment(row.try_get("", "created_at")?),
    }))
}
