//! What tests make the gateway do: drop, close, fall silent, repeat, reorder.

use super::super::world::World;
use super::{Event, Frame, GatewayStep};

/// What a test has scripted for the gateway.
#[derive(Debug, Default)]
pub(in super::super) struct Script {
    /// Nothing at all is sent, though connections stay open.
    pub(in super::super) silent: bool,
    /// Heartbeats get no acknowledgement.
    pub(in super::super) unacknowledged: bool,
    /// New connections are dropped at once.
    pub(in super::super) down: bool,
    /// So many coming events are sent twice.
    pub(in super::super) duplicates: usize,
    /// Events wait here until a test releases them.
    pub(in super::super) held: Option<Vec<Event>>,
}

/// Close codes after which a session cannot be resumed: those that forbid a
/// reconnect, those whose explanation says to start a new session, and the two
/// that end it (opcodes-and-status-codes.mdx).
const ENDING: [u16; 12] = [1000, 1001, 4003, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014, 4006];

impl World {
    /// Tears every connection down without a close frame; sessions live on.
    pub(in super::super) fn drop_connections(&mut self) {
        for id in self.connection_ids() {
            self.gateway.record(GatewayStep::Dropped);
            self.detach(id, Frame::Drop);
        }
    }

    /// Closes every connection with a code.
    pub(in super::super) fn close_connections(&mut self, code: u16) {
        for id in self.connection_ids() {
            self.close(id, code, "closed by a test");
        }
    }

    /// Closes one connection with a code, which may end its session too.
    pub(super) fn close(&mut self, id: u64, code: u16, reason: &'static str) {
        self.gateway.record(GatewayStep::ClosedByUs(code));
        let session = self.gateway.connections.get(&id).and_then(|connection| connection.session.clone());
        self.detach(id, Frame::Close(code, reason));
        if let Some(session) = session.filter(|_| ENDING.contains(&code)) {
            self.gateway.sessions.remove(&session);
        }
    }

    /// Sends a payload without a number to every connection that has a session.
    pub(in super::super) fn broadcast(&mut self, payload: &str) {
        for id in self.connection_ids() {
            if self.gateway.connections.get(&id).is_some_and(|connection| connection.session.is_some()) {
                self.send(id, payload.to_owned());
            }
        }
    }

    /// Tells every client that its session is invalid.
    pub(in super::super) fn invalidate_sessions(&mut self, resumable: bool) {
        self.broadcast(&format!("{{\"op\":9,\"d\":{resumable}}}"));
        self.gateway.record(GatewayStep::InvalidSession { resumable });
        if !resumable {
            self.forget_sessions();
        }
    }

    /// Forgets every session, as after a long absence.
    pub(in super::super) fn forget_sessions(&mut self) {
        self.gateway.sessions.clear();
        for connection in self.gateway.connections.values_mut() {
            connection.session = None;
        }
    }

    /// Sends what was held, in an order that the test chooses.
    pub(in super::super) fn release(&mut self, reversed: bool) {
        let mut held = self.gateway.script.held.take().unwrap_or_default();
        if reversed {
            held.reverse();
        }
        for event in held {
            self.dispatch(event);
        }
    }

    /// Parts a connection from the gateway, so that no later event reaches it.
    pub(super) fn detach(&mut self, id: u64, last: Frame) {
        let Some(connection) = self.gateway.connections.remove(&id) else { return };
        connection.out.send(last).ok();
        let now = self.clock.now();
        let session = connection.session.and_then(|session| self.gateway.sessions.get_mut(&session));
        if let Some(session) = session.filter(|session| session.connection == Some(id)) {
            session.connection = None;
            session.lost_at = Some(now);
        }
    }

    fn connection_ids(&self) -> Vec<u64> {
        self.gateway.connections.keys().copied().collect()
    }
}
