//! Calls, people, groups, pace, faults.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::telegram::{Author, BOT_USERNAME, Fault, Telegram, Upload};
use super::{Bot, quick, texts};

#[tokio::test]
async fn method_names_and_parameters_come_in_any_form() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let form = |method: &str| bot.http.post(format!("{}/{method}", bot.base));

    form("SENDMESSAGE").form(&[("chat_id", "7"), ("text", "form & more")]).send().await.unwrap();
    let markup = json!({ "inline_keyboard": [[{ "text": "Go", "callback_data": "go" }]] }).to_string();
    let parts = reqwest012::multipart::Form::new()
        .text("chat_id", "7")
        .text("text", "multipart\r\nwith lines")
        .text("reply_markup", markup);
    form("SendMessage").multipart(parts).send().await.unwrap();
    bot.http.get(format!("{}/sendmessage?chat_id=7&text=a+query", bot.base)).send().await.unwrap();

    let screen = telegram.screen(7);
    let seen: Vec<&str> = screen.iter().map(|shown| shown.text.as_str()).collect();
    assert_eq!(seen, ["form & more", "multipart\nwith lines", "a query"]);
    assert_eq!(screen[1].buttons(), [["Go"]]);
    assert!(telegram.problems().is_empty(), "{:?}", telegram.problems());
}

