//! `[access]`: who may talk to the bot, by the platforms' ids.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::config::rule::Rule;
use crate::domain::Platform;

/// Who may talk to the bot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessSettings {
    pub direct: DirectAccess,
    pub groups: GroupAccess,
    /// People who may talk.
    pub users: Vec<Account>,
    /// Groups, guilds and workspaces that get answers.
    pub spaces: Vec<Space>,
    /// People who may talk and administer.
    pub admins: Vec<Account>,
}

/// What an unknown person gets in a direct chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DirectAccess {
    /// A code that an admin approves.
    Pairing,
    /// A refusal.
    Listed,
    /// An answer.
    Open,
}

/// Which groups get answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupAccess {
    Listed,
    Open,
}

/// Somebody's account on a platform: `telegram:1001`, `discord:123`, `slack:T0123/U0456`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Account {
    pub platform: Platform,
    /// The Slack team; empty where the platform's ids are global.
    pub scope: String,
    pub id: String,
}

/// A group, guild or workspace: `telegram:-1001`, `discord:123`, `slack:T0123`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Space {
    pub platform: Platform,
    pub id: String,
}

/// A text that is no id of the kind that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no id, expected one like {like} (ids, never names)")]
pub struct NotAnId {
    like: &'static str,
}

pub(super) const RULES: &[(&str, Rule)] = &[
    ("access.direct", Rule::OneOf(&["pairing", "listed", "open"])),
    ("access.groups", Rule::OneOf(&["listed", "open"])),
    ("access.users", Rule::Each(complain_about_account)),
    ("access.spaces", Rule::Each(complain_about_space)),
    ("access.admins", Rule::Each(complain_about_account)),
];

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scope.is_empty() {
            write!(f, "{}:{}", self.platform, self.id)
        } else {
            write!(f, "{}:{}/{}", self.platform, self.scope, self.id)
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.platform, self.id)
    }
}

impl FromStr for Account {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error =
            NotAnId { like: "`telegram:1001`, `discord:80351110224678912` or `slack:T0123ABCD/U0456EFGH`" };
        let (platform, rest) = platform_of(text).ok_or(error.clone())?;
        let (scope, id) = rest.split_once('/').unwrap_or(("", rest));
        let is_good = match platform {
            Platform::Discord | Platform::Telegram => scope.is_empty() && is_positive(rest),
            Platform::Slack => is_slack(scope, "TE") && is_slack(id, "UW"),
            Platform::Terminal => false,
        };
        if !is_good {
            return Err(error);
        }
        Ok(Self { platform, scope: scope.to_owned(), id: id.to_owned() })
    }
}

impl FromStr for Space {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error =
            NotAnId { like: "`telegram:-1001234567890`, `discord:81384788765712384` or `slack:T0123ABCD`" };
        let (platform, id) = platform_of(text).ok_or(error.clone())?;
        let is_good = match platform {
            Platform::Discord => is_positive(id),
            Platform::Telegram => id.strip_prefix('-').is_some_and(is_positive),
            Platform::Slack => is_slack(id, "TE"),
            Platform::Terminal => false,
        };
        if !is_good {
            return Err(error);
        }
        Ok(Self { platform, id: id.to_owned() })
    }
}

impl TryFrom<String> for Account {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl TryFrom<String> for Space {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

fn complain_about_account(text: &str) -> Option<String> {
    text.parse::<Account>().err().map(|error| error.to_string())
}

pub(super) fn complain_about_space(text: &str) -> Option<String> {
    text.parse::<Space>().err().map(|error| error.to_string())
}

fn platform_of(text: &str) -> Option<(Platform, &str)> {
    let (platform, rest) = text.split_once(':')?;
    Some((platform.parse().ok()?, rest))
}

/// Whether it is a number without leading zeros, so that equal ids are equal texts.
fn is_positive(id: &str) -> bool {
    id.bytes().all(|b| b.is_ascii_digit()) && !id.starts_with('0') && id.parse::<i64>().is_ok()
}

fn is_slack(id: &str, kinds: &str) -> bool {
    id.starts_with(|first| kinds.contains(first))
        && id.len() > 1
        && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_ids() {
        let cases = [
            ("telegram:1001", Some(("", "1001"))),
            ("discord:80351110224678912", Some(("", "80351110224678912"))),
            ("slack:T0123/U0456", Some(("T0123", "U0456"))),
            ("telegram:-1001", None),
            ("telegram:@alice", None),
            ("telegram:01", None),
            ("telegram:", None),
            ("telegram:+1", None),
            ("telegram:99999999999999999999", None),
            ("slack:U0456", None),
            ("slack:T0123/u0456", None),
            ("slack:T/U", None),
            ("terminal:me", None),
            ("myspace:1", None),
            ("alice", None),
        ];
        for (text, expected) in cases {
            let account = text.parse::<Account>().ok();
            let found = account.as_ref().map(|account| (account.scope.as_str(), account.id.as_str()));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn spaces_are_ids() {
        for text in ["telegram:-1001234567890", "discord:81384788765712384", "slack:T0123ABCD"] {
            assert!(text.parse::<Space>().is_ok(), "{text}");
        }
        for text in ["telegram:1001", "discord:-1", "slack:C0123ABCD", "slack:T1/U1", "terminal:1", "general"]
        {
            assert!(text.parse::<Space>().is_err(), "{text}");
        }
    }
}
