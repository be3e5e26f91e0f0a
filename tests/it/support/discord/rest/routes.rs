//! The table of routes: names, limits, handlers.
//!
//! A name such as `POST /channels/{id}/messages` is also what tests script
//! faults with and what the log of calls shows.

use std::time::Duration;

use super::super::limits::Bucket;
use super::{Handler, accounts, application_commands, channels, interactions, messages, reactions, threads};

/// What identifies a bucket besides its name ("top-level resources").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Major {
    None,
    /// A channel or guild: the first parameter of the path.
    First,
    /// A webhook with its token: the first two.
    Webhook,
}

/// A route of the API.
pub(super) struct Route {
    pub(super) name: &'static str,
    pub(super) bucket: Bucket,
    pub(super) major: Major,
    /// Needs no `Authorization`, and interaction endpoints no global limit.
    pub(super) is_open: bool,
    pub(super) run: Handler,
}

const fn bucket(name: &'static str, requests: u32, milliseconds: u64) -> Bucket {
    Bucket { name, requests, per: Duration::from_millis(milliseconds) }
}

// Five in five seconds, for messages and edits: staff in discord-api-docs#20
// (2016, then per server); per channel in clients' logs (rustplusplus#475:
// "Limit: 5 ... POST /channels/:id/messages"). Edits count apart from messages:
// discord-api-docs#1442. For deleting and reading no source was found.
const POST: Bucket = bucket("messages.post", 5, 5_000);
const EDIT: Bucket = bucket("messages.edit", 5, 5_000);
const DELETE: Bucket = bucket("messages.delete", 5, 1_000);
const READ: Bucket = bucket("messages.read", 5, 1_000);
// One reaction per 250 ms: discord-api-docs#182, as JDA#222 and DSharpPlus#129
// quote it; per channel: discord.js#2795.
const REACT: Bucket = bucket("reactions", 1, 250);
// Five in two seconds per webhook, which interactions share: birdie0's guide,
// quoted in discord-api-docs#6753.
const WEBHOOK: Bucket = bucket("webhooks", 5, 2_000);
const CALLBACK: Bucket = bucket("interactions.callback", 5, 2_000);
// The remaining sizes are chosen: no source was found for them.
const TYPING: Bucket = bucket("typing", 5, 5_000);
const THREADS: Bucket = bucket("threads", 10, 10_000);
const COMMANDS_READ: Bucket = bucket("commands.read", 10, 10_000);
const COMMANDS_WRITE: Bucket = bucket("commands.write", 5, 20_000);
const ACCOUNTS: Bucket = bucket("accounts", 30, 30_000);
const PLACES: Bucket = bucket("places", 10, 10_000);
const GATEWAY: Bucket = bucket("gateway", 10, 5_000);

const fn route(name: &'static str, bucket: Bucket, major: Major, run: Handler) -> Route {
    Route { name, bucket, major, is_open: false, run }
}

const fn open(name: &'static str, bucket: Bucket, major: Major, run: Handler) -> Route {
    Route { name, bucket, major, is_open: true, run }
}

