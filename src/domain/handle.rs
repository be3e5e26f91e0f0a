//! How an operator names what is kept: by its whole id, or by the short word that people quote.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::domain::{Reference, TurnId};

/// The name of a turn or of a message, as somebody typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handle {
    Whole(Uuid),
    /// The end of an id; more than one may end so.
    Short(Reference),
}

impl Handle {
    /// Whether it names the turn or message with this id.
    #[must_use]
    pub fn names(&self, id: Uuid) -> bool {
        match self {
            Self::Whole(whole) => *whole == id,
            Self::Short(reference) => *reference == Reference::from(TurnId(id)),
        }
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(id) => id.fmt(f),
            Self::Short(reference) => reference.fmt(f),
        }
    }
}

/// A text that is neither an id nor a reference.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no id; write a reference such as 1a2b3c4d, or a whole id")]
pub struct NoHandle(String);

impl FromStr for Handle {
    type Err = NoHandle;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Whole(id));
        }
        let reference = Reference::parse(text).ok_or_else(|| NoHandle(text.to_owned()))?;
        Ok(Self::Short(reference))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Handle;

    #[test]
    fn a_handle_is_an_id_or_its_end_in_any_case() {
        let id = Uuid::from_u128(0x0199_aaaa_bbbb_7ccc_8ddd_eeee_1a2b_3c4d);
        for text in [&id.to_string(), &id.simple().to_string(), "1a2b3c4d", " 1A2B3C4D "] {
            let handle: Handle = text.parse().unwrap();
            assert!(handle.names(id), "{text}");
            assert!(!handle.names(Uuid::nil()), "{text}");
        }
        for text in ["", "1a2b3c4", "1a2b3c4g", "1a2b3c4d5", "all", "\u{1f600}\u{1f600}"] {
            assert!(text.parse::<Handle>().is_err(), "{text}");
        }
    }
}
