//! What a person can ask of the bot itself, such as `/help`.
//!
//! To add one: a variant here, a file in `router/commands`, a text in the
//! Fluent file; the compiler and the tests lead through the rest.

/// A request to the bot itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    Help,
    New,
    Model,
    Whoami,
    Stop,
    Retry,
}

impl Command {
    /// Every command, in the order in which help lists them.
    pub const ALL: [Self; 6] = [Self::Help, Self::New, Self::Model, Self::Whoami, Self::Stop, Self::Retry];

    /// The word after the slash.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::New => "new",
            Self::Model => "model",
            Self::Whoami => "whoami",
            Self::Stop => "stop",
            Self::Retry => "retry",
        }
    }

    /// One line on what it does, as platforms show it beside the name.
    #[must_use]
    pub const fn summary_key(self) -> &'static str {
        match self {
            Self::Help => "command-help-summary",
            Self::New => "command-new-summary",
            Self::Model => "command-model-summary",
            Self::Whoami => "command-whoami-summary",
            Self::Stop => "command-stop-summary",
            Self::Retry => "command-retry-summary",
        }
    }

    /// The name of its one argument, if it takes one.
    #[must_use]
    pub const fn argument(self) -> Option<&'static str> {
        match self {
            Self::Model => Some("name"),
            Self::Help | Self::New | Self::Whoami | Self::Stop | Self::Retry => None,
        }
    }

    /// Whether it is answered at once instead of waiting for its lane.
    #[must_use]
    pub const fn bypasses_lane(self) -> bool {
        match self {
            // The answer that `/retry` asks for waits in the lane, the word on it does not.
            Self::Help | Self::Whoami | Self::Stop | Self::Retry => true,
            Self::New | Self::Model => false,
        }
    }

    /// Recognizes a command by its name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        // Telegram opens every chat with a bot by `/start`.
        if name.eq_ignore_ascii_case("start") {
            return Some(Self::Help);
        }
        Self::ALL.into_iter().find(|command| command.name().eq_ignore_ascii_case(name))
    }

    /// Splits `/name arguments`, or returns `None` for ordinary talk.
    #[must_use]
    pub fn split(text: &str) -> Option<(&str, &str)> {
        let line = text.trim_start().strip_prefix('/')?;
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_word.then(|| (name, rest.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn commands_are_told_from_talk() {
        assert_eq!(Command::split("/model  gpt-5 "), Some(("model", "gpt-5")));
        assert_eq!(Command::split("/help"), Some(("help", "")));
        assert_eq!(Command::split("/etc/passwd is a file"), None);
        assert_eq!(Command::split("hello"), None);
        assert_eq!(Command::split("/"), None);
    }

    #[test]
    fn names_are_recognized_in_any_case() {
        assert_eq!(Command::named("Help"), Some(Command::Help));
        assert_eq!(Command::named("start"), Some(Command::Help));
        assert_eq!(Command::named("hel"), None);
    }
}
