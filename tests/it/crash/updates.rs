//! Telegram's numbers: out of order, and beginning again.

use switchboard::domain::Platform;

use crate::crash::world::World;

/// The first number that the emulator gives.
const FIRST: i64 = 100_000_001;

#[tokio::test]
async fn updates_that_come_as_third_first_second_are_answered_as_they_were_said() {
    let mut world = World::new(&[Platform::Telegram], 1).await;
    let daemon = world.setup.serve();
    world.is_heard(&daemon).await;
    let telegram = world.platforms.telegram.clone();

    telegram.hold_updates();
    for _ in 0..3 {
        // In the group two people take turns, so that nothing is merged.
        world.ask(1, 5, 100);
    }
    telegram.release_updates_in_order(&[2, 0, 1]);

    world.settle(&daemon).await;
    daemon.stop().await;
    world.judge().await;
}

#[tokio::test]
async fn numbers_that_begin_again_hide_nothing() {
    let mut world = World::new(&[Platform::Telegram], 1).await;
    let daemon = world.setup.serve();
    world.is_heard(&daemon).await;
    for lane in [0, 1] {
        world.ask(lane, 5, 0);
    }
    world.settle(&daemon).await;
    let telegram = world.platforms.telegram.clone();
    telegram.wait_until_confirmed().await.unwrap();
    daemon.stop().await;
    telegram.restart_update_ids(FIRST);

    // The same numbers as before, for other messages.
    for lane in [0, 1] {
        world.ask(lane, 5, 0);
    }
    let daemon = world.setup.serve();
    world.settle(&daemon).await;
    daemon.stop().await;
    world.judge().await;
}
