//! Getting events, commands and clicks to the bot, again if need be.
//!
//! Source: docs.slack.dev/apis/events-api#error-handling. An event that is not
//! acknowledged within 3 seconds, or that finds no open socket, is tried again
//! at once, then after a minute, then after five. Commands and clicks are not.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Core;
use super::faults::Fault;
use super::push::{Outcome, Push, send};
use super::state::World;

const MOST_RETRIES: u32 = 3;

/// How many events a test can have sent again.
const RECENT: usize = 16;

/// What is on its way to the bot.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    Event,
    Command { user: String, channel: String, command: String },
    Click,
}

#[derive(Debug)]
struct Delivery {
    errand: Errand,
    payload: Value,
    /// Even while it waits to be sent, odd while it waits for its answer.
    stage: u32,
    reason: &'static str,
    ack_is_lost: bool,
}

impl Delivery {
    fn attempt(&self) -> u32 {
        self.stage / 2
    }
}

/// One thing that goes over a wire.
#[derive(Debug)]
enum Parcel {
    Frame { socket: u64, text: String },
    Request(Push),
}

/// All that is on its way.
#[derive(Debug)]
pub(super) struct Deliveries {
    pub(super) ack_within: Duration,
    pub(super) retry_after: [Duration; 3],
    /// The ids of events Slack gave up on.
    pub(super) lost: Vec<String>,
    /// The last events, the latest last.
    pub(super) recent: VecDeque<Value>,
    next: u64,
    due: BTreeSet<(Duration, u64, u32)>,
    open: HashMap<u64, Delivery>,
    envelopes: HashMap<String, (u64, u32)>,
    held: Vec<Parcel>,
    /// The request that was made last about something a person did.
    pub(super) last: Option<Push>,
    /// Why deliveries of any kind have failed, in order.
    pub(super) failures: Vec<&'static str>,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self {
            ack_within: Duration::from_secs(3),
            retry_after: [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)],
            lost: Vec::new(),
            recent: VecDeque::new(),
            next: 0,
            due: BTreeSet::new(),
            open: HashMap::new(),
            envelopes: HashMap::new(),
            held: Vec::new(),
            last: None,
            failures: Vec::new(),
        }
    }
}

impl Deliveries {
    /// Whether something should have been done by now.
    pub(super) fn is_overdue(&self, now: Duration) -> bool {
        self.due.first().is_some_and(|(at, ..)| *at <= now)
    }

    /// How many are not acknowledged yet.
    pub(super) fn pending(&self) -> usize {
        self.open.len()
    }
}

impl World {
    pub(super) fn queue_event(&mut self, payload: Value) {
        let recent = &mut self.deliveries.recent;
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(payload.clone());
        self.queue(Errand::Event, payload);
    }

    pub(super) fn queue(&mut self, errand: Errand, payload: Value) {
        let now = self.now();
        let deliveries = &mut self.deliveries;
        deliveries.next += 1;
        let id = deliveries.next;
        deliveries.open.insert(id, Delivery { errand, payload, stage: 0, reason: "", ack_is_lost: false });
        deliveries.due.insert((now, id, 0));
    }

    /// Sends a frame as it is, and waits for its acknowledgement like for any other.
    pub(super) fn send_frame(&mut self, envelope_id: &str, frame: &str) {
        let Some(socket) = self.sockets.ready().first().copied() else { return };
        self.deliveries.next += 1;
        let id = self.deliveries.next;
        let (errand, payload) = (Errand::Event, Value::Null);
        self.deliveries
            .open
            .insert(id, Delivery { errand, payload, stage: 1, reason: "", ack_is_lost: false });
        self.deliveries.envelopes.insert(envelope_id.to_owned(), (id, 1));
        self.sockets.send(socket, frame.to_owned());
    }

    /// Does all that is due; returns the requests to make, and when to come again.
    fn step(&mut self) -> (Vec<Push>, Option<Duration>) {
        let now = self.now();
        self.run_socket_plans();
        let mut parcels = Vec::new();
        while let Some(&(at, id, stage)) = self.deliveries.due.first().filter(|(at, ..)| *at <= now) {
            self.deliveries.due.remove(&(at, id, stage));
            let Some(delivery) = self.deliveries.open.get(&id).filter(|delivery| delivery.stage == stage)
            else {
                continue;
            };
            if delivery.stage.is_multiple_of(2) {
                self.attempt(id, &mut parcels);
            } else {
                self.failed(id, if self.app.socket_mode { "timeout" } else { "http_timeout" });
            }
        }
        let requests = parcels.into_iter().filter_map(|parcel| self.hand_over(parcel)).collect();
        let next = self.deliveries.due.first().map(|(at, ..)| *at);
        let next = next.into_iter().chain(self.sockets.next_plan()).min();
        (requests, next.map(|at| at.saturating_sub(self.now())))
    }

