//! Reply markup, after `Client::get_reply_markup`.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::params::Params;

const MOST_BUTTONS: usize = 100;
const LONGEST_DATA: usize = 64;

/// Reads `reply_markup`; an empty inline keyboard counts as none.
pub(super) fn read(params: &Params) -> Result<Option<Value>, Refusal> {
    let Some(markup) = params.json("reply_markup", "reply keyboard markup")? else {
        return Ok(None);
    };
    let Value::Object(fields) = &markup else {
        return Err(Refusal::bad_request("Object expected as reply markup").malformed());
    };
    if let Some(keyboard) = fields.get("inline_keyboard") {
        let rows = inline_rows(keyboard)?;
        return Ok((!rows.is_empty()).then(|| json!({ "inline_keyboard": rows })));
    }
    let known = ["keyboard", "remove_keyboard", "force_reply"];
    Ok(known.iter().any(|name| fields.contains_key(*name)).then_some(markup))
}

/// Reads `reply_markup` where only inline keyboards are allowed.
pub(super) fn read_inline(params: &Params) -> Result<Option<Value>, Refusal> {
    match read(params)? {
        Some(markup) if markup.get("inline_keyboard").is_none() => {
            Err(Refusal::bad_request("inline keyboard expected").malformed())
        }
        markup => Ok(markup),
    }
}

fn inline_rows(keyboard: &Value) -> Result<Vec<Vec<Value>>, Refusal> {
    let shape = || {
        Refusal::bad_request(
            "Field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays",
        )
        .malformed()
    };
    let mut rows = Vec::new();
    for row in keyboard.as_array().ok_or_else(shape)? {
        let buttons = row.as_array().ok_or_else(shape)?;
        let buttons = buttons.iter().map(inline_button).collect::<Result<Vec<_>, _>>()?;
        if !buttons.is_empty() {
            rows.push(buttons);
        }
    }
    if rows.iter().map(Vec::len).sum::<usize>() > MOST_BUTTONS {
        return Err(Refusal::bad_request("reply markup is too long"));
    }
    Ok(rows)
}

fn inline_button(button: &Value) -> Result<Value, Refusal> {
    let wrong =
        |why: &str| Refusal::bad_request(format!("Can't parse inline keyboard button: {why}")).malformed();
    let fields = button.as_object().ok_or_else(|| wrong("InlineKeyboardButton must be an Object"))?;
    let text = fields.get("text").ok_or_else(|| wrong("Can't find field \"text\""))?;
    let text = text.as_str().ok_or_else(|| wrong("Field \"text\" must be of type String"))?;
    let field = |name: &str| fields.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    if let Some(url) = field("url") {
        return match super::links::checked(url).or_else(|| super::links::user_id(url).map(|_| url.to_owned()))
        {
            Some(url) => Ok(json!({ "text": text, "url": url })),
            None => Err(Refusal::bad_request("BUTTON_URL_INVALID")),
        };
    }
    if let Some(data) = field("callback_data") {
        if data.len() > LONGEST_DATA {
            return Err(Refusal::bad_request("BUTTON_DATA_INVALID"));
        }
        return Ok(json!({ "text": text, "callback_data": data }));
    }
    let others = [
        "callback_game",
        "pay",
        "switch_inline_query",
        "switch_inline_query_chosen_chat",
        "switch_inline_query_current_chat",
        "login_url",
        "web_app",
        "copy_text",
    ];
    if others.iter().any(|name| fields.contains_key(*name)) {
        return Ok(button.clone());
    }
    Err(wrong("Text buttons are unallowed in the inline keyboard"))
}
