//! Answers as they come.

use std::time::Instant;

use crate::support::models::{Answer, Gate};
use crate::talk::discord::{EDIT, House, POST, said};
use crate::talk::{assert_paced, assert_whole, sixty_thousand, unhurried};

#[tokio::test]
async fn a_quick_answer_is_one_post_and_nothing_else() {
    let house = House::new().await;
    house.models.will_say("Four.");
    let bot = house.serve().await;
    let alice = house.discord.user(1001, "alice");
    let question = alice.dm("What is two and two?");

    let screen = house.wait_until_last(alice.dm_channel(), "Four.").await;

    assert_eq!(said(&screen), ["Four."]);
    assert_eq!((screen[1].edits, screen[1].reply_to), (0, Some(question)));
    house.ends_well(bot).await;
}

#[tokio::test]
async fn the_first_text_shows_before_the_answer_is_finished_and_then_grows() {
    let house = House::new().await;
    let gate = Gate::closed_after(1);
    house.models.will(Answer::deltas(["Once upon a time", " there was", " a gate."]).behind(&gate));
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    let alice = house.discord.user(1001, "alice");
    alice.dm("Tell me a story.");

    house.discord.wait_for_typing(alice.dm_channel()).await;
    house.wait_until_last(alice.dm_channel(), "Once upon a time").await;
    gate.release();
    let whole = "Once upon a time there was a gate.";
    let screen = house.wait_until_last(alice.dm_channel(), whole).await;

    assert_eq!(said(&screen), [whole]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_streamed_answer_of_eight_seconds_takes_at_most_ten_writes_a_second_apart() {
    let house = House::new().await;
    let words: Vec<String> = (0..160).map(|number| format!("word{number} ")).collect();
    house.models.will(Answer::deltas(words.clone()).at_tokens_per_second(40.0));
    let bot = house.serve().await;
    let alice = house.discord.user(1001, "alice");
    alice.dm("Talk for a while.");

    let whole = words.concat().trim().to_owned();
    let screen = house.wait_until_last(alice.dm_channel(), &whole).await;

    let calls = house.discord.calls();
    let writes = calls.iter().filter(|call| [POST, EDIT].contains(&call.method.as_str()));
    let mut writes: Vec<Instant> = writes.map(|call| call.at).collect();
    writes.sort_unstable();
    assert_paced(&writes);
    assert_eq!(said(&screen).len(), 1);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn sixty_thousand_characters_come_over_several_messages_and_whole() {
    let house = House::without_rate_limits().await;
    house.models.will_say(sixty_thousand());
    let bot = house.serve_with(&unhurried(&house.setup)).await;
    let alice = house.discord.user(1001, "alice");
    alice.dm("Count.");

    house.discord.wait_for_message(alice.dm_channel(), |shown| shown.text.ends_with("That is all.")).await;

    let screen = house.discord.screen(alice.dm_channel());
    let parts = said(&screen);
    assert!(parts.len() > 30, "{} parts", parts.len());
    assert!(parts.iter().all(|part| part.chars().count() <= 2_000));
    assert_whole(&parts);
    house.ends_well(bot).await;
}
