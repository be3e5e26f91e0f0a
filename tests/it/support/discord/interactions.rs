//! Interactions: what a person did, how long the bot may answer, and how far
//! the answer is (interactions/receiving-and-responding.mdx).

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::gateway::{Event, Intent};
use super::message::Origin;
use super::world::World;

/// "You must send an initial response within 3 seconds."
pub(super) const FIRST_RESPONSE: Duration = Duration::from_secs(3);

/// "Interaction tokens are valid for 15 minutes."
pub(super) const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

pub(super) const COMMAND: u8 = 2;
pub(super) const COMPONENT: u8 = 3;
pub(super) const AUTOCOMPLETE: u8 = 4;

/// How the bot first answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Acknowledged {
    /// With a message at once.
    WithMessage,
    /// With a loading state, shown until the answer is edited in.
    Deferred,
    /// Silently, to edit the component's message later.
    DeferredUpdate,
    /// By changing the component's message.
    Updated,
    /// With suggestions for an option.
    Suggested(Vec<Value>),
}

/// Something that a person did with the bot.
#[derive(Debug, Clone)]
pub(super) struct Interaction {
    pub(super) id: u64,
    pub(super) kind: u8,
    pub(super) channel: u64,
    pub(super) user: u64,
    pub(super) command: Option<String>,
    /// The message of a component.
    pub(super) message: Option<u64>,
    pub(super) at: Instant,
    pub(super) acknowledged: Option<Acknowledged>,
    /// What `@original` means.
    pub(super) original: Option<u64>,
    pub(super) follow_ups: Vec<u64>,
}

impl Interaction {
    /// What messages that answer it say of it.
    pub(super) fn origin(&self, is_follow_up: bool) -> Origin {
        Origin {
            interaction: self.id,
            kind: self.kind,
            user: self.user,
            command: self.command.clone(),
            original: self.original.filter(|_| is_follow_up),
        }
    }
}

/// What a person does, before it is an interaction.
#[derive(Debug)]
pub(super) struct Deed {
    pub(super) kind: u8,
    pub(super) user: u64,
    pub(super) channel: u64,
    pub(super) command: Option<String>,
    pub(super) message: Option<u64>,
    pub(super) data: Value,
}

impl World {
    /// Makes an interaction and sends it to the bot; returns its token.
    pub(super) fn interact(&mut self, deed: Deed) -> String {
        let id = self.clock.snowflake();
        let token = format!("aW50ZXJhY3Rpb246{id:x}x{:x}", self.clock.snowflake());
        let at = self.clock.now();
        let body = self.interaction_json(id, &token, &deed);
        let guild = self.channel(deed.channel).guild;
        let interaction = Interaction {
            id,
            kind: deed.kind,
            channel: deed.channel,
            user: deed.user,
            command: deed.command,
            message: deed.message,
            at,
            acknowledged: None,
            original: None,
            follow_ups: Vec::new(),
        };
        self.interactions.insert(token.clone(), interaction);
        let intents = Intent::ALWAYS.bits(guild.is_none());
        self.dispatch(Event { name: "INTERACTION_CREATE", intents, guild, body, hidden: None });
        token
    }

    fn interaction_json(&self, id: u64, token: &str, deed: &Deed) -> Value {
        let place = self.channel(deed.channel);
        let owner = place.guild.map_or_else(|| "0".to_owned(), |guild| guild.to_string());
        let own = self.permissions(self.app.bot, place).to_string();
        let theirs = self.permissions(deed.user, place).to_string();
        let mut channel = self.channel_json(place.id);
        channel["permissions"] = json!(theirs);
        let mut body = json!({
            "id": id.to_string(),
            "application_id": self.app.id.to_string(),
            "type": deed.kind,
            "token": token,
            "version": 1,
            "channel_id": place.id.to_string(),
            "channel": channel,
            "data": deed.data,
            "app_permissions": own,
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": { "0": owner },
            "context": if place.guild.is_some() { 0 } else { 1 },
            "attachment_size_limit": 10 * 1024 * 1024,
        });
        if let Some(guild) = place.guild {
            body["guild_id"] = json!(guild.to_string());
            body["guild"] = json!({ "id": guild.to_string(), "locale": "en-US", "features": [] });
            body["guild_locale"] = json!("en-US");
            let mut member = self.full_member_json(Some(guild), deed.user).unwrap_or_default();
            member["permissions"] = json!(theirs);
            body["member"] = member;
        } else {
            body["user"] = self.user_json(deed.user);
        }
        if let Some(message) = deed.message.and_then(|id| place.messages.get(&id)) {
            body["message"] = self.message_json(place, message, true);
        }
        body
    }

    /// Tells whether the bot has missed its three seconds.
    pub(super) fn has_failed(&self, interaction: &Interaction) -> bool {
        interaction.acknowledged.is_none() && self.since(interaction.at) > FIRST_RESPONSE
    }
}

/// Builds the data of a command from its definition and what a person typed,
/// such as `model set` with `name = "small"`. Panics where a person could not
/// have sent it.
pub(super) fn command_data(command: &Value, path: &[&str], typed: &[(&str, Value)], focused: bool) -> Value {
    let mut data = json!({ "id": command["id"], "name": command["name"], "type": 1 });
    if let Some(guild) = command.get("guild_id") {
        data["guild_id"] = guild.clone();
    }
    let options = fill(command, path, typed, focused);
    if !options.is_empty() {
        data["options"] = json!(options);
    }
    data
}

fn fill(level: &Value, path: &[&str], typed: &[(&str, Value)], focused: bool) -> Vec<Value> {
    let empty = Vec::new();
    let known = level.get("options").and_then(Value::as_array).unwrap_or(&empty);
    if let Some((first, rest)) = path.split_first() {
        let sub = known.iter().find(|option| option["name"] == *first);
        let sub = sub.unwrap_or_else(|| panic!("there is no subcommand {first}"));
        let inner = fill(sub, rest, typed, focused);
        return vec![json!({ "name": first, "type": sub["type"], "options": inner })];
    }
    for option in known.iter().filter(|option| option["required"] == true) {
        let is_given = typed.iter().any(|(name, _)| option["name"] == *name);
        assert!(is_given || focused, "the option {} is required", option["name"]);
    }
    let last = typed.len().saturating_sub(1);
    let filled = typed.iter().enumerate().map(|(index, (name, value))| {
        let option = known.iter().find(|option| option["name"] == *name);
        let option = option.unwrap_or_else(|| panic!("there is no option {name}"));
        let is_focused = focused && index == last;
        assert!(is_focused || takes(option, value), "the option {name} does not take {value}");
        let mut filled = Map::new();
        filled.insert("name".to_owned(), json!(name));
        filled.insert("type".to_owned(), option["type"].clone());
        filled.insert("value".to_owned(), value.clone());
        if is_focused {
            filled.insert("focused".to_owned(), json!(true));
        }
        Value::Object(filled)
    });
    filled.collect()
}

/// True when a client would let a person send this value.
fn takes(option: &Value, value: &Value) -> bool {
    let fits = match option["type"].as_u64() {
        Some(4) => value.is_i64(),
        Some(5) => value.is_boolean(),
        Some(10) => value.is_number(),
        _ => value.is_string(),
    };
    let choices = option.get("choices").and_then(Value::as_array).filter(|choices| !choices.is_empty());
    fits && choices.is_none_or(|choices| choices.iter().any(|choice| choice["value"] == *value))
}
