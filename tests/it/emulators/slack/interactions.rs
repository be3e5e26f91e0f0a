//! Slash commands, clicks, response urls and views.

use std::time::Duration;

use serde_json::{Value, json};

use super::bot::{Link, call, workspace};

#[tokio::test]
async fn a_command_is_answered_by_its_acknowledgement_for_one_person_only() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    alice.runs_in("C1", "/switchboard", "help me");
    let envelope = link.next().await.unwrap();
    assert_eq!(
        (&envelope["type"], &envelope["accepts_response_payload"]),
        (&json!("slash_commands"), &json!(true))
    );
    let payload = &envelope["payload"];
    assert_eq!((&payload["command"], &payload["text"]), (&json!("/switchboard"), &json!("help me")));
    assert_eq!((&payload["user_id"], &payload["channel_id"]), (&json!("U1"), &json!("C1")));
    link.ack(&envelope, Some(json!({"text": "Commands: ..."}))).await;
    let shown = slack.wait_for_message("C1", |_| true).await.unwrap();
    assert_eq!((shown.text.as_str(), shown.only_for.as_deref()), ("Commands: ...", Some("U1")));
    assert!(slack.user("U2", "bob").screen("C1").is_empty());
    alice.runs("/switchboard", "");
    let envelope = link.next().await.unwrap();
    link.ack(&envelope, Some(json!({"text": "to all", "response_type": "in_channel"}))).await;
    let shown = slack.wait_for_message(&alice.dm_channel(), |_| true).await.unwrap();
    assert_eq!(shown.only_for, None);
}

#[tokio::test]
async fn a_command_nobody_acknowledges_is_an_error_and_not_tried_again() {
    let (slack, alice) = workspace().await;
    alice.runs_in("C1", "/switchboard", "help");
    let shown = slack.wait_for_message("C1", |_| true).await.unwrap();
    assert_eq!(shown.text, "/switchboard failed with the error \"dispatch_failed\"");
    slack.acknowledge_within(Duration::from_millis(100));
    let mut link = Link::open(&slack).await;
    alice.runs_in("C1", "/switchboard", "help");
    let envelope = link.next().await.unwrap();
    let shown = slack.wait_for_message("C1", |shown| shown.text.contains("operation_timeout")).await.unwrap();
    assert_eq!(shown.only_for.as_deref(), Some("U1"));
    link.ack(&envelope, Some(json!({"text": "too late"}))).await;
    slack.advance(Duration::from_secs(600));
    tokio::time::timeout(Duration::from_millis(100), link.next())
        .await
        .expect_err("commands are not repeated");
    assert_eq!(alice.screen("C1").len(), 2);
}

async fn respond(url: &str, body: Value) -> (u16, String) {
    let response = super::bot::web().build().unwrap().post(url).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_response_url_works_five_times_in_half_an_hour() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    slack.subscribe_only(&[]);
    alice.runs_in("C1", "/switchboard", "a");
    let url = link.take().await["payload"]["response_url"].as_str().unwrap().to_owned();
    for _ in 0..4 {
        assert_eq!(respond(&url, json!({"text": "more"})).await, (200, "ok".to_owned()));
    }
    assert_eq!(respond(&url, json!({"text": "all", "response_type": "in_channel"})).await.0, 200);
    assert_eq!(
        respond(&url, json!({"text": "sixth"})).await,
        (404, r#"{"error":"used_url","ok":false}"#.to_owned())
    );
    assert_eq!(slack.user("U2", "bob").screen("C1").len(), 1);
    assert_eq!(alice.screen("C1").len(), 5);
    alice.runs_in("C1", "/switchboard", "b");
    let url = link.take().await["payload"]["response_url"].as_str().unwrap().to_owned();
    slack.advance(Duration::from_secs(1801));
    assert!(respond(&url, json!({"text": "late"})).await.1.contains("expired_url"));
}

#[tokio::test]
async fn a_click_carries_its_message_and_the_url_can_replace_or_delete_it() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    slack.subscribe_only(&[]);
    let blocks = json!([{"type": "actions", "elements": [
        {"type": "button", "action_id": "approve", "value": "42", "text": {"type": "plain_text", "text": "Approve"}},
    ]}]);
    let body = json!({"channel": "C1", "text": "Approve?", "blocks": blocks});
    let ts = call(&slack, "chat.postMessage", body).await["ts"].as_str().unwrap().to_owned();
    alice.clicks("C1", &ts, "approve");
    let envelope = link.take().await;
    let payload = &envelope["payload"];
    assert_eq!((&envelope["type"], &payload["type"]), (&json!("interactive"), &json!("block_actions")));
    assert_eq!(
        (&payload["actions"][0]["action_id"], &payload["actions"][0]["value"]),
        (&json!("approve"), &json!("42"))
    );
    assert_eq!((&payload["container"]["message_ts"], &payload["message"]["ts"]), (&json!(ts), &json!(ts)));
    let url = payload["response_url"].as_str().unwrap();
    assert_eq!(respond(url, json!({"text": "Approved.", "replace_original": true})).await.0, 200);
    assert_eq!(slack.message("C1", &ts).unwrap().text, "Approved.");
    assert_eq!(respond(url, json!({"delete_original": true})).await.0, 200);
    assert!(alice.screen("C1").is_empty());
}

#[tokio::test]
async fn a_view_needs_a_fresh_trigger() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    let view = json!({"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": []});
    let mut trigger = async || {
        alice.runs_in("C1", "/switchboard", "form");
        link.take().await["payload"]["trigger_id"].clone()
    };
    let fresh = trigger().await;
    let opened = call(&slack, "views.open", json!({"trigger_id": fresh, "view": view})).await;
    assert_eq!((&opened["ok"], &opened["view"]["type"]), (&json!(true), &json!("modal")));
    assert_eq!(slack.views("U1").len(), 1);
    let old = trigger().await;
    slack.advance(Duration::from_secs(4));
    let late = call(&slack, "views.open", json!({"trigger_id": old, "view": view})).await;
    assert_eq!(late["error"], "expired_trigger_id");
}

#[tokio::test]
async fn an_ephemeral_message_can_be_replaced_and_makes_no_event() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    let button = json!({"type": "button", "action_id": "ok", "text": {"type": "plain_text", "text": "OK"}});
    let body = json!({"channel": "C1", "user": "U1", "text": "?", "blocks": [{"type": "actions", "elements": [button]}]});
    let answer = call(&slack, "chat.postEphemeral", body).await;
    let ts = answer["message_ts"].as_str().unwrap();
    alice.clicks("C1", ts, "ok");
    let payload = link.take().await["payload"].clone();
    assert_eq!(payload["container"]["is_ephemeral"], true);
    assert!(payload["message"].is_null());
    let url = payload["response_url"].as_str().unwrap();
    assert_eq!(respond(url, json!({"text": "!", "blocks": [], "replace_original": true})).await.0, 200);
    assert_eq!(alice.screen("C1")[0].text, "!");
    assert!(slack.wait_until_delivered().await);
    tokio::time::timeout(Duration::from_millis(100), link.next()).await.expect_err("nothing is announced");
}
