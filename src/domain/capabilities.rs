//! What a platform accepts, and how fast.

use std::num::NonZeroU32;
use std::time::Duration;

/// What a platform accepts, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities {
    /// The longest text of one post, as `length` measures it.
    pub text_limit: usize,
    /// How long the post of a text is, in what the platform counts.
    pub length: fn(&str) -> usize,
    /// The least time between two writes to one direct chat.
    pub direct_interval: Duration,
    /// The least time between two writes to one group or thread.
    pub group_interval: Duration,
    /// How many writes the whole account may make; nothing where nobody counts.
    pub writes: Option<Rate>,
    /// How many edits the account may make, where they are counted apart from other writes.
    pub edits: Option<Rate>,
    /// How long one typing indicator lasts.
    pub typing_lasts: Duration,
    /// Whether showing the typing indicator counts among the writes of the account.
    pub typing_is_a_write: bool,
    /// For how long after a post its delivery key posts nothing new; zero where the platform knows no keys.
    pub idempotent_for: Duration,
    /// Whether the first part of the answer to a command has one place, whoever writes there
    /// and however often.
    pub has_one_place_for_a_command: bool,
    /// Whether a part can bring a file.
    pub takes_files: bool,
    pub growth: Growth,
}

/// So many calls within so long, whenever one begins to count.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub most: NonZeroU32,
    pub within: Duration,
}

impl Rate {
    /// So many calls a second.
    #[must_use]
    pub const fn per_second(most: NonZeroU32) -> Self {
        Self { most, within: Duration::from_secs(1) }
    }

    /// So many calls a minute.
    #[must_use]
    pub const fn per_minute(most: NonZeroU32) -> Self {
        Self { most, within: Duration::from_secs(60) }
    }
}

/// What becomes of a post while its answer grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// It is replaced now and then; a placeholder stands there until there is something to say.
    Replaced,
    /// What comes is put behind it as it comes, and nothing that was shown can be taken back.
    Appended,
}
