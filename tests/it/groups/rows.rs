//! A program that answers the bot from an account that looks like a person's.

use std::time::Duration;

use crate::groups::hears;
use crate::operation::get;
use crate::support::slack::Slack;
use crate::support::stage::{On, Stage};
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
    robot.says_in(&group, &format!("{mention} 6"));
    robot.says_in(&group, "/model");
    stage.wait_for(group.id(), "There is no other to choose.").await;
    assert!(!stage.said(group.id()).iter().any(|text| text == "Heard 6"), "whoever else speaks");
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

#[tokio::test]
async fn two_of_them_are_told_apart_however_many_threads_they_begin() {
    let stage = hears(On::<Slack>::new().await).open();
    let stage = stage.set("GROUPS__IN_A_ROW", "3").set("GROUPS__IN_A_ROW_SECONDS", "600");
    let robots = [stage.platform.user("U1", "robot"), stage.platform.user("U2", "other")];
    let general = stage.platform.channel("C1", "general", &[&robots[0], &robots[1]]);
    let bot = stage.serve().await;

    let mut heard = Vec::new();
    for number in 1..=4 {
        for robot in &robots {
            let words = format!("{number} of {}", robot.id());
            robot.says_in(&general, &format!("<@bot> {words}"));
            if number < 4 {
                heard.push(format!("Heard {words}"));
                stage.wait_for_text(&general, &format!("Heard {words}")).await;
            }
        }
    }
    for robot in &robots {
        robot.dm("the end");
        stage.wait_for_text(&robot.dm_channel(), "Heard the end").await;
    }

    bot.wait_for_logs("faster than people do", 2).await;
    let mut said = stage.said(&general);
    said.sort();
    heard.sort();
    assert_eq!(said, heard);
    assert_eq!(bot.log().iter().filter(|line| line.contains("faster than people do")).count(), 2);
    stage.ends_well(bot).await;
}
