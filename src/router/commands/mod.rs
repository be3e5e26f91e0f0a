//! What a person can ask of the bot itself: one file per command.

mod help;
mod model;
mod new;
mod retry;
mod stop;
mod whoami;

use crate::domain::{Command, Invocation, Outcome, Reply, Silence, Timestamp};
use crate::router::{Router, RouterError};
use crate::store::ClaimedTurn;

/// How alike two names must be, from 0 to 1, for the one to be offered for the other.
const ALIKE: f64 = 0.5;

/// Carries a command out.
pub(super) async fn run(
    router: &Router,
    command: Command,
    turn: &ClaimedTurn,
    invocation: &Invocation,
    now: Timestamp,
) -> Result<Outcome, RouterError> {
    let Some(message) = turn.last() else { return Ok(Outcome::Silence(Silence::NotAddressed)) };
    let is_elsewhere = message.address.has_talk_in_threads_only();
    let text = match command {
        Command::New | Command::Model | Command::Stop | Command::Retry if is_elsewhere => {
            router.parts.texts.with("only-in-threads-slack", &[("command", command.name())])
        }
        Command::Help => help::run(&router.parts.texts, message.address.platform),
        Command::New => new::run(router, turn, now).await?,
        Command::Model => model::run(router, turn, &invocation.arguments, now).await?,
        Command::Whoami => whoami::run(router, turn, message, invocation),
        Command::Stop => stop::run(router, turn, invocation, now).await?,
        Command::Retry => return retry::run(router, turn, (message, invocation)).await,
    };
    Ok(Outcome::Reply(Reply::ready_made(text)))
}

/// The candidate that somebody most likely meant, if one is like it.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Answers a command that there is not, with the nearest that there is.
pub(super) fn unknown(router: &Router, invocation: &Invocation) -> Outcome {
    let name: String = invocation.name.chars().take(32).collect();
    let near = nearest(&name, Command::ALL.map(Command::name));
    let texts = &router.parts.texts;
    let text = match near {
        Some(nearest) => texts.with("unknown-command-near", &[("name", &name), ("nearest", nearest)]),
        None => texts.with("unknown-command", &[("name", &name)]),
    };
    Outcome::Reply(Reply::ready_made(text))
}
