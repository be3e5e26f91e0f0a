//! What is in force: the sources laid over each other, secrets fetched, the whole checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use config::{Config, Map, Value, ValueKind};

use crate::config::layer::{Given, Layer};
use crate::config::problem::{Fault, Problem};
use crate::config::schema::{FREELY_NAMED, Key, Schema};
use crate::config::{ConfigProblems, Settings, Source, channels, groups, providers, secrets};

/// What is in force, where it came from, and what is wrong with it.
///
/// A bad value is a problem and leaves the one below it in force, so that the
/// rest can be looked at.
pub struct Effective {
    pub(super) schema: Schema,
    /// Values by dotted key.
    pub(super) given: BTreeMap<String, Given>,
    note: Option<String>,
    problems: Vec<Problem>,
}

impl Effective {
    /// Reads every source. The problems are in [`Effective::problems`].
    #[must_use]
    pub fn read(file: Option<&Path>, environment: &BTreeMap<String, String>) -> Self {
        let schema = match Schema::built_in() {
            Ok(schema) => schema,
            Err(fault) => return Self::broken(fault),
        };
        let mut layers = vec![Layer::from_defaults(&schema)];
        layers.extend(file.map(|file| Layer::from_file(file, &schema)));
        layers.push(Layer::from_environment(environment, &schema));

        let mut effective = Self { schema, given: BTreeMap::new(), note: None, problems: Vec::new() };
        for layer in layers {
            effective.given.extend(layer.given);
            effective.problems.extend(layer.problems);
        }
        effective.note = providers::from_openai_variables(&mut effective, environment);
        secrets::fetch(&mut effective, environment.get(secrets::CREDENTIALS_DIRECTORY).map(Path::new));
        providers::complete(&mut effective);
        channels::check(&mut effective);
        groups::check(&mut effective);
        effective
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn problems(&self) -> ConfigProblems {
        ConfigProblems::new(self.problems.clone())
    }

    /// Returns the settings, if nothing is wrong.
    pub fn settings(&self) -> Result<Settings, ConfigProblems> {
        if !self.problems.is_empty() {
            return Err(self.problems());
        }
        let mut settings: Settings = self.tree().and_then(Value::try_deserialize).map_err(|_| {
            // The cause could print a value, and cannot happen while `default.toml` is tested against the structs.
            let fault = "does not fit the program: this is a bug".into();
            ConfigProblems::new(vec![Problem::bad("", Source::Default, fault)])
        })?;
        settings.note.clone_from(&self.note);
        Ok(settings)
    }

    pub(super) fn get(&self, path: &str) -> Option<&Given> {
        self.given.get(path)
    }

    /// Where the value at a key came from.
    pub(super) fn source_of(&self, path: &str) -> Source {
        self.given.get(path).map_or(Source::Default, |given| given.source.clone())
    }

    /// The text at a key, unless it is empty.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        match &self.given.get(path)?.value {
            ValueKind::String(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(super) fn put(&mut self, path: &str, value: ValueKind, source: Source) {
        self.given.insert(path.to_owned(), Given { value, source });
    }

    pub(super) fn complain(&mut self, path: &str, source: Source, fault: Fault) {
        self.problems.push(Problem::bad(path, source, fault));
    }

    /// Whether something is wrong with a key already.
    pub(super) fn has_problem(&self, path: &str) -> bool {
        self.problems.iter().any(|problem| problem.key == path)
    }

    /// The names that stand for `*`, those with nothing but bad values included.
    pub(super) fn free_names(&self) -> BTreeSet<String> {
        let inside = |path: &str| {
            let (name, _) = path.strip_prefix(FREELY_NAMED)?.strip_prefix('.')?.split_once('.')?;
            Some(name.to_owned())
        };
        let given = self.given.keys().filter_map(|path| inside(path));
        let bad = self.problems.iter().filter_map(|problem| inside(&problem.key));
        given.chain(bad).collect()
    }

    /// Where a section was written down: the source of anything in it.
    pub(super) fn source_within(&self, section: &str) -> Source {
        let is_inside = |path: &str| path.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        let given = self.given.iter().filter(|(path, _)| is_inside(path)).map(|(_, given)| &given.source);
        let bad =
            self.problems.iter().filter(|problem| is_inside(&problem.key)).map(|problem| &problem.source);
        given.chain(bad).next().cloned().unwrap_or(Source::Default)
    }

    /// The paths that a key stands for: one, or one for each free name.
    pub(super) fn paths(&self, key: &Key) -> Vec<String> {
        if key.path.contains('*') {
            self.free_names().iter().map(|name| key.path.replace('*', name)).collect()
        } else {
            vec![key.path.clone()]
        }
    }

    fn tree(&self) -> Result<Value, config::ConfigError> {
        let mut builder = Config::builder().set_default(FREELY_NAMED, Map::<String, Value>::new())?;
        for (path, given) in &self.given {
            let key = self.schema.find(path);
            let is_unset =
                key.is_some_and(|key| key.is_path || key.rule.is_secret() && self.text(path).is_none());
            if !is_unset {
                builder = builder.set_override(path, Value::new(None, given.value.clone()))?;
            }
        }
        builder.build()?.try_deserialize()
    }

    fn broken(fault: Fault) -> Self {
        let problems = vec![Problem::bad("", Source::Default, fault)];
        Self { schema: Schema::default(), given: BTreeMap::new(), note: None, problems }
    }
}
