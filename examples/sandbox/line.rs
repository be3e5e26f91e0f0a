//! What the person at the sandbox types: who says what, and where.

use std::str::FromStr;

/// A platform of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum On {
    Discord,
    Telegram,
    Slack,
}

impl On {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Slack => "slack",
        }
    }
}

/// One thing that somebody says.
#[derive(Debug, Clone)]
pub struct Line {
    pub on: On,
    pub name: String,
    /// Whether it is said in the channel that all share, instead of directly.
    pub is_in_channel: bool,
    pub text: String,
}

impl FromStr for Line {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let usage = || format!("cannot read `{line}`; write for instance `telegram alice: hello`");
        let (who, text) = line.split_once(':').ok_or_else(usage)?;
        let mut words = who.split_whitespace();
        let on = match words.next() {
            Some("discord") => On::Discord,
            Some("telegram") => On::Telegram,
            Some("slack") => On::Slack,
            _ => return Err(usage()),
        };
        let name = words.next().ok_or_else(usage)?.to_owned();
        let is_in_channel = match (words.next(), words.next()) {
            (None, None) => false,
            (Some("in"), Some("general")) => true,
            _ => return Err(usage()),
        };
        Ok(Self { on, name, is_in_channel, text: text.trim().to_owned() })
    }
}
