//! Interactions: deadlines, tokens, ephemeral answers, components.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Gateway, ORDINARY, ask, post};
use super::emulator::{Acknowledged, Discord, Invocation, User};

struct Case {
    discord: Discord,
    gateway: Gateway,
    alice: User,
    general: u64,
}

impl Case {
    /// A guild with a command, and a bot that hears of it.
    async fn new() -> Self {
        let discord = Discord::start().await.without_rate_limits();
        let general = discord.guild(100, "Team").channel(200, "general");
        let alice = discord.user(1, "alice");
        let option = json!({ "name": "name", "description": "Which", "type": 3, "autocomplete": true });
        let command = json!({ "name": "model", "description": "Chooses", "options": [option] });
        let path = format!("/applications/{}/commands", discord.bot_id());
        assert_eq!(ask(&discord, "PUT", &path, Some(json!([command]))).await.status, 200);
        let gateway = Gateway::ready(&discord, ORDINARY).await;
        Self { discord, gateway, alice, general }
    }

    async fn command(&mut self) -> (Invocation, Value) {
        let invocation = self.alice.runs_command("model", &[("name", json!("small"))], self.general).await;
        (invocation, self.gateway.event("INTERACTION_CREATE").await)
    }

    async fn answer(&self, interaction: &Value, body: Value) -> Answer {
        let (id, token) = (interaction["id"].as_str().unwrap(), interaction["token"].as_str().unwrap());
        ask(&self.discord, "POST", &format!("/interactions/{id}/{token}/callback"), Some(body)).await
    }

    async fn webhook(&self, method: &str, interaction: &Value, rest: &str, body: Option<Value>) -> Answer {
        let token = interaction["token"].as_str().unwrap();
        ask(&self.discord, method, &format!("/webhooks/{}/{token}{rest}", self.discord.bot_id()), body).await
    }
}

const ORIGINAL: &str = "/messages/@original";

#[tokio::test]
async fn a_deferred_command_is_edited_later() {
    let mut case = Case::new().await;
    let (invocation, interaction) = case.command().await;
    assert_eq!(interaction["data"]["options"][0]["value"], "small");
    assert_eq!(interaction["member"]["user"]["username"], "alice");

    assert_eq!(case.answer(&interaction, json!({ "type": 5 })).await.status, 204);
    assert_eq!(invocation.acknowledged(), Some(Acknowledged::Deferred));
    assert!(case.discord.screen(case.general)[0].loading);
    let edited =
        case.webhook("PATCH", &interaction, ORIGINAL, Some(json!({ "content": "Done, <@1>." }))).await;

    assert_eq!(edited.body["flags"], 0);
    let shown = &case.discord.screen(case.general)[0];
    assert_eq!((shown.text.as_str(), shown.loading, shown.edits), ("Done, <@1>.", false, 0));
    assert_eq!(shown.command, Some(("model".to_owned(), 1)));
    assert_eq!(shown.notified, [1]);
    assert_eq!(case.answer(&interaction, json!({ "type": 5 })).await.code(), 40060);
}

#[tokio::test]
async fn after_three_seconds_an_interaction_is_unknown() {
    let mut case = Case::new().await;
    let (invocation, interaction) = case.command().await;
    case.discord.time_passes(Duration::from_millis(3001));

    let late = case.answer(&interaction, json!({ "type": 5 })).await;

    assert_eq!((late.status, late.code()), (404, 10062));
    assert!(invocation.failed());
    let edit = case.webhook("PATCH", &interaction, ORIGINAL, Some(json!({ "content": "a" }))).await;
    assert_eq!(edit.code(), 10015);
}

#[tokio::test]
async fn a_token_is_valid_for_fifteen_minutes() {
    let mut case = Case::new().await;
    let (_, interaction) = case.command().await;
    case.answer(&interaction, json!({ "type": 4, "data": { "content": "soon" } })).await;
    let edit = json!({ "content": "later" });

    case.discord.time_passes(Duration::from_secs(14 * 60));
    assert_eq!(case.webhook("PATCH", &interaction, ORIGINAL, Some(edit.clone())).await.status, 200);
    case.discord.time_passes(Duration::from_secs(61));
    let late = case.webhook("PATCH", &interaction, ORIGINAL, Some(edit)).await;

    assert_eq!((late.status, late.code()), (401, 50027));
}

