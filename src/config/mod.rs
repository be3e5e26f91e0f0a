//! Settings: read once, checked once.
//!
//! Three sources, later ones win: `config/default.toml`, which is compiled in
//! and declares every key; the file given by `--config`; and variables such as
//! `SWITCHBOARD__LOG__FILTER`. Secrets may also stand in files.
//!
//! - [`Settings::load`] returns the settings, or everything that is wrong with
//!   them at once.
//! - [`Effective`] shows and explains what is in force and where it came from,
//!   even when some of it is wrong.
//!
//! Nothing made here prints a secret: not `Debug`, not a problem, not
//! [`Effective::show`] or [`Effective::explain`]. This is the only place that
//! reads the environment or knows the `config` crate.

mod access;
mod admin;
mod catchup;
mod channels;
mod conversation;
mod database;
mod document;
mod effective;
mod explain;
mod groups;
mod http;
mod kind;
mod layer;
mod limits;
mod log;
mod model;
mod nearest;
mod problem;
mod providers;
mod rule;
mod schema;
mod secrets;
mod show;
mod shutdown;
mod source;
mod url;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

pub use access::{AccessSettings, Account, DirectAccess, GroupAccess, NotAnId, Space};
pub use admin::AdminSettings;
pub use catchup::CatchUpSettings;
pub use channels::{
    ChannelsSettings, DiscordSettings, DiscordThreads, SlackMode, SlackSettings, TelegramMode,
    TelegramSettings,
};
pub use conversation::ConversationSettings;
pub use database::DatabaseSettings;
pub use effective::Effective;
pub use explain::{Explanation, NoSuchKey};
pub use groups::{Answering, GroupsSettings};
pub use http::HttpSettings;
pub use limits::LimitsSettings;
pub use log::{LogFormat, LogSettings};
pub use model::{ModelSettings, PriceSettings, ProviderSettings, USUAL};
pub use problem::{ConfigProblems, Problem, What};
pub use shutdown::ShutdownSettings;
pub use source::Source;

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub database: DatabaseSettings,
    pub channels: ChannelsSettings,
    pub model: ModelSettings,
    pub access: AccessSettings,
    pub conversation: ConversationSettings,
    pub groups: GroupsSettings,
    pub limits: LimitsSettings,
    pub catchup: CatchUpSettings,
    pub admin: AdminSettings,
    pub http: HttpSettings,
    pub log: LogSettings,
    pub shutdown: ShutdownSettings,
    /// Something that was decided for the operator, who should be told in one line.
    #[serde(skip)]
    pub note: Option<String>,
}

impl Settings {
    /// Reads the settings from their sources, `environment` being that of the process.
    pub fn load(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Result<Self, ConfigProblems> {
        Effective::read(file, environment).settings()
    }
}

/// Returns the environment of the process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn environment() -> BTreeMap<String, String> {
    let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect()
}

#[cfg(test)]
mod tests;
