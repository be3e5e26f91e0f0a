//! What is on its way out: one row for each part of a reply.
//!
//! A part is `sending` before its request leaves, `sent` once its platform's id
//! is known, and `unknown` when the process ended in between. Whoever has lost
//! the turn can change nothing here.

mod payload;

use futures_util::FutureExt;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, Set, Statement,
    Value,
};
use uuid::Uuid;

use crate::domain::{AddressId, KeptPart, Part, PartState, Platform, PostedId, SentPart, Timestamp, TurnId};
use crate::store::entities::outbox;
use crate::store::inbox::{ClaimedTurn, Ending, Readiness, is_generating, mark_ready};
use crate::store::record::Exchange;
use crate::store::{Store, StoreError, micros, moment, record};

pub(super) use payload::words;

/// What a turn answers, once that is known: what becomes of its conversation,
/// and what is still to be shown.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What is added to the conversation; nothing for commands and refusals.
    pub exchange: Option<Exchange>,
    /// All parts of the reply, in order.
    pub parts: Vec<Part>,
    /// Whether an earlier try has posted more parts than that.
    pub has_surplus: bool,
    /// The part whose request leaves right after this is stored.
    pub sending: Option<usize>,
    /// How the turn ends when all of it has been shown.
    pub ending: Ending,
}

