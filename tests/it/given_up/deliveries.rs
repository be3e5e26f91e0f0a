//! `switchboard deliveries`.

use super::{ANSWER, SECRET, assert_discreet, field};
use crate::support::program::Running;
use crate::support::stage::Stage;
use crate::support::telegram::Fault;

/// A stage on which the platform refuses the first posts; answers are stored before.
async fn stage(refusals: usize) -> Stage {
    let stage = Stage::new().await.open();
    let fault = Fault::Refuse(403, "Forbidden: bot was blocked by the user".to_owned());
    stage.platform.fault("sendMessage", refusals, fault);
    stage
}

/// Somebody asks something and blocks the bot before it has answered.
async fn unreachable(stage: &Stage) -> Running {
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says(SECRET);
    stage.models.request(1).await;
    alice.blocks_bot();
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    bot
}

#[tokio::test]
async fn a_reply_that_did_not_arrive_is_listed_retried_and_seen_once() {
    let stage = stage(1).await;
    let bot = unreachable(&stage).await;
    let list = stage.json(&["deliveries", "list"]).await;
    let [part] = &list.as_array().unwrap()[..] else { panic!("{list}") };
    let (short, whole) = (field(part, "reference"), field(part, "turn"));
    assert_eq!(
        (field(part, "state"), field(part, "platform"), field(part, "kind")),
        ("dead", "telegram", "direct")
    );
    assert_eq!(
        stage.json(&["deliveries", "show", whole]).await,
        stage.json(&["deliveries", "show", short]).await
    );
    let line = stage.told(&["deliveries", "list", "--state", "dead"]).await;
    assert!(line.starts_with(&format!("{short}  part 0   dead ")), "{line}");
    assert_eq!(stage.told(&["deliveries", "list", "--state", "sent"]).await, "Nothing is on its way.\n");

    let hidden = [
        list.to_string(),
        line,
        stage.told(&["deliveries", "show", short]).await,
        stage.json(&["deliveries", "show", short]).await.to_string(),
        stage.told(&["inbox", "list"]).await,
        stage.json(&["inbox", "list"]).await.to_string(),
        stage.told(&["inbox", "show", short]).await,
        stage.json(&["inbox", "show", short]).await.to_string(),
    ];
    assert_discreet(&hidden);
    let shown = stage.told(&["deliveries", "show", short, "--text"]).await;
    assert!(shown.contains(SECRET) && shown.contains(ANSWER), "{shown}");
    assert!(shown.contains("dead (undelivered), direct, attempts 1"), "{shown}");
    let (code, said) = stage.command(&["inbox", "replay", short]).await;
    assert!(code == 1 && said.contains("only did not arrive"), "an answer is not paid for twice: {said}");

    stage.platform.user(1001, "Alice").unblocks_bot();
    let said = stage.told(&["deliveries", "retry", short]).await;
    assert_eq!(said, format!("{short} is on its way again: its answer goes out.\n"));
    stage.wait_for(1001, ANSWER).await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    assert_eq!(stage.said(1001).len(), 1);
    assert_eq!(stage.models.count(), 1, "the answer was stored");
    assert_eq!(stage.told(&["deliveries", "list"]).await, "Nothing is on its way.\n");
    let (code, said) = stage.command(&["deliveries", "retry", short]).await;
    assert_eq!((code, said), (1, format!("switchboard: {short} is not given up: it has ended well\n")));
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn several_replies_of_one_lane_go_out_in_the_order_in_which_they_were_asked_for() {
    let stage = stage(2).await;
    stage.models.echoes();
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says("first");
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    alice.says("second");
    bot.wait_for_logs("a turn on telegram ended", 2).await;

    let said = stage.told(&["deliveries", "retry", "--all"]).await;
    assert_eq!(said.lines().count(), 2, "{said}");
    bot.wait_for_logs("a turn on telegram ended", 4).await;
    let seen = stage.said(1001);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0].contains("first") && seen[1].contains("second"), "{seen:?}");
    assert_eq!(stage.models.count(), 2);
    assert_eq!(stage.told(&["deliveries", "retry", "--all"]).await, "Nothing was given up.\n");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_is_purged_is_gone_and_nobody_gets_it() {
    let stage = stage(1).await;
    let bot = unreachable(&stage).await;
    let list = stage.json(&["deliveries", "list"]).await;
    let short = field(&list[0], "reference");

    let (code, said) = stage.command(&["deliveries", "purge", short]).await;
    assert!(code == 1 && said.contains("this throws 1 reply away for good; add --yes"), "{said}");
    assert_eq!(
        stage.told(&["deliveries", "purge", "--older-than", "1h", "--yes"]).await,
        "Threw 0 replies away.\n"
    );
    assert_eq!(stage.told(&["deliveries", "purge", short, "--yes"]).await, "Threw 1 reply away.\n");

    assert_eq!(stage.told(&["deliveries", "list"]).await, "Nothing is on its way.\n");
    assert_eq!(stage.told(&["inbox", "list"]).await, "Nothing is there.\n");
    assert_discreet(&[stage.told(&["deliveries", "show", short, "--text"]).await]);
    for words in [["deliveries", "retry", short], ["inbox", "replay", short]] {
        let (code, said) = stage.command(&words).await;
        assert!(code == 1 && said.contains("is not given up"), "{words:?}: {said}");
    }
    let beside = stage.beside().await;
    let left = "SELECT (SELECT COUNT(payload) FROM outbox) + (SELECT COUNT(payload) FROM inbox)";
    assert_eq!(beside.number(left).await, 0);
    beside.close().await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_names_nothing_or_too_much_gets_a_sentence() {
    let stage = stage(1).await;
    let bot = unreachable(&stage).await;
    let unknown = "0199aaaa-bbbb-7ccc-8ddd-eeee1a2b3c4d";
    for words in [["deliveries", "show"], ["deliveries", "retry"], ["inbox", "show"], ["inbox", "replay"]] {
        for id in ["1a2b3c4d", unknown] {
            let (code, said) = stage.command(&[&words[..], &[id]].concat()).await;
            assert_eq!(code, 1, "{said}");
            assert!(said.contains(&format!("there is nothing with the id {id}")), "{said}");
        }
        let (code, said) = stage.command(&[&words[..], &["alice"]].concat()).await;
        assert!(code == 1 && said.contains("`alice` is no id"), "{said}");
    }
    for words in [
        &["deliveries", "retry"][..],
        &["deliveries", "purge", "--yes"],
        &["inbox", "list", "--state", "odd"],
    ] {
        assert_eq!(stage.command(words).await.0, 2, "{words:?}");
    }
    // The same end, of another beginning.
    let list = stage.json(&["deliveries", "list"]).await;
    let (short, whole) = (field(&list[0], "reference"), field(&list[0], "turn"));
    let beside = stage.beside().await;
    let twin = beside.id(&format!("0000{}", &whole[4..]));
    beside
        .run(&format!(
            "INSERT INTO outbox (turn_id, number, platform, state, created_at) VALUES ({twin}, 0, 'telegram', 'dead', 0)"
        ))
        .await;
    beside.close().await;
    let (code, said) = stage.command(&["deliveries", "show", short]).await;
    assert!(code == 1 && said.contains("stands for more than one") && said.contains(whole), "{said}");
    stage.told(&["deliveries", "show", whole]).await;
    stage.ends_well(bot).await;
}
