//! Everything the emulator knows, in one place under one lock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::commands::Commands;
use super::faults::{CallRecord, Faults};
use super::gateway::Gateway;
use super::interactions::Interaction;
use super::limits::Limits;
use super::people::{Account, Application};
use super::places::{ChannelState, GuildState};

/// The bot's token before it is reset; its first part is the bot's id, as in
/// real tokens.
pub(super) const FIRST_TOKEN: &str = "MTEwMDAwMDAwMDAwMDAwMDAwMQ.GemuLt.tHisIsNotARealTokenButLooksLikeOne00";

/// The bot and its application share an id, as they do for all newer bots.
pub(super) const BOT: u64 = 1_100_000_000_000_000_001;

/// The state of the emulated platform.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) app: Application,
    pub(super) accounts: HashMap<u64, Account>,
    pub(super) guilds: BTreeMap<u64, GuildState>,
    pub(super) channels: HashMap<u64, ChannelState>,
    /// Direct messages with the bot, by person.
    pub(super) directs: HashMap<u64, u64>,
    /// The channel of every message, so that tests need not name it.
    pub(super) homes: HashMap<u64, u64>,
    pub(super) commands: Commands,
    /// Interactions by token.
    pub(super) interactions: HashMap<String, Interaction>,
    pub(super) nonces: HashMap<String, Sent>,
    pub(super) gateway: Gateway,
    pub(super) faults: Faults,
    pub(super) limits: Limits,
    pub(super) calls: Vec<CallRecord>,
    pub(super) problems: Vec<String>,
    /// Messages of the bot that no test has looked at.
    pub(super) unseen: BTreeSet<u64>,
    /// Where files can be downloaded.
    pub(super) files_url: String,
}

/// A message that the bot sent with a nonce.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) channel: u64,
    pub(super) message: u64,
    pub(super) at: Instant,
}

impl World {
    pub(super) fn new() -> Self {
        let name = "Switchboard".to_owned();
        let bot = Account { id: BOT, name: name.clone(), bot: true, blocks_the_bot: false };
        Self {
            clock: Clock::default(),
            app: Application { id: BOT, bot: BOT, name, token: FIRST_TOKEN.to_owned(), privileged: 1 << 15 },
            accounts: HashMap::from([(BOT, bot)]),
            guilds: BTreeMap::new(),
            channels: HashMap::new(),
            directs: HashMap::new(),
            homes: HashMap::new(),
            commands: Commands::default(),
            interactions: HashMap::new(),
            nonces: HashMap::new(),
            gateway: Gateway::default(),
            faults: Faults::default(),
            limits: Limits::default(),
            calls: Vec::new(),
            problems: Vec::new(),
            unseen: BTreeSet::new(),
            files_url: String::new(),
        }
    }

    /// Notes something that no correct bot does.
    pub(super) fn problem(&mut self, what: impl Into<String>) {
        self.problems.push(what.into());
    }

    /// Tells how much time has passed since a moment, skipped time included.
    pub(super) fn since(&self, moment: Instant) -> Duration {
        self.clock.now().saturating_duration_since(moment)
    }

    /// The channel that a message was written in.
    pub(super) fn home(&self, message: u64) -> &ChannelState {
        let channel = self.homes.get(&message).expect("there is such a message");
        self.channels.get(channel).expect("messages are in channels")
    }

    /// A channel that a test speaks of.
    pub(super) fn channel(&self, id: u64) -> &ChannelState {
        self.channels.get(&id).unwrap_or_else(|| panic!("there is no channel {id}"))
    }
}
