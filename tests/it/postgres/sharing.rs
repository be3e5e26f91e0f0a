//! Several programs on one database: they migrate one after another, and
//! nobody takes the schema away from under a daemon.

use futures_util::future::join_all;
use switchboard::domain::{
    Address, AddressKind, Author, Call, DedupeKey, Event, InboundMessage, Platform, PostedId, Said, SpaceRef,
};
use switchboard::store::{Incoming, Schema, Store, StoreError};
use switchboard::telemetry::Tasks;
use time::OffsetDateTime;

use crate::support::database::{self, Beside, Own};

#[tokio::test]
async fn programs_that_start_at_once_migrate_once() {
    if database::server().is_none() {
        return;
    }
    let (own, tasks) = (Own::new(), Tasks::default());
    let settings = own.settings();
    let opened = join_all((0..6).map(|_| Store::open(&settings, &tasks))).await;
    let failed: Vec<_> = opened.iter().filter_map(|opened| opened.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:?}");

    let beside = Beside::open(&own.url()).await;
    let locks = "SELECT COUNT(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    assert_eq!(beside.number(locks).await, 0, "every lock has been given back");
    beside.close().await;
}

#[tokio::test]
async fn nobody_takes_the_schema_away_from_under_a_daemon() {
    if database::server().is_none() {
        return;
    }
    let (own, tasks) = (Own::new(), Tasks::default());
    let store = Store::open(&own.settings(), &tasks).await.unwrap();
    store.ping().await.unwrap();
    let schema = Schema::open(&own.settings()).await.unwrap();
    assert!(matches!(schema.down(1).await, Err(StoreError::Busy)));
    assert!(matches!(schema.fresh().await, Err(StoreError::Busy)));
    schema.up().await.unwrap();
    assert!(store.has_owner().await.is_ok(), "everything is still there");
}

/// Whoever is new is met by two connections at once, and in the opposite order:
/// PostgreSQL ends one of the two transactions, and it is run again.
#[tokio::test]
async fn batches_with_the_same_new_people_in_opposite_orders_are_both_accepted() {
    if database::server().is_none() {
        return;
    }
    let (own, tasks) = (Own::new(), Tasks::default());
    let stores = [
        Store::open(&own.settings(), &tasks).await.unwrap(),
        Store::open(&own.settings(), &tasks).await.unwrap(),
    ];
    let batch: Vec<InboundMessage> = (0..40).map(message).collect();
    let taken = join_all(stores.iter().zip([false, true]).map(|(store, is_reversed)| {
        let mut batch = batch.clone();
        if is_reversed {
            batch.reverse();
        }
        store.accept(Incoming { messages: batch, ..Incoming::default() }, OffsetDateTime::now_utc())
    }))
    .await;
    let new: usize = taken.into_iter().map(|taken| taken.unwrap().accepted.len()).sum();
    assert_eq!(new, 40, "each once");
    let beside = Beside::open(&own.url()).await;
    for (table, rows) in [("users", 40), ("identities", 40), ("addresses", 40), ("spaces", 40)] {
        assert_eq!(beside.number(&format!("SELECT COUNT(*) FROM {table}")).await, rows, "{table}");
    }
    beside.close().await;
}

/// Something said by the n-th person in the n-th group.
fn message(n: i64) -> InboundMessage {
    let name = n.to_string();
    InboundMessage {
        key: DedupeKey(format!("telegram:{n}")),
        author: Author {
            platform_user_id: name.clone(),
            name: name.clone(),
            username: None,
            locale: None,
            is_anonymous: false,
        },
        address: Address {
            platform: Platform::Telegram,
            scope: String::new(),
            chat: name.clone(),
            thread: None,
            kind: AddressKind::Group,
            space: Some(SpaceRef { id: name.clone(), name: None }),
        },
        sequence: n,
        sent_at: OffsetDateTime::UNIX_EPOCH,
        event: Event::Text(Said {
            message: Some(PostedId(name)),
            text: "hello".to_owned(),
            call: Call::Mention,
            reply_to: None,
            attachments: Vec::new(),
        }),
    }
}