#[tokio::test]
async fn wrong_tokens_and_unknown_methods_are_refused_and_recorded() {
    let (telegram, bot) = quick().await;
    let with_token = |token: &str| Bot { base: format!("{}/bot{token}", telegram.url()), ..bot.clone() };
    let stranger = with_token("987:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    stranger.refused("getMe", json!({}), 401, "Unauthorized").await;
    with_token("nonsense").refused("getMe", json!({}), 404, "Not Found").await;
    bot.refused("sendPigeon", json!({}), 404, "Not Found: method not found").await;
    bot.refused("sendMessage", json!({ "text": "x" }), 400, "Bad Request: chat_id is empty").await;
    bot.ok("getMe", json!({ "chta_id": 1 })).await;
    let problems = telegram.take_problems();
    assert_eq!(problems.len(), 5, "{problems:?}");
}

#[tokio::test]
async fn a_rotated_token_is_refused_without_blame() {
    let (telegram, bot) = quick().await;
    telegram.rotate_token("123456789:AANewTokenNewTokenNewTokenNewTok");
    bot.refused("getMe", json!({}), 401, "Unauthorized").await;
    Bot::of(&telegram).ok("getMe", json!({})).await;
    assert!(telegram.problems().is_empty());
}

#[tokio::test]
async fn topics_keep_their_messages_together() {
    let (telegram, bot) = quick().await;
    telegram.privacy_mode(false);
    let alice = telegram.user(7, "Alice");
    let forum = telegram.forum(-100_555_000_222_000, "Forum");
    let topic = forum.topic("News", &alice);
    let said = alice.says_in(&topic, "hello");
    let updates = bot.updates(0, 0).await;
    assert_eq!(updates[0]["message"]["forum_topic_created"]["name"], "News");
    let message = &updates[1]["message"];
    assert_eq!(message["message_thread_id"], topic.id());
    assert_eq!((&message["is_topic_message"], &message["chat"]["is_forum"]), (&json!(true), &json!(true)));
    assert_eq!(message["reply_to_message"]["message_id"], topic.id(), "the real server does this, too");

    let params = json!({ "chat_id": forum.id(), "text": "hi", "message_thread_id": topic.id() });
    bot.ok("sendMessage", params.clone()).await;
    let reply = json!({ "chat_id": forum.id(), "text": "re", "reply_parameters": { "message_id": said.id } });
    assert_eq!(bot.ok("sendMessage", reply).await["message_thread_id"], topic.id());
    let texts: Vec<String> = telegram.screen(&topic).into_iter().map(|shown| shown.text).collect();
    assert_eq!(texts, ["", "hello", "hi", "re"]);
    let nowhere = json!({ "chat_id": forum.id(), "text": "hi", "message_thread_id": 12345 });
    bot.refused("sendMessage", nowhere, 400, "Bad Request: message thread not found").await;
    topic.is_closed();
    bot.refused("sendMessage", params.clone(), 400, "Bad Request: TOPIC_CLOSED").await;
    topic.is_deleted();
    bot.refused("sendMessage", params, 400, "Bad Request: message thread not found").await;
}

#[tokio::test]
async fn a_thread_of_answers_is_no_topic() {
    let (telegram, bot) = quick().await;
    telegram.privacy_mode(false);
    let alice = telegram.user(7, "Alice");
    let group = telegram.group(-100_555_000_333_000, "Team");
    let root = alice.says_in(&group, "root");
    alice.replies_to(root, "answer");
    let message = bot.updates(0, 0).await[1]["message"].clone();
    assert_eq!(message["message_thread_id"], root.id);
    assert!(message["is_topic_message"].is_null());
    let params = json!({ "chat_id": group.id(), "text": "x", "message_thread_id": root.id });
    let refused = "Bad Request: message thread is not a forum topic thread";
    bot.refused("sendMessage", params, 400, refused).await;
}

#[tokio::test]
async fn privacy_mode_hides_what_is_not_meant_for_the_bot() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let other = telegram.other_bot(9, "Other");
    let group = telegram.group(-4_000_123, "Small");
    let id = bot.says(group.id(), "I am here").await;
    let own = telegram.screen(&group).into_iter().find(|shown| shown.id == id).unwrap();
    alice.says_in(&group, "hidden");
    alice.says_in(&group, "/help");
    alice.says_in(&group, "/help@another_bot");
    alice.says_in(&group, &format!("/help@{BOT_USERNAME} please"));
    alice.says_in(&group, &format!("hey @{}", BOT_USERNAME.to_uppercase()));
    alice.replies_to(&own, "to you");
    other.says_in(&group, "/start from a bot");
    alice.says_in(&group, "/after_the_other_bot");
    let seen = bot.updates(0, 0).await;
    let command = format!("/help@{BOT_USERNAME} please");
    let mention = format!("hey @{}", BOT_USERNAME.to_uppercase());
    assert_eq!(texts(&seen), ["/help", &command, &mention, "to you"]);
    telegram.privacy_mode(false);
    alice.says_in(&group, "now you hear me");
    other.says_in(&group, "but never me");
    assert_eq!(texts(&bot.updates(-1, 0).await), ["now you hear me"]);
}

#[tokio::test]
async fn people_block_the_bot_and_groups_throw_it_out() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let group = telegram.group(-100_555_000_444_000, "Team");
    let small = telegram.group(-4_000_124, "Small");
    alice.blocks_bot();
    let update = bot.updates(0, 0).await[0]["my_chat_member"].clone();
    assert_eq!(update["old_chat_member"]["status"], "member");
    assert_eq!(update["new_chat_member"]["status"], "kicked");
    let send = |chat: i64| json!({ "chat_id": chat, "text": "x" });
    bot.refused("sendMessage", send(7), 403, "Forbidden: bot was blocked by the user").await;
    alice.unblocks_bot();
    bot.ok("sendMessage", send(7)).await;
    alice.kicks_bot(&group);
    let kicked = "Forbidden: bot was kicked from the supergroup chat";
    bot.refused("sendMessage", send(group.id()), 403, kicked).await;
    alice.kicks_bot(&small);
    bot.refused("sendMessage", send(small.id()), 403, "Forbidden: bot was kicked from the group chat").await;
    alice.adds_bot(&small);
    bot.ok("sendMessage", send(small.id())).await;
    alice.mutes_bot(&small);
    let muted = "Bad Request: not enough rights to send text messages to the chat";
    bot.refused("sendMessage", send(small.id()), 400, muted).await;
    bot.refused("sendMessage", send(424_242), 400, "Bad Request: chat not found").await;
    telegram.stranger(8, "Bob").says_in(&group, "hi");
    let cold = "Forbidden: bot can't initiate conversation with a user";
    bot.refused("sendMessage", send(8), 403, cold).await;
}

