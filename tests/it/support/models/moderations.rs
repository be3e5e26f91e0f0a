//! `POST /moderations`: flags texts with words that the test has named.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::super::observed::Observed;
use super::super::server::Reply;
use super::error::{ApiError, missing, wrong_type};
use super::state::State;

const DEFAULT_MODEL: &str = "omni-moderation-latest";

/// Source: `CategoryScore` of async-openai, from openai/openai-openapi.
const CATEGORIES: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];

pub(super) fn answer(state: &Observed<State>, request: &Value) -> Result<Reply, ApiError> {
    let model = match &request["model"] {
        Value::Null => DEFAULT_MODEL,
        Value::String(model) => model,
        other => return Err(wrong_type("model", "a string", other)),
    };
    let words = state.read(|state| {
        state.catalog.find(model)?;
        Ok(state.flagged_words.clone())
    })?;
    let texts = texts(&request["input"])?;
    let is_flagged = |text: &String| words.iter().any(|word| text.contains(word));
    let results: Vec<Value> = texts.iter().map(|text| result(is_flagged(text))).collect();
    let body = json!({"id": "modr-emulated", "model": model, "results": results});
    Ok(Reply::json(StatusCode::OK, &body))
}

/// A text, several, or the parts of one.
fn texts(input: &Value) -> Result<Vec<String>, ApiError> {
    let wrong = |got| wrong_type("input", "one of a string or array", got);
    match input {
        Value::Null => Err(missing("input")),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(parts) if parts.iter().all(Value::is_object) && !parts.is_empty() => {
            let texts = parts.iter().filter_map(|part| part["text"].as_str());
            Ok(vec![texts.collect::<Vec<_>>().join("\n")])
        }
        Value::Array(list) => {
            list.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(|| wrong(text))).collect()
        }
        other => Err(wrong(other)),
    }
}

fn result(is_flagged: bool) -> Value {
    let is_it = |category: &str| is_flagged && category == "harassment";
    let all = |value: &dyn Fn(&str) -> Value| -> Map<String, Value> {
        CATEGORIES.iter().map(|category| ((*category).to_owned(), value(category))).collect()
    };
    json!({
        "flagged": is_flagged,
        "categories": all(&|category| json!(is_it(category))),
        "category_scores": all(&|category| json!(if is_it(category) { 0.97 } else { 0.001 })),
        "category_applied_input_types": all(&|category| {
            if is_it(category) { json!(["text"]) } else { json!([]) }
        }),
    })
}
