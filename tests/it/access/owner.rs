//! The first owner: by a code that only whoever starts the program gets to see.

use super::code_in;
use crate::support::program::Running;
use crate::support::stage::Stage;
use crate::support::telegram::BOT_USERNAME;

const INVITATION: &str = "Nobody owns this bot yet.";

async fn owner_code(bot: &Running) -> String {
    let line = bot.wait_for_log(INVITATION).await;
    assert!(serde_json::from_str::<serde_json::Value>(&line).is_err(), "it is no line of the log: {line}");
    code_in(&line)
}

fn has_invited(bot: &[String]) -> bool {
    bot.iter().any(|line| line.contains(INVITATION))
}

#[tokio::test]
async fn the_code_of_the_first_start_makes_its_sender_the_owner_once() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let bot = stage.serve().await;
    let code = owner_code(&bot).await;
    alice.says(&code.to_lowercase().replace('-', " "));
    stage.wait_for(1001, "You are the owner of this bot now.").await;
    alice.says("/whoami");
    stage.wait_for(1001, "You are Alice, the owner here.").await;
    bob.says(&code);
    stage.wait_for(1002, "I don't know you yet.").await;
    assert!(!bot.log().iter().any(|line| line.contains(&code) && !line.contains(INVITATION)));
    let log = bot.stop().await;
    assert_eq!(log.iter().filter(|line| line.contains(INVITATION)).count(), 1);

    let bot = stage.serve().await;
    bob.says(&code);
    bot.wait_for_logs("a turn on telegram ended", 1).await;
    assert!(!has_invited(&bot.log()), "there is an owner already");
    let said = stage.said(1002);
    assert!(said.len() == 2 && said.iter().all(|said| said.starts_with("I don't know you yet.")), "{said:?}");
    assert_eq!(stage.models.count(), 0);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_code_of_an_earlier_start_is_dead() {
    let stage = Stage::new().await;
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    let first = owner_code(&bot).await;
    bot.stop().await;
    let bot = stage.serve().await;
    let second = owner_code(&bot).await;
    assert_ne!(first, second);
    alice.says(&first);
    stage.wait_for(1001, "I don't know you yet.").await;
    alice.says(&second);
    stage.wait_for(1001, "You are the owner").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_code_means_nothing_in_a_group() {
    let stage = Stage::new().await.set("ACCESS__GROUPS", "open");
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(-1_001_000_000_001, "Friends");
    let bot = stage.serve().await;
    let code = owner_code(&bot).await;
    alice.says_in(&group, &format!("@{BOT_USERNAME} {code}"));
    stage.wait_for(group.id(), "Certainly.").await;
    alice.says("Am I?");
    stage.wait_for(1001, "I don't know you yet.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_code_also_works_for_somebody_who_may_talk_already() {
    let stage = Stage::new().await.set("ACCESS__DIRECT", "open").set("ACCESS__USERS", "telegram:1002");
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    let code = owner_code(&bot).await;
    alice.says(&code);
    stage.wait_for(1001, "You are the owner").await;
    assert_eq!(stage.models.count(), 0, "a code is nothing for a model");
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn whoever_names_admins_needs_no_code() {
    let stage = Stage::new().await.set("ACCESS__ADMINS", "telegram:1001");
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says("Hello?");
    stage.wait_for(1001, "Certainly.").await;
    assert!(!has_invited(&bot.log()));
    stage.ends_well(bot).await;
}
