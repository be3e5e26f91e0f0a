//! Taking what waits: at most one turn of a lane at a time.

use futures_util::FutureExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::domain::{
    AddressId, Event, IdentityId, InboundMessage, InboxId, LaneId, Speaker, Timestamp, TurnId, UserId,
};
use crate::store::entities::{identities, inbox, messages};
use crate::store::inbox::{Accepted, ClaimedTurn, Payload, state};
use crate::store::{Store, StoreError, micros, people, places};

/// How many quick messages one turn takes together.
const MERGED: u64 = 20;

/// How often a message is tried before it is given up.
const ATTEMPTS: i64 = 3;

impl Store {
    /// Takes what waits in a lane: the first message, and those of the same
    /// author right behind it. Returns nothing if nothing waits.
    pub async fn claim(&self, lane: LaneId, now: Timestamp) -> Result<Option<ClaimedTurn>, StoreError> {
        self.write(move |tx| {
            async move {
                let waiting = inbox::Entity::find()
                    .filter(inbox::Column::LaneId.eq(lane.0))
                    .filter(is_waiting())
                    // `ready` comes before `received`: what is answered is delivered first.
                    .order_by_asc(inbox::Column::State)
                    .order_by_asc(inbox::Column::SentAt)
                    .order_by_asc(inbox::Column::Sequence)
                    .limit(MERGED)
                    .all(tx)
                    .await?;
                take(tx, waiting, now).await
            }
            .boxed()
        })
        .await
    }

    /// Takes one message that does not wait in a lane.
    pub async fn claim_one(&self, id: InboxId, now: Timestamp) -> Result<Option<ClaimedTurn>, StoreError> {
        self.write(move |tx| {
            async move {
                let waiting = inbox::Entity::find_by_id(id.0).filter(is_waiting()).all(tx).await?;
                take(tx, waiting, now).await
            }
            .boxed()
        })
        .await
    }

    /// What waits, oldest first: one entry for each lane, and one for each
    /// message outside of the lanes.
    pub async fn waiting(&self, limit: u64) -> Result<Vec<Accepted>, StoreError> {
        let rows: Vec<(Uuid, Option<Uuid>)> = inbox::Entity::find()
            .select_only()
            .columns([inbox::Column::Id, inbox::Column::LaneId])
            .filter(is_waiting())
            .group_by(Expr::cust("COALESCE(lane_id, id)"))
            .order_by_asc(inbox::Column::SentAt)
            .limit(limit)
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(|(id, lane)| Accepted { id: InboxId(id), lane: lane.map(LaneId) }).collect())
    }

    /// Gives back what an ended process had taken; returns how many rows.
    ///
    /// Only for a start at which no other instance runs.
    pub async fn recover(&self) -> Result<u64, StoreError> {
        self.write(move |tx| {
            async move {
                let orphans = inbox::Entity::update_many()
                    .col_expr(inbox::Column::State, Expr::value(state::RECEIVED))
                    .col_expr(inbox::Column::Claim, Expr::value(None::<Uuid>))
                    .filter(inbox::Column::State.is_in([state::CLAIMED, state::GENERATING]))
                    .exec(tx)
                    .await?;
                let undelivered = inbox::Entity::update_many()
                    .col_expr(inbox::Column::Claim, Expr::value(None::<Uuid>))
                    .filter(inbox::Column::State.eq(state::READY))
                    .exec(tx)
                    .await?;
                Ok(orphans.rows_affected + undelivered.rows_affected)
            }
            .boxed()
        })
        .await
    }
}

/// Received, or answered by a process that ended before it had delivered.
fn is_waiting() -> Condition {
    Condition::any()
        .add(inbox::Column::State.eq(state::RECEIVED))
        .add(Condition::all().add(inbox::Column::State.eq(state::READY)).add(inbox::Column::Claim.is_null()))
}

async fn take(
    tx: &DatabaseTransaction,
    mut waiting: Vec<inbox::Model>,
    now: Timestamp,
) -> Result<Option<ClaimedTurn>, StoreError> {
    if waiting.is_empty() {
        return Ok(None);
    }
    let lead = waiting.remove(0);
    if lead.attempts >= ATTEMPTS {
        bury(tx, &lead, now).await?;
        return Ok(None);
    }
    let turn = TurnId(lead.turn_id.unwrap_or_else(|| TurnId::new(now).0));
    let is_answered = lead.state == state::READY;
    let waiting_behind = waiting.len();
    let mut said = vec![read(&lead)?];
    if lead.turn_id.is_some() {
        said.extend(merged_before(tx, turn).await?);
    } else {
        let followers = followers(&lead, &said, waiting)?;
        let ids: Vec<Uuid> = followers.iter().map(|(id, _)| *id).collect();
        merge(tx, ids, turn).await?;
        said.extend(followers.into_iter().map(|(_, message)| message));
    }
    let claim = mark(tx, &lead, turn, now).await?;
    let answer = if is_answered { answer_of(tx, turn).await? } else { None };
    let known = acquaint(tx, &lead).await?;
    Ok(Some(ClaimedTurn {
        turn,
        claim,
        has_more: waiting_behind + 1 > said.len(),
        attempts: u32::try_from(lead.attempts + 1).unwrap_or(u32::MAX),
        messages: said,
        answer,
        ..known
    }))
}

