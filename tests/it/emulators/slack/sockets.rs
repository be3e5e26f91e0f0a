//! Socket Mode: connections, acknowledgements and retries.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::bot::{Link, call, open, url, workspace};
use super::slack::{Disconnect, Fault};

#[tokio::test]
async fn a_socket_is_greeted_and_its_url_works_once() {
    let (slack, _) = workspace().await;
    let url = url(&slack).await;
    let mut link = Link(connect_async(&url).await.unwrap().0);
    let hello = link.next().await.unwrap();
    assert_eq!(
        (&hello["num_connections"], &hello["connection_info"]["app_id"]),
        (&json!(1), &json!("A0EMU0001"))
    );
    assert!(hello["debug_info"]["host"].is_string());
    assert!(connect_async(&url).await.is_err());
    let bot = call(&slack, "apps.connections.open", json!({})).await;
    assert_eq!(bot["error"], "not_allowed_token_type");
    assert_eq!(slack.take_problems().len(), 1);
}

#[tokio::test]
async fn the_eleventh_socket_is_one_too_many() {
    let (slack, _) = workspace().await;
    let mut links = Vec::new();
    for _ in 0..10 {
        links.push(Link::open(&slack).await);
    }
    let mut link = Link(connect_async(url(&slack).await).await.unwrap().0);
    assert_eq!(link.next().await.unwrap()["reason"], "too_many_websockets");
    assert_eq!(link.next().await, None);
    drop(links);
}

#[tokio::test]
async fn what_is_not_acknowledged_is_tried_again_at_once_after_one_minute_and_after_five() {
    let (slack, alice) = workspace().await;
    slack.acknowledge_within(Duration::from_millis(100));
    let mut link = Link::open(&slack).await;
    alice.dm("hello");
    let first = link.next().await.unwrap();
    assert_eq!((&first["retry_attempt"], &first["retry_reason"]), (&json!(0), &json!("")));
    let second = link.next().await.unwrap();
    assert_eq!((&second["retry_attempt"], &second["retry_reason"]), (&json!(1), &json!("timeout")));
    assert_eq!(second["payload"]["event_id"], first["payload"]["event_id"]);
    assert_ne!(second["envelope_id"], first["envelope_id"]);
    // Too late: it does not count.
    link.ack(&first, None).await;
    tokio::time::timeout(Duration::from_millis(300), link.next())
        .await
        .expect_err("not before a minute is over");
    slack.advance(Duration::from_secs(60));
    assert_eq!(link.next().await.unwrap()["retry_attempt"], 2);
    tokio::time::timeout(Duration::from_millis(300), link.next())
        .await
        .expect_err("not before five minutes are over");
    slack.advance(Duration::from_secs(300));
    assert_eq!(link.next().await.unwrap()["retry_attempt"], 3);
    assert!(slack.wait_until_delivered().await);
    assert_eq!(slack.lost_events(), [first["payload"]["event_id"].as_str().unwrap()]);
}

#[tokio::test]
async fn without_a_socket_events_arrive_only_as_retries() {
    let (slack, alice) = workspace().await;
    slack.retry_after([Duration::ZERO, Duration::from_millis(300), Duration::from_secs(300)]);
    alice.dm("anybody there?");
    let mut link = Link::open(&slack).await;
    let envelope = link.take().await;
    assert_eq!(envelope["retry_attempt"], 2);
    assert_eq!(envelope["payload"]["event"]["text"], "anybody there?");
    assert!(slack.wait_until_delivered().await);
}

#[tokio::test]
async fn several_sockets_share_the_events() {
    let (slack, alice) = workspace().await;
    let mut links = [Link::open(&slack).await, Link::open(&slack).await];
    for n in 0..20 {
        alice.dm(&n.to_string());
    }
    let mut taken = [0, 0];
    for _ in 0..20 {
        let [one, two] = &mut links;
        let (mine, envelope) = tokio::select! {
            envelope = one.next() => (0, envelope.unwrap()),
            envelope = two.next() => (1, envelope.unwrap()),
        };
        taken[mine] += 1;
        links[mine].ack(&envelope, None).await;
    }
    assert!(taken[0] > 2 && taken[1] > 2, "{taken:?}");
    assert!(slack.wait_until_delivered().await);
}

