//! Slash commands: `/switchboard help` and the like.
//!
//! Slack lets no bot register its commands; `/switchboard` stands in the app's
//! manifest, and its first word is the command.

use time::Duration;

use crate::channels::slack::decode::{Place, Reader, author, is_direct, unreadable};
use crate::channels::slack::event::SlashCommand;
use crate::domain::{
    Command, DedupeKey, Event, InboundMessage, Interaction, Invocation, Timestamp, Unreadable,
};

/// What separates a response url from the person it is for. Fragments are never
/// sent anywhere, and Slack's urls have none.
pub(super) const FOR: char = '#';

/// How far our clock may be ahead of Slack's, which tells no time of a command: its place
/// is counted as heard up to here, and what was said later is looked for after a gap.
pub(super) const CLOCKS_DIFFER: Duration = Duration::minutes(10);

/// Reads the payload of a `slash_commands` envelope.
pub(super) fn decode(
    reader: &Reader<'_>,
    payload: &str,
    now: Timestamp,
) -> Result<InboundMessage, Box<Unreadable>> {
    let given: SlashCommand = serde_json::from_str(payload).map_err(|error| {
        let reason = format!("not a command, at byte {} of its payload", error.column());
        // Its response url is a secret, and nobody needs the payload without it.
        Box::new(Unreadable { raw: String::new(), ..unreadable(None, payload, &reason) })
    })?;
    let team = given.team_id.as_deref().unwrap_or(&reader.ourselves.team);
    let place = Place { team, is_direct: is_direct(&given.channel_id, None), channel: given.channel_id };
    let (name, arguments) = subcommand(given.text.as_deref().unwrap_or_default());
    Ok(InboundMessage {
        key: DedupeKey(format!("slack:{team}:command:{}", given.trigger_id)),
        address: place.chat(reader.ourselves),
        author: author(&given.user_id, reader.people.get(&given.user_id), given.user_name),
        sequence: i64::try_from((now - CLOCKS_DIFFER).unix_timestamp_nanos() / 1_000).unwrap_or(0),
        sent_at: now,
        event: Event::Command(Invocation {
            name: name.to_owned(),
            arguments: reader.readable(arguments),
            message: None,
            interaction: Some(Interaction {
                id: given.trigger_id,
                token: format!("{}{FOR}{}", given.response_url, given.user_id),
            }),
            pressed: None,
        }),
    })
}

/// The response url of an interaction, and the person who sees the answer.
pub(super) fn way_back(interaction: &Interaction) -> Option<(&str, &str)> {
    interaction.token.rsplit_once(FOR)
}

/// Splits `name arguments`; nothing at all asks for help.
fn subcommand(text: &str) -> (&str, &str) {
    let text = text.trim();
    let text = text.strip_prefix('/').unwrap_or(text);
    let (name, arguments) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if name.is_empty() { (Command::Help.name(), "") } else { (name, arguments.trim()) }
}

#[cfg(test)]
mod tests {
    use super::subcommand;

    #[test]
    fn the_first_word_is_the_command() {
        let table = [
            ("", ("help", "")),
            ("  ", ("help", "")),
            ("help", ("help", "")),
            ("/whoami", ("whoami", "")),
            (" model  gpt-5 mini ", ("model", "gpt-5 mini")),
            ("new\nnow", ("new", "now")),
        ];
        for (text, split) in table {
            assert_eq!(subcommand(text), split, "{text:?}");
        }
    }
}
