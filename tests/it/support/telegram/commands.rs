//! `setMyCommands` and its family, by scope and language.

use serde_json::{Value, json};

use super::access::{self, Rights};
use super::answer::{Answer, Refusal};
use super::params::Params;
use super::state::State;

const MOST_COMMANDS: usize = 100;
const LONGEST_NAME: usize = 32;
const LONGEST_DESCRIPTION: usize = 256;

type Key = (String, String);

/// `setMyCommands`.
pub(super) fn set(state: &mut State, params: &Params) -> Answer {
    let commands = read(params)?;
    let key = key(state, params)?;
    if commands.is_empty() {
        state.commands.remove(&key);
    } else {
        state.commands.insert(key, commands);
    }
    Ok(json!(true))
}

/// `getMyCommands`.
pub(super) fn get(state: &mut State, params: &Params) -> Answer {
    let key = key(state, params)?;
    Ok(json!(state.commands.get(&key).cloned().unwrap_or_default()))
}

/// `deleteMyCommands`.
pub(super) fn delete(state: &mut State, params: &Params) -> Answer {
    let key = key(state, params)?;
    state.commands.remove(&key);
    Ok(json!(true))
}

/// Names a scope such as `chat_member:-100:7`.
pub(super) fn scope_name(scope: &Value) -> String {
    let mut name = scope["type"].as_str().unwrap_or("default").to_owned();
    for field in ["chat_id", "user_id"] {
        match &scope[field] {
            Value::Null => {}
            Value::String(text) => name = format!("{name}:{text}"),
            other => name = format!("{name}:{other}"),
        }
    }
    name
}

/// Reads the commands, with the checks of td/telegram/BotCommand.cpp and of the server behind it.
fn read(params: &Params) -> Result<Vec<Value>, Refusal> {
    let list = match params.json("commands", "commands")? {
        None if !params.has("commands") => {
            return Err(Refusal::bad_request("commands is empty").malformed());
        }
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Refusal::bad_request("Expected an Array of BotCommand").malformed()),
    };
    if list.len() > MOST_COMMANDS {
        return Err(Refusal::bad_request("BOT_COMMANDS_TOO_MUCH"));
    }
    list.iter().map(read_one).collect()
}

fn read_one(command: &Value) -> Result<Value, Refusal> {
    let wrong = |why: &str| Refusal::bad_request(format!("Can't parse BotCommand: {why}")).malformed();
    let fields = command.as_object().ok_or_else(|| wrong("expected an Object"))?;
    let field = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => Ok(text.trim().to_owned()),
        Some(_) => Err(wrong(&format!("Field \"{name}\" must be of type String"))),
        None => Err(wrong(&format!("Can't find field \"{name}\""))),
    };
    let (name, description) = (field("command")?, field("description")?);
    let name = name.strip_prefix('/').unwrap_or(&name);
    if name.is_empty() {
        return Err(Refusal::bad_request("Command must be non-empty"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(Refusal::bad_request("Command length must not exceed 32"));
    }
    if !name.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '_')) {
        return Err(Refusal::bad_request("BOT_COMMAND_INVALID"));
    }
    if description.chars().count() > LONGEST_DESCRIPTION {
        return Err(Refusal::bad_request("Command description length must not exceed 256"));
    }
    if description.is_empty() {
        return Err(Refusal::bad_request("Command description must be non-empty"));
    }
    Ok(json!({ "command": name, "description": description }))
}

fn key(state: &State, params: &Params) -> Result<Key, Refusal> {
    const PLAIN: &[&str] = &["default", "all_private_chats", "all_group_chats", "all_chat_administrators"];
    const OF_CHAT: &[&str] = &["chat", "chat_administrators", "chat_member"];
    let language = params.text("language_code");
    if !language.is_empty()
        && (language.len() != 2 || !language.bytes().all(|byte| byte.is_ascii_lowercase()))
    {
        return Err(Refusal::bad_request("invalid language code specified"));
    }
    let Some(scope) = params.json("scope", "BotCommandScope")? else {
        return Ok(("default".to_owned(), language));
    };
    let wrong = |why: &str| Refusal::bad_request(format!("Can't parse BotCommandScope: {why}")).malformed();
    let Value::Object(fields) = &scope else {
        return Err(wrong("BotCommandScope must be an Object"));
    };
    let kind =
        fields.get("type").and_then(Value::as_str).ok_or_else(|| wrong("Can't find field \"type\""))?;
    if OF_CHAT.contains(&kind) {
        let chat = fields.get("chat_id").cloned().ok_or_else(|| wrong("Can't find field \"chat_id\""))?;
        let of_chat = Params::from_object([("chat_id".to_owned(), chat)].into_iter().collect());
        access::chat(state, &of_chat, Rights::Read)?;
        if kind == "chat_member" && fields.get("user_id").and_then(Value::as_i64).is_none_or(|id| id <= 0) {
            return Err(wrong("Invalid user_id specified"));
        }
    } else if !PLAIN.contains(&kind) {
        return Err(wrong("Unsupported type specified"));
    }
    Ok((scope_name(&scope), language))
}
