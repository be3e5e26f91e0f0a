//! Answers that are too long for posts, and go on in a file.

use crate::support::discord::Discord;
use crate::support::discord::permissions::ATTACH_FILES;
use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::stage::{On, Stage};
use crate::support::telegram::{BOT_USERNAME, Fault, Shown};
use crate::talk::{assert_whole, sixty_thousand, wait_until};

const GROUP: i64 = -1001;
const GOES_ON: &str = "This is a long answer. All of it is in the file.";
const COPY: &str = "(This may be a duplicate: the platform did not say whether it had arrived.)";

async fn stage(posts: &str) -> Stage {
    Stage::lifelike().await.unlimited().unhurried().set("LIMITS__POSTS_PER_ANSWER", posts)
}

/// Waits for the post that brings a file.
async fn with_a_file(stage: &Stage, chat: i64) -> Shown {
    let waited = stage.platform.wait_for_message(chat, |shown| shown.file.is_some()).await;
    waited.unwrap_or_else(|error| panic!("no file: {error}"))
}

#[tokio::test]
async fn an_answer_of_too_many_posts_goes_on_in_a_file_that_has_all_of_it() {
    let stage = stage("3").await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas([sixty_thousand().as_str(), "\n"]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let question = alice.says("Count.");
    let is_third = |shown: &Shown| shown.is_from_bot() && shown.text.contains("600 é");
    stage.platform.wait_for_message(1001, is_third).await.unwrap();
    gate.release();

    let last = with_a_file(&stage, 1001).await;
    assert_eq!(last.text, GOES_ON);
    assert_eq!(last.file, Some(("answer.md".to_owned(), sixty_thousand())));
    let screen = stage.platform.screen(1001);
    assert_eq!(said(&screen).len(), 4, "three posts and the file");
    assert_eq!(screen[1].reply_to, Some(question.id));

    stage.models.will_say("It was a count.");
    alice.says("What was it?");
    stage.wait_until_last(1001, "It was a count.").await;
    assert!(stage.models.request(2).await.messages.len() > 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn as_many_posts_as_are_allowed_need_no_file() {
    let stage = stage("3").await;
    stage.models.will_say("All of it.\n".repeat(900));
    let bot = stage.serve().await;
    stage.platform.user(1001, "Alice").says("Tell me all.");
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    let screen = stage.platform.screen(1001);
    assert_eq!(said(&screen).len(), 3);
    assert!(screen.iter().all(|shown| shown.file.is_none()));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn where_files_are_not_taken_an_answer_goes_on_in_posts() {
    let stage = stage("3").await;
    stage.models.will_say(sixty_thousand());
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(GROUP, "Team");
    stage.platform.takes_no_files(GROUP);
    alice.says_in(&group, &format!("@{BOT_USERNAME} count"));
    let is_last = |shown: &Shown| shown.text.ends_with("That is all.");
    stage.platform.wait_for_message(GROUP, is_last).await.unwrap();

    let screen = stage.platform.screen(GROUP);
    assert_whole(&said(&screen));
    assert!(screen.iter().all(|shown| shown.file.is_none()));
    bot.wait_for_log("an answer cannot go on in a file").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_file_that_a_crash_held_up_comes_after_the_next_start() {
    let stage = stage("2").await;
    stage.models.will_say(sixty_thousand());
    stage.platform.fault("sendDocument", 1, Fault::Hang);
    let bot = stage.serve().await;
    stage.platform.user(1001, "Alice").says("Count.");
    let beside = stage.setup.beside().await;
    wait_until(&beside, "SELECT COUNT(*) FROM outbox WHERE number = 2 AND state = 'sending'", 1).await;
    bot.crash().await;

    let bot = stage.serve().await;
    let last = with_a_file(&stage, 1001).await;
    assert_eq!(last.file, Some(("answer.md".to_owned(), sixty_thousand())));
    // Telegram cannot be asked whether the first one has arrived.
    assert_eq!(last.text, format!("{COPY}\n\n{GOES_ON}"));
    assert_eq!(said(&stage.platform.screen(1001)).len(), 3);
    assert_eq!(stage.models.count(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn discord_takes_the_file_where_the_bot_may_attach_some() {
    let stage = On::<Discord>::lifelike().await.unlimited().unhurried();
    let stage = stage.set("LIMITS__POSTS_PER_ANSWER", "3");
    stage.models.answers_with(|_| sixty_thousand());
    let team = stage.platform.guild(500, "Team");
    let (general, words) = (team.channel(501, "general"), team.channel(502, "words"));
    team.denies_bot(words, ATTACH_FILES);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "alice");
    alice.says_in(general, &format!("{} count", stage.platform.mention()));
    let last = stage.platform.wait_for_message(general, |shown| !shown.files.is_empty()).await;
    assert_eq!(last.text, GOES_ON);
    assert_eq!(last.files, [("answer.md".to_owned(), sixty_thousand().into_bytes())]);
    assert_eq!(said(&stage.platform.screen(general)).len(), 4);

    alice.says_in(words, &format!("{} count", stage.platform.mention()));
    stage.platform.wait_for_message(words, |shown| shown.text.ends_with("That is all.")).await;
    assert_whole(&said(&stage.platform.screen(words)));
    stage.ends_well(bot).await;
}
