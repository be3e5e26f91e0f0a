//! What is wrong with a configuration: everything at once, by key.
//!
//! No text made here may hold the value of a secret, nor a line of the file.

use std::fmt;

use crate::config::Source;

/// Everything that is wrong with a configuration; never empty when returned as an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigProblems(Vec<Problem>);

impl ConfigProblems {
    /// Takes the problems, ordered by key.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_cached_key(|problem| (problem.key.clone(), problem.to_string()));
        Self(problems)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key; empty where it is about a source as a whole.
    pub key: String,
    pub source: Source,
    pub what: What,
    /// The nearest thing that would have been right.
    pub suggestion: Option<String>,
}

/// The kinds of problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// There is no such key.
    UnknownKey,
    /// Anything else, in words.
    Bad(String),
}

impl Problem {
    pub(super) fn unknown(key: &str, source: Source, suggestion: Option<String>) -> Self {
        Self { key: key.escape_debug().to_string(), source, what: What::UnknownKey, suggestion }
    }

    pub(super) fn bad(key: &str, source: Source, fault: Fault) -> Self {
        Self {
            key: key.escape_debug().to_string(),
            source,
            what: What::Bad(fault.what),
            suggestion: fault.suggestion,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, source, what, suggestion } = self;
        match what {
            What::UnknownKey => write!(f, "unknown key `{key}` in {source}")?,
            What::Bad(what) if key.is_empty() => write!(f, "{source}: {what}")?,
            What::Bad(what) => write!(f, "`{key}` in {source}: {what}")?,
        }
        suggestion.as_ref().map_or(Ok(()), |suggestion| write!(f, "; did you mean `{suggestion}`?"))
    }
}

/// What is wrong with a value, before anybody knows where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) suggestion: Option<String>,
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self { what, suggestion: None }
    }
}

impl From<&str> for Fault {
    fn from(what: &str) -> Self {
        what.to_owned().into()
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}
