//! Taking in: once each, whoever reports it how often; people and places, too.

use futures_util::future::join_all;
use switchboard::domain::{DedupeKey, Platform, SpaceRef, Unreadable};
use switchboard::store::{Incoming, Store};

use super::{Shelf, answered, at, direct, grouped};

#[tokio::test]
async fn a_message_reported_fifty_times_at_once_is_accepted_once() {
    let shelf = Shelf::new().await;
    let message = direct("ann", 1, "hello");

    let accepted = join_all((0..50).map(|_| shelf.accept(std::slice::from_ref(&message)))).await;
    assert_eq!(accepted.iter().flatten().count(), 1);
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM inbox").await, 1);
}

#[tokio::test]
async fn a_message_is_recognized_after_a_restart_and_after_its_end() {
    let shelf = Shelf::new().await;
    let message = [direct("ann", 1, "hello")];
    let lane = shelf.lane_of(&message).await;

    let shelf = shelf.reopened().await;
    assert!(shelf.accept(&message).await.is_empty());

    let turn = shelf.take(lane).await;
    shelf.store.finish(&turn, answered(), None, at(3)).await.unwrap();
    assert!(shelf.reopened().await.accept(&message).await.is_empty());
}

#[tokio::test]
async fn the_same_message_twice_in_one_batch_is_one() {
    let shelf = Shelf::new().await;

    let batch = [direct("ann", 1, "hello"), direct("ann", 1, "hello"), direct("ann", 2, "again")];
    assert_eq!(shelf.accept(&batch).await.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_as_it_came_and_the_rest_goes_on() {
    let shelf = Shelf::new().await;
    let odd = || Unreadable {
        platform: Platform::Telegram,
        key: DedupeKey("telegram:update:7".to_owned()),
        is_numbered: false,
        raw: "{\"odd\": \u{0}true}".to_owned(),
        reason: "no message in it".to_owned(),
    };
    for _ in 0..2 {
        let (messages, unreadable) = (vec![direct("ann", 1, "hello")], vec![odd()]);
        let incoming = Incoming { messages, unreadable, ..Incoming::default() };
        shelf.store.accept(incoming, at(0)).await.unwrap();
    }

    let kept = "SELECT raw || '|' || outcome FROM inbox WHERE state = 'quarantined' AND lane_id IS NULL";
    assert_eq!(shelf.beside.texts(kept).await, ["{\"odd\": \u{fffd}true}|no message in it"]);
    assert_eq!(
        shelf.store.waiting(Platform::Telegram, 10).await.unwrap().len(),
        1,
        "what cannot be read does not wait"
    );
}

#[tokio::test]
async fn people_and_places_are_made_once_however_many_write_at_once() {
    let shelf = Shelf::new().await;
    let beside = Store::open_beside(&shelf.database.settings(), &shelf.tasks).await.unwrap();
    let talk = |n: i64| {
        let mut message = grouped("-100", "ann", n, "hello");
        message.address.space = Some(SpaceRef { id: "-100".to_owned(), name: None });
        message
    };
    let taken = join_all((0..60).map(|n| {
        let store = if n % 2 == 0 { &shelf.store } else { &beside };
        let messages = vec![talk(n), direct("ann", n, "hello")];
        store.accept(Incoming { messages, ..Incoming::default() }, at(0))
    }))
    .await;

    assert_eq!(taken.into_iter().map(|taken| taken.unwrap().accepted.len()).sum::<usize>(), 120);
    for (table, rows) in [("users", 1), ("identities", 1), ("spaces", 1), ("addresses", 2)] {
        assert_eq!(shelf.beside.number(&format!("SELECT COUNT(*) FROM {table}")).await, rows, "{table}");
    }
}

#[tokio::test]
async fn somebody_who_takes_another_name_stays_the_same() {
    let shelf = Shelf::new().await;
    shelf.accept(&[direct("1001", 1, "hello")]).await;
    let before = shelf.store.identity(Platform::Telegram, "", "1001").await.unwrap().unwrap();

    let mut renamed = direct("1001", 2, "hello again");
    renamed.author.name = "Anna".to_owned();
    shelf.accept(&[renamed]).await;
    let after = shelf.store.identity(Platform::Telegram, "", "1001").await.unwrap().unwrap();
    assert_eq!((after.id, after.user, after.name.as_str()), (before.id, before.user, "Anna"));
}

#[tokio::test]
async fn a_name_stays_until_another_is_told() {
    let shelf = Shelf::new().await;
    // Where a platform did not tell a name, the id stands for it.
    let names = ["U1", "Ann", "U1", "Anna"].map(|name| (name, (name != "U1").then(|| name.to_lowercase())));
    let mut kept = Vec::new();
    for ((name, username), n) in names.into_iter().zip(1..) {
        let mut message = direct("U1", n, "hello");
        name.clone_into(&mut message.author.name);
        message.author.username = username;
        shelf.accept(&[message]).await;
        kept.extend(shelf.beside.texts("SELECT name || ' ' || COALESCE(username, '') FROM identities").await);
    }
    assert_eq!(kept, ["U1 ", "Ann ann", "Ann ann", "Anna anna"]);
}
