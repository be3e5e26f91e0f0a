//! The gateway: a WebSocket listener, sessions that outlive connections, and
//! what tests do to them (events/gateway.mdx).
//!
//! - `connection.rs`: one WebSocket, from hello to close
//! - `commands.rs`: what a client may send, and what is refused
//! - `sessions.rs`: identified sessions, their sequence, replay
//! - `intents.rs`: which session gets which event
//! - `script.rs`: what a test makes the gateway do

mod commands;
mod connection;
mod intents;
mod script;
mod sessions;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

pub(super) use intents::Intent;
pub(super) use script::Script;
pub(super) use sessions::Event;
use sessions::Session;

use super::super::observed::Observed;
use super::world::World;

/// "Clients are limited to 1000 `IDENTIFY` calls in a 24-hour period."
pub(super) const MAX_STARTS: u32 = 1000;

/// Something that happened at the gateway.
#[derive(Debug, Clone)]
pub struct GatewayRecord {
    /// When it happened.
    pub at: Instant,
    /// What it was.
    pub what: GatewayStep,
}

impl GatewayRecord {
    /// Whether a new session began.
    pub fn is_identified(&self) -> bool {
        matches!(self.what, GatewayStep::Identified { .. })
    }
}

/// A step in the life of gateway connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayStep {
    /// A client opened a WebSocket.
    Connected,
    /// A client identified, and got READY.
    Identified { intents: u64 },
    /// A client resumed, and got so many events again.
    Resumed { replayed: usize },
    /// A client asked for a session that is gone, or identified too soon.
    InvalidSession { resumable: bool },
    /// The gateway closed a connection with a code.
    ClosedByUs(u16),
    /// The client closed a connection, with or without a code.
    ClosedByClient(Option<u16>),
    /// A connection ended without a close frame.
    Dropped,
}

/// What a connection is told to do.
#[derive(Debug)]
enum Frame {
    Text(String),
    Close(u16, &'static str),
    /// Ends the connection without a word.
    Drop,
}

/// An open WebSocket.
#[derive(Debug)]
struct Connection {
    out: UnboundedSender<Frame>,
    session: Option<String>,
    /// When the client sent what it sent in the last minute.
    sent: VecDeque<Instant>,
    last_heartbeat: Instant,
}

/// The gateway's part of the world.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) url: String,
    pub(super) heartbeat: Duration,
    pub(super) script: Script,
    pub(super) log: Vec<GatewayRecord>,
    /// The last presence a client has set.
    pub(super) presence: Option<serde_json::Value>,
    /// Session starts left today (gateway.mdx, "Session Start Limit Object").
    pub(super) starts_left: u32,
    last_identify: Option<Instant>,
    connections: HashMap<u64, Connection>,
    next_connection: u64,
    sessions: BTreeMap<String, Session>,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            url: String::new(),
            // What clients see (discord-api-docs#304); the documentation's example
            // is 45000.
            heartbeat: Duration::from_millis(41_250),
            script: Script::default(),
            log: Vec::new(),
            presence: None,
            starts_left: MAX_STARTS,
            last_identify: None,
            connections: HashMap::new(),
            next_connection: 0,
            sessions: BTreeMap::new(),
        }
    }
}

impl Gateway {
    fn record(&mut self, what: GatewayStep) {
        self.log.push(GatewayRecord { at: Instant::now(), what });
    }

    /// True when a session would get or keep events.
    pub(super) fn has_sessions(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// True when a client is connected and identified.
    pub(super) fn is_live(&self) -> bool {
        self.sessions.values().any(|session| session.connection.is_some())
    }
}

/// Listens for gateway connections until the returned tasks are dropped.
pub(super) async fn listen(world: Observed<World>) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an emulator needs its port");
    let address = listener.local_addr().expect("a listener has an address");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            connections.spawn(connection::converse(stream, world.clone()));
            while connections.try_join_next().is_some() {}
        }
    });
    (address, tasks)
}
