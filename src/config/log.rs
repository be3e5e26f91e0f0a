//! `[log]`: what is logged, and how.

use serde::Deserialize;

use crate::config::rule::Rule;

/// What is logged, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Levels by part, as `tracing_subscriber::EnvFilter` reads them.
    pub filter: String,
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Human on a terminal, JSON elsewhere.
    Auto,
    Human,
    Json,
}

pub(super) const RULES: &[(&str, Rule)] = &[
    ("log.filter", Rule::Text(complain_about_filter)),
    ("log.format", Rule::OneOf(&["auto", "human", "json"])),
];

/// Says what is wrong with a filter.
///
/// `EnvFilter` itself takes any bare word, and turns `inof` into the part of
/// that name; we take levels and `part=level` only.
fn complain_about_filter(text: &str) -> Option<String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_good = |directive: &str| {
        let (part, level) = directive.rsplit_once('=').unwrap_or(("all", directive));
        let is_part = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
        !part.is_empty() && is_part && LEVELS.contains(&level)
    };
    if text.split(',').map(str::trim).all(is_good) {
        return None;
    }
    Some(format!(
        "is no filter, expected levels ({}) or `part=level`, with commas between",
        LEVELS.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_levels_and_parts_with_levels() {
        for text in ["info", "off", "info,switchboard::router=debug", "warn, hyper=off"] {
            assert_eq!(complain_about_filter(text), None, "{text}");
        }
        for text in ["", "inof", "info,,", "switchboard", "switchboard=loud", "=info"] {
            assert!(complain_about_filter(text).is_some(), "{text}");
        }
    }
}
