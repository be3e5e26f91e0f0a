//! What the router decided.

use std::future::ready;

use futures_util::stream;

use crate::domain::{AnswerEvent, AnswerStream, AskedBefore, ConversationId, Finished, Line, TurnId};

/// What becomes of an inbound message.
pub enum Outcome {
    /// It is answered.
    Reply(Reply),
    /// It is not answered, and the person is told why.
    Refusal(Refusal),
    /// Nothing is said, for a reason.
    Silence(Silence),
    /// The last question is to be answered anew, in a turn of its own.
    Again {
        /// The turn that asked it first; nothing if the wish is kept already.
        question: Option<TurnId>,
        /// What is said until then to whoever waits to hear something.
        meanwhile: Option<String>,
    },
}

/// An answer, made or in the making.
pub struct Reply {
    pub stream: AnswerStream,
    /// What was asked of a model; none for commands.
    pub asked: Option<Asked>,
}

impl Reply {
    /// A reply that is there already and becomes part of no conversation.
    #[must_use]
    pub fn ready_made(text: String) -> Self {
        let finished = AnswerEvent::Finished(Finished::ready_made(text));
        Self { stream: Box::pin(stream::once(ready(finished))), asked: None }
    }
}

/// What was asked of a model, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub conversation: ConversationId,
    /// The questions as the model got them, with their length in tokens.
    pub questions: Vec<Line>,
    /// What has been asked before, if this is another answer to it.
    pub before: Option<AskedBefore>,
}

/// Why a message is not answered, with the words for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub reason: RefusalReason,
    pub text: String,
}

/// The kinds of refusal, for metrics and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// The person has not been admitted.
    NotAdmitted,
    /// The message has nothing that we can read.
    NothingReadable,
    /// The message is longer than we take.
    TooLong,
}

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Silence {
    /// It was not meant for us.
    NotAddressed,
    /// The person is blocked.
    Blocked,
    /// The person has been told already that they are not admitted.
    ToldAlready,
    /// The group has not been admitted.
    SpaceNotAdmitted,
    /// An edit or deletion of something that is answered already.
    AlreadyAnswered,
    /// Another answer comes in a turn of its own.
    AnsweredAnew,
    /// So much in a row, and so fast, is said by a program that answers us.
    TooFast,
}
