//! Who is really notified.

use serde_json::{Value, json};

use super::client::{ask, post};
use super::emulator::{Discord, Guild, Ping, User, permissions};

async fn place() -> (Discord, Guild, u64, User) {
    let discord = Discord::start().await.without_rate_limits();
    let team = discord.guild(100, "Team");
    let general = team.channel(200, "general");
    let alice = discord.user(1, "alice");
    team.welcomes(&alice);
    team.role(300, "mods");
    team.gives(&discord.user(2, "bob"), 300);
    (discord, team, general, alice)
}

async fn pings(discord: &Discord, channel: u64, body: Value) -> Vec<Ping> {
    let id = post(discord, channel, body).await.id();
    let screen = discord.screen(channel);
    screen.into_iter().find(|shown| shown.id == id).expect("it is on the screen").pings
}

const LOUD: &str = "@everyone @here <@1> <@!1> <@&300> <@77>";

#[tokio::test]
async fn without_allowed_mentions_everything_notifies() {
    let (discord, _, general, _) = place().await;

    let found = pings(&discord, general, json!({ "content": LOUD })).await;

    assert_eq!(found, [Ping::Everyone, Ping::Here, Ping::Role(300), Ping::User(1)]);
    assert_eq!(discord.screen(general)[0].notified, [1, 2]);
}

#[tokio::test]
async fn an_empty_parse_notifies_nobody() {
    let (discord, _, general, alice) = place().await;
    let question = alice.says_in(general, "?");
    let body = json!({
        "content": LOUD,
        "allowed_mentions": { "parse": [] },
        "message_reference": { "message_id": question.to_string() },
    });

    assert!(pings(&discord, general, body).await.is_empty());
}

#[tokio::test]
async fn listed_ids_notify_only_when_they_are_in_the_text() {
    let (discord, _, general, _) = place().await;
    let allowed = json!({ "parse": ["everyone"], "users": ["1", "2"] });

    let found = pings(&discord, general, json!({ "content": LOUD, "allowed_mentions": allowed })).await;

    assert_eq!(found, [Ping::Everyone, Ping::Here, Ping::User(1)]);
}

#[tokio::test]
async fn parse_excludes_a_list_of_the_same_kind() {
    let (discord, _, general, _) = place().await;
    let allowed = json!({ "parse": ["users"], "users": ["1"] });

    let refused = post(&discord, general, json!({ "content": LOUD, "allowed_mentions": allowed })).await;

    let error = &refused.body["errors"]["allowed_mentions"]["_errors"][0];
    assert_eq!(error["code"], "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE");
    let harmless = json!({ "parse": ["users", "roles"], "users": [] });
    let found = pings(&discord, general, json!({ "content": LOUD, "allowed_mentions": harmless })).await;
    assert_eq!(found, [Ping::Role(300), Ping::User(1)]);
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn everyone_needs_a_permission_and_so_do_unmentionable_roles() {
    let (discord, team, general, _) = place().await;
    team.denies_bot(general, permissions::MENTION_EVERYONE);

    assert_eq!(pings(&discord, general, json!({ "content": LOUD })).await, [Ping::Role(300), Ping::User(1)]);
    team.lets_mention(300, false);
    assert_eq!(pings(&discord, general, json!({ "content": LOUD })).await, [Ping::User(1)]);
}

#[tokio::test]
async fn replies_notify_their_author_by_default() {
    let (discord, _, general, alice) = place().await;
    let question = alice.says_in(general, "?");
    let reply = |allowed: Value| {
        let reference = json!({ "message_id": question.to_string() });
        json!({ "content": "!", "message_reference": reference, "allowed_mentions": allowed })
    };

    assert_eq!(pings(&discord, general, reply(Value::Null)).await, [Ping::User(1)]);
    assert!(pings(&discord, general, reply(json!({ "parse": ["users"] }))).await.is_empty());
    let named = json!({ "parse": [], "replied_user": true });
    assert_eq!(pings(&discord, general, reply(named)).await, [Ping::User(1)]);
}

#[tokio::test]
async fn an_edit_changes_mentions_but_notifies_nobody() {
    let (discord, _, general, _) = place().await;
    let id = post(&discord, general, json!({ "content": "hm" })).await.id();

    let path = format!("/channels/{general}/messages/{id}");
    let edited = ask(&discord, "PATCH", &path, Some(json!({ "content": "<@1>" }))).await;

    assert_eq!(edited.body["mentions"][0]["id"], "1");
    let shown = &discord.screen(general)[0];
    assert_eq!((shown.mentions.clone(), shown.pings.len()), (vec![1], 0));
}
