//! Messages: their limits, mentions, links, threads and changes.

use std::time::Duration;

use serde_json::{Value, json};

use super::bot::{call, get, workspace};
use super::slack::Slack;

pub(super) async fn say(slack: &Slack, text: &str) -> String {
    let answer = call(slack, "chat.postMessage", json!({"channel": "C1", "text": text})).await;
    answer["ts"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn a_message_needs_words() {
    let (slack, _) = workspace().await;
    for body in [
        json!({"channel": "C1"}),
        json!({"channel": "C1", "text": " "}),
        json!({"channel": "C1", "blocks": []}),
    ] {
        assert_eq!(call(&slack, "chat.postMessage", body).await["error"], "no_text");
    }
    let both = json!({"channel": "C1", "text": "a", "markdown_text": "b"});
    assert_eq!(call(&slack, "chat.postMessage", both).await["error"], "markdown_text_conflict");
    assert_eq!(slack.take_problems().len(), 4);
}

#[tokio::test]
async fn long_texts_are_cut_and_long_updates_and_markdown_refused() {
    let (slack, _) = workspace().await;
    let ts = say(&slack, &"é".repeat(40_001)).await;
    assert_eq!(slack.message("C1", &ts).unwrap().text.chars().count(), 40_000);
    let update = |length| json!({"channel": "C1", "ts": ts, "text": "x".repeat(length)});
    assert_eq!(call(&slack, "chat.update", update(4_000)).await["ok"], true);
    assert_eq!(call(&slack, "chat.update", update(4_001)).await["error"], "msg_too_long");
    let markdown = |length| json!({"channel": "C1", "markdown_text": "x".repeat(length)});
    assert_eq!(call(&slack, "chat.postMessage", markdown(12_000)).await["ok"], true);
    assert_eq!(call(&slack, "chat.postMessage", markdown(12_001)).await["error"], "msg_too_long");
    assert_eq!(slack.take_problems().len(), 2);
}

#[tokio::test]
async fn blocks_have_their_limits() {
    let (slack, _) = workspace().await;
    let section =
        |length: usize| json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(length)}});
    let post = async |blocks: Vec<Value>| {
        let answer =
            call(&slack, "chat.postMessage", json!({"channel": "C1", "text": "t", "blocks": blocks})).await;
        answer["error"].as_str().unwrap_or("ok").to_owned()
    };
    slack.without_rate_limits();
    assert_eq!(post(vec![section(3_000)]).await, "ok");
    assert_eq!(post(vec![section(3_001)]).await, "invalid_blocks");
    assert_eq!(post(vec![section(1); 50]).await, "ok");
    assert_eq!(post(vec![section(1); 51]).await, "invalid_blocks");
    assert_eq!(post(vec![section(2_600); 5]).await, "ok");
    assert_eq!(post(vec![section(2_700); 5]).await, "msg_blocks_too_long");
    assert_eq!(post(vec![json!({"type": "marquee"})]).await, "invalid_blocks");
    assert_eq!(post(vec![json!({"type": "section"})]).await, "invalid_blocks");
    assert_eq!(slack.take_problems().len(), 5);
}

#[tokio::test]
async fn mentions_call_those_they_name_and_escaped_ones_nobody() {
    let (slack, _) = workspace().await;
    slack.without_rate_limits();
    let (alice, bob) = (slack.user("U1", "alice"), slack.user("U2", "bob"));
    slack.user("U3", "outsider");
    slack.user_group("S1", "admins", &[&bob]);
    let called = async |body: Value| {
        let answer = call(&slack, "chat.postMessage", body).await;
        let shown = slack.message("C1", answer["ts"].as_str().unwrap()).unwrap();
        (shown.text, shown.notified.join(" "))
    };
    let text = async |text: &str| called(json!({"channel": "C1", "text": text})).await;
    let pair = |text: &str, called: &str| (text.to_owned(), called.to_owned());
    assert_eq!(text("<@U1> hi").await, pair("@alice hi", "U1"));
    assert_eq!(text("<@U3> hi").await, pair("@outsider hi", ""));
    assert_eq!(text("<!channel>").await, pair("@channel", "U1 U2"));
    assert_eq!(text("<!here|here> `<!everyone>`").await, pair("@here `@everyone`", "U1 U2"));
    assert_eq!(text("<!subteam^S1> <#C1>").await, pair("@admins #general", "U2"));
    assert_eq!(text("&lt;!channel&gt; &amp;lt; @channel").await, pair("<!channel> &lt; @channel", ""));
    assert_eq!(text("a < b <c> &").await, pair("a < b <c> &", ""));
    assert_eq!(called(json!({"channel": "C1", "text": "@channel", "link_names": true})).await.1, "U1 U2");
    assert_eq!(called(json!({"channel": "C1", "text": "@bob", "parse": "full"})).await.1, "U2");
    assert_eq!(called(json!({"channel": "C1", "markdown_text": "**<!here>**"})).await.1, "U1 U2");
    let plain = json!([{"type": "section", "text": {"type": "plain_text", "text": "<!channel>"}}]);
    assert_eq!(called(json!({"channel": "C1", "text": "t", "blocks": plain})).await, pair("<!channel>", ""));
    let fallback = json!([{"type": "header", "text": {"type": "plain_text", "text": "h"}}]);
    assert_eq!(called(json!({"channel": "C1", "text": "<@U2>", "blocks": fallback})).await, pair("h", "U2"));
    drop(alice);
}

