//! Every metric, in one place.
//!
//! Names are `switchboard_<noun>_<verb>[_<unit>][_total]`; labels come from
//! closed enums only.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::domain::{ChangeEnd, ClosedFor, ModelFailure, Platform, RefusalReason, Silence, Thumb};

const ACCEPTED: &str = "switchboard_messages_accepted_total";
const QUARANTINED: &str = "switchboard_messages_quarantined_total";
const CHANGED: &str = "switchboard_changes_ended_total";
const THUMBS: &str = "switchboard_feedback_given_total";
const CLOSED: &str = "switchboard_addresses_closed_total";
const ENDED: &str = "switchboard_turns_ended_total";
const RUNNING: &str = "switchboard_turns_running";
const ANSWERED: &str = "switchboard_answers_finished_seconds";
const FIRST_TEXT: &str = "switchboard_answers_begun_seconds";
const MODEL_FAILED: &str = "switchboard_models_failed_total";
const WEBHOOKS: &str = "switchboard_webhooks_received_total";
const WRITES: &str = "switchboard_posts_written_total";
const CONNECTIONS: &str = "switchboard_database_connections";
const ACQUIRED: &str = "switchboard_database_acquired_seconds";
const QUEUED: &str = "switchboard_database_writes_waiting";

/// Begins to collect metrics in this process; nothing if somebody has begun before.
#[must_use]
pub fn collect() -> Option<PrometheusHandle> {
    let handle = PrometheusBuilder::new().install_recorder().ok()?;
    describe();
    Some(handle)
}

/// Says what the metrics mean, for whoever scrapes them.
fn describe() {
    describe_counter!(ACCEPTED, "Messages that are durable in the inbox");
    describe_counter!(QUARANTINED, "Events that could not be read and are kept raw");
    describe_counter!(CHANGED, "Edits and deletions, by what became of them");
    describe_counter!(THUMBS, "Thumbs under answers, by which, and whether it was given or taken back");
    describe_counter!(CLOSED, "Places that a platform has closed to us, by reason");
    describe_counter!(ENDED, "Turns that have ended, by outcome");
    describe_gauge!(RUNNING, "Turns at work right now");
    describe_histogram!(ANSWERED, "Seconds from claiming a message to its whole answer");
    describe_histogram!(FIRST_TEXT, "Seconds from claiming a message to the first visible text");
    describe_counter!(MODEL_FAILED, "Answers that a model did not give, by reason");
    describe_counter!(WEBHOOKS, "Requests of platforms, by what became of them");
    describe_counter!(WRITES, "Posts and edits sent to a platform, by result");
    describe_gauge!(CONNECTIONS, "Connections to PostgreSQL, at work or idle");
    describe_histogram!(ACQUIRED, "Seconds until a write had a connection to PostgreSQL");
    describe_gauge!(QUEUED, "Writes that wait for SQLite");
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnEnd {
    Answered,
    Refused(RefusalReason),
    Silent(Silence),
    Failed,
    /// Tried too often.
    GivenUp,
    /// Answered by an earlier try, and only shown by this one.
    Delivered,
}

impl TurnEnd {
    /// The label, which is also what the inbox keeps as the outcome.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused(RefusalReason::NotAdmitted) => "refused_not_admitted",
            Self::Refused(RefusalReason::NothingReadable) => "refused_nothing_readable",
            Self::Refused(RefusalReason::TooLong) => "refused_too_long",
            Self::Silent(Silence::NotAddressed) => "silent_not_addressed",
            Self::Silent(Silence::Blocked) => "silent_blocked",
            Self::Silent(Silence::ToldAlready) => "silent_told_already",
            Self::Silent(Silence::SpaceNotAdmitted) => "silent_space_not_admitted",
            Self::Silent(Silence::AlreadyAnswered) => "silent_already_answered",
            Self::Silent(Silence::AnsweredAnew) => "silent_answered_anew",
            Self::Silent(Silence::TooFast) => "silent_too_fast",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
            Self::Delivered => "delivered",
        }
    }
}

/// What became of a platform's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    Accepted,
    Unauthorized,
    /// It could not be made durable.
    Unavailable,
    /// Too many came at once.
    Busy,
    /// Its body was too long, or broke off.
    Unreadable,
    /// Its body did not come in time.
    Slow,
}

