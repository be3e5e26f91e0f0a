//! Switchboard without any account: the daemon between emulators of all three
//! platforms, where one person plays several.
//!
//! ```text
//! $ cargo run -q --example sandbox
//! telegram alice: hello
//! discord bob: /whoami
//! slack carol in general: what is this channel about?
//! ```
//!
//! Each line is `PLATFORM NAME: what they say`, a direct message to the bot; with
//! `in general` it is said to the bot in a channel that all of them share. What
//! each person sees is printed as it appears, edits included: the model repeats what
//! it is told, and does so slowly where that word is in it. Lines come from
//! standard input, or from the file that is named on the command line; the next
//! line is read when the last one is answered. `demo.txt` beside this file is such
//! a file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "a toy may panic, and talks on standard output"
)]

mod line;
mod stage;
mod view;

#[path = "../../tests/it/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines, stdin};
use std::path::Path;

use line::Line;
use stage::Stage;

#[tokio::main]
async fn main() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::build().await;
    start_daemon(&stage, home.path());
    stage.wait_until_connected().await;
    eprintln!("All three platforms are there. Try: telegram alice: hello");
    let mut lines = input();
    loop {
        let next = tokio::task::spawn_blocking(move || (lines.next(), lines)).await.unwrap();
        lines = next.1;
        let Some(Ok(text)) = next.0 else { break };
        match text.parse::<Line>() {
            Ok(line) => stage.play(&line).await,
            Err(_) if text.trim().is_empty() || text.starts_with('#') => {}
            Err(words) => eprintln!("{words}"),
        }
    }
    // The daemon runs in this process, and has nothing left to do.
    std::process::exit(0);
}

/// Lines from the file that is named, or from standard input.
fn input() -> Lines<Box<dyn BufRead + Send>> {
    let source: Box<dyn BufRead + Send> = match std::env::args().nth(1) {
        Some(path) => {
            let file = File::open(&path).unwrap_or_else(|error| panic!("cannot read `{path}`: {error}"));
            Box::new(BufReader::new(file))
        }
        None => Box::new(BufReader::new(stdin())),
    };
    source.lines()
}

/// Runs the daemon on a thread of its own, as if somebody had started it.
fn start_daemon(stage: &Stage, home: &Path) {
    let file = home.join("sandbox.toml");
    std::fs::write(&file, stage.settings(home)).unwrap();
    let words = ["switchboard", "--config", file.to_str().unwrap(), "serve"].map(Into::into);
    std::thread::spawn(move || {
        let code = switchboard::cli::run_with(words, &BTreeMap::new());
        eprintln!("the daemon ended with {code}");
        std::process::exit(i32::from(code));
    });
}
