//! Rate limits and what is answered besides.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::client::{ask, post, send};
use super::emulator::Discord;

#[tokio::test]
async fn a_channel_takes_five_messages_in_five_seconds() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let other = discord.user(2, "bob").dm_channel();
    for _ in 0..5 {
        assert_eq!(post(&discord, dm, json!({ "content": "a" })).await.status, 200);
    }

    let path = format!("/channels/{dm}/messages");
    let refused = send(&discord, "POST", &path, Some(json!({ "content": "a" }))).await.unwrap();

    assert_eq!(refused.status(), 429);
    let header = |name: &str| refused.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-ratelimit-limit"), "5");
    assert_eq!(header("x-ratelimit-remaining"), "0");
    assert_eq!(header("x-ratelimit-scope"), "user");
    let seconds: u64 = header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&seconds));
    assert!(header("x-ratelimit-reset-after").parse::<f64>().unwrap() <= 5.0);
    let body: Value = refused.json().await.unwrap();
    assert_eq!((&body["message"], &body["global"]), (&json!("You are being rate limited."), &json!(false)));
    assert!(body["retry_after"].as_f64().unwrap() > 0.0);
    assert_eq!(discord.invalid_requests(), 1);

    assert_eq!(post(&discord, other, json!({ "content": "a" })).await.status, 200);
    discord.time_passes(Duration::from_secs(5));
    assert_eq!(post(&discord, dm, json!({ "content": "a" })).await.status, 200);
    assert!(discord.problems().is_empty());
}

#[tokio::test]
async fn every_answer_tells_its_bucket() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();

    let answer = send(&discord, "GET", &format!("/channels/{dm}/messages/5"), None).await.unwrap();

    assert_eq!(answer.status(), 404);
    for name in ["limit", "remaining", "reset", "reset-after", "bucket"] {
        assert!(answer.headers().contains_key(format!("x-ratelimit-{name}")), "{name}");
    }
}

#[tokio::test]
async fn a_bot_makes_fifty_requests_per_second_besides_interactions() {
    let discord = Discord::start().await;
    let client = reqwest012::Client::new();
    let mut calls = JoinSet::new();
    for person in 1..=200 {
        let url =
            format!("{}/api/v10/channels/{}/typing", discord.url(), discord.user(person, "x").dm_channel());
        let request = client.post(url).header("authorization", format!("Bot {}", discord.token()));
        let request = request.header("user-agent", "DiscordBot (https://example.org, 1)").build().unwrap();
        calls.spawn(client.execute(request));
    }
    let answers = calls.join_all().await;

    let refused = answers.into_iter().map(Result::unwrap).find(|answer| answer.status() == 429);
    let refused = refused.expect("200 requests take less than four seconds");
    assert_eq!(refused.headers()["x-ratelimit-global"], "true");
    assert_eq!(refused.headers()["x-ratelimit-scope"], "global");
    assert_eq!(refused.json::<Value>().await.unwrap()["global"], true);
    let callback = ask(&discord, "POST", "/interactions/1/none/callback", Some(json!({ "type": 5 }))).await;
    assert_eq!(callback.code(), 10062);
}

#[tokio::test]
async fn a_wrong_token_is_unauthorized_and_noted() {
    let discord = Discord::start().await;
    let url = format!("{}/api/v10/users/@me", discord.url());
    let request = reqwest012::Client::new().get(url).header("user-agent", "DiscordBot (a, 1)");

    let answer = request.header("authorization", "Bot wrong").send().await.unwrap();

    assert_eq!(answer.status(), 401);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body, json!({ "message": "401: Unauthorized", "code": 0 }));
    assert_eq!(discord.invalid_requests(), 1);
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn unknown_calls_are_noted() {
    let discord = Discord::start().await;

    let unknown = ask(&discord, "GET", "/voice/regions", None).await;
    let wrong_method = ask(&discord, "PUT", "/users/@me", Some(json!({}))).await;

    assert_eq!(unknown.body, json!({ "message": "404: Not Found", "code": 0 }));
    assert_eq!(wrong_method.body, json!({ "message": "405: Method Not Allowed", "code": 0 }));
    assert_eq!(discord.take_problems(), ["unknown call: GET /voice/regions", "unknown call: PUT /users/@me"]);
}
