//! `switchboard config`: checks, shows and explains the configuration.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};

use crate::config::Effective;

const GOOD: u8 = 0;
/// What a shell calls wrong usage, and clap too.
const WRONG_USAGE: u8 = 2;
/// `EX_IOERR` of sysexits.
const CANNOT_WRITE: u8 = 74;
/// `EX_CONFIG` of sysexits.
const BAD_CONFIGURATION: u8 = 78;

/// Checks, shows and explains the configuration.
#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Says whether the configuration is good, and all that is wrong with it
    Check,
    /// Shows what is in force, with secrets masked
    Show {
        /// Says behind each value where it came from
        #[arg(long)]
        sources: bool,
        /// Prints JSON, with sources
        #[arg(long)]
        json: bool,
    },
    /// Explains one key: its value, where that came from, its default, and what it is for
    Explain {
        /// The dotted key, such as `channels.telegram.poll_seconds`
        key: String,
        #[arg(long)]
        json: bool,
    },
}

/// Prints to `out` and returns the exit code.
pub(super) fn run(
    arguments: &ConfigArguments,
    file: Option<&Path>,
    environment: &BTreeMap<String, String>,
    out: &mut dyn Write,
) -> u8 {
    let effective = Effective::read(file, environment);
    let code = match &arguments.action {
        Action::Check => check(&effective, out),
        Action::Show { sources, json: false } => show(&effective, *sources, out),
        Action::Show { json: true, .. } => show_json(&effective, out),
        Action::Explain { key, json } => explain(&effective, key, *json, out),
    };
    code.unwrap_or(CANNOT_WRITE)
}

fn check(effective: &Effective, out: &mut dyn Write) -> io::Result<u8> {
    match effective.settings() {
        Ok(settings) => {
            writeln!(out, "the configuration is good")?;
            settings.note.map_or(Ok(GOOD), |note| writeln!(out, "{note}").map(|()| GOOD))
        }
        Err(problems) => writeln!(out, "{problems}").map(|()| BAD_CONFIGURATION),
    }
}

fn show(effective: &Effective, with_sources: bool, out: &mut dyn Write) -> io::Result<u8> {
    write!(out, "{}", effective.show(with_sources))?;
    for problem in effective.problems().iter() {
        writeln!(out, "# problem: {problem}")?;
    }
    Ok(verdict(effective))
}

fn show_json(effective: &Effective, out: &mut dyn Write) -> io::Result<u8> {
    let problems: Vec<_> = effective.problems().iter().map(ToString::to_string).collect();
    let all = serde_json::json!({ "settings": effective.show_json(), "problems": problems });
    writeln!(out, "{all:#}")?;
    Ok(verdict(effective))
}

fn explain(effective: &Effective, key: &str, as_json: bool, out: &mut dyn Write) -> io::Result<u8> {
    let explanation = match effective.explain(key) {
        Ok(explanation) => explanation,
        Err(unknown) => return writeln!(out, "{unknown}").map(|()| WRONG_USAGE),
    };
    if as_json {
        writeln!(out, "{:#}", serde_json::to_value(&explanation)?)?;
    } else {
        write!(out, "{explanation}")?;
    }
    Ok(if explanation.problems.is_empty() { GOOD } else { BAD_CONFIGURATION })
}

fn verdict(effective: &Effective) -> u8 {
    if effective.problems().is_empty() { GOOD } else { BAD_CONFIGURATION }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: ConfigArguments,
    }

    fn said(words: &[&str], environment: &[(&str, &str)]) -> (u8, String) {
        let line = Line::parse_from([&["config"], words].concat());
        let environment =
            environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let mut out = Vec::new();
        let code = run(&line.arguments, None, &environment, &mut out);
        (code, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_good_configuration_is_said_to_be_good() {
        assert_eq!(said(&["check"], &[]), (GOOD, "the configuration is good\n".to_owned()));
    }

    #[test]
    fn a_bad_one_is_listed_and_ends_with_78() {
        let (code, text) = said(&["check"], &[("SWITCHBOARD__LOG__FILTR", "info")]);
        assert_eq!(code, BAD_CONFIGURATION);
        assert_eq!(
            text,
            "unknown key `log.filtr` in variable SWITCHBOARD__LOG__FILTR; did you mean `filter`?\n"
        );
    }

    #[test]
    fn a_key_is_explained_in_words_and_in_json() {
        let (code, text) = said(&["explain", "limits.message_chars"], &[]);
        assert_eq!(code, GOOD);
        assert!(text.starts_with("limits.message_chars = 8000\n"), "{text}");
        let (_, text) = said(&["explain", "limits.message_chars", "--json"], &[]);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["source"], "default");
    }

    #[test]
    fn an_unknown_key_is_wrong_usage() {
        let (code, text) = said(&["explain", "limits.message_char"], &[]);
        assert_eq!(code, WRONG_USAGE);
        assert_eq!(text, "unknown key `limits.message_char`; did you mean `limits.message_chars`?\n");
    }

    #[test]
    fn the_json_has_settings_and_problems() {
        let (code, text) = said(&["show", "--json"], &[("SWITCHBOARD__LOG__FORMAT", "xml")]);
        assert_eq!(code, BAD_CONFIGURATION);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["settings"]["log.format"]["value"], "auto");
        assert_eq!(json["problems"].as_array().unwrap().len(), 1);
    }
}
