//! Taking in what was in quarantine, once it can be read.

use futures_util::FutureExt;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};

use crate::domain::{Change, InboundMessage, InboxId, Move, Timestamp};
use crate::store::entities::inbox;
use crate::store::inbox::accept::{insert, insert_once};
use crate::store::inbox::{change, state};
use crate::store::{Store, StoreError, changes, micros, moves};

/// How an event is remembered that could be read in the end.
const READ: &str = "read_again";

impl Store {
    /// Takes in what an event in quarantine turned out to be, and returns how
    /// many messages are new; none if it is not there any more.
    ///
    /// Its own dedupe key stays, so that a second delivery of it is recognized.
    pub async fn read_again(
        &self,
        id: InboxId,
        (messages, moves): (Vec<InboundMessage>, Vec<Move>),
        now: Timestamp,
    ) -> Result<Option<usize>, StoreError> {
        self.write(move |tx| {
            async move {
                let held =
                    inbox::Entity::find_by_id(id.0).filter(inbox::Column::State.eq(state::QUARANTINED));
                let Some(held) = held.one(tx).await? else { return Ok(None) };
                // A message may have the same key, and then takes its place.
                inbox::Entity::delete_by_id(held.id).exec(tx).await?;
                for moved in &moves {
                    moves::apply(tx, moved, now).await?;
                }
                let mut count = 0;
                let (messages, changes) = Change::sort(messages);
                for message in messages {
                    count += usize::from(insert(tx, &message, None, now).await?.is_some());
                }
                for change in changes {
                    change::apply(tx, change, now).await?;
                }
                let ended = inbox::ActiveModel {
                    state: Set(state::DONE.to_owned()),
                    outcome: Set(Some(READ.to_owned())),
                    raw: Set(None),
                    ended_at: Set(Some(micros(now))),
                    ..held.into_active_model().reset_all()
                };
                insert_once(tx, ended).await?;
                changes::announce(tx).await?;
                Ok(Some(count))
            }
            .boxed()
        })
        .await
    }
}
