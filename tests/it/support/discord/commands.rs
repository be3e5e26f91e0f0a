//! Application commands: what is registered, and what may be
//! (interactions/application-commands.mdx).

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::errors::{Form, Refusal};
use super::world::World;

const MAX_SLASH_COMMANDS: usize = 100;
const MAX_MENU_COMMANDS: usize = 15;
const MAX_OPTIONS: usize = 25;
const MAX_SIZE: usize = 8000;
const MAX_CREATES_PER_DAY: usize = 200;

pub(super) const CHAT_INPUT: u64 = 1;
pub(super) const SUB_COMMAND: u64 = 1;
pub(super) const SUB_COMMAND_GROUP: u64 = 2;

/// The fields that a request may set.
const SETTABLE: [&str; 12] = [
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "default_member_permissions",
    "dm_permission",
    "default_permission",
    "nsfw",
    "type",
    "integration_types",
    "contexts",
];

/// Registered commands: global ones under `None`, others under their guild.
#[derive(Debug, Default)]
pub(super) struct Commands {
    scopes: HashMap<Option<u64>, BTreeMap<u64, Value>>,
    creates: HashMap<Option<u64>, usize>,
}

impl Commands {
    pub(super) fn all(&self, scope: Option<u64>) -> Vec<Value> {
        self.scopes.get(&scope).into_iter().flat_map(|commands| commands.values().cloned()).collect()
    }

    pub(super) fn get(&self, scope: Option<u64>, id: u64) -> Option<&Value> {
        self.scopes.get(&scope)?.get(&id)
    }

    /// Finds a command of a kind by its name.
    pub(super) fn named(&self, scope: Option<u64>, kind: u64, name: &str) -> Option<&Value> {
        let mut commands = self.scopes.get(&scope)?.values();
        commands.find(|command| kind_of(command) == kind && command.get("name") == Some(&json!(name)))
    }

    pub(super) fn remove(&mut self, scope: Option<u64>, id: u64) -> bool {
        self.scopes.get_mut(&scope).is_some_and(|commands| commands.remove(&id).is_some())
    }
}

fn kind_of(command: &Value) -> u64 {
    command.get("type").and_then(Value::as_u64).unwrap_or(CHAT_INPUT)
}

fn id_of(command: &Value) -> Option<u64> {
    command.get("id").and_then(super::fields::snowflake)
}

impl World {
    /// Registers a command, or replaces the one of its kind and name; tells
    /// whether it is new.
    pub(super) fn register(&mut self, scope: Option<u64>, given: &Value) -> Result<(Value, bool), Refusal> {
        let mut form = Form::default();
        check(&mut form, given, "");
        form.finish()?;
        let name = given.get("name").and_then(Value::as_str).unwrap_or_default();
        let kind = kind_of(given);
        let id = self.commands.named(scope, kind, name).and_then(id_of);
        if id.is_none() {
            self.make_room(scope, kind)?;
        }
        let command = self.complete(scope, id, given);
        let key = id_of(&command).unwrap_or_default();
        self.commands.scopes.entry(scope).or_default().insert(key, command.clone());
        Ok((command, id.is_none()))
    }

    /// Replaces all commands of a scope. Those that keep their name keep
    /// their id.
    pub(super) fn overwrite(&mut self, scope: Option<u64>, given: &[Value]) -> Result<Vec<Value>, Refusal> {
        let mut form = Form::default();
        let mut names = HashSet::new();
        for (index, command) in given.iter().enumerate() {
            check(&mut form, command, &index.to_string());
            let name = command.get("name").and_then(Value::as_str).unwrap_or_default();
            if !names.insert((kind_of(command), name)) {
                let message = "Application command names must be unique";
                form.refuse(&index.to_string(), "APPLICATION_COMMANDS_DUPLICATE_NAME", message);
            }
        }
        form.finish()?;
        for kind in 1..=3 {
            if given.iter().filter(|command| kind_of(command) == kind).count() > most(kind) {
                return Err(too_many(kind));
            }
        }
        let old = self.commands.scopes.remove(&scope).unwrap_or_default();
        let mut commands = BTreeMap::new();
        for given in given {
            let same = |command: &&Value| {
                kind_of(command) == kind_of(given) && command.get("name") == given.get("name")
            };
            let id = old.values().find(same).and_then(id_of);
            if id.is_none()
                && let Err(refusal) = self.count_create(scope)
            {
                self.commands.scopes.insert(scope, old);
                return Err(refusal);
            }
            let command = self.complete(scope, id, given);
            commands.insert(id_of(&command).unwrap_or_default(), command);
        }
        let all = commands.values().cloned().collect();
        self.commands.scopes.insert(scope, commands);
        Ok(all)
    }

    /// Changes the given fields of a command.
    pub(super) fn change_command(
        &mut self,
        scope: Option<u64>,
        id: u64,
        given: &Value,
    ) -> Result<Value, Refusal> {
        let mut changed = self.commands.get(scope, id).ok_or_else(Refusal::unknown_command)?.clone();
        for name in SETTABLE.iter().filter(|name| **name != "type") {
            if let Some(value) = given.get(*name) {
                changed[*name] = value.clone();
            }
        }
        let mut form = Form::default();
        check(&mut form, &changed, "");
        form.finish()?;
        changed["version"] = json!(self.clock.snowflake().to_string());
        self.commands.scopes.entry(scope).or_default().insert(id, changed.clone());
        Ok(changed)
    }

