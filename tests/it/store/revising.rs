//! Second thoughts about what is answered: edits, deletions, other answers.

use futures_util::future::join_all;
use switchboard::domain::{
    AskedBefore, Change, ChangeEnd, ConversationId, DedupeKey, Event, FinishReason, IdentityId,
    InboundMessage, Platform, Speaker, Stopping, TurnId,
};
use switchboard::store::{AskedAgain, ClaimedTurn, Exchange, Incoming, Revised, Store, Taken};

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

    async fn ask_again(&self, asker: &ClaimedTurn, before: AskedBefore) -> AskedAgain {
        self.store.ask_again(asker, before.turn, at(4)).await.unwrap()
    }

    async fn revise(&self, n: i64, words: &str, seconds: u64) -> Option<Revised> {
        self.store.revise(&key(n), words, at(seconds), at(seconds)).await.unwrap()
    }
}

/// A later turn of the same person, in which they ask for something.
fn asks(turn: &ClaimedTurn) -> ClaimedTurn {
    ClaimedTurn { turn: TurnId::new(at(4)), ..turn.clone() }
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
    assert_eq!((taken.changes, taken.over), (vec![ChangeEnd::Noted], vec![]), "the other one waits for it");
    let edited = shelf.change_to(direct("ann", 1, "eins"), 5, false).await;
    assert_eq!((edited.changes, edited.over), (vec![ChangeEnd::Noted], vec![]));
    let taken = shelf.change_to(direct("ann", 1, ""), 6, true).await;
    assert_eq!((taken.changes, taken.over), (vec![ChangeEnd::Noted], vec![turn.turn]));

    // The same of another answer, where one was taken out of the conversation before.
    let shelf = Shelf::new().await;
    let (turn, _) = shelf.answered(&["three", "four"], "Both.").await;
    shelf.store.withdraw(&key(1), at(7)).await.unwrap();
    let taken = shelf.change_to(direct("ann", 2, ""), 8, true).await;
    assert_eq!((taken.changes, taken.over), (vec![ChangeEnd::Noted], vec![turn.turn]));
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
        let asker = asks(&turn);
        assert!(!shelf.store.has_asked_again(asker.turn).await.unwrap());
        let AskedAgain::Begun(accepted) = shelf.ask_again(&asker, asked.before).await else {
            panic!("nothing else waits")
        };
        assert_eq!(accepted.lane, Some(turn.lane));
        assert_eq!(shelf.ask_again(&asker, asked.before).await, AskedAgain::Before);
        assert!(shelf.store.has_asked_again(asker.turn).await.unwrap());
        assert_eq!(shelf.ask_again(&asks(&turn), asked.before).await, AskedAgain::Busy);
        assert!(shelf.store.is_busy(turn.lane).await.unwrap());
        let again = shelf.take(turn.lane).await;
        let Event::Again(wish) = &again.messages[0].event else { panic!("{:?}", again.messages) };
        assert_eq!(wish.question, Some(turn.turn));
        assert_eq!(shelf.ask_again(&asks(&turn), asked.before).await, AskedAgain::Busy);
        let other = exchange(&again, conversation, words);
        shelf
            .concludes(&again, Exchange { questions: Vec::new(), before: Some(asked.before), ..other })
            .await;
        assert!(!shelf.store.is_busy(turn.lane).await.unwrap());
    }

    assert_eq!(shelf.seen(conversation).await, ["one", "two", "Both, once more."]);
    let answers = "SELECT version || ' ' || content || ' ' || (parent_id = (SELECT id FROM messages WHERE content = 'two')) \
        FROM messages WHERE role = 'assistant' ORDER BY version";
    let is_so = if shelf.beside.engine() == crate::support::database::Engine::Sqlite { "1" } else { "true" };
    assert_eq!(
        shelf.beside.texts(answers).await,
        [
            format!("1 Both. {is_so}"),
            format!("2 Both, again. {is_so}"),
            format!("3 Both, once more. {is_so}")
        ]
    );
}

