//! Commands where others read along.

use crate::support::telegram::{BOT_USERNAME, Shown};
use crate::talk::{House, said};

const GROUP: i64 = -1_001_000_000_001;

#[tokio::test]
async fn who_somebody_is_to_the_bot_is_told_to_nobody_else() {
    let house = House::new().await;
    let bot = house.serve();
    let alice = house.telegram.user(1001, "Alice");
    let group = house.telegram.group(GROUP, "Friends");
    alice.says_in(&group, &format!("/whoami@{BOT_USERNAME}"));
    let screen = house.wait_until_last(GROUP, |text| text.starts_with("You are Alice.")).await;
    assert_eq!(said(&screen), ["You are Alice. Ask me again in a direct chat: the rest is for you alone."]);

    alice.says("/whoami");
    let is_whole = |shown: &Shown| shown.text.contains("I know you as telegram user 1001.");
    house.telegram.wait_for_message(1001, is_whole).await.unwrap();
    house.ends_well(bot).await;
}
