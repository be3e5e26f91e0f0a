//! What a client sends: identify, resume, heartbeat and the rest, with the
//! close codes for everything that is not right
//! (opcodes-and-status-codes.mdx, "Gateway Close Event Codes").

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::fields::snowflake;
use super::super::world::World;
use super::intents::{GUILD_MEMBERS, KNOWN, PRIVILEGED};
use super::{Frame, GatewayStep};

/// "Event payloads must not exceed 4096 bytes."
const MAX_PAYLOAD_BYTES: usize = 4096;

/// A client may send so many events in a minute.
const MAX_SENDS: usize = 120;
const SEND_WINDOW: Duration = Duration::from_secs(60);

/// One client may identify in this time (`max_concurrency` is 1).
const IDENTIFY_WINDOW: Duration = Duration::from_secs(5);

const UNDECODABLE: &str = "Error while decoding payload.";

impl World {
    /// Closes a connection because of what the client did, and notes it.
    pub(super) fn refuse(&mut self, id: u64, code: u16, reason: &'static str) {
        self.problem(format!("gateway closed with {code}: {reason}"));
        self.close(id, code, reason);
    }

    /// Takes in what a client has sent.
    pub(super) fn receive(&mut self, id: u64, text: &str) {
        if self.exceeds_sends(id) {
            return self.refuse(id, 4008, "Rate limited.");
        }
        if text.len() > MAX_PAYLOAD_BYTES {
            return self.refuse(id, 4002, UNDECODABLE);
        }
        let payload: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(op) = payload.get("op").and_then(Value::as_u64) else {
            return self.refuse(id, 4002, UNDECODABLE);
        };
        let data = payload.get("d").unwrap_or(&Value::Null);
        let is_identified =
            self.gateway.connections.get(&id).is_some_and(|connection| connection.session.is_some());
        match op {
            1 => self.beat(id, data),
            2 | 6 if is_identified => self.refuse(id, 4005, "Already authenticated."),
            2 => self.identify(id, data),
            6 => self.resume(id, data),
            3 | 4 | 8 | 31 | 43 if !is_identified => self.refuse(id, 4003, "Not authenticated."),
            3 => self.set_presence(id, data),
            4 => self.set_voice_state(id, data),
            8 => self.request_members(id, data),
            31 | 43 => self.problem(format!("gateway opcode {op} is not emulated")),
            _ => self.refuse(id, 4001, "Unknown opcode."),
        }
    }

    fn exceeds_sends(&mut self, id: u64) -> bool {
        let Some(connection) = self.gateway.connections.get_mut(&id) else { return false };
        let now = Instant::now();
        connection.sent.push_back(now);
        while connection.sent.front().is_some_and(|at| now.duration_since(*at) > SEND_WINDOW) {
            connection.sent.pop_front();
        }
        connection.sent.len() > MAX_SENDS && self.limits.are_on
    }

    fn beat(&mut self, id: u64, data: &Value) {
        let sequence = data.as_u64();
        if sequence.is_none() && !data.is_null() {
            return self.refuse(id, 4002, UNDECODABLE);
        }
        let Some(connection) = self.gateway.connections.get_mut(&id) else { return };
        connection.last_heartbeat = Instant::now();
        let session = connection.session.clone().and_then(|session| self.gateway.sessions.get_mut(&session));
        if let (Some(session), Some(sequence)) = (session, sequence) {
            session.confirm(sequence);
        }
        if !self.gateway.script.unacknowledged {
            self.send(id, "{\"op\":11}".to_owned());
        }
    }

    fn identify(&mut self, id: u64, data: &Value) {
        let Some(token) = data.get("token").and_then(Value::as_str) else {
            return self.refuse(id, 4002, UNDECODABLE);
        };
        if !self.is_own_token(token) {
            return self.refuse(id, 4004, "Authentication failed.");
        }
        if !data.get("properties").is_some_and(Value::is_object) {
            return self.refuse(id, 4002, UNDECODABLE);
        }
        // Intents are mandatory since v8.
        let Some(intents) = data.get("intents").and_then(Value::as_u64).filter(|bits| bits & !KNOWN == 0)
        else {
            return self.refuse(id, 4013, "Invalid intent(s).");
        };
        if intents & PRIVILEGED & !self.app.privileged != 0 {
            return self.refuse(id, 4014, "Disallowed intent(s).");
        }
        let Some(shard) = shard(data) else { return self.refuse(id, 4010, "Invalid shard.") };
        let on_shard = self.guilds.keys().filter(|guild| (*guild >> 22) % shard.1 == shard.0);
        if on_shard.count() > 2500 {
            return self.refuse(id, 4011, "Sharding required.");
        }
        let now = self.clock.now();
        let last = self.gateway.last_identify;
        if self.limits.are_on && last.is_some_and(|last| now.duration_since(last) < IDENTIFY_WINDOW) {
            return self.answer_invalid_session(id);
        }
        self.gateway.last_identify = Some(now);
        if self.gateway.starts_left == 0 {
            return self.reset_token();
        }
        self.gateway.starts_left -= 1;
        if let Some(presence) = data.get("presence") {
            self.gateway.presence = Some(presence.clone());
        }
        self.start_session(id, intents, shard);
    }

    /// Compares a token. The documentation shows it bare; that "Bot " may come
    /// before it is undocumented, but all of serenity 0.12 depends on it.
    fn is_own_token(&self, token: &str) -> bool {
        token.strip_prefix("Bot ").unwrap_or(token) == self.app.token
    }