#[tokio::test]
async fn pages_unfurl_only_when_asked_and_media_unless_told_not_to() {
    let (slack, _) = workspace().await;
    let unfurled = async |body: Value| {
        let answer = call(&slack, "chat.postMessage", body).await;
        slack.message("C1", answer["ts"].as_str().unwrap()).unwrap().unfurled
    };
    let text = "https://example.com/page and <https://example.com/cat.png|a cat>";
    assert_eq!(unfurled(json!({"channel": "C1", "text": text})).await, ["https://example.com/cat.png"]);
    let none = json!({"channel": "C1", "text": text, "unfurl_links": false, "unfurl_media": false});
    assert!(unfurled(none).await.is_empty());
    let reference = json!({"channel": "C1", "text": "<https://example.com/cat.png|example.com>"});
    assert!(unfurled(reference).await.is_empty());
    let all = json!({"channel": "C1", "text": text, "unfurl_links": true});
    assert_eq!(unfurled(all).await.len(), 2);
}

#[tokio::test]
async fn slack_gives_texts_back_as_it_keeps_them() {
    let (slack, _) = workspace().await;
    let ts = say(&slack, "a & b < c, see https://example.com.").await;
    let history = get(&slack, "conversations.history", &[("channel", "C1")]).await;
    assert_eq!(history["messages"][0]["text"], "a &amp; b &lt; c, see <https://example.com>.");
    assert_eq!(history["messages"][0]["ts"], ts);
    assert_eq!(history["messages"][0]["bot_id"], "B0EMU0001");
}

#[tokio::test]
async fn an_update_with_words_alone_takes_the_place_of_blocks() {
    let (slack, _) = workspace().await;
    let button = json!({"type": "button", "action_id": "yes", "text": {"type": "plain_text", "text": "Yes"}});
    let blocks = |text: &str| {
        json!([
            {"type": "section", "text": {"type": "mrkdwn", "text": text}},
            {"type": "actions", "elements": [button]},
        ])
    };
    let body = json!({"channel": "C1", "text": "Sure?", "blocks": blocks("Sure?")});
    let posted = call(&slack, "chat.postMessage", body).await;
    let ts = posted["ts"].as_str().unwrap();
    let seen = || {
        let shown = slack.message("C1", ts).unwrap();
        (shown.text, shown.buttons.len(), shown.edits)
    };
    let body = json!({"channel": "C1", "ts": ts, "blocks": blocks("Really?")});
    let answer = call(&slack, "chat.update", body).await;
    assert_eq!(seen(), ("Really?".to_owned(), 1, 1));
    assert!(answer["message"]["edited"].is_null());
    let body = json!({"channel": "C1", "ts": ts, "text": "Done."});
    let answer = call(&slack, "chat.update", body).await;
    assert_eq!(seen(), ("Done.".to_owned(), 0, 2));
    assert_eq!(answer["message"]["edited"]["user"], slack.bot_user());
    let revisions = slack.message("C1", ts).unwrap().revisions;
    assert!(revisions.windows(2).all(|pair| pair[0].0 <= pair[1].0));
}

