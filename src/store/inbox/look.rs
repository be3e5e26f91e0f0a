//! What has come in and what goes out, as an operator sees it. What people
//! wrote is read only where it is asked for.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::domain::{
    AddressId, AddressKind, Event, Handle, InboundMessage, InboxId, MessageState, PartState, Platform,
    PostedId, Timestamp, TurnId,
};
use crate::store::inbox::Payload;
use crate::store::{Store, StoreError, moment, outbox};

/// A turn with all of its messages, or a message that has no turn yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatterId(pub Uuid);

/// A message that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMessage {
    pub id: InboxId,
    pub turn: Option<TurnId>,
    pub platform: Platform,
    pub state: MessageState,
    /// How it has ended, in a word; behind a colon there may be what a person wrote.
    pub outcome: Option<String>,
    /// Whether the whole answer is stored.
    pub is_answered: bool,
    pub attempts: i64,
    pub is_suspect: bool,
    pub address: Option<AddressId>,
    pub kind: Option<AddressKind>,
    pub received_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// What was said, or what came and could not be read; only where it was asked for.
    pub text: Option<String>,
}

impl KeptMessage {
    /// The turn, or the message where there is none.
    #[must_use]
    pub fn matter(&self) -> MatterId {
        MatterId(self.turn.map_or(self.id.0, |turn| turn.0))
    }
}

/// One part of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPart {
    pub turn: TurnId,
    pub number: i64,
    pub platform: Platform,
    pub state: PartState,
    pub posted: Option<PostedId>,
    /// Whether it says that it may be a copy.
    pub is_labelled: bool,
    pub address: Option<AddressId>,
    pub kind: Option<AddressKind>,
    pub created_at: Timestamp,
    pub sending_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What it says; only where it was asked for.
    pub text: Option<String>,
}

// An index on what is rare serves only a statement that says the same in the same
// words, so the conditions of the indexes stand here as the schema has them.

/// Given up, and its text is still there.
pub(super) const GIVEN_UP: &str = "ended_at IS NOT NULL AND payload IS NOT NULL";

/// On its way, or never to arrive.
const OPEN: &str = "state IN ('pending', 'sending', 'unknown', 'dead')";

/// Messages that wait for an operator.
pub(super) const PUT_ASIDE: &str = "state IN ('dead', 'quarantined')";

