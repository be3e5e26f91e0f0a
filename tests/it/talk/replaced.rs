//! One process takes another's place on a server: whoever was replaced is silent.
//!
//! An embedded database has a lock on its file instead, so these cases exist
//! where `SWITCHBOARD_TEST_POSTGRES` names a server.

use nix::sys::signal::Signal;

use crate::support::database::Engine;
use crate::support::discord::Discord;
use crate::support::models::{Answer, Gate};
use crate::support::platforms::Emulated;
use crate::support::slack::Slack;
use crate::support::stage::{On, Stage};
use crate::talk::wait_until_noted;

/// Somebody says something in `chat`, is answered by a process that is stopped in the middle of it,
/// and by the one that takes its place.
async fn is_silent_once_replaced<P: Emulated>(stage: On<P>, chat: P::Chat<'_>, says: impl Fn(&str)) {
    let gate = Gate::closed_after(1);
    stage.models.will(Answer::deltas(["Once upon", " another time."]).behind(&gate));
    let stopped = stage.serve().await;
    says("Tell me a story.");
    stage.wait_until_last(chat, "Once upon").await;
    wait_until_noted(&stage.setup).await;
    stopped.signal(Signal::SIGSTOP);
    stage.models.will_say("Once upon a time.");
    let bot = stage.setup.serve();
    bot.wait_for_log("waiting for its end").await;
    stage.wait_until_last(chat, "Once upon a time.").await;

    gate.release();
    stopped.signal(Signal::SIGCONT);
    let ended = stopped.ended().await;

    assert_eq!(ended.code(), Some(69), "{:#?}", stopped.log());
    assert_eq!(stage.said(chat), ["Once upon a time."]);
    stage.models.will_say("I am here.");
    says("Are you there?");
    stage.wait_until_last(chat, "I am here.").await;
    assert_eq!(stage.said(chat), ["Once upon a time.", "I am here."]);
    stage.ends(bot).await;
}

#[tokio::test]
async fn a_process_that_was_stopped_for_too_long_shows_nothing_after_another_took_its_place() {
    if Engine::chosen() == Engine::Sqlite {
        return;
    }
    let telegram = async {
        let stage = Stage::lifelike().await;
        let alice = stage.platform.user(1001, "Alice");
        let says = |text: &str| {
            alice.says(text);
        };
        is_silent_once_replaced(stage, 1001, says).await;
    };
    let discord = async {
        let stage = On::<Discord>::lifelike().await;
        let alice = stage.platform.user(1001, "alice");
        let says = |text: &str| {
            alice.dm(text);
        };
        is_silent_once_replaced(stage, alice.dm_channel(), says).await;
    };
    let slack = async {
        let stage = On::<Slack>::lifelike().await;
        let alice = stage.platform.user("U1", "alice");
        let (chat, says) = (alice.dm_channel(), |text: &str| drop(alice.dm(text)));
        is_silent_once_replaced(stage, &chat, says).await;
    };
    tokio::join!(telegram, discord, slack);
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
