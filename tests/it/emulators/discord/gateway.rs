//! The gateway: sessions, close codes, replay, intents.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{End, Gateway, MESSAGE_CONTENT, ORDINARY, ask, post};
use super::emulator::{Discord, GatewayStep, permissions};

#[tokio::test]
async fn a_session_begins_with_hello_ready_and_the_guilds() {
    let discord = Discord::start().await;
    discord.guild(100, "Team").channel(200, "general");
    let mut gateway = Gateway::connect(&discord).await;

    assert_eq!(gateway.hear().await.unwrap()["d"]["heartbeat_interval"], 41_250);
    gateway.identify(&discord, ORDINARY).await;

    let (name, ready) = gateway.next_event().await;
    assert_eq!((name.as_str(), gateway.sequence), ("READY", 1));
    assert_eq!(ready["guilds"], json!([{ "id": "100", "unavailable": true }]));
    assert_eq!(ready["resume_gateway_url"], discord.gateway_url());
    let (name, guild) = gateway.next_event().await;
    assert_eq!((name.as_str(), &guild["channels"][0]["name"]), ("GUILD_CREATE", &json!("general")));
    gateway.say(1, json!(2)).await;
    gateway.op(11).await;
    assert!(discord.is_connected());
}

#[tokio::test]
async fn events_need_their_intent() {
    let discord = Discord::start().await;
    let general = discord.guild(100, "Team").channel(200, "general");
    let alice = discord.user(1, "alice");
    let mut gateway = Gateway::ready(&discord, 1 << 12).await;

    alice.says_in(general, "not asked for");
    let id = alice.dm("asked for");
    alice.reacts(id, "👍");
    alice.edits(id, "changed");
    alice.deletes(id);

    let (name, message) = gateway.next_event().await;
    assert_eq!((name.as_str(), &message["content"]), ("MESSAGE_CREATE", &json!("asked for")));
    assert_eq!(message.get("guild_id"), None);
    let (name, message) = gateway.next_event().await;
    assert_eq!((name.as_str(), &message["content"]), ("MESSAGE_UPDATE", &json!("changed")));
    assert_eq!(gateway.next_event().await.0, "MESSAGE_DELETE");
}

#[tokio::test]
async fn everything_that_happens_in_a_guild_is_told() {
    let discord = Discord::start().await;
    let team = discord.guild(100, "Team");
    let (general, other) = (team.channel(200, "general"), team.channel(201, "other"));
    let alice = discord.user(1, "alice");
    let mut gateway = Gateway::ready(&discord, ORDINARY | MESSAGE_CONTENT).await;
    gateway.event("GUILD_CREATE").await;

    alice.types_in(general);
    let id = alice.says_in(general, "hello");
    alice.reacts(id, "👍");
    alice.takes_back(id, "👍");
    let thread = alice.starts_thread_from(id, "more");
    alice.replies_to(id, "indeed");
    discord.webhook(900, "GitHub", general).says("build failed");
    discord.other_bot(901, "Dyno").says_in(general, "beep");
    team.deletes_channel(other);
    team.removes_bot();

    let (name, typing) = gateway.next_event().await;
    assert_eq!((name.as_str(), &typing["user_id"]), ("TYPING_START", &json!("1")));
    let message = gateway.event("MESSAGE_CREATE").await;
    assert_eq!((&message["guild_id"], &message["member"]["roles"]), (&json!("100"), &json!([])));
    assert_eq!(gateway.event("MESSAGE_REACTION_ADD").await["emoji"]["name"], "👍");
    gateway.event("MESSAGE_REACTION_REMOVE").await;
    assert_eq!(gateway.event("THREAD_CREATE").await["id"], thread.to_string());
    assert_eq!(gateway.event("MESSAGE_CREATE").await["type"], 21);
    assert_eq!(gateway.event("MESSAGE_CREATE").await["referenced_message"]["content"], "hello");
    assert_eq!(gateway.event("MESSAGE_CREATE").await["webhook_id"], "900");
    assert_eq!(gateway.event("MESSAGE_CREATE").await["author"]["bot"], true);
    assert_eq!(gateway.event("CHANNEL_DELETE").await["id"], "201");
    assert_eq!(gateway.event("GUILD_DELETE").await, json!({ "id": "100" }));
}

#[tokio::test]
async fn hidden_channels_are_silent() {
    let discord = Discord::start().await;
    let team = discord.guild(100, "Team");
    let (hidden, general) = (team.channel(200, "hidden"), team.channel(201, "general"));
    team.denies_bot(hidden, permissions::VIEW_CHANNEL);
    let alice = discord.user(1, "alice");
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;

    alice.says_in(hidden, "secret");
    let id = alice.says_in(general, "public");

    assert_eq!(gateway.event("MESSAGE_CREATE").await["id"], id.to_string());
}

