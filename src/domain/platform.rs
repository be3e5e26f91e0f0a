//! The chat platforms we speak to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A chat platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    Discord,
    Telegram,
    Slack,
    Terminal,
}

impl Platform {
    /// Every platform, in the order in which we list them.
    pub const ALL: [Self; 4] = [Self::Discord, Self::Telegram, Self::Slack, Self::Terminal];

    /// The name used in tables, metrics and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Slack => "slack",
            Self::Terminal => "terminal",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no platform's.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no platform (expected one of discord, telegram, slack, terminal)")]
pub struct UnknownPlatform(String);

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|platform| platform.name() == name);
        found.ok_or_else(|| UnknownPlatform(name.to_owned()))
    }
}
