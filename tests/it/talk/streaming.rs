//! Answers as they come.

use std::time::Duration;

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::{BOT_USERNAME, Fault};
use crate::talk::{assert_paced, assert_whole, heard, sixty_thousand};

const GROUP: i64 = -1_001_000_000_001;

#[tokio::test]
async fn a_quick_answer_is_one_post_and_nothing_else() {
    let stage = Stage::lifelike().await;
    stage.models.will_say("Four.");
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("What is two and two?");

    let screen = stage.wait_until_last(1001, "Four.").await;

    assert_eq!(screen.len(), 2, "{screen:#?}");
    assert_eq!(screen[1].edits, 0);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_conversation_goes_on_where_it_was_after_a_restart() {
    let stage = Stage::lifelike().await;
    let alice = stage.platform.user(1001, "Alice");
    stage.models.will_say("Hello Alice.");
    let bot = stage.serve().await;
    alice.says("My name is Alice.");
    stage.wait_until_last(1001, "Hello Alice.").await;
    bot.stop().await;

    stage.models.will_say("You are Alice.");
    let bot = stage.serve().await;
    alice.says("Who am I?");
    stage.wait_until_last(1001, "You are Alice.").await;

    let asked = stage.models.request(2).await;
    let heard: Vec<&str> = asked.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(heard[1..], ["My name is Alice.", "Hello Alice.", "Who am I?"], "{heard:?}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_first_text_shows_before_the_answer_is_finished_and_then_grows() {
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon a time", " there was", " a gate."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me a story.");

    stage.platform.wait_for_typing(1001).await.unwrap();
    stage.wait_until_last(1001, "Once upon a time").await;
    gate.release();
    let screen = stage.wait_until_last(1001, "Once upon a time there was a gate.").await;

    assert_eq!(said(&screen).len(), 1, "{screen:#?}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_ends_while_the_platform_asks_to_wait_is_one_post() {
    let stage = Stage::lifelike().await.unhurried();
    stage.platform.fault("sendMessage", 1, Fault::RetryAfter(6));
    let bot = stage.serve().await;
    // For three seconds; the first text waits from the second one on.
    stage.models.will(Answer::text("A whole answer, in some words.").at_tokens_per_second(3.0));
    stage.platform.user(1001, "Alice").says("Are you there?");

    let screen = stage.wait_until_last(1001, "A whole answer, in some words.").await;

    assert_eq!(said(&screen).len(), 1, "{screen:#?}");
    assert_eq!(screen[1].edits, 0);
    let posts = stage.platform.calls().iter().filter(|call| call.method == "sendMessage").count();
    assert_eq!(posts, 2, "the one that was refused, and the other");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_slow_model_is_announced_by_a_placeholder_that_becomes_the_answer() {
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(0);
    let setup =
        stage.setup.clone().env("SWITCHBOARD__MODEL__PROVIDERS__MAIN__FIRST_TOKEN_TIMEOUT_SECONDS", "30");
    stage.models.will(Answer::text("Here I am.").behind(&gate));
    let bot = setup.serve();
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Are you there?");

    stage.wait_until_last(1001, "…").await;
    gate.release();
    let screen = stage.wait_until_last(1001, "Here I am.").await;

    assert_eq!(said(&screen), ["Here I am."]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_streamed_answer_of_eight_seconds_takes_at_most_ten_writes_a_second_apart() {
    let stage = Stage::lifelike().await;
    let words: Vec<String> = (0..160).map(|number| format!("word{number} ")).collect();
    stage.models.will(Answer::deltas(words.clone()).at_tokens_per_second(40.0));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Talk for a while.");

    let whole = words.concat().trim().to_owned();
    let screen = stage.wait_until_last(1001, &whole).await;

    let calls = stage.platform.calls();
    let writes: Vec<_> = calls
        .iter()
        .filter(|call| ["sendmessage", "editmessagetext"].contains(&call.method.to_lowercase().as_str()))
        .map(|call| call.at)
        .collect();
    assert_paced(&writes);
    assert_eq!(said(&screen).len(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_in_a_group_is_written_three_seconds_apart() {
    let stage = Stage::lifelike().await;
    let words: Vec<String> = (0..80).map(|number| format!("word{number} ")).collect();
    stage.models.will(Answer::deltas(words.clone()).at_tokens_per_second(10.0));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(GROUP, "Team");
    alice.says_in(&group, &format!("@{BOT_USERNAME} talk for a while."));

    let whole = words.concat().trim().to_owned();
    stage.wait_until_last(GROUP, &whole).await;

    let calls = stage.platform.calls();
    let writes: Vec<_> = calls
        .iter()
        .filter(|call| ["sendMessage", "editMessageText"].contains(&call.method.as_str()))
        .collect();
    assert!((3..=5).contains(&writes.len()), "{writes:#?}");
    assert!(writes.iter().all(|call| call.status == 200), "{writes:#?}");
    for pair in writes.windows(2) {
        let apart = pair[1].at - pair[0].at;
        assert!(apart >= Duration::from_secs(3), "two writes {apart:?} apart");
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn typing_is_renewed_for_as_long_as_there_is_no_text() {
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(0);
    let setup =
        stage.setup.clone().env("SWITCHBOARD__MODEL__PROVIDERS__MAIN__FIRST_TOKEN_TIMEOUT_SECONDS", "30");
    stage.models.will(Answer::text("Here I am.").behind(&gate));
    let bot = setup.serve();
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Are you there?");
    stage.platform.wait_for_calls("sendChatAction", 2).await.unwrap();
    gate.release();
    stage.wait_until_last(1001, "Here I am.").await;

    let calls = stage.platform.calls();
    let shown: Vec<_> =
        calls.iter().filter(|call| call.method == "sendChatAction").map(|call| call.at).collect();
    let apart = shown[1] - shown[0];
    assert!(apart < Duration::from_secs(5), "it was gone for a while: {apart:?}");
    assert!(apart > Duration::from_secs(3), "{apart:?}");
    assert_eq!(shown.len(), 2, "and not once there is text");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn sixty_thousand_characters_come_over_several_messages_and_whole() {
    let stage = Stage::lifelike().await.unhurried().set("LIMITS__POSTS_PER_ANSWER", "0");
    stage.platform.without_rate_limits();
    stage.models.will_say(sixty_thousand());
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Count.");

    let waited = stage.platform.wait_for_message(1001, |shown| shown.text.ends_with("That is all."));
    waited.await.unwrap();

    let screen = stage.platform.screen(1001);
    let parts = said(&screen);
    assert!(parts.len() > 14, "{} parts", parts.len());
    for part in &parts {
        assert!(part.encode_utf16().count() <= 4096);
    }
    assert_whole(&parts);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn quick_messages_become_one_turn_and_a_stop_ends_an_answer() {
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Well, let me think", " for ever."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("First.");
    stage.wait_until_last(1001, "Well, let me think").await;
    alice.says("Second.");
    alice.says("Third.");
    stage.platform.wait_until_confirmed().await.unwrap();

    stage.models.will_say("Second and third.");
    alice.says("/stop");
    for words in ["Stopped.", "Second and third."] {
        let waited = stage.platform.wait_for_message(1001, |shown| shown.text == words);
        waited.await.unwrap_or_else(|error| panic!("{words}: {error}"));
    }
    gate.release();

    // The command does not wait in the lane, so it may be answered before or after what does.
    let screen = stage.platform.screen(1001);
    assert_eq!(said(&screen).len(), 3, "{screen:#?}");
    assert_eq!(said(&screen)[0], "Well, let me think");
    let asked = stage.models.request(2).await;
    let heard: Vec<&str> = asked.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(heard[1..], ["First.", "Well, let me think", "Second.", "Third."]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_paste_that_the_app_cuts_into_messages_is_answered_together_up_to_four_limits() {
    // Who asks again within half a second gets one message at a time, and a start may be as quick as that.
    let stage = Stage::lifelike().await.unlimited();
    stage.models.will_say("All of it.");
    let alice = stage.platform.user(1001, "Alice");
    let parts: Vec<String> = ["a", "b", "c"].map(|letter| letter.repeat(3_000)).into();
    for part in &parts {
        alice.says(part);
    }
    let bot = stage.serve().await;
    stage.wait_until_last(1001, "All of it.").await;
    assert_eq!(heard(&stage.models, &parts[2]), parts);

    let bob = stage.platform.user(1002, "Bob");
    bot.stop().await;
    for _ in 0..11 {
        bob.says(&"d".repeat(3_000));
    }
    let bot = stage.serve().await;
    let limit = "That is longer than I can take at once: 33000 characters, and my limit is 32000.";
    stage.wait_until_last(1002, limit).await;
    stage.ends_well(bot).await;
}
