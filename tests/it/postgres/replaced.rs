//! A process that could not reach the server for so long that another took its place.

use std::time::Duration;

use crate::postgres::away::House;
use crate::support::database;
use crate::support::observed::PATIENCE;
use crate::support::slack::Shown;

#[tokio::test]
async fn who_comes_back_after_it_was_replaced_takes_nothing_from_its_successor() {
    let Some(server) = database::server() else { return };
    let mut house = House::new(&server).await;
    house.setup = house.setup.env("SWITCHBOARD__DATABASE__LEASE_SECONDS", "15");
    let (first, _) = house.serve().await;
    house.models.answers_with(|asked| format!("Heard {}", asked.questions().join(" + ")));
    house.proxy.cut();
    let direct = house.setup.clone().env("SWITCHBOARD__DATABASE__URL", &house.setup.database_url());
    let second = direct.serve();
    second.wait_for_log("waiting for its end").await;
    second.wait_for_log("on slack I am").await;
    assert!(house.slack.wait_for_sockets(4).await, "both hear what people say");

    // The first looks every five seconds whether it still has its place, so it may be at work before it knows.
    let before = first.log().iter().filter(|line| line.contains("could not renew the lease")).count();
    first.wait_for_logs("could not renew the lease", before + 1).await;
    house.proxy.mend();
    let people: Vec<_> = (10..30).map(|n| house.slack.user(&format!("U{n}"), &format!("p{n}"))).collect();
    for person in &people {
        person.dm("hello");
    }
    assert_eq!(first.ended().await.code(), Some(69), "{:#?}", first.log());
    for person in &people {
        person.dm("still there?");
    }

    for person in &people {
        let is_it = |shown: &Shown| shown.by_bot && shown.text.ends_with("still there?");
        let seen = house.slack.wait_for_message(&person.dm_channel(), is_it).await;
        seen.unwrap_or_else(|error| panic!("{error}"));
    }
    let beside = database::Beside::open(&house.setup.database_url()).await;
    let done = async {
        while beside.number("SELECT COUNT(*) FROM inbox WHERE ended_at IS NULL").await > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("everything comes to its end");
    for person in &people {
        let screen = house.slack.screen(&person.dm_channel());
        let said: Vec<&str> =
            screen.iter().filter(|shown| shown.by_bot).map(|shown| shown.text.as_str()).collect();
        // Two that wait together are answered together.
        assert_eq!(said.join(" + ").replace("Heard ", ""), "hello + still there?");
    }
    beside.close().await;
    second.stop().await;
}
