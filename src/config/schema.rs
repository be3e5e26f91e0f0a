//! The keys there are: what `default.toml` declares, joined with each section's rules.

use config::{FileFormat, Format, Map, Value, ValueKind};

use crate::config::document::{declared, with_examples};
use crate::config::kind::Kind;
use crate::config::nearest::nearest;
use crate::config::problem::Fault;
use crate::config::rule::{Rule, quoted};
use crate::config::{
    access, admin, catchup, channels, conversation, database, groups, http, limits, log, model, shutdown,
};

/// The document that declares every key.
pub(super) const DEFAULTS: &str = include_str!("../../config/default.toml");

/// The section whose subsections have names of the operator's choice.
pub(super) const FREELY_NAMED: &str = "model.providers";

/// The name that stands for any of them in the document.
const EXAMPLE_NAME: &str = "main";

/// Behind the key of a secret: the path of a file that holds it.
pub(super) const FILE_SUFFIX: &str = "_file";

/// Every key there is, in the document's order.
#[derive(Debug, Clone, Default)]
pub(super) struct Schema {
    keys: Vec<Key>,
}

/// One key or section.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The dotted key; `*` stands for a free name.
    pub(super) path: String,
    pub(super) kind: Kind,
    /// Its value when nobody says anything; none for sections and keys without a default.
    pub(super) default: Option<ValueKind>,
    /// What the document says of it.
    pub(super) sentence: String,
    pub(super) rule: Rule,
    /// Whether it is the `KEY_file` of a secret.
    pub(super) is_path: bool,
}

impl Schema {
    /// Reads the compiled-in document.
    pub(super) fn built_in() -> Result<Self, Fault> {
        let parse = |text: &str| FileFormat::Toml.parse(None, text);
        let tree = parse(&with_examples(DEFAULTS)).map_err(|_| "is not TOML: this is a bug")?;
        let mut keys = Vec::new();
        for declared in declared(DEFAULTS) {
            let value = at(&tree, &declared.path).ok_or("has a comment where no key is: this is a bug")?;
            let key = Key::new(pattern(&declared.path), value, declared.sentence);
            let path_key = key.rule.is_secret().then(|| key.naming_file());
            keys.push(key);
            keys.extend(path_key);
        }
        Ok(Self { keys })
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    /// The key or section at a dotted path.
    pub(super) fn find(&self, path: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.stands_for(path))
    }

    /// The keys and sections directly in a section; its own path as the document has it.
    pub(super) fn children<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a Key> {
        self.keys.iter().filter(move |key| key.parent() == section)
    }

    /// What somebody may have meant by a path that is not there.
    ///
    /// A name beside it comes as it is, a key elsewhere with its whole path.
    pub(super) fn suggest(&self, path: &str) -> Option<String> {
        let (section, name) = self.where_it_leaves(path);
        let beside = nearest(name, self.children(section).map(Key::name).filter(|name| *name != "*"));
        let elsewhere = || self.keys.iter().find(|key| key.name() == name && !key.path.contains('*'));
        // In the environment the section is wrong together with a key, which may be right.
        let mended = beside.and_then(|_| self.mended(path)).filter(|mended| self.find(mended).is_some());
        mended.or_else(|| beside.map(str::to_owned)).or_else(|| elsewhere().map(|key| key.path.clone()))
    }

    /// A path with each wrong name but the last replaced by the nearest; none if only the last is wrong.
    fn mended(&self, path: &str) -> Option<String> {
        let mut names: Vec<&str> = path.split('.').collect();
        let last = names.len().checked_sub(1)?;
        let (section, _) = self.where_it_leaves(path);
        let depth = if section.is_empty() { 0 } else { section.split('.').count() };
        if depth >= last {
            return None;
        }
        for place in depth..=last {
            let before = names.get(..place)?.join(".");
            let section = if before.is_empty() { "" } else { self.find(&before)?.path.as_str() };
            let name = names.get_mut(place)?;
            if !self.children(section).any(|key| key.name() == *name || key.name() == "*") {
                *name = nearest(name, self.children(section).map(Key::name))?;
            }
        }
        Some(names.join("."))
    }

    /// The whole path that is nearest to one that is not there.
    pub(super) fn closest(&self, path: &str) -> Option<String> {
        let closest = nearest(path, self.keys.iter().map(|key| key.path.as_str()));
        closest.map(str::to_owned).or_else(|| self.suggest(path))
    }

    /// Splits a path after the last section that exists: that section as declared, and the name that is not in it.
    fn where_it_leaves<'a>(&'a self, path: &'a str) -> (&'a str, &'a str) {
        let mut section = "";
        let mut rest = path;
        for (end, _) in path.match_indices('.') {
            let (Some(known), Some(after)) =
                (path.get(..end).and_then(|p| self.find(p)), path.get(end + 1..))
            else {
                break;
            };
            section = &known.path;
            rest = after;
        }
        (section, rest.split('.').next().unwrap_or(rest))
    }
}

