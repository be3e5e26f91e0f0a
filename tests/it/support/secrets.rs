//! The secrets there are, as the settings declare them.

use std::fs;

use super::source::{self, top};

/// What begins the sentence of a secret in `config/default.toml`.
const MARK: &str = "# Secret:";

/// The keys of all secrets, in the order of `config/default.toml`.
pub fn keys() -> Vec<String> {
    let document = fs::read_to_string(top().join("config/default.toml")).unwrap();
    let (mut section, mut is_secret, mut keys) = (String::new(), false, Vec::new());
    for line in document.lines() {
        // An example is a line like any other.
        let line = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            if is_secret {
                keys.push(format!("{section}.{key}"));
            }
            is_secret = false;
        } else {
            is_secret = line.starts_with(MARK);
        }
    }
    keys
}

/// The names of the settings' fields whose type hides what they hold.
pub fn fields() -> Vec<String> {
    let sources = source::below("src/config");
    let lines = sources.iter().flat_map(|source| source.code.lines());
    let fields = lines.filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'));
    fields.filter(|(_, kind)| kind.contains("Secret")).map(|(name, _)| name.trim().to_owned()).collect()
}
