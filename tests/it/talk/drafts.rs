//! Answers that come as drafts, and are posted when they are whole.

use crate::support::models::{Answer, Gate};
use crate::support::program::Running;
use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::{BOT_USERNAME, Fault, Person};

const GROUP: i64 = -1_001_000_000_001;

async fn stage() -> Stage {
    Stage::lifelike().await.set("CHANNELS__TELEGRAM__DRAFTS", "true")
}

/// In the midst of a story, of which the first words are a draft.
async fn story() -> (Stage, Running, Person, Gate) {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon a time", " there was a gate."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me a story.");
    stage.platform.wait_for_draft(1001, |text| text == "Once upon a time").await.unwrap();
    (stage, bot, alice, gate)
}

#[tokio::test]
async fn an_answer_grows_as_a_draft_and_is_posted_once() {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon **a time", " there** was", " a gate."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me a story.");

    stage.platform.wait_for_draft(1001, |text| text == "Once upon a time").await.unwrap();
    gate.hold(2);
    stage.platform.wait_for_draft(1001, |text| text == "Once upon a time there was").await.unwrap();
    assert_eq!(said(&stage.platform.screen(1001)), Vec::<String>::new());
    gate.release();
    let screen = stage.wait_until_last(1001, "Once upon a time there was a gate.").await;

    assert_eq!(said(&screen).len(), 1, "{screen:#?}");
    assert_eq!(screen[1].edits, 0);
    assert_eq!(stage.platform.draft(1001), None);
    let drafts = stage.platform.drafts(1001);
    assert!(drafts.iter().all(|draft| draft.id != 0 && draft.id == drafts[0].id), "{drafts:?}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_longer_than_a_message_is_posted_piece_by_piece() {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    let (long, short) = ("word ".repeat(1_000), "and that is all.");
    stage.models.will(Answer::deltas([long.as_str(), short]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me everything.");

    stage.platform.wait_for_message(1001, |shown| shown.text.starts_with("word ")).await.unwrap();
    let draft = stage.platform.wait_for_draft(1001, |text| text.starts_with("word ")).await.unwrap();
    assert!(draft.text.len() < 2_000, "{draft:?}");
    gate.release();
    stage.platform.wait_for_message(1001, |shown| shown.text.ends_with(short)).await.unwrap();
    let screen = stage.platform.screen(1001);

    let parts = said(&screen);
    assert_eq!(parts.join(" "), format!("{long}{short}"));
    assert_eq!((parts.len(), screen[1].edits, screen[2].edits), (2, 0, 0));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_group_sees_posts() {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["To all", " of you."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(GROUP, "Team");
    alice.says_in(&group, &format!("@{BOT_USERNAME} say hello."));

    stage.wait_until_last(GROUP, "To all").await;
    gate.release();
    stage.wait_until_last(GROUP, "To all of you.").await;

    assert_eq!(stage.platform.drafts(GROUP), []);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn where_drafts_are_refused_the_answer_is_posted_and_edited() {
    let stage = stage().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon a time", " there was a gate."]).behind(&gate));
    let refused = Fault::Refuse(400, "Bad Request: TEXTDRAFT_PEER_INVALID".to_owned());
    stage.platform.fault("sendMessageDraft", 1, refused);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me a story.");

    stage.wait_until_last(1001, "Once upon a time").await;
    gate.release();
    let screen = stage.wait_until_last(1001, "Once upon a time there was a gate.").await;

    assert_eq!(said(&screen).len(), 1, "{screen:#?}");
    assert_eq!(stage.platform.drafts(1001), []);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn whatever_becomes_of_drafts_the_answer_is_posted_once_and_whole() {
    let stage = stage().await;
    stage.platform.without_rate_limits();
    let gate = Gate::closed_after(1);
    // By these the platform says that nothing can be posted here, either.
    let closes = |fault: &Fault| match fault {
        Fault::Status(403) => true,
        Fault::Refuse(_, words) => words.contains("chat not found"),
        _ => false,
    };
    let faults: Vec<Fault> = Fault::every().into_iter().filter(|fault| !closes(fault)).collect();
    let people: Vec<i64> = (1_001..).take(faults.len()).collect();
    for (person, fault) in people.iter().zip(&faults) {
        let answer = Answer::deltas(["Once upon a time".to_owned(), format!(" there were {person}.")]);
        stage.models.when_asked(&format!("case {person}."), answer.behind(&gate));
        stage.platform.fault_in(*person, "sendMessageDraft", 1, fault.clone());
    }
    let bot = stage.serve().await;
    for person in &people {
        stage.platform.user(*person, "Alice").says(&format!("case {person}."));
    }
    stage.platform.wait_for_calls("sendMessageDraft", people.len()).await.unwrap();
    gate.release();

    for (person, fault) in people.iter().zip(&faults) {
        let whole = format!("Once upon a time there were {person}.");
        let screen = stage.wait_until_last(*person, &whole).await;
        assert_eq!(said(&screen), [whole], "{fault:?}");
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_draft_that_a_crash_cut_is_no_part_of_the_answer() {
    let (stage, bot, _, gate) = story().await;
    bot.crash().await;
    gate.release();

    stage.models.will_say("Here it is.");
    let bot = stage.serve().await;
    let screen = stage.wait_until_last(1001, "Here it is.").await;

    assert_eq!(said(&screen), ["Here it is."]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_stop_leaves_what_the_draft_had_come_to() {
    let (stage, bot, alice, _gate) = story().await;

    alice.says("/stop");
    stage.wait_until_last(1001, "Stopped.").await;
    stage.platform.wait_for_message(1001, |shown| shown.text.starts_with("Once upon a time")).await.unwrap();

    assert_eq!(stage.platform.draft(1001), None);
    stage.ends_well(bot).await;
}
