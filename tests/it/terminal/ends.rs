//! How a run ends before its answer does: killed, told to stop, interrupted.

use nix::sys::signal::Signal;

use super::{ask, echo, said, states, until, went_well};
use crate::support::models::Models;
use crate::support::program::{Ran, Running, Setup};

const EARLIER: &str = "(An earlier message was still waiting. Its answer:)\n";

/// A program in the middle of an answer: it has shown `One,`.
async fn counting(models: &Models, home: &Setup) -> Running {
    models.will_stream(["One, ", "two, ", "three."]);
    models.hold(1);
    let running = home.says("count");
    models.wait_until_held(1).await;
    running.prints("One,").await;
    running
}

/// Lets the next start answer, and looks at what is left of all this.
async fn answered_next_time(models: &Models, home: &Setup) {
    models.release();
    models.will_say("One, two, three.");
    models.will_say("You are welcome.");
    let answers = format!("{EARLIER}One, two, three.\nYou are welcome.\n");
    went_well(&home.pipe("thank you").await, &answers);
    let all =
        ["user: count", "assistant: One, two, three.", "user: thank you", "assistant: You are welcome."];
    assert_eq!(said(home).await, all);
    assert_eq!(states(home).await, ["done", "done"]);
    went_well(&home.pipe("").await, "");
}

#[tokio::test]
async fn what_a_killed_process_was_answering_is_answered_by_the_next_one() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    let running = counting(&models, &home).await;
    running.signal(Signal::SIGKILL);
    assert_eq!(running.end().await.code, None);
    assert_eq!(states(&home).await, ["generating"]);

    answered_next_time(&models, &home).await;
}

#[tokio::test]
async fn what_waited_behind_a_killed_answer_is_answered_even_if_nobody_says_more() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    counting(&models, &home).await.signal(Signal::SIGKILL);
    models.release();

    models.will_say("One, two, three.");
    went_well(&home.pipe("").await, &format!("{EARLIER}One, two, three.\n"));
    assert_eq!(said(&home).await, ["user: count", "assistant: One, two, three."]);
}

#[tokio::test]
async fn an_answer_that_does_not_make_it_before_the_end_is_given_back() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    let running = counting(&models, &home).await;
    running.signal(Signal::SIGTERM);
    let Ran { code, out, .. } = running.end().await;
    assert_eq!((code, out.as_str()), (Some(1), "One,\n"), "nobody may take that for an answer");
    // It is not the message's fault.
    assert_eq!(ask(&home, "SELECT state || ' ' || attempts FROM inbox").await, ["received 0"]);

    answered_next_time(&models, &home).await;
}

#[tokio::test]
async fn an_answer_that_makes_it_before_the_end_is_whole() {
    let models = Models::start().await;
    let home = Setup::with_model(&models).env("SWITCHBOARD__SHUTDOWN__DRAIN_SECONDS", "600");
    let running = counting(&models, &home).await;
    running.signal(Signal::SIGTERM);
    models.release();

    went_well(&running.end().await, "One, two, three.\n");
    assert_eq!(said(&home).await, ["user: count", "assistant: One, two, three."]);
}

#[tokio::test]
async fn being_told_twice_ends_it_at_once_and_loses_nothing() {
    let models = Models::start().await;
    let home = Setup::with_model(&models).env("SWITCHBOARD__SHUTDOWN__DRAIN_SECONDS", "600");
    let running = counting(&models, &home).await;
    until("it should end though the answer does not", || {
        running.try_signal(Signal::SIGTERM);
        running.has_ended()
    })
    .await;
    assert_eq!(running.end().await.code, Some(143));

    answered_next_time(&models, &home).await;
}

#[tokio::test]
async fn an_interrupt_stops_an_answer_and_keeps_what_there_is() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    let running = counting(&models, &home).await;
    running.signal(Signal::SIGINT);

    let ran = running.end().await;
    // Only the answer, as far as it came, is on standard output.
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(130), "One,\n", "Stopped.\n"));
    let kept = "SELECT content || '|' || finish_reason FROM messages WHERE role = 'assistant'";
    assert_eq!(ask(&home, kept).await, ["One, |stopped"]);
    assert_eq!(states(&home).await, ["done", "done"]);

    models.release();
    models.will_say("Where was I?");
    went_well(&home.pipe("go on").await, "Where was I?\n");
    assert!(models.request(2).await.text_of("assistant").eq(["One, "]));
}

#[tokio::test]
async fn an_interrupt_before_the_first_word_leaves_nothing_behind() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.will_say("Certainly.");
    models.hold(0);
    let running = home.says("are you there?");
    models.wait_until_held(1).await;
    running.signal(Signal::SIGINT);

    let ran = running.end().await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(130), ""));
    assert!(ran.err.contains("Stopped before the first word.\n"), "{ran:?}");
    assert_eq!(
        (said(&home).await.len(), states(&home).await),
        (0, vec!["done".to_owned(), "done".to_owned()])
    );
}

#[tokio::test]
async fn a_program_that_waits_for_its_input_can_be_told_to_leave() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let home = Setup::bare();
        let running = home.start(&["chat"]);
        // Interrupts are the last that it begins to listen to.
        until("it should listen", || running.listens_to(Signal::SIGINT)).await;
        running.signal(signal);
        // The very first one can still be missed; to be told twice is to end at once.
        let is_repeated = signal == Signal::SIGINT;
        until("it should end", || {
            is_repeated.then(|| running.try_signal(signal));
            running.has_ended()
        })
        .await;

        went_well(&running.ending().await, "");
        went_well(&home.pipe("hello").await, &echo("hello"));
    }
}
