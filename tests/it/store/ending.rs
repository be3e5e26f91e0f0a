//! Ends, and the ways to them through crashes.

use switchboard::store::Finale;
use uuid::Uuid;

use super::{Shelf, at, direct, stale, texts};

#[tokio::test]
async fn a_stale_claim_changes_nothing() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    let turn = shelf.take(lane).await;
    let rows = async || {
        let rows = "SELECT state || attempts || CASE WHEN payload IS NULL THEN '-' ELSE '+' END FROM inbox ORDER BY sequence";
        let claims: Vec<Option<Uuid>> =
            shelf.beside.column("SELECT claim FROM inbox ORDER BY sequence").await;
        (shelf.beside.texts(rows).await, claims)
    };
    let before = rows().await;

    let stale = stale(&turn);
    assert!(!shelf.answer(&stale, "an answer too late").await.unwrap());
    assert!(!shelf.store.finish(&stale, Finale::Done, "answered", at(3)).await.unwrap());
    shelf.store.give_back(&stale, true).await.unwrap();

    assert_eq!(rows().await, before);
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM messages").await, 0);
    assert!(shelf.store.finish(&turn, Finale::Done, "answered", at(3)).await.unwrap());
    assert!(!shelf.store.finish(&turn, Finale::Failed, "failed", at(4)).await.unwrap(), "an end is the end");
}

#[tokio::test]
async fn what_was_said_is_blanked_when_it_has_ended() {
    for (finale, state) in [(Finale::Done, "done"), (Finale::Refused, "refused"), (Finale::Failed, "failed")]
    {
        let shelf = Shelf::new().await;
        let lane = shelf.lane_of(&[direct("ann", 1, "a secret"), direct("ann", 2, "and another")]).await;
        let turn = shelf.take(lane).await;
        assert!(shelf.store.finish(&turn, finale, "over", at(3)).await.unwrap());

        assert_eq!(shelf.states().await, [state, "merged"]);
        let left =
            "SELECT COUNT(*) FROM inbox WHERE payload IS NOT NULL OR ended_at IS NULL OR outcome <> 'over'";
        assert_eq!(shelf.beside.number(left).await, 0, "{state}");
        assert!(shelf.claim(lane).await.is_none());
    }
}

#[tokio::test]
async fn a_turn_cut_by_a_crash_is_taken_again() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    let before = shelf.take(lane).await;

    let shelf = shelf.reopened().await;
    assert_eq!(shelf.store.recover().await.unwrap(), 1);
    assert_eq!(shelf.store.recover().await.unwrap(), 0, "nothing is left to recover");
    let again = shelf.take(lane).await;
    assert_eq!((texts(&again), again.attempts), (vec!["one", "two"], 2));
    assert_eq!(again.answer, None);
    assert!(
        !shelf.store.finish(&before, Finale::Done, "answered", at(3)).await.unwrap(),
        "its claim is over"
    );
}

#[tokio::test]
async fn an_answer_that_was_stored_before_a_crash_is_delivered_and_not_made_again() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.answer(&turn, "Good morning.").await.unwrap());

    let shelf = shelf.reopened().await;
    shelf.accept(&[direct("ann", 0, "said before, heard later")]).await;
    assert_eq!(shelf.store.recover().await.unwrap(), 1);
    let again = shelf.take(lane).await;
    assert_eq!(again.answer.as_deref(), Some("Good morning."), "what is answered comes first");
    assert_eq!(texts(&again), ["hello"]);
    assert!(again.has_more);
    assert!(shelf.store.finish(&again, Finale::Done, "answered", at(3)).await.unwrap());
    assert_eq!(texts(&shelf.take(lane).await), ["said before, heard later"]);
    assert_eq!(
        shelf.beside.texts("SELECT content FROM messages ORDER BY seq").await,
        ["hello", "Good morning."]
    );
}

#[tokio::test]
async fn an_answer_given_back_before_it_was_sent_is_kept() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    shelf.answer(&turn, "Good morning.").await.unwrap();
    shelf.store.give_back(&turn, true).await.unwrap();

    assert_eq!(shelf.take(lane).await.answer.as_deref(), Some("Good morning."));
}

#[tokio::test]
async fn a_turn_of_no_conversation_is_answered_whole_or_not_at_all() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    let nowhere = switchboard::domain::ConversationId::new(at(0));

    let answered = shelf.store.ready(&turn, super::exchange(&turn, nowhere, "Hm."), at(2)).await;
    assert!(answered.unwrap_err().to_string().contains(&nowhere.to_string()));
    assert_eq!(shelf.states().await, ["claimed"], "the job is undone with its first half");
}

#[tokio::test]
async fn what_ended_long_ago_is_forgotten_and_what_waits_is_not() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "old")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.store.finish(&turn, Finale::Done, "answered", at(10)).await.unwrap());
    shelf.lane_of(&[direct("ann", 2, "waiting")]).await;

    assert_eq!(shelf.store.purge(at(10)).await.unwrap(), 0);
    assert_eq!(shelf.store.purge(at(11)).await.unwrap(), 1);
    assert_eq!(shelf.store.purge(at(11)).await.unwrap(), 0);
    assert_eq!(texts(&shelf.take(lane).await), ["waiting"]);
}
