//! Edits and deletions: they change what waits, and nothing that has been begun.

use futures_util::future::join_all;
use switchboard::domain::{Change, ChangeEnd, Event, InboundMessage, Platform};
use switchboard::store::{Incoming, Store, Taken};

use super::{Shelf, answered, at, direct, grouped, texts};

/// An edit after which a message reads like this.
fn edit(message: InboundMessage, seconds: u64) -> Change {
    Change { message, is_deletion: false, at: at(seconds), may_begin: true }
}

/// The same of somebody or something that is no reason to begin.
fn idle(change: Change) -> Change {
    Change { may_begin: false, ..change }
}

fn deletion(message: InboundMessage) -> Change {
    Change { is_deletion: true, ..edit(message, 9) }
}

async fn take_in(store: &Store, messages: Vec<InboundMessage>, changes: Vec<Change>) -> Taken {
    store.accept(Incoming { messages, changes, ..Incoming::default() }, at(0)).await.unwrap()
}

impl Shelf {
    async fn change(&self, change: Change) -> ChangeEnd {
        let taken = take_in(&self.store, Vec::new(), vec![change]).await;
        taken.changes[0]
    }

    async fn rows(&self) -> i64 {
        let of = |table: &str| format!("(SELECT COUNT(*) FROM {table})");
        let all = ["inbox", "users", "identities", "addresses", "spaces"].map(of).join(" + ");
        self.beside.number(&format!("SELECT {all}")).await
    }
}

#[tokio::test]
async fn what_waits_is_taken_as_it_was_edited_last() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;

    assert_eq!(shelf.change(idle(edit(direct("ann", 2, "zwei"), 5))).await, ChangeEnd::Replaced);
    assert_eq!(shelf.change(edit(direct("ann", 2, "deux"), 7)).await, ChangeEnd::Replaced);
    assert_eq!(shelf.change(edit(direct("ann", 2, "zwei"), 5)).await, ChangeEnd::Outdated);
    assert_eq!(shelf.change(edit(direct("ann", 2, "dos"), 7)).await, ChangeEnd::Replaced, "in one second");
    shelf.accept(&[direct("ann", 2, "two")]).await;

    assert_eq!(texts(&shelf.take(lane).await), ["one", "dos"]);
    assert_eq!(shelf.change(edit(direct("ann", 1, "eins"), 9)).await, ChangeEnd::Noted);
    assert_eq!(shelf.change(edit(direct("ann", 2, "tres"), 9)).await, ChangeEnd::Noted);
}

#[tokio::test]
async fn an_edit_that_comes_before_its_message_is_the_message() {
    let shelf = Shelf::new().await;
    let taken = take_in(&shelf.store, Vec::new(), vec![edit(direct("ann", 1, "hello"), 5)]).await;

    assert_eq!((taken.changes, taken.accepted.len()), (vec![ChangeEnd::Heard], 1));
    let lane = taken.accepted[0].lane.unwrap();
    assert!(shelf.accept(&[direct("ann", 1, "helo")]).await.is_empty());
    assert_eq!(shelf.change(edit(direct("ann", 1, "heo"), 4)).await, ChangeEnd::Outdated);
    let turn = shelf.take(lane).await;
    assert_eq!(texts(&turn), ["hello"]);
    assert_eq!(turn.messages[0], direct("ann", 1, "hello"), "its place in the lane is that of its message");
    assert!(shelf.claim(lane).await.is_none());
}

#[tokio::test]
async fn an_edit_beside_its_message_wins_whichever_stands_first() {
    let shelf = Shelf::new().await;
    let of = |n: i64, text: &str| Event::Edited(Box::new(direct("ann", n, text)));
    let edit_of = |n: i64, text: &str| InboundMessage { event: of(n, text), ..direct("ann", n, "") };
    let batch =
        vec![edit_of(2, "zwei"), direct("ann", 2, "two"), direct("ann", 1, "one"), edit_of(1, "eins")];
    let (messages, changes) = Change::sort(batch);
    let taken = take_in(&shelf.store, messages, changes).await;

    assert_eq!(taken.changes, [ChangeEnd::Replaced, ChangeEnd::Replaced]);
    let lane = taken.accepted[0].lane.unwrap();
    assert_eq!(texts(&shelf.take(lane).await), ["eins", "zwei"]);
}

#[tokio::test]
async fn what_waits_is_taken_back_and_waits_no_more() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;

    assert_eq!(shelf.change(idle(deletion(direct("ann", 1, "")))).await, ChangeEnd::TakenBack);
    let kept = "SELECT state || ' ' || outcome FROM inbox WHERE payload IS NULL AND ended_at IS NOT NULL";
    assert_eq!(shelf.beside.texts(kept).await, ["done taken_back"]);
    assert_eq!(shelf.change(deletion(direct("ann", 1, ""))).await, ChangeEnd::Late);
    assert_eq!(shelf.change(edit(direct("ann", 1, "eins"), 5)).await, ChangeEnd::Late);
    let turn = shelf.take(lane).await;
    assert_eq!(texts(&turn), ["two"]);
    assert!(shelf.store.finish(&turn, answered(), None, at(3)).await.unwrap());
    assert_eq!(
        shelf.change(deletion(direct("ann", 2, ""))).await,
        ChangeEnd::Late,
        "no part of a conversation"
    );
    assert!(shelf.claim(lane).await.is_none());
}

