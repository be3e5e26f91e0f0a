//! Who speaks for a group or channel may be anybody: they may talk where the group may,
//! and have no rights.

use crate::support::stage::Stage;
use crate::support::telegram::BOT_USERNAME;

const GROUP: i64 = -1_000_000_004_001;
const CHANNEL: i64 = -1_000_000_009_001;

async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    // Alice is an admin where she can be seen.
    stage.set("ACCESS__ADMINS", "telegram:1001")
}

#[tokio::test]
async fn they_are_answered_in_a_group_that_is_admitted_and_are_no_more_than_members() {
    let stage = stage().await;
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(GROUP, "Team");
    let bot = stage.serve().await;
    stage.setup.run(&["access", "allow", &format!("telegram:{GROUP}")]).await;

    alice.says_anonymously_in(&group, &format!("@{BOT_USERNAME} pear"));
    stage.wait_until_last(GROUP, "Heard pear").await;
    alice.says_as_channel_in(&group, CHANNEL, "News", &format!("@{BOT_USERNAME} plum"));
    stage.wait_until_last(GROUP, "Heard plum").await;

    let beside = stage.beside().await;
    let known = "SELECT i.platform_user_id || ' ' || u.role FROM identities i JOIN users u ON u.id = i.user_id ORDER BY 1";
    let expected = [format!("{GROUP} stranger"), format!("{CHANNEL} stranger")];
    assert_eq!(beside.texts(known).await, expected, "each chat is somebody of its own");
    // Even if somebody gives such an account a role, it is nobody's.
    beside.run("UPDATE users SET role = 'owner'").await;
    beside.run("UPDATE spaces SET allowed_at = NULL, allowed_by = NULL").await;
    beside.close().await;
    alice.says_anonymously_in(&group, &format!("@{BOT_USERNAME} fig"));
    bot.wait_for_logs("silent_space_not_admitted", 1).await;
    // As herself she hears what to do.
    alice.says_in(&group, &format!("@{BOT_USERNAME} fig"));
    stage.wait_for(GROUP, "access allow").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn posts_of_the_channel_that_a_group_discusses_are_not_answered() {
    let stage = stage().await.open();
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(GROUP, "Team");
    let bot = stage.serve().await;
    alice.posts_in_channel_of(&group, CHANNEL, "News", &format!("@{BOT_USERNAME} plum"));
    alice.says_in(&group, &format!("@{BOT_USERNAME} pear"));
    stage.wait_until_last(GROUP, "Heard pear").await;
    assert_eq!(stage.said(GROUP), ["Heard pear"]);
    assert_eq!(stage.models.count(), 1);
    stage.ends_well(bot).await;
}
