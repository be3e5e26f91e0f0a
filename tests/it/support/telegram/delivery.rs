//! Delivery to a webhook, after telegram-bot-api/WebhookActor.cpp.
//!
//! Updates of one lane (a chat, a person's button presses) go one after another;
//! lanes go in parallel over at most `max_connections`. A failed delivery is
//! tried again at once or after `Retry-After`, then after 2, 4, 8 … seconds, and
//! it holds back its lane only.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::super::observed::Observed;
use super::queue::Event;
use super::router;
use super::state::State;
use super::webhook::{self, Target};

/// How long the bot may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(60);
const LONGEST_RETRY_AFTER: u64 = 3600;
/// The longest pause between tries; the real one is random between 60 and 120 seconds.
const LONGEST_PAUSE: u64 = 60;

/// Delivers until another webhook takes over.
pub(super) async fn deliver(observed: Observed<State>, generation: i64) {
    let mut worker = Worker {
        observed,
        generation,
        lanes: HashMap::new(),
        ready: VecDeque::new(),
        later: BTreeMap::new(),
        loaded: 0,
        serial: 0,
    };
    let mut running = JoinSet::new();
    loop {
        let Some(plan) = worker.load() else { return };
        while running.len() < plan.max_connections
            && let Some(lane) = worker.ready.pop_front()
        {
            worker.send(lane, &plan, &mut running);
        }
        let wake = worker.later.first_key_value().map(|((at, _), _)| *at);
        tokio::select! {
            Some(Ok((lane, outcome))) = running.join_next() => worker.finish(lane, outcome),
            () = worker.news() => {}
            () = sleep_until(wake) => worker.wake(),
        }
    }
}

struct Worker {
    observed: Observed<State>,
    generation: i64,
    lanes: HashMap<i64, VecDeque<Delivery>>,
    /// Lanes whose first update may go now.
    ready: VecDeque<i64>,
    /// Lanes that wait for another try.
    later: BTreeMap<(Instant, u64), i64>,
    loaded: i64,
    serial: u64,
}

#[derive(Debug, Clone)]
struct Delivery {
    id: i64,
    event: Event,
    copies_left: usize,
    failures: u32,
    pause: u64,
}

struct Plan {
    target: Target,
    secret: String,
    max_connections: usize,
}

/// How a delivery went.
enum Outcome {
    Accepted { body: Bytes },
    Refused { why: String, retry_after: u64 },
}

impl Worker {
    /// Takes over new updates; ends when the webhook is no longer ours.
    fn load(&mut self) -> Option<Plan> {
        let (generation, from) = (self.generation, self.loaded);
        let has_stale = self.observed.read(|state| !state.outlet.stale.is_empty());
        let stale: Vec<(i64, Event)> = if has_stale {
            self.observed.update(|state| state.outlet.stale.drain(..).collect())
        } else {
            Vec::new()
        };
        let (plan, fresh) = self.observed.read(|state| {
            let webhook = state.webhook.as_ref().filter(|webhook| webhook.generation == generation)?;
            let plan = Plan {
                target: webhook.target.clone(),
                secret: webhook.secret.clone(),
                max_connections: webhook.max_connections,
            };
            Some((plan, new_events(state, from)))
        })?;
        for (id, event) in stale {
            self.add(id, event);
        }
        for (id, event) in fresh {
            self.loaded = id + 1;
            if event.expires < self.observed.read(State::now) {
                self.observed.update(|state| state.queue.forget(id));
            } else {
                self.add(id, event);
            }
        }
        Some(plan)
    }

    fn add(&mut self, id: i64, event: Event) {
        let lane = self.lanes.entry(event.lane).or_default();
        if lane.is_empty() {
            self.ready.push_back(event.lane);
        }
        let copies_left = event.copies;
        lane.push_back(Delivery { id, event, copies_left, failures: 0, pause: 1 });
    }

    /// Waits until there is something new to load.
    async fn news(&self) {
        let (generation, from) = (self.generation, self.loaded);
        self.observed
            .wait(|state| {
                let is_ours = state.webhook.as_ref().is_some_and(|webhook| webhook.generation == generation);
                let has_news = !state.outlet.stale.is_empty() || has_new_events(state, from);
                (!is_ours || has_news).then_some(())
            })
            .await;
    }

