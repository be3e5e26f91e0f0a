//! `[channels]`: the chat platforms we are on.

use std::collections::BTreeSet;

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
    /// Whether answers to mentions in channels open threads.
    pub threads: DiscordThreads,
}

/// When an answer opens a thread on Discord.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiscordThreads {
    Never,
    /// Whenever somebody mentions the bot in a channel.
    Always,
}

/// Telegram.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramSettings {
    /// The bot's token; none leaves Telegram off.
    pub token: Option<SecretString>,
    /// Where its API is, without `/bot` and the token.
    pub api_base: String,
    /// How messages come in.
    pub mode: TelegramMode,
    /// How long one poll waits.
    pub poll_seconds: u32,
    /// Whether what comes of an answer is shown as a draft in private chats.
    pub drafts: bool,
    /// Where Telegram reaches us; set in webhook mode.
    pub webhook_url: String,
    /// What Telegram shows when it does; set in webhook mode.
    pub webhook_secret: Option<SecretString>,
}

/// How messages come in from Telegram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TelegramMode {
    /// We ask for them.
    Poll,
    /// Telegram sends them.
    Webhook,
}

/// Slack. With the bot's token its mode has what it needs, too.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackSettings {
    /// The bot user's token; none leaves Slack off.
    pub bot_token: Option<SecretString>,
    /// How events come in.
    pub mode: SlackMode,
    /// The token that opens sockets; set in socket mode.
    pub app_token: Option<SecretString>,
    /// What Slack signs its requests with; set in events mode.
    pub signing_secret: Option<SecretString>,
    /// Where its API is, with `/api`.
    pub api_base: String,
    /// Whether answers in threads grow by the streams that Slack has.
    pub streams: bool,
}

/// How events come in from Slack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlackMode {
    /// Over sockets that we open.
    Socket,
    /// Slack sends them.
    Events,
}

pub(super) const RULES: &[(&str, Rule)] = &[
    ("channels.discord.token", Rule::Secret),
    ("channels.discord.api_base", Rule::BaseUrl),
    ("channels.discord.message_content", Rule::Any),
    ("channels.discord.threads", Rule::OneOf(&["never", "always"])),
    ("channels.telegram.token", Rule::Secret),
    ("channels.telegram.api_base", Rule::BaseUrl),
    ("channels.telegram.mode", Rule::OneOf(&["poll", "webhook"])),
    ("channels.telegram.poll_seconds", Rule::Between(1, 50)),
    ("channels.telegram.drafts", Rule::Any),
    ("channels.telegram.webhook_url", Rule::WebhookUrl),
    ("channels.telegram.webhook_secret", Rule::Secret),
    ("channels.slack.bot_token", Rule::Secret),
    ("channels.slack.mode", Rule::OneOf(&["socket", "events"])),
    ("channels.slack.app_token", Rule::Secret),
    ("channels.slack.signing_secret", Rule::Secret),
    ("channels.slack.api_base", Rule::BaseUrl),
    ("channels.slack.streams", Rule::Any),
];

/// A shorter secret could be guessed by whoever has the time.
const SHORTEST_SECRET: usize = 16;

/// The longest that Telegram takes.
const LONGEST_SECRET: usize = 256;

/// With fewer different characters a secret is a pattern.
const FEWEST_CHARACTERS: usize = 6;

/// Checks what the keys say together: what the mode of a channel that is on needs.
pub(super) fn check(effective: &mut Effective) {
    check_slack(effective);
    let is_telegram_on = effective.text("channels.telegram.token").is_some();
    if is_telegram_on && effective.text("channels.telegram.mode") == Some("webhook") {
        let mode = "channels.telegram.mode";
        for key in ["channels.telegram.webhook_url", "channels.telegram.webhook_secret", "http.listen"] {
            require(effective, key, mode, "is missing, `channels.telegram.mode` is \"webhook\"");
        }
        check_secret(effective, "channels.telegram.webhook_secret", complain_about_webhook_secret);
    }
}

fn check_slack(effective: &mut Effective) {
    let (bot_token, app_token) = ("channels.slack.bot_token", "channels.slack.app_token");
    if effective.text("channels.slack.mode") != Some("events") {
        for (missing, other) in [(bot_token, app_token), (app_token, bot_token)] {
            if effective.text(other).is_some() {
                require(effective, missing, other, &format!("is missing, `{other}` is set"));
            }
        }
    } else if effective.text(bot_token).is_some() {
        for key in ["channels.slack.signing_secret", "http.listen"] {
            require(effective, key, "channels.slack.mode", "is missing, `channels.slack.mode` is \"events\"");
        }
        check_secret(effective, "channels.slack.signing_secret", |secret| {
            let words = "is too short, take the Signing Secret from Basic Information of the Slack app";
            (secret.chars().count() < SHORTEST_SECRET).then(|| words.to_owned())
        });
    }
}

/// Complains unless there is a text at `key`, or something is wrong with it already.
fn require(effective: &mut Effective, key: &str, because_of: &str, words: &str) {
    let is_tried = effective.has_problem(key) || effective.has_problem(&format!("{key}_file"));
    if effective.text(key).is_none() && !is_tried {
        let source = effective.source_of(because_of);
        effective.complain(key, source, words.into());
    }
}

fn check_secret(effective: &mut Effective, key: &str, complaint: fn(&str) -> Option<String>) {
    if let Some(what) = effective.text(key).and_then(complaint) {
        let source = effective.source_of(key);
        effective.complain(key, source, what.into());
    }
}

/// Says what is wrong with the secret that Telegram is to show.
fn complain_about_webhook_secret(secret: &str) -> Option<String> {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let different: BTreeSet<char> = secret.chars().collect();
    if !secret.chars().all(is_taken) {
        Some("may only hold A-Z, a-z, 0-9, _ and -".to_owned())
    } else if !(SHORTEST_SECRET..=LONGEST_SECRET).contains(&secret.len()) {
        Some(format!("must have {SHORTEST_SECRET} to {LONGEST_SECRET} characters"))
    } else if different.len() < FEWEST_CHARACTERS {
        Some("is too easy to guess, take a random one (openssl rand -hex 32)".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::complain_about_webhook_secret;

    #[test]
    fn a_webhook_secret_is_what_telegram_takes_and_nobody_guesses() {
        for secret in ["0123456789abcdef", "AZaz09_-AZaz09_-", "abcdef".repeat(40).as_str()] {
            assert_eq!(complain_about_webhook_secret(secret), None, "{secret}");
        }
        let bad = [
            "short",
            "0123456789abcde",
            "aaaaaaaaaaaaaaaaaaaaaa",
            "0123456789abcdef!",
            "0123456789ab\u{e9}def",
        ];
        for secret in bad.into_iter().chain(["abcdef".repeat(50).as_str()]) {
            let complaint =
                complain_about_webhook_secret(secret).unwrap_or_else(|| panic!("{secret} is bad"));
            assert!(!complaint.contains(secret));
        }
    }
}