#[tokio::test]
async fn a_refresh_warns_asks_and_then_closes() {
    let (slack, _) = workspace().await;
    let mut link = Link::open(&slack).await;
    slack.refresh_sockets();
    let warning = link.next().await.unwrap();
    assert_eq!((&warning["type"], &warning["reason"]), (&json!("disconnect"), &json!("warning")));
    slack.advance(Duration::from_secs(10));
    assert_eq!(link.next().await.unwrap()["reason"], "refresh_requested");
    let _second = Link::open(&slack).await;
    slack.advance(Duration::from_secs(2));
    assert_eq!(link.next().await, None);
    assert!(slack.wait_for_sockets(1).await);
}

#[tokio::test]
async fn a_disabled_link_closes_every_socket_and_the_next_ones_too() {
    let (slack, _) = workspace().await;
    let mut link = Link::open(&slack).await;
    slack.disconnect_sockets(Disconnect::LinkDisabled);
    assert_eq!(link.next().await.unwrap()["reason"], "link_disabled");
    assert_eq!(link.next().await, None);
    let mut next = Link::open(&slack).await;
    assert_eq!(next.next().await.unwrap()["reason"], "link_disabled");
}

#[tokio::test]
async fn sockets_can_be_cut_silenced_refused_and_left_without_hello() {
    let (slack, alice) = workspace().await;
    slack.acknowledge_within(Duration::from_millis(100));
    slack.retry_after([Duration::ZERO, Duration::from_secs(2), Duration::from_secs(5)]);
    let mut link = Link::open(&slack).await;
    slack.silence_sockets();
    alice.dm("lost at first");
    link.0.send(Message::Ping(b"?".to_vec().into())).await.unwrap();
    tokio::time::timeout(Duration::from_millis(200), link.0.next()).await.expect_err("not even a pong");
    slack.cut_sockets();
    assert_eq!(link.next().await, None);
    assert!(slack.wait_for_sockets(0).await);
    slack.fault("apps.connections.open", 1, Fault::Error("internal_error"));
    assert_eq!(open(&slack).await["error"], "internal_error");
    slack.fault("socket", 1, Fault::CutBefore);
    assert!(connect_async(url(&slack).await).await.is_err());
    slack.fault("socket", 1, Fault::NoHello);
    let mut mute = Link(connect_async(url(&slack).await).await.unwrap().0);
    let mut good = Link::open(&slack).await;
    assert_eq!(good.take().await["payload"]["event"]["text"], "lost at first");
    tokio::time::timeout(Duration::from_millis(100), mute.next()).await.expect_err("it says nothing");
}

#[tokio::test]
async fn envelopes_can_come_twice_in_reverse_or_lose_their_acknowledgement() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    slack.fault("delivery", 1, Fault::Duplicate);
    alice.dm("twice");
    let (one, two) = (link.take().await, link.take().await);
    assert_eq!(one, two);
    slack.fault("delivery", 2, Fault::Reorder);
    alice.dm("first");
    alice.dm("second");
    let texts =
        [link.take().await, link.take().await].map(|envelope| envelope["payload"]["event"]["text"].clone());
    assert_eq!(texts, ["second", "first"]);
    slack.acknowledge_within(Duration::from_millis(100));
    slack.fault("delivery", 1, Fault::CutAfter);
    alice.dm("again");
    let first = link.take().await;
    assert_eq!(first["payload"]["event"]["text"], "again");
    assert!(slack.problems().is_empty());
}

#[tokio::test]
async fn a_lost_acknowledgement_leads_to_a_retry_that_can_be_acknowledged() {
    let (slack, alice) = workspace().await;
    slack.acknowledge_within(Duration::from_millis(500));
    let mut link = Link::open(&slack).await;
    slack.fault("delivery", 1, Fault::CutAfter);
    alice.dm("again");
    let (first, second) = (link.take().await, link.take().await);
    assert_eq!(first["payload"]["event_id"], second["payload"]["event_id"]);
    assert_eq!(second["retry_attempt"], 1);
    assert!(slack.wait_until_delivered().await);
    assert!(slack.lost_events().is_empty());
}

#[tokio::test]
async fn acknowledgements_that_fit_nothing_are_problems() {
    let (slack, alice) = workspace().await;
    let mut link = Link::open(&slack).await;
    link.ack(&json!({"envelope_id": "never-sent"}), None).await;
    link.0.send(Message::text("gibberish")).await.unwrap();
    alice.dm("hello");
    let envelope = link.next().await.unwrap();
    link.ack(&envelope, Some(json!({"text": "no"}))).await;
    assert!(slack.wait_until_delivered().await);
    assert_eq!(slack.take_problems().len(), 3);
}