/// The messages behind the lead that belong to the same breath.
fn followers(
    lead: &inbox::Model,
    said: &[InboundMessage],
    waiting: Vec<inbox::Model>,
) -> Result<Vec<(Uuid, InboundMessage)>, StoreError> {
    if !said.iter().all(|message| matches!(message.event, Event::Text(_))) {
        return Ok(Vec::new());
    }
    let mut followers = Vec::new();
    for row in waiting {
        let is_same = row.identity_id == lead.identity_id && row.address_id == lead.address_id;
        if !is_same || row.state != lead.state || row.turn_id.is_some() {
            break;
        }
        let message = read(&row)?;
        if !matches!(message.event, Event::Text(_)) {
            break;
        }
        followers.push((row.id, message));
    }
    Ok(followers)
}

async fn merged_before(tx: &DatabaseTransaction, turn: TurnId) -> Result<Vec<InboundMessage>, StoreError> {
    let rows = inbox::Entity::find()
        .filter(inbox::Column::TurnId.eq(turn.0))
        .filter(inbox::Column::State.eq(state::MERGED))
        .order_by_asc(inbox::Column::SentAt)
        .order_by_asc(inbox::Column::Sequence)
        .all(tx)
        .await?;
    rows.iter().map(read).collect()
}

async fn merge(tx: &DatabaseTransaction, ids: Vec<Uuid>, turn: TurnId) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state::MERGED))
        .col_expr(inbox::Column::TurnId, Expr::value(turn.0))
        .filter(inbox::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
}

async fn mark(
    tx: &DatabaseTransaction,
    lead: &inbox::Model,
    turn: TurnId,
    now: Timestamp,
) -> Result<Uuid, StoreError> {
    let claim = TurnId::new(now).0;
    let taken = if lead.state == state::READY { state::READY } else { state::CLAIMED };
    inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(taken))
        .col_expr(inbox::Column::Claim, Expr::value(claim))
        .col_expr(inbox::Column::TurnId, Expr::value(turn.0))
        .col_expr(inbox::Column::Attempts, Expr::col(inbox::Column::Attempts).add(1))
        .filter(inbox::Column::Id.eq(lead.id))
        .exec(tx)
        .await?;
    Ok(claim)
}

/// Gives a message up that has been tried too often.
async fn bury(tx: &DatabaseTransaction, lead: &inbox::Model, now: Timestamp) -> Result<(), StoreError> {
    tracing::error!(inbox.id = %lead.id, "gave up a message after {ATTEMPTS} attempts; it stays in the inbox as dead");
    inbox::Entity::update_many()
        .col_expr(inbox::Column::State, Expr::value(state::DEAD))
        .col_expr(inbox::Column::EndedAt, Expr::value(micros(now)))
        .filter(inbox::Column::Id.eq(lead.id))
        .exec(tx)
        .await?;
    Ok(())
}

async fn answer_of(tx: &DatabaseTransaction, turn: TurnId) -> Result<Option<String>, StoreError> {
    let text = messages::Entity::find()
        .select_only()
        .column(messages::Column::Content)
        .filter(messages::Column::TurnId.eq(turn.0))
        .filter(messages::Column::Role.eq(Speaker::Assistant.name()))
        .order_by_desc(messages::Column::Seq)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(text)
}

/// Loads who speaks, and what is known about the place.
async fn acquaint(db: &impl ConnectionTrait, lead: &inbox::Model) -> Result<ClaimedTurn, StoreError> {
    let gone = || StoreError::Row { table: "inbox", id: lead.id.to_string(), source: None };
    let (identity, address) = lead.identity_id.zip(lead.address_id).ok_or_else(gone)?;
    let user: Option<Uuid> = identities::Entity::find_by_id(identity)
        .select_only()
        .column(identities::Column::UserId)
        .into_tuple()
        .one(db)
        .await?;
    let (user, of_person) = people::load(db, UserId(user.ok_or_else(gone)?)).await?;
    let standing = places::standing(db, AddressId(address)).await?;
    let is_direct = read(lead)?.address.is_direct();
    Ok(ClaimedTurn {
        turn: TurnId(lead.id),
        claim: Uuid::nil(),
        lane: standing.lane,
        attempts: 0,
        has_more: false,
        user,
        identity: IdentityId(identity),
        address: AddressId(address),
        is_space_allowed: standing.is_space_allowed,
        conversation: if is_direct { of_person } else { standing.conversation },
        messages: Vec::new(),
        answer: None,
    })
}

fn read(row: &inbox::Model) -> Result<InboundMessage, StoreError> {
    let unreadable = |source| StoreError::Row { table: "inbox", id: row.id.to_string(), source };
    let payload = row.payload.as_deref().ok_or_else(|| unreadable(None))?;
    let payload: Payload<InboundMessage> =
        serde_json::from_str(payload).map_err(|source| unreadable(Some(source)))?;
    Ok(payload.message)
}