#[tokio::test]
async fn a_group_that_moved_tells_its_new_id() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let small = telegram.group(-4_000_125, "Small");
    let grown = small.becomes_supergroup(-100_555_000_555_000, &alice);
    let updates = bot.updates(0, 0).await;
    assert_eq!(updates[0]["message"]["migrate_to_chat_id"], grown.id());
    assert_eq!(updates[1]["message"]["migrate_from_chat_id"], small.id());
    let refused = "Bad Request: group chat was upgraded to a supergroup chat";
    let body = bot.refused("sendMessage", json!({ "chat_id": small.id(), "text": "x" }), 400, refused).await;
    assert_eq!(body["parameters"]["migrate_to_chat_id"], grown.id());
    bot.says(grown.id(), "found you").await;
}

#[tokio::test]
async fn a_chat_takes_one_message_per_second_and_short_bursts() {
    let telegram = Telegram::start().await;
    let bot = Bot::of(&telegram);
    telegram.user(7, "Alice");
    telegram.user(8, "Bob");
    for text in ["1", "2", "3"] {
        bot.says(7, text).await;
    }
    let send = json!({ "chat_id": 7, "text": "4" });
    let refused = "Too Many Requests: retry after 1";
    let body = bot.refused("sendMessage", send.clone(), 429, refused).await;
    assert_eq!(body["parameters"]["retry_after"], 1);
    bot.refused("sendMessage", send.clone(), 429, refused).await;
    bot.says(8, "others go on").await;
    telegram.time_passes(Duration::from_secs(1));
    bot.ok("sendMessage", send).await;
    assert!(telegram.problems().is_empty());
}

#[tokio::test]
async fn a_group_takes_20_messages_per_minute_edits_included() {
    let telegram = Telegram::start().await;
    let bot = Bot::of(&telegram);
    let group = telegram.group(-100_555_000_666_000, "Team");
    let id = bot.says(group.id(), "0").await;
    for number in 1..20 {
        telegram.time_passes(Duration::from_secs(1));
        let edit = json!({ "chat_id": group.id(), "message_id": id, "text": format!("{number}") });
        bot.ok("editMessageText", edit).await;
    }
    telegram.time_passes(Duration::from_secs(1));
    let (status, body) = bot.call("sendMessage", json!({ "chat_id": group.id(), "text": "x" })).await;
    assert_eq!(status, 429);
    let wait = body["parameters"]["retry_after"].as_u64().unwrap();
    assert!((35..=40).contains(&wait), "{wait}");
    telegram.time_passes(Duration::from_secs(wait));
    bot.says(group.id(), "patience").await;
}

#[tokio::test]
async fn all_chats_together_take_30_messages_per_second() {
    let telegram = Telegram::start().await;
    let bot = Bot::of(&telegram);
    let mut refused = 0;
    for id in 1..=200 {
        telegram.user(id, "Somebody");
        let (status, _) = bot.call("sendMessage", json!({ "chat_id": id, "text": "x" })).await;
        refused += usize::from(status == 429);
    }
    assert!(refused > 0, "200 messages within a moment are too many");
    let taken: Vec<Instant> =
        telegram.calls().into_iter().filter(|call| call.status == 200).map(|call| call.at).collect();
    assert!(taken.windows(31).all(|window| window[30] - window[0] > Duration::from_millis(900)));
}

