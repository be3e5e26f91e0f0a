//! A process that could not reach the server for so long that another took its place.

use std::time::Duration;

use crate::postgres::away::Wired;
use crate::support::database;
use crate::support::observed::PATIENCE;

#[tokio::test]
async fn who_comes_back_after_it_was_replaced_takes_nothing_from_its_successor() {
    let Some(server) = database::server() else { return };
    let mut stage = Wired::new(&server).await;
    stage.slack.setup = stage.slack.setup.env("SWITCHBOARD__DATABASE__LEASE_SECONDS", "15");
    let (first, _) = stage.serve().await;
    stage.slack.models.answers_with(|asked| format!("Heard {}", asked.questions().join(" + ")));
    stage.proxy.cut();
    let direct =
        stage.slack.setup.clone().env("SWITCHBOARD__DATABASE__URL", &stage.slack.setup.database_url());
    let second = direct.serve();
    second.wait_for_log("waiting for its end").await;
    second.wait_for_log("on slack I am").await;
    assert!(stage.slack.platform.wait_for_sockets(4).await, "both hear what people say");

    // The first looks now and then whether it still has its place, so it may be at work before it knows.
    first.wait_for_log("could not renew the lease").await;
    stage.proxy.mend();
    let people: Vec<_> =
        (10..30).map(|n| stage.slack.platform.user(&format!("U{n}"), &format!("p{n}"))).collect();
    for person in &people {
        person.dm("hello");
    }
    assert_eq!(first.ended().await.code(), Some(69), "{:#?}", first.log());
    for person in &people {
        person.dm("still there?");
    }

    for person in &people {
        for words in ["hello", "still there?"] {
            stage.slack.wait_until(&person.dm_channel(), |text| text.contains(words)).await;
        }
    }
    let beside = database::Beside::open(&stage.slack.setup.database_url()).await;
    let done = async {
        while beside.number("SELECT COUNT(*) FROM inbox WHERE ended_at IS NULL").await > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("everything comes to its end");
    for person in &people {
        let said = stage.slack.said(&person.dm_channel());
        // Two that wait together are answered together; what the first did not take in comes later.
        let said = said.join(" + ").replace("Heard ", "");
        assert!(["hello + still there?", "still there? + hello"].contains(&said.as_str()), "{said}");
    }
    beside.close().await;
    second.stop().await;
}
