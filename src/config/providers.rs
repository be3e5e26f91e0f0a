//! Providers across their keys: the one that `OPENAI_API_KEY` makes, defaults, the chain.

use std::collections::{BTreeMap, BTreeSet};

use config::ValueKind;

use crate::config::effective::Effective;
use crate::config::nearest::nearest;
use crate::config::problem::Fault;
use crate::config::rule::quoted;
use crate::config::schema::FREELY_NAMED;
use crate::config::{Source, model};

const CHAIN: &str = "model.chain";
const API_KEY_VARIABLE: &str = "OPENAI_API_KEY";
const BASE_URL_VARIABLE: &str = "OPENAI_BASE_URL";

/// What [`API_KEY_VARIABLE`] stands for when nothing else is said.
const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";
const OPENAI_MODEL: &str = "gpt-5-mini";

/// Makes a provider `main` of OpenAI's own variables if there is none, and says so.
pub(super) fn from_openai_variables(
    effective: &mut Effective,
    environment: &BTreeMap<String, String>,
) -> Option<String> {
    let variable = |name: &str| environment.get(name).filter(|text| !text.is_empty());
    let api_key = variable(API_KEY_VARIABLE).filter(|_| effective.free_names().is_empty())?;
    let base_url = variable(BASE_URL_VARIABLE);

    put_variable(effective, "model.providers.main.api_key", API_KEY_VARIABLE, api_key);
    effective.put("model.providers.main.base_url", OPENAI_BASE_URL.into(), Source::Default);
    if let Some(base_url) = base_url {
        put_variable(effective, "model.providers.main.base_url", BASE_URL_VARIABLE, base_url);
    }
    effective.put("model.providers.main.model", OPENAI_MODEL.into(), Source::Default);
    let place = if base_url.is_some() { BASE_URL_VARIABLE } else { "OpenAI" };
    Some(format!(
        "no model is configured, so {API_KEY_VARIABLE} makes one: `{OPENAI_MODEL}` at {place} answers as provider `main`"
    ))
}

/// Fills in the defaults of every provider, and checks what their keys say together.
pub(super) fn complete(effective: &mut Effective) {
    let names = effective.free_names();
    for name in &names {
        fill_in(effective, name);
    }
    check_chain(effective, &names);
}

fn put_variable(effective: &mut Effective, path: &str, variable: &str, text: &str) {
    let source = Source::Variable(variable.to_owned());
    match effective.schema.find(path).map(|key| key.admit_text(text)) {
        Some(Ok(value)) => effective.put(path, value, source),
        Some(Err(fault)) => effective.complain(path, source, fault),
        None => {}
    }
}

fn fill_in(effective: &mut Effective, name: &str) {
    let template: Vec<_> = effective.schema.keys().filter(|key| key.path.contains('*')).cloned().collect();
    let written_in = effective.source_within(&format!("{FREELY_NAMED}.{name}"));
    for key in template {
        let path = key.path.replace('*', name);
        if effective.get(&path).is_some() {
            continue;
        }
        if let Some(default) = key.default {
            effective.put(&path, default, Source::Default);
        } else if model::REQUIRED.contains(&key.path.as_str()) && !effective.has_problem(&path) {
            effective.complain(&path, written_in.clone(), "is missing, a provider needs it".into());
        }
    }
}

fn check_chain(effective: &mut Effective, names: &BTreeSet<String>) {
    let Some(given) = effective.get(CHAIN).cloned() else { return };
    let ValueKind::Array(items) = given.value else { return };
    let chain: Vec<String> = items.iter().map(ToString::to_string).collect();

    if chain.is_empty() {
        match names.len() {
            0 | 1 => {
                let only: Vec<String> = names.iter().cloned().collect();
                effective.put(CHAIN, only.into(), given.source);
            }
            _ => effective.complain(CHAIN, given.source, unordered(names)),
        }
        return;
    }
    let mut seen = BTreeSet::new();
    for name in chain {
        if !names.contains(&name) {
            effective.complain(CHAIN, given.source.clone(), unknown(&name, names));
        } else if !seen.insert(name.clone()) {
            effective.complain(CHAIN, given.source.clone(), format!("names `{name}` twice").into());
        }
    }
}

fn unordered(names: &BTreeSet<String>) -> Fault {
    format!("must say in which order to ask {}", listed(names)).into()
}

fn unknown(name: &str, names: &BTreeSet<String>) -> Fault {
    let there_are =
        if names.is_empty() { "there is none".to_owned() } else { format!("there is {}", listed(names)) };
    Fault {
        what: format!("names a provider {} that is not configured, {there_are}", quoted(name)),
        suggestion: nearest(name, names.iter().map(String::as_str)).map(str::to_owned),
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
