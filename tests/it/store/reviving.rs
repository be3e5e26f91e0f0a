//! What was given up and is taken up again.

use switchboard::domain::{
    DedupeKey, InboxId, MessageState, Part, PartState, Platform, PostedId, SentPart, Unreadable,
};
use switchboard::store::{Answer, ClaimedTurn, Ending, Finale, Incoming, MatterId, Revived};

use super::{DAY, Shelf, answer, answered, at, direct, exchange, texts};

/// A turn of two messages whose answer of two parts is stored, and whose first part has arrived.
async fn half_delivered(shelf: &Shelf) -> ClaimedTurn {
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    let turn = shelf.take(lane).await;
    let begun = shelf.store.begin_conversation(turn.user.id, None, at(1)).await.unwrap();
    let parts = ["first", "second"].iter().enumerate();
    let parts = parts.map(|(number, text)| Part::new(number, (*text).to_owned())).collect();
    let whole = Answer { parts, ..answer(exchange(&turn, begun.id, "first second")) };
    assert!(shelf.store.ready(&turn, whole, at(2)).await.unwrap());
    let sent = SentPart { number: 0, posted: PostedId("post 0".to_owned()), is_labelled: false };
    assert!(shelf.store.posted(&turn, sent).await.unwrap());
    turn
}

fn matter(turn: &ClaimedTurn) -> MatterId {
    MatterId(turn.turn.0)
}

fn left(turn: &ClaimedTurn) -> Vec<(PartState, Option<&str>)> {
    turn.parts.iter().map(|part| (part.state, part.text.as_deref())).collect()
}

#[tokio::test]
async fn a_reply_that_was_given_up_waits_with_its_answer_and_ends_as_answered() {
    let shelf = Shelf::new().await;
    let turn = half_delivered(&shelf).await;
    assert_eq!(shelf.store.retry(matter(&turn)).await.unwrap(), Revived::Not(MessageState::Ready));
    assert!(shelf.store.give_up_delivery(&turn, ("undelivered", true), at(3)).await.unwrap());
    assert_eq!(shelf.store.replay(matter(&turn)).await.unwrap(), Revived::Stored, "it is paid for");
    let dead = shelf.store.parts_in(Some(PartState::Dead), 9).await.unwrap();
    assert_eq!(dead.iter().map(|part| (part.number, part.text.as_deref())).collect::<Vec<_>>(), [(1, None)]);

    let before = shelf.store.changes().await.unwrap();
    assert_eq!(shelf.store.retry(matter(&turn)).await.unwrap(), Revived::Delivered);
    assert!(shelf.store.changes().await.unwrap() > before, "running instances hear of it");
    assert_eq!(shelf.states().await, ["received", "merged"]);
    let again = shelf.take(turn.lane).await;
    assert_eq!(shelf.states().await, ["ready", "merged"]);
    assert_eq!(
        (again.turn, again.attempts, again.is_suspect, again.is_given_up),
        (turn.turn, 1, false, false)
    );
    assert_eq!((texts(&again), again.ending.clone()), (vec!["one", "two"], Some(answered())));
    assert_eq!(left(&again), [(PartState::Sent, Some("first")), (PartState::Pending, Some("second"))]);
    assert!(shelf.store.finish(&again, answered(), None, at(4)).await.unwrap());
    assert_eq!(shelf.store.retry(matter(&turn)).await.unwrap(), Revived::Not(MessageState::Done));
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM inbox WHERE ended_at IS NULL").await, 0);
}

#[tokio::test]
async fn several_replies_of_a_lane_are_taken_up_while_another_turn_of_it_runs() {
    let shelf = Shelf::new().await;
    let turn = half_delivered(&shelf).await;
    shelf.store.give_up_delivery(&turn, ("undelivered", true), at(3)).await.unwrap();
    shelf.accept(&[direct("ann", 3, "three")]).await;
    let running = shelf.take(turn.lane).await;
    shelf.store.give_up_delivery(&running, ("undelivered", true), at(3)).await.unwrap();
    shelf.accept(&[direct("ann", 4, "four")]).await;
    let running = shelf.take(turn.lane).await;

    assert_eq!(shelf.store.given_up(9).await.unwrap(), [matter(&turn)], "the other one never had a reply");
    assert_eq!(shelf.store.retry(matter(&turn)).await.unwrap(), Revived::Delivered);
    assert!(shelf.store.finish(&running, answered(), None, at(4)).await.unwrap());
    assert_eq!(shelf.take(turn.lane).await.turn, turn.turn);
}