    /// Ends every session and makes a new token, as the platform does when an
    /// app identifies too often, or as an owner does in the portal.
    pub(in super::super) fn reset_token(&mut self) {
        let serial = self.clock.snowflake();
        self.app.token = format!("MTEwMDAwMDAwMDAwMDAwMDAwMQ.Reset0.aNewTokenThatNobodyTold{serial}");
        self.gateway.starts_left = super::MAX_STARTS;
        self.close_connections(4004);
        self.forget_sessions();
    }

    fn resume(&mut self, id: u64, data: &Value) {
        let token = data.get("token").and_then(Value::as_str);
        let session = data.get("session_id").and_then(Value::as_str);
        let sequence = data.get("seq").and_then(Value::as_u64);
        let (Some(token), Some(session), Some(sequence)) = (token, session, sequence) else {
            return self.refuse(id, 4002, UNDECODABLE);
        };
        if !self.is_own_token(token) {
            return self.refuse(id, 4004, "Authentication failed.");
        }
        self.expire(session);
        let Some(state) = self.gateway.sessions.get_mut(session) else {
            return self.answer_invalid_session(id);
        };
        if sequence > state.sequence {
            self.gateway.sessions.remove(session);
            return self.refuse(id, 4007, "Invalid seq.");
        }
        let Some(missed) = state.missed(sequence) else { return self.answer_invalid_session(id) };
        // The client has left a connection that the gateway still believes in.
        let previous = state.connection.replace(id);
        state.lost_at = None;
        if let Some(previous) = previous {
            self.detach(previous, Frame::Drop);
        }
        if let Some(connection) = self.gateway.connections.get_mut(&id) {
            connection.session = Some(session.to_owned());
        }
        self.gateway.record(GatewayStep::Resumed { replayed: missed.len() });
        for text in missed {
            self.send(id, text.to_string());
        }
        self.deliver_to(session, "RESUMED", &json!({ "_trace": [] }));
    }

    fn answer_invalid_session(&mut self, id: u64) {
        self.gateway.record(GatewayStep::InvalidSession { resumable: false });
        self.send(id, "{\"op\":9,\"d\":false}".to_owned());
    }

    fn set_presence(&mut self, id: u64, data: &Value) {
        let status = data.get("status").and_then(Value::as_str);
        let is_known =
            status.is_some_and(|status| ["online", "dnd", "idle", "invisible", "offline"].contains(&status));
        let has_activities = data.get("activities").is_some_and(Value::is_array);
        let has_afk = data.get("afk").is_some_and(Value::is_boolean);
        if !(is_known && has_activities && has_afk) {
            return self.refuse(id, 4002, UNDECODABLE);
        }
        self.gateway.presence = Some(data.clone());
    }

    /// Accepts a voice state; there are no voice channels, so nothing follows.
    fn set_voice_state(&mut self, id: u64, data: &Value) {
        let has_flags =
            ["self_mute", "self_deaf"].iter().all(|key| data.get(key).is_some_and(Value::is_boolean));
        if !has_flags || data.get("guild_id").and_then(snowflake).is_none() {
            self.refuse(id, 4002, UNDECODABLE);
        }
    }

    fn request_members(&mut self, id: u64, data: &Value) {
        let Some(guild) = data.get("guild_id").and_then(snowflake) else {
            return self.refuse(id, 4002, UNDECODABLE);
        };
        let query = data.get("query").and_then(Value::as_str);
        let wanted: Option<Vec<u64>> =
            data.get("user_ids").filter(|ids| !ids.is_null()).map(|ids| match ids {
                Value::Array(ids) => ids.iter().filter_map(snowflake).collect(),
                id => snowflake(id).into_iter().collect(),
            });
        let limit = data.get("limit").and_then(Value::as_u64);
        if wanted.is_none() && (query.is_none() || limit.is_none()) {
            return self.refuse(id, 4002, UNDECODABLE);
        }
        let Some(session) =
            self.gateway.connections.get(&id).and_then(|connection| connection.session.clone())
        else {
            return;
        };
        let intents = self.gateway.sessions.get(&session).map_or(0, |session| session.intents);
        if wanted.is_none() && query == Some("") && intents & GUILD_MEMBERS == 0 {
            return self.problem("asked for every member of a guild without GUILD_MEMBERS");
        }
        let Some(state) = self.guilds.get(&guild) else { return };
        let found: Vec<Value> = state
            .members
            .keys()
            .filter(|user| match &wanted {
                Some(wanted) => wanted.contains(user),
                None => self
                    .accounts
                    .get(user)
                    .is_some_and(|account| account.name.starts_with(query.unwrap_or_default())),
            })
            .filter_map(|user| self.full_member_json(Some(guild), *user))
            .collect();
        let mut chunk = json!({
            "guild_id": guild.to_string(), "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": [],
        });
        if let Some(nonce) = data.get("nonce").and_then(Value::as_str).filter(|nonce| nonce.len() <= 32) {
            chunk["nonce"] = json!(nonce);
        }
        self.deliver_to(&session, "GUILD_MEMBERS_CHUNK", &chunk);
    }
}

fn shard(data: &Value) -> Option<(u64, u64)> {
    let Some(shard) = data.get("shard").filter(|shard| !shard.is_null()) else { return Some((0, 1)) };
    let pair = shard.as_array().filter(|pair| pair.len() == 2)?;
    let (id, count) = (pair.first()?.as_u64()?, pair.get(1)?.as_u64()?);
    (count > 0 && id < count).then_some((id, count))
}
