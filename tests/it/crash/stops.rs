//! Ends in order, with text on the screen.

use nix::sys::signal::Signal;

use crate::crash::books::Books;
use crate::crash::seats::PLATFORMS;
use crate::crash::world::{World, until};

#[tokio::test]
async fn an_answer_that_a_stop_cuts_is_whole_after_the_next_start_and_nothing_is_doubled() {
    let mut world = World::new(&PLATFORMS, 1).await;
    let hasty = world.setup.clone().env("SWITCHBOARD__SHUTDOWN__DRAIN_SECONDS", "0");
    let daemon = hasty.serve();
    world.is_heard(&daemon).await;
    for lane in 0..world.lanes.len() {
        world.ask(lane, 40, 4_000);
    }
    let lanes = world.lanes.clone();
    let is_begun = || async { lanes.iter().all(|lane| !lane.seats[0].posts().is_empty()) };
    until("everybody sees a beginning", is_begun).await;

    daemon.signal(Signal::SIGTERM);
    let status = daemon.ended().await;
    assert!(status.success(), "{status}:\n{}", daemon.log().join("\n"));
    let books = Books::open(&world.setup).await;
    assert_eq!(books.number("SELECT MAX(attempts) FROM inbox").await, 0, "it was no fault of theirs");
    books.close().await;
    world.died().await;
    world.rests().await;

    world.judge().await;
    for posts in world.lanes.iter().map(|lane| lane.seats[0].posts()) {
        assert_eq!(posts.len(), 2, "the answer, and the one after it: {posts:?}");
    }
}