impl Key {
    fn new(path: String, value: &Value, sentence: String) -> Self {
        let kind = Kind::of(&value.kind);
        let has_default = kind != Kind::Section && !model::WITHOUT_DEFAULT.contains(&path.as_str());
        let default = has_default.then(|| value.kind.clone());
        let rules = [
            database::RULES,
            channels::RULES,
            model::RULES,
            access::RULES,
            conversation::RULES,
            groups::RULES,
            limits::RULES,
            catchup::RULES,
            admin::RULES,
            http::RULES,
            log::RULES,
            shutdown::RULES,
        ];
        let rule = rules.into_iter().flatten().find(|(ruled, _)| *ruled == path);
        let rule = rule.map_or(Rule::Any, |(_, rule)| *rule);
        Self { path, kind, default, sentence, rule, is_path: false }
    }

    fn naming_file(&self) -> Self {
        Self {
            path: format!("{}{FILE_SUFFIX}", self.path),
            kind: Kind::Text,
            default: None,
            sentence: format!("The path of a file that holds `{}`.", self.name()),
            rule: Rule::Any,
            is_path: true,
        }
    }

    /// The last part of its path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit_once('.').map_or(self.path.as_str(), |(_, name)| name)
    }

    /// The section it is in.
    pub(super) fn parent(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }

    /// Whether what somebody wrote there by mistake may be repeated: nothing secret belongs near it.
    fn is_open(&self) -> bool {
        let is_near_secrets =
            self.kind == Kind::Section || matches!(self.rule, Rule::BaseUrl | Rule::WebhookUrl);
        !self.rule.is_secret() && !self.is_path && !is_near_secrets
    }

    /// Returns a value as we use it, or what is wrong with it.
    pub(super) fn admit(&self, value: ValueKind) -> Result<ValueKind, Fault> {
        match self.kind.fit(value) {
            Ok(value) => self.rule.apply(value),
            Err(misfit) if self.is_open() => Err(format!("expected {}, got {misfit}", self.kind).into()),
            Err(_) => Err(format!("expected {}", self.kind).into()),
        }
    }

    /// The same for a text from the environment.
    pub(super) fn admit_text(&self, text: &str) -> Result<ValueKind, Fault> {
        match self.kind.read(text) {
            Some(value) => self.rule.apply(value),
            None if self.is_open() => Err(format!("expected {}, got {}", self.kind, quoted(text)).into()),
            None => Err(format!("expected {}", self.kind).into()),
        }
    }

    fn stands_for(&self, path: &str) -> bool {
        let mut ours = self.path.split('.');
        let mut theirs = path.split('.');
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(our), Some(their)) if our == their || (our == "*" && !their.is_empty()) => {}
                _ => return false,
            }
        }
    }
}

/// The value at a dotted path of a tree.
fn at<'a>(tree: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => tree.get(path),
        Some((section, rest)) => match &tree.get(section)?.kind {
            ValueKind::Table(inner) => at(inner, rest),
            _ => None,
        },
    }
}

fn pattern(path: &str) -> String {
    let example = format!("{FREELY_NAMED}.{EXAMPLE_NAME}");
    match path.strip_prefix(&example) {
        Some(rest) => format!("{FREELY_NAMED}.*{rest}"),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_meant_is_found() {
        let schema = Schema::built_in().unwrap();
        let cases = [
            ("channels.telegram.tokn", Some("token")),
            ("channels.telegram.tokn_file", Some("token_file")),
            ("chanels.telegram.token", Some("channels.telegram.token")),
            ("databse.url", Some("database.url")),
            ("databse.ulr", Some("database.url")),
            ("databse.colour", Some("database")),
            ("databse", Some("database")),
            ("channels.telegrm.tokn", Some("channels.telegram.token")),
            ("modl.providers.other.base_url", Some("model.providers.other.base_url")),
            ("telegram", Some("channels.telegram")),
            ("poll_seconds", Some("channels.telegram.poll_seconds")),
            ("model.providers.other.base_ur", Some("base_url")),
            ("model.providers.other.pricing", None),
            ("colour", None),
        ];
        for (path, expected) in cases {
            assert_eq!(schema.suggest(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn every_default_obeys_its_own_rule() {
        for key in Schema::built_in().unwrap().keys() {
            if let Some(default) = key.default.clone() {
                assert!(key.admit(default).is_ok(), "{}", key.path);
            }
        }
    }

    #[test]
    fn every_number_has_limits_and_every_rule_a_key() {
        let schema = Schema::built_in().unwrap();
        for key in schema.keys() {
            let has_limits = !matches!(key.kind, Kind::Whole | Kind::Number) || key.rule.limits().is_some();
            assert!(has_limits, "{} has no limits", key.path);
            assert!(!key.sentence.is_empty(), "{} has no sentence", key.path);
        }
        let rules = [database::RULES, channels::RULES, model::RULES, access::RULES, limits::RULES];
        let rest = [conversation::RULES, groups::RULES, catchup::RULES, admin::RULES, http::RULES];
        let rest = rest.into_iter().chain([log::RULES, shutdown::RULES]);
        for (path, _) in rules.into_iter().chain(rest).flatten() {
            assert!(schema.keys().any(|key| key.path == *path), "{path} is ruled but not declared");
        }
    }
}
