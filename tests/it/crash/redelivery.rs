//! Platforms that tell of the same thing again: often, at once, after a restart, late.

use std::time::Duration;

use switchboard::domain::Platform;
use tokio::time::sleep;

use crate::crash::seats::PLATFORMS;
use crate::crash::world::{World, until};
use crate::support::slack::Fault;

/// How often everything is told.
const TIMES: usize = 50;

/// How far Slack's time moves at once.
const STEP: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_is_told_fifty_times_at_once_and_after_a_restart_is_answered_once() {
    for platform in PLATFORMS {
        for lane in [0, 1] {
            let mut world = World::new(&[platform], 1).await;
            let daemon = world.setup.serve();
            world.is_heard(&daemon).await;
            // While the model is at it, and after its answer.
            let question = world.ask(lane, 20, 500);
            world.lanes[lane].seats[0].is_told_again(TIMES);
            until("it is answered", || async { world.lanes[lane].seats[0].posts().len() == 1 }).await;
            world.settle(&daemon).await;
            daemon.stop().await;

            let daemon = world.setup.serve();
            world.is_heard(&daemon).await;
            world.lanes[lane].seats[0].is_told_again(TIMES);
            world.settle(&daemon).await;
            daemon.crash().await;
            world.died().await;
            world.rests().await;

            assert_eq!(world.asked.times(question.number), 1, "{platform}, lane {lane}");
            world.judge().await;
        }
    }
}

#[tokio::test]
async fn a_retry_of_slack_that_is_the_first_delivery_is_answered() {
    let mut world = World::new(&[Platform::Slack], 1).await;
    world.platforms.slack.retry_after([0, 60, 300].map(Duration::from_secs));
    let daemon = world.setup.serve();
    world.is_heard(&daemon).await;
    world.platforms.slack.fault("delivery", 3, Fault::CutBefore);

    world.ask(0, 3, 0);
    passes_until_delivered(&world).await;

    world.settle(&daemon).await;
    daemon.stop().await;
    world.judge().await;
}

#[tokio::test]
async fn a_retry_of_slack_that_comes_after_six_minutes_is_answered_once() {
    let mut world = World::new(&[Platform::Slack], 1).await;
    world.platforms.slack.retry_after([0, 60, 300].map(Duration::from_secs));
    let daemon = world.setup.serve();
    world.is_heard(&daemon).await;
    world.platforms.slack.fault("delivery", 3, Fault::CutAfter);

    let question = world.ask(0, 3, 0);
    until("it is answered", || async { world.lanes[0].seats[0].posts().len() == 1 }).await;
    passes_until_delivered(&world).await;

    world.settle(&daemon).await;
    daemon.stop().await;
    assert_eq!(world.asked.times(question.number), 1);
    world.judge().await;
}

/// Lets Slack's time pass until it has nothing to deliver any more.
async fn passes_until_delivered(world: &World) {
    let slack = &world.platforms.slack;
    while slack.undelivered() > 0 {
        slack.advance(STEP);
        // An envelope gets the time that a socket needs.
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(slack.lost_events(), Vec::<String>::new());
}
