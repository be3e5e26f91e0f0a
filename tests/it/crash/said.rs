//! What somebody said, and what became of it: edited, taken back, perhaps stopped.

use switchboard::domain::Platform;

use crate::crash::question::Question;
use crate::support::telegram::MessageRef;

/// A message of a person, as its platform knows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Spoken {
    Telegram(MessageRef),
    Discord { channel: u64, id: u64 },
    Slack { channel: String, ts: String },
}

impl Spoken {
    /// The chats that it may be in, as the tables know them: an answer on Discord may open a thread.
    pub fn chats(&self) -> Vec<String> {
        match self {
            Self::Telegram(message) => vec![message.chat.to_string()],
            Self::Discord { channel, id } => vec![channel.to_string(), id.to_string()],
            Self::Slack { channel, .. } => vec![channel.clone()],
        }
    }

    /// Its place among all that is said there, as the tables know it.
    pub fn sequence(&self) -> i64 {
        match self {
            Self::Telegram(message) => message.id,
            Self::Discord { id, .. } => i64::try_from(*id).unwrap(),
            Self::Slack { ts, .. } => ts.replace('.', "").parse().unwrap(),
        }
    }
}

/// One question of somebody, and what its person did with it since.
#[derive(Debug, Clone)]
pub struct Said {
    /// How it read, one wording after the other: each is a question with a number of its own.
    pub wordings: Vec<Question>,
    /// Who said it, of those who share the lane.
    pub seat: usize,
    pub message: Spoken,
    /// Whether it called the bot; in a thread people go on without that.
    pub has_called: bool,
    /// Whether its person deleted it.
    pub is_gone: bool,
    /// Whether they did, and the platform tells of that.
    pub is_taken_back: bool,
    /// Whether somebody asked for a stop that may have ended its answer.
    pub may_be_stopped: bool,
}

impl Said {
    pub fn new(question: Question, seat: usize, message: Spoken) -> Self {
        Self {
            wordings: vec![question],
            seat,
            message,
            has_called: true,
            is_gone: false,
            is_taken_back: false,
            may_be_stopped: false,
        }
    }

    /// The number of its first wording, which says how early it was said.
    pub fn number(&self) -> u32 {
        self.wordings[0].number
    }

    /// Which of its wordings has a number.
    pub fn wording(&self, number: u32) -> Option<usize> {
        self.wordings.iter().position(|question| question.number == number)
    }

    pub fn is(&self, number: u32) -> bool {
        self.wording(number).is_some()
    }
}

/// Whether bots are told that somebody deleted something.
pub fn tells_of_deletions(platform: Platform) -> bool {
    platform != Platform::Telegram
}
