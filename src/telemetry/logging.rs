//! The log: for people on a terminal, as JSON everywhere else.
//!
//! Two filters stand behind each other, and a line has to pass both: the one
//! from the settings, and one that always holds, because libraries print what
//! must never be in a log: words of people, tokens, URLs with tokens in them.

use std::error::Error;
use std::fmt;
use std::io::{IsTerminal, stderr};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, registry};

/// Crates that carry what is secret, by the beginnings of their names. Some print
/// whole payloads (async_openai, serenity, slack_morphism, teloxide, tungstenite),
/// some the requests and frames that these are made of.
const SILENT: [&str; 11] = [
    "async_openai",
    "h2",
    "hyper",
    "reqwest",
    "rustls",
    "serenity",
    "slack_morphism",
    "sqlx::query",
    "teloxide",
    "tokio_tungstenite",
    "tungstenite",
];

/// Our own crate, which tells nothing secret on any level.
const OURS: &str = env!("CARGO_PKG_NAME");

/// Tells of each step of the schema on two lines, and we of all on one.
const MIGRATIONS: &str = "sea_orm_migration";

/// What other crates may say at most: their details are nobody's promise.
const OTHERS: LevelFilter = LevelFilter::INFO;

/// Starts logging to standard error; a second call changes nothing.
///
/// `filter` is in the form of `tracing_subscriber`'s `EnvFilter`; parts of it
/// that cannot be read are left out. It can make the log quieter than what always
/// holds, and never louder.
pub fn init(filter: &str, as_json: Option<bool>) {
    let wished = EnvFilter::builder().parse_lossy(filter);
    let log = registry().with(wished).with(always());
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    let started = if as_json.unwrap_or_else(|| !stderr().is_terminal()) {
        log.with(lines.json().flatten_event(true)).try_init()
    } else {
        log.with(lines.with_target(false)).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
        return;
    }
    std::panic::set_hook(Box::new(|panic| {
        // What a panic says may quote what people wrote; where it was does not.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked at {place}; this is a fault of ours");
    }));
}

/// What holds whatever the settings say.
fn always() -> Targets {
    let silent = SILENT.map(|target| (target, LevelFilter::OFF));
    let told = [(OURS, LevelFilter::TRACE), (MIGRATIONS, LevelFilter::WARN)];
    Targets::new().with_default(OTHERS).with_targets(told).with_targets(silent)
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

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::always;

    #[test]
    fn only_we_may_tell_details() {
        let filter = always();
        for (target, level, passes) in [
            ("switchboard::router", Level::TRACE, true),
            ("sea_orm_migration::migrator", Level::INFO, false),
            ("axum::serve", Level::DEBUG, false),
            ("slack_morphism::socket_mode", Level::ERROR, false),
            ("teloxide_core::net", Level::ERROR, false),
            ("hyper_util::client::legacy", Level::ERROR, false),
            ("sqlx::query", Level::ERROR, false),
            ("sqlx::pool::acquire", Level::WARN, true),
        ] {
            assert_eq!(filter.would_enable(target, &level), passes, "{target} {level}");
        }
    }
}
