//! How far each place has been heard, for looking up what was said since.

use std::collections::HashSet;

use futures_util::FutureExt;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, QuerySelect, Statement};

use crate::domain::{Address, DedupeKey, KnownPlace, Platform, SpaceRef, Timestamp};
use crate::store::entities::{addresses, inbox};
use crate::store::inbox::hash;
use crate::store::{Store, StoreError, moment};

/// Notes from where on the last active places are to be looked through, unless
/// that is noted already. They are few, and asked for seldom: no index serves this.
const NOTE: &str = "UPDATE addresses SET gap_from = last_sequence WHERE gap_from IS NULL AND id IN \
     (SELECT id FROM addresses WHERE platform = $1 AND last_sequence IS NOT NULL AND closed_at IS NULL \
      ORDER BY last_said_at DESC LIMIT $2)";

const NOTED: &str = "SELECT a.scope, a.chat, a.thread, a.kind, a.gap_from, s.platform_space_id, s.name \
     FROM addresses a LEFT JOIN spaces s ON s.id = a.space_id \
     WHERE a.platform = $1 AND a.gap_from IS NOT NULL AND a.closed_at IS NULL \
     ORDER BY a.last_said_at DESC LIMIT $2";

const LOOKED: &str = "UPDATE addresses SET gap_from = NULL, \
     last_sequence = CASE WHEN last_sequence >= $1 THEN last_sequence ELSE $1 END \
     WHERE platform = $2 AND scope = $3 AND chat = $4 AND thread = $5";

/// How many keys are looked up at once.
const KEYS: usize = 500;

impl Store {
    /// The last active places of a platform, which are from now on to be looked
    /// through from where they have been heard.
    pub async fn known_places(&self, platform: Platform, limit: u32) -> Result<Vec<KnownPlace>, StoreError> {
        self.write(move |tx| {
            async move {
                let backend = tx.get_database_backend();
                let values = || [platform.name().into(), i64::from(limit).into()];
                tx.execute_raw(Statement::from_sql_and_values(backend, NOTE, values())).await?;
                let rows = tx.query_all_raw(Statement::from_sql_and_values(backend, NOTED, values())).await?;
                rows.iter().filter_map(|row| place(platform, row).transpose()).collect()
            }
            .boxed()
        })
        .await
    }

    /// When somebody first talked to us on a platform, or was refused there; nothing where nobody has.
    pub async fn first_heard(&self, platform: Platform) -> Result<Option<Timestamp>, StoreError> {
        let first: Option<Option<i64>> = addresses::Entity::find()
            .select_only()
            .column_as(addresses::Column::CreatedAt.min(), "first")
            .filter(addresses::Column::Platform.eq(platform.name()))
            .into_tuple()
            .one(&self.readers)
            .await?;
        Ok(first.flatten().map(moment))
    }

    /// Takes note that a place has been looked through up to here.
    pub async fn looked_through(&self, place: Address, sequence: i64) -> Result<(), StoreError> {
        self.write(move |tx| {
            async move {
                let values = [
                    sequence.into(),
                    place.platform.name().into(),
                    place.scope.into(),
                    place.chat.into(),
                    place.thread.unwrap_or_default().into(),
                ];
                tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), LOOKED, values))
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Those of the keys that the inbox knows.
    pub async fn accepted_before(&self, keys: &[DedupeKey]) -> Result<HashSet<DedupeKey>, StoreError> {
        let mut known = HashSet::new();
        for keys in keys.chunks(KEYS) {
            let found: Vec<Vec<u8>> = inbox::Entity::find()
                .select_only()
                .column(inbox::Column::DedupeHash)
                .filter(inbox::Column::DedupeHash.is_in(keys.iter().map(|key| hash(&key.0))))
                .into_tuple()
                .all(&self.readers)
                .await?;
            known.extend(keys.iter().filter(|key| found.contains(&hash(&key.0))).cloned());
        }
        Ok(known)
    }
}

/// The place in a row, unless it is of a kind that a later version has.
fn place(platform: Platform, row: &QueryResult) -> Result<Option<KnownPlace>, StoreError> {
    let Ok(kind) = row.try_get::<String>("", "kind")?.parse() else { return Ok(None) };
    let thread: String = row.try_get("", "thread")?;
    let space: Option<String> = row.try_get("", "platform_space_id")?;
    let name = row.try_get("", "name")?;
    let address = Address {
        platform,
        scope: row.try_get("", "scope")?,
        chat: row.try_get("", "chat")?,
        thread: Some(thread).filter(|thread| !thread.is_empty()),
        kind,
        space: space.map(|id| SpaceRef { id, name }),
    };
    Ok(Some(KnownPlace { address, heard: row.try_get("", "gap_from")? }))
}
