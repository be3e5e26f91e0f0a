//! What people think of an answer.

/// A thumb under an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Thumb {
    Up,
    Down,
}

impl Thumb {
    /// Recognizes a thumb, in any skin, by the emoji or its name.
    #[must_use]
    pub fn read(emoji: &str) -> Option<Self> {
        let name = emoji.split_once("::").map_or(emoji, |(name, _)| name);
        match name.trim_end_matches(|c: char| matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{fe0f}')) {
            "\u{1f44d}" | "+1" | "thumbsup" => Some(Self::Up),
            "\u{1f44e}" | "-1" | "thumbsdown" => Some(Self::Down),
            _ => None,
        }
    }

    /// The label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    /// The number used in tables.
    #[must_use]
    pub const fn value(self) -> i64 {
        match self {
            Self::Up => 1,
            Self::Down => -1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Thumb;

    #[test]
    fn thumbs_are_recognized_in_every_skin() {
        for up in ["👍", "👍🏽", "👍️", "+1", "thumbsup", "+1::skin-tone-3"] {
            assert_eq!(Thumb::read(up), Some(Thumb::Up), "{up}");
        }
        for down in ["👎", "👎🏿", "-1", "thumbsdown", "-1::skin-tone-6"] {
            assert_eq!(Thumb::read(down), Some(Thumb::Down), "{down}");
        }
        for other in ["", "❤", "tada", "thumb", "👊"] {
            assert_eq!(Thumb::read(other), None, "{other}");
        }
    }
}
