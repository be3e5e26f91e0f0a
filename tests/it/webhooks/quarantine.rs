//! What a webhook brings and nobody can read is kept before its 200, and what
//! comes after it is answered.

use switchboard::model::install_crypto;

use super::PublicStage;
use crate::support::slack::signature;

#[tokio::test]
async fn what_cannot_be_read_is_listed_and_what_comes_with_it_is_answered() {
    let stage = PublicStage::new().await;
    stage.telegram.models.echoes();
    let (alice, carol) =
        (stage.telegram.platform.user(1001, "Alice"), stage.slack.platform.user("U1", "carol"));
    let bot = stage.serve().await;
    let half = r#"{"message_id":900,"date":1800000000,"chat":{"id":1001,"type":"private"},"from":{"id":1001,"is_bot":false,"first_name":"Alice"},"text":"\ud800"}"#;
    stage.telegram.platform.inject("message", half);
    alice.says("almond");
    stage.telegram.wait_for_text(1001, "almond").await;

    install_crypto();
    let body = format!(
        r#"{{"type":"event_callback","team_id":"{}","event_id":"Ev900","event":{{"type":"message","channel":"D1","channel_type":"im","user":"U1","ts":"1700000000.000100","text":"\ud800"}}}}"#,
        stage.slack.platform.team()
    );
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let request = reqwest::Client::new()
        .post(stage.url("slack"))
        .header("Content-Type", "application/json")
        .header("X-Slack-Signature", signature(&stage.slack.platform.signing_secret(), now, &body))
        .header("X-Slack-Request-Timestamp", now.to_string())
        .body(body);
    assert_eq!(request.send().await.unwrap().status(), 200);
    carol.dm("coconut");
    stage.slack.wait_for_text(&carol.dm_channel(), "coconut").await;

    let list = stage.telegram.setup.run(&["inbox", "list", "--state", "quarantined"]).await;
    for platform in ["telegram", "slack"] {
        let lines = list.out.lines().filter(|line| line.contains(platform) && line.contains("quarantined"));
        assert_eq!(lines.count(), 1, "{platform}: {}{}", list.out, list.err);
    }
    stage.ends_well(bot).await;
}