    fn hand_over(&mut self, parcel: Parcel) -> Option<Push> {
        match parcel {
            Parcel::Frame { socket, text } => {
                self.sockets.send(socket, text);
                None
            }
            Parcel::Request(push) => {
                if !push.body.contains("\"bot_id\"") {
                    self.deliveries.last = Some(push.clone());
                }
                Some(push)
            }
        }
    }

    fn attempt(&mut self, id: u64, parcels: &mut Vec<Parcel>) {
        let fault = self.faults.take("delivery");
        if let Some((Fault::Delay(time), _)) = fault {
            let at = self.now() + time;
            let stage = self.deliveries.open[&id].stage;
            self.deliveries.due.insert((at, id, stage));
            return;
        }
        let first = if self.app.socket_mode { self.envelope(id) } else { self.request(id) };
        let Some(first) = first else {
            return self.failed(id, "connection_failed");
        };
        let deadline = self.now() + self.deliveries.ack_within;
        let delivery = self.deliveries.open.get_mut(&id).unwrap();
        delivery.stage += 1;
        // A request has its own time limit, and always reports.
        if matches!(first, Parcel::Frame { .. }) {
            self.deliveries.due.insert((deadline, id, delivery.stage));
        }
        match fault {
            Some((Fault::Duplicate, _)) => {
                let second = self.again(&first);
                parcels.extend([first, second]);
            }
            Some((Fault::Reorder, last)) => {
                self.deliveries.held.push(first);
                if last {
                    parcels.extend(std::mem::take(&mut self.deliveries.held).into_iter().rev());
                }
            }
            Some((Fault::CutBefore | Fault::Hang, _)) if self.app.socket_mode => {}
            // The network fails before the bot has seen a byte.
            Some((Fault::CutBefore, _)) => self.failed(id, "connection_failed"),
            Some((Fault::Hang, _)) => self.failed(id, "http_timeout"),
            Some((Fault::CutAfter | Fault::HangAfter, _)) => {
                delivery.ack_is_lost = true;
                parcels.push(first);
            }
            _ => parcels.push(first),
        }
    }

    /// The same once more, over another socket when there is one.
    fn again(&mut self, parcel: &Parcel) -> Parcel {
        match parcel {
            Parcel::Frame { socket, text } => {
                let other = self.sockets.other_than(*socket).unwrap_or(*socket);
                Parcel::Frame { socket: other, text: text.clone() }
            }
            // Delivery 0 does not exist: its outcome interests nobody.
            Parcel::Request(push) => Parcel::Request(Push { delivery: 0, ..push.clone() }),
        }
    }

    fn envelope(&mut self, id: u64) -> Option<Parcel> {
        let ready = self.sockets.ready();
        if ready.is_empty() {
            return None;
        }
        let socket = ready[self.dice.roll(ready.len())];
        let envelope_id = self.envelope_id();
        let delivery = &self.deliveries.open[&id];
        let mut envelope = json!({"envelope_id": envelope_id, "payload": delivery.payload, "accepts_response_payload": true});
        match delivery.errand {
            Errand::Event => {
                envelope["type"] = json!("events_api");
                envelope["accepts_response_payload"] = json!(false);
                envelope["retry_attempt"] = json!(delivery.attempt());
                envelope["retry_reason"] = json!(delivery.reason);
            }
            Errand::Command { .. } => envelope["type"] = json!("slash_commands"),
            Errand::Click => envelope["type"] = json!("interactive"),
        }
        let stage = delivery.stage + 1;
        self.deliveries.envelopes.insert(envelope_id, (id, stage));
        Some(Parcel::Frame { socket, text: envelope.to_string() })
    }

    fn envelope_id(&mut self) -> String {
        let mut hex = |digits| self.dice.hex(digits);
        format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
    }

    fn request(&mut self, id: u64) -> Option<Parcel> {
        let delivery = &self.deliveries.open[&id];
        let (url, content_type, body) = match delivery.errand {
            Errand::Event => (&self.app.events_url, "application/json", delivery.payload.to_string()),
            Errand::Command { .. } => {
                let body = serde_urlencoded::to_string(fields(&delivery.payload)).unwrap();
                (&self.app.commands_url, "application/x-www-form-urlencoded", body)
            }
            Errand::Click => {
                let body = serde_urlencoded::to_string([("payload", delivery.payload.to_string())]).unwrap();
                (&self.app.interactivity_url, "application/x-www-form-urlencoded", body)
            }
        };
        Some(Parcel::Request(Push {
            delivery: id,
            url: url.clone()?,
            content_type,
            body,
            retry: (delivery.attempt() > 0).then(|| (delivery.attempt(), delivery.reason)),
            secret: self.app.signing_secret.clone(),
            timestamp: self.clock.true_unix(),
            within: self.deliveries.ack_within,
        }))
    }

