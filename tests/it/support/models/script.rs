//! Which answer a request gets.
//!
//! Rules come first, as they are about certain questions; then the answers waiting
//! in line; then what the test computes; then an echo.

use std::collections::VecDeque;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use super::answer::Answer;
use super::requests::AskedRequest;

#[derive(Debug, Default)]
pub(super) struct Script {
    rules: Vec<(String, Answer)>,
    line: VecDeque<Answer>,
    reaction: Option<Reaction>,
}

/// Makes an answer out of a request.
#[derive(Clone)]
pub(super) struct Reaction(Arc<dyn Fn(&AskedRequest) -> Answer + Send + Sync>);

impl Debug for Reaction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Reaction")
    }
}

/// What the script has for a request.
#[derive(Debug)]
pub(super) enum Next {
    Answer(Box<Answer>),
    /// To be computed, and not while the state is locked: it may look at the emulator.
    Reaction(Reaction),
    Echo,
}

impl Next {
    pub(super) fn answer(self, asked: &AskedRequest) -> Answer {
        match self {
            Self::Answer(answer) => *answer,
            Self::Reaction(reaction) => reaction.0(asked),
            Self::Echo => Answer::text(asked.last_words()),
        }
    }
}

impl Script {
    pub(super) fn add(&mut self, answer: Answer) {
        self.line.push_back(answer);
    }

    /// Adds a rule; a newer one goes before older ones.
    pub(super) fn rule(&mut self, asked: &str, answer: Answer) {
        self.rules.insert(0, (asked.to_owned(), answer));
    }

    pub(super) fn react<F>(&mut self, reaction: F)
    where
        F: Fn(&AskedRequest) -> Answer + Send + Sync + 'static,
    {
        self.reaction = Some(Reaction(Arc::new(reaction)));
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn next(&mut self, asked: &AskedRequest) -> Next {
        let text = asked.last_user_text();
        let rule = self.rules.iter().find(|(asked, _)| text.contains(asked));
        if let Some((_, answer)) = rule {
            return Next::Answer(Box::new(answer.clone()));
        }
        match (self.line.pop_front(), &self.reaction) {
            (Some(answer), _) => Next::Answer(Box::new(answer)),
            (None, Some(reaction)) => Next::Reaction(reaction.clone()),
            (None, None) => Next::Echo,
        }
    }

    /// The answers still in line.
    pub(super) fn unsaid(&self) -> Vec<String> {
        self.line.iter().map(Answer::summary).collect()
    }
}
