//! The Web API methods: their scopes, limits, and arguments.
//!
//! Source: docs.slack.dev/reference/methods, and slack-ruby/slack-api-ref for
//! the names of errors.

mod arguments;
mod chat;
mod conversations;
mod history;
mod info;
mod reactions;
mod streams;
mod uploads;
mod views;

use serde_json::{Map, Value};

pub(super) use arguments::RESPONSE;
pub(super) use chat::Content;
pub(super) use info::STATUS_LIVES;
pub(super) use uploads::Upload;
pub(super) use views::TRIGGER_LIVES;

use arguments::Arguments;

use super::limits::Tier;
use super::state::World;

/// Which token a method wants, and which scope.
#[derive(Debug, Clone, Copy)]
pub(super) enum Needs {
    /// The app-level token.
    AppToken,
    /// The bot token, whatever its scopes.
    Nothing,
    /// The bot token with one of these scopes.
    One(&'static [&'static str]),
    /// The bot token with a scope that depends on the kind of conversation.
    ByConversation,
}

/// One method.
#[derive(Clone, Copy)]
pub(super) struct Method {
    name: &'static str,
    pub(super) needs: Needs,
    pub(super) tier: Tier,
    /// Whether it takes its arguments as JSON besides forms.
    pub(super) takes_json: bool,
    pub(super) arguments: Arguments,
    pub(super) run: fn(&mut World, &Args) -> Result<Value, Refusal>,
}

#[expect(clippy::too_many_arguments, reason = "the table below reads best in columns")]
const fn method(
    name: &'static str,
    needs: Needs,
    tier: Tier,
    takes_json: bool,
    arguments: Arguments,
    run: fn(&mut World, &Args) -> Result<Value, Refusal>,
) -> Method {
    Method { name, needs, tier, takes_json, arguments, run }
}

const WRITE: Needs = Needs::One(&["chat:write"]);
const STATUS: Needs = Needs::One(&["chat:write", "assistant:write"]);
const FILES: Needs = Needs::One(&["files:write"]);
const REACT: Needs = Needs::One(&["reactions:write"]);
const PEOPLE: Needs = Needs::One(&["users:read"]);

static METHODS: [Method; 29] = [
    method(
        "apps.connections.open",
        Needs::AppToken,
        Tier::T3,
        true,
        arguments::APPS_CONNECTIONS_OPEN,
        info::connections_open,
    ),
    method(
        "assistant.threads.setStatus",
        STATUS,
        Tier::PerChannel,
        true,
        arguments::ASSISTANT_THREADS_SET_STATUS,
        info::set_status,
    ),
    method("auth.test", Needs::Nothing, Tier::Generous, true, arguments::AUTH_TEST, info::auth_test),
    method("bots.info", PEOPLE, Tier::T3, false, arguments::BOTS_INFO, info::bots_info),
    method("chat.appendStream", WRITE, Tier::T4, true, arguments::CHAT_APPEND_STREAM, streams::append),
    method("chat.startStream", WRITE, Tier::T2, true, arguments::CHAT_START_STREAM, streams::start),
    method("chat.stopStream", WRITE, Tier::T2, true, arguments::CHAT_STOP_STREAM, streams::stop),
    method("chat.delete", WRITE, Tier::T3, true, arguments::CHAT_DELETE, chat::delete),
    method(
        "chat.postEphemeral",
        WRITE,
        Tier::PerChannel,
        true,
        arguments::CHAT_POST_EPHEMERAL,
        chat::post_ephemeral,
    ),
    method(
        "chat.postMessage",
        WRITE,
        Tier::PerChannel,
        true,
        arguments::CHAT_POST_MESSAGE,
        chat::post_message,
    ),
    method("chat.update", WRITE, Tier::T3, true, arguments::CHAT_UPDATE, chat::update),
    method(
        "conversations.history",
        Needs::ByConversation,
        Tier::T3,
        true,
        arguments::CONVERSATIONS_HISTORY,
        history::history,
    ),
    method(
        "conversations.info",
        Needs::ByConversation,
        Tier::T3,
        false,
        arguments::CONVERSATIONS_INFO,
        conversations::info,
    ),
    method(
        "conversations.list",
        Needs::ByConversation,
        Tier::T2,
        false,
        arguments::CONVERSATIONS_LIST,
        conversations::list,
    ),
    method(
        "conversations.members",
        Needs::ByConversation,
        Tier::T4,
        false,
        arguments::CONVERSATIONS_MEMBERS,
        conversations::members,
    ),
    method(
        "conversations.open",
        Needs::ByConversation,
        Tier::T3,
        true,
        arguments::CONVERSATIONS_OPEN,
        conversations::open,
    ),
    method(
        "conversations.replies",
        Needs::ByConversation,
        Tier::T3,
        false,
        arguments::CONVERSATIONS_REPLIES,
        history::replies,
    ),
    method(
        "files.completeUploadExternal",
        FILES,
        Tier::T4,
        true,
        arguments::FILES_COMPLETE_UPLOAD_EXTERNAL,
        uploads::complete,
    ),
    method("files.delete", FILES, Tier::T3, true, arguments::FILES_DELETE, uploads::delete),
    method(
        "files.getUploadURLExternal",
        FILES,
        Tier::T4,
        false,
        arguments::FILES_GET_UPLOAD_URL_EXTERNAL,
        uploads::get_url,
    ),
    method("reactions.add", REACT, Tier::T3, true, arguments::REACTIONS_ADD, reactions::add),
    method(
        "reactions.get",
        Needs::One(&["reactions:read"]),
        Tier::T3,
        false,
        arguments::REACTIONS_GET,
        reactions::get,
    ),
    method("reactions.remove", REACT, Tier::T2, true, arguments::REACTIONS_REMOVE, reactions::remove),
    method("team.info", Needs::One(&["team:read"]), Tier::T3, false, arguments::TEAM_INFO, info::team_info),
    method("users.info", PEOPLE, Tier::T4, false, arguments::USERS_INFO, info::users_info),
    method("views.open", Needs::Nothing, Tier::T4, true, arguments::VIEWS_OPEN, views::open),
    method("views.publish", Needs::Nothing, Tier::T4, true, arguments::VIEWS_PUBLISH, views::publish),
    method("api.test", Needs::Nothing, Tier::T4, true, Arguments::Any, info::api_test),
    method("auth.revoke", Needs::Nothing, Tier::T3, false, arguments::AUTH_REVOKE, info::auth_revoke),
];

