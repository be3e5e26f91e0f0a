//! `switchboard access` beside the running daemon.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::support::database::Engine;
use crate::support::stage::Stage;
use crate::support::telegram::BOT_USERNAME;

const GROUP: i64 = -1_001_000_000_001;

#[tokio::test]
async fn an_account_is_let_in_and_shut_out_within_a_second() {
    let stage = Stage::new().await;
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    let (_, empty) = stage.access(&["list"]).await;
    assert_eq!(empty, "Nobody has written yet.\n");

    stage.does(&["allow", "telegram:1001"]).await;
    let before = Instant::now();
    alice.says("Hello?");
    stage.wait_for(1001, "Certainly.").await;
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    stage.does(&["deny", "telegram:1001"]).await;
    alice.says("Hello?");
    bot.wait_for_logs("silent_blocked", 1).await;
    let (_, list) = stage.access(&["list"]).await;
    assert!(list.starts_with("blocked ") && list.contains("telegram:1001"), "{list}");

    stage.does(&["allow", "telegram:1001"]).await;
    alice.says("Hello again?");
    bot.wait_for_logs("answered", 2).await;
    assert_eq!(stage.said(1001), ["Certainly."; 2]);
    let (_, list) = stage.access(&["list"]).await;
    assert!(list.starts_with("member "), "{list}");
    assert!(list.contains("(Alice)"), "a person is shown by the name that people know: {list}");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_place_is_let_in_and_sent_away_and_a_direct_grant_counts_for_nothing_there() {
    let stage = Stage::new().await;
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(GROUP, "Friends");
    let bot = stage.serve().await;
    stage.does(&["allow", "telegram:1001"]).await;
    alice.says_in(&group, &format!("@{BOT_USERNAME} hello?"));
    bot.wait_for_logs("silent_space_not_admitted", 1).await;

    let id = format!("telegram:{GROUP}");
    stage.does(&["allow", &id]).await;
    alice.says_in(&group, &format!("@{BOT_USERNAME} hello?"));
    stage.wait_for(GROUP, "Certainly.").await;
    let (_, list) = stage.access(&["list"]).await;
    assert!(list.contains(&format!("allowed   space:{id}  Friends")), "{list}");

    stage.does(&["deny", &id]).await;
    alice.says_in(&group, &format!("@{BOT_USERNAME} hello?"));
    bot.wait_for_logs("silent_space_not_admitted", 2).await;
    assert_eq!(stage.said(GROUP).len(), 1);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn places_of_every_platform_are_let_in_before_anybody_has_written() {
    let stage = Stage::new().await;
    for id in ["telegram:-1001", "slack:T0123ABCD", "space:discord:81384788765712384", "space:slack:E1"] {
        stage.does(&["allow", id]).await;
    }
    for id in ["slack:T0123ABCD/U0456EFGH", "discord:80351110224678912"] {
        stage.does(&["allow", id]).await;
    }
    let (_, list) = stage.access(&["list"]).await;
    let standings: Vec<(&str, bool)> = [
        "space:telegram:-1001",
        "space:slack:T0123ABCD",
        "space:discord:81384788765712384",
        "space:slack:E1",
        "slack:T0123ABCD/U0456EFGH",
        "discord:80351110224678912",
    ]
    .map(|id| (id, list.lines().any(|line| line.contains(id))))
    .into();
    assert!(standings.iter().all(|(_, is_there)| *is_there), "{standings:?} in\n{list}");
    assert_eq!(list.lines().filter(|line| line.starts_with("allowed ")).count(), 4, "{list}");
    assert_eq!(list.lines().filter(|line| line.starts_with("member ")).count(), 2, "{list}");
}

#[tokio::test]
async fn nonsense_is_told_what_an_id_looks_like() {
    let stage = Stage::new().await;
    let nonsense = [
        "alice",
        "@alice",
        "telegram:alice",
        "telegram:0",
        "telegram:01",
        "slack:U0456",
        "space:",
        "space:telegram:1",
        "discord:-1",
        "terminal:me",
        "",
        "telegram:99999999999999999999999",
        "telegram:1001 ",
        "\u{1f600}",
    ];
    for id in nonsense {
        for word in ["allow", "deny"] {
            let (status, said) = stage.access(&[word, id]).await;
            assert_eq!(status, 1, "{id}: {said}");
            assert!(said.contains(&format!("`{id}` is no id; write telegram:1001")), "{said}");
        }
    }
    // A server's database is there before its first tables are.
    if Engine::chosen() == Engine::Sqlite {
        let (status, said) = stage.access(&["list"]).await;
        assert_eq!(status, 78, "nonsense makes no database: {said}");
    }
}

#[tokio::test]
async fn where_no_database_is_nothing_is_told_from_an_empty_one() {
    let stage = Stage::new().await;
    let Some(file) = stage.setup.database_url().strip_prefix("sqlite://").map(PathBuf::from) else { return };
    assert!(file.is_absolute() && !file.exists(), "{}", file.display());
    let asking: [&[&str]; 7] = [
        &["access", "list"],
        &["access", "approve", "ABCD-EFGH"],
        &["deliveries", "list"],
        &["deliveries", "retry", "--all"],
        &["inbox", "list"],
        &["inbox", "show", "1a2b3c4d"],
        &["inbox", "replay", "--all"],
    ];
    for words in asking {
        let ran = stage.setup.run(words).await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(78), ""), "{words:?}: {}", ran.err);
        let told =
            format!("there is no database at `{}`; run this in the directory of the daemon", file.display());
        assert!(ran.err.contains(&told), "{words:?}: {}", ran.err);
        assert!(!file.exists(), "{words:?}");
    }

    // Who may talk can be said before the first start, and where that went is told once.
    let ran = stage.setup.run(&["access", "allow", "telegram:1001"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains(&format!("so I made one: {}", file.display())), "{}", ran.err);
    let ran = stage.setup.run(&["access", "deny", "telegram:1001"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let (_, list) = stage.access(&["list"]).await;
    assert!(list.starts_with("blocked ") && list.contains("telegram:1001"), "{list}");
}

#[tokio::test]
async fn who_is_shut_out_stays_out_where_everybody_is_welcome_also_before_they_write() {
    let stage = Stage::new().await.open();
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let group = stage.platform.group(GROUP, "Friends");
    let (id, hello) = (format!("telegram:{GROUP}"), format!("@{BOT_USERNAME} hello?"));
    stage.does(&["deny", "telegram:1002"]).await;
    stage.does(&["deny", &id]).await;
    let bot = stage.serve().await;

    bob.says("Hello?");
    bot.wait_for_logs("silent_blocked", 1).await;
    alice.says_in(&group, &hello);
    bot.wait_for_logs("silent_space_not_admitted", 1).await;
    let (_, list) = stage.access(&["list"]).await;
    assert!(list.contains(&format!("blocked   space:{id} ")), "{list}");
    stage.does(&["allow", &id]).await;
    alice.says_in(&group, &hello);
    stage.wait_for(GROUP, "Certainly.").await;
    assert_eq!((stage.said(GROUP).len(), stage.said(1002).len()), (1, 0));
    stage.ends_well(bot).await;
}
