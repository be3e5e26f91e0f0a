//! Buttons that are pressed under our answers.

use crate::channels::slack::commands::{CLOCKS_DIFFER, FOR};
use crate::channels::slack::decode::{Place, Reader, author, is_direct};
use crate::channels::slack::event::Click;
use crate::domain::{Button, DedupeKey, Event, InboundMessage, Interaction, Invocation, PostedId, Timestamp};

/// Reads the payload of an interaction; nothing if it is no press of a button under a
/// message of ours.
pub(super) fn decode(reader: &Reader<'_>, payload: &str, now: Timestamp) -> Option<InboundMessage> {
    let click: Click =
        serde_json::from_str(payload).ok().filter(|click: &Click| click.kind == "block_actions")?;
    let (channel, user, message) = (click.channel?.id, click.user?, click.message?);
    let (trigger_id, response_url) = (click.trigger_id?, click.response_url?);
    let button = Button::parse(&click.actions.first()?.action_id).unwrap_or(Button::LOST);
    let team = click.team.map_or_else(|| reader.ourselves.team.clone(), |team| team.id);
    let place = Place { team: &team, is_direct: is_direct(&channel, None), channel };
    Some(InboundMessage {
        key: DedupeKey(format!("slack:{team}:click:{trigger_id}")),
        address: place.address(reader.ourselves, &message.ts, message.thread_ts.as_deref()),
        author: author(&user.id, reader.people.get(&user.id), user.username),
        sequence: i64::try_from((now - CLOCKS_DIFFER).unix_timestamp_nanos() / 1_000).unwrap_or(0),
        sent_at: now,
        event: Event::Command(Invocation {
            name: button.command().name().to_owned(),
            arguments: String::new(),
            message: Some(PostedId(message.ts)),
            interaction: Some(Interaction {
                id: trigger_id,
                token: format!("{response_url}{FOR}{}", user.id),
            }),
            pressed: Some(button.turn),
        }),
    })
}
