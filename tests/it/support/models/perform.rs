//! Says an answer: streamed or whole, at its pace, with all that happens to it.

use std::time::Duration;

use axum::body::Body;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE};
use hyper::{Response, StatusCode};
use tokio::time::Instant;

use super::super::server::Reply;
use super::answer::Delta;
use super::check::Wish;
use super::chunks::{self, Chunks};
use super::error::ApiError;
use super::fault::SERVER_ERROR;
use super::gate::Gate;
use super::requests::Ticket;
use super::twist::{Incident, Place, Twist};
use super::utterance::Utterance;
use super::wire::{self, Ending, Wire, Writes};

/// Everything about one answer that is going out.
#[derive(Debug)]
pub(super) struct Performance {
    pub(super) ticket: Ticket,
    pub(super) model: String,
    pub(super) wish: Wish,
    pub(super) said: Utterance,
    pub(super) twist: Twist,
    pub(super) gate: Gate,
    pub(super) pace: Pace,
}

/// How fast an answer is said.
#[derive(Debug)]
pub(super) struct Pace {
    start: Instant,
    first_token: Duration,
    seconds_per_byte: f64,
}

impl Pace {
    pub(super) fn new(first_token: Duration, tokens_per_second: Option<f64>) -> Self {
        Self {
            start: Instant::now(),
            first_token,
            seconds_per_byte: tokens_per_second.map_or(0.0, |rate| 0.25 / rate),
        }
    }

    /// When what follows so many bytes is due, if that is not yet.
    fn due(&self, bytes: usize) -> Option<Instant> {
        if self.first_token.is_zero() && self.seconds_per_byte == 0.0 {
            return None;
        }
        let saying = Duration::from_secs_f64(bytes as f64 * self.seconds_per_byte);
        let due = self.start + self.first_token + saying;
        (due > Instant::now()).then_some(due)
    }
}

/// Answers with a stream of events.
pub(super) fn streamed(performance: Performance) -> Reply {
    let writes = performance.twist.writes;
    let body = wire::body(writes, move |wire| stream(performance, wire));
    let response = Response::builder()
        .status(StatusCode::OK)
        .header(CONTENT_TYPE, "text/event-stream; charset=utf-8")
        .header(CACHE_CONTROL, "no-cache");
    Reply::Respond(response.body(body).expect("these headers are legal"))
}

async fn stream(mut on: Performance, mut wire: Wire) -> Ending {
    let has_usage = on.wish.wants_usage && !on.twist.has_no_usage;
    let chunks =
        Chunks::new(on.said.id, &on.model, has_usage, &on.twist).obfuscated(on.wish.wants_obfuscation);
    if let Some(ending) = on.happen(Place::AfterHeaders, &mut wire).await {
        return ending;
    }
    on.wait_until_due(0, &mut wire).await;
    let steps = std::mem::take(&mut on.said.steps);
    let has_content = on.answers_with_text(&steps);
    wire.event(&on.event(&chunks.first(has_content))).await;
    let mut bytes = 0;
    for step in &steps {
        if let Some(ending) = on.before_next(bytes, &mut wire).await {
            return ending;
        }
        for chunk in chunks.step(step) {
            wire.event(&on.event(&chunk)).await;
        }
        bytes += step.text().len();
        on.ticket.count_delta();
    }
    if let Some(ending) = on.before_next(bytes, &mut wire).await {
        return ending;
    }
    if on.twist.has_null_content {
        wire.event(&on.event(&chunks.nothing())).await;
    }
    if let Some(finish) = &on.said.finish {
        wire.event(&on.event(&chunks.last(finish))).await;
    }
    if has_usage {
        wire.event(&on.event(&chunks.usage(&on.said.usage))).await;
    }
    let done = if on.twist.has_no_done { String::new() } else { on.event("[DONE]") };
    let ticket = &mut on.ticket;
    wire.end(&done, || ticket.answered()).await
}

impl Performance {
    fn answers_with_text(&self, steps: &[Delta]) -> bool {
        let is_other =
            |step: &Delta| matches!(step, Delta::Call { .. } | Delta::Refusal(_) | Delta::Thought(_));
        !self.twist.has_null_content && !steps.first().is_some_and(is_other)
    }

