//! What a platform accepts, and how fast.

use std::num::NonZeroU32;
use std::time::Duration;

/// What a platform accepts, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The longest text of one post, in `text_unit`.
    pub text_limit: usize,
    pub text_unit: TextUnit,
    /// The least time between two writes to one direct chat.
    pub direct_interval: Duration,
    /// The least time between two writes to one group or thread.
    pub group_interval: Duration,
    /// How many writes a second the whole account may make.
    pub writes_per_second: NonZeroU32,
    /// How many of them a minute may be edits.
    pub edits_per_minute: NonZeroU32,
    /// How long one typing indicator lasts.
    pub typing_lasts: Duration,
    /// For how long after a post its delivery key posts nothing new; zero where the platform knows no keys.
    pub idempotent_for: Duration,
    /// Whether the first part of the answer to a command has one place, whoever writes there
    /// and however often.
    pub has_one_place_for_a_command: bool,
}

/// In what a platform counts the length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextUnit {
    /// Unicode code points.
    Chars,
    /// UTF-16 code units.
    Utf16,
    /// Code points after `&`, `<` and `>` have become entities.
    EscapedChars,
}

impl TextUnit {
    /// The length of a text in this unit.
    #[must_use]
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::Chars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::EscapedChars => text.chars().map(escaped_length).sum(),
        }
    }
}

fn escaped_length(c: char) -> usize {
    match c {
        '&' => "&amp;".len(),
        '<' | '>' => "&lt;".len(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::TextUnit;

    #[test]
    fn lengths_are_measured_in_the_platforms_unit() {
        let table = [("abc", 3, 3, 3), ("a&b", 3, 3, 7), ("😀", 1, 2, 1), ("<é>", 3, 3, 9)];
        for (text, chars, utf16, escaped) in table {
            assert_eq!(TextUnit::Chars.measure(text), chars, "{text}");
            assert_eq!(TextUnit::Utf16.measure(text), utf16, "{text}");
            assert_eq!(TextUnit::EscapedChars.measure(text), escaped, "{text}");
        }
    }
}
