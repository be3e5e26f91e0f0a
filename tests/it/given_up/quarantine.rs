//! What cannot be read, on every platform: it is kept as it came, an admin sees
//! it, and what came with it is answered.

use std::collections::BTreeMap;

use serde_json::json;

use super::field;
use crate::support::discord::Discord;
use crate::support::program::Running;
use crate::support::slack::Slack;
use crate::support::stage::Stage;

/// A daemon on all platforms, answered by echoes.
struct House {
    stage: Stage,
    discord: Discord,
    slack: Slack,
}

impl House {
    async fn new() -> Self {
        let (discord, slack) = (Discord::start().await.without_rate_limits(), Slack::start().await);
        slack.without_rate_limits();
        let stage = Stage::new()
            .await
            .open()
            .set("CHANNELS__DISCORD__TOKEN", &discord.token())
            .set("CHANNELS__DISCORD__API_BASE", &discord.url())
            .set("CHANNELS__SLACK__BOT_TOKEN", &slack.bot_token())
            .set("CHANNELS__SLACK__APP_TOKEN", &slack.app_token())
            .set("CHANNELS__SLACK__API_BASE", &slack.api_url());
        stage.models.echoes();
        Self { stage, discord, slack }
    }

    async fn serve(&self) -> Running {
        let bot = self.stage.serve().await;
        self.discord.wait_until_connected().await;
        assert!(self.slack.wait_for_sockets(1).await);
        bot
    }
}

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
    let house = House::new().await;
    let alice = house.stage.telegram.user(1001, "Alice");
    let (bob, carol) = (house.discord.user(1, "bob"), house.slack.user("U1", "carol"));
    // All of it is there at once, so that it comes in together.
    alice.says("apple");
    house.stage.telegram.inject("message", &unreadable_on_telegram());
    alice.says("almond");
    let bot = house.serve().await;
    house.discord.holds_events();
    bob.dm("banana");
    house.discord.tells("MESSAGE_CREATE", json!({ "id": "900", "channel_id": [], "content": "CANARY" }));
    bob.dm("blueberry");
    house.discord.releases_events();
    carol.dm("cherry");
    house.slack.sends_frame("e1", &unreadable_on_slack(&house.slack));
    carol.dm("coconut");

    house.stage.wait_for(1001, "almond").await;
    bob.waits_for(bob.dm_channel(), |shown| shown.by_bot && shown.text.contains("blueberry")).await;
    let chat = carol.dm_channel();
    let answered = house.slack.wait_for_message(&chat, |shown| shown.text.contains("coconut"));
    answered.await.unwrap_or_else(|error| panic!("{error}"));
    assert!(house.slack.wait_until_delivered().await);
    house.stage.telegram.wait_until_confirmed().await.unwrap();
    let asked = house.stage.models.requests();
    let asked: Vec<&str> = asked.iter().flat_map(|asked| asked.questions()).collect();
    for word in ["apple", "almond", "banana", "blueberry", "cherry", "coconut"] {
        assert_eq!(asked.iter().filter(|asked| **asked == word).count(), 1, "{word}: {asked:?}");
    }

    let list = house.stage.json(&["inbox", "list", "--state", "quarantined"]).await;
    let kept: BTreeMap<&str, &str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| (field(kept, "platform"), field(kept, "reference")))
        .collect();
    assert_eq!(kept.keys().copied().collect::<Vec<_>>(), ["discord", "slack", "telegram"], "{list}");
    assert_eq!(list.as_array().unwrap().len(), 3, "{list}");
    let told = house.stage.told(&["inbox", "list"]).await;
    assert!(!told.contains("CANARY"), "{told}");
    for (platform, reference) in kept {
        let line = told.lines().find(|line| line.starts_with(reference)).expect(platform);
        assert!(line.contains(" quarantined ") && line.contains(platform), "{line}");
        let shown = house.stage.told(&["inbox", "show", reference, "--text"]).await;
        assert!(shown.contains("CANARY"), "{platform}: {shown}");
    }
    assert_eq!(house.discord.problems(), Vec::<String>::new());
    assert_eq!(house.slack.problems(), Vec::<String>::new());
    house.stage.ends_well(bot).await;
}
