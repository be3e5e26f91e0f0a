//! The Web API: tokens, scopes, limits, faults, and what it tells.

use std::time::Duration;

use serde_json::{Value, json};

use super::bot::{call, get, post, workspace};
use super::messages::say;
use super::slack::{BURST, Fault, Kind, Slack};

#[tokio::test]
async fn a_post_appears_on_everybodys_screen() {
    let (slack, _) = workspace().await;
    let ts = say(&slack, "Hello &lt;world&gt; <https://example.com|there>").await;
    let shown = slack.user("U1", "alice").screen("C1");
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (shown[0].ts.as_str(), shown[0].by_bot, shown[0].author.as_str()),
        (ts.as_str(), true, "switchboard")
    );
    assert_eq!(shown[0].text, "Hello <world> there");
    assert!(shown[0].unfurled.is_empty());
    assert!(slack.unseen().is_empty());
    assert_eq!(slack.calls()[0].target, format!("C1/{ts}"));
    assert_eq!(slack.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn tokens_are_checked_and_wrong_ones_are_problems() {
    let (slack, _) = workspace().await;
    let client = super::bot::web().build().unwrap();
    let url = format!("{}/auth.test", slack.api_url());
    let without: Value = client.post(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(without, json!({"ok": false, "error": "not_authed"}));
    let wrong: Value = client.post(&url).bearer_auth("xoxb-no").send().await.unwrap().json().await.unwrap();
    assert_eq!(wrong["error"], "invalid_auth");
    let kind: Value =
        client.post(&url).bearer_auth(slack.app_token()).send().await.unwrap().json().await.unwrap();
    assert_eq!(kind["error"], "not_allowed_token_type");
    let form = [("token", slack.bot_token())];
    let in_form: Value = client.post(&url).form(&form).send().await.unwrap().json().await.unwrap();
    assert_eq!(in_form["user_id"], slack.bot_user());
    assert_eq!(slack.take_problems().len(), 3);
    slack.revoke_tokens();
    assert_eq!(call(&slack, "auth.test", json!({})).await["error"], "token_revoked");
    assert!(slack.problems().is_empty());
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let (slack, _) = workspace().await;
    slack.grant_only(&["chat:write"]);
    let answer = get(&slack, "conversations.history", &[("channel", "C1")]).await;
    assert_eq!(
        answer,
        json!({
            "ok": false, "error": "missing_scope", "needed": "channels:history", "provided": "chat:write",
        })
    );
    let answer =
        call(&slack, "reactions.add", json!({"channel": "C1", "timestamp": "1.000000", "name": "eyes"}))
            .await;
    assert_eq!(answer["needed"], "reactions:write");
}

#[tokio::test]
async fn an_unknown_method_is_a_problem() {
    let (slack, _) = workspace().await;
    assert_eq!(call(&slack, "chat.sing", json!({})).await["error"], "unknown_method");
    assert!(slack.take_problems()[0].contains("chat.sing"));
}

#[tokio::test]
async fn json_for_a_method_that_takes_forms_is_ignored_and_a_problem() {
    let (slack, _) = workspace().await;
    let answer = call(&slack, "conversations.info", json!({"channel": "C1"})).await;
    assert_eq!(answer["error"], "channel_not_found");
    assert!(slack.take_problems()[0].contains("takes a form"));
}

#[tokio::test]
async fn json_without_a_charset_gets_a_warning_and_rubbish_an_error() {
    let (slack, _) = workspace().await;
    let send = |kind: &'static str, body: &'static str| {
        let url = format!("{}/auth.test", slack.api_url());
        let request = super::bot::web().build().unwrap().post(url).bearer_auth(slack.bot_token());
        async move {
            request
                .header("Content-Type", kind)
                .body(body)
                .send()
                .await
                .unwrap()
                .json::<Value>()
                .await
                .unwrap()
        }
    };
    assert_eq!(send("application/json", "{}").await["warning"], "missing_charset");
    assert_eq!(send("application/json; charset=utf-8", "{").await["error"], "invalid_json");
    assert_eq!(send("application/xml", "<a/>").await["error"], "invalid_post_type");
    assert_eq!(slack.take_problems().len(), 2);
}

#[tokio::test]
async fn conversations_the_bot_may_not_post_to_are_refused_by_name() {
    let (slack, _) = workspace().await;
    let alice = slack.user("U1", "alice");
    slack.channel_without_bot("C2", Kind::Public, "other", &[&alice]);
    slack.channel_without_bot("C3", Kind::Private, "secret", &[&alice]);
    slack.channel("C4", "old", &[&alice]);
    alice.archives("C4");
    for (channel, error) in [
        ("C2", "not_in_channel"),
        ("C3", "channel_not_found"),
        ("C4", "is_archived"),
        ("C9", "channel_not_found"),
    ] {
        let answer = call(&slack, "chat.postMessage", json!({"channel": channel, "text": "hi"})).await;
        assert_eq!(answer["error"], error, "{channel}");
    }
    slack.grant("chat:write.public");
    assert_eq!(call(&slack, "chat.postMessage", json!({"channel": "C2", "text": "hi"})).await["ok"], true);
    assert!(slack.problems().is_empty());
}

#[tokio::test]
async fn replies_come_in_pages_after_their_parent() {
    let (slack, _) = workspace().await;
    let alice = slack.user("U1", "alice");
    let parent = alice.says_in("C1", "0");
    let replies: Vec<String> = (1..=4).map(|n| alice.replies_in("C1", &parent, &n.to_string())).collect();
    let page = async |extra: &[(&str, &str)]| {
        let query = [&[("channel", "C1"), ("ts", parent.as_str())], extra].concat();
        get(&slack, "conversations.replies", &query).await
    };
    let texts = |answer: &Value| -> Vec<String> {
        answer["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = page(&[("limit", "3")]).await;
    assert_eq!((texts(&first), &first["has_more"]), (vec!["0".into(), "1".into(), "2".into()], &json!(true)));
    let cursor = first["response_metadata"]["next_cursor"].as_str().unwrap();
    assert_eq!(texts(&page(&[("cursor", cursor)]).await), ["3", "4"]);
    assert_eq!(texts(&page(&[("oldest", &replies[1])]).await), ["0", "3", "4"]);
    assert_eq!(texts(&page(&[("oldest", &replies[1]), ("inclusive", "true")]).await), ["0", "2", "3", "4"]);
    assert_eq!(texts(&page(&[("latest", &replies[0]), ("inclusive", "1")]).await), ["0", "1"]);
    assert_eq!(page(&[("cursor", "x")]).await["error"], "invalid_cursor");
    let absent = get(&slack, "conversations.replies", &[("channel", "C1"), ("ts", "1.000000")]).await;
    assert_eq!(absent["error"], "thread_not_found");
    assert_eq!(slack.take_problems().len(), 1);
}

#[tokio::test]
async fn reactions_are_added_once_and_taken_back_once() {
    let (slack, _) = workspace().await;
    let ts = slack.user("U1", "alice").says_in("C1", "nice");
    let body = json!({"channel": "C1", "timestamp": ts, "name": "eyes"});
    assert_eq!(call(&slack, "reactions.add", body.clone()).await, json!({"ok": true}));
    assert_eq!(call(&slack, "reactions.add", body.clone()).await["error"], "already_reacted");
    let got = get(&slack, "reactions.get", &[("channel", "C1"), ("timestamp", &ts)]).await;
    assert_eq!(
        got["message"]["reactions"],
        json!([{"name": "eyes", "users": [slack.bot_user()], "count": 1}])
    );
    assert_eq!(call(&slack, "reactions.remove", body.clone()).await["ok"], true);
    assert_eq!(call(&slack, "reactions.remove", body).await["error"], "no_reaction");
}

#[tokio::test]
async fn a_channel_takes_a_burst_and_then_one_message_a_second() {
    let (slack, _) = workspace().await;
    for _ in 0..BURST {
        say(&slack, "x").await;
    }
    let refused = post(&slack, "chat.postMessage", json!({"channel": "C1", "text": "x"})).await;
    assert_eq!((refused.status().as_u16(), refused.headers()["Retry-After"].to_str().unwrap()), (429, "1"));
    assert_eq!(refused.json::<Value>().await.unwrap(), json!({"ok": false, "error": "ratelimited"}));
    let other = call(&slack, "conversations.open", json!({"users": "U1"})).await["channel"]["id"].clone();
    assert_eq!(call(&slack, "chat.postMessage", json!({"channel": other, "text": "x"})).await["ok"], true);
    slack.advance(Duration::from_secs(1));
    say(&slack, "y").await;
    assert!(slack.problems().is_empty());
}

#[tokio::test]
async fn fifty_updates_a_minute_are_allowed_in_the_workspace() {
    let (slack, _) = workspace().await;
    let ts = say(&slack, "0").await;
    for n in 1..=50 {
        let answer =
            call(&slack, "chat.update", json!({"channel": "C1", "ts": ts, "text": n.to_string()})).await;
        assert_eq!(answer["ok"], true);
    }
    let refused = post(&slack, "chat.update", json!({"channel": "C1", "ts": ts, "text": "51"})).await;
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["Retry-After"].to_str().unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait));
    slack.advance(Duration::from_secs(wait));
    assert_eq!(
        call(&slack, "chat.update", json!({"channel": "C1", "ts": ts, "text": "51"})).await["ok"],
        true
    );
}

#[tokio::test]
async fn a_status_ends_with_the_answer_or_after_two_minutes() {
    let (slack, _) = workspace().await;
    let thread = slack.user("U1", "alice").says_in("C1", "question");
    let body = json!({"channel_id": "C1", "thread_ts": thread, "status": "is thinking..."});
    assert_eq!(call(&slack, "assistant.threads.setStatus", body.clone()).await["ok"], true);
    assert_eq!(slack.status("C1", &thread).as_deref(), Some("is thinking..."));
    call(&slack, "chat.postMessage", json!({"channel": "C1", "thread_ts": thread, "text": "answer"})).await;
    assert_eq!(slack.status("C1", &thread), None);
    call(&slack, "assistant.threads.setStatus", body).await;
    slack.advance(Duration::from_secs(120));
    assert_eq!(slack.status("C1", &thread), None);
    let wrong = json!({"channel_id": "C1", "thread_ts": "1.000000", "status": "x"});
    assert_eq!(call(&slack, "assistant.threads.setStatus", wrong).await["error"], "invalid_thread_ts");
}

#[tokio::test]
async fn channels_and_members_are_listed_in_pages() {
    let (slack, _) = workspace().await;
    let alice = slack.user("U1", "alice");
    slack.private_channel("C2", "secret", &[&alice]);
    slack.channel_without_bot("C3", Kind::Public, "other", &[&alice]);
    let ids = |answer: &Value| -> Vec<String> {
        answer["channels"]
            .as_array()
            .unwrap()
            .iter()
            .map(|channel| channel["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&get(&slack, "conversations.list", &[]).await), ["C1", "C3"]);
    let first =
        get(&slack, "conversations.list", &[("types", "public_channel,private_channel"), ("limit", "2")])
            .await;
    assert_eq!(ids(&first), ["C1", "C2"]);
    let cursor = first["response_metadata"]["next_cursor"].as_str().unwrap();
    let rest =
        get(&slack, "conversations.list", &[("types", "public_channel,private_channel"), ("cursor", cursor)])
            .await;
    assert_eq!(
        (ids(&rest), rest["response_metadata"]["next_cursor"].as_str()),
        (vec!["C3".to_owned()], Some(""))
    );
    let members = get(&slack, "conversations.members", &[("channel", "C1")]).await;
    assert_eq!(members["members"], json!([slack.bot_user(), "U1", "U2"]));
}

#[tokio::test]
async fn conversations_open_finds_the_direct_conversation() {
    let (slack, _) = workspace().await;
    let alice = slack.user("U1", "alice");
    let opened = call(&slack, "conversations.open", json!({"users": "U1"})).await;
    assert_eq!(opened["channel"]["id"], alice.dm_channel());
    assert_eq!(call(&slack, "conversations.open", json!({"users": "U1"})).await["already_open"], true);
    assert_eq!(call(&slack, "conversations.open", json!({"users": "U404"})).await["error"], "user_not_found");
    let several = call(&slack, "conversations.open", json!({"users": "U1,U2", "return_im": true})).await;
    assert_eq!(several["channel"]["is_mpim"], true);
}

#[tokio::test]
async fn people_teams_and_bots_have_information() {
    let (slack, _) = workspace().await;
    assert_eq!(
        get(&slack, "users.info", &[("user", "U1")]).await["user"]["profile"]["display_name"],
        "alice"
    );
    assert_eq!(get(&slack, "users.info", &[("user", "U9")]).await["error"], "user_not_found");
    assert_eq!(get(&slack, "team.info", &[]).await["team"]["id"], slack.team());
    assert_eq!(get(&slack, "bots.info", &[]).await["bot"]["user_id"], slack.bot_user());
    assert_eq!(get(&slack, "conversations.info", &[("channel", "C1")]).await["channel"]["is_member"], true);
}

#[tokio::test]
async fn faults_come_before_or_after_the_effect() {
    let (slack, _) = workspace().await;
    let body = json!({"channel": "C1", "text": "x"});
    let try_post = async || {
        let url = format!("{}/chat.postMessage", slack.api_url());
        let request = super::bot::web().timeout(Duration::from_millis(300)).build().unwrap().post(url);
        request.bearer_auth(slack.bot_token()).json(&body).send().await
    };
    slack.fault("chat.postMessage", 1, Fault::CutBefore);
    assert!(try_post().await.is_err());
    assert_eq!(slack.screen("C1").len(), 0);
    slack.fault("chat.postMessage", 1, Fault::CutAfter);
    assert!(try_post().await.is_err());
    assert_eq!(slack.screen("C1").len(), 1);
    slack.fault("chat.postMessage", 1, Fault::HangAfter);
    assert!(try_post().await.unwrap_err().is_timeout());
    assert_eq!(slack.screen("C1").len(), 2);
    slack.fault("chat.postMessage", 1, Fault::Hang);
    assert!(try_post().await.unwrap_err().is_timeout());
    slack.fault("chat.postMessage", 1, Fault::Status(503));
    assert_eq!(try_post().await.unwrap().status(), 503);
    slack.fault("chat.postMessage", 1, Fault::Error("fatal_error"));
    assert_eq!(try_post().await.unwrap().json::<Value>().await.unwrap()["error"], "fatal_error");
    slack.fault("chat.postMessage", 1, Fault::RateLimited(30));
    assert_eq!(try_post().await.unwrap().headers()["Retry-After"], "30");
    assert_eq!(slack.screen("C1").len(), 2);
    let statuses: Vec<String> = slack.calls().into_iter().map(|call| call.status).collect();
    assert_eq!(
        statuses,
        ["cut before", "cut after", "hang after", "hang", "503", "fatal_error", "ratelimited"]
    );
}

#[tokio::test]
async fn thousands_of_messages_take_seconds() {
    let (slack, _) = workspace().await;
    slack.without_rate_limits();
    let client = super::bot::web().build().unwrap();
    let url = format!("{}/chat.postMessage", slack.api_url());
    let started = std::time::Instant::now();
    for n in 0..2_000 {
        let form = [("token", slack.bot_token()), ("channel", "C1".to_owned()), ("text", n.to_string())];
        assert!(client.post(&url).form(&form).send().await.unwrap().status().is_success());
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(slack.screen("C1").len(), 2_000);
}

#[tokio::test]
async fn an_argument_that_a_method_does_not_have_is_passed_over_and_a_problem() {
    let (slack, _) = workspace().await;
    let ts = say(&slack, "Hello.").await;
    let update = json!({"channel": "C1", "ts": ts, "text": "Bye.", "mrkdwn": false, "unfurl_links": false});
    assert_eq!(call(&slack, "chat.update", update).await["ok"], true);
    let answer = get(&slack, "users.info", &[("user", "U1"), ("locale", "en")]).await;
    assert_eq!(answer["ok"], true);
    assert_eq!(call(&slack, "api.test", json!({"whatever": 1})).await["ok"], true);
    assert_eq!(
        slack.take_problems(),
        [
            "chat.update has no such arguments: mrkdwn, unfurl_links",
            "users.info has no such arguments: locale"
        ]
    );
}

#[tokio::test]
async fn the_app_has_the_rights_that_the_readme_has_it_ask_for() {
    let readme = include_str!("../../../../README.md");
    let row =
        readme.lines().find(|line| line.starts_with("| Slack | [Your apps]")).expect("how to make an app");
    let named = |from: &str, to: &str| {
        let part =
            row.split_once(from).and_then(|(_, rest)| rest.split_once(to)).expect("a part of the row").0;
        let mut names: Vec<String> = part.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        names.sort();
        names
    };
    let scopes = named("the bot scopes ", "Event Subscriptions:");
    let events = named("Event Subscriptions:", "Slash Commands:");
    assert_eq!(Slack::start().await.rights(), (scopes, events));
}
