//! `[channels]`: the chat platforms we are on.

use secrecy::SecretString;
use serde::Deserialize;

use crate::config::effective::Effective;
use crate::config::rule::Rule;

/// The chat platforms; each one that has its token is on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelsSettings {
    pub discord: DiscordSettings,
    pub telegram: TelegramSettings,
    pub slack: SlackSettings,
}

impl ChannelsSettings {
    /// Whether any platform is on.
    #[must_use]
    pub fn has_any(&self) -> bool {
        let tokens = [&self.discord.token, &self.telegram.token, &self.slack.bot_token];
        tokens.into_iter().any(Option::is_some)
    }
}

/// Discord.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscordSettings {
    /// The bot's token; none leaves Discord off.
    pub token: Option<SecretString>,
    /// Where its API is, without `/api/v10`.
    pub api_base: String,
    /// Whether to ask for what is not meant for the bot.
    pub message_content: bool,
}

/// Telegram.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramSettings {
    /// The bot's token; none leaves Telegram off.
    pub token: Option<SecretString>,
    /// Where its API is, without `/bot` and the token.
    pub api_base: String,
    /// How long one poll waits.
    pub poll_seconds: u32,
}

/// Slack. Both tokens are set, or none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackSettings {
    /// The bot user's token; none leaves Slack off.
    pub bot_token: Option<SecretString>,
    /// The token that opens sockets.
    pub app_token: Option<SecretString>,
    /// Where its API is, with `/api`.
    pub api_base: String,
}

pub(super) const RULES: &[(&str, Rule)] = &[
    ("channels.discord.token", Rule::Secret),
    ("channels.discord.api_base", Rule::BaseUrl),
    ("channels.discord.message_content", Rule::Any),
    ("channels.telegram.token", Rule::Secret),
    ("channels.telegram.api_base", Rule::BaseUrl),
    ("channels.telegram.poll_seconds", Rule::Between(1, 50)),
    ("channels.slack.bot_token", Rule::Secret),
    ("channels.slack.app_token", Rule::Secret),
    ("channels.slack.api_base", Rule::BaseUrl),
];

/// Checks what the keys say together: Slack needs both tokens.
pub(super) fn check(effective: &mut Effective) {
    let tokens = ["channels.slack.bot_token", "channels.slack.app_token"];
    for (missing, other) in [(tokens[0], tokens[1]), (tokens[1], tokens[0])] {
        let is_tried = effective.has_problem(missing) || effective.has_problem(&format!("{missing}_file"));
        if effective.text(missing).is_none() && effective.text(other).is_some() && !is_tried {
            let source = effective.source_of(other);
            effective.complain(missing, source, format!("is missing, `{other}` is set").into());
        }
    }
}
