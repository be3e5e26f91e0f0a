//! A text with its entities, and what the platform does to it on the way in.
//!
//! Sources: `MessageEntity` in the Bot API manual ("UTF-16 code units"), and
//! what the tests of the emulator pin: white space around the text goes, and
//! so do carriage returns; other control characters but the line break become
//! spaces. The manual has no words for refusals, and leaves the details open.

use super::detect;
use super::nesting;

/// One special part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// The name the Bot API has for it, such as `bold`.
    pub kind: &'static str,
    /// Where it begins, in UTF-16 units.
    pub offset: usize,
    /// How long it is, in UTF-16 units.
    pub length: usize,
    /// The URL, language, user id or emoji id of those kinds that have one.
    pub argument: Option<String>,
}

/// A text as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Formatted {
    pub text: String,
    pub entities: Vec<Entity>,
}

/// The length of a text in UTF-16 units.
pub(super) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Cleans a text that somebody sends; the words of the refusal when it cannot be sent.
pub(super) fn fix(text: &str, entities: Vec<Entity>) -> Result<Formatted, String> {
    let cleaned = Cleaned::new(text);
    let mut moved = Vec::new();
    for entity in entities {
        moved.push(cleaned.moved(entity)?);
    }
    let text = cleaned.text;
    if text.chars().all(is_invisible) {
        return Err("Text must be non-empty".to_owned());
    }
    moved.retain(|entity| entity.length > 0);
    let entities = nesting::settle(moved, detect::find(&text));
    Ok(Formatted { text, entities })
}

/// Cleans a text without marks; one that cannot be sent is empty.
pub(super) fn plain(text: &str) -> Formatted {
    fix(text, Vec::new()).unwrap_or_default()
}

/// A cleaned text that remembers where everything was.
struct Cleaned {
    text: String,
    /// For every UTF-16 unit and the end of what was given, its place in `text`; none inside a character.
    places: Vec<Option<usize>>,
}

impl Cleaned {
    fn new(given: &str) -> Self {
        let mut text = String::with_capacity(given.len());
        let mut places = Vec::with_capacity(given.len() + 1);
        let mut length = 0;
        for letter in given.chars() {
            places.push(Some(length));
            if letter.len_utf16() > 1 {
                places.push(None);
            }
            if let Some(kept) = kept(letter) {
                text.push(kept);
                length += kept.len_utf16();
            }
        }
        places.push(Some(length));
        let before = units(&text[..text.len() - text.trim_start().len()]);
        let text = text.trim().to_owned();
        let longest = units(&text);
        for place in places.iter_mut().flatten() {
            *place = place.saturating_sub(before).min(longest);
        }
        Self { text, places }
    }

    /// An entity of the given text where it is now; empty when nothing of it is left.
    fn moved(&self, entity: Entity) -> Result<Entity, String> {
        let (start, end) = (entity.offset, entity.offset + entity.length);
        let Some(to) = self.places.get(end) else {
            return Err(format!(
                "Entity beginning at UTF-16 offset {start} ends after the end of the text at UTF-16 offset {end}"
            ));
        };
        match (self.places[start], *to) {
            (Some(from), Some(to)) => Ok(Entity { offset: from, length: to - from, ..entity }),
            _ => Err(format!(
                "Entity between UTF-16 offsets {start} and {end} begins or ends inside of a character"
            )),
        }
    }
}

/// What becomes of one character.
fn kept(letter: char) -> Option<char> {
    match letter {
        '\r' => None,
        '\n' => Some(letter),
        _ if letter.is_ascii_control() => Some(' '),
        _ => Some(letter),
    }
}

/// White space, and what has no width.
fn is_invisible(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{Entity, Formatted, fix, plain, units};

    fn bold(offset: usize, length: usize) -> Entity {
        Entity { kind: "bold", offset, length, argument: None }
    }

    #[test]
    fn entities_move_with_what_is_cut_around_them() {
        let fixed = fix(" \n👍\r\tx y\u{0}z  ", vec![bold(0, 2), bold(1, 5), bold(12, 1)]);
        assert_eq!(fixed, Ok(Formatted { text: "👍 x y z".to_owned(), entities: vec![bold(0, 3)] }));
    }

    #[test]
    fn entities_end_with_the_text_and_cut_no_character() {
        assert!(fix("a👍", vec![bold(0, 3)]).is_ok());
        for wrong in [bold(0, 4), bold(4, 1), bold(2, 1), bold(0, 2)] {
            assert!(fix("a👍", vec![wrong]).is_err());
        }
    }

    #[test]
    fn nothing_visible_is_refused() {
        for text in ["", " \n\t", "\u{200b}", "\u{feff} \u{200d}"] {
            assert_eq!(fix(text, Vec::new()), Err("Text must be non-empty".to_owned()));
            assert_eq!(plain(text), Formatted::default());
        }
        assert_eq!(plain("a\u{200b}").text, "a\u{200b}");
    }

    #[test]
    fn commands_are_found_where_no_code_is() {
        let code = Entity { kind: "code", ..bold(0, 6) };
        let command = Entity { kind: "bot_command", ..bold(7, 5) };
        let fixed = fix("/start /stop", vec![code.clone()]).unwrap();
        assert_eq!(fixed.entities, [code, command]);
        assert_eq!(plain("/start /stop").entities.len(), 2);
        assert_eq!(units("a👍é"), 4);
    }
}
