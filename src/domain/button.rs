//! Buttons under answers: each stands for a command about that answer.

use std::fmt;

use uuid::Uuid;

use crate::domain::{Command, TurnId};

/// A button under an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Button {
    deed: Deed,
    /// The turn that gives the answer; of one that asks for another, the turn that asked first.
    pub turn: TurnId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Stop,
    Retry,
}

impl Button {
    /// Stands for one that nobody recognizes: it is older than any answer.
    pub const LOST: Self = Self { deed: Deed::Retry, turn: TurnId(Uuid::nil()) };

    /// Ends the answer that this turn gives.
    #[must_use]
    pub const fn stop(turn: TurnId) -> Self {
        Self { deed: Deed::Stop, turn }
    }

    /// Asks for another answer to what this turn has asked.
    #[must_use]
    pub const fn retry(turn: TurnId) -> Self {
        Self { deed: Deed::Retry, turn }
    }

    /// The command it stands for.
    #[must_use]
    pub const fn command(self) -> Command {
        match self.deed {
            Deed::Stop => Command::Stop,
            Deed::Retry => Command::Retry,
        }
    }

    /// The key of the word on it.
    #[must_use]
    pub const fn text_key(self) -> &'static str {
        match self.deed {
            Deed::Stop => "button-stop",
            Deed::Retry => "button-retry",
        }
    }

    /// Recognizes a button by what its platform gives back. It is no secret, and at most
    /// 40 bytes long; Telegram takes 64.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (deed, turn) = name.split_once(':')?;
        let turn = TurnId(Uuid::try_parse(turn).ok()?);
        [Self::stop(turn), Self::retry(turn)].into_iter().find(|button| button.command().name() == deed)
    }
}

impl fmt::Display for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.command().name(), self.turn.0.simple())
    }
}

#[cfg(test)]
mod tests {
    use super::Button;
    use crate::domain::{Timestamp, TurnId};

    #[test]
    fn a_button_is_recognized_by_a_short_name() {
        let turn = TurnId::new(Timestamp::UNIX_EPOCH);
        for button in [Button::stop(turn), Button::retry(turn)] {
            let name = button.to_string();
            assert!(name.len() <= 40, "{name}");
            assert_eq!(Button::parse(&name), Some(button));
        }
        for odd in ["", "retry", "retry:", "retry:1", &format!("help:{}", turn.0.simple())] {
            assert_eq!(Button::parse(odd), None, "{odd}");
        }
    }
}
