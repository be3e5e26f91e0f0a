//! Accounts of people, bots and the app itself, and how the platform writes
//! them.

use serde_json::{Value, json};

use super::places::Membership;
use super::world::World;

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) bot: bool,
    /// Direct messages from the bot are refused.
    pub(super) blocks_the_bot: bool,
}

/// The bot under test and its application.
#[derive(Debug)]
pub(super) struct Application {
    pub(super) id: u64,
    pub(super) bot: u64,
    pub(super) name: String,
    pub(super) token: String,
    /// Privileged intents that the developer portal has switched on.
    pub(super) privileged: u64,
}

impl Account {
    /// Writes a user as in the documentation's "User Object".
    pub(super) fn json(&self) -> Value {
        let mut user = json!({
            "id": self.id.to_string(),
            "username": self.name,
            "discriminator": if self.bot { "4242" } else { "0" },
            "global_name": if self.bot { Value::Null } else { json!(self.name) },
            "avatar": null,
            "public_flags": 0,
        });
        if self.bot {
            user["bot"] = json!(true);
        }
        user
    }
}

impl Application {
    /// The bits that tell which privileged intents are on
    /// (application.mdx, "Application Flags"; the "limited" kinds).
    pub(super) fn flags(&self) -> u64 {
        let intents = [(8, 13), (1, 15), (15, 19)];
        let on = intents.iter().filter(|(intent, _)| self.privileged & (1 << intent) != 0);
        on.fold(0, |flags, (_, flag)| flags | (1 << flag))
    }

    /// Writes the application as in the documentation's "Application Object".
    pub(super) fn json(&self, guilds: usize, bot: Value) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "icon": null,
            "description": "",
            "bot_public": true,
            "bot_require_code_grant": false,
            "bot": bot,
            "terms_of_service_url": null,
            "privacy_policy_url": null,
            "owner": { "id": "1", "username": "owner", "discriminator": "0", "global_name": "owner", "avatar": null, "public_flags": 0 },
            "verify_key": "0000000000000000000000000000000000000000000000000000000000000000",
            "team": null,
            "flags": self.flags(),
            "approximate_guild_count": guilds,
            "approximate_user_install_count": 0,
            "redirect_uris": [],
            "interactions_endpoint_url": null,
            "role_connections_verification_url": null,
            "integration_types_config": { "0": {} },
        })
    }
}

impl Membership {
    /// Writes a member without its user, as messages carry it.
    pub(super) fn json(&self) -> Value {
        json!({
            "roles": self.roles.iter().map(u64::to_string).collect::<Vec<_>>(),
            "nick": null,
            "avatar": null,
            "banner": null,
            "joined_at": self.joined_at,
            "premium_since": null,
            "deaf": false,
            "mute": false,
            "flags": 0,
            "pending": false,
            "communication_disabled_until": null,
        })
    }
}

impl World {
    /// Writes a user; strangers get a made-up name.
    pub(super) fn user_json(&self, id: u64) -> Value {
        match self.accounts.get(&id) {
            Some(account) => account.json(),
            None => json!({
                "id": id.to_string(), "username": "Deleted User", "discriminator": "0", "avatar": null,
            }),
        }
    }

    /// Writes a member of a guild without its user, if there is one.
    pub(super) fn member_json(&self, guild: Option<u64>, user: u64) -> Option<Value> {
        self.guilds.get(&guild?)?.members.get(&user).map(Membership::json)
    }

    /// Writes a member of a guild with its user.
    pub(super) fn full_member_json(&self, guild: Option<u64>, user: u64) -> Option<Value> {
        let mut member = self.member_json(guild, user)?;
        member["user"] = self.user_json(user);
        Some(member)
    }
}