/// The method of this name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// Why a call is refused.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusal {
    pub(super) error: &'static str,
    pub(super) details: Map<String, Value>,
    /// Whether no correct bot makes such a call.
    pub(super) malformed: bool,
    pub(super) retry_after: Option<u64>,
}

impl Refusal {
    /// Something a correct bot may run into.
    pub(super) fn new(error: &'static str) -> Self {
        Self { error, ..Self::default() }
    }

    /// Something that is wrong in the call itself.
    pub(super) fn malformed(error: &'static str) -> Self {
        Self { error, malformed: true, ..Self::default() }
    }

    pub(super) fn ratelimited(seconds: u64) -> Self {
        Self { error: "ratelimited", retry_after: Some(seconds), ..Self::default() }
    }

    /// A required argument is not there: the shape of Slack's answer is in the
    /// example of docs.slack.dev/reference/methods/views.open.
    pub(super) fn missing(argument: &str) -> Self {
        let messages = serde_json::json!([format!("[ERROR] missing required field: {argument}")]);
        Self::malformed("invalid_arguments")
            .with(serde_json::json!({"response_metadata": {"messages": messages}}))
    }

    pub(super) fn with(mut self, details: Value) -> Self {
        if let Value::Object(details) = details {
            self.details.extend(details);
        }
        self
    }
}

/// The arguments of a call, from wherever they came.
#[derive(Debug, Default)]
pub(super) struct Args {
    fields: Map<String, Value>,
    pub(super) json: bool,
    pub(super) charset_missing: bool,
}

impl Args {
    pub(super) fn of(value: Value) -> Self {
        let Value::Object(fields) = value else {
            return Self::default();
        };
        Self { fields, ..Self::default() }
    }

    /// The names that are there and that these arguments do not have.
    pub(super) fn unknown(&self, arguments: Arguments) -> Vec<&str> {
        self.fields.keys().map(String::as_str).filter(|name| !arguments.have(name)).collect()
    }

    /// Whether an argument was left out, or is null or empty.
    pub(super) fn is_absent(&self, name: &str) -> bool {
        match self.fields.get(name) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(_) => false,
        }
    }

    /// An argument as text; numbers and booleans count as their spelling.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A list: comma-separated, or an array, which Slack takes as well in JSON
    /// (docs.slack.dev chat.update shows both for `file_ids`).
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let owned = |text: &str| text.trim().to_owned();
        match self.fields.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(owned).collect(),
            Some(Value::String(text)) => text.split(',').map(owned).filter(|item| !item.is_empty()).collect(),
            _ => Vec::new(),
        }
    }

    /// A required argument.
    pub(super) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(name))
    }

    /// A boolean that is there.
    pub(super) fn flag_if_given(&self, name: &str) -> Option<bool> {
        self.text(name).map(|text| matches!(text.as_str(), "true" | "1"))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.flag_if_given(name).unwrap_or(false)
    }

    /// A structured argument: JSON as it is, or JSON in a string.
    pub(super) fn structured(&self, name: &str) -> Option<Result<Value, ()>> {
        match self.fields.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(serde_json::from_str(text).map_err(|_| ())),
            other => Some(Ok(other.clone())),
        }
    }

    /// `limit`, within what a method allows.
    pub(super) fn limit(&self, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.text("limit").filter(|text| !text.is_empty()) else {
            return Ok(default);
        };
        let limit: usize = text.parse().map_err(|_| Refusal::malformed("invalid_limit"))?;
        if limit == 0 { Ok(default) } else { Ok(limit.min(most)) }
    }
}