impl Store {
    /// What a handle names; more than one where it is ambiguous.
    ///
    /// A reference is no key of any index: all that is kept is looked through.
    pub async fn matters(&self, handle: &Handle) -> Result<Vec<MatterId>, StoreError> {
        let all = |of_inbox: &str, of_outbox: &str| {
            format!(
                "SELECT id, turn_id FROM inbox {of_inbox} UNION ALL SELECT turn_id AS id, turn_id FROM outbox {of_outbox}"
            )
        };
        let backend = self.readers.get_database_backend();
        let (sql, values): (String, Vec<Value>) = match handle {
            Handle::Whole(id) => {
                (all("WHERE id = $1 OR turn_id = $1", "WHERE turn_id = $1"), vec![(*id).into()])
            }
            Handle::Short(reference) => {
                let [id, turn] = ["id", "turn_id"].map(|column| ends(backend, column));
                (
                    all(&format!("WHERE {id} OR {turn}"), &format!("WHERE {turn}")),
                    vec![format!("%{reference}").into()],
                )
            }
        };
        let rows = self.readers.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        let mut found = BTreeSet::new();
        for row in rows {
            let (id, turn): (Uuid, Option<Uuid>) = (row.try_get("", "id")?, row.try_get("", "turn_id")?);
            if handle.names(id) || turn.is_some_and(|turn| handle.names(turn)) {
                found.insert(MatterId(turn.unwrap_or(id)));
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Messages in any of these states, the oldest first; without what was said.
    pub async fn messages_in(
        &self,
        states: &[MessageState],
        limit: u64,
    ) -> Result<Vec<KeptMessage>, StoreError> {
        let names: Vec<String> = states.iter().map(|state| format!("'{}'", state.name())).collect();
        let of_state = format!("i.state IN ({})", names.join(", "));
        let is_aside = |state| matches!(state, &MessageState::Dead | &MessageState::Quarantined);
        let which =
            if states.iter().all(is_aside) { format!("i.{PUT_ASIDE} AND {of_state}") } else { of_state };
        let which = format!("{which} ORDER BY i.received_at, i.id LIMIT $1");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.messages(&which, limit.into(), false).await
    }

    /// The messages of a turn, or the one message; with what was said if that is asked for.
    pub async fn messages_of(
        &self,
        matter: MatterId,
        with_text: bool,
    ) -> Result<Vec<KeptMessage>, StoreError> {
        let which = "i.turn_id = $1 OR i.id = $1 ORDER BY i.sent_at, i.sequence, i.id";
        self.messages(which, matter.0.into(), with_text).await
    }

    async fn messages(
        &self,
        which: &str,
        value: Value,
        with_text: bool,
    ) -> Result<Vec<KeptMessage>, StoreError> {
        let text = if with_text { "i.payload, i.raw" } else { "NULL AS payload, NULL AS raw" };
        let sql = format!(
            "SELECT i.id, i.turn_id, i.platform, i.state, i.outcome, i.ending, i.attempts, i.is_suspect, \
             i.address_id, i.received_at, i.ended_at, a.kind, {text} \
             FROM inbox i LEFT JOIN addresses a ON a.id = i.address_id WHERE {which}"
        );
        let rows = self.rows(sql, value).await?;
        rows.iter().filter_map(|row| message(row).transpose()).collect()
    }

    /// Parts in this state, the oldest first; in no state, those that are on
    /// their way or given up. Never with their texts.
    pub async fn parts_in(
        &self,
        state: Option<PartState>,
        limit: u64,
    ) -> Result<Vec<DeliveryPart>, StoreError> {
        let of_state = |state: PartState| match state {
            PartState::Sent => "state = 'sent'".to_owned(),
            PartState::Dead => format!("state = 'dead' AND {GIVEN_UP}"),
            PartState::Pending | PartState::Sending | PartState::Unknown => {
                format!("{OPEN} AND state = '{}' AND ended_at IS NULL", state.name())
            }
        };
        // Two indexes serve the two halves, and none serves an OR.
        let all = || {
            format!(
                "{OPEN} AND state <> 'dead' AND ended_at IS NULL \
                 UNION ALL SELECT * FROM outbox WHERE {GIVEN_UP}"
            )
        };
        let which = state.map_or_else(all, of_state);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parts =
            format!("SELECT * FROM outbox WHERE {which} ORDER BY created_at, turn_id, number LIMIT $1");
        self.parts(&parts, limit.into(), false).await
    }

    /// The parts of the reply to a turn; with their texts if that is asked for.
    pub async fn parts_of(&self, matter: MatterId, with_text: bool) -> Result<Vec<DeliveryPart>, StoreError> {
        self.parts("SELECT * FROM outbox WHERE turn_id = $1", matter.0.into(), with_text).await
    }

    async fn parts(
        &self,
        parts: &str,
        value: Value,
        with_text: bool,
    ) -> Result<Vec<DeliveryPart>, StoreError> {
        let text = if with_text { "o.payload" } else { "NULL AS payload" };
        // All messages of a turn were said at one address.
        let said = "FROM inbox i JOIN addresses a ON a.id = i.address_id WHERE i.turn_id = o.turn_id LIMIT 1";
        let sql = format!(
            "SELECT o.turn_id, o.number, o.platform, o.state, o.posted_id, o.is_labelled, o.created_at, o.sending_at, \
             o.ended_at, (SELECT a.id {said}) AS address_id, (SELECT a.kind {said}) AS kind, {text} FROM ({parts}) o \
             ORDER BY o.created_at, o.turn_id, o.number"
        );
        let rows = self.rows(sql, value).await?;
        rows.iter().filter_map(|row| part(row).transpose()).collect()
    }

    async fn rows(&self, sql: String, value: Value) -> Result<Vec<QueryResult>, StoreError> {
        let backend = self.readers.get_database_backend();
        Ok(self.readers.query_all_raw(Statement::from_sql_and_values(backend, sql, [value])).await?)
    }
}

/// The message in a row, unless it is of a kind of a later version.
fn message(row: &QueryResult) -> Result<Option<KeptMessage>, StoreError> {
    let (platform, state): (String, String) = (row.try_get("", "platform")?, row.try_get("", "state")?);
    let Some((platform, state)) = platform.parse().ok().zip(MessageState::named(&state)) else {
        return Ok(None);
    };
    let (payload, raw): (Option<String>, Option<String>) =
        (row.try_get("", "payload")?, row.try_get("", "raw")?);
    let (address, kind) = place(row)?;
    Ok(Some(KeptMessage {
        id: InboxId(row.try_get("", "id")?),
        turn: row.try_get::<Option<Uuid>>("", "turn_id")?.map(TurnId),
        platform,
        state,
        outcome: row.try_get("", "outcome")?,
        is_answered: row.try_get::<Option<String>>("", "ending")?.is_some(),
        attempts: row.try_get("", "attempts")?,
        is_suspect: row.try_get("", "is_suspect")?,
        address,
        kind,
        received_at: moment(row.try_get("", "received_at")?),
        ended_at: row.try_get::<Option<i64>>("", "ended_at")?.map(moment),
        text: payload.map(words).or(raw),
    }))
}

/// The part in a row, unless it is of a kind of a later version.
fn part(row: &QueryResult) -> Result<Option<DeliveryPart>, StoreError> {
    let (platform, state): (String, String) = (row.try_get("", "platform")?, row.try_get("", "state")?);
    let Some((platform, state)) = platform.parse().ok().zip(PartState::named(&state)) else {
        return Ok(None);
    };
    let (address, kind) = place(row)?;
    Ok(Some(DeliveryPart {
        turn: TurnId(row.try_get("", "turn_id")?),
        number: row.try_get("", "number")?,
        platform,
        state,
        posted: row.try_get::<Option<String>>("", "posted_id")?.map(PostedId),
        is_labelled: row.try_get("", "is_labelled")?,
        address,
        kind,
        created_at: moment(row.try_get("", "created_at")?),
        sending_at: row.try_get::<Option<i64>>("", "sending_at")?.map(moment),
        ended_at: row.try_get::<Option<i64>>("", "ended_at")?.map(moment),
        text: row.try_get::<Option<String>>("", "payload")?.map(outbox::words),
    }))
}

fn place(row: &QueryResult) -> Result<(Option<AddressId>, Option<AddressKind>), StoreError> {
    let kind: Option<String> = row.try_get("", "kind")?;
    let address = row.try_get::<Option<Uuid>>("", "address_id")?.map(AddressId);
    Ok((address, kind.as_deref().and_then(AddressKind::named)))
}

/// Whether the digits of an id end as `$1` says.
fn ends(backend: DbBackend, column: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("CAST({column} AS TEXT) LIKE $1"),
        _ => format!("LOWER(HEX({column})) LIKE $1"),
    }
}

/// What a person said; the payload as it is where this program cannot read it.
fn words(payload: String) -> String {
    match serde_json::from_str::<Payload<InboundMessage>>(&payload) {
        Ok(kept) => spoken(kept.message.event),
        Err(_) => payload,
    }
}

fn spoken(event: Event) -> String {
    match event {
        Event::Text(said) => said.text,
        Event::Command(given) => format!("/{} {}", given.name, given.arguments).trim_end().to_owned(),
        Event::Edited(now) => spoken(now.event),
        Event::Deleted(_) => "(deleted)".to_owned(),
        Event::Missed(_) => "(missed)".to_owned(),
        Event::Again(_) => "(again)".to_owned(),
        Event::Reacted(_) => "(reacted)".to_owned(),
    }
}
