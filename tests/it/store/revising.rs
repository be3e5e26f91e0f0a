//! Second thoughts about what is answered: edits, deletions, other answers.

use switchboard::domain::{
    Change, ChangeEnd, ConversationId, DedupeKey, Event, InboundMessage, Platform, Speaker,
};
use switchboard::store::{ClaimedTurn, Exchange, Incoming, Revised, Taken};

use super::{Shelf, answer, answered, at, direct, exchange};

impl Shelf {
    /// Ann has asked this, together, and was answered; returns the conversation.
    async fn answered(&self, questions: &[&str], words: &str) -> (ClaimedTurn, ConversationId) {
        let said: Vec<InboundMessage> =
            (1..).zip(questions).map(|(n, text)| direct("ann", n, text)).collect();
        let lane = self.lane_of(&said).await;
        let turn = self.take(lane).await;
        let begun = self.store.begin_conversation(turn.user.id, None, at(1)).await.unwrap();
        self.concludes(&turn, exchange(&turn, begun.id, words)).await;
        (turn, begun.id)
    }

    async fn concludes(&self, turn: &ClaimedTurn, exchange: Exchange) {
        assert!(self.store.ready(turn, answer(exchange), at(2)).await.unwrap());
        assert!(self.store.finish(turn, answered(), None, at(3)).await.unwrap());
    }

    async fn change_to(&self, message: InboundMessage, seconds: u64, is_deletion: bool) -> Taken {
        let change = Change { message, is_deletion, at: at(seconds), may_begin: false };
        let incoming = Incoming { changes: vec![change], ..Incoming::default() };
        self.store.accept(incoming, at(seconds)).await.unwrap()
    }

    /// What a model gets to see.
    async fn seen(&self, conversation: ConversationId) -> Vec<String> {
        let lines = self.store.recent((conversation, None), 50).await.unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }

    async fn revise(&self, n: i64, words: &str, seconds: u64) -> Option<Revised> {
        self.store.revise(&key(n), words, at(seconds), at(seconds)).await.unwrap()
    }
}

fn key(n: i64) -> DedupeKey {
    direct("ann", n, "").key
}

