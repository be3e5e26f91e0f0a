//! `[model]`: which language models answer, and how patiently we ask.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;

use crate::config::rule::Rule;

/// Which models answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Providers by name, asked in this order until one answers.
    pub chain: Vec<String>,
    pub system_prompt: String,
    /// How much of a conversation a model gets to see, in tokens.
    pub context_tokens: u32,
    pub providers: BTreeMap<String, ProviderSettings>,
}

/// One OpenAI-compatible provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Its base URL, with `/v1`.
    pub base_url: String,
    pub api_key: Option<SecretString>,
    pub model: String,
    /// What people may choose besides.
    #[serde(default)]
    pub models: Vec<String>,
    #[serde(default)]
    pub price: PriceSettings,
    /// The longest answer, in tokens; none leaves it to the provider.
    pub max_answer_tokens: Option<u32>,
    /// Whether to send `max_tokens`, which older servers know instead of `max_completion_tokens`.
    #[serde(default)]
    pub use_max_tokens: bool,
    #[serde(default = "defaults::connect_timeout_seconds")]
    pub connect_timeout_seconds: u64,
    #[serde(default = "defaults::first_token_timeout_seconds")]
    pub first_token_timeout_seconds: u64,
    #[serde(default = "defaults::idle_timeout_seconds")]
    pub idle_timeout_seconds: u64,
    #[serde(default = "defaults::total_timeout_seconds")]
    pub total_timeout_seconds: u64,
    /// How often a request that gave no text yet is repeated.
    #[serde(default = "defaults::retries")]
    pub retries: u32,
}

/// What a million tokens cost, in whatever currency you like to count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriceSettings {
    pub prompt_per_million: f64,
    pub completion_per_million: f64,
}

/// What people type, instead of a model's name, to go back to the usual one.
pub const USUAL: &str = "default";

pub(super) const RULES: &[(&str, Rule)] = &[
    ("model.system_prompt", Rule::Chars(32_000)),
    ("model.context_tokens", Rule::Between(256, 2_000_000)),
    ("model.providers.*.base_url", Rule::BaseUrl),
    ("model.providers.*.api_key", Rule::Secret),
    ("model.providers.*.model", Rule::Chars(200)),
    ("model.providers.*.models", Rule::Each(complain_about_name)),
    ("model.providers.*.max_answer_tokens", Rule::Between(1, 1_000_000)),
    ("model.providers.*.connect_timeout_seconds", Rule::Between(1, 120)),
    ("model.providers.*.first_token_timeout_seconds", Rule::Between(1, 600)),
    ("model.providers.*.idle_timeout_seconds", Rule::Between(1, 600)),
    ("model.providers.*.total_timeout_seconds", Rule::Between(1, 3600)),
    ("model.providers.*.retries", Rule::Between(0, 10)),
    ("model.providers.*.price.prompt_per_million", Rule::UpTo(1_000_000.0)),
    ("model.providers.*.price.completion_per_million", Rule::UpTo(1_000_000.0)),
];

/// Keys that every provider needs.
pub(super) const REQUIRED: &[&str] = &["model.providers.*.base_url", "model.providers.*.model"];

/// Keys whose value in `default.toml` is only an example.
pub(super) const WITHOUT_DEFAULT: &[&str] =
    &["model.providers.*.base_url", "model.providers.*.model", "model.providers.*.max_answer_tokens"];

/// The longest name of a model that people may choose, in characters.
const LONGEST_NAME: usize = 100;

/// What is wrong with the name of a model that people are to type.
fn complain_about_name(name: &str) -> Option<String> {
    if name.eq_ignore_ascii_case(USUAL) {
        return Some("is what people type to go back to the usual model".to_owned());
    }
    let is_typable = |c: char| !c.is_whitespace() && !c.is_control();
    let is_good = !name.is_empty() && name.chars().count() <= LONGEST_NAME && name.chars().all(is_typable);
    (!is_good)
        .then(|| format!("is no name of a model, expected 1 to {LONGEST_NAME} characters and no spaces"))
}

mod defaults {
    pub(super) fn connect_timeout_seconds() -> u64 {
        5
    }

    pub(super) fn first_token_timeout_seconds() -> u64 {
        30
    }

    pub(super) fn idle_timeout_seconds() -> u64 {
        30
    }

    pub(super) fn total_timeout_seconds() -> u64 {
        300
    }

    pub(super) fn retries() -> u32 {
        2
    }
}
