//! What people think of answers: one thumb of each person under each.

use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};
use uuid::Uuid;

use crate::domain::{Event, InboundMessage, MessageState, Reacted, Timestamp};
use crate::store::{StoreError, micros};

/// The turn whose answer a post shows, also one that is still written. Telegram and Slack number
/// posts in each chat anew.
const ANSWER: &str = "SELECT o.turn_id FROM outbox o WHERE o.posted_id = $1 AND o.platform = $2 \
    AND EXISTS (SELECT 1 FROM inbox i JOIN addresses a ON a.id = i.address_id \
        WHERE i.turn_id = o.turn_id AND a.scope = $3 AND (a.chat = $4 OR a.thread = $4) \
        AND (i.state IN ($5, $6) OR EXISTS (SELECT 1 FROM messages m WHERE m.turn_id = o.turn_id AND m.role = 'assistant'))) LIMIT 1";

/// Whoever has talked to us is known; of others nothing is kept.
const PERSON: &str =
    "SELECT user_id FROM identities WHERE platform = $1 AND scope = $2 AND platform_user_id = $3";

const GIVE: &str = "INSERT INTO feedback (turn_id, user_id, value, at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (turn_id, user_id) DO UPDATE SET value = excluded.value, at = excluded.at \
    WHERE feedback.value <> excluded.value";

const TAKE_BACK: &str = "DELETE FROM feedback WHERE turn_id = $1 AND user_id = $2 AND value = $3";

/// Keeps what somebody thinks of an answer, or forgets it; false if that changes nothing.
pub(super) async fn apply(
    tx: &DatabaseTransaction,
    message: &InboundMessage,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Event::Reacted(Reacted { posted, thumb, is_taken_back }) = &message.event else { return Ok(false) };
    let (place, person) = (&message.address, message.author.platform_user_id.as_str());
    let (platform, scope) = (place.platform.name(), place.scope.as_str());
    let answer = vec![
        posted.0.as_str().into(),
        platform.into(),
        scope.into(),
        place.chat.as_str().into(),
        MessageState::Claimed.name().into(),
        MessageState::Generating.name().into(),
    ];
    let Some(answer) = found(tx, ANSWER, answer).await? else { return Ok(false) };
    let person = vec![platform.into(), scope.into(), person.into()];
    let Some(person) = found(tx, PERSON, person).await? else { return Ok(false) };
    let mut values: Vec<Value> = vec![answer.into(), person.into(), thumb.value().into()];
    let sql = if *is_taken_back {
        TAKE_BACK
    } else {
        values.push(micros(now).into());
        GIVE
    };
    let changed = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(changed).await?.rows_affected() > 0)
}

/// The first id that a statement finds.
async fn found(tx: &DatabaseTransaction, sql: &str, values: Vec<Value>) -> Result<Option<Uuid>, StoreError> {
    let row =
        tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}