/// Literal segments come before parameters, so that `@me` is no id.
pub(super) const ROUTES: &[Route] = &[
    open("GET /gateway", GATEWAY, Major::None, accounts::gateway),
    route("GET /gateway/bot", GATEWAY, Major::None, accounts::gateway_bot),
    route("GET /users/@me", ACCOUNTS, Major::None, accounts::own_user),
    route("GET /users/@me/guilds", ACCOUNTS, Major::None, accounts::own_guilds),
    route("POST /users/@me/channels", ACCOUNTS, Major::None, accounts::open_direct),
    route("GET /users/{id}", ACCOUNTS, Major::None, accounts::user),
    route("GET /applications/@me", ACCOUNTS, Major::None, accounts::application),
    route("GET /oauth2/applications/@me", ACCOUNTS, Major::None, accounts::application),
    route("GET /applications/{id}/commands", COMMANDS_READ, Major::None, application_commands::list),
    route("POST /applications/{id}/commands", COMMANDS_WRITE, Major::None, application_commands::create),
    route("PUT /applications/{id}/commands", COMMANDS_WRITE, Major::None, application_commands::overwrite),
    route("GET /applications/{id}/commands/{id}", COMMANDS_READ, Major::None, application_commands::get),
    route("PATCH /applications/{id}/commands/{id}", COMMANDS_WRITE, Major::None, application_commands::edit),
    route(
        "DELETE /applications/{id}/commands/{id}",
        COMMANDS_WRITE,
        Major::None,
        application_commands::delete,
    ),
    route(
        "GET /applications/{id}/guilds/{id}/commands",
        COMMANDS_READ,
        Major::None,
        application_commands::list,
    ),
    route(
        "POST /applications/{id}/guilds/{id}/commands",
        COMMANDS_WRITE,
        Major::None,
        application_commands::create,
    ),
    route(
        "PUT /applications/{id}/guilds/{id}/commands",
        COMMANDS_WRITE,
        Major::None,
        application_commands::overwrite,
    ),
    route(
        "GET /applications/{id}/guilds/{id}/commands/{id}",
        COMMANDS_READ,
        Major::None,
        application_commands::get,
    ),
    route(
        "PATCH /applications/{id}/guilds/{id}/commands/{id}",
        COMMANDS_WRITE,
        Major::None,
        application_commands::edit,
    ),
    route(
        "DELETE /applications/{id}/guilds/{id}/commands/{id}",
        COMMANDS_WRITE,
        Major::None,
        application_commands::delete,
    ),
    route("GET /guilds/{id}", PLACES, Major::First, channels::guild),
    route("GET /guilds/{id}/channels", PLACES, Major::First, channels::guild_channels),
    route("GET /guilds/{id}/members/{id}", PLACES, Major::First, channels::member),
    route("GET /channels/{id}", PLACES, Major::First, channels::channel),
    route("POST /channels/{id}/typing", TYPING, Major::First, channels::typing),
    route("GET /channels/{id}/messages", READ, Major::First, messages::list),
    route("POST /channels/{id}/messages", POST, Major::First, messages::create),
    route("GET /channels/{id}/messages/{id}", READ, Major::First, messages::get),
    route("PATCH /channels/{id}/messages/{id}", EDIT, Major::First, messages::edit),
    route("DELETE /channels/{id}/messages/{id}", DELETE, Major::First, messages::delete),
    route("POST /channels/{id}/threads", THREADS, Major::First, threads::start),
    route("POST /channels/{id}/messages/{id}/threads", THREADS, Major::First, threads::start_from_message),
    route("PUT /channels/{id}/thread-members/@me", THREADS, Major::First, threads::join),
    route("DELETE /channels/{id}/thread-members/@me", THREADS, Major::First, threads::leave),
    route("PUT /channels/{id}/messages/{id}/reactions/{emoji}/@me", REACT, Major::First, reactions::add),
    route(
        "DELETE /channels/{id}/messages/{id}/reactions/{emoji}/@me",
        REACT,
        Major::First,
        reactions::remove,
    ),
    open("POST /interactions/{id}/{token}/callback", CALLBACK, Major::Webhook, interactions::callback),
    open("POST /webhooks/{id}/{token}", WEBHOOK, Major::Webhook, interactions::follow_up),
    open("GET /webhooks/{id}/{token}/messages/@original", WEBHOOK, Major::Webhook, interactions::get),
    open("PATCH /webhooks/{id}/{token}/messages/@original", WEBHOOK, Major::Webhook, interactions::edit),
    open("DELETE /webhooks/{id}/{token}/messages/@original", WEBHOOK, Major::Webhook, interactions::delete),
    open("GET /webhooks/{id}/{token}/messages/{id}", WEBHOOK, Major::Webhook, interactions::get),
    open("PATCH /webhooks/{id}/{token}/messages/{id}", WEBHOOK, Major::Webhook, interactions::edit),
    open("DELETE /webhooks/{id}/{token}/messages/{id}", WEBHOOK, Major::Webhook, interactions::delete),
];

impl Route {
    fn method(&self) -> &'static str {
        self.name.split_once(' ').map_or("", |(method, _)| method)
    }

    fn path(&self) -> &'static str {
        self.name.split_once(' ').map_or("", |(_, path)| path)
    }

    /// True for endpoints that the global limit does not bind.
    pub(super) fn is_for_interactions(&self) -> bool {
        self.major == Major::Webhook
    }
}

/// What a method and path lead to.
pub(super) enum Found {
    Route(&'static Route, Vec<String>),
    /// The path exists, but not with this method.
    WrongMethod,
    Nothing,
}

/// Finds the route of a call.
pub(super) fn find(method: &str, path: &str) -> Found {
    let mut found = Found::Nothing;
    for route in ROUTES {
        if let Some(parameters) = parameters(route.path(), path) {
            if route.method() == method {
                return Found::Route(route, parameters);
            }
            found = Found::WrongMethod;
        }
    }
    found
}

/// True when a name is one that a test can script faults for.
pub(in super::super) fn is_known(name: &str) -> bool {
    ROUTES.iter().any(|route| route.name == name)
}

fn parameters(template: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                parameters.push(given.to_owned());
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}