impl Received {
    const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Unauthorized => "unauthorized",
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
            Self::Unreadable => "unreadable",
            Self::Slow => "slow",
        }
    }
}

/// Counts a thumb under an answer.
pub fn thumb(platform: Platform, thumb: Thumb, is_taken_back: bool) {
    let outcome = if is_taken_back { "taken_back" } else { "given" };
    counter!(THUMBS, "platform" => platform.name(), "thumb" => thumb.name(), "outcome" => outcome)
        .increment(1);
}

/// Counts messages that have become durable.
pub fn accepted(platform: Platform, count: usize) {
    counter!(ACCEPTED, "platform" => platform.name()).increment(count as u64);
}

/// Counts events that could not be read.
pub fn quarantined(platform: Platform, count: usize) {
    counter!(QUARANTINED, "platform" => platform.name()).increment(count as u64);
}

/// Counts an edit or a deletion.
pub fn changed(platform: Platform, end: ChangeEnd) {
    counter!(CHANGED, "platform" => platform.name(), "outcome" => end.name()).increment(1);
}

/// Counts a place that is closed to us from now on.
pub fn address_closed(platform: Platform, why: ClosedFor) {
    counter!(CLOSED, "platform" => platform.name(), "reason" => why.name()).increment(1);
}

/// A turn at work, for as long as this is held: also one that panics or is given
/// back is at work no more.
#[derive(Debug)]
#[must_use]
pub struct RunningTurn(());

impl Drop for RunningTurn {
    fn drop(&mut self) {
        gauge!(RUNNING).decrement(1.0);
    }
}

/// Counts a turn that begins.
pub fn turn_began() -> RunningTurn {
    gauge!(RUNNING).increment(1.0);
    RunningTurn(())
}

/// Counts a turn that has ended.
pub fn turn_ended(platform: Platform, end: TurnEnd, took: Duration) {
    counter!(ENDED, "platform" => platform.name(), "outcome" => end.name()).increment(1);
    histogram!(ANSWERED, "platform" => platform.name()).record(took.as_secs_f64());
}

/// Records how long a person waited for the first text.
pub fn first_text(platform: Platform, waited: Duration) {
    histogram!(FIRST_TEXT, "platform" => platform.name()).record(waited.as_secs_f64());
}

/// Counts an answer that a model did not give.
pub fn model_failed(failure: ModelFailure) {
    counter!(MODEL_FAILED, "reason" => failure.name()).increment(1);
}

/// Counts a request that came to a webhook.
pub fn webhook_received(platform: Platform, outcome: Received) {
    counter!(WEBHOOKS, "platform" => platform.name(), "outcome" => outcome.name()).increment(1);
}

/// Counts a write to a platform.
pub fn wrote(platform: Platform, has_worked: bool) {
    let result = if has_worked { "ok" } else { "failed" };
    counter!(WRITES, "platform" => platform.name(), "result" => result).increment(1);
}

/// Says how many connections to PostgreSQL there are, and how many of them have nothing to do.
#[expect(clippy::cast_precision_loss, reason = "a pool is small")]
pub fn database_connections(open: usize, idle: usize) {
    gauge!(CONNECTIONS, "state" => "busy").set(open.saturating_sub(idle) as f64);
    gauge!(CONNECTIONS, "state" => "idle").set(idle as f64);
}

/// Records how long a write waited for its connection.
pub fn database_acquired(waited: Duration) {
    histogram!(ACQUIRED).record(waited.as_secs_f64());
}

/// Says how many writes wait for SQLite.
#[expect(clippy::cast_precision_loss, reason = "a queue is bounded")]
pub fn database_queue(waiting: usize) {
    gauge!(QUEUED).set(waiting as f64);
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use metrics::with_local_recorder;
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::{RUNNING, turn_began};

    #[test]
    fn a_turn_that_panics_is_at_work_no_more() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let shows = |count: u32| {
            let text = recorder.handle().render();
            assert!(text.contains(&format!("{RUNNING} {count}\n")), "{text}");
        };
        with_local_recorder(&recorder, || {
            let running = turn_began();
            let panicked = catch_unwind(|| {
                let _running = turn_began();
                shows(2);
                panic!("as turns do");
            });
            assert!(panicked.is_err());
            shows(1);
            drop(running);
            shows(0);
        });
    }
}
