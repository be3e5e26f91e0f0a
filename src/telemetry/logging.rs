//! The log: for people on a terminal, as JSON everywhere else.

use std::error::Error;
use std::fmt;
use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

/// Directives that always hold: these crates print whole payloads, prompts among them.
const SILENCED: [&str; 5] =
    ["async_openai=off", "serenity=off", "slack_morphism=off", "tokio_tungstenite=off", "tungstenite=off"];

/// Starts logging to standard error; a second call changes nothing.
///
/// `filter` is in the form of `tracing_subscriber`'s `EnvFilter`; parts of it
/// that cannot be read are left out.
pub fn init(filter: &str, as_json: Option<bool>) {
    let mut rules = EnvFilter::builder().parse_lossy(filter);
    for directive in SILENCED {
        if let Ok(directive) = directive.parse() {
            rules = rules.add_directive(directive);
        }
    }
    let lines = tracing_subscriber::fmt()
        .with_env_filter(rules)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    let started = if as_json.unwrap_or_else(|| !stderr().is_terminal()) {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.with_target(false).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// Shows an error with everything that caused it, on one line.
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl fmt::Display + 'a {
    Chain(error)
}

struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
