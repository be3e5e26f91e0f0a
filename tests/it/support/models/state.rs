//! Everything the emulator knows and remembers.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use super::catalog::Catalog;
use super::error::{ApiError, no_key, wrong_key};
use super::fault::{Fault, rate_limited};
use super::gate::Gate;
use super::requests::{AskedRequest, CallRecord, Log};
use super::script::Script;
use super::usage::PromptCache;

/// How many requests are remembered, unless told otherwise.
const REMEMBERED: usize = 10_000;

/// The key at the start.
const FIRST_KEY: &str = "sk-emulated-0123456789abcdef";

#[derive(Debug)]
pub(super) struct State {
    pub(super) key: String,
    pub(super) former_keys: HashSet<String>,
    pub(super) catalog: Catalog,
    pub(super) script: Script,
    pub(super) faults: Vec<PlannedFault>,
    pub(super) gate: Gate,
    pub(super) first_token: Duration,
    pub(super) tokens_per_second: Option<f64>,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) flagged_words: Vec<String>,
    pub(super) cache: PromptCache,
    pub(super) requests: Log<AskedRequest>,
    pub(super) calls: Log<CallRecord>,
    pub(super) problems: Vec<String>,
}

/// A route that faults can be planned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Models,
    Chat,
    Embeddings,
    Moderations,
}

impl Route {
    /// Finds a route by its path, with or without `/v1/`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.trim_start_matches('/');
        match name.strip_prefix("v1/").unwrap_or(name) {
            "models" => Some(Self::Models),
            "chat/completions" => Some(Self::Chat),
            "embeddings" => Some(Self::Embeddings),
            "moderations" => Some(Self::Moderations),
            _ => None,
        }
    }
}

/// A fault that is still to happen, so many times.
#[derive(Debug)]
pub(super) struct PlannedFault {
    pub(super) route: Route,
    pub(super) times: usize,
    pub(super) fault: Fault,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            key: FIRST_KEY.to_owned(),
            former_keys: HashSet::new(),
            catalog: Catalog::new(&[
                "gpt-4o",
                "gpt-4o-mini",
                "omni-moderation-latest",
                "text-embedding-3-small",
            ]),
            script: Script::default(),
            faults: Vec::new(),
            gate: Gate::new(),
            first_token: Duration::ZERO,
            tokens_per_second: None,
            rate_limit: None,
            flagged_words: Vec::new(),
            cache: PromptCache::default(),
            requests: Log::keeping(REMEMBERED),
            calls: Log::keeping(REMEMBERED),
            problems: Vec::new(),
        }
    }

    /// Takes the fault that is planned next for a route.
    pub(super) fn next_fault(&mut self, route: Route) -> Option<Fault> {
        let index = self.faults.iter().position(|planned| planned.route == route)?;
        let planned = self.faults.get_mut(index)?;
        planned.times -= 1;
        let fault = planned.fault.clone();
        if planned.times == 0 {
            self.faults.remove(index);
        }
        Some(fault)
    }

    /// Checks the key; one that was valid once is nobody's mistake.
    pub(super) fn authorize(&self, authorization: Option<&str>) -> Result<(), ApiError> {
        let key = authorization.and_then(|value| value.strip_prefix("Bearer "));
        match key {
            None | Some("") => Err(no_key()),
            Some(key) if key == self.key => Ok(()),
            Some(key) if self.former_keys.contains(key) => Err(wrong_key(key).forgivable()),
            Some(key) => Err(wrong_key(key)),
        }
    }

    /// Counts a request against the rate limit, if there is one.
    pub(super) fn admit(&mut self, model: &str) -> Result<(), ApiError> {
        let Some(limit) = &mut self.rate_limit else {
            return Ok(());
        };
        limit.admit(Instant::now()).map_err(|wait| {
            let seconds = wait.as_secs_f64().ceil();
            rate_limited(model)
                .with_header("retry-after", seconds.to_string())
                .with_header("retry-after-ms", wait.as_millis().to_string())
                .with_header("x-ratelimit-limit-requests", limit.requests.to_string())
                .with_header("x-ratelimit-remaining-requests", "0".to_owned())
                .with_header("x-ratelimit-reset-requests", format!("{seconds}s"))
        })
    }
}

/// So many requests in any window of so much time.
#[derive(Debug)]
pub(super) struct RateLimit {
    requests: usize,
    window: Duration,
    admitted: VecDeque<Instant>,
}

impl RateLimit {
    pub(super) fn new(requests: usize, window: Duration) -> Self {
        Self { requests, window, admitted: VecDeque::new() }
    }

    /// Admits a request, or says how long to wait.
    fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let is_over = |at: &Instant| now.duration_since(*at) >= self.window;
        while self.admitted.front().is_some_and(is_over) {
            self.admitted.pop_front();
        }
        if self.admitted.len() < self.requests {
            self.admitted.push_back(now);
            return Ok(());
        }
        let oldest = self.admitted.front().copied().unwrap_or(now);
        Err(self.window - now.duration_since(oldest))
    }
}
