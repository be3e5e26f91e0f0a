//! Second thoughts, on Telegram: edits of what waits, of what has not come yet, of
//! what was not for the bot. Of deletions Telegram tells nothing.

use std::time::Duration;

use crate::support::models::Gate;
use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::BOT_USERNAME;
use crate::talk::{first_waits, wait_until_it_waits};

/// A group.
const GROUP: i64 = -1001;

/// A model that answers with what it heard, and lets the first wait for `gate`.
async fn stage() -> (Stage, Gate) {
    let stage = Stage::lifelike().await;
    let gate = first_waits(&stage.models);
    (stage.unhurried(), gate)
}

#[tokio::test]
async fn what_waits_is_heard_as_it_was_edited_last() {
    let (stage, gate) = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");

    alice.says("first");
    gate.wait_until_held(1).await;
    let beside = stage.setup.beside().await;
    let second = alice.says("secnd");
    wait_until_it_waits(&beside, "secnd").await;
    alice.edits(second, "second");
    alice.edits(second, "the second");
    wait_until_it_waits(&beside, "the second").await;
    gate.release();

    let screen = stage.wait_until_last(1001, "Heard the second").await;
    assert_eq!(said(&screen), ["Heard first", "Heard the second"]);
    assert_eq!(stage.models.count(), 2);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_that_comes_before_its_message_is_answered_and_the_message_adds_nothing() {
    let (stage, _) = stage().await;
    stage.platform.privacy_mode(false);
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    stage.platform.group(GROUP, "Team");

    for place in [1001, GROUP] {
        let call = if place == 1001 { String::new() } else { format!("@{BOT_USERNAME} ") };
        // As third, first, second; and what comes after all of them.
        for (order, number) in [([2, 0, 1], 1), ([1, 0, 2], 2), ([2, 1, 0], 3)] {
            stage.platform.hold_updates();
            let one = alice.says_in(place, &format!("{call}helo {number}"));
            alice.edits(one, &format!("{call}hello {number}"));
            stage.platform.time_passes(Duration::from_secs(2));
            alice.edits(one, &format!("{call}hello, {number}"));
            stage.platform.release_updates_in_order(&order);
            let heard = format!("Heard hello, {number}");
            stage.platform.wait_for_message(place, |shown| shown.text == heard).await.unwrap();
            stage.platform.wait_until_confirmed().await.unwrap();
        }
        alice.says_in(place, &format!("{call}goodbye"));
        stage.platform.wait_for_message(place, |shown| shown.text == "Heard goodbye").await.unwrap();
        assert_eq!(
            said(&stage.platform.screen(place)),
            ["Heard hello, 1", "Heard hello, 2", "Heard hello, 3", "Heard goodbye"]
        );
    }
    assert_eq!(stage.models.count(), 8);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_that_comes_in_a_batch_of_its_own_before_its_message_is_answered_once() {
    let (stage, _) = stage().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");

    stage.platform.hold_updates();
    let one = alice.says("helo");
    alice.edits(one, "hello");
    stage.platform.release_updates_in_order(&[1]);
    stage.wait_until_last(1001, "Heard hello").await;
    let late = serde_json::json!({
        "message_id": one.id, "date": seconds(), "text": "helo",
        "chat": { "id": 1001, "type": "private", "first_name": "Alice" },
        "from": { "id": 1001, "is_bot": false, "first_name": "Alice" },
    });
    stage.platform.inject("message", &late.to_string());
    stage.platform.wait_until_confirmed().await.unwrap();

    alice.says("and then");
    let screen = stage.wait_until_last(1001, "Heard and then").await;
    assert_eq!(said(&screen), ["Heard hello", "Heard and then"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_mention_that_is_added_later_calls_the_bot_once() {
    let (stage, _) = stage().await;
    stage.platform.privacy_mode(false);
    let bot = stage.serve().await;
    let (alice, group) = (stage.platform.user(1001, "Alice"), stage.platform.group(GROUP, "Team"));

    let one = alice.says_in(&group, "are you there?");
    stage.platform.wait_until_confirmed().await.unwrap();
    alice.edits(one, &format!("@{BOT_USERNAME} are you there?"));
    let heard = async |words: &str| {
        stage.platform.wait_for_message(GROUP, |shown| shown.text == words).await.unwrap();
    };
    heard("Heard are you there?").await;
    alice.edits(one, &format!("@{BOT_USERNAME} are you still there?"));
    alice.says_in(&group, &format!("@{BOT_USERNAME} thank you"));
    heard("Heard thank you").await;

    assert_eq!(said(&stage.platform.screen(&group)), ["Heard are you there?", "Heard thank you"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn edits_of_what_is_not_for_the_bot_leave_nothing() {
    let (stage, _) = stage().await;
    stage.platform.privacy_mode(false);
    let bot = stage.serve().await;
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let group = stage.platform.group(GROUP, "Team");

    let lunch = bob.says_in(&group, "lunch?");
    bob.edits(lunch, "dinner?");
    alice.says("one");
    stage.wait_until_last(1001, "Heard one").await;
    alice.says("two");
    stage.wait_until_last(1001, "Heard two").await;

    let beside = stage.setup.beside().await;
    assert_eq!(beside.number("SELECT COUNT(*) FROM inbox").await, 2);
    assert_eq!(beside.texts("SELECT name FROM identities").await, ["Alice"]);
    assert_eq!(
        beside.texts("SELECT content FROM messages WHERE role = 'user' ORDER BY seq").await,
        ["one", "two"]
    );
    assert_eq!(stage.models.count(), 2);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_edit_by_a_stranger_or_of_something_old_is_no_reason_to_begin() {
    let strict = Stage::lifelike()
        .await
        .set("ACCESS__DIRECT", "pairing")
        .set("ACCESS__USERS", "telegram:1001")
        .set("ACCESS__GROUPS", "listed")
        .set("CATCHUP__MAX_AGE_MINUTES", "60");
    strict.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let bot = strict.serve().await;
    let (alice, bob) = (strict.platform.user(1001, "Alice"), strict.platform.user(1002, "Bob"));
    let group = strict.platform.group(GROUP, "Team");

    strict.platform.hold_updates();
    let old = alice.says("long ago");
    let strange = bob.says("psst");
    let outside = alice.says_in(&group, &format!("@{BOT_USERNAME} hello?"));
    alice.edits(old, "long, long ago");
    bob.edits(strange, "psst!");
    alice.edits(outside, &format!("@{BOT_USERNAME} hello!"));
    strict.platform.release_updates_in_order(&[4, 5]);
    let edit = serde_json::json!({
        "message_id": old.id, "date": seconds() - 3700, "edit_date": seconds(), "text": "long, long ago",
        "chat": { "id": 1001, "type": "private", "first_name": "Alice" },
        "from": { "id": 1001, "is_bot": false, "first_name": "Alice" },
    });
    strict.platform.inject("edited_message", &edit.to_string());
    strict.platform.wait_until_confirmed().await.unwrap();
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
