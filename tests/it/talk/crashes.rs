//! Ends without warning, and what is found afterwards.

use crate::support::models::{Answer, Gate};
use crate::talk::{House, said, wait_until_noted};

#[tokio::test]
async fn an_answer_that_a_crash_cut_becomes_whole_where_it_stands_after_the_next_start() {
    let house = House::new().await;
    let gate = Gate::closed_after(1);
    house.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = house.serve();
    let alice = house.telegram.user(1001, "Alice");
    alice.says("Tell me a story.");
    house.wait_until_last(1001, |text| text == "Once upon").await;
    wait_until_noted(&house.setup).await;
    bot.crash().await;
    gate.release();

    house.models.will_say("Once upon a time.");
    let bot = house.serve();
    let screen = house.wait_until_last(1001, |text| text == "Once upon a time.").await;

    assert_eq!(said(&screen), ["Once upon a time."]);
    house.models.will_say("It was about a time.");
    alice.says("What was it about?");
    house.wait_until_last(1001, |text| text == "It was about a time.").await;
    let asked = house.models.request(3).await;
    let heard: Vec<&str> = asked.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(heard[1..], ["Tell me a story.", "Once upon a time.", "What was it about?"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn what_was_said_while_nobody_listened_is_answered_after_the_start() {
    let house = House::new().await;
    let alice = house.telegram.user(1001, "Alice");
    let bot = house.serve();
    house.telegram.wait_for_poll().await.unwrap();
    bot.crash().await;
    alice.says("Anybody there?");

    house.models.will_say("Here I am.");
    let bot = house.serve();
    let screen = house.wait_until_last(1001, |text| text == "Here I am.").await;

    assert_eq!(said(&screen).len(), 1);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn it_ends_when_it_is_told_to_also_without_a_page_on_its_health() {
    let mut house = House::new().await;
    house.setup = house.setup.without_health();
    let bot = house.serve();
    house.telegram.wait_for_poll().await.unwrap();

    house.ends_well(bot).await;
}
