//! What people see, as far as it is the same on every platform.

use std::fmt::Debug;

use super::{discord, slack, telegram};

/// A message as people see it.
pub trait Post: Clone + Debug {
    /// What no other message on its platform has.
    fn key(&self) -> String;

    /// Whether the bot under test wrote it.
    fn is_from_bot(&self) -> bool;

    /// The text, as of the last edit.
    fn text(&self) -> &str;

    /// Whether it is there no longer.
    fn is_deleted(&self) -> bool;
}

/// What the bot has said and can still be read.
pub fn said<S: Post>(screen: &[S]) -> Vec<&str> {
    screen.iter().filter(|shown| shown.is_from_bot() && !shown.is_deleted()).map(Post::text).collect()
}

impl Post for telegram::Shown {
    fn key(&self) -> String {
        format!("{}/{}", self.chat, self.id)
    }

    fn is_from_bot(&self) -> bool {
        self.author == telegram::Author::Bot
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn is_deleted(&self) -> bool {
        self.deleted
    }
}

impl Post for discord::Shown {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn is_from_bot(&self) -> bool {
        self.by_bot
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn is_deleted(&self) -> bool {
        self.deleted
    }
}

impl Post for slack::Shown {
    fn key(&self) -> String {
        format!("{}/{}", self.channel, self.ts)
    }

    fn is_from_bot(&self) -> bool {
        self.by_bot
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn is_deleted(&self) -> bool {
        self.deleted
    }
}
