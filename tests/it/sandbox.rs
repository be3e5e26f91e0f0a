//! The sandbox, as somebody without any account meets it.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::process::Command;
use tokio::time::timeout;

use crate::support::observed::PATIENCE;

/// How much more patience a whole demonstration takes than one answer.
const SCENES: u32 = 4;

/// The built example: beside the directory that this test is in.
fn sandbox() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).expect("tests are in target/PROFILE/deps");
    let path = profile.join("examples/sandbox");
    assert!(
        path.exists(),
        "{} is not there: `cargo test` builds it, and so does `cargo build --examples`",
        path.display()
    );
    path
}

#[tokio::test]
async fn the_sandbox_plays_its_demonstration() {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sandbox/demo.txt");
    let mut command = Command::new(sandbox());
    command.arg(demo).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(PATIENCE * SCENES, command.output()).await.expect("the demonstration ends").unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{complaints}");

    let said = std::fs::read_to_string(demo).unwrap();
    let lines = said.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(shown.matches(" says: ").count(), lines.count(), "{shown}");
    assert!(!shown.contains("Nobody sees anything new"), "{shown}");
    for words in [
        "telegram alice sees:\n    You said: Hello, is anybody there?",
        "Did you mean /model?",
        "telegram everybody in general sees:\n    You said: Good morning, everybody.",
        "discord bob sees:\n    You are bob",
        "discord bob sees:\n    gpt-4o answers in this conversation",
        "discord everybody in general sees:\n    You said: Hear ye, ＠everyone: lunch is at noon.",
        "slack carol sees:\n    You said: Hello from Slack.",
        "slack everybody in general sees:\n    You said: What is this channel about?",
        "slack carol sees:\n    You are carol",
    ] {
        assert!(shown.contains(words), "`{words}` is not in:\n{shown}");
    }
    for who in ["telegram alice", "discord bob", "slack carol"] {
        assert!(shows_an_answer_that_grows(&shown, who), "nothing grew before {who}:\n{shown}");
    }
}

/// Whether somebody sees the beginning of an answer, and later the whole of it in its place.
fn shows_an_answer_that_grows(shown: &str, who: &str) -> bool {
    let (sees, changes) = (format!("{who} sees:\n"), format!("{who} sees it change to:\n"));
    let first_line = |behind: &str| behind.lines().next().unwrap_or_default().trim_end().to_owned();
    let begun: Vec<String> = shown.split(&sees).skip(1).map(first_line).collect();
    let grown: Vec<String> = shown.split(&changes).skip(1).map(first_line).collect();
    let is_longer = |grown: &String| begun.iter().any(|begun| grown.starts_with(begun) && grown != begun);
    grown.iter().any(|grown| grown.contains("slowly") && grown.ends_with('.') && is_longer(grown))
}
