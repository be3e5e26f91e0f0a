//! What was given up, seen and taken up again by the command line beside the
//! running daemon.

mod deliveries;
mod inbox;
mod quarantine;

use serde_json::Value;

use crate::support::stage::Stage;

/// What a person says who wants nobody else to read it.
const SECRET: &str = "my CANARY question";

/// What the model says to everybody.
const ANSWER: &str = "Certainly.";

impl Stage {
    /// Runs a command beside the daemon; returns the exit code and all it says.
    async fn command(&self, words: &[&str]) -> (i32, String) {
        let ran = self.setup.run(words).await;
        (ran.code.unwrap(), ran.out + &ran.err)
    }

    /// Runs a command that has to work.
    async fn told(&self, words: &[&str]) -> String {
        let (code, said) = self.command(words).await;
        assert_eq!(code, 0, "{words:?}: {said}");
        said
    }

    /// Runs a command for programs.
    async fn json(&self, words: &[&str]) -> Value {
        let said = self.told(&[words, &["--json"]].concat()).await;
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {value}"))
}

/// Whether none of these texts holds anything that was said.
fn assert_discreet(texts: &[String]) {
    for text in texts {
        assert!(!text.contains("CANARY") && !text.contains(ANSWER), "{text}");
    }
}