#[tokio::test]
async fn a_message_that_was_given_up_is_replayed_with_its_followers_into_the_posts_there_are() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    let turn = shelf.take(lane).await;
    let sorry = Part::new(0, "Sorry.".to_owned());
    shelf.store.advance(&turn, None, &sorry, at(2)).await.unwrap();
    let sent = SentPart { number: 0, posted: PostedId("post 0".to_owned()), is_labelled: false };
    let dead = Ending::new(Finale::Dead, "given_up");
    assert!(shelf.store.finish(&turn, dead, Some(sent), at(3)).await.unwrap());
    assert_eq!(shelf.store.retry(matter(&turn)).await.unwrap(), Revived::Empty);

    assert_eq!(shelf.store.replay(matter(&turn)).await.unwrap(), Revived::Anew);
    let again = shelf.take(lane).await;
    assert_eq!((again.turn, again.attempts, again.ending.clone()), (turn.turn, 1, None));
    assert_eq!(texts(&again), ["one", "two"]);
    assert_eq!(left(&again), [(PartState::Sent, None)]);
    assert_eq!(shelf.store.replay(matter(&turn)).await.unwrap(), Revived::Not(MessageState::Claimed));
}

#[tokio::test]
async fn a_follower_that_could_not_be_read_has_a_turn_of_its_own_when_it_is_replayed() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    let turn = shelf.take(lane).await;
    shelf.store.give_back(&turn, true).await.unwrap();
    shelf.beside.run("UPDATE inbox SET payload = replace(payload, 'two', 'two\"') WHERE sequence = 2").await;
    let turn = shelf.take(lane).await;
    assert_eq!(texts(&turn), ["one"]);
    shelf.store.finish(&turn, answered(), None, at(3)).await.unwrap();
    shelf.beside.run("UPDATE inbox SET payload = replace(payload, 'two\"', 'two') WHERE sequence = 2").await;

    assert_eq!(shelf.store.replay(matter(&turn)).await.unwrap(), Revived::Anew);
    let again = shelf.take(lane).await;
    assert_eq!(texts(&again), ["two"]);
    assert_ne!(again.turn, turn.turn);
}

#[tokio::test]
async fn a_purge_takes_the_texts_of_dead_replies_and_nothing_else() {
    let shelf = Shelf::new().await;
    let turn = half_delivered(&shelf).await;
    shelf.store.give_up_delivery(&turn, ("undelivered", true), at(10)).await.unwrap();
    shelf.accept(&[direct("bob", 3, "waiting")]).await;

    assert_eq!(shelf.store.purge_dead(None, Some(at(10)), at(20)).await.unwrap(), 0);
    assert_eq!(shelf.store.count_dead(None, Some(at(11))).await.unwrap(), 1);
    assert_eq!(shelf.store.purge_dead(None, Some(at(11)), at(20)).await.unwrap(), 1);
    assert_eq!(shelf.store.purge_dead(None, None, at(20)).await.unwrap(), 0);
    assert_eq!(shelf.store.parts_in(None, 9).await.unwrap(), []);
    assert_eq!(shelf.store.retry(matter(&turn)).await.unwrap(), Revived::Not(MessageState::Failed));
    assert_eq!(shelf.beside.number("SELECT COUNT(payload) FROM outbox").await, 0);
    assert_eq!(shelf.beside.number("SELECT COUNT(payload) FROM inbox").await, 1, "what waits is whole");
    let purged = shelf.store.purge(at(21) + DAY * 14).await.unwrap();
    assert_eq!(purged.ended, 2, "it is forgotten like all that has ended");
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test]
async fn an_event_that_can_be_read_at_last_is_taken_in_once_whatever_its_key() {
    let message = direct("ann", 1, "hello");
    for key in [message.key.0.clone(), "telegram:update:7".to_owned()] {
        let shelf = Shelf::new().await;
        let odd = || Unreadable {
            platform: Platform::Telegram,
            key: DedupeKey(key.clone()),
            is_numbered: false,
            raw: "{}".to_owned(),
            reason: "no message in it".to_owned(),
        };
        let incoming = Incoming { unreadable: vec![odd()], ..Incoming::default() };
        shelf.store.accept(incoming.clone(), at(0)).await.unwrap();
        let held = shelf.store.messages_in(&[MessageState::Quarantined], 9).await.unwrap()[0].id;

        assert_eq!(
            shelf.store.read_again(held, (vec![message.clone()], Vec::new()), at(1)).await.unwrap(),
            Some(1),
            "{key}"
        );
        assert_eq!(
            shelf.store.read_again(held, (vec![message.clone()], Vec::new()), at(1)).await.unwrap(),
            None
        );
        let incoming = Incoming { messages: vec![message.clone()], ..incoming };
        shelf.store.accept(incoming, at(2)).await.unwrap();
        assert_eq!(shelf.store.waiting(Platform::Telegram, 9).await.unwrap().len(), 1);
        assert_eq!(shelf.store.messages_in(&[MessageState::Quarantined], 9).await.unwrap(), []);
        let unknown = InboxId::new(at(0));
        assert_eq!(shelf.store.read_again(unknown, (Vec::new(), Vec::new()), at(1)).await.unwrap(), None);
    }
}
