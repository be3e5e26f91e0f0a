//! The command line: one file per subcommand.
//!
//! Exit codes: 0 all went well, 1 something failed, 2 wrong usage, 69 something
//! needed is not available, 78 a setting is wrong (and restarting will not help).

mod access;
mod beside;
mod chat;
mod config;
mod connect;
mod cores;
mod deliveries;
mod failure;
mod foundations;
mod health;
mod inbox;
mod migrate;
mod plain;
mod serve;
mod signals;
mod supervisor;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Settings, environment};
use failure::Failure;

/// One assistant in Discord, Telegram, Slack and the terminal.
///
/// Without a command: a chat prompt when no channel is configured, else the daemon.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// A file with settings; `config/default.toml` in the source lists them all.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Subcommands>,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Talks with you here; a message may also come from a pipe
    Chat,
    /// The daemon: answers on all configured channels
    Serve,
    /// Asks a running daemon whether it is ready
    Health,
    /// Shows and changes who may talk
    Access(access::AccessArguments),
    /// Shows replies that did not arrive, and sends them after all
    Deliveries(deliveries::DeliveriesArguments),
    /// Shows messages that were not answered, and has them answered after all
    Inbox(inbox::InboxArguments),
    /// Checks, shows and explains the settings
    Config(config::ConfigArguments),
    /// Shows and changes the schema of the database
    Migrate(migrate::MigrateArguments),
}

/// Runs the program with the process's arguments and environment.
#[must_use]
pub fn main() -> ExitCode {
    let environment = environment();
    #[cfg(feature = "kill-points")]
    if let Some(place) = environment.get("SWITCHBOARD_KILL_POINT") {
        crate::telemetry::arm(place);
    }
    #[cfg(feature = "kill-points")]
    if let Some(words) = environment.get("SWITCHBOARD_POISON") {
        crate::telemetry::poison(words);
    }
    ExitCode::from(run_with(std::env::args_os(), &environment))
}

/// Runs the program with these arguments and this environment, and returns its exit code.
///
/// Wrong usage and `--help` end the process, as people expect of a command.
pub fn run_with(arguments: impl IntoIterator<Item = OsString>, environment: &BTreeMap<String, String>) -> u8 {
    match run(&Arguments::parse_from(arguments), environment) {
        Ok(code) => code,
        Err(failure) => {
            failure.print();
            failure.code()
        }
    }
}

fn run(arguments: &Arguments, environment: &BTreeMap<String, String>) -> Result<u8, Failure> {
    let file = arguments.config.as_deref();
    if let Some(Subcommands::Config(arguments)) = &arguments.command {
        return Ok(config::run(arguments, file, environment, &mut std::io::stdout()));
    }
    let settings = load(file, environment)?;
    let fallback = if settings.channels.has_any() { Subcommands::Serve } else { Subcommands::Chat };
    let command = arguments.command.as_ref().unwrap_or(&fallback);
    let is_daemon = matches!(command, Subcommands::Serve);
    // What it says is told once there is a log.
    let core =
        if is_daemon && settings.database.keeps_to_one_core() { cores::keep_to_one() } else { Ok(None) };
    let workers = cores::workers();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::unavailable(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        match command {
            Subcommands::Serve => serve::run(&settings, core).await,
            Subcommands::Health => health::run(&settings).await,
            Subcommands::Chat => chat::run(&settings, environment).await,
            Subcommands::Access(arguments) => access::run(arguments, &settings).await,
            Subcommands::Deliveries(arguments) => deliveries::run(arguments, &settings).await,
            Subcommands::Inbox(arguments) => inbox::run(arguments, &settings).await,
            Subcommands::Migrate(arguments) => migrate::run(arguments, &settings).await,
            Subcommands::Config(_) => Ok(0),
        }
    })
}

fn load(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Settings, Failure> {
    Settings::load(file, environment).map_err(|problems| Failure::configuration(problems.to_string()))
}