#[tokio::test]
async fn only_ones_own_messages_can_be_changed_or_deleted() {
    let (slack, _) = workspace().await;
    let theirs = slack.user("U1", "alice").says_in("C1", "mine");
    let update = json!({"channel": "C1", "ts": theirs, "text": "yours"});
    assert_eq!(call(&slack, "chat.update", update).await["error"], "cant_update_message");
    let named = json!({"channel": "C1", "ts": theirs});
    assert_eq!(call(&slack, "chat.delete", named).await["error"], "cant_delete_message");
    let absent = json!({"channel": "C1", "ts": "1700000000.000100", "text": "x"});
    assert_eq!(call(&slack, "chat.update", absent).await["error"], "message_not_found");
    let ts = say(&slack, "x").await;
    assert_eq!(call(&slack, "chat.delete", json!({"channel": "C1", "ts": ts})).await["ok"], true);
    assert_eq!(
        call(&slack, "chat.delete", json!({"channel": "C1", "ts": ts})).await["error"],
        "message_not_found"
    );
    assert!(slack.message("C1", &ts).unwrap().deleted);
    let late = say(&slack, "y").await;
    slack.edit_window(Duration::from_secs(60));
    slack.advance(Duration::from_secs(120));
    let update = json!({"channel": "C1", "ts": late, "text": "z"});
    assert_eq!(call(&slack, "chat.update", update).await["error"], "edit_window_closed");
}