impl Store {
    /// Keeps that one part has been sent, if one has, and that the next is about
    /// to be; false if the turn is no longer ours.
    pub async fn advance(
        &self,
        turn: &ClaimedTurn,
        sent: Option<SentPart>,
        next: &Part,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, claim, platform) = (turn.turn, turn.claim, platform_of(turn));
        let next = next.clone();
        self.write(move |tx| {
            async move {
                if !is_generating(tx, id, claim).await? {
                    return Ok(false);
                }
                if let Some(sent) = sent {
                    mark_sent(tx, id, claim, &sent).await?;
                }
                let row = fresh(id, platform, &next, PartState::Sending, now)?;
                let again = [outbox::Column::State, outbox::Column::Payload, outbox::Column::SendingAt];
                upsert(tx, vec![row], &again).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// What the platform has of replies at this address that ended since then. Slack counts
    /// its posts in each channel anew, so what stands elsewhere says nothing.
    pub async fn posted_since(&self, at: AddressId, since: Timestamp) -> Result<Vec<PostedId>, StoreError> {
        let posted = Statement::from_sql_and_values(
            self.readers.get_database_backend(),
            // All messages of a turn were said at one address; the first is found by the index on its turn.
            "SELECT posted_id FROM outbox WHERE ended_at >= $1 AND posted_id IS NOT NULL AND \
             (SELECT address_id FROM inbox WHERE inbox.turn_id = outbox.turn_id LIMIT 1) = $2",
            [micros(since).into(), at.0.into()],
        );
        let rows = self.readers.query_all_raw(posted).await?;
        let ids = rows.iter().map(|row| Ok(PostedId(row.try_get("", "posted_id")?)));
        ids.collect()
    }

    /// Forgets a part that has been taken away again; false if the turn is no longer ours.
    pub async fn removed(&self, turn: &ClaimedTurn, part: usize) -> Result<bool, StoreError> {
        let (id, claim) = (turn.turn, turn.claim);
        self.write(move |tx| {
            async move {
                // Also proves that nobody takes the claim away before this is done.
                if !is_generating(tx, id, claim).await? {
                    return Ok(false);
                }
                outbox::Entity::delete_by_id((id.0, number(part))).exec(tx).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Keeps the platform's id of a part; false if the turn is no longer ours.
    pub async fn posted(&self, turn: &ClaimedTurn, sent: SentPart) -> Result<bool, StoreError> {
        let (id, claim) = (turn.turn, turn.claim);
        self.write(move |tx| async move { mark_sent(tx, id, claim, &sent).await }.boxed()).await
    }

    /// Stores the whole answer, before the last of it is sent.
    ///
    /// Returns false, and stores nothing, if the turn is no longer ours.
    pub async fn ready(
        &self,
        turn: &ClaimedTurn,
        answer: Answer,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, claim, platform) = (turn.turn, turn.claim, platform_of(turn));
        self.write(move |tx| {
            async move {
                match (mark_ready(tx, (id, claim), &answer.ending).await?, answer.exchange) {
                    (Readiness::Lost, _) => return Ok(false),
                    (Readiness::Ready, Some(exchange)) => record::insert(tx, exchange, now).await?,
                    (Readiness::Ready, None) | (Readiness::ReadyBefore, _) => {}
                }
                keep(tx, (id, platform), &answer.parts, answer.sending, now).await?;
                if answer.has_surplus {
                    mark_surplus(tx, id, answer.parts.len()).await?;
                }
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}

/// Keeps all parts of a reply; what of it has been sent already stays what it is.
async fn keep(
    tx: &DatabaseTransaction,
    (turn, platform): (TurnId, Platform),
    parts: &[Part],
    sending: Option<usize>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = |part: &Part| {
        if sending == Some(part.number) { PartState::Sending } else { PartState::Pending }
    };
    let rows: Result<Vec<_>, _> =
        parts.iter().map(|part| fresh(turn, platform, part, state(part), now)).collect();
    upsert(tx, rows?, &[outbox::Column::Payload]).await
}

async fn upsert(
    tx: &DatabaseTransaction,
    rows: Vec<outbox::ActiveModel>,
    again: &[outbox::Column],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let key = OnConflict::columns([outbox::Column::TurnId, outbox::Column::Number])
        .update_columns(again.iter().copied())
        .to_owned();
    outbox::Entity::insert_many(rows).on_conflict(key).exec_without_returning(tx).await?;
    Ok(())
}

fn fresh(
    turn: TurnId,
    platform: Platform,
    part: &Part,
    state: PartState,
    now: Timestamp,
) -> Result<outbox::ActiveModel, StoreError> {
    let payload = payload::write(part).map_err(|source| unreadable(turn, Some(source)))?;
    Ok(outbox::ActiveModel {
        turn_id: Set(turn.0),
        number: Set(number(part.number)),
        platform: Set(platform.name().to_owned()),
        state: Set(state.name().to_owned()),
        payload: Set(Some(payload)),
        posted_id: Set(None),
        is_labelled: Set(false),
        sending_at: Set((state == PartState::Sending).then(|| micros(now))),
        created_at: Set(micros(now)),
        ended_at: Set(None),
    })
}

async fn mark_sent(
    tx: &DatabaseTransaction,
    turn: TurnId,
    claim: Uuid,
    sent: &SentPart,
) -> Result<bool, StoreError> {
    let marked = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "UPDATE outbox SET state = 'sent', posted_id = $1, is_labelled = $2 WHERE turn_id = $3 AND number = $4 \
         AND EXISTS (SELECT 1 FROM inbox WHERE turn_id = $3 AND claim = $5)",
        [
            sent.posted.0.clone().into(),
            sent.is_labelled.into(),
            turn.0.into(),
            number(sent.number).into(),
            claim.into(),
        ],
    );
    Ok(tx.execute_raw(marked).await?.rows_affected() > 0)
}

/// Ends all parts of a turn, of which `last` has just been sent; their text is blanked.
pub(super) async fn end(
    tx: &DatabaseTransaction,
    turn: Uuid,
    last: Option<&SentPart>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (at, posted, is_labelled): (i64, Value, bool) = match last {
        Some(last) => (number(last.number), last.posted.0.clone().into(), last.is_labelled),
        None => (-1, Value::String(None), false),
    };
    let ended = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "UPDATE outbox SET payload = NULL, ended_at = $1, \
         state = CASE WHEN number = $2 OR state = 'sent' THEN 'sent' ELSE 'dead' END, \
         posted_id = CASE WHEN number = $2 THEN $3 ELSE posted_id END, \
         is_labelled = CASE WHEN number = $2 THEN $4 ELSE is_labelled END \
         WHERE turn_id = $5",
        [micros(now).into(), at.into(), posted, is_labelled.into(), turn.into()],
    );
    tx.execute_raw(ended).await?;
    Ok(())
}

/// Gives up what has not been sent of a turn; its text stays, so that it can be sent after all.
///
/// What surely did not arrive counts as never sent; of the rest nobody knows.
pub(super) async fn give_up(
    tx: &DatabaseTransaction,
    turn: Uuid,
    may_have_arrived: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sent_at = if may_have_arrived {
        "sending_at"
    } else {
        "CASE state WHEN 'sending' THEN NULL ELSE sending_at END"
    };
    outbox::Entity::update_many()
        .col_expr(outbox::Column::SendingAt, Expr::cust(sent_at))
        .col_expr(outbox::Column::State, Expr::cust("CASE state WHEN 'sent' THEN 'sent' ELSE 'dead' END"))
        .col_expr(outbox::Column::EndedAt, Expr::value(micros(now)))
        .filter(outbox::Column::TurnId.eq(turn))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether a reply was given up whose texts are still there.
pub(super) async fn has_given_up(tx: &DatabaseTransaction, turn: Uuid) -> Result<bool, StoreError> {
    let part = outbox::Entity::find()
        .filter(outbox::Column::TurnId.eq(turn))
        .filter(outbox::Column::EndedAt.is_not_null())
        .filter(outbox::Column::Payload.is_not_null())
        .one(tx)
        .await?;
    Ok(part.is_some())
}

/// Puts what was given up of a turn's reply on its way again.
pub(super) async fn revive(tx: &DatabaseTransaction, turn: Uuid) -> Result<(), StoreError> {
    let again =
        "CASE WHEN state = 'sent' THEN 'sent' WHEN sending_at IS NULL THEN 'pending' ELSE 'unknown' END";
    outbox::Entity::update_many()
        .col_expr(outbox::Column::State, Expr::cust(again))
        .col_expr(outbox::Column::EndedAt, Expr::value(None::<i64>))
        .filter(outbox::Column::TurnId.eq(turn))
        .exec(tx)
        .await?;
    Ok(())
}

/// The same for a reply that is made anew: what never left is forgotten.
pub(super) async fn restart(tx: &DatabaseTransaction, turn: Uuid) -> Result<(), StoreError> {
    outbox::Entity::delete_many()
        .filter(outbox::Column::TurnId.eq(turn))
        .filter(outbox::Column::State.ne(PartState::Sent.name()))
        .filter(outbox::Column::SendingAt.is_null())
        .exec(tx)
        .await?;
    revive(tx, turn).await
}

/// Throws away what was given up in these turns.
pub(super) async fn blank(
    tx: &DatabaseTransaction,
    turns: impl IntoIterator<Item = Uuid>,
    now: Timestamp,
) -> Result<(), StoreError> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::Payload, Expr::value(None::<String>))
        .col_expr(outbox::Column::EndedAt, Expr::value(micros(now)))
        .filter(outbox::Column::TurnId.is_in(turns))
        .exec(tx)
        .await?;
    Ok(())
}

/// Says of what was being sent in these turns that nobody knows whether it arrived.
pub(super) async fn lose_sight_of(tx: &DatabaseTransaction, turns: &[Uuid]) -> Result<(), StoreError> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::State, Expr::value(PartState::Unknown.name()))
        .filter(outbox::Column::TurnId.is_in(turns.iter().copied()))
        .filter(outbox::Column::State.eq(PartState::Sending.name()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Says of what was being sent in a turn that it has not left.
pub(super) async fn retract(tx: &DatabaseTransaction, turn: Uuid) -> Result<(), StoreError> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::State, Expr::value(PartState::Pending.name()))
        .col_expr(outbox::Column::SendingAt, Expr::value(None::<i64>))
        .filter(outbox::Column::TurnId.eq(turn))
        .filter(outbox::Column::State.eq(PartState::Sending.name()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Marks the posts from number `count` on as ones too many.
async fn mark_surplus(tx: &DatabaseTransaction, turn: TurnId, count: usize) -> Result<(), StoreError> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::Payload, Expr::value(None::<String>))
        .filter(outbox::Column::TurnId.eq(turn.0))
        .filter(outbox::Column::Number.gte(number(count)))
        .exec(tx)
        .await?;
    Ok(())
}

/// What an earlier try has left of a turn's reply, in order.
pub(super) async fn left_of(tx: &DatabaseTransaction, turn: TurnId) -> Result<Vec<KeptPart>, StoreError> {
    let rows = outbox::Entity::find()
        .filter(outbox::Column::TurnId.eq(turn.0))
        .order_by_asc(outbox::Column::Number)
        .all(tx)
        .await?;
    rows.into_iter().map(into_part).collect()
}

fn into_part(row: outbox::Model) -> Result<KeptPart, StoreError> {
    let turn = TurnId(row.turn_id);
    let state = PartState::named(&row.state).ok_or_else(|| unreadable(turn, None))?;
    let kept = row.payload.map(|kept| payload::read(&kept).map_err(|source| unreadable(turn, source)));
    let (text, file) = kept.transpose()?.unzip();
    Ok(KeptPart {
        number: usize::try_from(row.number).map_err(|_| unreadable(turn, None))?,
        state,
        text,
        file: file.flatten(),
        posted: row.posted_id.map(PostedId),
        is_labelled: row.is_labelled,
        sending_at: row.sending_at.map(moment),
    })
}

fn platform_of(turn: &ClaimedTurn) -> Platform {
    turn.last().map_or(Platform::Terminal, |message| message.address.platform)
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unreadable(turn: TurnId, source: Option<serde_json::Error>) -> StoreError {
    StoreError::Row { table: "outbox", id: turn.to_string(), source }
}