    fn make_room(&mut self, scope: Option<u64>, kind: u64) -> Result<(), Refusal> {
        let commands = self.commands.scopes.entry(scope).or_default();
        if commands.values().filter(|command| kind_of(command) == kind).count() >= most(kind) {
            return Err(too_many(kind));
        }
        self.count_create(scope)
    }

    /// "There is a global rate limit of 200 application command creates per
    /// day, per guild."
    fn count_create(&mut self, scope: Option<u64>) -> Result<(), Refusal> {
        let creates = self.commands.creates.entry(scope).or_default();
        *creates += 1;
        if *creates > MAX_CREATES_PER_DAY && self.limits.are_on {
            let message = "Max number of daily application command creates has been reached (200)";
            return Err(Refusal::new(429, 30034, message));
        }
        Ok(())
    }

    /// Fills in what the platform adds to a command.
    fn complete(&mut self, scope: Option<u64>, id: Option<u64>, given: &Value) -> Value {
        let id = id.unwrap_or_else(|| self.clock.snowflake());
        let mut command = json!({
            "id": id.to_string(),
            "application_id": self.app.id.to_string(),
            "version": self.clock.snowflake().to_string(),
            "type": kind_of(given),
            "default_member_permissions": null,
            "nsfw": false,
            "description": "",
            "name_localizations": null,
            "description_localizations": null,
            "dm_permission": true,
            "contexts": null,
            "integration_types": [0],
        });
        if let Some(guild) = scope {
            command["guild_id"] = json!(guild.to_string());
        }
        let empty = Map::new();
        for (name, value) in given.as_object().unwrap_or(&empty) {
            if SETTABLE.contains(&name.as_str()) && !(value.is_null() && name == "type") {
                command[name.as_str()] = value.clone();
            }
        }
        command
    }
}

fn most(kind: u64) -> usize {
    if kind == CHAT_INPUT { MAX_SLASH_COMMANDS } else { MAX_MENU_COMMANDS }
}

fn too_many(kind: u64) -> Refusal {
    let message = format!("Maximum number of application commands reached ({})", most(kind));
    Refusal::malformed(400, 30032, &message)
}

/// Checks a command whose errors belong under a path.
fn check(form: &mut Form, command: &Value, path: &str) {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let kind = form.integer(command, &at("type")).unwrap_or(CHAT_INPUT);
    if !(1..=3).contains(&kind) {
        return form.not_one_of(&at("type"), "(1, 2, 3)");
    }
    if kind != CHAT_INPUT {
        form.required_text(command, &at("name"), (1, 32));
        if form.text(command, &at("description"), 100).is_some_and(|text| !text.is_empty()) {
            let message = "Context menu commands cannot have description";
            form.refuse(
                &at("description"),
                "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED",
                message,
            );
        }
        return;
    }
    check_names(form, command, &at);
    check_options(form, command, &at("options"));
    if size(command) > MAX_SIZE {
        let message = format!("Command exceeds maximum size ({MAX_SIZE})");
        form.refuse(path, "APPLICATION_COMMAND_TOO_LARGE", &message);
    }
}

fn check_names(form: &mut Form, object: &Value, at: &dyn Fn(&str) -> String) {
    let name = form.required_text(object, &at("name"), (1, 32));
    if !name.is_empty() && !is_name(&name) {
        form.refuse(&at("name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
    form.required_text(object, &at("description"), (1, 100));
}

fn check_options(form: &mut Form, parent: &Value, path: &str) {
    let options = form.list(parent, path, MAX_OPTIONS).unwrap_or_default();
    let mut names = HashSet::new();
    let mut had_optional = false;
    for (index, option) in options.iter().enumerate() {
        let at = |name: &str| format!("{path}.{index}.{name}");
        check_names(form, option, &at);
        if !names.insert(option.get("name")) {
            let message = "Option name already exists";
            form.refuse(path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message);
        }
        let kind = form.integer(option, &at("type"));
        if !kind.is_some_and(|kind| (1..=11).contains(&kind)) {
            form.not_one_of(&at("type"), "(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)");
        }
        if matches!(kind, Some(SUB_COMMAND | SUB_COMMAND_GROUP)) {
            check_options(form, option, &at("options"));
            continue;
        }
        let is_required = form.boolean(option, &at("required")).unwrap_or(false);
        if is_required && had_optional {
            let message = "Required options must be placed before non-required options";
            form.refuse(&format!("{path}.{index}"), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
        }
        had_optional |= !is_required;
        for (index, choice) in form.list(option, &at("choices"), 25).unwrap_or_default().iter().enumerate() {
            let path = format!("{}.{index}", at("choices"));
            form.required_text(choice, &format!("{path}.name"), (1, 100));
            form.text(choice, &format!("{path}.value"), 100);
        }
    }
}

/// Tells whether a text matches `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$`
/// and uses lower case wherever there is one.
fn is_name(name: &str) -> bool {
    let fits = |c: char| {
        matches!(c, '-' | '_' | '\'' | '\u{900}'..='\u{97f}' | '\u{e00}'..='\u{e7f}') || c.is_alphanumeric()
    };
    name.chars().all(fits) && name.to_lowercase() == name
}

/// Adds up names, descriptions and values, which together are limited.
fn size(object: &Value) -> usize {
    let own = ["name", "description", "value"].iter().filter_map(|key| object.get(key)?.as_str());
    let own: usize = own.map(|text| text.chars().count()).sum();
    let inner = ["options", "choices"].iter().filter_map(|key| object.get(key)?.as_array()).flatten();
    own + inner.map(size).sum::<usize>()
}
