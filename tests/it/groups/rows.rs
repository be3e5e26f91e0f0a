//! A program that answers the bot from an account that looks like a person's.

use std::time::Duration;

use crate::groups::hears;
use crate::operation::get;
use crate::support::stage::Stage;
use crate::support::telegram::BOT_USERNAME;

#[tokio::test]
async fn who_answers_the_bot_faster_than_people_do_is_left_alone_until_they_pause() {
    let stage = hears(Stage::new().await).open();
    let stage = stage.set("GROUPS__IN_A_ROW", "3").set("GROUPS__IN_A_ROW_SECONDS", "30");
    let (robot, ann) = (stage.platform.user(1001, "Robot"), stage.platform.user(1002, "Ann"));
    let (group, other) = (stage.platform.group(-1001, "Team"), stage.platform.group(-1002, "Other"));
    let bot = stage.serve().await;
    let mention = format!("@{BOT_USERNAME}");

    robot.says_in(&group, &format!("{mention} 1"));
    for number in 1..=3 {
        let shown = stage.wait_until_last(group.id(), &format!("Heard {number}")).await;
        robot.replies_to(shown.last().unwrap(), &format!("{}", number + 1));
    }
    bot.wait_for_log("faster than people do").await;
    robot.says_in(&group, &format!("{mention} /nonsense"));
    robot.says_in(&group, &format!("{mention} 5"));
    robot.says_in(&group, "/help");
    stage.wait_for(group.id(), "Write to me").await;
    robot.says_in(&other, &format!("{mention} elsewhere"));
    stage.wait_until_last(other.id(), "Heard elsewhere").await;
    robot.says("alone");
    stage.wait_until_last(1001, "Heard alone").await;
    ann.says_in(&group, &format!("{mention} and I?"));
    stage.wait_until_last(group.id(), "Heard and I?").await;

    let said = stage.said(group.id());
    assert_eq!(said.iter().filter(|text| text.starts_with("Heard")).count(), 4, "{said:?}");
    // Somebody else has spoken, so that the row begins anew; and it ends with a pause, too.
    for number in 6..=8 {
        robot.says_in(&group, &format!("{mention} {number}"));
        stage.wait_until_last(group.id(), &format!("Heard {number}")).await;
    }
    stage.platform.time_passes(Duration::from_secs(60));
    robot.says_in(&group, &format!("{mention} 9"));
    stage.wait_until_last(group.id(), "Heard 9").await;

    let told = bot.log().iter().filter(|line| line.contains("faster than people do")).count();
    assert_eq!(told, 1, "it is said once");
    let metrics = format!("{}/metrics", bot.admin_url().await);
    let (_, metrics) = get(&metrics).await;
    assert!(metrics.contains(r#"outcome="silent_too_fast""#), "{metrics}");
    stage.ends_well(bot).await;
}