#[tokio::test]
async fn wrong_identification_closes_for_good() {
    let discord = Discord::start().await;
    let properties = json!({ "os": "linux", "browser": "test", "device": "test" });
    let good = json!({ "token": discord.token(), "intents": 1, "properties": properties });
    let with = |key: &str, value: Value| {
        let mut data = good.clone();
        data[key] = value;
        data
    };
    let cases = [
        (with("token", json!("wrong")), 4004),
        (with("intents", json!(1 << 30)), 4013),
        (with("intents", json!(1 << 1)), 4014),
        (with("shard", json!([1, 1])), 4010),
        (with("properties", Value::Null), 4002),
    ];
    for (data, code) in cases {
        let mut gateway = Gateway::connect(&discord).await;
        gateway.say(2, data).await;
        assert_eq!(gateway.end().await, End::Closed(code));
    }
    assert_eq!(discord.take_problems().len(), 5);
}

#[tokio::test]
async fn wrong_payloads_close_with_their_code() {
    let discord = Discord::start().await.without_rate_limits();
    let big = json!({ "op": 3, "d": { "status": "x".repeat(4096) } }).to_string();
    let cases = [
        ("nonsense".to_owned(), 4002),
        (big, 4002),
        (json!({ "op": 11, "d": null }).to_string(), 4001),
        (json!({ "op": 99, "d": null }).to_string(), 4001),
        (json!({ "op": 2, "d": {} }).to_string(), 4005),
        (json!({ "op": 3, "d": { "status": "asleep", "activities": [], "afk": false } }).to_string(), 4002),
    ];
    for (text, code) in cases {
        let mut gateway = Gateway::ready(&discord, ORDINARY).await;
        gateway.say_raw(text).await;
        assert_eq!(gateway.end().await, End::Closed(code));
    }
    let mut early = Gateway::connect(&discord).await;
    early.say(8, json!({ "guild_id": "100", "query": "", "limit": 0 })).await;
    assert_eq!(early.end().await, End::Closed(4003));
    let mut old = Gateway::connect_to(&format!("{}/?v=6", discord.gateway_url())).await;
    assert_eq!(old.end().await, End::Closed(4012));
    assert_eq!(discord.take_problems().len(), 8);
}

#[tokio::test]
async fn presence_voice_and_members_are_accepted() {
    let discord = Discord::start().await;
    let team = discord.guild(100, "Team");
    team.welcomes(&discord.user(1, "alice"));
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;

    let presence = json!({ "status": "idle", "activities": [], "afk": false, "since": null });
    gateway.say(3, presence.clone()).await;
    let voice = json!({ "guild_id": "100", "channel_id": null, "self_mute": false, "self_deaf": false });
    gateway.say(4, voice).await;
    gateway.say(8, json!({ "guild_id": "100", "query": "al", "limit": 5, "nonce": "n" })).await;

    let chunk = gateway.event("GUILD_MEMBERS_CHUNK").await;
    assert_eq!((&chunk["members"][0]["user"]["id"], &chunk["nonce"]), (&json!("1"), &json!("n")));
    assert_eq!(discord.presence(), Some(presence));
    assert!(discord.problems().is_empty());
}

