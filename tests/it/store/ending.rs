//! Ends, and the ways to them through crashes.

use switchboard::domain::{Part, PartState, PostedId, SentPart};
use switchboard::store::{ClaimedTurn, Ending, Finale};
use uuid::Uuid;

use super::{Shelf, answer, answered, at, direct, grouped, stale, texts};

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
    assert!(!shelf.store.finish(&stale, answered(), None, at(3)).await.unwrap());
    shelf.store.give_back(&stale, true).await.unwrap();

    assert_eq!(rows().await, before);
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM messages").await, 0);
    assert!(shelf.store.finish(&turn, answered(), None, at(3)).await.unwrap());
    assert!(
        !shelf.store.finish(&turn, Ending::new(Finale::Failed, "failed"), None, at(4)).await.unwrap(),
        "an end is the end"
    );
}

#[tokio::test]
async fn what_was_said_is_blanked_when_it_has_ended() {
    for (finale, state) in [(Finale::Done, "done"), (Finale::Refused, "refused"), (Finale::Failed, "failed")]
    {
        let shelf = Shelf::new().await;
        let lane = shelf.lane_of(&[direct("ann", 1, "a secret"), direct("ann", 2, "and another")]).await;
        let turn = shelf.take(lane).await;
        assert!(shelf.store.finish(&turn, Ending::new(finale, "over"), None, at(3)).await.unwrap());

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
    assert_eq!(shelf.store.recover().await.unwrap().count, 1);
    assert_eq!(shelf.store.recover().await.unwrap().count, 0, "nothing is left to recover");
    let again = shelf.take(lane).await;
    assert_eq!((texts(&again), again.attempts), (vec!["one", "two"], 2));
    assert_eq!((again.ending, again.parts), (None, Vec::new()));
    assert!(!shelf.store.finish(&before, answered(), None, at(3)).await.unwrap(), "its claim is over");
}

#[tokio::test]
async fn an_answer_that_was_stored_before_a_crash_is_delivered_and_not_made_again() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.answer(&turn, "Good morning.").await.unwrap());

    let shelf = shelf.reopened().await;
    shelf.accept(&[direct("ann", 0, "said before, heard later")]).await;
    assert_eq!(shelf.store.recover().await.unwrap().count, 1);
    let again = shelf.take(lane).await;
    assert_eq!(again.ending, Some(answered()), "what is answered comes first");
    assert_eq!(left(&again), [(PartState::Unknown, Some("Good morning."))]);
    assert_eq!(texts(&again), ["hello"]);
    assert!(again.has_more);
    assert!(shelf.store.finish(&again, answered(), None, at(3)).await.unwrap());
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

    assert_eq!(left(&shelf.take(lane).await), [(PartState::Unknown, Some("Good morning."))]);
}

#[tokio::test]
async fn a_turn_of_no_conversation_is_answered_whole_or_not_at_all() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    let nowhere = switchboard::domain::ConversationId::new(at(0));

    let answered = shelf.store.ready(&turn, answer(super::exchange(&turn, nowhere, "Hm.")), at(2)).await;
    assert!(answered.unwrap_err().to_string().contains(&nowhere.to_string()));
    assert_eq!(shelf.states().await, ["claimed"], "the job is undone with its first half");
}

/// What an earlier try has left of a turn's reply.
fn left(turn: &ClaimedTurn) -> Vec<(PartState, Option<&str>)> {
    turn.parts.iter().map(|part| (part.state, part.text.as_deref())).collect()
}

fn part(number: usize, text: &str) -> Part {
    Part::new(number, text.to_owned())
}

fn sent(number: usize) -> SentPart {
    SentPart { number, posted: PostedId(format!("post {number}")), is_labelled: number == 1 }
}

#[tokio::test]
async fn what_was_on_its_way_is_known_after_a_crash() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.store.advance(&turn, None, &part(0, "one"), at(2)).await.unwrap());
    assert_eq!(shelf.states().await, ["generating"]);
    assert!(shelf.store.posted(&turn, sent(0)).await.unwrap());
    assert!(shelf.store.advance(&turn, None, &part(1, "two"), at(3)).await.unwrap());
    assert!(shelf.store.advance(&turn, Some(sent(1)), &part(2, "three"), at(4)).await.unwrap());

    let shelf = shelf.reopened().await;
    shelf.store.recover().await.unwrap();
    let again = shelf.take(lane).await;
    let expected =
        [(PartState::Sent, Some("one")), (PartState::Sent, Some("two")), (PartState::Unknown, Some("three"))];
    assert_eq!(left(&again), expected);
    let posted: Vec<_> = again.parts.iter().map(|part| part.posted.clone().map(|id| id.0)).collect();
    assert_eq!(posted, [Some("post 0".to_owned()), Some("post 1".to_owned()), None]);
    assert_eq!(again.parts.iter().map(|part| part.is_labelled).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(again.parts[2].sending_at, Some(at(4)));
}

