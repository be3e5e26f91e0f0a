//! Whom a message mentions, and whom it really notifies (message.mdx,
//! "Allowed Mentions Object").

use std::collections::BTreeSet;

use serde_json::Value;

use super::errors::Form;
use super::permissions::{MENTION_EVERYONE, VIEW_CHANNEL};
use super::places::ChannelState;
use super::world::World;

/// Somebody who got a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ping {
    /// `@everyone`.
    Everyone,
    /// `@here`.
    Here,
    /// Everybody with a role.
    Role(u64),
    /// One person, by name or as the author of what was replied to.
    User(u64),
}

/// Which mentions of a message may count.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    everyone: bool,
    roles: Which,
    users: Which,
    replied_user: bool,
}

#[derive(Debug, Clone)]
enum Which {
    All,
    Only(BTreeSet<u64>),
}

impl Which {
    fn includes(&self, id: u64) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&id),
        }
    }
}

impl Allowed {
    /// The default of regular messages. That replies notify without the field
    /// is not documented, but is what clients show.
    pub(super) fn in_messages() -> Self {
        Self { everyone: true, roles: Which::All, users: Which::All, replied_user: true }
    }

    /// The default of interactions and webhooks: users only.
    pub(super) fn in_webhooks() -> Self {
        Self { everyone: false, roles: Which::Only(BTreeSet::new()), ..Self::in_messages() }
    }

    /// Reads `allowed_mentions`, or takes the default when it is absent.
    pub(super) fn read(form: &mut Form, fields: &Value, default: Self) -> Self {
        let Some(given) = form.object(fields, "allowed_mentions") else { return default };
        let mut kinds = Vec::new();
        let parse = form.list(given, "allowed_mentions.parse", 3).unwrap_or_default();
        for (index, kind) in parse.iter().enumerate() {
            match kind.as_str() {
                Some(kind @ ("users" | "roles" | "everyone")) => kinds.push(kind),
                _ => {
                    let path = format!("allowed_mentions.parse.{index}");
                    form.not_one_of(&path, "('users', 'roles', 'everyone')");
                }
            }
        }
        let mut which = |name: &str| {
            let ids = form.snowflakes(given, &format!("allowed_mentions.{name}"), 100);
            if !kinds.contains(&name) {
                return Which::Only(ids.into_iter().collect());
            }
            if !ids.is_empty() {
                let message = format!("parse:[\"{name}\"] and {name}: [ids...] are mutually exclusive.");
                form.refuse("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", &message);
            }
            Which::All
        };
        let (roles, users) = (which("roles"), which("users"));
        let replied_user = form.boolean(given, "allowed_mentions.replied_user").unwrap_or(false);
        Self { everyone: kinds.contains(&"everyone"), roles, users, replied_user }
    }
}

/// What the mention fields of a message say.
#[derive(Debug, Default, Clone)]
pub(super) struct Mentions {
    pub(super) everyone: bool,
    pub(super) users: Vec<u64>,
    pub(super) roles: Vec<u64>,
    /// Who is notified if the message is new.
    pub(super) pings: BTreeSet<Ping>,
}

impl World {
    /// Resolves the mentions of a text by `author` in a channel.
    ///
    /// Text in code blocks counts too: the documentation makes no exception.
    pub(super) fn mentions(
        &self,
        (author, channel): (u64, &ChannelState),
        text: &str,
        replied_to: Option<u64>,
        allowed: &Allowed,
    ) -> Mentions {
        let mut mentions = Mentions::default();
        let may_mention_all = self.may(author, channel, MENTION_EVERYONE);
        for (name, ping) in [("@everyone", Ping::Everyone), ("@here", Ping::Here)] {
            if text.contains(name) && allowed.everyone && may_mention_all && !channel.is_direct() {
                mentions.everyone = true;
                mentions.pings.insert(ping);
            }
        }
        let replied_to = replied_to.filter(|_| allowed.replied_user);
        let named = tags(text).filter_map(|tag| match tag {
            Tag::User(id) => allowed.users.includes(id).then_some(id),
            Tag::Role(_) => None,
        });
        for id in replied_to.into_iter().chain(named) {
            if self.accounts.contains_key(&id) && !mentions.users.contains(&id) {
                mentions.users.push(id);
                if id != author && self.may(id, channel, VIEW_CHANNEL) {
                    mentions.pings.insert(Ping::User(id));
                }
            }
        }
        let guild = channel.guild.and_then(|guild| self.guilds.get(&guild));
        for tag in tags(text) {
            let Tag::Role(id) = tag else { continue };
            let Some(role) = guild.and_then(|guild| guild.roles.get(&id)) else { continue };
            if allowed.roles.includes(id) && !mentions.roles.contains(&id) {
                mentions.roles.push(id);
                if role.mentionable || may_mention_all {
                    mentions.pings.insert(Ping::Role(id));
                }
            }
        }
        mentions
    }

    /// Resolves pings to the people behind them.
    pub(super) fn pinged(&self, channel: &ChannelState, pings: &BTreeSet<Ping>) -> BTreeSet<u64> {
        let guild = channel.guild.and_then(|guild| self.guilds.get(&guild));
        let members = || guild.into_iter().flat_map(|guild| guild.members.iter());
        let mut people = BTreeSet::new();
        for ping in pings {
            match ping {
                Ping::Everyone | Ping::Here => people.extend(members().map(|(id, _)| *id)),
                Ping::Role(role) => {
                    people.extend(members().filter(|(_, who)| who.roles.contains(role)).map(|(id, _)| *id));
                }
                Ping::User(user) => {
                    people.insert(*user);
                }
            }
        }
        people.retain(|id| self.accounts.get(id).is_some_and(|account| !account.bot));
        people
    }
}

enum Tag {
    User(u64),
    Role(u64),
}

/// Finds `<@1>`, `<@!1>` and `<@&1>` (reference.mdx, "Message Formatting").
fn tags(text: &str) -> impl Iterator<Item = Tag> {
    text.split("<@").skip(1).filter_map(|rest| {
        let (inside, _) = rest.split_once('>')?;
        if let Some(role) = inside.strip_prefix('&') {
            return role.parse().ok().map(Tag::Role);
        }
        inside.strip_prefix('!').unwrap_or(inside).parse().ok().map(Tag::User)
    })
}
