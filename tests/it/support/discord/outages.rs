//! What tests make go wrong, and what they can see of it afterwards.

use std::time::Duration;

use serde_json::Value;

use super::Discord;
use super::faults::{CallRecord, Fault};
use super::gateway::{Event, GatewayRecord};
use super::rest;

/// Faults of the REST API and what the bot did there.
impl Discord {
    /// Makes the next calls of a route go wrong. A route is named as in the
    /// log of calls: `POST /channels/{id}/messages`.
    pub fn fault(&self, route: &str, times: usize, fault: Fault) {
        assert!(rest::is_known(route), "there is no route {route}");
        if times > 0 {
            self.world.update(|world| world.faults.script(route, times, fault));
        }
    }

    /// Drops all faults of routes that have not happened yet.
    pub fn clear_faults(&self) {
        self.world.update(|world| world.faults.clear());
    }

    /// Every call the bot has made, in the order of their answers.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.world.read(|world| world.calls.clone())
    }

    /// Waits until the bot has called a route so many times.
    pub async fn wait_for_calls(&self, route: &str, times: usize) {
        let called = self.world.wait_for(|world| {
            (world.calls.iter().filter(|call| call.method == route).count() >= times).then_some(())
        });
        assert!(called.await.is_some(), "{route} was not called {times} times");
    }

    /// What no correct bot does: unknown or malformed calls, wrong tokens,
    /// refused gateway payloads. Dropping the last handle fails when there are any.
    pub fn problems(&self) -> Vec<String> {
        self.world.read(|world| world.problems.clone())
    }

    /// Takes the problems away, for tests that cause them on purpose.
    pub fn take_problems(&self) -> Vec<String> {
        self.world.update(|world| std::mem::take(&mut world.problems))
    }

    /// Answers of 401, 403 and 429 in the last ten minutes; 10,000 get the
    /// bot's address banned.
    pub fn invalid_requests(&self) -> usize {
        self.world.update(|world| world.invalid_requests())
    }

    /// Lets time pass at once: tokens, nonces, typing, limits and sessions age.
    pub fn time_passes(&self, time: Duration) {
        self.world.update(|world| world.clock.skip(time));
    }
}

/// Faults of the gateway and what the bot did there.
impl Discord {
    /// Tears connections down without a close frame; sessions can be resumed.
    pub fn drops_connections(&self) {
        self.world.update(|world| world.drop_connections());
    }

    /// Closes connections with a code. Codes that forbid a resume end the
    /// session.
    pub fn closes_connections(&self, code: u16) {
        self.world.update(|world| world.close_connections(code));
    }

    /// Asks clients to reconnect and resume (opcode 7).
    pub fn asks_to_reconnect(&self) {
        self.world.update(|world| world.broadcast("{\"op\":7,\"d\":null}"));
    }

    /// Asks clients for a heartbeat at once (opcode 1).
    pub fn asks_for_heartbeat(&self) {
        self.world.update(|world| world.broadcast("{\"op\":1,\"d\":null}"));
    }

    /// Tells clients that their session is invalid (opcode 9).
    pub fn invalidates_sessions(&self, resumable: bool) {
        self.world.update(|world| world.invalidate_sessions(resumable));
    }

    /// Forgets sessions quietly, as after minutes without a connection: what
    /// happens from now on is in the channels' history alone.
    pub fn forgets_sessions(&self) {
        self.world.update(|world| world.forget_sessions());
    }

    /// Drops connections and lets nobody in until [`Discord::comes_back`].
    pub fn goes_down(&self) {
        self.world.update(|world| {
            world.gateway.script.down = true;
            world.drop_connections();
        });
    }

    /// Lets clients in again.
    pub fn comes_back(&self) {
        self.world.update(|world| world.gateway.script.down = false);
    }

    /// Stops acknowledging heartbeats, or does so again: a zombie connection
    /// that still delivers events.
    pub fn acknowledges_heartbeats(&self, acknowledges: bool) {
        self.world.update(|world| world.gateway.script.unacknowledged = !acknowledges);
    }

    /// Says nothing at all while connections stay open, until told otherwise.
    /// Events of that time are there for those who resume.
    pub fn is_silent(&self, silent: bool) {
        self.world.update(|world| world.gateway.script.silent = silent);
    }

    /// Sends the next events twice, with numbers of their own ("Be sent up to
    /// N times per client", reference.mdx).
    pub fn repeats_events(&self, count: usize) {
        self.world.update(|world| world.gateway.script.duplicates = count);
    }

    /// Tells of a message again and again, each time under a number of its own.
    pub fn tells_again(&self, channel: u64, message: u64, times: usize) {
        self.world.update(|world| {
            (0..times).for_each(|_| world.tell_of_message("MESSAGE_CREATE", channel, message));
        });
    }

    /// Keeps events back until they are released.
    pub fn holds_events(&self) {
        self.world.update(|world| {
            world.gateway.script.held.get_or_insert_default();
        });
    }

    /// Sends what was held, in its order.
    pub fn releases_events(&self) {
        self.world.update(|world| world.release(false));
    }

    /// Sends what was held, the latest first.
    pub fn releases_events_reversed(&self) {
        self.world.update(|world| world.release(true));
    }

    /// Sets the heartbeat interval of connections opened from now on; a client
    /// gets a quarter of it, and a second, on top.
    pub fn heartbeats_every(&self, interval: Duration) {
        self.world.update(|world| world.gateway.heartbeat = interval);
    }

    /// Sets how often the bot may still identify today.
    pub fn session_starts_left(&self, count: u32) {
        self.world.update(|world| world.gateway.starts_left = count);
    }

    /// Gives the bot a new token; connections with the old one end with 4004.
    pub fn resets_token(&self) -> String {
        self.world.update(|world| {
            world.reset_token();
            world.app.token.clone()
        })
    }

    /// Sets which privileged intents the developer portal allows: bits 1
    /// (members), 8 (presences) and 15 (message content, allowed at first).
    pub fn allows_privileged_intents(&self, bits: u64) {
        self.world.update(|world| world.app.privileged = bits);
    }

    /// Everything that happened at the gateway.
    pub fn gateway_log(&self) -> Vec<GatewayRecord> {
        self.world.read(|world| world.gateway.log.clone())
    }

    /// Sends an event that no documentation describes.
    pub fn tells(&self, name: &'static str, body: Value) {
        self.world.update(|world| {
            world.dispatch(Event { name, intents: 0, guild: None, body, hidden: None });
        });
    }

    /// Sends a frame as it is, to every client that has a session.
    pub fn sends_frame(&self, text: &str) {
        self.world.update(|world| world.broadcast(text));
    }

    /// Tells whether a client is connected and identified.
    pub fn is_connected(&self) -> bool {
        self.world.read(|world| world.gateway.is_live())
    }

    /// Waits until a client is connected and identified.
    pub async fn wait_until_connected(&self) {
        let connected = self.world.wait_for(|world| world.gateway.is_live().then_some(()));
        assert!(connected.await.is_some(), "the bot did not connect; it called {:#?}", self.calls());
    }

    /// Waits until something has happened at the gateway so many times.
    pub async fn wait_for_gateway(&self, times: usize, wanted: impl Fn(&GatewayRecord) -> bool) {
        let happened = self.world.wait_for(|world| {
            (world.gateway.log.iter().filter(|record| wanted(record)).count() >= times).then_some(())
        });
        assert!(happened.await.is_some(), "it did not happen; but this did: {:#?}", self.gateway_log());
    }

    /// The presence that the bot last set.
    pub fn presence(&self) -> Option<Value> {
        self.world.read(|world| world.gateway.presence.clone())
    }
}
