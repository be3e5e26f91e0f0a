//! Ends without warning, and what is found afterwards.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::models::{Answer, Gate};
use crate::support::slack::{Fault as SlackFault, Slack};
use crate::support::telegram::{Fault, Shown, Telegram};
use crate::talk::{House, first_waits, furnish, said, unhurried, wait_until_noted};

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
async fn an_answer_that_a_stop_cut_is_not_there_twice_without_saying_so() {
    let mut house = House::new().await;
    house.setup = house.setup.env("SWITCHBOARD__SHUTDOWN__DRAIN_SECONDS", "1");
    let gate = Gate::closed_after(1);
    house.models.will(Answer::deltas(["Once upon", " a time."]).behind(&gate));
    let bot = house.serve();
    let alice = house.telegram.user(1001, "Alice");
    alice.says("Tell me a story.");
    house.wait_until_last(1001, |text| text == "Once upon").await;
    bot.signal(Signal::SIGTERM);
    assert!(bot.ended().await.success());
    gate.release();

    house.models.will_say("Once upon a time.");
    let bot = house.serve();
    let screen = house.wait_until_last(1001, |text| text == "Once upon a time.").await;

    assert_eq!(said(&screen), ["Once upon a time."]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn another_bot_on_the_same_database_is_answered_too() {
    let house = House::new().await;
    house.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    let other = House { telegram: Telegram::start_with_another_bot().await, ..house.clone() };
    let other = House {
        setup: house
            .setup
            .clone()
            .env("SWITCHBOARD__CHANNELS__TELEGRAM__TOKEN", &other.telegram.token())
            .env("SWITCHBOARD__CHANNELS__TELEGRAM__API_BASE", &other.telegram.url()),
        ..other
    };
    // Each bot counts the messages of its own chats, so theirs have the same numbers.
    let mut ids = Vec::new();
    for (house, text) in [(&house, "plum"), (&other, "pear"), (&house, "fig"), (&other, "quince")] {
        let bot = house.serve();
        ids.push(house.telegram.user(1001, "Alice").says(text).id);
        house.wait_until_last(1001, |said| said == format!("Heard {text}")).await;
        house.ends_well(bot).await;
    }
    assert_eq!(ids[..2], [ids[0], ids[0]], "{ids:?}");
    assert_eq!(ids[2..], [ids[2], ids[2]], "{ids:?}");
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
async fn what_telegram_kept_for_too_long_gets_one_notice_for_each_place() {
    let mut house = House::new().await;
    house.setup = house.setup.env("SWITCHBOARD__CATCHUP__MAX_AGE_MINUTES", "0");
    let bot = house.serve();
    house.telegram.wait_for_poll().await.unwrap();
    bot.crash().await;
    let (alice, bob) = (house.telegram.user(1001, "Alice"), house.telegram.user(1002, "Bob"));
    for number in 0..150 {
        alice.says(&format!("number {number}"));
    }
    bob.says("Anybody there?");

    house.models.will_say("Here I am.");
    // The way to Telegram may be slow.
    house.telegram.fault("getUpdates", 2, Fault::Delay(Duration::from_millis(1_200)));
    let bot = house.serve();
    for chat in [1001, 1002] {
        house.wait_until_last(chat, |text| text.starts_with("I was away and missed messages here")).await;
    }
    bot.stop().await;
    house.setup = house.setup.clone().env("SWITCHBOARD__CATCHUP__MAX_AGE_MINUTES", "1440");
    let bot = house.serve();
    alice.says("And now?");
    let screen = house.wait_until_last(1001, |text| text == "Here I am.").await;

    assert_eq!(said(&screen).len(), 2, "{screen:#?}");
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

#[tokio::test]
async fn a_platform_that_is_away_after_a_crash_holds_back_nobody_on_another() {
    let (telegram, slack) = (Telegram::start().await, Slack::start().await);
    telegram.without_rate_limits();
    slack.without_rate_limits();
    let (models, setup) = furnish(&format!(
        "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\n\
         [channels.slack]\nbot_token = \"{}\"\napp_token = \"{}\"\napi_base = \"{}\"",
        telegram.token(),
        telegram.url(),
        slack.bot_token(),
        slack.app_token(),
        slack.api_url(),
    ))
    .await;
    let setup = unhurried(&setup);
    let gate = first_waits(&models);
    let bot = setup.serve();
    assert!(slack.wait_for_sockets(2).await);
    let there: Vec<_> = (1_001..1_005).map(|id| telegram.user(id, "Somebody")).collect();
    for (number, person) in there.iter().enumerate() {
        slack.user(&format!("U{number}"), &format!("p{number}")).dm("first");
        person.says("first");
    }
    models.request(8).await;
    bot.crash().await;
    models.when_asked("first", "Heard first");
    gate.release();
    // Slack is there first, hears everything, and shows nothing.
    slack.fault("chat.postMessage", 100_000, SlackFault::CutBefore);
    telegram.fault("getMe", 1, Fault::Delay(Duration::from_secs(2)));
    let bot = setup.serve();
    bot.wait_for_log("a write to slack did not work").await;

    for person in &there {
        let is_it = |shown: &Shown| shown.is_from_bot() && shown.text == "Heard first";
        telegram.wait_for_message(person.id(), is_it).await.unwrap_or_else(|error| panic!("{error}"));
        person.says("anybody?");
    }
    for person in &there {
        let is_it = |shown: &Shown| shown.is_from_bot() && shown.text == "Heard anybody?";
        telegram.wait_for_message(person.id(), is_it).await.unwrap_or_else(|error| panic!("{error}"));
    }
    bot.crash().await;
}
