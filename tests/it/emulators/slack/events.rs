//! Events, as the bot gets them.

use serde_json::{Value, json};

use super::bot::{Link, call, workspace};

#[tokio::test]
async fn a_mention_comes_as_two_events_with_one_ts() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    let ts = alice.says_in("C1", "<@bot> 1 < 2 & https://example.com/cat.png");
    let mut events = [link.take().await, link.take().await];
    events.sort_by_key(|envelope| envelope["payload"]["event"]["type"].as_str().unwrap().to_owned());
    let [mention, message] = events.map(|envelope| envelope["payload"].clone());
    assert_eq!(
        (&mention["event"]["type"], &message["event"]["type"]),
        (&json!("app_mention"), &json!("message"))
    );
    assert_ne!(mention["event_id"], message["event_id"]);
    assert!([&mention, &message].iter().all(|payload| payload["event"]["ts"] == ts));
    assert_eq!(
        message["event"]["text"],
        format!("<@{}> 1 &lt; 2 &amp; <https://example.com/cat.png>", slack.bot_user())
    );
    assert_eq!(message["event"]["channel_type"], "channel");
    assert_eq!(message["event"]["user"], "U1");
    assert!(message["event"]["client_msg_id"].is_string());
    assert_eq!(message["authorizations"][0]["user_id"], slack.bot_user());
    assert_eq!(message["is_ext_shared_channel"], false);
    assert!(message["event_context"].is_string());
    let unfurl = link.take().await["payload"]["event"].clone();
    assert_eq!((&unfurl["subtype"], &unfurl["hidden"]), (&json!("message_changed"), &json!(true)));
    assert_eq!(unfurl["message"]["attachments"][0]["from_url"], "https://example.com/cat.png");
    assert!(unfurl["previous_message"]["attachments"].is_null());
    assert!(slack.wait_until_delivered().await);
}

#[tokio::test]
async fn the_two_events_of_a_mention_have_no_fixed_order() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    let mut firsts = Vec::new();
    for _ in 0..20 {
        alice.says_in("C1", "<@bot>");
        firsts.push(link.take().await["payload"]["event"]["type"].as_str().unwrap().to_owned());
        link.take().await;
    }
    assert!(firsts.contains(&"app_mention".to_owned()) && firsts.contains(&"message".to_owned()));
}

#[tokio::test]
async fn events_need_a_subscription_a_scope_and_membership() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    slack.withdraw("app_mentions:read");
    alice.says_in("C1", "<@bot> one");
    slack.subscribe_only(&["message.im"]);
    alice.says_in("C1", "two");
    slack.subscribe_only(&["message.im", "message.channels"]);
    slack.removes_bot_from("C1");
    alice.says_in("C1", "three");
    alice.dm("four");
    let texts =
        [link.take().await, link.take().await].map(|envelope| envelope["payload"]["event"]["text"].clone());
    assert_eq!(texts, [format!("<@{}> one", slack.bot_user()), "four".to_owned()]);
}

#[tokio::test]
async fn edits_deletions_reactions_and_joins_are_events() {
    let (slack, alice) = workspace().await;
    slack.subscribe_only(&["message.channels", "reaction_added", "member_joined_channel", "channel_archive"]);
    let mut link = Link::open(&slack).await;
    let ts = alice.says_in("C1", "helo");
    alice.edits("C1", &ts, "hello");
    alice.reacts("C1", &ts, "wave");
    alice.deletes("C1", &ts);
    slack.user("U3", "carol").joins("C1");
    alice.archives("C1");
    let mut events = Vec::new();
    for _ in 0..7 {
        events.push(link.take().await["payload"]["event"].clone());
    }
    assert_eq!(
        (&events[1]["subtype"], &events[1]["message"]["text"]),
        (&json!("message_changed"), &json!("hello"))
    );
    assert_eq!(events[1]["previous_message"]["text"], "helo");
    assert_eq!(events[1]["message"]["edited"]["user"], "U1");
    assert_eq!((&events[2]["reaction"], &events[2]["item"]["ts"]), (&json!("wave"), &json!(ts)));
    assert_eq!((&events[3]["subtype"], &events[3]["deleted_ts"]), (&json!("message_deleted"), &json!(ts)));
    assert_eq!((&events[4]["type"], &events[4]["user"]), (&json!("member_joined_channel"), &json!("U3")));
    assert_eq!(events[5]["subtype"], "channel_join");
    assert_eq!(events[6]["type"], "channel_archive");
}

#[tokio::test]
async fn a_deleted_beginning_of_a_thread_leaves_a_tombstone() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    let ts = alice.says_in("C1", "question");
    alice.replies_in("C1", &ts, "answer");
    alice.deletes("C1", &ts);
    link.take().await;
    assert_eq!(link.take().await["payload"]["event"]["parent_user_id"], "U1");
    let event = link.take().await["payload"]["event"].clone();
    assert_eq!(
        (&event["subtype"], &event["message"]["subtype"]),
        (&json!("message_changed"), &json!("tombstone"))
    );
    assert_eq!(alice.screen("C1")[0].text, "This message was deleted.");
}

#[tokio::test]
async fn the_bots_own_posts_and_edits_come_back_and_those_of_other_bots_too() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    let ts = call(&slack, "chat.postMessage", json!({"channel": "C1", "text": "x"})).await["ts"].clone();
    call(&slack, "chat.update", json!({"channel": "C1", "ts": ts, "text": "y"})).await;
    let other = slack.other_bot("U7", "helper");
    other.says_in("C1", "beep");
    other.posts_by_webhook("C1", "boop");
    let parent = alice.says_in("C1", "loud");
    alice.broadcasts_in("C1", &parent, "louder");
    let mut events = Vec::new();
    for _ in 0..6 {
        events.push(link.take().await["payload"]["event"].clone());
    }
    assert_eq!((&events[0]["bot_id"], &events[0]["app_id"]), (&json!("B0EMU0001"), &json!("A0EMU0001")));
    assert_eq!(events[0]["user"], slack.bot_user());
    assert_eq!(
        (&events[1]["subtype"], &events[1]["message"]["bot_id"]),
        (&json!("message_changed"), &json!("B0EMU0001"))
    );
    assert_eq!((&events[2]["user"], &events[2]["bot_id"]), (&json!("U7"), &json!("B7")));
    assert_eq!((&events[3]["subtype"], &events[3]["user"]), (&json!("bot_message"), &Value::Null));
    assert_eq!(
        (&events[5]["subtype"], &events[5]["root"]["ts"]),
        (&json!("thread_broadcast"), &json!(parent))
    );
}

#[tokio::test]
async fn an_uninstalled_app_is_told_and_locked_out() {
    let (slack, _) = workspace().await;
    let mut link = Link::open(&slack).await;
    slack.uninstall_app();
    let types =
        [link.take().await, link.take().await].map(|envelope| envelope["payload"]["event"]["type"].clone());
    assert_eq!(types, ["tokens_revoked", "app_uninstalled"]);
    assert_eq!(call(&slack, "auth.test", json!({})).await["error"], "account_inactive");
}
