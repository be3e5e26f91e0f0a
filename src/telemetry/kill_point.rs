//! Places at which the crash tests end the process as if the power had gone.
//!
//! They are there only with the feature `kill-points`, which releases do not
//! have; without it, passing one is nothing at all.

#[cfg(not(feature = "kill-points"))]
use crate::domain::InboundMessage;

/// A place on a message's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillPoint {
    /// An event has been read and not yet understood.
    Read,
    /// A batch is about to be committed.
    BeforeAccept,
    /// A batch has been committed, and the platform not been told.
    Accepted,
    /// A message waits and nobody has taken it; whether the platform has been told by
    /// then is as it happens, for nobody waits for that.
    BeforeClaim,
    /// A message has been taken.
    Claimed,
    /// A post has arrived, and nobody has noted its id.
    Posted,
    /// The id of a post has been noted.
    Noted,
    /// The model has said its first word.
    FirstToken,
    /// The model is in the middle of it.
    Streaming,
    /// The model has said all, and nothing of it is stored.
    BeforeReady,
    /// The whole answer is stored.
    Ready,
    /// The final text stands in an earlier post.
    Edited,
    /// One part has arrived, and the next has not left.
    BetweenParts,
    /// All has arrived, and the turn has not ended.
    BeforeFinish,
    /// Another answer has been asked for, and whoever did so has not been told.
    AskedAgain,
}

impl KillPoint {
    /// The name by which the crash tests ask for it, in the order of a message's way.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "K1",
            Self::BeforeAccept => "K2",
            Self::Accepted => "K3",
            Self::BeforeClaim => "K4",
            Self::Claimed => "K5",
            Self::Posted => "K6",
            Self::Noted => "K7",
            Self::FirstToken => "K8",
            Self::Streaming => "K9",
            Self::BeforeReady => "K10",
            Self::Ready => "K11",
            Self::Edited => "K12",
            Self::BetweenParts => "K13",
            Self::BeforeFinish => "K14",
            Self::AskedAgain => "K15",
        }
    }
}

/// Passes a place at which the process may end.
#[cfg(not(feature = "kill-points"))]
pub const fn kill_point(_: KillPoint) {}

/// Reads a message that may be one which ends the process.
#[cfg(not(feature = "kill-points"))]
pub const fn taste(_: &InboundMessage) {}

#[cfg(feature = "kill-points")]
pub use armed::{arm, kill_point, poison, taste};

#[cfg(feature = "kill-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::getpid;

    use super::KillPoint;
    use crate::domain::{Event, InboundMessage};

    /// Where the process is to end: the name of a place, and how often it is passed before.
    static ARMED: OnceLock<(String, AtomicU32)> = OnceLock::new();

    /// The words that end the process when a message with them is worked on.
    static POISON: OnceLock<String> = OnceLock::new();

    /// Takes `K6`, or `K6:3` for the third time that the place is passed.
    pub fn arm(place: &str) {
        let (name, times) = place.split_once(':').unwrap_or((place, "1"));
        let times = times.parse().unwrap_or(1);
        // Armed once a process; a second time changes nothing.
        let _ = ARMED.set((name.to_owned(), AtomicU32::new(times)));
    }

    /// Takes the words that no message may have.
    pub fn poison(words: &str) {
        let _ = POISON.set(words.to_owned());
    }

    /// Ends the process if this is the place.
    pub fn kill_point(place: KillPoint) {
        let Some((name, times)) = ARMED.get() else { return };
        if name == place.name() && times.fetch_sub(1, Ordering::SeqCst) == 1 {
            end();
        }
    }

    /// Ends the process if this message is one that does.
    pub fn taste(message: &InboundMessage) {
        let Some(words) = POISON.get() else { return };
        if matches!(&message.event, Event::Text(said) if said.text.contains(words)) {
            end();
        }
    }

    fn end() {
        // Nothing comes after this, so there is nobody to tell if it fails.
        let _ = kill(getpid(), Signal::SIGKILL);
        std::thread::park();
    }
}
