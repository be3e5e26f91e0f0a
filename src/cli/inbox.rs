//! `switchboard inbox`: what came in and was not answered, also beside a running daemon.

use std::io::{self, Write, stdout};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::{Inbox, Replayed, ReplayedAll};
use crate::app::SystemClock;
use crate::cli::deliveries::print_json;
use crate::cli::failure::Failure;
use crate::cli::plain::{SHOWN, age, cut, harmless, print_foreign, stamp};
use crate::cli::{beside, connect};
use crate::config::Settings;
use crate::domain::{Clock, MessageState, Reference, Timestamp, TurnId};
use crate::store::KeptMessage;
use crate::telemetry::{Tasks, chain};

#[derive(Debug, Args)]
pub(super) struct InboxArguments {
    #[command(subcommand)]
    command: InboxCommand,
}

#[derive(Debug, Subcommand)]
enum InboxCommand {
    /// Lists messages that were given up and events that could not be read; never what they say
    List {
        /// Only messages in this state: dead, quarantined, received, claimed, generating, ready, merged, done, refused or failed
        #[arg(long, value_parser = state)]
        state: Option<MessageState>,
        /// How many at most
        #[arg(long, default_value_t = SHOWN)]
        limit: u64,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Shows one message, and those that belong to its turn
    Show {
        /// The reference that people are told, or a whole id
        id: String,
        /// With what was said, or came and could not be read
        #[arg(long)]
        text: bool,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Has a message answered after all that was given up, or could not be read
    Replay {
        /// The reference that people are told, or a whole id
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

fn state(name: &str) -> Result<MessageState, String> {
    MessageState::named(name).ok_or_else(|| {
        let names: Vec<&str> = MessageState::ALL.iter().map(|state| state.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

pub(super) async fn run(arguments: &InboxArguments, settings: &Settings) -> Result<u8, Failure> {
    let tasks = Tasks::default();
    let store = beside::open(settings, &tasks).await?;
    let now = SystemClock.now();
    let mut out = stdout();
    let channels = match &arguments.command {
        InboxCommand::Replay { .. } => connect::channels(settings, &tasks)?,
        InboxCommand::List { .. } | InboxCommand::Show { .. } => Vec::new(),
    };
    let inbox = Inbox { store: &store, channels: &channels };
    let printed = match &arguments.command {
        InboxCommand::List { state, limit, json } => {
            let messages = inbox.list(*state, limit.saturating_add(1)).await?;
            let (messages, has_more) = cut(messages, *limit);
            if *json {
                print_json(&mut out, &messages.iter().map(message_json).collect())
            } else {
                print_list(&mut out, &messages, has_more, now)
            }
        }
        InboxCommand::Show { id, text, json } => {
            let messages = inbox.show(id, *text).await?;
            if *json {
                print_json(&mut out, &messages.iter().map(message_json).collect())
            } else {
                messages.iter().try_for_each(|message| print_message(&mut out, message, now))
            }
        }
        InboxCommand::Replay { id: Some(id), .. } => {
            writeln!(out, "{}", replayed(&inbox.replay(id, now).await?))
        }
        InboxCommand::Replay { id: None, .. } => print_all(&mut out, &inbox.replay_all(now).await?),
    };
    printed.map_err(|error| Failure::other(&error))?;
    Ok(0)
}

fn replayed(replayed: &Replayed) -> String {
    match replayed {
        Replayed::Waits(id) => format!("{id} waits again, and is answered anew."),
        Replayed::Read(id, 0) => format!("{id} can be read now, and there is nothing new in it for us."),
        Replayed::Read(id, count) => {
            let messages = if *count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
            format!("{id} can be read now: {messages} in it will be answered.")
        }
    }
}

fn print_all(out: &mut impl Write, all: &ReplayedAll) -> io::Result<()> {
    if all.replayed.is_empty() && all.left.is_empty() {
        return writeln!(out, "Nothing is put aside.");
    }
    all.replayed.iter().try_for_each(|one| writeln!(out, "{}", replayed(one)))?;
    all.left.iter().try_for_each(|reason| writeln!(out, "left: {}", chain(reason)))
}

fn print_list(
    out: &mut impl Write,
    messages: &[KeptMessage],
    has_more: bool,
    now: Timestamp,
) -> io::Result<()> {
    if messages.is_empty() {
        return writeln!(out, "Nothing is there.");
    }
    for message in messages {
        writeln!(
            out,
            "{}  {:<11} {:<9} {:<7} {:>7} old  {}",
            reference(message),
            message.state.name(),
            message.platform.name(),
            message.kind.map_or("-", |kind| kind.name()),
            age(message.received_at, now),
            message.outcome.as_deref().unwrap_or_default(),
        )?;
    }
    if has_more { writeln!(out, "There are more; --limit shows them.") } else { Ok(()) }
}

fn reference(message: &KeptMessage) -> Reference {
    Reference::from(TurnId(message.matter().0))
}

/// Prints a message in detail.
pub(super) fn print_message(out: &mut impl Write, message: &KeptMessage, now: Timestamp) -> io::Result<()> {
    let outcome =
        message.outcome.as_ref().map_or(String::new(), |outcome| format!(" ({})", harmless(outcome)));
    let ended = message.ended_at.map_or(String::new(), |at| format!(", ended {} ago", age(at, now)));
    let suspect = if message.is_suspect { ", was in flight when a process ended" } else { "" };
    let answered = if message.is_answered { ", its answer is stored" } else { "" };
    writeln!(
        out,
        "{}  {} {}{outcome}, {}, attempts {}, came {} ago{ended}{answered}{suspect}",
        reference(message),
        message.platform,
        message.state.name(),
        message.kind.map_or("nowhere", |kind| kind.name()),
        message.attempts,
        age(message.received_at, now),
    )?;
    message.text.iter().try_for_each(|text| print_foreign(out, text))
}

/// A message for programs.
pub(super) fn message_json(message: &KeptMessage) -> Value {
    let mut value = json!({
        "reference": reference(message),
        "id": message.id,
        "turn": message.turn,
        "platform": message.platform,
        "state": message.state,
        "outcome": message.outcome,
        "is_answered": message.is_answered,
        "attempts": message.attempts,
        "is_suspect": message.is_suspect,
        "address": message.address,
        "kind": message.kind,
        "received_at": stamp(message.received_at),
        "ended_at": message.ended_at.map(stamp),
    });
    if let (Some(fields), Some(text)) = (value.as_object_mut(), &message.text) {
        fields.insert("text".to_owned(), text.as_str().into());
    }
    value
}