#[tokio::test]
async fn a_reply_goes_to_its_thread_and_a_reply_to_a_reply_is_a_problem() {
    let (slack, _) = workspace().await;
    let parent = slack.user("U1", "alice").says_in("C1", "question");
    let reply = json!({"channel": "C1", "text": "answer", "thread_ts": parent});
    let answer = call(&slack, "chat.postMessage", reply).await;
    assert_eq!(answer["message"]["thread_ts"], parent);
    assert_eq!(answer["message"]["parent_user_id"], "U1");
    let nested = json!({"channel": "C1", "text": "more", "thread_ts": answer["ts"]});
    assert_eq!(call(&slack, "chat.postMessage", nested).await["message"]["thread_ts"], parent);
    assert_eq!(slack.take_problems().len(), 1);
    let nowhere = json!({"channel": "C1", "text": "?", "thread_ts": "1700000000.000100"});
    assert_eq!(call(&slack, "chat.postMessage", nowhere).await["error"], "thread_not_found");
    let loud = json!({"channel": "C1", "text": "all", "thread_ts": parent, "reply_broadcast": true});
    assert_eq!(call(&slack, "chat.postMessage", loud).await["message"]["subtype"], "thread_broadcast");
    let history = get(&slack, "conversations.history", &[("channel", "C1")]).await;
    let texts: Vec<&str> =
        history["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["all", "question"]);
    assert_eq!(history["messages"][1]["reply_count"], 3);
}

#[tokio::test]
async fn an_ephemeral_message_is_for_one_person_and_in_no_history() {
    let (slack, _) = workspace().await;
    let body = |user| json!({"channel": "C1", "user": user, "text": "psst"});
    let answer = call(&slack, "chat.postEphemeral", body("U1")).await;
    let ts = answer["message_ts"].as_str().unwrap();
    assert_eq!(slack.user("U1", "alice").screen("C1")[0].text, "psst");
    assert!(slack.user("U2", "bob").screen("C1").is_empty());
    assert_eq!(get(&slack, "conversations.history", &[("channel", "C1")]).await["messages"], json!([]));
    let update = json!({"channel": "C1", "ts": ts, "text": "no"});
    assert_eq!(call(&slack, "chat.update", update).await["error"], "message_not_found");
    slack.user("U9", "outsider");
    assert_eq!(call(&slack, "chat.postEphemeral", body("U9")).await["error"], "user_not_in_channel");
}

#[tokio::test]
async fn timestamps_rise_in_a_channel_and_repeat_across_channels() {
    let (slack, _) = workspace().await;
    let alice = slack.user("U1", "alice");
    slack.channel("C2", "other", &[&alice]);
    let here: Vec<String> = (0..50).map(|_| alice.says_in("C1", "x")).collect();
    assert!(here.windows(2).all(|pair| pair[0] < pair[1]));
    let there: Vec<String> = (0..50).map(|_| alice.says_in("C2", "x")).collect();
    assert!(there.iter().any(|ts| here.contains(ts)));
}

#[tokio::test]
async fn waiting_for_a_message_finds_it_whenever_it_comes() {
    let (slack, _) = workspace().await;
    let posting = async {
        let ts = say(&slack, "...").await;
        call(&slack, "chat.update", json!({"channel": "C1", "ts": ts, "text": "done"})).await
    };
    let (_, shown) = tokio::join!(posting, slack.wait_for_message("C1", |shown| shown.text == "done"));
    assert_eq!(shown.unwrap().edits, 1);
    say(&slack, "next").await;
    assert_eq!(slack.unseen().len(), 1);
    assert_eq!(slack.next_message().await.unwrap().text, "next");
    assert!(slack.unseen().is_empty());
}

#[tokio::test]
async fn a_stream_grows_and_can_be_changed_only_when_it_has_ended() {
    let (slack, alice) = workspace().await;
    let root = alice.says_in("C1", "Hello");
    let start = json!({
        "channel": "C1", "thread_ts": root, "recipient_user_id": "U1", "recipient_team_id": slack.team(),
        "markdown_text": "One ",
    });
    let ts = call(&slack, "chat.startStream", start).await["ts"].as_str().unwrap().to_owned();
    let text = |text: &str| json!({"channel": "C1", "ts": ts, "markdown_text": text});
    let seen = || slack.message("C1", &ts).map(|shown| (shown.text, shown.streams)).unwrap();
    assert_eq!(call(&slack, "chat.appendStream", text("two ")).await["ok"], true);
    assert_eq!(seen(), ("One two ".to_owned(), true));
    let update = json!({"channel": "C1", "ts": ts, "text": "Three"});
    assert_eq!(call(&slack, "chat.update", update.clone()).await["error"], "streaming_state_conflict");
    let target = json!({"channel": "C1", "ts": ts});
    assert_eq!(call(&slack, "chat.delete", target.clone()).await["error"], "cant_delete_message");
    assert_eq!(call(&slack, "chat.stopStream", text("three")).await["ok"], true);
    assert_eq!(seen(), ("One two three".to_owned(), false));
    for method in ["chat.appendStream", "chat.stopStream"] {
        assert_eq!(call(&slack, method, text("four")).await["error"], "message_not_in_streaming_state");
    }
    assert_eq!(call(&slack, "chat.update", update).await["ok"], true);
    assert_eq!(call(&slack, "chat.delete", target).await["ok"], true);
}

#[tokio::test]
async fn a_stream_has_a_recipient_a_limit_and_a_time() {
    let (slack, alice) = workspace().await;
    let root = alice.says_in("C1", "Hello");
    let start = |recipient: Option<&str>, team: Option<&str>, length| {
        json!({
            "channel": "C1", "thread_ts": root, "recipient_user_id": recipient, "recipient_team_id": team,
            "markdown_text": "x".repeat(length),
        })
    };
    let team = slack.team();
    for (start, error) in [
        (start(None, Some(&team), 1), "missing_recipient_user_id"),
        (start(Some("U1"), None, 1), "missing_recipient_team_id"),
        (start(Some("U1"), Some(&team), 12_001), "msg_too_long"),
        (json!({"channel": alice.dm_channel()}), "invalid_thread_ts"),
    ] {
        assert_eq!(call(&slack, "chat.startStream", start).await["error"], error);
    }
    let begun = call(&slack, "chat.startStream", start(Some("U1"), Some(&team), 0)).await;
    let add = json!({"channel": "C1", "ts": begun["ts"], "markdown_text": "late"});
    slack.advance(Duration::from_secs(300));
    assert_eq!(call(&slack, "chat.appendStream", add).await["error"], "message_not_in_streaming_state");
    slack.take_problems();
}

#[tokio::test]
async fn a_file_is_told_of_brought_and_shared() {
    let (slack, _) = workspace().await;
    let told = [("filename", "a.md"), ("length", "5")];
    slack.withdraw("files:write");
    assert_eq!(get(&slack, "files.getUploadURLExternal", &told).await["needed"], "files:write");
    slack.grant("files:write");
    let place = get(&slack, "files.getUploadURLExternal", &told).await;
    let share = json!({"files": [{"id": place["file_id"]}], "channel_id": "C1", "initial_comment": "Here."});
    assert_eq!(call(&slack, "files.completeUploadExternal", share.clone()).await["error"], "file_not_found");
    let bring = async |content: &'static str| {
        let url = place["upload_url"].as_str().unwrap();
        reqwest::Client::new().post(url).body(content).send().await.unwrap().status().as_u16()
    };
    assert_eq!(bring("too long").await, 400);
    assert_eq!(bring("hello").await, 200);
    assert_eq!(call(&slack, "files.completeUploadExternal", share).await["files"][0]["id"], place["file_id"]);
    let shown = slack.wait_for_message("C1", |shown| shown.text == "Here.").await.unwrap();
    assert_eq!(
        (shown.text.as_str(), &shown.files[..]),
        ("Here.", &[("a.md".to_owned(), "hello".to_owned())][..])
    );
    let history = get(&slack, "conversations.history", &[("channel", "C1")]).await;
    assert_eq!(history["messages"][0]["files"][0]["id"], place["file_id"]);
    assert_eq!(call(&slack, "files.delete", json!({"file": place["file_id"]})).await["ok"], true);
    assert!(slack.screen("C1").last().unwrap().deleted);
    slack.take_problems();
}
