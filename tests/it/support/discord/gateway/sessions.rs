//! Sessions: they number events, keep them for replay, and live on for a while
//! without a connection (gateway.mdx, "Resuming").

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::world::World;
use super::intents::{GUILDS, MESSAGE_CONTENT};
use super::{Frame, GatewayStep};

/// Sessions without a connection "timeout after a few minutes".
const SESSION_LIFE: Duration = Duration::from_secs(180);

/// So many events are kept for replay; a client that asks for older ones has
/// to start anew.
const REPLAY_LIMIT: usize = 50_000;

/// An event before it is numbered.
#[derive(Debug, Clone)]
pub(in super::super) struct Event {
    pub(in super::super) name: &'static str,
    /// A session needs this intent; `0` when it needs none.
    pub(in super::super) intents: u64,
    pub(in super::super) guild: Option<u64>,
    pub(in super::super) body: Value,
    /// The body for sessions without MESSAGE_CONTENT, when it differs.
    pub(in super::super) hidden: Option<Value>,
}

/// A session that a client started with IDENTIFY.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) intents: u64,
    pub(super) shard: (u64, u64),
    pub(super) sequence: u64,
    pub(super) connection: Option<u64>,
    pub(super) lost_at: Option<Instant>,
    log: VecDeque<(u64, Arc<str>)>,
}

impl Session {
    pub(super) fn new(intents: u64, shard: (u64, u64), connection: u64) -> Self {
        Self {
            intents,
            shard,
            sequence: 0,
            connection: Some(connection),
            lost_at: None,
            log: VecDeque::new(),
        }
    }

    fn wants(&self, event: &Event) -> bool {
        let (shard, shards) = self.shard;
        let home = event.guild.map_or(0, |guild| (guild >> 22) % shards);
        shard == home && (event.intents == 0 || self.intents & event.intents != 0)
    }

    /// Numbers an event and keeps it.
    fn number(&mut self, name: &str, body: &str) -> Arc<str> {
        self.sequence += 1;
        let text: Arc<str> =
            format!("{{\"t\":\"{name}\",\"s\":{},\"op\":0,\"d\":{body}}}", self.sequence).into();
        self.log.push_back((self.sequence, Arc::clone(&text)));
        if self.log.len() > REPLAY_LIMIT {
            self.log.pop_front();
        }
        text
    }

    /// Forgets events that the client says it has.
    pub(super) fn confirm(&mut self, sequence: u64) {
        while self.log.front().is_some_and(|(number, _)| *number <= sequence) {
            self.log.pop_front();
        }
    }

    /// The events after a number; `None` when some of them are gone.
    pub(super) fn missed(&self, after: u64) -> Option<Vec<Arc<str>>> {
        let kept = self.log.front().map_or(self.sequence + 1, |(number, _)| *number);
        if after + 1 < kept {
            return None;
        }
        let missed = self.log.iter().filter(|(number, _)| *number > after);
        Some(missed.map(|(_, text)| Arc::clone(text)).collect())
    }
}

impl World {
    /// Sends an event to every session that asked for its kind.
    pub(in super::super) fn dispatch(&mut self, event: Event) {
        if let Some(held) = &mut self.gateway.script.held {
            held.push(event);
            return;
        }
        self.deliver(&event);
        if self.gateway.script.duplicates > 0 {
            self.gateway.script.duplicates -= 1;
            self.deliver(&event);
        }
    }

    /// Sends an event, whatever a test has scripted for new ones.
    pub(super) fn deliver(&mut self, event: &Event) {
        let ids: Vec<String> = self.gateway.sessions.keys().cloned().collect();
        let mut full = None;
        let mut hidden = None;
        for id in ids {
            if self.expire(&id) {
                continue;
            }
            let Some(session) = self.gateway.sessions.get_mut(&id).filter(|session| session.wants(event))
            else {
                continue;
            };
            let text = match &event.hidden {
                Some(body) if session.intents & MESSAGE_CONTENT == 0 => {
                    hidden.get_or_insert_with(|| body.to_string())
                }
                _ => full.get_or_insert_with(|| event.body.to_string()),
            };
            let text = session.number(event.name, text);
            if let Some(connection) = session.connection {
                self.send(connection, text.to_string());
            }
        }
    }

