//! Chats that go on under another id, told in whatever order and however often.

use switchboard::domain::{
    DedupeKey, InboundMessage, MessageState, Move, Platform, SpaceRef, SpaceStanding, Timestamp, Unreadable,
};
use switchboard::store::{ClaimedTurn, Incoming};

use super::{Shelf, at, grouped, texts};

const OLD: &str = "-4001";
const NEW: &str = "-1000000004001";

fn spoken(group: &str, who: &str, n: i64, text: &str, sent_at: Timestamp) -> InboundMessage {
    let mut message = grouped(group, who, n, text);
    message.address.space = Some(SpaceRef { id: group.to_owned(), name: Some("Team".to_owned()) });
    InboundMessage { sent_at, ..message }
}

impl Shelf {
    /// Tells of the move, beside what was said; returns whether that changed anything.
    async fn moves(&self, messages: &[InboundMessage]) -> bool {
        let (from, to) = (OLD.to_owned(), NEW.to_owned());
        let moves = vec![Move { platform: Platform::Telegram, scope: String::new(), from, to }];
        let incoming = Incoming { messages: messages.to_vec(), moves, ..Incoming::default() };
        self.store.accept(incoming, at(0)).await.unwrap().moved > 0
    }

    async fn admits(&self, group: &str, is_allowed: bool) {
        let space = SpaceRef { id: group.to_owned(), name: None };
        self.store.allow_space(Platform::Telegram, space, is_allowed, at(0)).await.unwrap();
    }

    /// Takes what waits, and begins a conversation in its place.
    async fn begins(&self, turn: &ClaimedTurn) -> switchboard::domain::ConversationId {
        self.store.begin_conversation(turn.user.id, Some(turn.address), at(1)).await.unwrap().id
    }
}

#[tokio::test]
async fn a_chat_takes_its_lane_its_conversation_and_its_admission_with_it() {
    let shelf = Shelf::new().await;
    shelf.admits(OLD, true).await;
    let lane = shelf.lane_of(&[spoken(OLD, "ann", 71, "one", at(1))]).await;
    let first = shelf.take(lane).await;
    let conversation = shelf.begins(&first).await;
    shelf.lane_of(&[spoken(OLD, "bob", 72, "two", at(2))]).await;

    assert!(shelf.moves(&[spoken(NEW, "cid", 1, "three", at(3))]).await);
    assert!(!shelf.moves(&[]).await, "it is told twice");
    // What was said before and comes late has the same lane.
    assert_eq!(shelf.lane_of(&[spoken(OLD, "dan", 73, "four", at(4))]).await, lane);
    shelf.store.recover().await.unwrap();

    let mut taken = Vec::new();
    while let Some(turn) = shelf.claim(lane).await {
        assert_eq!(turn.space, SpaceStanding::Allowed);
        assert_eq!(turn.conversation.as_ref().map(|known| known.id), Some(conversation));
        taken.push(texts(&turn).concat());
        shelf.store.finish(&turn, super::answered(), None, at(5)).await.unwrap();
    }
    assert_eq!(taken, ["one", "two", "three", "four"]);
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM spaces").await, 1);
    let closed = "SELECT chat FROM addresses WHERE closed_at IS NOT NULL";
    assert_eq!(shelf.beside.texts(closed).await, [OLD]);
}

#[tokio::test]
async fn a_chat_that_was_talked_in_under_its_new_id_goes_on_with_the_old_conversation() {
    let shelf = Shelf::new().await;
    shelf.admits(OLD, true).await;
    let old_lane = shelf.lane_of(&[spoken(OLD, "ann", 71, "one", at(1))]).await;
    let first = shelf.take(old_lane).await;
    let conversation = shelf.begins(&first).await;
    let new_lane = shelf.lane_of(&[spoken(NEW, "bob", 1, "two", at(2))]).await;
    assert_ne!(old_lane, new_lane);

    assert!(shelf.moves(&[]).await);
    assert!(!shelf.moves(&[]).await, "it is told twice");

    let turn = shelf.take(new_lane).await;
    assert_eq!(turn.space, SpaceStanding::Allowed);
    assert_eq!(turn.conversation.map(|known| known.id), Some(conversation));
    assert_eq!(shelf.beside.texts("SELECT platform_space_id FROM spaces").await, [NEW]);
    assert_eq!(shelf.lane_of(&[spoken(NEW, "cid", 2, "three", at(3))]).await, new_lane);
}

#[tokio::test]
async fn a_chat_in_which_nobody_has_talked_takes_its_admission_or_its_exclusion_with_it() {
    for (is_allowed, standing) in [(true, SpaceStanding::Allowed), (false, SpaceStanding::Blocked)] {
        let shelf = Shelf::new().await;
        assert!(!shelf.moves(&[]).await, "nothing is known of it");
        shelf.admits(OLD, is_allowed).await;
        assert!(shelf.moves(&[]).await);
        let lane = shelf.lane_of(&[spoken(NEW, "ann", 1, "one", at(1))]).await;
        assert_eq!(shelf.take(lane).await.space, standing);
    }
}

#[tokio::test]
async fn who_is_shut_out_under_either_id_stays_shut_out() {
    let shelf = Shelf::new().await;
    shelf.admits(OLD, true).await;
    shelf.admits(NEW, false).await;
    assert!(shelf.moves(&[]).await);
    let lane = shelf.lane_of(&[spoken(NEW, "ann", 1, "one", at(1))]).await;
    assert_eq!(shelf.take(lane).await.space, SpaceStanding::Blocked);
}

#[tokio::test]
async fn a_move_that_was_in_quarantine_counts_once_it_can_be_read() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[spoken(OLD, "ann", 71, "one", at(1))]).await;
    let key = DedupeKey("telegram:update:7".to_owned());
    let (raw, reason) = ("{}".to_owned(), "no message in it".to_owned());
    let odd = Unreadable { platform: Platform::Telegram, key, is_numbered: false, raw, reason };
    shelf.store.accept(Incoming { unreadable: vec![odd], ..Incoming::default() }, at(2)).await.unwrap();
    let held = shelf.store.messages_in(&[MessageState::Quarantined], 9).await.unwrap()[0].id;

    let (from, to) = (OLD.to_owned(), NEW.to_owned());
    let moved = Move { platform: Platform::Telegram, scope: String::new(), from, to };
    let read = shelf.store.read_again(held, (Vec::new(), vec![moved]), at(3)).await.unwrap();

    assert_eq!(read, Some(0));
    assert_eq!(shelf.lane_of(&[spoken(NEW, "ann", 1, "two", at(4))]).await, lane);
}
