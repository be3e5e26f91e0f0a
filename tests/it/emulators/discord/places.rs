//! Threads, direct messages, accounts and commands over REST.

use serde_json::{Value, json};

use super::client::{Gateway, ORDINARY, ask, post};
use super::emulator::{Discord, permissions};

#[tokio::test]
async fn a_thread_from_a_message_shares_its_id() {
    let discord = Discord::start().await;
    let general = discord.guild(100, "Team").channel(200, "general");
    let alice = discord.user(1, "alice");
    let topic = alice.says_in(general, "let us talk");
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;
    let path = format!("/channels/{general}/messages/{topic}/threads");

    let thread = ask(&discord, "POST", &path, Some(json!({ "name": "talk" }))).await;

    assert_eq!((thread.status, thread.id()), (201, topic));
    assert_eq!(thread.body["type"], 11);
    assert_eq!(gateway.event("THREAD_CREATE").await["parent_id"], "200");
    assert_eq!(post(&discord, topic, json!({ "content": "here" })).await.status, 200);
    assert_eq!(discord.screen(topic)[1].text, "here");
    assert_eq!(discord.screen(general)[0].thread, Some(topic));
    let again = ask(&discord, "POST", &path, Some(json!({ "name": "talk" }))).await;
    assert_eq!((again.status, again.code()), (400, 160_004));
}

#[tokio::test]
async fn a_thread_without_a_message_is_private_by_default() {
    let discord = Discord::start().await;
    let team = discord.guild(100, "Team");
    let general = team.channel(200, "general");
    let path = format!("/channels/{general}/threads");

    let private = ask(&discord, "POST", &path, Some(json!({ "name": "us" }))).await;
    let public = ask(&discord, "POST", &path, Some(json!({ "name": "all", "type": 11 }))).await;

    assert_eq!((&private.body["type"], &public.body["type"]), (&json!(12), &json!(11)));
    assert_eq!(discord.screen(general)[0].kind, 18, "public threads are announced");
    let nameless = ask(&discord, "POST", &path, Some(json!({ "name": "" }))).await;
    assert_eq!(nameless.body["errors"]["name"]["_errors"][0]["code"], "BASE_TYPE_BAD_LENGTH");
    team.denies_bot(general, permissions::SEND_MESSAGES_IN_THREADS);
    assert_eq!(post(&discord, public.id(), json!({ "content": "a" })).await.code(), 50013);
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn a_direct_message_is_opened_once() {
    let discord = Discord::start().await;
    let alice = discord.user(1, "alice");
    let open = async |id: &str| {
        ask(&discord, "POST", "/users/@me/channels", Some(json!({ "recipient_id": id }))).await
    };

    let first = open("1").await;

    assert_eq!(first.id(), alice.dm_channel());
    assert_eq!(first.body["recipients"][0]["username"], "alice");
    assert_eq!(open("1").await.id(), first.id());
    assert_eq!(open("5").await.code(), 50033);
}

#[tokio::test]
async fn the_bot_learns_who_it_is() {
    let discord = Discord::start().await;
    discord.guild(100, "Team");
    let id = discord.bot_id().to_string();

    assert_eq!(ask(&discord, "GET", "/users/@me", None).await.body["id"], id);
    let application = ask(&discord, "GET", "/applications/@me", None).await.body;
    assert_eq!(application["id"], id);
    assert_eq!(application["flags"], 1 << 19, "message content, limited");
    let gateway = ask(&discord, "GET", "/gateway/bot", None).await.body;
    assert_eq!(gateway["session_start_limit"]["max_concurrency"], 1);
    assert_eq!(ask(&discord, "GET", "/guilds/100", None).await.body["name"], "Team");
}

async fn put(discord: &Discord, commands: Value) -> super::client::Answer {
    let path = format!("/applications/{}/commands", discord.bot_id());
    ask(discord, "PUT", &path, Some(commands)).await
}

#[tokio::test]
async fn commands_are_overwritten_whole_and_keep_their_ids() {
    let discord = Discord::start().await;
    let model = json!({ "name": "model", "description": "Chooses" });
    let reset = json!({ "name": "reset", "description": "Forgets" });

    let first = put(&discord, json!([model, reset])).await;
    let second = put(&discord, json!([model])).await;

    assert_eq!(first.body[0]["type"], 1);
    assert_eq!(second.body[0]["id"], first.body[0]["id"]);
    assert_eq!(discord.commands(None), ["model"]);
}

#[tokio::test]
async fn wrong_commands_are_refused_by_field() {
    let discord = Discord::start().await.without_rate_limits();
    let code = async |command: Value, path: &[&str]| {
        let answer = put(&discord, json!([command])).await;
        let place = path.iter().fold(&answer.body["errors"]["0"], |place, key| &place[*key]);
        place["_errors"][0]["code"].as_str().unwrap_or("none").to_owned()
    };
    let named = |name: &str| json!({ "name": name, "description": "d" });

    assert_eq!(code(named("Model"), &["name"]).await, "APPLICATION_COMMAND_INVALID_NAME");
    assert_eq!(code(named("a b"), &["name"]).await, "APPLICATION_COMMAND_INVALID_NAME");
    assert_eq!(code(named(&"x".repeat(33)), &["name"]).await, "BASE_TYPE_BAD_LENGTH");
    assert_eq!(code(json!({ "name": "a" }), &["description"]).await, "BASE_TYPE_REQUIRED");
    let long = json!({ "name": "a", "description": "x".repeat(101) });
    assert_eq!(code(long, &["description"]).await, "BASE_TYPE_BAD_LENGTH");
    let option = |name: &str, required: bool| json!({ "name": name, "description": "d", "type": 3, "required": required });
    let options = |options: Value| json!({ "name": "a", "description": "d", "options": options });
    let many: Vec<Value> = (0..26).map(|number| option(&format!("o{number}"), false)).collect();
    assert_eq!(code(options(json!(many)), &["options"]).await, "BASE_TYPE_MAX_LENGTH");
    let wrong_order = options(json!([option("x", false), option("y", true)]));
    assert_eq!(code(wrong_order, &["options", "1"]).await, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID");
    let all: Vec<Value> = (0..101).map(|number| named(&format!("c{number}"))).collect();
    assert_eq!(put(&discord, json!(all)).await.code(), 30032);
    assert!(discord.commands(None).is_empty());
    assert_eq!(discord.take_problems().len(), 8);
}

#[tokio::test]
async fn single_commands_are_made_changed_and_deleted() {
    let discord = Discord::start().await.without_rate_limits();
    discord.guild(100, "Team");
    let path = format!("/applications/{}/guilds/100/commands", discord.bot_id());
    let command = json!({ "name": "model", "description": "Chooses" });

    let created = ask(&discord, "POST", &path, Some(command.clone())).await;
    let again = ask(&discord, "POST", &path, Some(command)).await;
    assert_eq!((created.status, again.status), (201, 200));
    assert_eq!(created.id(), again.id());
    let one = format!("{path}/{}", created.id());
    let changed = ask(&discord, "PATCH", &one, Some(json!({ "description": "Picks" }))).await;
    assert_eq!(changed.body["description"], "Picks");
    assert_eq!(ask(&discord, "DELETE", &one, None).await.status, 204);
    assert_eq!(ask(&discord, "GET", &one, None).await.code(), 10063);
}
