//! `switchboard access`: shows and changes who may talk, also beside a running daemon.

use std::io::{self, Write, stdout};

use clap::{Args, Subcommand};

use crate::admin::{Access, AccessError, Subject};
use crate::app::SystemClock;
use crate::cli::beside;
use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::domain::{Clock, SpaceStanding, User};
use crate::store::{Identity, Space};
use crate::telemetry::Tasks;

#[derive(Debug, Args)]
pub(super) struct AccessArguments {
    #[command(subcommand)]
    command: AccessCommand,
}

#[derive(Debug, Subcommand)]
enum AccessCommand {
    /// Lists people and their accounts, and groups, guilds and workspaces
    List,
    /// Lets the person in who was given this code
    Approve { code: String },
    /// Lets an account or a place in: telegram:1001, telegram:-1001234567890, slack:T0123/U0456, discord:1234, space:discord:1234
    Allow { id: String },
    /// Shuts an account's person or a place out, whatever the settings say
    Deny { id: String },
}

pub(super) async fn run(arguments: &AccessArguments, settings: &Settings) -> Result<u8, Failure> {
    let tasks = Tasks::default();
    let now = SystemClock.now();
    let mut out = stdout();
    let said = match &arguments.command {
        AccessCommand::List => {
            let store = beside::open(settings, &tasks).await?;
            let (people, spaces) = Access { store: &store }.list().await?;
            return print(&mut out, &people, &spaces).map(|()| 0).map_err(|error| Failure::other(&error));
        }
        AccessCommand::Approve { code } => {
            let store = beside::open(settings, &tasks).await?;
            let approved = Access { store: &store }.approve(code, now).await?;
            format!("{} may talk now (user {}).", approved.user.name, approved.user.id)
        }
        // These two may come before the first start.
        AccessCommand::Allow { id } => {
            let subject: Subject = id.parse()?;
            let store = beside::open_or_make(&settings.database, &tasks).await?;
            Access { store: &store }.allow(&subject, now).await?;
            format!("{id} may talk now.")
        }
        AccessCommand::Deny { id } => {
            let subject: Subject = id.parse()?;
            let store = beside::open_or_make(&settings.database, &tasks).await?;
            Access { store: &store }.deny(&subject, now).await?;
            format!("{id} is shut out now.")
        }
    };
    writeln!(out, "{said}").map_err(|error| Failure::other(&error))?;
    Ok(0)
}

fn print(out: &mut impl Write, people: &[(User, Vec<Identity>)], spaces: &[Space]) -> io::Result<()> {
    if people.is_empty() && spaces.is_empty() {
        return writeln!(out, "Nobody has written yet.");
    }
    for (user, identities) in people {
        let accounts: Vec<String> = identities.iter().map(account).collect();
        let standing = if user.is_blocked { "blocked" } else { user.role.name() };
        // Whoever was let in before they wrote has no name of their own.
        let name = identities.first().map_or(user.name.as_str(), |identity| identity.name.as_str());
        writeln!(out, "{standing:<9} {}  {}  ({name})", user.id, accounts.join(", "))?;
    }
    for space in spaces {
        let standing = match space.standing {
            SpaceStanding::Unknown => "-",
            SpaceStanding::Allowed => "allowed",
            SpaceStanding::Blocked => "blocked",
        };
        let name = space.name.as_deref().unwrap_or_default();
        writeln!(out, "{standing:<9} space:{}:{}  {name}", space.platform, space.platform_space_id)?;
    }
    Ok(())
}

fn account(identity: &Identity) -> String {
    let scope = if identity.scope.is_empty() { String::new() } else { format!("{}/", identity.scope) };
    format!("{}:{scope}{}", identity.platform, identity.platform_user_id)
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Store(error) => error.into(),
            AccessError::Code | AccessError::Subject(_) | AccessError::Place(..) => Self::other(&error),
        }
    }
}