#[tokio::test]
async fn typing_ends_after_5_seconds_or_with_a_message() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let action = |action: &str| json!({ "chat_id": 7, "action": action });
    bot.ok("sendChatAction", action("typing")).await;
    assert!(telegram.typing(&alice));
    bot.says(7, "done").await;
    assert!(!telegram.typing(&alice));
    bot.ok("sendChatAction", action("typing")).await;
    telegram.time_passes(Duration::from_secs(5));
    assert!(!telegram.typing(&alice));
    let wrong = "Bad Request: wrong parameter action in request";
    bot.refused("sendChatAction", action("dancing"), 400, wrong).await;
    assert_eq!(telegram.take_problems().len(), 1);
}

#[tokio::test]
async fn commands_are_kept_by_scope_and_checked() {
    let (telegram, bot) = quick().await;
    telegram.group(-100_555_000_777_000, "Team");
    let set = |name: &str, text: &str| json!({ "commands": [{ "command": name, "description": text }] });
    bot.ok("setMyCommands", set("/help", "Shows help")).await;
    let mut in_group = set("group_help", "Shows help here");
    let scope = json!({ "type": "chat", "chat_id": -100_555_000_777_000i64 });
    in_group["scope"] = scope.clone();
    bot.ok("setMyCommands", in_group).await;
    let default = bot.ok("getMyCommands", json!({})).await;
    assert_eq!(default, json!([{ "command": "help", "description": "Shows help" }]));
    let offered = telegram.offered_commands("chat:-100555000777000", "");
    assert_eq!(offered, [("group_help".to_owned(), "Shows help here".to_owned())]);
    bot.ok("deleteMyCommands", json!({ "scope": scope })).await;
    assert_eq!(bot.ok("getMyCommands", json!({ "scope": scope })).await, json!([]));

    let long = "d".repeat(257);
    let cases = [
        (set("Help", "x"), "BOT_COMMAND_INVALID"),
        (set(&"a".repeat(33), "x"), "command length must not exceed 32"),
        (set("help", &long), "command description length must not exceed 256"),
        (set("help", ""), "command description must be non-empty"),
    ];
    for (params, why) in cases {
        bot.refused("setMyCommands", params, 400, &format!("Bad Request: {why}")).await;
    }
    let many: Vec<Value> =
        (0..101).map(|number| json!({ "command": format!("c{number}"), "description": "x" })).collect();
    let too_many = "Bad Request: BOT_COMMANDS_TOO_MUCH";
    bot.refused("setMyCommands", json!({ "commands": many }), 400, too_many).await;
}

#[tokio::test]
async fn a_bot_sets_one_known_reaction() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    let said = alice.says("nice");
    let react = |id: i64, emoji: &[&str]| {
        let reaction: Vec<Value> = emoji.iter().map(|one| json!({ "type": "emoji", "emoji": one })).collect();
        json!({ "chat_id": 7, "message_id": id, "reaction": reaction })
    };
    bot.ok("setMessageReaction", react(said.id, &["👀"])).await;
    assert_eq!(telegram.screen(7)[0].reactions.len(), 1);
    let many = "Bad Request: REACTIONS_TOO_MANY";
    bot.refused("setMessageReaction", react(said.id, &["👍", "👎"]), 400, many).await;
    let unknown = "Bad Request: REACTION_INVALID";
    bot.refused("setMessageReaction", react(said.id, &["🧀"]), 400, unknown).await;
    let gone = "Bad Request: message to react not found";
    bot.refused("setMessageReaction", react(999, &["👍"]), 400, gone).await;
    bot.ok("setMessageReaction", react(said.id, &[])).await;
    assert!(telegram.screen(7)[0].reactions.is_empty());
}