#[tokio::test]
async fn an_ephemeral_answer_is_seen_by_one_person_only() {
    let mut case = Case::new().await;
    let bob = case.discord.user(2, "bob");
    bob.says_in(case.general, "hi");
    let (_, interaction) = case.command().await;

    let data = json!({ "content": "psst", "flags": 64 });
    case.answer(&interaction, json!({ "type": 4, "data": data })).await;

    assert_eq!(bob.screen(case.general).len(), 1);
    assert_eq!(case.discord.screen(case.general).len(), 1);
    assert_eq!(case.discord.unseen().len(), 1);
    let secret = case.alice.waits_for(case.general, |shown| shown.text == "psst").await;
    assert!(secret.ephemeral);
    assert!(case.discord.unseen().is_empty());
    let path = format!("/channels/{}/messages/{}", case.general, secret.id);
    assert_eq!(ask(&case.discord, "GET", &path, None).await.code(), 10008);
}

#[tokio::test]
async fn follow_ups_are_messages_of_their_own() {
    let mut case = Case::new().await;
    let (invocation, interaction) = case.command().await;
    assert_eq!(case.webhook("POST", &interaction, "", Some(json!({ "content": "x" }))).await.code(), 10015);
    case.answer(&interaction, json!({ "type": 4, "data": { "content": "one" } })).await;

    let second = case.webhook("POST", &interaction, "", Some(json!({ "content": "two" }))).await;

    assert_eq!(invocation.follow_ups(), [second.id()]);
    let path = format!("/messages/{}", second.id());
    assert_eq!(case.webhook("GET", &interaction, &path, None).await.body["content"], "two");
    assert_eq!(case.webhook("DELETE", &interaction, &path, None).await.status, 204);
    assert_eq!(case.webhook("GET", &interaction, &path, None).await.code(), 10008);
    assert_eq!(case.webhook("GET", &interaction, ORIGINAL, None).await.body["content"], "one");
}

#[tokio::test]
async fn errors_of_a_first_response_are_inside_its_data() {
    let mut case = Case::new().await;
    let (_, interaction) = case.command().await;

    let data = json!({ "content": "x".repeat(2001) });
    let refused = case.answer(&interaction, json!({ "type": 4, "data": data })).await;

    assert_eq!(refused.body["errors"]["data"]["content"]["_errors"][0]["code"], "BASE_TYPE_MAX_LENGTH");
    assert_eq!(case.answer(&interaction, json!({ "type": 6 })).await.code(), 50035, "not for commands");
    assert_eq!(case.discord.take_problems().len(), 2);
}

#[tokio::test]
async fn a_button_updates_its_message() {
    let mut case = Case::new().await;
    let button = json!({ "type": 2, "style": 4, "label": "Stop", "custom_id": "stop" });
    let row = json!([{ "type": 1, "components": [button] }]);
    let id = post(&case.discord, case.general, json!({ "content": "…", "components": row })).await.id();

    let click = case.alice.clicks(id, "stop");
    let interaction = case.gateway.event("INTERACTION_CREATE").await;
    assert_eq!(interaction["message"]["id"], id.to_string());
    let data = json!({ "content": "Stopped.", "components": [] });
    case.answer(&interaction, json!({ "type": 7, "data": data })).await;

    assert_eq!(click.wait_until_acknowledged().await, Acknowledged::Updated);
    let shown = &case.discord.screen(case.general)[0];
    assert_eq!((shown.text.as_str(), shown.controls.len(), shown.edits), ("Stopped.", 0, 1));
}

#[tokio::test]
async fn options_are_suggested_while_a_person_types() {
    let mut case = Case::new().await;
    let typing = case.alice.types_option("model", &[("name", json!("sm"))], case.general).await;
    let interaction = case.gateway.event("INTERACTION_CREATE").await;
    assert_eq!(
        (&interaction["type"], &interaction["data"]["options"][0]["focused"]),
        (&json!(4), &json!(true))
    );

    let choice = json!({ "name": "Small", "value": "small" });
    case.answer(&interaction, json!({ "type": 8, "data": { "choices": [choice] } })).await;

    assert_eq!(typing.acknowledged(), Some(Acknowledged::Suggested(vec![choice])));
}

#[tokio::test]
async fn a_response_can_be_asked_for() {
    let mut case = Case::new().await;
    let (invocation, interaction) = case.command().await;
    let (id, token) = (interaction["id"].as_str().unwrap(), interaction["token"].as_str().unwrap());
    let path = format!("/interactions/{id}/{token}/callback?with_response=true");

    let answer =
        ask(&case.discord, "POST", &path, Some(json!({ "type": 4, "data": { "content": "hi" } }))).await;

    assert_eq!(answer.status, 200);
    let message = invocation.original().unwrap().to_string();
    assert_eq!(answer.body["interaction"]["response_message_id"], message);
    assert_eq!(answer.body["resource"]["message"]["content"], "hi");
}
