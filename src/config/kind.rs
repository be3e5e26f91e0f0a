//! The types of values: what fits them, how the environment and TOML write them.

use std::fmt;

use config::ValueKind;

use crate::config::rule::quoted;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Section,
    Text,
    Whole,
    Number,
    Switch,
    List,
}

impl Kind {
    /// The type of a value in `default.toml`.
    pub(super) fn of(value: &ValueKind) -> Self {
        match value {
            ValueKind::Table(_) => Self::Section,
            ValueKind::Array(_) => Self::List,
            ValueKind::Boolean(_) => Self::Switch,
            ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => Self::Whole,
            ValueKind::Float(_) => Self::Number,
            ValueKind::String(_) | ValueKind::Nil => Self::Text,
        }
    }

    /// Returns a value of this type, or what it is instead, in words.
    pub(super) fn fit(self, value: ValueKind) -> Result<ValueKind, String> {
        let is_text = |item: &config::Value| matches!(item.kind, ValueKind::String(_));
        match (self, value) {
            (Self::Number, ValueKind::I64(number)) => {
                Ok(ValueKind::Float(number.to_string().parse().unwrap_or(f64::NAN)))
            }
            (Self::List, ValueKind::Array(items)) if !items.iter().all(is_text) => {
                Err("a list of something else".to_owned())
            }
            (Self::Section, value) => Err(name(&value)),
            (_, value) if Self::of(&value) == self => Ok(value),
            (_, value) => Err(name(&value)),
        }
    }

    /// Reads a value as the environment writes it.
    pub(super) fn read(self, text: &str) -> Option<ValueKind> {
        match self {
            Self::Section => None,
            Self::Text => Some(text.into()),
            Self::Whole => text.parse::<i64>().ok().map(Into::into),
            Self::Number => text.parse::<f64>().ok().map(Into::into),
            Self::Switch => text.parse::<bool>().ok().map(Into::into),
            Self::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(items.collect::<Vec<_>>().into())
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Section => "a section with keys of its own",
            Self::Text => "a text in quotes",
            Self::Whole => "a whole number",
            Self::Number => "a number",
            Self::Switch => "true or false",
            Self::List => "a list of texts",
        })
    }
}

/// Writes a value as TOML does.
pub(super) fn toml(value: &ValueKind) -> String {
    match value {
        ValueKind::String(text) => toml_text(text),
        ValueKind::Float(number) => format!("{number:?}"),
        ValueKind::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| toml(&item.kind)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// Writes a value as JSON does.
pub(super) fn json(value: &ValueKind) -> serde_json::Value {
    match value {
        ValueKind::Boolean(switch) => (*switch).into(),
        ValueKind::I64(number) => (*number).into(),
        ValueKind::Float(number) => (*number).into(),
        ValueKind::Array(items) => items.iter().map(|item| json(&item.kind)).collect(),
        other => other.to_string().into(),
    }
}

/// Writes a text as a basic string of TOML, which is JSON's but for one character.
pub(super) fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn name(value: &ValueKind) -> String {
    match value {
        ValueKind::Table(_) => "a section".to_owned(),
        ValueKind::Array(_) => "a list".to_owned(),
        ValueKind::String(text) => format!("the text {}", quoted(text)),
        other => quoted(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_writes_everything_as_text() {
        let cases: [(Kind, &str, Option<ValueKind>); 8] = [
            (Kind::Text, "007", Some("007".into())),
            (Kind::Whole, "30", Some(30.into())),
            (Kind::Whole, "often", None),
            (Kind::Number, "0.5", Some(0.5.into())),
            (Kind::Switch, "true", Some(true.into())),
            (Kind::Switch, "yes", None),
            (Kind::List, "a, b,", Some(vec!["a", "b"].into())),
            (Kind::List, "", Some(Vec::<&str>::new().into())),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(kind.read(text), expected, "{kind} {text}");
        }
    }

    #[test]
    fn values_are_written_as_toml() {
        let cases: [(ValueKind, &str); 4] = [
            ("a \"b\"\n\u{7f}".into(), "\"a \\\"b\\\"\\n\\u007f\""),
            (1.0.into(), "1.0"),
            (vec!["a", "b"].into(), "[\"a\", \"b\"]"),
            (true.into(), "true"),
        ];
        for (value, expected) in cases {
            assert_eq!(toml(&value), expected);
        }
    }
}
