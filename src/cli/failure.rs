//! How a command fails: words for the person at the terminal, and an exit code.

use std::error::Error;

use crate::store::StoreError;
use crate::telemetry::chain;

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    words: String,
}

impl Failure {
    /// Something needed is not available.
    pub(super) fn unavailable(words: String) -> Self {
        Self { code: 69, words }
    }

    /// A setting is wrong; trying again does not help.
    pub(super) fn configuration(words: String) -> Self {
        Self { code: 78, words }
    }

    /// Something else failed.
    pub(super) fn other(error: &(dyn Error + 'static)) -> Self {
        Self { code: 1, words: chain(error).to_string() }
    }

    /// What the person asked for is not there, or not possible.
    pub(super) fn refused(words: String) -> Self {
        Self { code: 1, words }
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        self.code
    }

    /// Tells the person.
    #[expect(clippy::print_stderr, reason = "this is what a command says when it fails")]
    pub(super) fn print(&self) {
        eprintln!("switchboard: {}", self.words);
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let words = chain(&error).to_string();
        match error {
            StoreError::Url { .. }
            | StoreError::Directory { .. }
            | StoreError::Open { .. }
            | StoreError::Unreadable(_)
            | StoreError::Unwelcome { .. }
            | StoreError::NoDatabase { .. }
            | StoreError::Unsafe { .. }
            | StoreError::NoRights(_)
            | StoreError::Foreign { .. }
            | StoreError::Newer { .. } => Self::configuration(words),
            // What a disk or a server did not take now, it may take later.
            StoreError::InUse { .. }
            | StoreError::Full { .. }
            | StoreError::Broken { .. }
            | StoreError::Locked { .. }
            | StoreError::Unreachable { .. }
            | StoreError::Busy
            | StoreError::Commit(_)
            | StoreError::Abandoned
            | StoreError::Late
            | StoreError::Silent => Self::unavailable(words),
            StoreError::Migrate(_)
            | StoreError::Statement(_)
            | StoreError::Row { .. }
            | StoreError::Panicked
            | StoreError::Lost
            | StoreError::Closed => Self { code: 1, words },
        }
    }
}
