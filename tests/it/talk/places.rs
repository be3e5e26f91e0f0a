//! Where people talk on Telegram: directly, in a group, in a topic of a forum.

use crate::support::telegram::BOT_USERNAME;
use crate::talk::{House, heard, said};

#[tokio::test]
async fn every_place_has_its_answers_and_a_conversation_of_its_own() {
    let house = House::new().await;
    house.telegram.without_rate_limits();
    house.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    let (alice, bob) = (house.telegram.user(1001, "Alice"), house.telegram.user(1002, "Bob"));
    let group = house.telegram.group(-1001, "Team");
    let forum = house.telegram.forum(-1_001_000_000_001, "Club");
    let (plans, fruit) = (forum.topic("Plans", &alice), forum.topic("Fruit", &alice));
    let bot = house.serve();
    let mention = format!("@{BOT_USERNAME}");

    alice.says("plum");
    house.wait_until_last(1001, |text| text == "Heard plum").await;
    alice.says_in(&group, &format!("{mention} pear"));
    let pear = house.wait_until_last(group.id(), |text| text == "Heard pear").await;
    for (topic, word) in [(&plans, "quince"), (&fruit, "grape")] {
        alice.says_in(topic, &format!("{mention} {word}"));
        let answer = format!("Heard {word}");
        house.telegram.wait_for_message(topic, |shown| shown.text == answer).await.unwrap();
    }
    alice.says_in(&forum, &format!("{mention} melon"));
    house.wait_until_last(forum.id(), |text| text == "Heard melon").await;
    // Each goes on where it was, whoever speaks.
    bob.replies_to(pear.last().unwrap(), "fig");
    house.wait_until_last(group.id(), |text| text == "Heard fig").await;
    bob.says_in(&plans, &format!("{mention} date"));
    house.telegram.wait_for_message(&plans, |shown| shown.text == "Heard date").await.unwrap();
    alice.says("apple");
    house.wait_until_last(1001, |text| text == "Heard apple").await;
    bob.says("lime");
    house.wait_until_last(1002, |text| text == "Heard lime").await;

    let expected: [(&str, &[&str]); 9] = [
        ("plum", &["plum"]),
        ("pear", &["pear"]),
        ("quince", &["quince"]),
        ("grape", &["grape"]),
        ("melon", &["melon"]),
        ("fig", &["pear", "Heard pear", "fig"]),
        ("date", &["quince", "Heard quince", "date"]),
        ("apple", &["plum", "Heard plum", "apple"]),
        ("lime", &["lime"]),
    ];
    for (question, all) in expected {
        assert_eq!(heard(&house.models, question), all, "{question}");
    }
    assert_eq!(said(&house.telegram.screen(group.id())), ["Heard pear", "Heard fig"]);
    assert_eq!(said(&house.telegram.screen(&plans)), ["Heard quince", "Heard date"]);
    assert_eq!(said(&house.telegram.screen(&fruit)), ["Heard grape"]);
    assert_eq!(said(&house.telegram.screen(1001)), ["Heard plum", "Heard apple"]);
    house.ends_well(bot).await;
}
