//! What somebody typed, as an inbound message.

use crate::domain::{
    Address, AddressKind, Author, Call, Command, DedupeKey, Event, InboundMessage, Invocation, Platform,
    PostedId, Said, Timestamp,
};

/// The one account and the one chat of a terminal.
const LOCAL: &str = "local";

/// Turns a typed text into a message; `id` is new for each.
pub(super) fn message(id: &PostedId, text: &str, person: &str, now: Timestamp) -> InboundMessage {
    let event = match Command::split(text) {
        Some((name, arguments)) => Event::Command(Invocation {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            message: Some(id.clone()),
            interaction: None,
            pressed: None,
        }),
        None => Event::Text(Said {
            message: Some(id.clone()),
            text: text.to_owned(),
            call: Call::Direct,
            reply_to: None,
            attachments: Vec::new(),
        }),
    };
    InboundMessage {
        key: DedupeKey(format!("terminal:{}", id.0)),
        address: Address {
            platform: Platform::Terminal,
            scope: String::new(),
            chat: LOCAL.to_owned(),
            thread: None,
            kind: AddressKind::Direct,
            space: None,
        },
        author: Author {
            platform_user_id: LOCAL.to_owned(),
            name: person.to_owned(),
            username: None,
            locale: None,
            is_anonymous: false,
        },
        sequence: i64::try_from(now.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX),
        sent_at: now,
        event,
    }
}

#[cfg(test)]
mod tests {
    use super::message;
    use crate::domain::{Event, PostedId, Timestamp};

    #[test]
    fn a_slash_makes_a_command() {
        let decode = |text| message(&PostedId("1".into()), text, "ann", Timestamp::UNIX_EPOCH).event;
        assert!(matches!(decode("/model gpt"), Event::Command(command) if command.arguments == "gpt"));
        assert!(matches!(decode("hello /model"), Event::Text(said) if said.text == "hello /model"));
    }
}
