//! `POST /embeddings`: vectors in which texts with the same words are near.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::super::observed::Observed;
use super::super::server::Reply;
use super::check;
use super::error::{ApiError, missing, none_of, wrong_type};
use super::state::State;
use super::tokens;

/// Of `text-embedding-3-small`.
const DIMENSIONS: usize = 1536;

/// The longest input, the most in one request, and the most of them together.
///
/// Source: `CreateEmbeddingRequest` of async-openai, from openai/openai-openapi.
const MOST_TOKENS: u64 = 8192;
const MOST_INPUTS: usize = 2048;
const MOST_TOKENS_TOGETHER: u64 = 300_000;

pub(super) fn answer(state: &Observed<State>, request: &Value) -> Result<Reply, ApiError> {
    let model = check::model(check::object(request)?)?;
    state.read(|state| state.catalog.find(model))?;
    let inputs = inputs(&request["input"])?;
    let dimensions = match &request["dimensions"] {
        Value::Null => DIMENSIONS,
        wanted => wanted
            .as_u64()
            .and_then(|wanted| usize::try_from(wanted).ok())
            .filter(|wanted| (1..=DIMENSIONS).contains(wanted))
            .ok_or_else(|| wrong_type("dimensions", "an integer from 1 to 1536", wanted))?,
    };
    let is_base64 = match request["encoding_format"].as_str() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(other) => return Err(none_of("encoding_format", other, &["float", "base64"])),
    };
    let tokens: u64 = inputs.iter().map(|input| tokens::of_bytes(input.len())).sum();
    if tokens > MOST_TOKENS_TOGETHER {
        let message = format!("'$.input' is invalid: more than {MOST_TOKENS_TOGETHER} tokens.");
        return Err(ApiError::new(400, message).at("input"));
    }
    let data = inputs.iter().enumerate().map(|(index, input)| {
        let vector = vector(input, dimensions);
        let embedding = if is_base64 {
            let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
            json!(STANDARD.encode(bytes))
        } else {
            json!(vector)
        };
        json!({"object": "embedding", "index": index, "embedding": embedding})
    });
    let body = json!({
        "object": "list",
        "data": data.collect::<Vec<_>>(),
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    });
    Ok(Reply::json(StatusCode::OK, &body))
}

/// A text, several, a list of tokens, or several of those.
fn inputs(input: &Value) -> Result<Vec<String>, ApiError> {
    let wrong = |got| wrong_type("input", "one of a string, array of strings or tokens", got);
    let inputs = match input {
        Value::Null => return Err(missing("input")),
        Value::String(text) => vec![text.clone()],
        Value::Array(list) if list.iter().all(Value::is_u64) && !list.is_empty() => {
            vec![input.to_string()]
        }
        Value::Array(list) => list
            .iter()
            .map(|one| match one {
                Value::String(text) => Ok(text.clone()),
                Value::Array(tokens) if tokens.iter().all(Value::is_u64) => Ok(one.to_string()),
                other => Err(wrong(other)),
            })
            .collect::<Result<_, _>>()?,
        other => return Err(wrong(other)),
    };
    let is_legal = |text: &String| !text.is_empty() && tokens::of_bytes(text.len()) <= MOST_TOKENS;
    if inputs.is_empty() || inputs.len() > MOST_INPUTS || !inputs.iter().all(is_legal) {
        let message =
            format!("'$.input' is invalid: 1 to {MOST_INPUTS} inputs of 1 to {MOST_TOKENS} tokens each.");
        return Err(ApiError::new(400, message).at("input"));
    }
    Ok(inputs)
}

/// A unit vector to which every word adds in directions of its own.
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimensions];
    let text = text.to_lowercase();
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()).chain([""]) {
        for salt in 0..4_u8 {
            let mut hasher = DefaultHasher::new();
            (word, salt).hash(&mut hasher);
            let place = hasher.finish() % dimensions as u64;
            if let Some(number) = vector.get_mut(place as usize) {
                *number += 1.0;
            }
        }
    }
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    vector.iter().map(|number| number / length).collect()
}
