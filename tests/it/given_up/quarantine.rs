//! What cannot be read, on every platform: it is kept as it came, an admin sees
//! it, and what came with it is answered.

use std::collections::BTreeMap;

use serde_json::json;

use super::field;
use crate::support::discord::Discord;
use crate::support::slack::Slack;
use crate::support::stage::Stage;

/// A message of Telegram's with half a character in it.
fn unreadable_on_telegram() -> String {
    r#"{"message_id":900,"date":1800000000,"chat":{"id":1001,"type":"private","first_name":"Alice"},"from":{"id":1001,"is_bot":false,"first_name":"Alice"},"text":"CANARY \ud800"}"#.to_owned()
}

/// An event of Slack's with half a character in it, in its envelope.
fn unreadable_on_slack(slack: &Slack) -> String {
    let event = format!(
        r#"{{"type":"message","channel":"D1","channel_type":"im","user":"U1","ts":"1700000000.000100","text":"CANARY \ud800","team":"{}"}}"#,
        slack.team()
    );
    format!(
        r#"{{"envelope_id":"e1","type":"events_api","accepts_response_payload":false,"payload":{{"team_id":"{}","event_id":"Ev900","event":{event}}}}}"#,
        slack.team()
    )
}

#[tokio::test]
async fn what_cannot_be_read_is_listed_on_every_platform_and_its_batch_is_answered() {
    let mut stage = Stage::new().await.open();
    let discord = stage.also_on(Discord::start().await.without_rate_limits());
    let slack = stage.also_on(Slack::start().await);
    slack.platform.without_rate_limits();
    stage.models.echoes();
    let alice = stage.platform.user(1001, "Alice");
    let (bob, carol) = (discord.platform.user(1, "bob"), slack.platform.user("U1", "carol"));
    // All of it is there at once, so that it comes in together.
    alice.says("apple");
    stage.platform.inject("message", &unreadable_on_telegram());
    alice.says("almond");
    let bot = stage.serve().await;
    discord.platform.wait_until_connected().await;
    assert!(slack.platform.wait_for_sockets(2).await);
    discord.platform.holds_events();
    bob.dm("banana");
    discord.platform.tells("MESSAGE_CREATE", json!({ "id": "900", "channel_id": [], "content": "CANARY" }));
    bob.dm("blueberry");
    discord.platform.releases_events();
    carol.dm("cherry");
    slack.platform.sends_frame("e1", &unreadable_on_slack(&slack.platform));
    carol.dm("coconut");

    stage.wait_for(1001, "almond").await;
    bob.waits_for(bob.dm_channel(), |shown| shown.by_bot && shown.text.contains("blueberry")).await;
    let chat = carol.dm_channel();
    slack.wait_for(&chat, "coconut").await;
    assert!(slack.platform.wait_until_delivered().await);
    stage.platform.wait_until_confirmed().await.unwrap();
    let asked = stage.models.requests();
    let asked: Vec<&str> = asked.iter().flat_map(|asked| asked.questions()).collect();
    for word in ["apple", "almond", "banana", "blueberry", "cherry", "coconut"] {
        assert_eq!(asked.iter().filter(|asked| **asked == word).count(), 1, "{word}: {asked:?}");
    }

    // Quick messages may be answered together.
    let said = [stage.said(1001), discord.said(bob.dm_channel()), slack.said(&chat)];
    for (said, words) in
        said.iter().zip([["apple", "almond"], ["banana", "blueberry"], ["cherry", "coconut"]])
    {
        assert!(said.len() <= 2 && said.iter().all(|said| words.contains(&said.as_str())), "{said:?}");
    }

    let list = stage.json(&["inbox", "list", "--state", "quarantined"]).await;
    let kept: BTreeMap<&str, &str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| (field(kept, "platform"), field(kept, "reference")))
        .collect();
    assert_eq!(kept.keys().copied().collect::<Vec<_>>(), ["discord", "slack", "telegram"], "{list}");
    assert_eq!(list.as_array().unwrap().len(), 3, "{list}");
    let told = stage.told(&["inbox", "list"]).await;
    assert!(!told.contains("CANARY"), "{told}");
    for (platform, reference) in kept {
        let line = told.lines().find(|line| line.starts_with(reference)).expect(platform);
        assert!(line.contains(" quarantined ") && line.contains(platform), "{line}");
        let shown = stage.told(&["inbox", "show", reference, "--text"]).await;
        assert!(shown.contains("CANARY"), "{platform}: {shown}");
    }
    stage.ends_well(bot).await;
    discord.is_left_well();
    slack.is_left_well();
}