#[tokio::test]
async fn what_was_taken_back_before_it_came_stays_unsaid() {
    let shelf = Shelf::new().await;
    assert_eq!(shelf.change(deletion(direct("ann", 1, ""))).await, ChangeEnd::TakenBack);

    assert!(shelf.accept(&[direct("ann", 1, "one")]).await.is_empty());
    assert!(shelf.store.waiting(Platform::Telegram, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_change_of_what_nobody_has_heard_and_need_not_hear_leaves_nothing() {
    let shelf = Shelf::new().await;
    let talk = || grouped("-100", "bob", 1, "lunch?");

    assert_eq!(shelf.change(idle(edit(talk(), 5))).await, ChangeEnd::Unknown);
    assert_eq!(shelf.change(idle(deletion(talk()))).await, ChangeEnd::Unknown);
    assert_eq!(shelf.rows().await, 0);
}

#[tokio::test]
async fn a_message_that_was_put_back_is_answered_as_it_was_edited_and_not_taken_back() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    let turn = shelf.take(lane).await;
    shelf.store.give_back(&turn, true).await.unwrap();

    assert_eq!(shelf.change(edit(direct("ann", 1, "eins"), 5)).await, ChangeEnd::Replaced);
    assert_eq!(shelf.change(deletion(direct("ann", 1, ""))).await, ChangeEnd::Noted);
    let turn = shelf.take(lane).await;
    assert_eq!(texts(&turn), ["eins"]);

    // With its answer stored, it only has to be delivered.
    assert!(shelf.answer(&turn, "Good morning.").await.unwrap());
    shelf.store.give_back(&turn, true).await.unwrap();
    assert_eq!(shelf.change(edit(direct("ann", 1, "uno"), 7)).await, ChangeEnd::Noted);
    assert_eq!(texts(&shelf.take(lane).await), ["eins"], "what was begun comes first");
}

#[tokio::test]
async fn what_a_later_version_keeps_is_left_as_it_is() {
    let shelf = Shelf::new().await;
    shelf.accept(&[direct("ann", 1, "one")]).await;
    shelf.beside.run(r#"UPDATE inbox SET payload = replace(payload, '"version":1', '"version":2')"#).await;

    assert_eq!(shelf.change(edit(direct("ann", 1, "eins"), 5)).await, ChangeEnd::Late);
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM inbox WHERE payload LIKE '%eins%'").await, 0);
}

#[tokio::test]
async fn a_message_its_edit_and_its_claim_may_come_at_once() {
    let shelf = Shelf::new().await;
    let beside = Store::open_beside(&shelf.database.settings(), &shelf.tasks).await.unwrap();
    let first = shelf.lane_of(&[direct("ann", 0, "zero")]).await;
    let turn = shelf.take(first).await;
    assert!(shelf.store.finish(&turn, answered(), None, at(1)).await.unwrap());

    for n in 1..=30 {
        let said = take_in(&shelf.store, vec![direct("ann", n, "said")], Vec::new());
        let edited = take_in(&beside, Vec::new(), vec![edit(direct("ann", n, "edited"), 5)]);
        let (said, edited, early) = tokio::join!(said, edited, shelf.claim(first));
        let noted = usize::from(edited.changes[0] == ChangeEnd::Noted);
        assert_eq!(said.accepted.len() + edited.accepted.len(), 1 + noted, "one of the two is the message");
        let turn = match early {
            Some(turn) => turn,
            None => shelf.take(first).await,
        };
        let heard = match edited.changes[0] {
            ChangeEnd::Heard | ChangeEnd::Replaced => "edited",
            ChangeEnd::Noted => "said",
            other => panic!("{other:?}"),
        };
        assert_eq!(texts(&turn), [heard]);
        assert!(shelf.store.finish(&turn, answered(), None, at(1)).await.unwrap());
        if noted > 0 {
            let change = shelf.take(first).await;
            assert!(shelf.store.finish(&change, answered(), None, at(1)).await.unwrap());
        }
        assert!(shelf.claim(first).await.is_none());
    }
}

#[tokio::test]
async fn many_edits_of_many_messages_in_any_order_leave_the_last_of_each() {
    let shelf = Shelf::new().await;
    let beside = Store::open_beside(&shelf.database.settings(), &shelf.tasks).await.unwrap();
    let lane = shelf.lane_of(&(0..10).map(|n| direct("ann", n, "said")).collect::<Vec<_>>()).await;
    let edits = |version: u64| (0..10).map(move |n| edit(direct("ann", n, &format!("v{version}")), version));

    join_all((1..=6).map(|version| {
        let mut changes: Vec<Change> = edits(version).collect();
        if version % 2 == 0 {
            changes.reverse();
        }
        take_in(if version < 4 { &shelf.store } else { &beside }, Vec::new(), changes)
    }))
    .await;

    assert_eq!(texts(&shelf.take(lane).await), ["v6"; 10]);
}
