//! How tokens are counted here: about four bytes each.
//!
//! The rule, all of it:
//!
//! - a text has one token for every four bytes begun;
//! - a message has 4 tokens besides its text, an image 85, a tool call those of
//!   its name and arguments;
//! - a prompt has its messages, its tools (as JSON text), and 3 to begin the answer;
//! - an answer has its content, thoughts, refusal and tool calls as one text.

use serde_json::Value;

const BYTES_PER_TOKEN: usize = 4;
const PER_MESSAGE: u64 = 4;
const PER_IMAGE: u64 = 85;
const PER_PROMPT: u64 = 3;

/// The tokens of `bytes` bytes of text.
pub(super) fn of_bytes(bytes: usize) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN) as u64
}

/// The bytes of text that fit into `tokens`.
pub(super) fn to_bytes(tokens: u64) -> usize {
    usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_TOKEN)
}

/// Cuts a text into tokens, at character boundaries only.
pub(super) fn cut(text: &str) -> Vec<&str> {
    let mut pieces = Vec::with_capacity(text.len() / BYTES_PER_TOKEN + 1);
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(BYTES_PER_TOKEN));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// The tokens of a whole prompt.
pub(super) fn of_prompt(request: &Value) -> u64 {
    let messages = request["messages"].as_array();
    let messages: u64 = messages.into_iter().flatten().map(of_message).sum();
    let tools = request.get("tools").filter(|tools| !tools.is_null());
    PER_PROMPT + messages + tools.map_or(0, |tools| of_bytes(tools.to_string().len()))
}

/// The tokens of one message of a prompt.
pub(super) fn of_message(message: &Value) -> u64 {
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let calls: usize = calls
        .map(|call| &call["function"])
        .map(|function| length(&function["name"]) + length(&function["arguments"]))
        .sum();
    let content = match &message["content"] {
        Value::String(text) => of_bytes(text.len()),
        Value::Array(parts) => parts.iter().map(of_part).sum(),
        _ => 0,
    };
    PER_MESSAGE + content + of_bytes(calls)
}

fn of_part(part: &Value) -> u64 {
    match part["type"].as_str() {
        Some("image_url") => PER_IMAGE,
        Some("refusal") => of_bytes(length(&part["refusal"])),
        _ => of_bytes(length(&part["text"])),
    }
}

fn length(text: &Value) -> usize {
    text.as_str().map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{cut, of_prompt};

    #[test]
    fn a_text_is_cut_at_characters_and_stays_whole() {
        let text = "Grüße, 世界 👩‍👩‍👧!";
        let pieces = cut(text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.iter().all(|piece| (1..8).contains(&piece.len())));
        assert!(cut("").is_empty());
    }

    #[test]
    fn a_prompt_is_counted_by_the_stated_rule() {
        let request = json!({"messages": [{"role": "user", "content": "12345"}]});
        assert_eq!(of_prompt(&request), 3 + 4 + 2);
    }
}
