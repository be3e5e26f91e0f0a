//! The text of a message: parse modes, given entities, length.

use serde_json::Value;

use super::answer::Refusal;
use super::entities::{self, Entity, Formatted};
use super::html;
use super::params::Params;
use super::state::State;

/// The longest text, "1-4096 characters after entities parsing", counted in UTF-16 units.
pub(super) const LONGEST: usize = 4096;
/// The longest caption.
const LONGEST_CAPTION: usize = 1024;
/// The longest source in bytes (`Client::get_formatted_text`).
pub(super) const LONGEST_SOURCE: usize = 1 << 15;

/// Text as the caller marked it up, not yet cleaned.
#[derive(Debug)]
pub(super) struct Parsed {
    text: String,
    entities: Vec<Entity>,
}

/// Reads `caption` with its parse mode or entities; there may be none.
pub(super) fn parse_caption(params: &Params) -> Result<Parsed, Refusal> {
    let text = params.text("caption");
    if text.is_empty() {
        return Ok(Parsed { text, entities: Vec::new() });
    }
    marked_up(params, text, "caption_entities")
}

/// Cleans a caption and checks its length.
pub(super) fn finish_caption(state: &State, parsed: Parsed) -> Result<Formatted, Refusal> {
    if parsed.text.is_empty() {
        return Ok(entities::plain(""));
    }
    let caption = finish(state, parsed)?;
    if entities::units(&caption.text) > LONGEST_CAPTION {
        return Err(Refusal::bad_request("message caption is too long"));
    }
    Ok(caption)
}

/// Reads `text` with its parse mode or entities.
pub(super) fn parse(params: &Params) -> Result<Parsed, Refusal> {
    let text = params.text("text");
    if text.is_empty() {
        let refusal = Refusal::bad_request("Message text is empty");
        return Err(if params.has("text") { refusal } else { refusal.malformed() });
    }
    marked_up(params, text, "entities")
}

fn marked_up(params: &Params, text: String, field: &str) -> Result<Parsed, Refusal> {
    if text.len() > LONGEST_SOURCE {
        return Err(Refusal::bad_request("Text is too long"));
    }
    match params.text("parse_mode").to_ascii_lowercase().as_str() {
        "" | "none" => {
            let entities = params.json(field, "entities").ok().flatten();
            Ok(Parsed { text, entities: given(entities)? })
        }
        "html" => match html::parse(&text) {
            Ok((text, entities)) => Ok(Parsed { text, entities }),
            Err(why) => Err(Refusal::bad_request(format!("Can't parse entities: {why}"))),
        },
        "markdown" | "markdownv2" => {
            Err(Refusal::bad_request("Can't parse entities: the emulator knows no Markdown, only HTML")
                .malformed())
        }
        _ => Err(Refusal::bad_request("Unsupported parse_mode").malformed()),
    }
}

/// Cleans the text and checks its length.
pub(super) fn finish(state: &State, parsed: Parsed) -> Result<Formatted, Refusal> {
    let known = |entity: &Entity| {
        entity.kind != "text_mention"
            || entity
                .argument
                .as_ref()
                .and_then(|id| id.parse::<i64>().ok())
                .is_some_and(|id| state.users.contains_key(&id))
    };
    let entities = parsed.entities.into_iter().filter(known).collect();
    let formatted = entities::fix(&parsed.text, entities).map_err(Refusal::bad_request)?;
    if entities::units(&formatted.text) > LONGEST {
        return Err(Refusal::bad_request("Message is too long"));
    }
    Ok(formatted)
}

/// Tells whether links get a preview.
pub(super) fn previews(params: &Params) -> Result<bool, Refusal> {
    match params.json("link_preview_options", "link preview options")? {
        Some(Value::Object(options)) => Ok(options.get("is_disabled").and_then(Value::as_bool) != Some(true)),
        Some(_) => Err(Refusal::bad_request("Object expected as link preview options").malformed()),
        None => Ok(!params.flag("disable_web_page_preview")),
    }
}

fn given(list: Option<Value>) -> Result<Vec<Entity>, Refusal> {
    let Some(Value::Array(list)) = list else {
        return Ok(Vec::new());
    };
    let mut entities = Vec::new();
    for entity in &list {
        entities.extend(
            given_one(entity).map_err(|why| {
                Refusal::bad_request(format!("Can't parse MessageEntity: {why}")).malformed()
            })?,
        );
    }
    for entity in &list {
        for (field, words) in [("offset", "incorrect offset"), ("length", "incorrect length")] {
            let number = entity[field].as_i64().unwrap_or(0);
            if !(0..=1_000_000).contains(&number) {
                return Err(
                    Refusal::bad_request(format!("Receive an entity with {words} {number}")).malformed()
                );
            }
        }
    }
    entities.retain(|entity| entity.length > 0);
    Ok(entities)
}

fn given_one(entity: &Value) -> Result<Option<Entity>, String> {
    const PLAIN: &[&str] = &[
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "code",
        "blockquote",
        "expandable_blockquote",
    ];
    const FOUND_ANYWAY: &[&str] =
        &["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"];
    let fields = entity.as_object().ok_or("expected an Object")?;
    let missing = |name: &str| format!("Can't find field \"{name}\"");
    let number = |name: &str| {
        let value = fields.get(name).ok_or_else(|| missing(name))?;
        value.as_i64().ok_or_else(|| format!("Field \"{name}\" must be of type Number"))
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let (offset, length) = (number("offset")?, number("length")?);
    let kind = text("type").ok_or_else(|| missing("type"))?;
    let (kind, argument) = match kind.as_str() {
        "pre" => ("pre", text("language")),
        "text_link" => {
            let url = text("url").ok_or_else(|| missing("url"))?;
            match super::links::checked(&url) {
                Some(url) => ("text_link", Some(url)),
                None => return Ok(None),
            }
        }
        "text_mention" => {
            let id =
                fields.get("user").and_then(|user| user["id"].as_i64()).ok_or_else(|| missing("user"))?;
            ("text_mention", Some(id.to_string()))
        }
        "custom_emoji" => {
            ("custom_emoji", Some(text("custom_emoji_id").ok_or_else(|| missing("custom_emoji_id"))?))
        }
        found if FOUND_ANYWAY.contains(&found) => return Ok(None),
        plain => match PLAIN.iter().find(|known| **known == plain) {
            Some(kind) => (*kind, None),
            None => return Err("Unsupported type specified".to_owned()),
        },
    };
    let (offset, length) = (usize::try_from(offset).unwrap_or(0), usize::try_from(length).unwrap_or(0));
    Ok(Some(Entity { kind, offset, length, argument }))
}
