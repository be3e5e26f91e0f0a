//! A group that becomes a supergroup, which has another id.

use crate::support::telegram::BOT_USERNAME;
use crate::talk::{House, first_waits, heard, said, unhurried, wait_until_it_waits};

const SUPERGROUP: i64 = -1_000_000_004_001;

async fn house() -> House {
    let mut house = House::new().await;
    house.telegram.without_rate_limits();
    house.setup = unhurried(&house.setup).env("SWITCHBOARD__ACCESS__GROUPS", "listed");
    house
}

#[tokio::test]
async fn it_keeps_its_admission_and_its_conversation() {
    let house = house().await;
    house.models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
    let alice = house.telegram.user(1001, "Alice");
    let group = house.telegram.group(-4001, "Team");
    let bot = house.serve();
    house.telegram.wait_for_poll().await.unwrap();
    house.setup.run(&["access", "allow", "telegram:-4001"]).await;
    alice.says_in(&group, &format!("@{BOT_USERNAME} pear"));
    house.wait_until_last(group.id(), |text| text == "Heard pear").await;

    let grown = group.becomes_supergroup(SUPERGROUP, &alice);
    alice.says_in(&grown, &format!("@{BOT_USERNAME} plum"));
    house.wait_until_last(SUPERGROUP, |text| text == "Heard plum").await;
    assert_eq!(heard(&house.models, "plum"), ["pear", "Heard pear", "plum"]);
    house.ends_well(bot).await;
}

#[tokio::test]
async fn what_waits_while_it_becomes_one_is_answered_there_in_order() {
    let house = house().await;
    let gate = first_waits(&house.models);
    let [alice, bob, carol] =
        [(1001, "Alice"), (1002, "Bob"), (1003, "Carol")].map(|(id, name)| house.telegram.user(id, name));
    let group = house.telegram.group(-4001, "Team");
    let bot = house.serve();
    let beside = house.setup.beside().await;
    house.telegram.wait_for_poll().await.unwrap();
    house.setup.run(&["access", "allow", "telegram:-4001"]).await;
    gate.hold(0);
    alice.says_in(&group, &format!("@{BOT_USERNAME} first"));
    gate.wait_until_held(1).await;
    bob.says_in(&group, &format!("@{BOT_USERNAME} second"));
    wait_until_it_waits(&beside, "second").await;

    let grown = group.becomes_supergroup(SUPERGROUP, &alice);
    carol.says_in(&grown, &format!("@{BOT_USERNAME} third"));
    wait_until_it_waits(&beside, "third").await;
    gate.release();
    let screen = house.wait_until_last(SUPERGROUP, |text| text == "Heard third").await;
    assert_eq!(said(&screen), ["Heard first", "Heard second", "Heard third"]);
    beside.close().await;
    house.ends_well(bot).await;
}
