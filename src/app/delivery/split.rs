//! Cutting a long text into posts.
//!
//! A cut falls behind a paragraph if it can, else behind a line, a sentence, a
//! word, and never inside of what a person sees as one character, unless that
//! alone is longer than a post. A code fence that is open at a cut is closed
//! there and opened again, with its language, in the next post. Cuts depend on
//! the text before them only, so that a text which grows keeps them.

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::TextUnit;

/// What closes a fence at a cut.
const CLOSING: &str = "\n```";

/// The longest language of a fence that is repeated.
const LANGUAGE: usize = 20;

/// Cuts `text` into parts of at most `limit` of `unit` each.
///
/// A part is never blank; a blank text has no parts.
pub(super) fn split(text: &str, limit: usize, unit: TextUnit) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    let mut fence = Fence::default();
    while !rest.trim().is_empty() {
        let opening = fence.opening();
        let frame = unit.measure(&opening) + unit.measure(CLOSING);
        let room = limit.saturating_sub(frame).max(1);
        let end = cut(rest, room, unit);
        let (piece, behind) = rest.split_at(end);
        let mut part = opening;
        part.push_str(piece.trim_end());
        fence.read(piece);
        if fence.is_open() {
            part.push_str(CLOSING);
        }
        if !piece.trim().is_empty() {
            parts.push(part);
        }
        rest =
            if fence.is_open() { behind.strip_prefix('\n').unwrap_or(behind) } else { behind.trim_start() };
    }
    parts
}

/// The best place to cut, in bytes; the whole text if it fits.
fn cut(text: &str, room: usize, unit: TextUnit) -> usize {
    let Some(hard) = first_beyond(text, room, unit) else { return text.len() };
    let (window, _) = text.split_at(hard);
    // A cut in the first half wastes more room than it saves reading.
    let early = hard / 2;
    let behind = |pattern: &str| window.rfind(pattern).map(|at| at + pattern.len()).filter(|at| *at > early);
    let sentence = [". ", "! ", "? ", "。"].into_iter().filter_map(behind).max();
    behind("\n\n").or_else(|| behind("\n")).or(sentence).or_else(|| behind(" ")).unwrap_or(hard)
}

/// Where the first character begins that does not fit, in bytes.
fn first_beyond(text: &str, room: usize, unit: TextUnit) -> Option<usize> {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += unit.measure(grapheme);
        if used > room {
            let is_too_long_alone = at == 0;
            return Some(if is_too_long_alone { within(grapheme, room, unit) } else { at });
        }
    }
    None
}

/// How many bytes of one overlong character fit; at least one code point.
fn within(grapheme: &str, room: usize, unit: TextUnit) -> usize {
    let mut used = 0;
    for (at, c) in grapheme.char_indices() {
        used += unit.measure(c.encode_utf8(&mut [0; 4]));
        if used > room && at > 0 {
            return at;
        }
    }
    grapheme.len()
}

/// Whether the text so far ends inside of a code fence, and of which language.
#[derive(Debug, Default)]
struct Fence {
    language: Option<String>,
}

impl Fence {
    fn is_open(&self) -> bool {
        self.language.is_some()
    }

    fn opening(&self) -> String {
        self.language.as_ref().map_or_else(String::new, |language| format!("```{language}\n"))
    }

    fn read(&mut self, piece: &str) {
        for line in piece.lines() {
            let Some(info) = line.trim_start().strip_prefix("```") else { continue };
            self.language = match self.language {
                Some(_) => None,
                None if info.contains('`') => None,
                None => Some(info.trim().chars().take(LANGUAGE).collect()),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

    use super::split;
    use crate::domain::TextUnit;

    #[test]
    fn a_short_text_stays_whole() {
        assert_eq!(split("hello", 20, TextUnit::Chars), ["hello"]);
        assert!(split(" \n ", 20, TextUnit::Chars).is_empty());
    }

    #[test]
    fn cuts_fall_where_a_reader_would_breathe() {
        let table = [
            ("one two three four five", 20, vec!["one two three", "four five"]),
            ("first line\nsecond line", 20, vec!["first line", "second line"]),
            ("A b. C d. E f. G h. I j.", 20, vec!["A b. C d. E f.", "G h. I j."]),
        ];
        for (text, limit, parts) in table {
            assert_eq!(split(text, limit, TextUnit::Chars), parts, "{text:?}");
        }
    }

    #[test]
    fn a_fence_is_closed_and_opened_again() {
        let code = format!("Look:\n```rust\n{}```\nDone.", "let x = 1;\n".repeat(12));
        let parts = split(&code, 80, TextUnit::Chars);
        assert!(parts.len() > 1, "{parts:?}");
        for part in &parts {
            assert_eq!(part.matches("```").count() % 2, 0, "{part}");
        }
        assert!(parts[1].starts_with("```rust\n"), "{parts:?}");
    }

    #[test]
    fn a_family_is_not_torn_apart() {
        let family = "👨‍👩‍👧‍👦";
        for part in split(&family.repeat(10), 30, TextUnit::Utf16) {
            assert_eq!(part.replace(family, ""), "");
        }
    }

    #[test]
    fn one_endless_character_is_cut_all_the_same() {
        let stacked = format!("e{}", "\u{301}".repeat(5_000));
        let parts = split(&stacked, 2_000, TextUnit::Chars);
        assert_eq!(parts.concat(), stacked);
        assert!(parts.iter().all(|part| part.chars().count() <= 2_000));
    }

    fn talk() -> impl Strategy<Value = String> {
        let piece =
            prop::sample::select(vec!["word ", "line\n", "```rust\n", "```\n", "é", "👨‍👩‍👧", "&<", "\n\n"]);
        prop::collection::vec(piece, 0..200).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_part_is_too_long_and_no_word_is_lost(text in talk(), limit in 40_usize..200) {
            for unit in [TextUnit::Chars, TextUnit::Utf16, TextUnit::EscapedChars] {
                let parts = split(&text, limit, unit);
                for part in &parts {
                    prop_assert!(unit.measure(part) <= limit, "{part:?}");
                }
                // Fences come and go at cuts; where a line has no better place, a cut may fall into one.
                let is_visible = |c: &char| !c.is_whitespace() && !"`rust".contains(*c);
                let visible = |text: &str| text.chars().filter(is_visible).collect::<String>();
                prop_assert_eq!(visible(&parts.concat()), visible(&text));
            }
        }

        #[test]
        fn a_growing_text_keeps_its_cuts(text in talk(), more in any::<bool>()) {
            let whole = split(&text, 60, TextUnit::Chars);
            let grown = split(&format!("{text}{}", if more { "and more words to come" } else { "x" }), 60, TextUnit::Chars);
            for (before, after) in whole.iter().zip(&grown).take(whole.len().saturating_sub(1)) {
                prop_assert_eq!(before, after);
            }
        }
    }
}
