//! Input that nobody means well, and answers that a terminal must not obey.

use super::{echo, said, states, went_well};
use crate::support::models::Models;
use crate::support::program::Setup;

#[tokio::test]
async fn nothing_said_is_nothing_answered() {
    let home = Setup::bare();
    for nothing in ["", " ", "\n\n\t\n"] {
        went_well(&home.pipe(nothing).await, "");
    }
    assert!(states(&home).await.is_empty());
}

#[tokio::test]
async fn what_is_no_text_is_shown_by_marks() {
    let home = Setup::bare();

    went_well(&home.pipe(b"a\0b").await, &echo("a\u{fffd}b"));
    went_well(&home.pipe(b"a\xff\xfe\xc3(b").await, &echo("a\u{fffd}\u{fffd}\u{fffd}(b"));
    assert_eq!(said(&home).await[0], "user: a\u{fffd}b");
}

#[tokio::test]
async fn a_megabyte_is_refused_and_more_than_we_read_too() {
    let home = Setup::bare();

    let ran = home.pipe("x".repeat(1 << 20)).await;
    let words = "That is longer than I can take at once: 1048576 characters, and my limit is 8000.\n";
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(1), "", words));

    let ran = home.pipe("x".repeat(5 << 20)).await;
    let words = "switchboard: cannot read what is typed: a message may have at most 4194304 bytes\n";
    assert_eq!((ran.code, ran.out.as_str(), ran.err.lines().last()), (Some(1), "", words.lines().last()));
}

#[tokio::test]
async fn one_character_of_five_thousand_marks_is_taken_as_it_is() {
    let home = Setup::bare();
    let stacked = format!("e{}", "\u{301}".repeat(5_000));

    went_well(&home.pipe(&stacked).await, &echo(&stacked));
}

#[tokio::test]
async fn a_terminal_is_told_nothing_by_an_answer() {
    let models = Models::start().await;
    let home = Setup::with_model(&models);
    models.will_stream(["\u{1b}]0;owned\u{7}\u{1b}[2J", "Hello\r\u{9b}31m", "\u{8}\u{7f} there\0."]);

    went_well(&home.pipe("hello").await, "]0;owned[2JHello31m there.\n");
}

#[tokio::test]
async fn what_looks_like_a_command_to_others_is_none_to_us() {
    let home = Setup::bare();
    for text in ["'; DROP TABLE users; --", "{ $reference } {\"x\"}", "%s%n{}", "-- --help", "/etc/passwd"] {
        went_well(&home.pipe(text).await, &echo(text));
    }
}
