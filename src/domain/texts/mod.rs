//! What we say to people, by key, from a Fluent file.
//!
//! Keys are constants of nobody: they are written where they are used, and a
//! test compares those places with the file in both directions.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::markdown::literal;

/// The English texts, as compiled in.
pub const ENGLISH: &str = include_str!("en.ftl");

/// The texts of one language.
pub struct Texts {
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// The English texts.
    #[must_use]
    pub fn english() -> Self {
        let resource = FluentResource::try_new(ENGLISH.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let mut bundle = FluentBundle::new_concurrent(vec![LanguageIdentifier::default()]);
        // Platforms show the isolation marks that Fluent would put around values.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// The text of `key`. A key without a text is shown as it is, which a test excludes.
    #[must_use]
    pub fn get(&self, key: &str) -> String {
        self.around(key, &[])
    }

    /// The text of `key` with values put in by name, which mean nothing as Markdown.
    #[must_use]
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        let literals: Vec<_> = values.iter().map(|(name, value)| (*name, literal(value))).collect();
        let literals: Vec<_> = literals.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        self.around(key, &literals)
    }

    /// The text of `key` around values that are put in by name, as they are.
    #[must_use]
    pub fn around(&self, key: &str, values: &[(&str, &str)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let arguments: FluentArgs =
            values.iter().map(|(name, value)| (*name, FluentValue::from(*value))).collect();
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{ENGLISH, Texts};
    use fluent_bundle::FluentResource;

    #[test]
    fn the_english_file_has_no_errors() {
        assert!(FluentResource::try_new(ENGLISH.to_owned()).is_ok());
    }

    #[test]
    fn values_are_put_in_without_marks() {
        let text = Texts::english().with("failure-internal", &[("reference", "a1b2c3d4")]);
        assert!(text.contains("a1b2c3d4"), "{text}");
        assert!(!text.contains('\u{2068}'), "{text}");
    }
}
