//! Where people talk on Telegram: directly, in a group, in a topic of a forum.

use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::BOT_USERNAME;
use crate::talk::heard;

#[tokio::test]
async fn every_place_has_its_answers_and_a_conversation_of_its_own() {
    let stage = Stage::lifelike().await;
    stage.platform.without_rate_limits();
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let group = stage.platform.group(-1001, "Team");
    let forum = stage.platform.forum(-1_001_000_000_001, "Club");
    let (plans, fruit) = (forum.topic("Plans", &alice), forum.topic("Fruit", &alice));
    let bot = stage.serve().await;
    let mention = format!("@{BOT_USERNAME}");

    alice.says("plum");
    stage.wait_until_last(1001, "Heard plum").await;
    alice.says_in(&group, &format!("{mention} pear"));
    let pear = stage.wait_until_last(group.id(), "Heard pear").await;
    for (topic, word) in [(&plans, "quince"), (&fruit, "grape")] {
        alice.says_in(topic, &format!("{mention} {word}"));
        let answer = format!("Heard {word}");
        stage.platform.wait_for_message(topic, |shown| shown.text == answer).await.unwrap();
    }
    alice.says_in(&forum, &format!("{mention} melon"));
    stage.wait_until_last(forum.id(), "Heard melon").await;
    // Each goes on where it was, whoever speaks.
    bob.replies_to(pear.last().unwrap(), "fig");
    stage.wait_until_last(group.id(), "Heard fig").await;
    bob.says_in(&plans, &format!("{mention} date"));
    stage.platform.wait_for_message(&plans, |shown| shown.text == "Heard date").await.unwrap();
    alice.says("apple");
    stage.wait_until_last(1001, "Heard apple").await;
    bob.says("lime");
    stage.wait_until_last(1002, "Heard lime").await;

    let expected: [(&str, &[&str]); 9] = [
        ("plum", &["plum"]),
        ("pear", &["Alice: pear"]),
        ("quince", &["Alice: quince"]),
        ("grape", &["Alice: grape"]),
        ("melon", &["Alice: melon"]),
        ("fig", &["Alice: pear", "Heard pear", "Bob: fig"]),
        ("date", &["Alice: quince", "Heard quince", "Bob: date"]),
        ("apple", &["plum", "Heard plum", "apple"]),
        ("lime", &["lime"]),
    ];
    for (question, all) in expected {
        assert_eq!(heard(&stage.models, question), all, "{question}");
    }
    assert_eq!(said(&stage.platform.screen(group.id())), ["Heard pear", "Heard fig"]);
    assert_eq!(said(&stage.platform.screen(&plans)), ["Heard quince", "Heard date"]);
    assert_eq!(said(&stage.platform.screen(&fruit)), ["Heard grape"]);
    assert_eq!(said(&stage.platform.screen(1001)), ["Heard plum", "Heard apple"]);
    stage.ends_well(bot).await;
}