#[tokio::test]
async fn files_are_found_and_downloaded() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    alice.sends(&Upload::document("notes.txt", "text/plain", "hello").caption("my notes"));
    alice.sends(&Upload::voice(3, vec![0; 8]).pretending_size(30 << 20));
    let updates = bot.updates(0, 0).await;
    let document = &updates[0]["message"]["document"];
    assert_eq!(updates[0]["message"]["caption"], "my notes");
    assert_eq!((&document["file_name"], &document["file_size"]), (&json!("notes.txt"), &json!(5)));
    let file = bot.ok("getFile", json!({ "file_id": document["file_id"] })).await;
    let path = file["file_path"].as_str().unwrap();
    let address = format!("{}/file/bot{}/{path}", telegram.url(), telegram.token());
    assert_eq!(bot.http.get(address).send().await.unwrap().text().await.unwrap(), "hello");
    let voice = json!({ "file_id": updates[1]["message"]["voice"]["file_id"] });
    bot.refused("getFile", voice, 400, "Bad Request: file is too big").await;
    bot.refused("getFile", json!({ "file_id": "nonsense" }), 400, "Bad Request: invalid file_id").await;
}

#[tokio::test]
async fn faults_happen_before_or_after_the_effect() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let send = |text: &str| {
        let request = bot.http.post(format!("{}/sendMessage", bot.base));
        request.json(&json!({ "chat_id": 7, "text": text })).timeout(Duration::from_millis(300)).send()
    };
    telegram.fault("sendMessage", 1, Fault::CutBefore);
    telegram.fault("sendMessage", 1, Fault::CutAfter);
    telegram.fault("sendMessage", 1, Fault::Hang);
    telegram.fault("sendMessage", 1, Fault::HangAfter);
    for text in ["cut before", "cut after", "hang", "hang after"] {
        assert!(send(text).await.is_err());
    }
    let seen: Vec<String> = telegram.screen(7).into_iter().map(|shown| shown.text).collect();
    assert_eq!(seen, ["cut after", "hang after"]);

    telegram.fault("sendMessage", 2, Fault::RetryAfter(7));
    telegram.fault("*", 1, Fault::Status(502));
    let refused = "Too Many Requests: retry after 7";
    bot.refused("sendMessage", json!({ "chat_id": 7, "text": "x" }), 429, refused).await;
    bot.refused("sendMessage", json!({ "chat_id": 7, "text": "x" }), 429, refused).await;
    bot.refused("getMe", json!({}), 502, "Bad Gateway").await;
    assert_eq!(telegram.faults_left(), 0);
    let start = Instant::now();
    telegram.fault("getMe", 1, Fault::Delay(Duration::from_millis(200)));
    bot.ok("getMe", json!({})).await;
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(telegram.problems().is_empty());
}

#[tokio::test]
async fn what_no_test_looked_at_is_unseen() {
    let (telegram, bot) = quick().await;
    let alice = telegram.user(7, "Alice");
    bot.says(7, "first").await;
    bot.says(7, "second").await;
    let shown = telegram.wait_for_message(&alice, |shown| shown.text == "second").await.unwrap();
    assert_eq!(shown.author, Author::Bot);
    assert_eq!(telegram.unseen().len(), 1);
    assert_eq!(telegram.next_message(&alice).await.unwrap().text, "first");
    assert!(telegram.unseen().is_empty());
    let calls = telegram.calls();
    assert_eq!((calls.len(), calls[0].target, calls[0].status), (2, Some(7), 200));
}

#[tokio::test]
async fn a_bot_finds_out_about_itself_and_its_chats() {
    let (telegram, bot) = quick().await;
    telegram.group(-100_555_000_888_000, "Team").named("team_of_ours");
    let me = bot.ok("getMe", json!({})).await;
    assert_eq!((&me["username"], &me["can_read_all_group_messages"]), (&json!(BOT_USERNAME), &json!(false)));
    let chat = bot.ok("getChat", json!({ "chat_id": "@Team_Of_Ours" })).await;
    assert_eq!((&chat["title"], &chat["type"]), (&json!("Team"), &json!("supergroup")));
    bot.refused("getChat", json!({ "chat_id": "@nobody" }), 400, "Bad Request: chat not found").await;
}
