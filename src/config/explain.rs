//! Explains one key: its value, where that came from, and what the key is for.

use std::fmt;

use config::ValueKind;
use serde::Serialize;

use crate::config::effective::Effective;
use crate::config::kind::{Kind, toml};
use crate::config::rule::Rule;
use crate::config::schema::Key;

/// What there is to say of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub key: String,
    /// The value as TOML; of a secret whether it is set; of a section its keys.
    pub value: String,
    /// Where the value came from; none when there is none.
    pub source: Option<String>,
    /// The value when nobody says anything, as TOML.
    pub default: Option<String>,
    /// What the value may be, where its type does not say it.
    pub limits: Option<String>,
    /// What `default.toml` says of it.
    pub sentence: String,
    /// What is wrong with it.
    pub problems: Vec<String>,
}

/// There is no such key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown key `{key}`{}", .suggestion.as_ref().map(|key| format!("; did you mean `{key}`?")).unwrap_or_default())]
pub struct NoSuchKey {
    pub key: String,
    /// The nearest key there is.
    pub suggestion: Option<String>,
}

impl Effective {
    /// Explains a key or section.
    pub fn explain(&self, path: &str) -> Result<Explanation, NoSuchKey> {
        let Some(key) = self.schema.find(path) else {
            return Err(NoSuchKey { key: path.to_owned(), suggestion: self.schema.closest(path) });
        };
        let given = self.get(path).filter(|_| !key.rule.is_secret() || self.text(path).is_some());
        let problems = self.problems();
        let problems = problems.iter().filter(|problem| problem.key == path);
        Ok(Explanation {
            key: path.to_owned(),
            value: self.explained_value(key, path),
            source: given.map(|given| given.source.to_string()),
            default: key.default.as_ref().filter(|_| !matches!(key.rule, Rule::Secret)).map(toml),
            limits: key.rule.limits(),
            sentence: key.sentence.clone(),
            problems: problems.map(ToString::to_string).collect(),
        })
    }

    fn explained_value(&self, key: &Key, path: &str) -> String {
        if key.kind == Kind::Section {
            let spelled = |name| if name == "*" { "names of your own" } else { name };
            let names: Vec<_> = self.schema.children(&key.path).map(|key| spelled(key.name())).collect();
            return format!("a section with {}", names.join(", "));
        }
        match (self.shown(key, path), key.rule) {
            (None, _) => "not set".to_owned(),
            (Some(ValueKind::String(text)), Rule::Secret) if text.is_empty() => "not set".to_owned(),
            (Some(_), Rule::Secret) => "set".to_owned(),
            (Some(value), _) => toml(&value),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} = {}", self.key, self.value)?;
        writeln!(f, "  {}", self.sentence)?;
        let facts = [("source", &self.source), ("default", &self.default), ("limits", &self.limits)];
        for (name, fact) in facts {
            if let Some(fact) = fact {
                writeln!(f, "  {name}: {fact}")?;
            }
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "  problem: {problem}"))
    }
}
