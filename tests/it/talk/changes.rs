//! Second thoughts, on Telegram: edits of what waits, of what has not come yet, of
//! what was not for the bot. Of deletions Telegram tells nothing.

use std::time::Duration;

use crate::support::models::Gate;
use crate::support::telegram::BOT_USERNAME;
use crate::talk::{House, first_waits, said, unhurried, wait_until_it_waits};

/// A group.
const GROUP: i64 = -1001;

/// A model that answers with what it heard, and lets the first wait for `gate`.
async fn house() -> (House, Gate) {
    let house = House::new().await;
    let gate = first_waits(&house.models);
    let setup = unhurried(&house.setup);
    (House { setup, ..house }, gate)
}

#[tokio::test]
async fn what_waits_is_heard_as_it_was_edited_last() {
    let (house, gate) = house().await;
    let bot = house.serve();
    let alice = house.telegram.user(1001, "Alice");

    alice.says("first");
    gate.wait_until_held(1).await;
    let beside = house.setup.beside().await;
    let second = alice.says("secnd");
    wait_until_it_waits(&beside, "secnd").await;
    alice.edits(second, "second");
    alice.edits(second, "the second");
    wait_until_it_waits(&beside, "the second").await;
    gate.release();

    let screen = house.wait_until_last(1001, |text| text == "Heard the second").await;
    assert_eq!(said(&screen), ["Heard first", "Heard the second"]);
    assert_eq!(house.models.count(), 2);
    beside.close().await;
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_that_comes_before_its_message_is_answered_and_the_message_adds_nothing() {
    let (house, _) = house().await;
    house.telegram.privacy_mode(false);
    let bot = house.serve();
    house.telegram.wait_for_poll().await.unwrap();
    let alice = house.telegram.user(1001, "Alice");
    house.telegram.group(GROUP, "Team");

    for place in [1001, GROUP] {
        let call = if place == 1001 { String::new() } else { format!("@{BOT_USERNAME} ") };
        // As third, first, second; and what comes after all of them.
        for (order, number) in [([2, 0, 1], 1), ([1, 0, 2], 2), ([2, 1, 0], 3)] {
            house.telegram.hold_updates();
            let one = alice.says_in(place, &format!("{call}helo {number}"));
            alice.edits(one, &format!("{call}hello {number}"));
            house.telegram.time_passes(Duration::from_secs(2));
            alice.edits(one, &format!("{call}hello, {number}"));
            house.telegram.release_updates_in_order(&order);
            let heard = format!("Heard hello, {number}");
            house.telegram.wait_for_message(place, |shown| shown.text == heard).await.unwrap();
            house.telegram.wait_until_confirmed().await.unwrap();
        }
        alice.says_in(place, &format!("{call}goodbye"));
        house.telegram.wait_for_message(place, |shown| shown.text == "Heard goodbye").await.unwrap();
        assert_eq!(
            said(&house.telegram.screen(place)),
            ["Heard hello, 1", "Heard hello, 2", "Heard hello, 3", "Heard goodbye"]
        );
    }
    assert_eq!(house.models.count(), 8);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_that_comes_in_a_batch_of_its_own_before_its_message_is_answered_once() {
    let (house, _) = house().await;
    let bot = house.serve();
    house.telegram.wait_for_poll().await.unwrap();
    let alice = house.telegram.user(1001, "Alice");

    house.telegram.hold_updates();
    let one = alice.says("helo");
    alice.edits(one, "hello");
    house.telegram.release_updates_in_order(&[1]);
    house.wait_until_last(1001, |text| text == "Heard hello").await;
    let late = serde_json::json!({
        "message_id": one.id, "date": seconds(), "text": "helo",
        "chat": { "id": 1001, "type": "private", "first_name": "Alice" },
        "from": { "id": 1001, "is_bot": false, "first_name": "Alice" },
    });
    house.telegram.inject("message", &late.to_string());
    house.telegram.wait_until_confirmed().await.unwrap();

    alice.says("and then");
    let screen = house.wait_until_last(1001, |text| text == "Heard and then").await;
    assert_eq!(said(&screen), ["Heard hello", "Heard and then"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn a_mention_that_is_added_later_calls_the_bot_once() {
    let (house, _) = house().await;
    house.telegram.privacy_mode(false);
    let bot = house.serve();
    let (alice, group) = (house.telegram.user(1001, "Alice"), house.telegram.group(GROUP, "Team"));

    let one = alice.says_in(&group, "are you there?");
    house.telegram.wait_until_confirmed().await.unwrap();
    alice.edits(one, &format!("@{BOT_USERNAME} are you there?"));
    let heard = async |words: &str| {
        house.telegram.wait_for_message(GROUP, |shown| shown.text == words).await.unwrap();
    };
    heard("Heard are you there?").await;
    alice.edits(one, &format!("@{BOT_USERNAME} are you still there?"));
    alice.says_in(&group, &format!("@{BOT_USERNAME} thank you"));
    heard("Heard thank you").await;

    assert_eq!(said(&house.telegram.screen(&group)), ["Heard are you there?", "Heard thank you"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn edits_of_what_is_not_for_the_bot_and_of_what_is_answered_leave_nothing() {
    let (house, _) = house().await;
    house.telegram.privacy_mode(false);
    let bot = house.serve();
    let (alice, bob) = (house.telegram.user(1001, "Alice"), house.telegram.user(1002, "Bob"));
    let group = house.telegram.group(GROUP, "Team");

    let lunch = bob.says_in(&group, "lunch?");
    bob.edits(lunch, "dinner?");
    let one = alice.says("one");
    house.wait_until_last(1001, |text| text == "Heard one").await;
    alice.edits(one, "uno");
    alice.says("two");
    house.wait_until_last(1001, |text| text == "Heard two").await;

    let beside = house.setup.beside().await;
    assert_eq!(beside.number("SELECT COUNT(*) FROM inbox").await, 2);
    assert_eq!(beside.texts("SELECT name FROM identities").await, ["Alice"]);
    assert_eq!(
        beside.texts("SELECT content FROM messages WHERE role = 'user' ORDER BY seq").await,
        ["one", "two"]
    );
    assert_eq!(house.models.count(), 2);
    beside.close().await;
    house.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_by_a_stranger_or_of_something_old_is_no_reason_to_begin() {
    let house = House::new().await;
    let strict = House {
        setup: house
            .setup
            .clone()
            .env("SWITCHBOARD__ACCESS__DIRECT", "pairing")
            .env("SWITCHBOARD__ACCESS__USERS", "telegram:1001")
            .env("SWITCHBOARD__ACCESS__GROUPS", "listed")
            .env("SWITCHBOARD__CATCHUP__MAX_AGE_MINUTES", "60"),
        ..house
    };
    strict.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    let bot = strict.serve();
    strict.telegram.wait_for_poll().await.unwrap();
    let (alice, bob) = (strict.telegram.user(1001, "Alice"), strict.telegram.user(1002, "Bob"));
    let group = strict.telegram.group(GROUP, "Team");

    strict.telegram.hold_updates();
    let old = alice.says("long ago");
    let strange = bob.says("psst");
    let outside = alice.says_in(&group, &format!("@{BOT_USERNAME} hello?"));
    alice.edits(old, "long, long ago");
    bob.edits(strange, "psst!");
    alice.edits(outside, &format!("@{BOT_USERNAME} hello!"));
    strict.telegram.release_updates_in_order(&[4, 5]);
    let edit = serde_json::json!({
        "message_id": old.id, "date": seconds() - 3700, "edit_date": seconds(), "text": "long, long ago",
        "chat": { "id": 1001, "type": "private", "first_name": "Alice" },
        "from": { "id": 1001, "is_bot": false, "first_name": "Alice" },
    });
    strict.telegram.inject("edited_message", &edit.to_string());
    strict.telegram.wait_until_confirmed().await.unwrap();
    let beside = strict.setup.beside().await;
    for table in ["inbox", "identities", "addresses"] {
        assert_eq!(beside.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(strict.models.count(), 0);
    beside.close().await;
    strict.ends_well(bot).await;
}

/// Seconds since 1970.
fn seconds() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_secs()
}