    /// Waits for gate and pace, and lets happen what should happen here.
    async fn before_next(&mut self, bytes: usize, wire: &mut Wire) -> Option<Ending> {
        let sent = self.ticket.deltas();
        if self.gate.is_shut(sent) {
            wire.flush().await;
            self.gate.pass(sent).await;
        }
        if !self.twist.is_quiet()
            && let Some(ending) = self.happen(Place::AfterDeltas(sent), wire).await
        {
            return Some(ending);
        }
        self.wait_until_due(bytes, wire).await;
        None
    }

    async fn wait_until_due(&self, bytes: usize, wire: &mut Wire) {
        if let Some(due) = self.pace.due(bytes) {
            wire.flush().await;
            tokio::time::sleep_until(due).await;
        }
    }

    async fn happen(&mut self, place: Place, wire: &mut Wire) -> Option<Ending> {
        let incidents: Vec<Incident> = self.twist.at(place).collect();
        for incident in incidents {
            match incident {
                Incident::Cut => {
                    self.ticket.cut();
                    return Some(wire.cut().await);
                }
                Incident::Hang => {
                    wire.flush().await;
                    std::future::pending::<()>().await;
                }
                Incident::Error => {
                    let error = ApiError::new(500, SERVER_ERROR).body().to_string();
                    let event = self.event(&error);
                    let ticket = &mut self.ticket;
                    return Some(wire.end(&event, || ticket.answered()).await);
                }
                Incident::InvalidJson => {
                    let half = "{\"id\":\"chatcmpl-1\",\"object\":\"chat.compl";
                    wire.event(&self.event(half)).await;
                }
            }
        }
        None
    }

    /// One server-sent event, with what this stream puts around events.
    fn event(&self, data: &str) -> String {
        let end = if self.twist.has_crlf { "\r\n" } else { "\n" };
        let comment = if self.twist.has_comments { format!(": ping{end}{end}") } else { String::new() };
        format!("{comment}data: {data}{end}{end}")
    }
}

/// Answers in one piece, when all of it has been said.
pub(super) async fn whole(mut on: Performance) -> Reply {
    on.gate.pass(usize::MAX).await;
    let bytes = on.said.steps.iter().map(|step| step.text().len()).sum();
    if let Some(due) = on.pace.due(bytes) {
        tokio::time::sleep_until(due).await;
    }
    let mut json = chunks::completion(&on.said, &on.model, &on.twist);
    let incident = on.twist.first();
    match incident.map(|(_, incident)| incident) {
        Some(Incident::Error) => {
            json = ApiError::new(500, SERVER_ERROR).body().to_string();
        }
        Some(Incident::InvalidJson) => json.truncate(json.floor_char_boundary(json.len() / 2)),
        Some(Incident::Cut | Incident::Hang) | None => {}
    }
    let body = match (incident, on.twist.writes) {
        (Some((place, how @ (Incident::Cut | Incident::Hang))), writes) => {
            let sent = match place {
                Place::BeforeHeaders | Place::AfterHeaders => 0,
                Place::AfterDeltas(_) => json.floor_char_boundary(json.len() / 2),
            };
            json.truncate(sent);
            in_part(on, json, how, writes)
        }
        (_, writes @ Writes::Bytes { .. }) => in_pieces(on, json, writes),
        (_, Writes::Gathered | Writes::Events(_)) => {
            on.ticket.answered();
            Body::from(json)
        }
    };
    let response = Response::builder().status(StatusCode::OK).header(CONTENT_TYPE, "application/json");
    Reply::Respond(response.body(body).expect("these headers are legal"))
}

/// The beginning of a body, and then the end or nothing.
fn in_part(mut on: Performance, json: String, how: Incident, writes: Writes) -> Body {
    wire::body(writes, move |mut wire| async move {
        wire.event(&json).await;
        if how == Incident::Hang {
            wire.flush().await;
            std::future::pending::<()>().await;
        }
        on.ticket.cut();
        wire.cut().await
    })
}

/// A body in writes of a certain length.
fn in_pieces(mut on: Performance, json: String, writes: Writes) -> Body {
    wire::body(writes, move |mut wire| async move { wire.end(&json, || on.ticket.answered()).await })
}
