//! Messages over REST.

use std::time::Duration;

use reqwest012::StatusCode;
use serde_json::json;

use super::client::{Gateway, MESSAGE_CONTENT, ORDINARY, ask, post};
use super::emulator::{Discord, permissions};

#[tokio::test]
async fn a_person_sees_what_the_bot_writes() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();

    let answer = post(&discord, dm, json!({ "content": "  hello  " })).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["content"], "hello");
    assert_eq!(discord.unseen().len(), 1);
    let screen = discord.screen(dm);
    assert_eq!((screen[0].text.as_str(), screen[0].by_bot, screen[0].edits), ("hello", true, 0));
    assert!(discord.unseen().is_empty());
    assert!(discord.problems().is_empty());
}

#[tokio::test]
async fn two_thousand_code_points_fit_and_one_more_does_not() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();

    assert_eq!(post(&discord, dm, json!({ "content": "👪".repeat(2000) })).await.status, 200);
    let refused = post(&discord, dm, json!({ "content": "x".repeat(2001) })).await;

    let error = json!({ "code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length." });
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body,
        json!({
            "code": 50035, "message": "Invalid Form Body", "errors": { "content": { "_errors": [error] } },
        })
    );
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn an_empty_message_is_refused() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();

    for body in [json!({}), json!({ "content": " \n" }), json!({ "content": null, "embeds": [] })] {
        assert_eq!(post(&discord, dm, body).await.code(), 50006);
    }
    assert_eq!(discord.take_problems().len(), 3);
}

#[tokio::test]
async fn an_enforced_nonce_returns_the_first_message_for_a_few_minutes() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let body = json!({ "content": "once", "nonce": "k1", "enforce_nonce": true });

    let first = post(&discord, dm, body.clone()).await.id();
    assert_eq!(post(&discord, dm, body.clone()).await.id(), first);
    assert_eq!(discord.screen(dm).len(), 1);

    assert_ne!(post(&discord, dm, json!({ "content": "once", "nonce": "k1" })).await.id(), first);
    discord.time_passes(Duration::from_secs(301));
    assert_ne!(post(&discord, dm, body).await.id(), first);
}

#[tokio::test]
async fn a_deleted_message_is_not_made_again_by_its_nonce() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let body = json!({ "content": "once", "nonce": 7, "enforce_nonce": true });
    let first = post(&discord, dm, body.clone()).await.id();
    ask(&discord, "DELETE", &format!("/channels/{dm}/messages/{first}"), None).await;

    let again = post(&discord, dm, body).await;

    assert_eq!((again.status, again.code()), (404, 10008));
}

