//! Checks a chat request as the real API does, first mistake first.
//!
//! Source of the fields: openai/openai-python
//! `src/openai/types/chat/completion_create_params.py`, and the newer ones in
//! async-openai 0.43 `src/types/chat/`. Seen in public issues: the errors for
//! `stream_options` (litellm#5803), both limits (langgraph#5943), empty arrays
//! (CopilotKit#529), names (autogen#4157), null content (langchainjs#4153), missing
//! parameters (lsp-ai#108), unknown ones (new-api#418), tool turns (cai#111).

mod messages;
mod parameters;
mod tools;

use serde_json::{Map, Value};

use super::catalog::ModelCard;
use super::error::{ApiError, missing, too_long, wrong_type};
use super::tokens;

/// What of a request decides how it is answered.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) is_streamed: bool,
    pub(super) wants_usage: bool,
    pub(super) wants_obfuscation: bool,
    pub(super) token_limit: Option<u64>,
    pub(super) stops: Vec<String>,
    pub(super) prompt_tokens: u64,
    /// What each token of the answer counts.
    pub(super) token_weight: u64,
    /// The name that answers have, where it is not the one that was asked for.
    pub(super) answers_as: Option<String>,
}

/// The model a request asks for.
pub(super) fn model(request: &Map<String, Value>) -> Result<&str, ApiError> {
    match request.get("model") {
        None | Some(Value::Null) => Err(ApiError::new(400, "you must provide a model parameter")),
        Some(Value::String(model)) => Ok(model),
        Some(other) => Err(wrong_type("model", "a string", other)),
    }
}

/// Checks all the rest.
pub(super) fn request(request: &Value, card: &ModelCard) -> Result<Wish, ApiError> {
    let fields = object(request)?;
    parameters::check(fields)?;
    parameters::check_for_model(fields, card)?;
    let messages = match fields.get("messages") {
        None | Some(Value::Null) => return Err(missing("messages")),
        Some(Value::Array(messages)) => messages,
        Some(other) => return Err(wrong_type("messages", "an array of objects", other)),
    };
    messages::check(messages)?;
    tools::check(fields)?;
    parameters::check_json_mode(fields, messages)?;
    let wish = wish(request, card);
    if wish.prompt_tokens > card.context_tokens {
        return Err(too_long(card.context_tokens, wish.prompt_tokens));
    }
    Ok(wish)
}

/// A request must be an object.
pub(super) fn object(request: &Value) -> Result<&Map<String, Value>, ApiError> {
    request.as_object().ok_or_else(not_json)
}

/// A body that is not JSON, or not an object.
pub(super) fn not_json() -> ApiError {
    ApiError::new(
        400,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't \
         using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was \
         sent was not valid JSON. If you have trouble figuring out how to fix this, please contact \
         us through our help center at help.openai.com.)",
    )
}

fn wish(request: &Value, card: &ModelCard) -> Wish {
    let options = &request["stream_options"];
    let limit = [&request["max_completion_tokens"], &request["max_tokens"]];
    let stops = match &request["stop"] {
        Value::String(stop) => vec![stop.clone()],
        Value::Array(stops) => stops.iter().filter_map(|stop| stop.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    Wish {
        is_streamed: request["stream"] == true,
        wants_usage: options["include_usage"] == true,
        wants_obfuscation: options["include_obfuscation"] != false,
        token_limit: limit.into_iter().find_map(Value::as_u64),
        stops,
        prompt_tokens: tokens::of_prompt(request) * card.token_weight,
        token_weight: card.token_weight,
        answers_as: card.answers_as.clone(),
    }
}