    fn send(&mut self, lane: i64, plan: &Plan, running: &mut JoinSet<(i64, Outcome)>) {
        let Some(delivery) = self.lanes.get(&lane).and_then(VecDeque::front) else {
            return;
        };
        let update = delivery.event.body.render(delivery.id);
        let (target, secret) = (plan.target.clone(), plan.secret.clone());
        let sent = (target.clone(), secret.clone(), update.clone());
        self.observed.update(|state| state.webhook_memory.last = Some(sent));
        running.spawn(async move {
            let outcome = match tokio::time::timeout(ANSWER_TIME, post(&target, &secret, update)).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(why)) => Outcome::Refused { why, retry_after: 0 },
                Err(_) => Outcome::Refused { why: "Read timeout expired".to_owned(), retry_after: 0 },
            };
            (lane, outcome)
        });
    }

    fn finish(&mut self, lane: i64, outcome: Outcome) {
        match outcome {
            Outcome::Accepted { body } => {
                if let Some((method, params)) = webhook::call_in_answer(&body) {
                    let observed = self.observed.clone();
                    tokio::spawn(async move { router::call(&observed, &method, params).await });
                }
                self.next_in_lane(lane);
            }
            Outcome::Refused { why, retry_after } => self.postpone(lane, why, retry_after),
        }
    }

    fn next_in_lane(&mut self, lane: i64) {
        let Some(deliveries) = self.lanes.get_mut(&lane) else {
            return;
        };
        if let Some(first) = deliveries.front_mut() {
            first.copies_left -= 1;
            if first.copies_left > 0 {
                self.ready.push_back(lane);
                return;
            }
            let id = first.id;
            self.observed.update(|state| state.queue.forget(id));
            deliveries.pop_front();
        }
        if deliveries.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.ready.push_back(lane);
        }
    }

    /// Plans another try (`WebhookActor::on_update_error`).
    fn postpone(&mut self, lane: i64, why: String, retry_after: u64) {
        let (now, ahead) = self.observed.update(|state| {
            let date = state.unix();
            if let Some(webhook) = &mut state.webhook {
                webhook.last_error = Some((date, why));
            }
            (Instant::now(), state.ahead)
        });
        let Some(delivery) = self.lanes.get_mut(&lane).and_then(VecDeque::front_mut) else {
            return;
        };
        let mut wait = retry_after.min(LONGEST_RETRY_AFTER);
        if wait == 0 && delivery.failures > 0 {
            delivery.pause = (delivery.pause * 2).min(LONGEST_PAUSE);
            wait = delivery.pause;
        }
        let next = now + Duration::from_secs(wait);
        if next + ahead > delivery.event.expires {
            delivery.copies_left = 1;
            self.next_in_lane(lane);
            return;
        }
        delivery.failures += 1;
        self.serial += 1;
        self.later.insert((next, self.serial), lane);
    }

    fn wake(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            self.ready.push_back(entry.remove());
        }
    }
}

fn new_events(state: &State, from: i64) -> Vec<(i64, Event)> {
    let mut events = Vec::new();
    let mut from = if has_restarted(state, from) { 0 } else { from };
    while let Some((id, event)) = state.queue.at_or_after(from) {
        events.push((id, event.clone()));
        from = id + 1;
    }
    events
}

fn has_new_events(state: &State, from: i64) -> bool {
    has_restarted(state, from) && state.queue.len() > 0 || state.queue.at_or_after(from).is_some()
}

/// Tells whether ids have started again below what was loaded.
fn has_restarted(state: &State, from: i64) -> bool {
    state.queue.next_id() < from
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Sends what was sent last once more, so many times at once; returns how each went, as a status.
pub(super) async fn again(observed: &Observed<State>, copies: usize) -> Vec<Result<(), String>> {
    let last = observed.wait_for(|state| state.webhook_memory.last.clone()).await;
    let (target, secret, update) = last.expect("something was sent");
    let mut running = JoinSet::new();
    for _ in 0..copies {
        let (target, secret, update) = (target.clone(), secret.clone(), update.clone());
        running.spawn(async move {
            match post(&target, &secret, update).await? {
                Outcome::Accepted { .. } => Ok(()),
                Outcome::Refused { why, .. } => Err(why),
            }
        });
    }
    running.join_all().await
}

/// Posts one update over a connection of its own.
async fn post(target: &Target, secret: &str, update: String) -> Result<Outcome, String> {
    let stream = TcpStream::connect(target.address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "Connection refused".to_owned(),
        _ => format!("Connection failed: {error}"),
    })?;
    let closed = |_: hyper::Error| "Webhook connection closed".to_owned();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(closed)?;
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let mut request = Request::post(&target.path)
        .header("host", &target.host)
        .header("content-type", "application/json")
        .header("accept-encoding", "gzip, deflate");
    if !secret.is_empty() {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let request = request.body(Full::new(Bytes::from(update))).map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(closed)?;
    let status = response.status();
    let retry_after =
        response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.into_body().collect().await.map_err(closed)?.to_bytes();
    if status.is_success() {
        return Ok(Outcome::Accepted { body });
    }
    let why = format!(
        "Wrong response from the webhook: {} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or("")
    );
    Ok(Outcome::Refused { why: why.trim_end().to_owned(), retry_after: retry_after.unwrap_or(0) })
}
