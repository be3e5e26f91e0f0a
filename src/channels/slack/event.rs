//! Events as Slack sends them, as far as we look at them.
//!
//! Everything that may be missing is optional and everything else is skipped:
//! blocks and the like come in new shapes every year, and none of them may cost
//! us the message around them.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// What stands around an event: docs.slack.dev/apis/events-api#callback-field.
#[derive(Debug, Deserialize)]
pub(super) struct Callback<'a> {
    pub(super) team_id: Option<String>,
    pub(super) event_id: Option<String>,
    #[serde(borrow)]
    pub(super) event: &'a RawValue,
}

/// The little that tells whether an event concerns us at all.
#[derive(Debug, Deserialize)]
pub(super) struct Sort {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) subtype: Option<String>,
    bot_id: Option<IgnoredAny>,
}

impl Sort {
    /// Whether it says so itself that no person said it.
    pub(super) fn is_bots(&self) -> bool {
        self.bot_id.is_some() || self.subtype.as_deref() == Some("bot_message")
    }
}

/// An event about a channel, and maybe somebody in it.
#[derive(Debug, Deserialize)]
pub(super) struct OfAChannel {
    pub(super) channel: String,
    pub(super) user: Option<String>,
}

/// Something that somebody has put under a message, or taken away:
/// docs.slack.dev/reference/events/reaction_added.
#[derive(Debug, Deserialize)]
pub(super) struct Reaction {
    pub(super) user: String,
    pub(super) reaction: String,
    pub(super) item: Item,
    pub(super) event_ts: String,
}

/// What it is under.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub(super) channel: Option<String>,
    pub(super) ts: Option<String>,
}

/// A message, or the event of its change.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) ts: String,
    pub(super) text: Option<String>,
    pub(super) user: Option<String>,
    pub(super) bot_id: Option<IgnoredAny>,
    pub(super) subtype: Option<String>,
    pub(super) channel: Option<String>,
    pub(super) channel_type: Option<String>,
    pub(super) thread_ts: Option<String>,
    /// Who began the thread.
    pub(super) parent_user_id: Option<String>,
    pub(super) edited: Option<Edited>,
    pub(super) files: Option<Vec<File>>,
    /// What other messages, links and apps have put in.
    pub(super) attachments: Option<Vec<IgnoredAny>>,
    /// How it reads now, for `message_changed`.
    pub(super) message: Option<Box<Self>>,
    /// How it read before, for `message_changed` and `message_deleted`.
    pub(super) previous_message: Option<Box<Self>>,
    pub(super) deleted_ts: Option<String>,
}

/// When it was changed.
#[derive(Debug, Deserialize)]
pub(super) struct Edited {
    pub(super) ts: String,
}

/// A file: docs.slack.dev/reference/objects/file-object.
#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) mimetype: Option<String>,
    pub(super) subtype: Option<String>,
}

/// A slash command: docs.slack.dev/interactivity/implementing-slash-commands.
#[derive(Debug, Deserialize)]
pub(super) struct SlashCommand {
    pub(super) team_id: Option<String>,
    pub(super) channel_id: String,
    pub(super) user_id: String,
    pub(super) user_name: Option<String>,
    pub(super) text: Option<String>,
    pub(super) trigger_id: String,
    pub(super) response_url: String,
}

/// Somebody has used what blocks offer: docs.slack.dev/reference/interaction-payloads/block_actions-payload.
#[derive(Debug, Deserialize)]
pub(super) struct Click {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) trigger_id: Option<String>,
    pub(super) response_url: Option<String>,
    pub(super) team: Option<Named>,
    pub(super) channel: Option<Named>,
    pub(super) user: Option<Clicker>,
    pub(super) message: Option<Clicked>,
    #[serde(default)]
    pub(super) actions: Vec<Action>,
}

/// Something with an id.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
}

/// Who has clicked.
#[derive(Debug, Deserialize)]
pub(super) struct Clicker {
    pub(super) id: String,
    pub(super) username: Option<String>,
}

/// The message with the button.
#[derive(Debug, Deserialize)]
pub(super) struct Clicked {
    pub(super) ts: String,
    pub(super) thread_ts: Option<String>,
}

/// What was clicked on.
#[derive(Debug, Deserialize)]
pub(super) struct Action {
    pub(super) action_id: String,
}

/// Reads a timestamp of Slack, which is also an id, in microseconds.
pub(super) fn micros(ts: &str) -> Option<i64> {
    let (seconds, micros) = ts.split_once('.')?;
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(seconds) || !is_plain(micros) || micros.len() != 6 {
        return None;
    }
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn timestamps_are_numbers_of_microseconds() {
        assert_eq!(micros("1700000000.000100"), Some(1_700_000_000_000_100));
        for nonsense in
            ["", "1700000000", "1700000000.1", "-1.000000", "1.00000x", "99999999999999999.000000"]
        {
            assert_eq!(micros(nonsense), None, "{nonsense}");
        }
    }
}
