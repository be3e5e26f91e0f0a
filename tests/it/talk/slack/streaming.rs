//! Answers as they come.

use std::time::Instant;

use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::talk::slack::Stage;
use crate::talk::{assert_paced, assert_whole, sixty_thousand};

#[tokio::test]
async fn a_quick_answer_is_one_post_and_nothing_else() {
    let stage = Stage::lifelike().await;
    stage.models.will_say("Four.");
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    alice.dm("What is two and two?");

    let screen = stage.wait_until_last(&alice.dm_channel(), "Four.").await;

    assert_eq!(said(&screen), ["Four."]);
    assert_eq!((screen[1].edits, screen[1].thread.as_deref()), (0, None));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_first_text_shows_before_the_answer_is_finished_and_then_grows() {
    let stage = Stage::lifelike().await.unhurried();
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon a time", " there was", " a gate."]).behind(&gate));
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    alice.dm("Tell me a story.");

    stage.wait_until_last(&alice.dm_channel(), "Once upon a time").await;
    gate.release();
    let whole = "Once upon a time there was a gate.";
    let screen = stage.wait_until_last(&alice.dm_channel(), whole).await;

    assert_eq!(said(&screen), [whole]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_streamed_answer_of_eight_seconds_takes_at_most_ten_writes_a_second_apart() {
    let stage = Stage::lifelike().await;
    let words: Vec<String> = (0..160).map(|number| format!("word{number} ")).collect();
    stage.models.will(Answer::deltas(words.clone()).at_tokens_per_second(40.0));
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    alice.dm("Talk for a while.");

    let whole = words.concat().trim().to_owned();
    let screen = stage.wait_until_last(&alice.dm_channel(), &whole).await;

    let calls = stage.platform.calls();
    let writes =
        calls.iter().filter(|call| ["chat.postMessage", "chat.update"].contains(&call.method.as_str()));
    let mut writes: Vec<Instant> = writes.map(|call| call.at).collect();
    writes.sort_unstable();
    assert_paced(&writes);
    assert_eq!(said(&screen).len(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn sixty_thousand_characters_come_over_several_messages_and_whole() {
    let stage = Stage::lifelike().await.unhurried();
    stage.platform.without_rate_limits();
    stage.models.will_say(sixty_thousand());
    let bot = stage.serve().await;
    let alice = stage.platform.user("U1", "alice");
    alice.dm("Count.");

    let waited = stage
        .platform
        .wait_for_message(&alice.dm_channel(), |shown| shown.text.ends_with("That is all."))
        .await;
    waited.unwrap();

    let screen = stage.platform.screen(&alice.dm_channel());
    let parts = said(&screen);
    assert!(parts.len() > 5, "{} parts", parts.len());
    assert!(parts.iter().all(|part| part.chars().count() <= 12_000));
    assert_whole(&parts);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn many_answers_at_once_keep_to_the_edits_that_a_workspace_has_in_a_minute() {
    let stage = Stage::lifelike().await;
    let words: Vec<String> = (0..100).map(|number| format!("word{number} ")).collect();
    let whole = words.concat().trim().to_owned();
    stage.models.answers_with(move |_| Answer::deltas(words.clone()).at_tokens_per_second(10.0));
    let bot = stage.serve().await;
    let people: Vec<_> =
        (0..10).map(|number| stage.platform.user(&format!("U{number}"), "somebody")).collect();
    let channels = ["C1", "C2", "C3", "C4", "C5"];
    for channel in channels {
        let members: Vec<_> = people.iter().collect();
        stage.platform.channel(channel, &channel.to_lowercase(), &members);
    }
    // Two threads in each.
    for (person, channel) in people.iter().zip(channels.iter().cycle()) {
        person.says_in(channel, "<@bot> Talk for a while.");
    }
    // All end at once, and their last edits have to wait for each other.
    for ended in [1, people.len()] {
        bot.wait_for_logs("ended: answered", ended).await;
    }
    for channel in channels {
        assert_eq!(said(&stage.platform.screen(channel)), [whole.as_str(); 2], "in {channel}");
    }

    let calls = stage.platform.calls();
    let updates: Vec<_> = calls.iter().filter(|call| call.method == "chat.update").collect();
    assert!((15..=50).contains(&updates.len()), "{} edits in less than a minute", updates.len());
    assert!(updates.iter().all(|call| call.status == "ok"), "{updates:#?}");
    stage.ends_well(bot).await;
}
