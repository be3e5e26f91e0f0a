//! Our commands, as Discord lists them when somebody types a slash.

use serde_json::{Value, json};
use serenity::http::{LightMethod, Route};

use crate::channels::ChannelError;
use crate::channels::discord::api::Api;
use crate::domain::Command;
use crate::domain::texts::Texts;

/// Kinds and places of commands, by Discord's numbers.
const CHAT_INPUT: u64 = 1;
const STRING_OPTION: u64 = 3;
const GUILD_INSTALL: u64 = 0;
const IN_GUILDS: u64 = 0;
const IN_DIRECT_MESSAGES: u64 = 1;

/// Discord takes at most so many characters as a description.
const DESCRIPTION: usize = 100;

/// Makes Discord list our commands; nothing is written when it does already.
pub(super) async fn register(api: &Api, texts: &Texts) -> Result<(), ChannelError> {
    let wanted = wanted(texts);
    let application_id = api.application().await?;
    let route = Route::Commands { application_id };
    let listed = api.call("asking for the commands", LightMethod::Get, route, None).await?;
    if is_same(&listed, &wanted) {
        return Ok(());
    }
    api.call("registering the commands", LightMethod::Put, route, Some(&wanted)).await?;
    tracing::info!("registered {} commands with Discord", Command::ALL.len());
    Ok(())
}

fn wanted(texts: &Texts) -> Value {
    Command::ALL.into_iter().map(|command| one(command, texts)).collect()
}

fn one(command: Command, texts: &Texts) -> Value {
    let description: String = texts.get(command.summary_key()).chars().take(DESCRIPTION).collect();
    let option = command.argument().map(
        |name| json!({ "type": STRING_OPTION, "name": name, "description": description, "required": false }),
    );
    json!({
        "type": CHAT_INPUT,
        "name": command.name(),
        "description": description,
        "options": Vec::from_iter(option),
        "integration_types": [GUILD_INSTALL],
        "contexts": [IN_GUILDS, IN_DIRECT_MESSAGES],
    })
}

/// Whether two lists of commands say the same, whatever Discord adds to its own.
fn is_same(listed: &Value, wanted: &Value) -> bool {
    let sorted = |list: &Value| {
        let mut commands: Vec<String> =
            list.as_array().into_iter().flatten().map(|command| essence(command).to_string()).collect();
        commands.sort_unstable();
        commands
    };
    sorted(listed) == sorted(wanted)
}

fn essence(command: &Value) -> Value {
    let options = command.get("options").and_then(Value::as_array);
    let options: Vec<Value> = options
        .into_iter()
        .flatten()
        .map(|option| {
            let is_required = option.get("required").and_then(Value::as_bool).unwrap_or(false);
            json!([option.get("type"), option.get("name"), option.get("description"), is_required])
        })
        .collect();
    json!([
        command.get("type").and_then(Value::as_u64).unwrap_or(CHAT_INPUT),
        command.get("name"),
        command.get("description"),
        options,
        command.get("integration_types"),
        command.get("contexts"),
    ])
}

#[cfg(test)]
mod tests {
    use super::{is_same, wanted};
    use crate::domain::texts::Texts;
    use serde_json::{Value, json};

    #[test]
    fn what_discord_adds_is_no_difference() {
        let ours = wanted(&Texts::english());
        let mut listed = ours.clone();
        for command in listed.as_array_mut().unwrap() {
            command["id"] = json!("1");
            command["version"] = json!("2");
            command["default_member_permissions"] = Value::Null;
        }
        listed.as_array_mut().unwrap().reverse();
        assert!(is_same(&listed, &ours));
        listed[0]["description"] = json!("something else");
        assert!(!is_same(&listed, &ours));
        assert!(!is_same(&json!([]), &ours));
    }

    #[test]
    fn descriptions_are_as_long_as_discord_takes_them() {
        for command in wanted(&Texts::english()).as_array().unwrap() {
            let length = command["description"].as_str().unwrap().chars().count();
            assert!((1..=100).contains(&length), "{command}");
        }
    }
}