#[tokio::test]
async fn of_several_who_ask_for_another_answer_at_once_one_is_heard() {
    let shelf = Shelf::new().await;
    let beside = Store::open_beside(&shelf.database.settings(), &shelf.tasks).await.unwrap();
    let (turn, conversation) = shelf.answered(&["one"], "First.").await;
    let asked = shelf.store.last_asked(conversation).await.unwrap().expect("it was asked");
    for _ in 0..10 {
        let askers: Vec<ClaimedTurn> = (0..4).map(|_| asks(&turn)).collect();
        let stores = [&shelf.store, &beside].into_iter().cycle();
        let heard = join_all(
            askers.iter().zip(stores).map(|(asker, store)| store.ask_again(asker, asked.before.turn, at(4))),
        )
        .await;
        let begun = heard.iter().filter(|heard| matches!(heard, Ok(AskedAgain::Begun(_)))).count();
        let busy = heard.iter().filter(|heard| matches!(heard, Ok(AskedAgain::Busy))).count();
        assert_eq!((begun, busy), (1, 3), "{heard:?}");
        let again = shelf.take(turn.lane).await;
        assert!(shelf.store.finish(&again, answered(), None, at(5)).await.unwrap());
    }
}

#[tokio::test]
async fn an_answer_that_broke_off_replaces_no_whole_one_to_what_was_asked() {
    let shelf = Shelf::new().await;
    let (turn, conversation) = shelf.answered(&["one"], "First.").await;
    let asked = shelf.store.last_asked(conversation).await.unwrap().expect("it was asked");
    let answers = [
        ("Sec", FinishReason::Stopped, ["one", "First."]),
        ("Second.", FinishReason::Stop, ["one", "Second."]),
        ("Thi", FinishReason::Cut, ["one", "Second."]),
        // What was whole was the answer to other words.
        ("Fou", FinishReason::Stopped, ["eins", "Fou"]),
        ("Fif", FinishReason::Filtered, ["eins", "Fif"]),
    ];
    for (words, reason, seen) in answers {
        if words == "Fou" {
            shelf.revise(1, "eins", 9).await.expect("it is known");
        }
        shelf.ask_again(&asks(&turn), asked.before).await;
        let again = shelf.take(turn.lane).await;
        let mut other = exchange(&again, conversation, words);
        other.answer.as_mut().unwrap().finished.finish_reason = reason;
        let other = Exchange { questions: Vec::new(), before: Some(asked.before), ..other };
        shelf.concludes(&again, other).await;
        assert_eq!(shelf.seen(conversation).await, seen, "{words}");
    }
    let kept = "SELECT version || ' ' || content FROM messages WHERE role = 'assistant' ORDER BY version";
    assert_eq!(shelf.beside.texts(kept).await, ["1 First.", "2 Sec", "3 Second.", "4 Thi", "5 Fou", "6 Fif"]);
}

#[tokio::test]
async fn an_edit_that_came_before_the_answer_is_not_undone_by_an_older_one() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    for n in [1, 2] {
        let taken = shelf.change_to(direct("ann", n, &format!("v{n}")), 7, false).await;
        assert_eq!(taken.changes, [ChangeEnd::Replaced]);
    }
    // Also if it is taken twice.
    let turn = shelf.take(lane).await;
    shelf.store.give_back(&turn, true).await.unwrap();
    let turn = shelf.take(lane).await;
    let conversation = shelf.store.begin_conversation(turn.user.id, None, at(1)).await.unwrap().id;
    shelf.concludes(&turn, exchange(&turn, conversation, "Both.")).await;

    for n in [1, 2] {
        assert_eq!(shelf.revise(n, "older", 5).await, None);
    }
    assert_eq!(shelf.seen(conversation).await, ["v1", "v2", "Both."]);
}

#[tokio::test]
async fn an_edit_that_is_taken_back_while_it_waits_changes_nothing() {
    let shelf = Shelf::new().await;
    let (_, conversation) = shelf.answered(&["one"], "First.").await;
    assert_eq!(shelf.change_to(direct("ann", 1, "eins"), 5, false).await.changes, [ChangeEnd::Noted]);
    assert_eq!(shelf.change_to(direct("ann", 1, "one"), 7, false).await.changes, [ChangeEnd::Late]);
    assert_eq!(shelf.revise(1, "eins", 5).await, None);
    assert_eq!(shelf.revise(1, "one", 9).await, None, "it reads like that");
    assert_eq!(shelf.revise(1, "uno", 8).await, None);
    assert_eq!(shelf.seen(conversation).await, ["one", "First."]);
}