    fn failed(&mut self, id: u64, reason: &'static str) {
        let now = self.now();
        let Some(delivery) = self.deliveries.open.get_mut(&id) else {
            return;
        };
        let attempt = delivery.attempt();
        self.deliveries.failures.push(reason);
        let Some(delivery) = self.deliveries.open.get_mut(&id) else {
            return;
        };
        if matches!(delivery.errand, Errand::Event) && attempt < MOST_RETRIES {
            delivery.stage = (attempt + 1) * 2;
            delivery.reason = reason;
            delivery.ack_is_lost = false;
            let wait = self.deliveries.retry_after.get(attempt as usize).copied().unwrap_or_default();
            self.deliveries.due.insert((now + wait, id, delivery.stage));
            return;
        }
        let Some(delivery) = self.deliveries.open.remove(&id) else {
            return;
        };
        match delivery.errand {
            Errand::Event => {
                self.deliveries.lost.extend(delivery.payload["event_id"].as_str().map(str::to_owned))
            }
            Errand::Command { user, channel, command } => {
                let error =
                    if reason == "connection_failed" { "dispatch_failed" } else { "operation_timeout" };
                self.show_command_error(&user, &channel, &command, error);
            }
            Errand::Click => self.failed_clicks += 1,
        }
    }

    /// Takes what the bot says over a socket.
    pub(super) fn socket_says(&mut self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return self.problems.push(format!("a socket frame that is not JSON: {text}"));
        };
        let Some(&(id, stage)) =
            frame["envelope_id"].as_str().and_then(|id| self.deliveries.envelopes.get(id))
        else {
            return self.problems.push(format!("an acknowledgement of an unknown envelope: {text}"));
        };
        // An acknowledgement that comes too late counts as none.
        let Some(delivery) = self.deliveries.open.get(&id).filter(|delivery| delivery.stage == stage) else {
            return;
        };
        if delivery.ack_is_lost {
            return;
        }
        let payload = frame.get("payload").cloned().filter(|payload| !payload.is_null());
        if payload.is_some() && matches!(delivery.errand, Errand::Event) {
            self.problems.push("a payload in the acknowledgement of an event, which accepts none".to_owned());
        }
        self.acknowledged(id, payload);
    }

    fn acknowledged(&mut self, id: u64, answer: Option<Value>) {
        let Some(delivery) = self.deliveries.open.remove(&id) else {
            return;
        };
        if let (Errand::Command { user, channel, .. }, Some(answer)) = (delivery.errand, answer) {
            self.answer_command(&user, &channel, &answer);
        }
    }

    /// Takes the outcome of a request to the bot.
    fn pushed(&mut self, id: u64, outcome: Outcome) {
        let Some(delivery) = self.deliveries.open.get_mut(&id) else {
            return;
        };
        match outcome {
            Outcome::Answered { status, body, .. }
                if (200..300).contains(&status) && !delivery.ack_is_lost =>
            {
                self.acknowledged(id, body);
            }
            Outcome::Answered { no_retry: true, .. } => {
                delivery.stage = MOST_RETRIES * 2 + 1;
                self.failed(id, "http_error");
            }
            Outcome::Answered { .. } => self.failed(id, "http_error"),
            Outcome::Unreachable => self.failed(id, "connection_failed"),
            Outcome::Timeout => self.failed(id, "http_timeout"),
        }
    }
}

fn fields(payload: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    payload.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Makes the last request once more, so many times at once, signed so long ago;
/// returns the statuses.
pub(super) async fn again(core: &Core, copies: usize, age: i64) -> Vec<Option<u16>> {
    let push = core.world.wait_for(|world| {
        let push = world.deliveries.last.clone()?;
        let timestamp = world.clock.true_unix().checked_add_signed(-age).unwrap();
        Some(Push { timestamp, delivery: 0, within: Duration::from_secs(20), ..push })
    });
    let push = push.await.expect("a request was made");
    let mut running = JoinSet::new();
    for _ in 0..copies {
        let push = push.clone();
        running.spawn(async move {
            match send(&push).await {
                Outcome::Answered { status, .. } => Some(status),
                Outcome::Unreachable | Outcome::Timeout => None,
            }
        });
    }
    running.join_all().await
}

/// Delivers until the emulator ends.
pub(super) async fn dispatch(core: Arc<Core>) {
    let mut requests = JoinSet::new();
    loop {
        let (pushes, next) = core.world.update(World::step);
        for push in pushes {
            let core = Arc::clone(&core);
            requests.spawn(async move {
                let outcome = send(&push).await;
                core.change(|world| world.pushed(push.delivery, outcome));
            });
        }
        while requests.try_join_next().is_some() {}
        let nap = next.unwrap_or(Duration::from_secs(3600)).max(Duration::from_micros(200));
        tokio::select! {
            () = core.wake.notified() => {}
            () = tokio::time::sleep(nap) => {}
        }
    }
}