#[tokio::test]
async fn a_nonce_has_at_most_25_characters() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();

    assert_eq!(post(&discord, dm, json!({ "content": "a", "nonce": "x".repeat(25) })).await.status, 200);
    let refused = post(&discord, dm, json!({ "content": "a", "nonce": "x".repeat(26) })).await;

    assert_eq!(refused.body["errors"]["nonce"]["_errors"][0]["code"], "NONCE_TYPE_TOO_LONG");
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn a_reply_needs_its_message_unless_told_otherwise() {
    let discord = Discord::start().await;
    let alice = discord.user(1, "alice");
    let (question, dm) = (alice.dm("are you there?"), alice.dm_channel());
    let reply = |id: u64, fail: bool| {
        let reference = json!({ "message_id": id.to_string(), "fail_if_not_exists": fail });
        json!({ "content": "yes", "message_reference": reference })
    };

    let answer = post(&discord, dm, reply(question, true)).await;
    assert_eq!(answer.body["type"], 19);
    assert_eq!(answer.body["referenced_message"]["content"], "are you there?");
    assert_eq!(discord.screen(dm)[1].reply_to, Some(question));

    alice.deletes(question);
    let refused = post(&discord, dm, reply(question, true)).await;
    assert_eq!(refused.status, 400);
    let error = &refused.body["errors"]["message_reference"]["_errors"][0];
    assert_eq!(error, &json!({ "code": "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "message": "Unknown message" }));
    assert!(discord.problems().is_empty(), "a correct bot may meet this");

    assert_eq!(post(&discord, dm, reply(question, false)).await.body["type"], 0);
}

#[tokio::test]
async fn edits_are_kept_with_their_times() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let id = post(&discord, dm, json!({ "content": "one" })).await.id();

    discord.time_passes(Duration::from_secs(2));
    let path = format!("/channels/{dm}/messages/{id}");
    let edited = ask(&discord, "PATCH", &path, Some(json!({ "content": "two" }))).await;

    assert!(edited.body["edited_timestamp"].is_string());
    let shown = &discord.screen(dm)[0];
    assert_eq!((shown.edits, shown.text.as_str()), (1, "two"));
    assert_eq!(shown.revisions[0].1, "one");
    assert!(shown.revisions[1].0 >= Duration::from_secs(2));
    let emptied = ask(&discord, "PATCH", &path, Some(json!({ "content": "" }))).await;
    assert_eq!(emptied.code(), 50006);
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn only_own_messages_can_be_edited() {
    let discord = Discord::start().await;
    let alice = discord.user(1, "alice");
    let (id, dm) = (alice.dm("mine"), alice.dm_channel());
    let path = format!("/channels/{dm}/messages/{id}");

    let edited = ask(&discord, "PATCH", &path, Some(json!({ "content": "yours" }))).await;
    let deleted = ask(&discord, "DELETE", &path, None).await;

    assert_eq!((edited.status, edited.code()), (403, 50005));
    assert_eq!((deleted.status, deleted.code()), (403, 50003));
}

#[tokio::test]
async fn history_is_paged_newest_first() {
    let discord = Discord::start().await.without_rate_limits();
    let alice = discord.user(1, "alice");
    let ids: Vec<u64> = (0..6).map(|number| alice.dm(&number.to_string())).collect();
    let dm = alice.dm_channel();
    let contents = async |query: &str| {
        let answer = ask(&discord, "GET", &format!("/channels/{dm}/messages{query}"), None).await;
        let list = answer.body.as_array().expect("a list").iter();
        list.map(|message| message["content"].as_str().unwrap().to_owned()).collect::<String>()
    };

    assert_eq!(contents("").await, "543210");
    assert_eq!(contents("?limit=2").await, "54");
    assert_eq!(contents(&format!("?after={}&limit=2", ids[1])).await, "32");
    assert_eq!(contents(&format!("?before={}&limit=2", ids[4])).await, "32");
    assert_eq!(contents(&format!("?around={}&limit=3", ids[2])).await, "321");
    alice.deletes(ids[5]);
    assert_eq!(contents("?limit=1").await, "4");
    for query in ["?limit=0", "?limit=101", "?after=x", "?after=1&before=2"] {
        let refused = ask(&discord, "GET", &format!("/channels/{dm}/messages{query}"), None).await;
        assert_eq!(refused.code(), 50035, "{query}");
    }
    assert_eq!(discord.take_problems().len(), 4);
}

#[tokio::test]
async fn unknown_places_have_their_own_codes() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();

    assert_eq!(post(&discord, 99, json!({ "content": "a" })).await.code(), 10003);
    assert_eq!(ask(&discord, "GET", &format!("/channels/{dm}/messages/99"), None).await.code(), 10008);
    assert_eq!(ask(&discord, "GET", "/users/99", None).await.code(), 10013);
    assert_eq!(ask(&discord, "GET", "/guilds/99", None).await.code(), 10004);
    assert!(discord.problems().is_empty());
}

#[tokio::test]
async fn missing_permissions_are_refused() {
    let discord = Discord::start().await;
    let team = discord.guild(100, "Team");
    let (quiet, hidden) = (team.channel(200, "quiet"), team.channel(201, "hidden"));
    team.denies_bot(quiet, permissions::SEND_MESSAGES);
    team.denies_bot(hidden, permissions::VIEW_CHANNEL);
    let bob = discord.user(2, "bob");
    bob.blocks_the_bot(true);

    let refused = post(&discord, quiet, json!({ "content": "a" })).await;
    assert_eq!((refused.status, refused.code()), (403, 50013));
    assert_eq!(post(&discord, hidden, json!({ "content": "a" })).await.code(), 50001);
    assert_eq!(post(&discord, bob.dm_channel(), json!({ "content": "a" })).await.code(), 50007);
    assert_eq!(discord.invalid_requests(), 3);
}

#[tokio::test]
async fn embeds_are_limited() {
    let discord = Discord::start().await.without_rate_limits();
    let dm = discord.user(1, "alice").dm_channel();
    let send = async |embeds| post(&discord, dm, json!({ "embeds": embeds })).await;

    assert_eq!(send(json!([{ "description": "x".repeat(4096) }])).await.status, 200);
    let refused = send(json!([{ "title": "x".repeat(257), "fields": [{ "name": "n" }] }])).await;
    let errors = &refused.body["errors"]["embeds"]["0"];
    assert_eq!(errors["title"]["_errors"][0]["code"], "BASE_TYPE_MAX_LENGTH");
    assert_eq!(errors["fields"]["0"]["value"]["_errors"][0]["code"], "BASE_TYPE_REQUIRED");
    let big = json!({ "description": "x".repeat(3001) });
    let refused = send(json!([big, big])).await;
    assert_eq!(refused.body["errors"]["embeds"]["_errors"][0]["code"], "MAX_EMBED_SIZE_EXCEEDED");
    assert_eq!(discord.take_problems().len(), 2);
}

#[tokio::test]
async fn components_need_custom_ids_of_their_own() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let button = json!({ "type": 2, "style": 1, "label": "Stop", "custom_id": "stop" });
    let row = |buttons| json!({ "content": "a", "components": [{ "type": 1, "components": buttons }] });

    assert_eq!(post(&discord, dm, row(json!([button]))).await.status, 200);
    assert_eq!(discord.screen(dm)[0].controls[0].label, "Stop");
    let refused = post(&discord, dm, row(json!([button, button]))).await;
    let errors = &refused.body["errors"]["components"]["0"]["components"]["1"]["custom_id"]["_errors"];
    assert_eq!(errors[0]["code"], "COMPONENT_CUSTOM_ID_DUPLICATED");
    assert_eq!(post(&discord, dm, row(json!([]))).await.code(), 50035);
    assert_eq!(discord.take_problems().len(), 2);
}

#[tokio::test]
async fn files_come_as_multipart_and_can_be_downloaded() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let body = [
        "--cut\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\r\n",
        "{\"content\":\"look\",\"attachments\":[{\"id\":0,\"description\":\"a list\"}]}\r\n--cut\r\n",
        "Content-Disposition: form-data; name=\"files[0]\"; filename=\"list.txt\"\r\n",
        "Content-Type: text/plain\r\n\r\none\r\ntwo\r\n--cut--\r\n",
    ];
    let response = reqwest012::Client::new()
        .post(format!("{}/api/v10/channels/{dm}/messages", discord.url()))
        .header("authorization", format!("Bot {}", discord.token()))
        .header("user-agent", "DiscordBot (https://example.org, 1)")
        .header("content-type", "multipart/form-data; boundary=cut")
        .body(body.concat());

    let response = response.send().await.unwrap();

    assert_eq!(response.status(), StatusCode::OK);
    let message: serde_json::Value = response.json().await.unwrap();
    assert_eq!(message["attachments"][0]["description"], "a list");
    let url = message["attachments"][0]["url"].as_str().unwrap();
    assert_eq!(reqwest012::get(url).await.unwrap().text().await.unwrap(), "one\r\ntwo");
    assert_eq!(discord.screen(dm)[0].files[0].0, "list.txt");
}

