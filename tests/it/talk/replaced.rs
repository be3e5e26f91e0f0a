//! One process takes another's place on a server: whoever was replaced is silent.
//!
//! An embedded database has a lock on its file instead, so these cases exist
//! where `SWITCHBOARD_TEST_POSTGRES` names a server.

use nix::sys::signal::Signal;

use crate::support::database::Engine;
use crate::support::models::{Answer, Gate};
use crate::talk::{House, said, wait_until_noted};

#[tokio::test]
async fn a_process_that_was_stopped_for_too_long_shows_nothing_after_another_took_its_place() {
    if Engine::chosen() == Engine::Sqlite {
        return;
    }
    let house = House::new().await;
    let gate = Gate::closed_after(1);
    house.models.will(Answer::deltas(["Once upon", " another time."]).behind(&gate));
    let stopped = house.serve();
    let alice = house.telegram.user(1001, "Alice");
    alice.says("Tell me a story.");
    house.wait_until_last(1001, |text| text == "Once upon").await;
    wait_until_noted(&house.setup).await;
    stopped.signal(Signal::SIGSTOP);
    house.models.will_say("Once upon a time.");
    let bot = house.serve();
    bot.wait_for_log("waiting for its end").await;
    house.wait_until_last(1001, |text| text == "Once upon a time.").await;

    gate.release();
    stopped.signal(Signal::SIGCONT);
    let ended = stopped.ended().await;

    assert_eq!(ended.code(), Some(69), "{:#?}", stopped.log());
    assert_eq!(said(&house.telegram.screen(1001)), ["Once upon a time."]);
    house.models.will_say("I am here.");
    alice.says("Are you there?");
    let screen = house.wait_until_last(1001, |text| text == "I am here.").await;
    assert_eq!(said(&screen), ["Once upon a time.", "I am here."]);
    bot.stop().await;
}

#[tokio::test]
async fn a_second_daemon_waits_for_the_first_and_refuses_when_that_goes_on() {
    if Engine::chosen() == Engine::Sqlite {
        return;
    }
    let house = House::new().await;
    let first = house.serve();
    house.telegram.wait_for_poll().await.unwrap();
    let second = house.serve();

    assert_eq!(second.ended().await.code(), Some(69), "{:#?}", second.log());

    second.wait_for_log("another Switchboard is running on this database").await;
    house.ends_well(first).await;
}
