//! Text as JSON carries it: with halves of characters where a gateway cut one.
//!
//! Gateways that count in UTF-16 cut an emoji in two and send `\ud83d` and
//! `\ude00` in two events. No Rust string can hold either, so text stays bytes
//! until the halves meet again.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

/// Text in which halves of characters may stand alone (WTF-8).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WireText(Vec<u8>);

/// One of the parts that some servers send in place of a text.
#[derive(Deserialize)]
struct TextPart {
    text: Option<WireText>,
}

impl WireText {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for WireText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Of all ways to read a string, only this one lets halves pass.
        deserializer.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = WireText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<WireText, E> {
        Ok(WireText(bytes.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<WireText, A::Error> {
        let mut whole = WireText::default();
        while let Some(part) = parts.next_element::<TextPart>()? {
            whole.0.extend(part.text.unwrap_or_default().0);
        }
        Ok(whole)
    }
}

/// Makes whole characters of texts that come one after another.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    /// The first half of a character whose second half has not come yet.
    half: Option<u16>,
}

impl Joiner {
    /// The text that can be read by now; a half that never finds its other becomes `�`.
    pub(super) fn join(&mut self, text: &WireText) -> String {
        if self.half.is_none()
            && let Ok(whole) = str::from_utf8(&text.0)
        {
            return whole.to_owned();
        }
        let mut units: Vec<u16> = self.half.take().into_iter().collect();
        add_units(&mut units, &text.0);
        self.half = units.pop_if(|last| (0xD800..0xDC00).contains(last));
        String::from_utf16_lossy(&units)
    }
}

/// Adds the UTF-16 of a text, halves included.
fn add_units(units: &mut Vec<u16>, mut bytes: &[u8]) {
    for _ in 0..=bytes.len() {
        let (whole, rest) = match str::from_utf8(bytes) {
            Ok(whole) => (whole, [].as_slice()),
            Err(error) => {
                let (whole, rest) = bytes.split_at(error.valid_up_to());
                (str::from_utf8(whole).unwrap_or_default(), rest)
            }
        };
        units.extend(whole.encode_utf16());
        bytes = match rest {
            [] => return,
            [0xED, high @ 0xA0..=0xBF, low @ 0x80..=0xBF, after @ ..] => {
                units.push(0xD000 | u16::from(high & 0x3F) << 6 | u16::from(low & 0x3F));
                after
            }
            [_, after @ ..] => {
                units.push(0xFFFD);
                after
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Joiner, WireText};

    #[test]
    fn halves_of_characters_find_each_other() {
        let table: [(&[&str], &str); 8] = [
            (&[r#""plain""#, r#"" text""#], "plain text"),
            (&[r#""a😀b""#], "a😀b"),
            (&[r#""a\ud83d\ude00b""#], "a😀b"),
            (&[r#""a\ud83d""#, r#""\ude00b""#], "a😀b"),
            (&[r#""a\ud83d""#, r#""""#, r#""\ude00\ud83d""#, r#""\ude00""#], "a😀😀"),
            (&[r#""a\ud83d""#, r#""b""#], "a\u{FFFD}b"),
            (&[r#""\ude00é""#], "\u{FFFD}é"),
            (&[r#"[{"type":"text","text":"a\ud83d"},{"type":"thinking"},{"text":"\ude00"}]"#], "a😀"),
        ];
        for (pieces, expected) in table {
            let mut joiner = Joiner::default();
            let texts = pieces.iter().map(|json| serde_json::from_str::<WireText>(json).unwrap());
            let joined: String = texts.map(|text| joiner.join(&text)).collect();
            assert_eq!(joined, expected, "{pieces:?}");
        }
    }
}
