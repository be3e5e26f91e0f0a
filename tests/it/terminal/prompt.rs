//! The prompt, in a terminal as people have it.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::wait::WaitStatus;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};

use super::{said, states};
use crate::support::models::Models;
use crate::support::observed::PATIENCE;
use crate::support::program::Setup;

/// What the terminal sends for the key with the arrow that points up.
const UP: &str = "\u{1b}[A";

/// Sits down at the prompt.
fn sit_down(home: &Setup) -> PtySession {
    let mut command = home.command(&[]);
    command.env("TERM", "xterm");
    let patience = PATIENCE.as_millis().try_into().unwrap();
    let options = Options::new().timeout_ms(Some(patience)).strip_ansi_escape_codes(true);
    let mut session = spawn_with_options(command, options).unwrap();
    session.process_mut().set_kill_timeout(Some(1_000));
    session.exp_string("you> ").unwrap();
    session
}

fn type_keys(session: &mut PtySession, keys: &str) {
    session.send(keys).unwrap();
    session.flush().unwrap();
}

/// Leaves by Ctrl-D, which is no failure.
fn leave(mut session: PtySession) {
    session.send_control('d').unwrap();
    session.exp_eof().unwrap();
    assert!(matches!(session.process().wait().unwrap(), WaitStatus::Exited(_, 0)));
}

#[test]
fn a_person_is_greeted_answered_and_may_leave() {
    let home = Setup::bare();
    let mut session = sit_down(&home);
    for text in ["hello", "and again"] {
        type_keys(&mut session, &format!("{text}\r"));
        session.exp_string(&format!("You said: {text}")).unwrap();
        session.exp_string("you> ").unwrap();
    }
    leave(session);
}

#[test]
fn a_message_may_have_several_lines() {
    let home = Setup::bare();
    let mut session = sit_down(&home);
    type_keys(&mut session, "first \\\rsecond\r");
    session.exp_string("You said: first \r\nsecond\r\n").unwrap();
    session.exp_string("you> ").unwrap();
    type_keys(&mut session, "```\rlet x = 1;\r```\r");
    session.exp_string("You said: ```\r\nlet x = 1;\r\n```\r\n").unwrap();
    session.exp_string("you> ").unwrap();
    leave(session);
}

#[test]
fn what_was_typed_is_remembered_after_a_restart() {
    let home = Setup::bare();
    let mut session = sit_down(&home);
    type_keys(&mut session, "remember me\r");
    session.exp_string("You said: remember me").unwrap();
    session.exp_string("you> ").unwrap();
    leave(session);

    let mut session = sit_down(&home);
    type_keys(&mut session, UP);
    session.exp_string("remember me").unwrap();
    type_keys(&mut session, "\r");
    session.exp_string("You said: remember me").unwrap();
    session.exp_string("you> ").unwrap();
    leave(session);
}

#[test]
fn what_was_typed_is_for_nobody_elses_eyes() {
    use std::os::unix::fs::PermissionsExt;

    let home = Setup::empty();
    let mut session = sit_down(&home);
    type_keys(&mut session, "a secret\r");
    session.exp_string("You said: a secret").unwrap();
    session.exp_string("you> ").unwrap();
    leave(session);
    let mode = fs::metadata(home.path("data/chat_history")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn ctrl_c_at_the_prompt_does_not_leave() {
    let home = Setup::bare();
    let mut session = sit_down(&home);
    type_keys(&mut session, "never mi");
    session.exp_string("never mi").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("you> ").unwrap();
    type_keys(&mut session, "hello\r");
    session.exp_string("You said: hello").unwrap();
    session.exp_string("you> ").unwrap();
    leave(session);
}

/// How long a dozen pieces may take to be shown, one after another; in lumps it would be a minute.
const ONE_BY_ONE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_grows_word_by_word_and_not_in_lumps() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    let words: Vec<String> = (1..=12).map(|number| format!("word{number:02} ")).collect();
    let (before, inside) = (["Look:\n", "```text\n"].map(str::to_owned), words.clone());
    models.will_stream(before.into_iter().chain(inside).chain(["\n```\nThat is all.".to_owned()]));
    models.hold(2);
    let mut session = sit_down(&home);
    type_keys(&mut session, "count\r");
    session.exp_string("```text").unwrap();

    let began = Instant::now();
    for (number, word) in words.iter().enumerate() {
        // The next one is not said before this one is seen.
        models.hold(number + 3);
        let seen = session.exp_string(word.trim_end()).unwrap();
        assert!(!seen.contains("```") && !seen.contains("word"), "nothing is shown twice: {seen:?}");
    }
    assert!(began.elapsed() < ONE_BY_ONE, "it took {:?}", began.elapsed());
    models.release();
    session.exp_string("```\r\nThat is all.\r\n").unwrap();
    session.exp_string("you> ").unwrap();
    leave(session);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_an_answer_and_the_prompt_comes_back() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.will_stream(["One, ", "two, ", "three."]);
    models.hold(1);
    let mut session = sit_down(&home);
    type_keys(&mut session, "count\r");
    session.exp_string("One,").unwrap();
    models.wait_until_held(1).await;
    session.send_control('c').unwrap();
    session.exp_string("Stopped.").unwrap();
    session.exp_string("you> ").unwrap();

    models.release();
    models.will_say("Certainly.");
    type_keys(&mut session, "are you there?\r");
    session.exp_string("Certainly.").unwrap();
    session.exp_string("you> ").unwrap();
    leave(session);
    assert_eq!(said(&home).await.len(), 4);
    assert_eq!(states(&home).await, ["done"; 3]);
}

#[test]
fn a_database_that_cannot_be_used_leaves_nothing_behind() {
    let home = Setup::empty();
    let mut command = home.command(&[]);
    command.env("TERM", "xterm").env("SWITCHBOARD__DATABASE__URL", "postgres://u:secret@127.0.0.1:1/d");
    let patience = PATIENCE.as_millis().try_into().unwrap();
    let mut session = spawn_with_options(command, Options::new().timeout_ms(Some(patience))).unwrap();
    let words = session.exp_eof().unwrap();

    assert!(words.contains("cannot reach PostgreSQL at 127.0.0.1:1;"), "{words}");
    assert!(matches!(session.process().wait().unwrap(), WaitStatus::Exited(_, 69)));
    let left: Vec<_> = fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