#[tokio::test]
async fn an_edit_of_what_is_answered_waits_in_the_lane_once() {
    let shelf = Shelf::new().await;
    let (turn, _) = shelf.answered(&["one"], "First.").await;

    let same = shelf.change_to(direct("ann", 1, "one"), 5, false).await;
    assert_eq!((same.changes, same.accepted.len()), (vec![ChangeEnd::Late], 0), "it reads the same");
    let taken = shelf.change_to(direct("ann", 1, "eins"), 5, false).await;
    assert_eq!((&taken.changes[..], taken.accepted[0].lane), (&[ChangeEnd::Noted][..], Some(turn.lane)));
    let again = shelf.change_to(direct("ann", 1, "eins"), 5, false).await;
    assert_eq!((again.changes, again.accepted.len()), (vec![ChangeEnd::Late], 0), "told twice");

    let of = |text: &str| {
        let message = direct("ann", 1, text);
        Change { message, is_deletion: false, at: at(5), may_begin: false }
    };
    let others = Incoming { changes: vec![of("uno"), of("un")], ..Incoming::default() };
    let others = shelf.store.accept(others, at(6)).await.unwrap();
    let replaced = [ChangeEnd::Replaced, ChangeEnd::Replaced];
    assert_eq!((&others.changes[..], others.accepted.len()), (&replaced[..], 0), "in the same second");

    let noted = shelf.take(turn.lane).await;
    assert_eq!(noted.messages[0].event, Event::Edited(Box::new(direct("ann", 1, "un"))));
    assert_eq!((noted.user.id, noted.address), (turn.user.id, turn.address));
    let again = shelf.change_to(direct("ann", 1, "un"), 5, false).await;
    assert_eq!((again.changes, again.accepted.len()), (vec![ChangeEnd::Late], 0), "it is at work");
    let late = shelf.change_to(direct("ann", 1, "dos"), 5, false).await;
    assert_eq!((late.changes, late.accepted.len()), (vec![ChangeEnd::Noted], 1), "it came too late for that");
    for text in ["un", "dos"] {
        let turn = if text == "un" { noted.clone() } else { shelf.take(turn.lane).await };
        assert_eq!(turn.messages[0].event, Event::Edited(Box::new(direct("ann", 1, text))));
        assert!(shelf.store.finish(&turn, answered(), None, at(7)).await.unwrap());
    }
    assert!(shelf.store.waiting(Platform::Telegram, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_deletion_tells_which_turn_need_not_go_on() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    let turn = shelf.take(lane).await;

    let taken = shelf.change_to(direct("ann", 2, ""), 5, true).await;
    assert_eq!((taken.changes, taken.over), (vec![ChangeEnd::Noted], vec![turn.turn]));
    let edited = shelf.change_to(direct("ann", 1, "eins"), 5, false).await;
    assert_eq!((edited.changes, edited.over), (vec![ChangeEnd::Noted], vec![]));
}

#[tokio::test]
async fn a_question_reads_as_it_was_edited_last_and_how_it_read_before_is_kept() {
    let shelf = Shelf::new().await;
    let (_, conversation) = shelf.answered(&["one", "two"], "Both.").await;

    let revised = shelf.revise(1, "eins", 5).await.expect("it is known");
    assert_eq!(revised, Revised { conversation, is_last: true });
    assert_eq!(shelf.revise(1, "eins", 5).await, Some(revised), "as often as it is done");
    assert_eq!(shelf.revise(1, "uno", 4).await, None, "an earlier edit");
    assert_eq!(shelf.revise(1, "eins", 6).await, None, "it reads like that");
    assert_eq!(shelf.revise(7, "sept", 6).await, None, "nobody said it");
    shelf.revise(1, "un", 7).await.expect("it is known");

    assert_eq!(shelf.seen(conversation).await, ["un", "two", "Both."]);
    let kept = "SELECT number || ' ' || content FROM message_revisions ORDER BY number";
    assert_eq!(shelf.beside.texts(kept).await, ["1 one", "2 eins"]);
    let counted = "SELECT COUNT(*) FROM messages WHERE content = 'un' AND tokens IS NULL";
    assert_eq!(shelf.beside.number(counted).await, 1, "its tokens are not those it had");
}

#[tokio::test]
async fn only_the_last_wordings_are_kept() {
    let shelf = Shelf::new().await;
    let (_, conversation) = shelf.answered(&["v0"], "So.").await;
    for version in 1..=30 {
        shelf.revise(1, &format!("v{version}"), version).await.expect("it is known");
    }
    assert_eq!(shelf.seen(conversation).await, ["v30", "So."]);
    let kept = shelf.beside.texts("SELECT content FROM message_revisions ORDER BY number").await;
    assert_eq!(kept, (10..30).map(|version| format!("v{version}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_taken_back_is_kept_and_not_seen_and_its_answer_goes_with_the_last_of_its_questions() {
    let shelf = Shelf::new().await;
    let (_, conversation) = shelf.answered(&["one", "two"], "Both.").await;

    assert!(shelf.store.withdraw(&key(1), at(9)).await.unwrap());
    assert_eq!(shelf.seen(conversation).await, ["two", "Both."]);
    assert!(!shelf.store.withdraw(&key(1), at(9)).await.unwrap());
    assert!(shelf.store.withdraw(&key(2), at(9)).await.unwrap());
    assert_eq!(shelf.seen(conversation).await, Vec::<String>::new());
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM messages WHERE deleted_at IS NOT NULL").await, 3);
    assert_eq!(shelf.store.last_asked(conversation).await.unwrap(), None);
    assert_eq!(shelf.revise(1, "eins", 10).await, None);
}

#[tokio::test]
async fn another_answer_is_a_version_beside_the_first_and_the_newest_is_seen() {
    let shelf = Shelf::new().await;
    let (turn, conversation) = shelf.answered(&["one", "two"], "Both.").await;
    let asked = shelf.store.last_asked(conversation).await.unwrap().expect("something was asked");
    let texts: Vec<&str> = asked.questions.iter().map(|line| line.text.as_str()).collect();
    assert_eq!((texts, asked.questions[0].speaker), (vec!["one", "two"], Speaker::Person));
    assert_eq!((asked.before.turn, asked.before.seq), (turn.turn, 1));
    assert!(shelf.store.recent((conversation, Some(asked.before.seq)), 50).await.unwrap().is_empty());

    for words in ["Both, again.", "Both, once more."] {
        let accepted = shelf.store.ask_again(&turn, at(4)).await.unwrap();
        let Some(accepted) = accepted else { break };
        assert_eq!(accepted.lane, Some(turn.lane));
        assert_eq!(shelf.store.ask_again(&turn, at(4)).await.unwrap(), None, "asked once");
        assert!(shelf.store.is_busy(turn.lane).await.unwrap());
        let again = shelf.take(turn.lane).await;
        assert!(matches!(again.messages[0].event, Event::Again(_)));
        let other = exchange(&again, conversation, words);
        shelf
            .concludes(&again, Exchange { questions: Vec::new(), before: Some(asked.before), ..other })
            .await;
        assert!(!shelf.store.is_busy(turn.lane).await.unwrap());
    }

    assert_eq!(shelf.seen(conversation).await, ["one", "two", "Both, again."]);
    let answers = "SELECT version || ' ' || content || ' ' || (parent_id = (SELECT id FROM messages WHERE content = 'two')) \
        FROM messages WHERE role = 'assistant' ORDER BY version";
    let is_so = if shelf.beside.engine() == crate::support::database::Engine::Sqlite { "1" } else { "true" };
    assert_eq!(
        shelf.beside.texts(answers).await,
        [format!("1 Both. {is_so}"), format!("2 Both, again. {is_so}")]
    );
}

#[tokio::test]
async fn a_question_that_nobody_could_answer_is_not_seen_until_it_is_answered() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    let turn = shelf.take(lane).await;
    let conversation = shelf.store.begin_conversation(turn.user.id, None, at(1)).await.unwrap().id;
    shelf.concludes(&turn, Exchange { answer: None, ..exchange(&turn, conversation, "") }).await;
    assert_eq!(shelf.seen(conversation).await, Vec::<String>::new());

    let asked = shelf.store.last_asked(conversation).await.unwrap().expect("it was asked");
    shelf.store.ask_again(&turn, at(4)).await.unwrap().expect("it waits");
    let again = shelf.take(lane).await;
    let other = exchange(&again, conversation, "First.");
    shelf.concludes(&again, Exchange { questions: Vec::new(), before: Some(asked.before), ..other }).await;
    assert_eq!(shelf.seen(conversation).await, ["one", "First."]);
}

#[tokio::test]
async fn what_somebody_waits_for_is_stopped_and_what_others_wait_for_is_not() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    let running = shelf.take(lane).await;
    shelf.accept(&[direct("ann", 2, "two"), super::grouped("-1", "bob", 3, "three")]).await;

    assert_eq!(shelf.store.end_own_waiting(&running, at(4)).await.unwrap(), 1);
    assert_eq!(shelf.store.end_own_waiting(&running, at(4)).await.unwrap(), 0);
    assert_eq!(shelf.beside.texts("SELECT outcome FROM inbox WHERE state = 'done'").await, ["stopped"]);
    assert_eq!(shelf.beside.number("SELECT COUNT(*) FROM inbox WHERE state = 'received'").await, 1);
    assert!(shelf.store.finish(&running, answered(), None, at(5)).await.unwrap());
    assert!(shelf.claim(lane).await.is_none());
}