    /// Numbers and sends an event to one session alone.
    pub(super) fn deliver_to(&mut self, id: &str, name: &'static str, body: &Value) {
        let Some(session) = self.gateway.sessions.get_mut(id) else { return };
        let text = session.number(name, &body.to_string());
        if let Some(connection) = session.connection {
            self.send(connection, text.to_string());
        }
    }

    /// Writes to a connection, unless a test has silenced the gateway.
    pub(super) fn send(&mut self, connection: u64, text: String) {
        if self.gateway.script.silent {
            return;
        }
        if let Some(connection) = self.gateway.connections.get(&connection) {
            connection.out.send(Frame::Text(text)).ok();
        }
    }

    /// Ends a session that has been without a connection for too long.
    pub(super) fn expire(&mut self, id: &str) -> bool {
        let lost_at = self.gateway.sessions.get(id).and_then(|session| session.lost_at);
        let expired = lost_at.is_some_and(|lost_at| self.since(lost_at) > SESSION_LIFE);
        if expired {
            self.gateway.sessions.remove(id);
        }
        expired
    }

    /// Starts a session, with READY and the guilds.
    pub(super) fn start_session(&mut self, connection: u64, intents: u64, shard: (u64, u64)) {
        let id = format!("{:032x}", u128::from(self.clock.snowflake()) << 32);
        self.gateway.sessions.insert(id.clone(), Session::new(intents, shard, connection));
        if let Some(connection) = self.gateway.connections.get_mut(&connection) {
            connection.session = Some(id.clone());
        }
        self.gateway.record(GatewayStep::Identified { intents });
        let guilds: Vec<u64> =
            self.guilds.keys().copied().filter(|guild| (guild >> 22) % shard.1 == shard.0).collect();
        let ready = json!({
            "v": 10,
            "user": self.own_user_json(),
            "guilds": guilds
                .iter()
                .map(|guild| json!({ "id": guild.to_string(), "unavailable": true }))
                .collect::<Vec<_>>(),
            "private_channels": [],
            "session_id": id,
            "session_type": "normal",
            "resume_gateway_url": self.gateway.url,
            "shard": [shard.0, shard.1],
            "application": { "id": self.app.id.to_string(), "flags": self.app.flags() },
        });
        self.deliver_to(&id, "READY", &ready);
        if intents & GUILDS != 0 {
            for guild in guilds {
                if let Some(body) = self.guild_create_json(guild) {
                    self.deliver_to(&id, "GUILD_CREATE", &body);
                }
            }
        }
    }

    /// The bot's own user, as READY and `users/@me` have it.
    pub(in super::super) fn own_user_json(&self) -> Value {
        let mut user = self.user_json(self.app.bot);
        user["verified"] = json!(true);
        user["mfa_enabled"] = json!(true);
        user["email"] = Value::Null;
        user["flags"] = json!(0);
        user
    }

    /// A guild as GUILD_CREATE has it; `None` while it is unavailable or when
    /// the bot is not in it. Without GUILD_PRESENCES only the bot's own member
    /// comes along (gateway-events.mdx, "Request Guild Members").
    pub(in super::super) fn guild_create_json(&self, id: u64) -> Option<Value> {
        let guild = self.guilds.get(&id).filter(|guild| guild.available)?;
        let own = self.full_member_json(Some(id), self.app.bot)?;
        let mut body = guild.json();
        let places = self.channels.values().filter(|place| place.guild == Some(id));
        let (threads, channels): (Vec<_>, Vec<_>) = places.partition(|place| place.is_thread());
        let threads = threads.iter().filter(|thread| !thread.archived && self.bot_sees(thread.id));
        let extra = json!({
            "joined_at": guild.joined_at,
            "large": false,
            "unavailable": false,
            "member_count": guild.members.len(),
            "voice_states": [],
            "members": [own],
            "channels": channels.iter().map(|place| place.json()).collect::<Vec<_>>(),
            "threads": threads.map(|place| place.json()).collect::<Vec<_>>(),
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        });
        if let (Some(body), Value::Object(extra)) = (body.as_object_mut(), extra) {
            body.extend(extra);
        }
        Some(body)
    }
}
