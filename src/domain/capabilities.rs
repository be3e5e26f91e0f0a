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
    /// Whether a part can bring a file.
    pub takes_files: bool,
    pub growth: Growth,
}

/// What becomes of a post while its answer grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// It is replaced now and then; a placeholder stands there until there is something to say.
    Replaced,
    /// What comes is put behind it as it comes, and nothing that was shown can be taken back.
    Appended,
}
