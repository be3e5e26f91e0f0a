//! Places that are closed to us, told in whatever order.

use switchboard::domain::{ClosedFor, Door, Extent, InboundMessage, Move, Platform};
use switchboard::store::{Incoming, Turned};

use super::{Shelf, at, direct, grouped};

const GROUP: &str = "-4001";

fn door(of: Extent, closed: Option<ClosedFor>) -> Door {
    Door { platform: Platform::Telegram, scope: String::new(), of, closed }
}

fn chat(chat: &str, closed: Option<ClosedFor>) -> Door {
    door(Extent::Chat(chat.to_owned()), closed)
}

fn in_thread(thread: &str, n: i64, text: &str) -> InboundMessage {
    let mut message = grouped(GROUP, "ann", n, text);
    message.address.thread = Some(thread.to_owned());
    message
}

impl Shelf {
    async fn is_told(&self, messages: &[InboundMessage], doors: &[Door]) -> Vec<Turned> {
        let incoming = Incoming { messages: messages.to_vec(), doors: doors.to_vec(), ..Incoming::default() };
        self.store.accept(incoming, at(0)).await.unwrap().turned
    }

    async fn open_places(&self) -> Vec<String> {
        let known = self.store.known_places(Platform::Telegram, 10).await.unwrap();
        let mut known: Vec<String> = known.into_iter().map(|known| known.address.chat).collect();
        known.sort();
        known
    }

    async fn ends(&self) -> Vec<String> {
        self.beside.texts("SELECT state || ' ' || COALESCE(outcome, '') FROM inbox ORDER BY sequence").await
    }
}

#[tokio::test]
async fn what_waits_in_a_closed_place_ends_and_it_is_no_place_to_look_for_more() {
    let shelf = Shelf::new().await;
    shelf.is_told(&[direct("ann", 1, "one"), direct("bob", 2, "two")], &[]).await;
    let closed = [chat("ann", Some(ClosedFor::Blocked))];
    let [turned] = shelf.is_told(&[direct("ann", 3, "three")], &closed).await[..] else { panic!() };
    assert_eq!((turned.closed, turned.ended), (Some(ClosedFor::Blocked), 2));
    assert_eq!(shelf.ends().await, ["failed closed_blocked", "received ", "failed closed_blocked"]);
    assert_eq!(shelf.beside.number("SELECT COUNT(payload) FROM inbox").await, 1);
    assert_eq!(shelf.open_places().await, ["bob"]);
    assert_eq!(shelf.is_told(&[], &closed).await, [], "it is closed already");

    shelf.is_told(&[direct("ann", 4, "four")], &[]).await;
    assert_eq!(shelf.open_places().await, ["ann", "bob"], "who speaks opens the place");
    assert_eq!(shelf.is_told(&[], &[chat("ann", None)]).await, [], "it is open already");
    assert_eq!(shelf.is_told(&[], &[chat("nobody", Some(ClosedFor::Removed))]).await, []);
}

#[tokio::test]
async fn of_what_is_told_of_a_place_at_once_the_last_counts() {
    let shelf = Shelf::new().await;
    let (shut, open) = (chat("ann", Some(ClosedFor::Blocked)), chat("ann", None));
    assert_eq!(shelf.is_told(&[direct("ann", 1, "one")], &[shut.clone(), open.clone()]).await, []);
    assert_eq!(shelf.ends().await, ["received "]);
    assert_eq!(shelf.is_told(&[], &[open.clone(), shut]).await.len(), 1);
    let [turned] = shelf.is_told(&[], &[open]).await[..] else { panic!() };
    assert_eq!((turned.closed, turned.ended), (None, 0));
}

#[tokio::test]
async fn a_thread_closes_alone_and_a_space_with_everything_in_it() {
    let shelf = Shelf::new().await;
    let mut whole = grouped(GROUP, "ann", 1, "one");
    whole.address.space = Some(switchboard::domain::SpaceRef { id: "team".to_owned(), name: None });
    // A thread of which nobody knew that it was one.
    let mut unknown = grouped("9", "ann", 4, "four");
    unknown.address.space.clone_from(&whole.address.space);
    shelf.is_told(&[whole, in_thread("7", 2, "two"), in_thread("8", 3, "three"), unknown], &[]).await;
    let thread = |thread: &str| Extent::Thread { chat: GROUP.to_owned(), thread: thread.to_owned() };
    for known in ["7", "9"] {
        let turned = shelf.is_told(&[], &[door(thread(known), Some(ClosedFor::Deleted))]).await;
        assert_eq!(turned.len(), 1, "{known}");
    }
    let space = Extent::Space("team".to_owned());
    let turned = shelf.is_told(&[], &[door(space, Some(ClosedFor::Removed))]).await;
    assert_eq!(turned.len(), 1, "the thread that is not in it stays open");
    let states = ["failed closed_removed", "failed closed_deleted", "received ", "failed closed_deleted"];
    assert_eq!(shelf.ends().await, states);
}

#[tokio::test]
async fn what_has_moved_stays_closed_and_what_is_closed_can_move() {
    let shelf = Shelf::new().await;
    shelf.is_told(&[grouped(GROUP, "ann", 1, "one")], &[chat(GROUP, Some(ClosedFor::Removed))]).await;
    let moves = |from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        vec![Move { platform: Platform::Telegram, scope: String::new(), from, to }]
    };
    let incoming = Incoming { moves: moves(GROUP, "-1004"), ..Incoming::default() };
    assert_eq!(shelf.store.accept(incoming.clone(), at(1)).await.unwrap().moved, 1);
    assert_eq!(shelf.store.accept(incoming, at(1)).await.unwrap().moved, 0, "it is told twice");

    // Said before, and comes late.
    shelf.is_told(&[grouped(GROUP, "bob", 2, "two")], &[chat(GROUP, None)]).await;
    let closed = "SELECT chat || ' ' || closed_reason FROM addresses WHERE closed_at IS NOT NULL";
    assert_eq!(shelf.beside.texts(closed).await, [format!("{GROUP} moved")]);
    // As a version before this one has left it.
    shelf.beside.run("UPDATE addresses SET closed_reason = NULL").await;
    shelf.is_told(&[grouped(GROUP, "bob", 3, "three")], &[chat(GROUP, None)]).await;
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM addresses WHERE closed_at IS NOT NULL").await, 1);
}