#[tokio::test]
async fn reactions_and_typing_are_seen() {
    let discord = Discord::start().await.without_rate_limits();
    let alice = discord.user(1, "alice");
    let (id, dm) = (alice.dm("hello"), alice.dm_channel());
    let path = format!("/channels/{dm}/messages/{id}/reactions/%F0%9F%91%80/@me");

    assert_eq!(ask(&discord, "PUT", &path, None).await.status, 204);
    assert_eq!(discord.screen(dm)[0].reactions, [("👀".to_owned(), vec![discord.bot_id()])]);
    ask(&discord, "DELETE", &path, None).await;
    assert!(discord.screen(dm)[0].reactions.is_empty());
    let unknown = format!("/channels/{dm}/messages/{id}/reactions/eyes/@me");
    assert_eq!(ask(&discord, "PUT", &unknown, None).await.code(), 10014);

    assert_eq!(ask(&discord, "POST", &format!("/channels/{dm}/typing"), None).await.status, 204);
    assert!(discord.typing(dm));
    discord.time_passes(Duration::from_secs(10));
    assert!(!discord.typing(dm));
    ask(&discord, "POST", &format!("/channels/{dm}/typing"), None).await;
    post(&discord, dm, json!({ "content": "done" })).await;
    assert!(!discord.typing(dm));
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn content_is_hidden_from_apps_without_the_intent() {
    let discord = Discord::start().await.without_rate_limits();
    let alice = discord.user(1, "alice");
    let general = discord.guild(100, "Team").channel(200, "general");
    let mut blind = Gateway::ready(&discord, ORDINARY).await;
    let mut seeing = Gateway::ready(&discord, ORDINARY | MESSAGE_CONTENT).await;

    alice.says_in(general, "nothing to see");
    alice.says_in(general, &format!("{} listen", discord.mention()));
    alice.dm("just us");

    let contents = async |gateway: &mut Gateway| {
        let mut contents = Vec::new();
        for _ in 0..3 {
            contents.push(gateway.event("MESSAGE_CREATE").await["content"].as_str().unwrap().to_owned());
        }
        contents
    };
    let listen = format!("{} listen", discord.mention());
    assert_eq!(contents(&mut blind).await, ["", &listen, "just us"]);
    assert_eq!(contents(&mut seeing).await, ["nothing to see", &listen, "just us"]);

    let path = format!("/channels/{general}/messages");
    assert_eq!(ask(&discord, "GET", &path, None).await.body[1]["content"], "nothing to see");
    discord.allows_privileged_intents(0);
    assert_eq!(ask(&discord, "GET", &path, None).await.body[1]["content"], "");
}
