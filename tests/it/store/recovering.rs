//! What a process leaves that ended without warning or was replaced, and what it may still do.

use std::time::Duration;

use switchboard::domain::Part;
use switchboard::store::{ClaimedTurn, DAEMON, Store};
use switchboard::telemetry::Tasks;

use super::{Shelf, answered, at, direct, exchange};
use crate::support::database::Engine;

/// A turn as a process had it that is gone, and as its successor has it, whose first part is on its way.
async fn replaced(shelf: &Shelf) -> (ClaimedTurn, ClaimedTurn) {
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    let old = shelf.take(lane).await;
    shelf.store.recover().await.unwrap();
    let new = shelf.take(lane).await;
    let part = Part::new(0, "hello".to_owned());
    assert!(shelf.store.advance(&new, None, &part, at(5)).await.unwrap());
    (old, new)
}

#[tokio::test]
async fn who_has_lost_a_turn_changes_nothing_of_what_is_on_its_way() {
    let shelf = Shelf::new().await;
    let (old, _) = replaced(&shelf).await;
    let outbox = "SELECT state || ' ' || CASE WHEN sending_at IS NULL THEN '-' ELSE 'left' END FROM outbox";

    shelf.store.give_back_unsent(&old).await.unwrap();
    shelf.store.give_back(&old, true).await.unwrap();
    assert!(!shelf.store.removed(&old, 0).await.unwrap());

    assert_eq!(shelf.beside.texts(outbox).await, ["sending left"]);
    assert_eq!(shelf.states().await, ["generating"]);
}

#[tokio::test]
async fn who_has_a_turn_can_forget_a_part_of_it() {
    let shelf = Shelf::new().await;
    let (_, new) = replaced(&shelf).await;
    assert!(shelf.store.removed(&new, 0).await.unwrap());
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn an_answer_that_is_stored_a_second_time_stands_there_once() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    let turn = shelf.take(lane).await;
    let begun = shelf.store.begin_conversation(turn.user.id, None, at(1)).await.unwrap();
    let whole = super::answer(exchange(&turn, begun.id, "hello"));
    for _ in 0..2 {
        assert!(shelf.store.ready(&turn, whole.clone(), at(2)).await.unwrap());
    }

    let said = shelf.beside.texts("SELECT seq || ' ' || content FROM messages ORDER BY seq").await;
    assert_eq!(said, ["1 one", "2 hello"]);
    for _ in 0..2 {
        assert!(shelf.store.finish(&turn, answered(), None, at(3)).await.unwrap(), "it has come to its end");
    }
    assert_eq!(shelf.states().await, ["done"]);
}

#[tokio::test]
async fn attempts_in_company_say_nothing_and_who_was_there_twice_is_named() {
    let shelf = Shelf::new().await;
    let (ann, bob) = (direct("ann", 1, "one"), direct("bob", 1, "two"));
    let (ann, bob) = (shelf.lane_of(&[ann]).await, shelf.lane_of(&[bob]).await);
    shelf.take(ann).await;
    shelf.take(bob).await;
    let recovered = shelf.store.recover().await.unwrap();
    assert_eq!((recovered.count, recovered.lanes.len(), recovered.again), (2, 2, vec![]));

    for life in 0..3 {
        assert!(!shelf.take(ann).await.is_given_up, "life {life}");
        let new = shelf.lane_of(&[direct(&format!("new{life}"), 1, "three")]).await;
        shelf.take(new).await;
        let recovered = shelf.store.recover().await.unwrap();
        assert_eq!(recovered.again, [ann.0]);
    }
    for life in 0..3 {
        assert!(!shelf.take(ann).await.is_given_up, "life {life} alone");
        shelf.store.recover().await.unwrap();
    }
    assert!(shelf.take(ann).await.is_given_up);
}

#[tokio::test]
async fn a_process_that_was_replaced_takes_nothing() {
    if Engine::chosen() == Engine::Sqlite {
        return;
    }
    let shelf = Shelf::new().await;
    let tasks = Tasks::default();
    let other = Store::open(&shelf.database.settings(), &tasks).await.unwrap();
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    assert!(shelf.store.lease(DAEMON, Duration::ZERO).await.unwrap());
    while !other.lease(DAEMON, Duration::from_secs(60)).await.unwrap() {}

    assert!(shelf.claim(lane).await.is_none());
    let turn = other.claim(lane, at(1)).await.unwrap();

    assert!(turn.is_some(), "who has the place takes it");
}

#[tokio::test]
async fn claims_of_others_are_known_to_who_has_the_place() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    let turn = shelf.take(lane).await;
    let shelf = shelf.reopened().await;
    let claims = shelf.store.claims().await.unwrap();
    assert_eq!(claims, [turn.claim]);
    assert_eq!(shelf.store.take_back(claims).await.unwrap(), 1);
    assert!(shelf.claim(lane).await.is_some());
}
