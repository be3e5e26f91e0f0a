//! Faults that tests put into the emulator's way.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// What goes wrong, the next times.
///
/// The name given to `Slack::fault` is a Web API method, `response_url`,
/// `socket` (the next connections) or `delivery` (the next envelopes and event
/// requests).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// HTTP 200 with `ok: false` and this error.
    Error(&'static str),
    /// HTTP 429 with `Retry-After` in seconds.
    RateLimited(u64),
    /// Any other HTTP status, such as 503, with the text Slack's proxies send.
    Status(u16),
    /// It was done, and is answered as with `Error`.
    ErrorAfter(&'static str),
    /// It was done, and is answered as with `Status`.
    StatusAfter(u16),
    /// The connection is closed and nothing was done.
    CutBefore,
    /// It was done, and the connection is closed without an answer.
    CutAfter,
    /// Nothing was done, and there is no answer.
    Hang,
    /// It was done, and there is no answer.
    HangAfter,
    /// It happens later.
    Delay(Duration),
    /// `socket`: the connection opens and never says hello.
    NoHello,
    /// `delivery`: it arrives twice.
    Duplicate,
    /// `delivery`: this many are held back and then arrive in reverse order.
    Reorder,
}

impl Fault {
    /// The word in `CallRecord::status`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Error(error) => (*error).to_owned(),
            Self::RateLimited(_) => "ratelimited".to_owned(),
            Self::Status(status) => status.to_string(),
            Self::ErrorAfter(error) => format!("{error} after"),
            Self::StatusAfter(status) => format!("{status} after"),
            Self::CutBefore => "cut before".to_owned(),
            Self::CutAfter => "cut after".to_owned(),
            Self::Hang => "hang".to_owned(),
            Self::HangAfter => "hang after".to_owned(),
            Self::Delay(_) => "delay".to_owned(),
            Self::NoHello => "no hello".to_owned(),
            Self::Duplicate => "duplicate".to_owned(),
            Self::Reorder => "reorder".to_owned(),
        }
    }
}

/// The script: what goes wrong where, and how often still.
#[derive(Debug, Default)]
pub(super) struct Faults(BTreeMap<String, VecDeque<(usize, Fault)>>);

impl Faults {
    pub(super) fn add(&mut self, place: &str, times: usize, fault: Fault) {
        if times > 0 {
            self.0.entry(place.to_owned()).or_default().push_back((times, fault));
        }
    }

    /// The fault for what happens now, and whether it was the last of its kind.
    pub(super) fn take(&mut self, place: &str) -> Option<(Fault, bool)> {
        let script = self.0.get_mut(place)?;
        let (times, fault) = script.front_mut()?;
        *times -= 1;
        let fault = fault.clone();
        let last = *times == 0;
        if last {
            script.pop_front();
        }
        Some((fault, last))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
