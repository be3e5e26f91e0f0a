//! `switchboard migrate`: shows and changes the schema of the database.

use std::io::{Write, stdout};

use clap::{Args, Subcommand};

use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::store::Schema;

#[derive(Debug, Args)]
pub(super) struct MigrateArguments {
    #[command(subcommand)]
    command: MigrateCommand,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    /// Takes all steps that are not taken yet (`serve` and `chat` do so by themselves)
    Up,
    /// Takes steps back; what they had made is lost
    Down {
        /// How many steps
        #[arg(default_value_t = 1)]
        steps: u32,
        /// Says that losing what they had made is meant
        #[arg(long)]
        yes: bool,
    },
    /// Lists the steps, and whether they are taken; also beside a running daemon
    Status,
    /// Empties the database
    Fresh {
        /// Says that losing everything is meant
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(arguments: &MigrateArguments, settings: &Settings) -> Result<u8, Failure> {
    match arguments.command {
        MigrateCommand::Down { yes: false, .. } | MigrateCommand::Fresh { yes: false } => {
            return Err(Failure::refused("this loses data; add --yes if that is meant".to_owned()));
        }
        MigrateCommand::Up
        | MigrateCommand::Down { .. }
        | MigrateCommand::Status
        | MigrateCommand::Fresh { .. } => {}
    }
    let steps = match arguments.command {
        MigrateCommand::Status => Schema::look(&settings.database).await?,
        MigrateCommand::Up => {
            let schema = Schema::open(&settings.database).await?;
            schema.up().await?;
            schema.status().await?
        }
        MigrateCommand::Down { steps, .. } => {
            let schema = Schema::open(&settings.database).await?;
            schema.down(steps).await?;
            schema.status().await?
        }
        MigrateCommand::Fresh { .. } => {
            let schema = Schema::open(&settings.database).await?;
            schema.fresh().await?;
            schema.status().await?
        }
    };
    let mut out = stdout();
    for step in steps {
        let mark = if step.is_applied { "applied" } else { "pending" };
        writeln!(out, "{mark}  {}", step.name).map_err(|error| Failure::other(&error))?;
    }
    Ok(0)
}
