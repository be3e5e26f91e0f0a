//! One process takes another's place on a server: whoever was replaced is silent.
//!
//! An embedded database has a lock on its file instead, so these cases exist
//! where `SWITCHBOARD_TEST_POSTGRES` names a server.

use nix::sys::signal::Signal;

use crate::support::database::Engine;
use crate::support::models::{Answer, Gate};
use crate::support::screens::said;
use crate::support::stage::Stage;
use crate::talk::wait_until_noted;

#[tokio::test]
async fn a_process_that_was_stopped_for_too_long_shows_nothing_after_another_took_its_place() {
    if Engine::chosen() == Engine::Sqlite {
        return;
    }
    let stage = Stage::lifelike().await;
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon", " another time."]).behind(&gate));
    let stopped = stage.serve().await;
    let alice = stage.platform.user(1001, "Alice");
    alice.says("Tell me a story.");
    stage.wait_until_last(1001, "Once upon").await;
    wait_until_noted(&stage.setup).await;
    stopped.signal(Signal::SIGSTOP);
    stage.models.will_say("Once upon a time.");
    let bot = stage.setup.serve();
    bot.wait_for_log("waiting for its end").await;
    stage.wait_until_last(1001, "Once upon a time.").await;

    gate.release();
    stopped.signal(Signal::SIGCONT);
    let ended = stopped.ended().await;

    assert_eq!(ended.code(), Some(69), "{:#?}", stopped.log());
    assert_eq!(said(&stage.platform.screen(1001)), ["Once upon a time."]);
    stage.models.will_say("I am here.");
    alice.says("Are you there?");
    let screen = stage.wait_until_last(1001, "I am here.").await;
    assert_eq!(said(&screen), ["Once upon a time.", "I am here."]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_second_daemon_waits_for_the_first_and_refuses_when_that_goes_on() {
    if Engine::chosen() == Engine::Sqlite {
        return;
    }
    let stage = Stage::lifelike().await;
    let first = stage.serve().await;
    let second = stage.setup.serve();

    assert_eq!(second.ended().await.code(), Some(69), "{:#?}", second.log());

    second.wait_for_log("another Switchboard is running on this database").await;
    stage.ends_well(first).await;
}
