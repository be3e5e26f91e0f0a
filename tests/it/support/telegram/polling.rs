//! `getUpdates`: batches, offsets, long polls and their conflicts.

use std::time::{Duration, Instant};

use hyper::StatusCode;

use super::super::observed::Observed;
use super::super::server::Reply;
use super::answer::{POLL_CONFLICT, Refusal};
use super::params::Params;
use super::queue::Event;
use super::state::State;

/// `Client::LONG_POLL_MAX_TIMEOUT`.
const LONGEST_POLL: i64 = 50;
/// How soon a second conflict is answered late.
const CONFLICT_PAUSE: Duration = Duration::from_secs(3);
const WEBHOOK_CONFLICT: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const SET_WEBHOOK_CONFLICT: &str = "Conflict: terminated by setWebhook request";

/// What the server remembers of polls.
#[derive(Debug, Default)]
pub(super) struct Poll {
    waiting: Option<i64>,
    ended_by_webhook: bool,
    previous: Option<(i64, Instant)>,
    next_conflict: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    offset: i64,
    limit: usize,
    timeout: Duration,
}

type Batch = Vec<(i64, Event)>;

/// Answers `getUpdates`, when there is something to tell or the time is over.
pub(super) async fn get_updates(state: &Observed<State>, params: &Params) -> Result<Reply, Refusal> {
    let plan = state.update(|state| plan(state, params));
    let Ok(plan) = plan else {
        return Err(conflict(state, WEBHOOK_CONFLICT).await);
    };
    let first = state.update(|state| {
        let batch = read(state, plan);
        if !batch.is_empty() || plan.timeout.is_zero() {
            return Ok(batch);
        }
        let ticket = state.serial();
        state.poll.waiting = Some(ticket);
        state.poll.ended_by_webhook = false;
        Err(ticket)
    });
    let ticket = match first {
        Ok(batch) => return Ok(render(&batch)),
        Err(ticket) => ticket,
    };
    let _seat = Seat { state: state.clone(), ticket };
    let news = state.wait(|state| {
        if state.poll.waiting != Some(ticket) {
            return Some(Err(if state.poll.ended_by_webhook { SET_WEBHOOK_CONFLICT } else { POLL_CONFLICT }));
        }
        let batch = read(state, plan);
        (!batch.is_empty()).then_some(Ok(batch))
    });
    match tokio::time::timeout(plan.timeout, news).await {
        Ok(Err(reason)) => Err(conflict(state, reason).await),
        Ok(Ok(batch)) => Ok(render(&batch)),
        Err(_) => Ok(render(&[])),
    }
}

/// A place in a long poll, given up when the poll ends or its client is gone.
struct Seat {
    state: Observed<State>,
    ticket: i64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.state.update(|state| state.poll.leave(self.ticket));
    }
}

impl Poll {
    /// Ends a waiting poll because a webhook takes over.
    pub fn end_for_webhook(&mut self) {
        if self.waiting.take().is_some() {
            self.ended_by_webhook = true;
        }
    }

    /// Tells whether somebody waits for updates.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    fn leave(&mut self, ticket: i64) {
        if self.waiting == Some(ticket) {
            self.waiting = None;
        }
    }
}

fn plan(state: &mut State, params: &Params) -> Result<Plan, ()> {
    if state.webhook.is_some() {
        return Err(());
    }
    let offset = params.integer("offset");
    let mut limit = params.clamped("limit", 100, 1, 100);
    let mut timeout = params.clamped("timeout", 0, 0, LONGEST_POLL);
    state.outlet.allow(params.json("allowed_updates", "allowed_updates").ok().flatten());
    let now = state.now();
    // Hasty repetitions are slowed down (`process_get_updates_query`).
    if let Some((previous, start)) = state.poll.previous.filter(|_| state.limits.enabled)
        && previous == offset
    {
        let since = now.saturating_duration_since(start);
        if timeout < 3 && since < Duration::from_secs(3) {
            timeout = 3;
        }
        if since < Duration::from_millis(500) {
            limit = 1;
        }
    }
    state.poll.previous = Some((offset, now));
    if offset < 0 {
        state.queue.keep_last(usize::try_from(-offset).unwrap_or(usize::MAX));
    }
    let timeout = Duration::from_secs(timeout.unsigned_abs());
    Ok(Plan { offset: offset.max(0), limit: limit as usize, timeout })
}

fn read(state: &mut State, plan: Plan) -> Batch {
    let now = state.now();
    let mut batch: Batch = state.outlet.stale.drain(..).collect();
    batch.extend(state.queue.read(plan.offset, plan.limit, now));
    if batch.len() > 1 && state.outlet.reversed_batches > 0 {
        state.outlet.reversed_batches -= 1;
        batch.reverse();
    }
    batch
}

fn render(batch: &[(i64, Event)]) -> Reply {
    let updates: Vec<String> = batch
        .iter()
        .flat_map(|(id, event)| std::iter::repeat_n(event.body.render(*id), event.copies))
        .collect();
    Reply::text(
        StatusCode::OK,
        "application/json",
        &format!("{{\"ok\":true,\"result\":[{}]}}", updates.join(",")),
    )
}

/// Refuses with 409, at once the first time and after a pause when it happens
/// again soon (`Client::fail_query_conflict`).
async fn conflict(state: &Observed<State>, reason: &str) -> Refusal {
    let must_pause = state.update(|state| {
        let now = state.now();
        let soon = state.limits.enabled && state.poll.next_conflict.is_some_and(|next| now < next);
        if !soon {
            state.poll.next_conflict = Some(now + CONFLICT_PAUSE);
        }
        soon
    });
    if must_pause {
        tokio::time::sleep(CONFLICT_PAUSE).await;
    }
    Refusal::new(409, reason)
}
