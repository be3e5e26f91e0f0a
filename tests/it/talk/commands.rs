//! Commands where others read along.

use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::support::telegram::{BOT_USERNAME, Shown};

const GROUP: i64 = -1_001_000_000_001;

#[tokio::test]
async fn who_somebody_is_to_the_bot_is_told_to_nobody_else() {
    let stage = Stage::lifelike().await;
    let bot = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    let group = stage.platform.group(GROUP, "Friends");
    alice.says_in(&group, &format!("/whoami@{BOT_USERNAME}"));
    let screen = stage.wait_until_last_is(GROUP, |text| text.starts_with("You are Alice.")).await;
    assert_eq!(said(&screen), ["You are Alice. Ask me again in a direct chat: the rest is for you alone."]);

    alice.says("/whoami");
    let is_whole = |shown: &Shown| shown.text.contains("I know you as telegram user 1001.");
    stage.platform.wait_for_message(1001, is_whole).await.unwrap();
    stage.ends_well(bot).await;
}
