//! Discord, as bots and people meet it: gateway v10, REST v10, and a test side
//! that reads as sentences about people.
//!
//! It implements the official documentation (discord/discord-api-docs, folder
//! `developers/`), not any one bot. Where that is silent, a comment names the
//! issue or the choice behind a rule. What is not emulated and is used anyway
//! becomes a problem in [`Discord::problems`], which fails the test that does not take it.
//!
//! - test side: `user.rs`, `guild.rs`, `screen.rs`, `outages.rs`
//! - state: `world.rs`, `places.rs`, `people.rs`, `message.rs`, `commands.rs`,
//!   `interactions.rs`; changed in `posting.rs` and `founding.rs` only
//! - rules: `permissions.rs`, `mentions.rs`, `compose.rs`, `components.rs`,
//!   `limits.rs`, `faults.rs`; `errors.rs`, `fields.rs`, `body.rs` and `clock.rs`
//!   serve them
//! - what people see of a text: `markdown/`
//! - doors: `rest/`, `gateway/`

mod body;
mod clock;
mod commands;
mod components;
mod compose;
mod errors;
mod faults;
mod fields;
mod founding;
mod gateway;
mod guild;
mod interactions;
mod limits;
pub mod markdown;
mod mentions;
mod message;
mod outages;
mod people;
pub mod permissions;
mod places;
mod posting;
mod rest;
mod screen;
mod user;
mod world;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::observed::Observed;
use super::problems;
use super::server::Server;
use world::World;

pub use faults::{CallRecord, Fault};
pub use gateway::{GatewayRecord, GatewayStep};
pub use guild::Guild;
pub use interactions::Acknowledged;
pub use limits::Scope;
pub use mentions::Ping;
pub use screen::{Control, Shown};
pub use user::{Invocation, User, Webhook};

/// The emulated platform; it ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Discord {
    world: Observed<World>,
    doors: Arc<Doors>,
}

#[derive(Debug)]
struct Doors {
    world: Observed<World>,
    rest: Server,
    _gateway: JoinSet<()>,
}

impl Drop for Doors {
    fn drop(&mut self) {
        problems::are_taken("Discord", &self.world.read(|world| world.problems.clone()));
    }
}

impl Discord {
    /// Opens both doors on free local ports.
    pub async fn start() -> Self {
        let world = Observed::new(World::new());
        let (gateway, tasks) = gateway::listen(world.clone()).await;
        let answering = world.clone();
        let rest = Server::start(move |call| rest::answer(answering.clone(), call)).await;
        world.update(|world| {
            world.gateway.url = format!("ws://{gateway}");
            world.files_url = rest.url();
        });
        let doors = Doors { world: world.clone(), rest, _gateway: tasks };
        Self { world, doors: Arc::new(doors) }
    }

    /// Begins in the past; what is said then was said so long ago. Before anything happens.
    #[must_use]
    pub fn in_the_past(self, time: Duration) -> Self {
        self.world.update(|world| world.clock.fall_behind(time));
        self
    }

    /// Switches rate limits off, those of the gateway too.
    #[must_use]
    pub fn without_rate_limits(self) -> Self {
        self.world.update(|world| world.limits.are_on = false);
        self
    }

    /// Where REST calls go; the API is below it at `/api/v10`.
    pub fn url(&self) -> String {
        self.doors.rest.url()
    }

    /// Where the gateway listens.
    pub fn gateway_url(&self) -> String {
        self.world.read(|world| world.gateway.url.clone())
    }

    /// The bot's token.
    pub fn token(&self) -> String {
        self.world.read(|world| world.app.token.clone())
    }

    /// The id of the bot, and of its application.
    pub fn bot_id(&self) -> u64 {
        world::BOT
    }

    /// What mentions the bot in a text.
    pub fn mention(&self) -> String {
        format!("<@{}>", world::BOT)
    }

    /// A person, who has an account from now on.
    pub fn user(&self, id: u64, name: &str) -> User {
        self.world.update(|world| world.account(id, name, false));
        User::new(self.clone(), id)
    }

    /// A bot that is not the one under test.
    pub fn other_bot(&self, id: u64, name: &str) -> User {
        self.world.update(|world| world.account(id, name, true));
        User::new(self.clone(), id)
    }

    /// The bot under test, where another part of it speaks.
    pub fn bot_itself(&self) -> User {
        User::new(self.clone(), world::BOT)
    }

    /// A webhook that writes into a channel.
    pub fn webhook(&self, id: u64, name: &str, channel: u64) -> Webhook {
        Webhook::new(self.clone(), id, name, channel)
    }

    /// A guild that the bot is in.
    pub fn guild(&self, id: u64, name: &str) -> Guild {
        self.world.update(|world| world.found_guild(id, name));
        Guild::new(self.clone(), id)
    }

    /// The names of the registered commands, global or of a guild.
    pub fn commands(&self, guild: Option<u64>) -> Vec<String> {
        let commands = self.world.read(|world| world.commands.all(guild));
        commands.iter().filter_map(|command| Some(command.get("name")?.as_str()?.to_owned())).collect()
    }
}
