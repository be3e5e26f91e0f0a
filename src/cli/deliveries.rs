//! `switchboard deliveries`: replies on their way and those that did not arrive, also beside a running daemon.

use std::io::{self, Write, stdout};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::{Deliveries, MatterError, Purge, Retried, ShownDelivery};
use crate::app::SystemClock;
use crate::cli::beside;
use crate::cli::failure::Failure;
use crate::cli::inbox::{message_json, print_message};
use crate::cli::plain::{SHOWN, age, cut, duration, print_foreign, stamp};
use crate::config::Settings;
use crate::domain::{Clock, PartState, Reference, Timestamp};
use crate::store::DeliveryPart;
use crate::telemetry::Tasks;

#[derive(Debug, Args)]
pub(super) struct DeliveriesArguments {
    #[command(subcommand)]
    command: DeliveriesCommand,
}

#[derive(Debug, Subcommand)]
enum DeliveriesCommand {
    /// Lists what is on its way and what did not arrive; never what it says
    List {
        /// Only parts in this state: pending, sending, unknown, dead or sent
        #[arg(long, value_parser = state)]
        state: Option<PartState>,
        /// How many at most
        #[arg(long, default_value_t = SHOWN)]
        limit: u64,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Shows one turn and the parts of its reply
    Show {
        /// The reference that people are told, or a whole id
        id: String,
        /// With what was said, on both sides
        #[arg(long)]
        text: bool,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Sends a reply that did not arrive after all
    Retry {
        /// The reference that people are told, or a whole id
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// All that did not arrive
        #[arg(long)]
        all: bool,
    },
    /// Throws away replies that did not arrive; nothing brings them back
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    Purge {
        /// The reference that people are told, or a whole id
        #[arg(group = "which")]
        id: Option<String>,
        /// Those that were given up so long ago: 14d, 12h, 30m, 90s
        #[arg(long, group = "which", value_name = "DURATION", value_parser = duration)]
        older_than: Option<Duration>,
        /// All of them
        #[arg(long, group = "which")]
        all: bool,
        /// Says that losing them is meant
        #[arg(long)]
        yes: bool,
    },
}

fn state(name: &str) -> Result<PartState, String> {
    PartState::named(name).ok_or_else(|| {
        let names: Vec<&str> = PartState::ALL.iter().map(|state| state.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

pub(super) async fn run(arguments: &DeliveriesArguments, settings: &Settings) -> Result<u8, Failure> {
    let tasks = Tasks::default();
    let store = beside::open(settings, &tasks).await?;
    let deliveries = Deliveries { store: &store };
    let now = SystemClock.now();
    let mut out = stdout();
    let printed = match &arguments.command {
        DeliveriesCommand::List { state, limit, json } => {
            let parts = deliveries.list(*state, limit.saturating_add(1)).await?;
            let (parts, has_more) = cut(parts, *limit);
            if *json {
                print_json(&mut out, &list_json(&parts))
            } else {
                print_list(&mut out, &parts, has_more, now)
            }
        }
        DeliveriesCommand::Show { id, text, json } => {
            let shown = deliveries.show(id, *text).await?;
            if *json { print_json(&mut out, &shown_json(&shown)) } else { print_shown(&mut out, &shown, now) }
        }
        DeliveriesCommand::Retry { id: Some(id), .. } => {
            writeln!(out, "{}", retried(&deliveries.retry(id).await?))
        }
        DeliveriesCommand::Retry { id: None, .. } => print_all(&mut out, &deliveries.retry_all().await?),
        DeliveriesCommand::Purge { id, older_than, yes, .. } => {
            let which = match (id, older_than) {
                (Some(id), _) => Purge::One(id.clone()),
                (None, Some(age)) => Purge::Before(now - *age),
                (None, None) => Purge::All,
            };
            if !yes {
                let count = deliveries.count(&which).await?;
                let words =
                    format!("this throws {} away for good; add --yes if that is meant", replies(count));
                return Err(Failure::refused(words));
            }
            writeln!(out, "Threw {} away.", replies(deliveries.purge(&which, now).await?))
        }
    };
    printed.map_err(|error| Failure::other(&error))?;
    Ok(0)
}

fn replies(count: u64) -> String {
    if count == 1 { "1 reply".to_owned() } else { format!("{count} replies") }
}

fn retried(retried: &Retried) -> String {
    let how = if retried.is_stored { "its answer goes out" } else { "it is answered anew" };
    format!("{} is on its way again: {how}.", retried.turn)
}

fn print_all(out: &mut impl Write, all: &[Retried]) -> io::Result<()> {
    if all.is_empty() {
        return writeln!(out, "Nothing was given up.");
    }
    all.iter().try_for_each(|one| writeln!(out, "{}", retried(one)))
}

fn print_list(
    out: &mut impl Write,
    parts: &[DeliveryPart],
    has_more: bool,
    now: Timestamp,
) -> io::Result<()> {
    if parts.is_empty() {
        return writeln!(out, "Nothing is on its way.");
    }
    for part in parts {
        writeln!(
            out,
            "{}  part {:<3} {:<8} {:<9} {:<7} {:>7} old",
            Reference::from(part.turn),
            part.number,
            part.state.name(),
            part.platform.name(),
            part.kind.map_or("-", |kind| kind.name()),
            age(part.created_at, now),
        )?;
    }
    if has_more { writeln!(out, "There are more; --limit shows them.") } else { Ok(()) }
}

fn print_shown(out: &mut impl Write, shown: &ShownDelivery, now: Timestamp) -> io::Result<()> {
    shown.messages.iter().try_for_each(|message| print_message(out, message, now))?;
    for part in &shown.parts {
        let posted = part.posted.as_ref().map_or("no post", |posted| posted.0.as_str());
        let sent = part.sending_at.map_or("never sent".to_owned(), |at| format!("sent {} ago", age(at, now)));
        let label = if part.is_labelled { ", labelled as a possible copy" } else { "" };
        let ended = part.ended_at.map_or(String::new(), |at| format!(", ended {} ago", age(at, now)));
        writeln!(
            out,
            "part {:<3} {:<8} {posted}, made {} ago, {sent}{ended}{label}",
            part.number,
            part.state.name(),
            age(part.created_at, now)
        )?;
        part.text.iter().try_for_each(|text| print_foreign(out, text))?;
    }
    Ok(())
}

pub(super) fn print_json(out: &mut impl Write, value: &Value) -> io::Result<()> {
    writeln!(out, "{value:#}")
}

fn list_json(parts: &[DeliveryPart]) -> Value {
    parts.iter().map(part_json).collect()
}

fn shown_json(shown: &ShownDelivery) -> Value {
    let messages: Vec<Value> = shown.messages.iter().map(message_json).collect();
    json!({ "messages": messages, "parts": list_json(&shown.parts) })
}

fn part_json(part: &DeliveryPart) -> Value {
    let mut value = json!({
        "reference": Reference::from(part.turn),
        "turn": part.turn,
        "part": part.number,
        "platform": part.platform,
        "state": part.state.name(),
        "posted": part.posted,
        "is_labelled": part.is_labelled,
        "address": part.address,
        "kind": part.kind,
        "created_at": stamp(part.created_at),
        "sending_at": part.sending_at.map(stamp),
        "ended_at": part.ended_at.map(stamp),
    });
    if let (Some(fields), Some(text)) = (value.as_object_mut(), &part.text) {
        fields.insert("text".to_owned(), text.as_str().into());
    }
    value
}

impl From<MatterError> for Failure {
    fn from(error: MatterError) -> Self {
        match error {
            MatterError::Store(error) => error.into(),
            error => Self::other(&error),
        }
    }
}
