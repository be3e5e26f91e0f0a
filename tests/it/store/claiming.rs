//! Taking up: in the platform's order, merged within one breath, one turn a lane.

use futures_util::future::join_all;
use sea_orm::SqlErr;
use switchboard::domain::{Event, Invocation, Platform};

use super::{Shelf, answered, at, direct, grouped, texts};

#[tokio::test]
async fn what_waits_is_taken_in_the_platforms_order() {
    let shelf = Shelf::new().await;
    let mut third = direct("ann", 1, "third");
    third.sent_at = at(9);
    let talk = [third, direct("ann", 8, "second"), direct("ann", 7, "first")];
    let mut lane = None;
    for message in talk {
        lane = Some(shelf.lane_of(&[message]).await);
    }

    assert_eq!(texts(&shelf.take(lane.unwrap()).await), ["first", "second", "third"]);
}

#[tokio::test]
async fn only_messages_of_one_author_in_one_breath_are_merged() {
    let shelf = Shelf::new().await;
    let says = |n, who, text| grouped("-100", who, n, text);
    let mut command = says(6, "ann", "");
    command.event = Event::Command(Invocation {
        name: "new".to_owned(),
        arguments: String::new(),
        message: None,
        interaction: None,
        pressed: None,
    });
    let talk = [
        says(1, "ann", "one"),
        says(2, "ann", "two"),
        says(3, "bob", "three"),
        says(4, "ann", "four"),
        says(5, "ann", "five"),
        command,
        says(7, "ann", "seven"),
    ];
    let lane = shelf.lane_of(&talk).await;

    for expected in
        [vec!["one", "two"], vec!["three"], vec!["four", "five"], vec!["(no talk)"], vec!["seven"]]
    {
        let turn = shelf.take(lane).await;
        assert_eq!(texts(&turn), expected);
        assert_eq!(turn.has_more, expected != ["seven"], "{expected:?}");
        assert!(shelf.store.finish(&turn, answered(), None, at(3)).await.unwrap());
    }
    assert!(shelf.claim(lane).await.is_none());
}

#[tokio::test]
async fn a_crowd_of_messages_is_taken_in_several_turns_and_none_is_forgotten() {
    let shelf = Shelf::new().await;
    let talk: Vec<_> = (0..50).map(|n| direct("ann", n, &n.to_string())).collect();
    let lane = shelf.lane_of(&talk).await;

    let mut taken = Vec::new();
    loop {
        let turn = shelf.take(lane).await;
        assert!(turn.messages.len() <= 20);
        taken.extend(texts(&turn).into_iter().map(str::to_owned));
        shelf.store.finish(&turn, answered(), None, at(3)).await.unwrap();
        if !turn.has_more {
            break;
        }
    }
    assert_eq!(taken, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_turn_that_was_put_back_comes_again_as_it_was_and_knows_of_what_came_since() {
    let shelf = Shelf::new().await;
    let lane =
        shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two"), direct("ann", 3, "three")]).await;
    let first = shelf.take(lane).await;
    shelf.store.give_back(&first, true).await.unwrap();
    shelf.accept(&[direct("ann", 4, "four")]).await;

    let again = shelf.take(lane).await;
    assert_eq!(again.turn, first.turn);
    assert_eq!(texts(&again), ["one", "two", "three"]);
    assert!(again.has_more, "four waits");
    assert_ne!(again.claim, first.claim);
}

#[tokio::test]
async fn a_lane_has_one_running_turn_at_most() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[grouped("-100", "ann", 1, "one"), grouped("-100", "bob", 2, "two")]).await;

    let claimed = join_all((0..10).map(|_| shelf.store.claim(lane, at(1)))).await;
    assert_eq!(claimed.iter().filter(|claimed| matches!(claimed, Ok(Some(_)))).count(), 1);
    assert_eq!(shelf.states().await, ["claimed", "received"]);

    let forced = shelf.beside.try_to("UPDATE inbox SET state = 'generating'").await.unwrap_err();
    assert!(matches!(forced.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{forced}");
}

#[tokio::test]
async fn lanes_do_not_hold_each_other_back() {
    let shelf = Shelf::new().await;
    let ann = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let bob = shelf.lane_of(&[direct("bob", 2, "hello")]).await;

    assert!(shelf.claim(ann).await.is_some());
    assert!(shelf.claim(bob).await.is_some());
}

#[tokio::test]
async fn what_waits_is_listed_once_a_lane_oldest_first() {
    let shelf = Shelf::new().await;
    let later = |mut message: switchboard::domain::InboundMessage, seconds| {
        message.sent_at = at(seconds);
        message
    };
    let bob = shelf.lane_of(&[later(direct("bob", 1, "hello"), 5)]).await;
    let ann = shelf.lane_of(&[direct("ann", 1, "hello"), later(direct("ann", 2, "hello"), 6)]).await;

    let waiting = shelf.store.waiting(Platform::Telegram, 10).await.unwrap();
    assert_eq!(waiting.iter().filter_map(|waiting| waiting.lane).collect::<Vec<_>>(), [ann, bob]);
    assert_eq!(shelf.store.waiting(Platform::Telegram, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_whose_farewell_failed_too_ends_without_and_takes_along_what_was_merged_with_it() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "poison"), direct("ann", 2, "more of it")]).await;
    for _ in 1..=4 {
        let turn = shelf.take(lane).await;
        shelf.store.give_back(&turn, false).await.unwrap();
    }

    assert!(shelf.claim(lane).await.is_none());
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM inbox WHERE ended_at IS NULL").await, 0);
    assert!(shelf.store.waiting(Platform::Telegram, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_hand_over_costs_no_attempt() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    for _ in 0..10 {
        let turn = shelf.take(lane).await;
        assert_eq!(turn.attempts, 1);
        shelf.store.give_back(&turn, true).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_begun_goes_on_before_what_was_said_earlier_and_came_later() {
    let shelf = Shelf::new().await;
    let mut late = direct("ann", 1, "told a second time, at last");
    let mut begun = direct("ann", 2, "begun");
    (late.sent_at, begun.sent_at) = (at(1), at(2));
    let lane = shelf.lane_of(&[begun]).await;
    let first = shelf.take(lane).await;
    shelf.lane_of(&[late]).await;
    shelf.store.recover().await.unwrap();

    let again = shelf.take(lane).await;

    assert_eq!((texts(&again), again.turn), (vec!["begun"], first.turn));
    assert!(again.has_more);
}
