//! Whom a text speaks to: mentions and commands, and the text without ours.

use std::ops::Range;

use crate::channels::telegram::wire::{Entity, EntityKind, Me};

/// The longest entity that names somebody: `/` and 64, `@` and 32.
const LONGEST_NAME: usize = 98;

/// A text and whom it speaks to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// The text without mentions of the bot.
    pub(super) text: String,
    /// Whether it names the bot.
    pub(super) is_mention: bool,
    /// Whether it is a command for another bot.
    pub(super) is_for_another: bool,
}

/// Reads a text with its entities.
pub(super) fn read(text: &str, entities: &[Entity], me: &Me) -> Words {
    let mut named: Vec<Range<usize>> = Vec::new();
    let mut is_for_another = false;
    if entities.iter().any(|entity| entity.kind != EntityKind::Other) {
        let units: Vec<u16> = text.encode_utf16().collect();
        for entity in entities {
            match naming(entity, &units, me) {
                Naming::Us(range) => named.push(range),
                Naming::AnotherBot => is_for_another = true,
                Naming::Nobody => {}
            }
        }
        if !named.is_empty() {
            let text = without(&units, &mut named);
            return Words { text, is_mention: true, is_for_another };
        }
    }
    Words { text: text.to_owned(), is_mention: false, is_for_another }
}

enum Naming {
    /// The bot, by the units in this range.
    Us(Range<usize>),
    /// Another bot, by the command that begins the text.
    AnotherBot,
    Nobody,
}

fn naming(entity: &Entity, units: &[u16], me: &Me) -> Naming {
    let range = entity.offset..entity.offset.saturating_add(entity.length);
    let Some(covered) = units.get(range.clone()) else {
        return Naming::Nobody;
    };
    let is_us = |name: &str| !me.username.is_empty() && name.eq_ignore_ascii_case(&me.username);
    match entity.kind {
        EntityKind::TextMention if entity.user.as_ref().is_some_and(|user| user.id == me.id) => {
            Naming::Us(range)
        }
        EntityKind::Mention | EntityKind::BotCommand if covered.len() <= LONGEST_NAME => {
            let covered = String::from_utf16_lossy(covered);
            match covered.split_once('@') {
                // Names are ASCII, so that bytes are units.
                Some((command, name)) if is_us(name) => Naming::Us(range.start + command.len()..range.end),
                Some(_) if entity.kind == EntityKind::BotCommand && range.start == 0 => Naming::AnotherBot,
                _ => Naming::Nobody,
            }
        }
        EntityKind::TextMention | EntityKind::Mention | EntityKind::BotCommand | EntityKind::Other => {
            Naming::Nobody
        }
    }
}

/// Leaves ranges out, and what would be left of the spaces and marks around them.
fn without(units: &[u16], ranges: &mut [Range<usize>]) -> String {
    ranges.sort_by_key(|range| range.start);
    let mut rest = String::new();
    let mut from = 0;
    for range in ranges {
        join(&mut rest, units.get(from..range.start), from > 0);
        from = from.max(range.end);
    }
    join(&mut rest, units.get(from..), true);
    rest.trim().to_owned()
}

fn join(text: &mut String, piece: Option<&[u16]>, is_after_gap: bool) {
    let piece = String::from_utf16_lossy(piece.unwrap_or_default());
    if !is_after_gap {
        text.push_str(&piece);
    } else if text.trim().is_empty() {
        text.push_str(piece.trim_start_matches([' ', ',', ':']));
    } else if piece.starts_with([',', ':', '.', '!', '?']) {
        text.truncate(text.trim_end().len());
        text.push_str(&piece);
    } else if text.ends_with(char::is_whitespace) {
        text.push_str(piece.trim_start_matches(' '));
    } else {
        text.push_str(&piece);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Words, read};
    use crate::channels::telegram::wire::{Entity, Me};

    fn words(text: &str, entities: serde_json::Value) -> Words {
        let me: Me = serde_json::from_value(
            json!({ "id": 7, "is_bot": true, "first_name": "Bot", "username": "our_bot" }),
        )
        .unwrap();
        let entities: Vec<Entity> = serde_json::from_value(entities).unwrap();
        read(text, &entities, &me)
    }

    fn entity(kind: &str, offset: usize, length: usize) -> serde_json::Value {
        json!({ "type": kind, "offset": offset, "length": length })
    }

    #[test]
    fn a_mention_of_the_bot_is_noticed_and_left_out() {
        let table = [
            ("@our_bot hello", 0, "hello"),
            ("@Our_Bot, hello", 0, "hello"),
            ("hello @our_bot", 6, "hello"),
            ("well @our_bot what now", 5, "well what now"),
            ("😀 @our_bot hi", 3, "😀 hi"),
            ("@our_bot", 0, ""),
        ];
        for (text, offset, expected) in table {
            let words = words(text, json!([entity("mention", offset, 8)]));
            assert_eq!((words.text.as_str(), words.is_mention), (expected, true), "{text}");
        }
    }

    #[test]
    fn a_mention_without_a_username_is_one_too() {
        let by_id = |id: i64| json!([{ "type": "text_mention", "offset": 3, "length": 3, "user": { "id": id, "is_bot": true, "first_name": "Bot" } }]);
        assert_eq!(words("hi Bot!", by_id(7)).text, "hi!");
        let other = words("hi Ann!", by_id(8));
        assert_eq!((other.text.as_str(), other.is_mention), ("hi Ann!", false));
    }

    #[test]
    fn other_mentions_stay_readable() {
        let words = words("@someone hello", json!([entity("mention", 0, 8)]));
        assert_eq!((words.text.as_str(), words.is_mention), ("@someone hello", false));
    }

    #[test]
    fn a_command_names_its_bot() {
        let ours = words("/model@our_bot gpt", json!([entity("bot_command", 0, 14)]));
        assert_eq!((ours.text.as_str(), ours.is_mention, ours.is_for_another), ("/model gpt", true, false));
        let other = words("/model@a_bot gpt", json!([entity("bot_command", 0, 12)]));
        assert_eq!(
            (other.text.as_str(), other.is_mention, other.is_for_another),
            ("/model@a_bot gpt", false, true)
        );
        let bare = words("/model gpt", json!([entity("bot_command", 0, 6)]));
        assert!(!bare.is_mention && !bare.is_for_another);
    }

    #[test]
    fn entities_that_point_nowhere_do_no_harm() {
        for (offset, length) in [(0, usize::MAX), (99, 8), (usize::MAX, usize::MAX), (1, 0)] {
            let words = words("@our_bot", json!([entity("mention", offset, length)]));
            assert_eq!(words.text, "@our_bot", "{offset} {length}");
        }
        let twice = words("@our_bot hi", json!([entity("mention", 0, 8), entity("mention", 0, 8)]));
        assert_eq!(twice.text, "hi");
        let newer = words("hi\0", json!([entity("hologram", 0, 2)]));
        assert_eq!(newer.text, "hi\0");
    }
}
