//! Answers that are too long for posts, and go on in a file.

use std::time::Duration;

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::slack::{Fault, Person, Shown};
use crate::talk::slack::Stage;
use crate::talk::{assert_whole, sixty_thousand, wait_until, wait_until_it_waits};

const GOES_ON: &str = "This is a long answer. All of it is in the file.";

/// Alice, and a bot that may bring files and answers with as much as is counted.
async fn stage() -> (Stage, Person) {
    let stage = Stage::lifelike().await.unlimited().unhurried().set("LIMITS__POSTS_PER_ANSWER", "2");
    stage.platform.grant("files:write");
    let alice = stage.platform.user("U1", "alice");
    stage.models.answers_with(|asked| format!("{}\n\n{}", asked.last_words(), sixty_thousand()));
    (stage, alice)
}

fn file(words: &str) -> (String, String) {
    ("answer.md".to_owned(), format!("{words}\n\n{}", sixty_thousand()))
}

/// Waits for the post that brings the file of this answer, and returns all posts.
async fn brought(stage: &Stage, channel: &str, words: &str) -> Vec<Shown> {
    let is_it = |shown: &Shown| shown.files == [file(words)];
    let shown = stage.platform.wait_for_message(channel, is_it).await.unwrap();
    // Slack shares late, so that nobody can tell for sure that one will not come.
    assert!(shown.text.ends_with(GOES_ON), "{shown:#?}");
    stage.platform.screen(channel)
}

#[tokio::test]
async fn an_answer_of_too_many_posts_goes_on_in_a_file_where_it_is() {
    let (stage, alice) = stage().await;
    let general = stage.platform.channel("C1", "general", &[&alice]);
    let bot = stage.serve().await;
    alice.dm("one");
    let screen = brought(&stage, &alice.dm_channel(), "one").await;
    assert_eq!(said(&screen).len(), 3, "two posts and the file");

    let asked = alice.says_in(&general, "<@bot> two");
    let screen = brought(&stage, &general, "two").await;
    assert_eq!(said(&screen).len(), 3);
    let file = screen.last().unwrap();
    assert_eq!((file.thread.as_deref(), &file.unfurled), (Some(asked.as_str()), &Vec::new()));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn without_the_scope_for_files_an_answer_goes_on_in_posts() {
    let (stage, alice) = stage().await;
    stage.platform.withdraw("files:write");
    let bot = stage.serve().await;
    alice.dm("one");
    let is_last = |shown: &Shown| shown.text.ends_with("That is all.");
    stage.platform.wait_for_message(&alice.dm_channel(), is_last).await.unwrap();

    let screen = stage.platform.screen(&alice.dm_channel());
    assert_whole(&said(&screen));
    assert!(screen.iter().all(|shown| shown.files.is_empty()));
    bot.wait_for_log("lacks the scope `files:write`").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn whatever_becomes_of_the_calls_the_file_is_there_once() {
    let (stage, _) = stage().await;
    let bot = stage.serve().await;
    let faults = [
        Fault::RateLimited(1),
        Fault::Error("service_unavailable"),
        Fault::Status(500),
        Fault::StatusAfter(503),
        Fault::ErrorAfter("internal_error"),
        Fault::CutBefore,
        Fault::CutAfter,
    ];
    for (number, call) in
        ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"].iter().enumerate()
    {
        for (other, fault) in faults.iter().enumerate() {
            if *call == "upload"
                && matches!(fault, Fault::RateLimited(_) | Fault::Error(_) | Fault::ErrorAfter(_))
            {
                // These are words of the Web API, and no file is brought there.
                continue;
            }
            let person = stage.platform.user(&format!("U{number}{other}"), "somebody");
            stage.platform.fault(call, 1, fault.clone());
            person.dm("one");
            let screen = brought(&stage, &person.dm_channel(), "one").await;
            assert_eq!(said(&screen).len(), 3, "{call}: {fault:?}: {:#?}", said(&screen));
        }
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_file_of_one_answer_is_not_taken_for_that_of_the_next() {
    let (stage, alice) = stage().await;
    let gate = Gate::closed_after(0);
    let answers = |words: &str| format!("{words}\n\n{}", sixty_thousand());
    stage.models.when_asked("one", Answer::text(answers("one")).behind(&gate));
    let bot = stage.serve().await;
    let beside = stage.beside().await;
    alice.dm("one");
    gate.wait_until_held(1).await;
    alice.dm("two");
    wait_until_it_waits(&beside, "two").await;
    // Of the second file nobody says whether it has arrived.
    stage.platform.fault("files.completeUploadExternal", 1, Fault::Delay(Duration::from_millis(1)));
    stage.platform.fault("files.completeUploadExternal", 1, Fault::CutBefore);
    gate.release();

    brought(&stage, &alice.dm_channel(), "one").await;
    let screen = brought(&stage, &alice.dm_channel(), "two").await;
    assert_eq!(said(&screen).len(), 6);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_file_that_arrived_before_a_crash_is_not_brought_again() {
    let (stage, alice) = stage().await;
    stage.platform.fault("files.completeUploadExternal", 1, Fault::HangAfter);
    let bot = stage.serve().await;
    alice.dm("one");
    let beside = stage.setup.beside().await;
    brought(&stage, &alice.dm_channel(), "one").await;
    wait_until(&beside, "SELECT COUNT(*) FROM outbox WHERE number = 2 AND state = 'sending'", 1).await;
    bot.crash().await;

    let bot = stage.serve().await;
    bot.wait_for_logs("a turn on slack ended", 1).await;
    let screen = stage.platform.screen(&alice.dm_channel());
    assert_eq!(said(&screen).len(), 3, "{:#?}", said(&screen));
    stage.ends_well(bot).await;
}
