//! What is forgotten, and when: not before anybody may still need it, and not never.

use std::time::Duration;

use switchboard::domain::{DedupeKey, InboxId, MessageState, Platform, Timestamp, Unreadable};
use switchboard::store::{Incoming, Purged};

use super::{DAY, Shelf, answered, at, direct, texts};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// An event that cannot be read, under a number of the platform's or under its digest.
fn odd(key: &str, is_numbered: bool) -> Unreadable {
    Unreadable {
        platform: Platform::Telegram,
        key: DedupeKey(key.to_owned()),
        is_numbered,
        raw: "{}".to_owned(),
        reason: "no message in it".to_owned(),
    }
}

impl Shelf {
    async fn hold(&self, event: Unreadable, now: Timestamp) {
        let incoming = Incoming { unreadable: vec![event], ..Incoming::default() };
        self.store.accept(incoming, now).await.unwrap();
    }

    async fn held(&self) -> Vec<InboxId> {
        let held = self.store.messages_in(&[MessageState::Quarantined], 9).await.unwrap();
        held.into_iter().map(|held| held.id).collect()
    }

    async fn purge(&self, now: Timestamp) -> Purged {
        self.store.purge(now).await.unwrap()
    }
}

#[tokio::test]
async fn what_ended_two_weeks_ago_is_forgotten_and_what_waits_is_not() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "old")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.store.finish(&turn, answered(), None, at(10)).await.unwrap());
    shelf.lane_of(&[direct("ann", 2, "waiting")]).await;

    assert_eq!(shelf.purge(at(10) + DAY * 14).await, Purged::default());
    assert_eq!(shelf.purge(at(11) + DAY * 14).await, Purged { ended: 1, unread: 0 });
    assert_eq!(shelf.purge(at(11) + DAY * 14).await, Purged::default());
    assert_eq!(shelf.purge(at(0) + DAY * 400).await, Purged::default());
    assert_eq!(texts(&shelf.take(lane).await), ["waiting"]);
}

#[tokio::test]
async fn a_number_names_something_else_after_two_days_whether_there_was_a_purge_or_not() {
    for is_purged in [false, true] {
        let shelf = Shelf::new().await;
        shelf.hold(odd("telegram:update:7", true), at(0)).await;
        shelf.hold(odd("telegram:update:7", true), at(0) + HOUR * 47).await;
        assert_eq!(shelf.held().await.len(), 1, "the same, told again");

        if is_purged {
            assert_eq!(shelf.purge(at(0) + HOUR * 49).await, Purged::default(), "its event stays");
        }
        shelf.hold(odd("telegram:update:7", true), at(0) + HOUR * 49).await;
        shelf.hold(odd("telegram:update:7", true), at(0) + HOUR * 50).await;
        let held = shelf.held().await;
        assert_eq!(held.len(), 2, "another one");

        // Both can still be read.
        for (n, id) in (1..).zip(held) {
            let read = vec![direct("ann", n, "hello")];
            let count = shelf.store.read_again(id, (read, Vec::new()), at(0) + HOUR * 51).await.unwrap();
            assert_eq!(count, Some(1));
        }
        assert_eq!(shelf.purge(at(0) + HOUR * 52).await, Purged::default());
        assert_eq!(shelf.purge(at(0) + HOUR * 98).await.ended, 1, "the second number has lasted two days");
    }
}

#[tokio::test]
async fn a_digest_names_the_same_for_as_long_as_its_event_is_there() {
    let shelf = Shelf::new().await;
    shelf.hold(odd("discord:unreadable:5f", false), at(0)).await;
    shelf.purge(at(0) + DAY * 20).await;
    shelf.hold(odd("discord:unreadable:5f", false), at(0) + DAY * 20).await;
    let held = shelf.held().await;
    assert_eq!(held.len(), 1);

    shelf.store.read_again(held[0], (Vec::new(), Vec::new()), at(0) + DAY * 20).await.unwrap();
    assert_eq!(shelf.purge(at(0) + DAY * 34).await, Purged::default());
    assert_eq!(shelf.purge(at(1) + DAY * 34).await, Purged { ended: 1, unread: 0 });
}

#[tokio::test]
async fn what_nobody_has_replayed_in_a_month_is_thrown_away_and_counted() {
    let shelf = Shelf::new().await;
    shelf.hold(odd("telegram:update:7", true), at(0)).await;
    shelf.hold(odd("discord:unreadable:5f", false), at(10)).await;

    assert_eq!(shelf.purge(at(0) + DAY * 30).await, Purged::default());
    assert_eq!(shelf.purge(at(1) + DAY * 30).await, Purged { ended: 0, unread: 1 });
    assert_eq!(shelf.held().await.len(), 1);
    assert_eq!(shelf.purge(at(11) + DAY * 30).await, Purged { ended: 0, unread: 1 });
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM inbox").await, 0);
}
