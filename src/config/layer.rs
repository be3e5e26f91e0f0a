//! One source of values, sifted: what is known and good is kept, the rest is a problem.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use config::{FileFormat, Format, Map, Value, ValueKind};

use crate::config::Source;
use crate::config::kind::Kind;
use crate::config::problem::{Fault, Problem};
use crate::config::schema::{FREELY_NAMED, Key, Schema};

/// What the variables that belong to us begin with.
pub(super) const PREFIX: &str = "SWITCHBOARD__";

/// No file of settings is larger than this.
const LARGEST_FILE_BYTES: u64 = 1024 * 1024;

/// A value and where it came from.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) value: ValueKind,
    pub(super) source: Source,
}

/// What one source had to say.
#[derive(Default)]
pub(super) struct Layer {
    /// The good values by dotted key.
    pub(super) given: BTreeMap<String, Given>,
    pub(super) problems: Vec<Problem>,
}

impl Layer {
    /// Takes what the document declares.
    pub(super) fn from_defaults(schema: &Schema) -> Self {
        let mut layer = Self::default();
        for key in schema.keys().filter(|key| !key.path.contains('*')) {
            if let Some(value) = key.default.clone() {
                layer.given.insert(key.path.clone(), Given { value, source: Source::Default });
            }
        }
        layer
    }

    /// Reads a file.
    pub(super) fn from_file(path: &Path, schema: &Schema) -> Self {
        let source = Source::File(path.to_owned());
        let mut layer = Self::default();
        match read(path).and_then(|text| parse(&text)) {
            Ok(tree) => layer.sift("", tree, schema, &source),
            Err(fault) => layer.problems.push(Problem::bad("", source, fault)),
        }
        layer
    }

    /// Picks our variables from an environment.
    pub(super) fn from_environment(environment: &BTreeMap<String, String>, schema: &Schema) -> Self {
        let mut layer = Self::default();
        for (name, text) in environment {
            if let Some(rest) = name.strip_prefix(PREFIX) {
                let path = rest.to_lowercase().replace("__", ".");
                layer.take_variable(name, &path, text, schema);
            }
        }
        layer
    }

    fn take_variable(&mut self, name: &str, path: &str, text: &str, schema: &Schema) {
        let source = Source::Variable(name.to_owned());
        let Some(key) = schema.find(path) else {
            self.problems.push(Problem::unknown(path, source, schema.suggest(path)));
            return;
        };
        if let Some(fault) = complain_about_name(path) {
            self.problems.push(Problem::bad(path, source, fault));
        } else if key.kind == Kind::Section {
            let fault = "is a section, set its keys one by one".into();
            self.problems.push(Problem::bad(path, source, fault));
        } else {
            self.keep(path, key.admit_text(text), source);
        }
    }

    fn sift(&mut self, section: &str, tree: Map<String, Value>, schema: &Schema, source: &Source) {
        for (name, value) in tree {
            let path = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
            // A quoted name with a dot in it would look like a path.
            let key = if name.contains('.') { None } else { schema.find(&path) };
            match (key, value.kind) {
                (None, _) => {
                    self.problems.push(Problem::unknown(&path, source.clone(), schema.suggest(&path)));
                }
                (Some(Key { kind: Kind::Section, .. }), ValueKind::Table(inner)) => {
                    self.sift_section(&path, inner, schema, source);
                }
                (Some(key), value) => self.keep(&path, key.admit(value), source.clone()),
            }
        }
    }

    fn sift_section(&mut self, path: &str, inner: Map<String, Value>, schema: &Schema, source: &Source) {
        let fault = complain_about_name(path).or_else(|| {
            (is_freely_named(path) && inner.is_empty()).then(|| "is empty, set `base_url` and `model`".into())
        });
        match fault {
            Some(fault) => self.problems.push(Problem::bad(path, source.clone(), fault)),
            None => self.sift(path, inner, schema, source),
        }
    }

    fn keep(&mut self, path: &str, admitted: Result<ValueKind, Fault>, source: Source) {
        match admitted {
            Ok(value) => {
                self.given.insert(path.to_owned(), Given { value, source });
            }
            Err(fault) => self.problems.push(Problem::bad(path, source, fault)),
        }
    }
}

fn is_freely_named(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(parent, _)| parent == FREELY_NAMED)
}

/// Says what is wrong with a free name: variables of the environment have to be able to spell it.
fn complain_about_name(path: &str) -> Option<Fault> {
    let name = path.strip_prefix(FREELY_NAMED)?.strip_prefix('.')?.split('.').next()?;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.chars().all(is_plain) {
        return None;
    }
    let suggestion: String = name.to_lowercase().chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    Some(Fault { what: "may only be named with a-z, 0-9 and _".to_owned(), suggestion: Some(suggestion) })
}

fn read(path: &Path) -> Result<String, Fault> {
    let cannot = |error: std::io::Error| Fault::from(format!("cannot be read: {error}"));
    if fs::metadata(path).map_err(cannot)?.len() > LARGEST_FILE_BYTES {
        return Err(format!("is larger than {LARGEST_FILE_BYTES} bytes").into());
    }
    fs::read_to_string(path).map_err(cannot)
}

/// Parses TOML; the error names the place, and shows nothing of what is there.
fn parse(text: &str) -> Result<Map<String, Value>, Fault> {
    FileFormat::Toml.parse(None, text).map_err(|error| {
        let shown = error.to_string();
        // The first line has the place, the last one the reason; between them is the line itself.
        let place = shown.lines().next().and_then(|line| line.split_once(" at ")).map(|(_, place)| place);
        match (place, shown.lines().last()) {
            (Some(place), Some(reason)) => format!("{place}: is not TOML: {reason}").into(),
            _ => "is not TOML we can use: a number is too large".into(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_shows_its_place_and_not_the_line() {
        let fault = parse("[channels.telegram]\ntoken = 123:SECRET\n").unwrap_err();
        assert!(fault.what.starts_with("line 2, column "), "{}", fault.what);
        assert!(!fault.what.contains("SECRET"), "{}", fault.what);
        assert_eq!(
            parse("a = 99999999999999999999").unwrap_err().what,
            "is not TOML we can use: a number is too large"
        );
    }
}
