//! Names that Telegram would make a mention of.
//!
//! It does so with every `@name`, wherever it stands, except within code.

use std::borrow::Cow;

/// Looks like an `@`, and pings nobody.
const HARMLESS_AT: char = '＠';

/// The text, in which no name is a mention.
pub(super) fn harmless(text: &str) -> String {
    let pieces = pieces(text).map(|piece| match piece {
        Piece::Mention(name) => Cow::Owned(name.replace('@', HARMLESS_AT.encode_utf8(&mut [0; 4]))),
        Piece::Text(text) => Cow::Borrowed(text),
    });
    pieces.collect()
}

/// A stretch of text.
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// An `@` with what may be a name behind it.
    Mention(&'a str),
}

/// Splits a text into mentions and what stands around them, in turns.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let mut mention = None;
    std::iter::from_fn(move || {
        if let Some(name) = mention.take() {
            return Some(Piece::Mention(name));
        }
        if rest.is_empty() {
            return None;
        }
        let (before, after) = match find_mention(rest) {
            Some((start, end)) => {
                mention = rest.get(start..end);
                (rest.get(..start), rest.get(end..))
            }
            None => (Some(rest), None),
        };
        rest = after.unwrap_or_default();
        before.map(Piece::Text)
    })
}

fn find_mention(text: &str) -> Option<(usize, usize)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices('@').find_map(|(start, _)| {
        let before = text.get(..start)?.chars().next_back();
        let is_within_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let name = text.get(start + 1..)?.chars().take_while(|c| is_name(*c)).count();
        (!is_within_word && name > 0).then_some((start, start + 1 + name))
    })
}