#[tokio::test]
async fn replies_that_ended_are_known_at_their_own_place_only() {
    let shelf = Shelf::new().await;
    let post = async |who: &str, n: i64, ended: u64| {
        let lane = shelf.lane_of(&[direct(who, n, "hello")]).await;
        let turn = shelf.take(lane).await;
        assert!(shelf.store.advance(&turn, None, &part(0, "one"), at(2)).await.unwrap());
        assert!(shelf.store.finish(&turn, answered(), Some(sent(0)), at(ended)).await.unwrap());
    };
    post("bob", 1, 5).await;
    let lane = shelf.lane_of(&[direct("ann", 9, "how are you?")]).await;
    let turn = shelf.take(lane).await;
    assert_eq!(shelf.store.posted_since(turn.address, at(3)).await.unwrap(), []);
    assert!(shelf.store.finish(&turn, answered(), None, at(4)).await.unwrap());

    post("ann", 2, 5).await;
    let posted = [PostedId("post 0".to_owned())];
    assert_eq!(shelf.store.posted_since(turn.address, at(3)).await.unwrap(), posted);
    assert_eq!(shelf.store.posted_since(turn.address, at(6)).await.unwrap(), []);
}

#[tokio::test]
async fn whoever_has_lost_the_turn_can_say_nothing_of_its_parts() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    let stale = stale(&turn);

    assert!(!shelf.store.advance(&stale, None, &part(0, "one"), at(2)).await.unwrap());
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM outbox").await, 0);
    assert!(shelf.store.advance(&turn, None, &part(0, "one"), at(2)).await.unwrap());
    assert!(!shelf.store.posted(&stale, sent(0)).await.unwrap());
    assert_eq!(shelf.beside.texts("SELECT state FROM outbox").await, ["sending"]);
}

#[tokio::test]
async fn the_text_of_what_was_shown_is_blanked_at_the_end_and_its_place_is_kept() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.answer(&turn, "Good morning.").await.unwrap());
    assert!(shelf.store.finish(&turn, answered(), Some(sent(0)), at(3)).await.unwrap());

    let kept = "SELECT state || ' ' || posted_id FROM outbox WHERE payload IS NULL AND ended_at IS NOT NULL";
    assert_eq!(shelf.beside.texts(kept).await, ["sent post 0"]);
}

#[tokio::test]
async fn posts_beyond_the_end_of_a_shorter_answer_are_ones_too_many() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.store.advance(&turn, None, &part(0, "one"), at(2)).await.unwrap());
    assert!(shelf.store.advance(&turn, Some(sent(0)), &part(1, "two"), at(3)).await.unwrap());
    assert!(shelf.store.posted(&turn, sent(1)).await.unwrap());
    let begun = shelf.store.begin_conversation(turn.user.id, None, at(1)).await.unwrap();
    let exchange = super::exchange(&turn, begun.id, "short");
    let answer = switchboard::store::Answer { has_surplus: true, sending: None, ..answer(exchange) };
    assert!(shelf.store.ready(&turn, answer, at(4)).await.unwrap());

    let shelf = shelf.reopened().await;
    shelf.store.recover().await.unwrap();
    let again = shelf.take(lane).await;
    assert_eq!(left(&again), [(PartState::Sent, Some("short")), (PartState::Sent, None)]);
    shelf.store.removed(&again, 1).await.unwrap();
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM outbox").await, 1);
}

#[tokio::test]
async fn the_one_message_in_flight_at_a_crash_has_had_an_attempt_alone_and_several_have_not() {
    let shelf = Shelf::new().await;
    let ann = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let bob = shelf.lane_of(&[direct("bob", 2, "hello")]).await;
    shelf.take(ann).await;
    let shelf = shelf.reopened().await;
    assert_eq!(shelf.store.recover().await.unwrap().lanes, [ann]);
    assert_eq!(shelf.take(ann).await.attempts, 2);
    shelf.take(bob).await;

    let shelf = shelf.reopened().await;
    let recovered = shelf.store.recover().await.unwrap();
    assert_eq!(recovered.count, 2);
    let (ann, bob) = (shelf.take(ann).await, shelf.take(bob).await);
    assert_eq!((ann.attempts, bob.attempts), (2, 1), "an attempt in company does not count");
    assert!(ann.is_suspect && bob.is_suspect);
}

#[tokio::test]
async fn a_message_that_was_tried_three_times_comes_once_more_to_be_said_so() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[grouped("-100", "ann", 1, "poison"), grouped("-100", "bob", 2, "fine")]).await;
    for _ in 1..=3 {
        let turn = shelf.take(lane).await;
        assert!(!turn.is_given_up);
        shelf.store.give_back(&turn, false).await.unwrap();
    }
    let last = shelf.take(lane).await;
    assert!(last.is_given_up && texts(&last) == ["poison"]);
    assert!(shelf.store.finish(&last, Ending::new(Finale::Dead, "given_up"), None, at(3)).await.unwrap());

    assert_eq!(texts(&shelf.take(lane).await), ["fine"]);
    assert_eq!(shelf.states().await, ["dead", "claimed"]);
    let kept =
        "SELECT COUNT(*) FROM inbox WHERE state = 'dead' AND payload IS NOT NULL AND ended_at IS NOT NULL";
    assert_eq!(shelf.beside.number(kept).await, 1, "it can be looked at, and said again");
}

#[tokio::test]
async fn what_surely_did_not_arrive_leaves_no_doubt() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "hello")]).await;
    let turn = shelf.take(lane).await;
    assert!(shelf.store.advance(&turn, None, &part(0, "one"), at(2)).await.unwrap());
    shelf.store.give_back_unsent(&turn).await.unwrap();

    let again = shelf.take(lane).await;
    assert_eq!(left(&again), [(PartState::Pending, Some("one"))]);
    assert_eq!((again.parts[0].sending_at, again.attempts), (None, 1));
}
