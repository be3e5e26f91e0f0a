//! A group that becomes a supergroup, which has another id.

use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::BOT_USERNAME;
use crate::talk::{first_waits, heard, wait_until_it_waits};

const SUPERGROUP: i64 = -1_000_000_004_001;

async fn stage() -> Stage {
    Stage::lifelike().await.unlimited().unhurried().set("ACCESS__GROUPS", "listed")
}

#[tokio::test]
async fn it_keeps_its_admission_and_its_conversation() {
    let stage = stage().await;
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(-4001, "Team");
    let bot = stage.serve().await;
    stage.setup.run(&["access", "allow", "telegram:-4001"]).await;
    alice.says_in(&group, &format!("@{BOT_USERNAME} pear"));
    stage.wait_until_last(group.id(), "Heard pear").await;

    let grown = group.becomes_supergroup(SUPERGROUP, &alice);
    alice.says_in(&grown, &format!("@{BOT_USERNAME} plum"));
    stage.wait_until_last(SUPERGROUP, "Heard plum").await;
    assert_eq!(heard(&stage.models, "plum"), ["Alice: pear", "Heard pear", "Alice: plum"]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn what_waits_while_it_becomes_one_is_answered_there_in_order() {
    let stage = stage().await;
    let gate = first_waits(&stage.models);
    let [alice, bob, carol] =
        [(1001, "Alice"), (1002, "Bob"), (1003, "Carol")].map(|(id, name)| stage.platform.user(id, name));
    let group = stage.platform.group(-4001, "Team");
    let bot = stage.serve().await;
    let beside = stage.setup.beside().await;
    stage.setup.run(&["access", "allow", "telegram:-4001"]).await;
    gate.hold(0);
    alice.says_in(&group, &format!("@{BOT_USERNAME} first"));
    gate.wait_until_held(1).await;
    bob.says_in(&group, &format!("@{BOT_USERNAME} second"));
    wait_until_it_waits(&beside, "second").await;

    let grown = group.becomes_supergroup(SUPERGROUP, &alice);
    carol.says_in(&grown, &format!("@{BOT_USERNAME} third"));
    wait_until_it_waits(&beside, "third").await;
    gate.release();
    let screen = stage.wait_until_last(SUPERGROUP, "Heard third").await;
    assert_eq!(said(&screen), ["Heard first", "Heard second", "Heard third"]);
    beside.close().await;
    stage.ends_well(bot).await;
}