#[tokio::test]
async fn what_is_taken_back_while_nobody_works_on_its_answer_is_answered_no_more() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one"), direct("ann", 2, "two")]).await;
    let mut turn = shelf.take(lane).await;
    for (n, is_stopped) in [(2, false), (1, true)] {
        shelf.store.give_back(&turn, true).await.unwrap();
        shelf.change_to(direct("ann", n, ""), 5, true).await;
        turn = shelf.take(lane).await;
        assert_eq!((turn.messages.len(), turn.is_stopped), (2, is_stopped));
    }
}

#[tokio::test]
async fn what_is_taken_back_is_gone_before_another_answer_to_it_begins() {
    let shelf = Shelf::new().await;
    let (turn, conversation) = shelf.answered(&["one"], "First.").await;
    let asked = shelf.store.last_asked(conversation).await.unwrap().expect("it was asked");
    shelf.ask_again(&asks(&turn), asked.before).await;
    shelf.change_to(direct("ann", 1, "eins"), 5, false).await;
    // One of them may have been begun by a process that is no more.
    let again = shelf.take(turn.lane).await;
    assert!(matches!(again.messages[0].event, Event::Again(_)));
    shelf.store.give_back(&again, true).await.unwrap();
    assert_eq!(shelf.change_to(direct("ann", 1, ""), 9, true).await.over, [turn.turn]);

    let mut kinds = Vec::new();
    while let Some(taken) = shelf.claim(turn.lane).await {
        assert!(!taken.is_stopped);
        kinds.push(match taken.messages[0].event {
            Event::Deleted(_) => "deleted",
            Event::Again(_) => "again",
            _ => "edited",
        });
        assert!(shelf.store.finish(&taken, answered(), None, at(10)).await.unwrap());
    }
    kinds[1..].sort_unstable();
    assert_eq!(kinds, ["deleted", "again", "edited"]);
}

#[tokio::test]
async fn what_was_begun_and_put_back_can_be_stopped_by_who_asked() {
    let shelf = Shelf::new().await;
    let lane = shelf.lane_of(&[direct("ann", 1, "one")]).await;
    let turn = shelf.take(lane).await;
    let stop = async |by: &ClaimedTurn, which| shelf.store.stop_waiting(by, which).await.unwrap();
    assert_eq!(stop(&turn, turn.turn).await, Stopping::Over, "somebody works on it");
    shelf.store.give_back(&turn, true).await.unwrap();
    let other = ClaimedTurn { identity: IdentityId(uuid::Uuid::nil()), ..turn.clone() };
    assert_eq!(stop(&other, turn.turn).await, Stopping::NotTheirs);
    assert_eq!(stop(&turn, asks(&turn).turn).await, Stopping::Over, "there is no such turn");

    let taken = shelf.take(lane).await;
    assert!(!taken.is_stopped);
    shelf.store.give_back(&taken, true).await.unwrap();
    assert_eq!(stop(&turn, turn.turn).await, Stopping::Stopped);
    let taken = shelf.take(lane).await;
    assert!(taken.is_stopped);

    // The command does the same.
    let lane = shelf.lane_of(&[direct("bob", 1, "one")]).await;
    let turn = shelf.take(lane).await;
    shelf.store.give_back(&turn, true).await.unwrap();
    assert_eq!(shelf.store.end_own_waiting(&turn, at(4)).await.unwrap(), 1);
    let taken = shelf.take(lane).await;
    assert!(taken.is_stopped);
    assert!(shelf.answer(&taken, "So.").await.unwrap());
    shelf.store.give_back(&taken, true).await.unwrap();
    assert_eq!(shelf.store.end_own_waiting(&turn, at(5)).await.unwrap(), 0, "it has its answer");
    assert!(!shelf.take(lane).await.is_stopped);
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
    assert!(matches!(shelf.ask_again(&turn, asked.before).await, AskedAgain::Begun(_)));
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