#[tokio::test]
async fn a_client_may_send_120_events_per_minute() {
    let discord = Discord::start().await;
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;
    for _ in 0..120 {
        gateway.say(1, Value::Null).await;
    }
    assert_eq!(gateway.end().await, End::Closed(4008));
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn a_missing_heartbeat_ends_the_connection_but_not_the_session() {
    let discord = Discord::start().await;
    discord.heartbeats_every(Duration::from_millis(40));
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;
    assert_eq!(gateway.end().await, End::Closed(4000));

    let mut again = Gateway::connect(&discord).await;
    again.resume(&discord, &gateway.session, gateway.sequence).await;
    again.event("RESUMED").await;
}

#[tokio::test]
async fn a_resume_replays_what_was_missed() {
    let discord = Discord::start().await;
    let alice = discord.user(1, "alice");
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;
    alice.dm("one");
    gateway.event("MESSAGE_CREATE").await;
    discord.drops_connections();
    assert_eq!(gateway.end().await, End::Dropped);
    alice.dm("two");
    alice.dm("three");

    let mut again = Gateway::connect(&discord).await;
    again.resume(&discord, &gateway.session, gateway.sequence).await;

    let mut heard = Vec::new();
    for _ in 0..3 {
        let (name, data) = again.next_event().await;
        heard.push(format!("{name} {}", data["content"].as_str().unwrap_or_default()));
    }
    assert_eq!(heard, ["MESSAGE_CREATE two", "MESSAGE_CREATE three", "RESUMED "]);
    let replayed = GatewayStep::Resumed { replayed: 2 };
    assert!(discord.gateway_log().iter().any(|record| record.what == replayed));
}

#[tokio::test]
async fn a_lost_session_cannot_be_resumed_and_its_events_are_history_only() {
    let discord = Discord::start().await;
    let alice = discord.user(1, "alice");
    let gateway = Gateway::ready(&discord, ORDINARY).await;
    discord.goes_down();
    assert!(tokio_tungstenite::connect_async(discord.gateway_url()).await.is_err());
    discord.time_passes(Duration::from_secs(600));
    alice.dm("anybody there?");
    discord.comes_back();

    let mut again = Gateway::connect(&discord).await;
    again.resume(&discord, &gateway.session, gateway.sequence).await;

    assert_eq!(again.op(9).await["d"], false);
    again.identify(&discord, ORDINARY).await;
    assert_eq!(again.next_event().await.0, "READY");
    let path = format!("/channels/{}/messages?after=0", alice.dm_channel());
    assert_eq!(ask(&discord, "GET", &path, None).await.body[0]["content"], "anybody there?");
}

#[tokio::test]
async fn a_sequence_from_the_future_is_invalid() {
    let discord = Discord::start().await;
    let gateway = Gateway::ready(&discord, ORDINARY).await;
    let mut again = Gateway::connect(&discord).await;
    again.resume(&discord, &gateway.session, 1000).await;
    assert_eq!(again.end().await, End::Closed(4007));
    assert_eq!(discord.take_problems().len(), 1);
}

#[tokio::test]
async fn codes_1000_and_1001_end_a_session_for_the_client() {
    let discord = Discord::start().await.without_rate_limits();
    for (code, survives) in [(1000, false), (1001, false), (4000, true)] {
        let gateway = Gateway::ready(&discord, ORDINARY).await;
        let (session, sequence) = (gateway.session.clone(), gateway.sequence);
        gateway.close(code).await;
        let mut again = Gateway::connect(&discord).await;
        again.hear().await.unwrap();
        again.resume(&discord, &session, sequence).await;
        let heard = again.hear().await.unwrap();
        assert_eq!(heard["t"] == "RESUMED", survives, "{code}");
    }
}

#[tokio::test]
async fn tests_can_close_reconnect_and_invalidate() {
    let discord = Discord::start().await.without_rate_limits();
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;
    discord.asks_to_reconnect();
    gateway.op(7).await;
    discord.asks_for_heartbeat();
    gateway.op(1).await;
    discord.invalidates_sessions(true);
    assert_eq!(gateway.op(9).await["d"], true);
    discord.closes_connections(4009);
    assert_eq!(gateway.end().await, End::Closed(4009));

    let mut again = Gateway::connect(&discord).await;
    again.resume(&discord, &gateway.session, gateway.sequence).await;
    assert_eq!(again.op(9).await["d"], false, "4009 ends the session");
}

#[tokio::test]
async fn zombies_get_events_but_no_acknowledgement() {
    let discord = Discord::start().await;
    let alice = discord.user(1, "alice");
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;
    discord.acknowledges_heartbeats(false);
    gateway.say(1, Value::Null).await;
    alice.dm("hello");
    assert_eq!(gateway.hear().await.unwrap()["t"], "MESSAGE_CREATE");

    discord.is_silent(true);
    alice.dm("unheard");
    discord.is_silent(false);
    discord.acknowledges_heartbeats(true);
    gateway.say(1, Value::Null).await;
    gateway.op(11).await;
    let mut again = Gateway::connect(&discord).await;
    again.resume(&discord, &gateway.session, gateway.sequence).await;
    assert_eq!(again.event("MESSAGE_CREATE").await["content"], "unheard");
    assert_eq!(gateway.end().await, End::Dropped, "the old connection is replaced");
}

#[tokio::test]
async fn events_can_come_twice_and_in_another_order() {
    let discord = Discord::start().await;
    let alice = discord.user(1, "alice");
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;
    discord.repeats_events(1);
    for text in ["one", "two"] {
        alice.dm(text);
    }
    discord.holds_events();
    for text in ["three", "four"] {
        alice.dm(text);
    }
    discord.releases_events_reversed();

    let mut heard = Vec::new();
    for _ in 0..5 {
        heard.push(gateway.event("MESSAGE_CREATE").await["content"].as_str().unwrap().to_owned());
    }
    assert_eq!(heard, ["one", "one", "two", "four", "three"]);
}

#[tokio::test]
async fn identifying_is_limited() {
    let discord = Discord::start().await;
    Gateway::ready(&discord, ORDINARY).await;
    let mut hasty = Gateway::connect(&discord).await;
    hasty.identify(&discord, ORDINARY).await;
    assert_eq!(hasty.op(9).await["d"], false);

    discord.time_passes(Duration::from_secs(5));
    discord.session_starts_left(0);
    let old = discord.token();
    hasty.identify(&discord, ORDINARY).await;
    assert_eq!(hasty.end().await, End::Closed(4004));
    assert_ne!(discord.token(), old, "the bot token is reset");
}

#[tokio::test]
async fn own_messages_come_back_with_their_nonce() {
    let discord = Discord::start().await;
    let dm = discord.user(1, "alice").dm_channel();
    let mut gateway = Gateway::ready(&discord, ORDINARY).await;

    post(&discord, dm, json!({ "content": "hi", "nonce": "n1" })).await;

    let message = gateway.event("MESSAGE_CREATE").await;
    assert_eq!((&message["nonce"], &message["author"]["bot"]), (&json!("n1"), &json!(true)));
}
