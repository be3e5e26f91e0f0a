//! Shows what is in force, secrets masked.

use std::path::Path;

use config::ValueKind;

use crate::config::effective::Effective;
use crate::config::kind::{Kind, json, toml};
use crate::config::rule::Rule;
use crate::config::schema::{FREELY_NAMED, Key};
use crate::config::secrets::shown_path;
use crate::config::url::without_password;

/// Stands where a secret is.
const MASK: &str = "***";

impl Effective {
    /// Returns everything as TOML, on request with the source behind each value.
    #[must_use]
    pub fn show(&self, with_sources: bool) -> String {
        let mut text = String::new();
        for section in self.schema.keys().filter(|key| key.kind == Kind::Section) {
            for path in self.paths(section) {
                let lines = self.lines(section, &path, with_sources);
                if !lines.is_empty() {
                    let gap = if text.is_empty() { "" } else { "\n" };
                    text.push_str(&format!("{gap}[{path}]\n{lines}"));
                }
            }
        }
        text
    }

    /// Returns everything as JSON: value and source by dotted key.
    #[must_use]
    pub fn show_json(&self) -> serde_json::Value {
        let keys = self.schema.keys().filter(|key| key.kind != Kind::Section && !key.is_path);
        let entry = |(key, path): (&Key, String)| {
            let value = self.shown(key, &path)?;
            let source = self.get(&path)?.source.to_string();
            Some((path, serde_json::json!({ "value": json(&value), "source": source })))
        };
        let each = keys.flat_map(|key| self.paths(key).into_iter().map(move |path| (key, path)));
        serde_json::Value::Object(each.filter_map(entry).collect())
    }

    /// The value at a key as it may be shown.
    pub(super) fn shown(&self, key: &Key, path: &str) -> Option<ValueKind> {
        let value = &self.get(path)?.value;
        Some(match (value, key.rule) {
            (ValueKind::String(text), Rule::Secret) if text.is_empty() => "".into(),
            (_, Rule::Secret) => MASK.into(),
            (ValueKind::String(text), Rule::DatabaseUrl) => without_password(text).into(),
            (ValueKind::String(text), _) if key.is_path => {
                shown_path(Path::new(text)).trim_matches('`').into()
            }
            (value, _) => value.clone(),
        })
    }

    fn lines(&self, section: &Key, path: &str, with_sources: bool) -> String {
        let mut lines = String::new();
        for key in self.schema.children(&section.path).filter(|key| key.kind != Kind::Section && !key.is_path)
        {
            let key_path = format!("{path}.{}", key.name());
            let (Some(value), Some(given)) = (self.shown(key, &key_path), self.get(&key_path)) else {
                continue;
            };
            let source = if with_sources { format!("  # {}", given.source) } else { String::new() };
            lines.push_str(&format!("{} = {}{source}\n", key.name(), toml(&value)));
        }
        // Without a provider, its section would be missed.
        if path == FREELY_NAMED && self.free_names().is_empty() {
            lines.push_str("# none: an echo answers\n");
        }
        lines
    }
}
