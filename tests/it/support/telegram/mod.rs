//! An emulator of the Telegram Bot API, strict where the real one is.
//!
//! It keeps chats, people and one bot, speaks HTTP like api.telegram.org, and
//! shows what people would see. Rules come from the Bot API manual and, with
//! most of the error texts, from the real server's source (tdlib/telegram-bot-api,
//! tdlib/td); error names of the servers behind it, such as `REACTION_INVALID`
//! or `BUTTON_DATA_INVALID`, have no public source. A call that no correct bot
//! makes is answered as the platform does and recorded in [`Telegram::problems`];
//! dropping the last handle fails when nobody has taken it.
//!
//! - `mod.rs`: the handle, and the switches a test has
//! - `people.rs`, `places.rs`, `screen.rs`: the test side, in sentences
//! - `router.rs`, `methods.rs`, `params.rs`, `answer.rs`: from request to reply
//! - `messages.rs`, `drafts.rs`, `reply.rs`, `markup.rs`, `reactions.rs`, `callbacks.rs`,
//!   `commands.rs`, `files.rs`, `access.rs`: the methods and their rules
//! - `text.rs`, `html.rs`, `html_tokens.rs`, `links.rs`, `entities.rs`,
//!   `nesting.rs`, `detect.rs`: text
//! - `drawing.rs`: what people see of a text
//! - `updates.rs`, `queue.rs`, `polling.rs`, `webhook.rs`, `delivery.rs`: what
//!   the bot is told, and the two ways it is
//! - `limits.rs`, `faults.rs`: pace and bad days

mod access;
mod answer;
mod callbacks;
mod commands;
mod delivery;
mod detect;
mod drafts;
pub mod drawing;
mod entities;
mod faults;
mod files;
mod html;
mod html_tokens;
mod limits;
mod links;
mod markup;
mod messages;
mod methods;
mod nesting;
mod objects;
mod params;
mod people;
mod places;
mod polling;
mod queue;
mod reactions;
mod reply;
mod router;
mod screen;
mod state;
mod switches;
mod text;
mod updates;
mod webhook;

pub use callbacks::CallbackAnswer;
pub use drafts::Draft;
pub use entities::Entity;
pub use faults::Fault;
pub use files::Upload;
pub use people::{Click, Person};
pub use places::{Group, MessageRef, Place, Topic};
pub use screen::{Author, NotSeen, Shown};
pub use state::CallRecord;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::observed::Observed;
use super::problems;
use super::server::Server;
use state::{Bot, Chat, Kind, State, User};

/// The bot's id.
pub const BOT_ID: i64 = 123_456_789;
/// The bot's name with which people address it.
pub const BOT_USERNAME: &str = "switchboard_bot";
const TOKEN: &str = "123456789:AAF3emulatorTokenOfTheSwitchboardBot";
const ANOTHER_TOKEN: &str = "987654321:AAF3emulatorTokenOfAnotherBotOfOurs";
const FIRST_UPDATE: i64 = 100_000_001;

/// The platform; cheap to clone, gone with its last handle.
#[derive(Debug, Clone)]
pub struct Telegram {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Observed<State>,
    server: Server,
}

impl Drop for Inner {
    /// Ends deliveries, which hold on to the state.
    fn drop(&mut self) {
        self.state.update(|state| state.webhook = None);
        problems::are_taken("Telegram", &self.state.read(|state| state.problems.clone()));
    }
}

impl Telegram {
    /// Starts the platform on a free local port.
    pub async fn start() -> Self {
        Self::start_with(initial_state()).await
    }

    /// Starts it with another bot, whose chats and messages count anew.
    pub async fn start_with_another_bot() -> Self {
        let mut state = initial_state();
        state.token = ANOTHER_TOKEN.to_owned();
        state.bot.id = 987_654_321;
        state.bot.username = "another_switchboard_bot".to_owned();
        Self::start_with(state).await
    }

    async fn start_with(state: State) -> Self {
        let state = Observed::new(state);
        let shared = state.clone();
        let server = Server::start(move |call| router::answer(shared.clone(), call)).await;
        Self { inner: Arc::new(Inner { state, server }) }
    }

    /// Where the Bot API is, such as `http://127.0.0.1:40001`.
    pub fn url(&self) -> String {
        self.inner.server.url()
    }

    /// The bot's token.
    pub fn token(&self) -> String {
        self.state().read(|state| state.token.clone())
    }

    /// Makes a person who has pressed Start.
    pub fn user(&self, id: i64, name: &str) -> Person {
        self.add_user(id, name, false, true)
    }

    /// Makes a person who has never talked to the bot.
    pub fn stranger(&self, id: i64, name: &str) -> Person {
        self.add_user(id, name, false, false)
    }

    /// Makes somebody else's bot.
    pub fn other_bot(&self, id: i64, name: &str) -> Person {
        self.add_user(id, name, true, false)
    }

    /// Makes a group with the bot in it: a supergroup if the id begins with -100.
    pub fn group(&self, id: i64, title: &str) -> Group {
        self.add_group(id, title, places::kind_of(id))
    }

    /// Makes a supergroup with topics, with the bot in it.
    pub fn forum(&self, id: i64, title: &str) -> Group {
        assert!(places::kind_of(id) != Kind::Group, "only supergroups are forums");
        self.add_group(id, title, Kind::Supergroup { forum: true })
    }

    fn add_user(&self, id: i64, name: &str, is_bot: bool, has_started: bool) -> Person {
        assert!(id > 0 && id != BOT_ID, "{id} cannot be a person's id");
        self.state().update(|state| {
            let username = is_bot.then(|| format!("{}_bot", name.to_lowercase()));
            let name = name.to_owned();
            let user = User { name, username, is_bot, has_started, has_blocked: false, is_deleted: false };
            // Who is there already keeps what was said, and whether anybody has looked at it.
            state.chats.entry(id).or_insert_with(|| Chat::new(id, Kind::Private, &user.name));
            state.users.insert(id, user);
        });
        Person { state: self.state().clone(), id }
    }

    fn add_group(&self, id: i64, title: &str, kind: Kind) -> Group {
        self.state().update(|state| state.chats.insert(id, Chat::new(id, kind, title)));
        Group { state: self.state().clone(), id }
    }

    fn state(&self) -> &Observed<State> {
        &self.inner.state
    }
}

fn initial_state() -> State {
    State {
        token: TOKEN.to_owned(),
        revoked: BTreeSet::new(),
        bot: Bot {
            id: BOT_ID,
            name: "Switchboard".to_owned(),
            username: BOT_USERNAME.to_owned(),
            privacy: true,
        },
        users: HashMap::new(),
        chats: HashMap::new(),
        queue: queue::Queue::new(FIRST_UPDATE),
        outlet: updates::Outlet::default(),
        poll: polling::Poll::default(),
        webhook: None,
        webhook_memory: webhook::Memory::default(),
        limits: limits::Limits::new(),
        faults: faults::Faults::default(),
        commands: BTreeMap::new(),
        callbacks: HashMap::new(),
        files: HashMap::new(),
        problems: Vec::new(),
        calls: Vec::new(),
        call_counts: HashMap::new(),
        started: Instant::now(),
        ahead: Duration::ZERO,
        next_message: 1,
        next_serial: 0,
        changes: 0,
    }
}
