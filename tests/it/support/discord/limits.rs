//! Rate limits: buckets per route and major parameter, the global limit, and
//! the count of invalid requests (topics/rate-limits.mdx).
//!
//! Discord documents no sizes of buckets ("should not be hard coded"). The ones
//! in `rest/routes.rs` are what clients report, or chosen; each says which.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::world::World;

/// "All bots can make up to 50 requests per second."
const GLOBAL_LIMIT: u32 = 50;

/// "This limit is 10,000 per 10 minutes."
const INVALID_LIMIT: usize = 10_000;
const INVALID_WINDOW: Duration = Duration::from_secs(600);

/// So many windows are kept before old ones are swept out.
const SWEEP_AT: usize = 10_000;

/// The limit of a group of routes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub(super) name: &'static str,
    pub(super) requests: u32,
    pub(super) per: Duration,
}

/// What a request leaves of a bucket.
#[derive(Debug, Clone)]
pub(super) struct Spent {
    bucket: Bucket,
    remaining: u32,
    reset_after: Duration,
    resets_at: Duration,
}

/// Whose limit a 429 is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The bot exceeded a route's limit.
    User,
    /// The bot exceeded 50 requests per second.
    Global,
    /// Somebody else used up a shared resource; not counted as invalid.
    Shared,
}

#[derive(Debug)]
struct Window {
    used: u32,
    ends: Instant,
}

/// The state of all limits.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) are_on: bool,
    windows: HashMap<(&'static str, String), Window>,
    global: Option<Window>,
    invalid: VecDeque<Instant>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { are_on: true, windows: HashMap::new(), global: None, invalid: VecDeque::new() }
    }
}

impl Spent {
    /// The `X-RateLimit-*` headers.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("X-RateLimit-Limit", self.bucket.requests.to_string()),
            ("X-RateLimit-Remaining", self.remaining.to_string()),
            ("X-RateLimit-Reset", format!("{:.3}", self.resets_at.as_secs_f64())),
            ("X-RateLimit-Reset-After", format!("{:.3}", self.reset_after.as_secs_f64())),
            ("X-RateLimit-Bucket", hash(self.bucket.name)),
        ]
    }
}

impl World {
    /// Counts a request against the global limit; an error is the time to wait.
    pub(super) fn spend_global(&mut self) -> Result<(), Duration> {
        if !self.limits.are_on {
            return Ok(());
        }
        let now = self.clock.now();
        let fresh = Window { used: 0, ends: now + Duration::from_secs(1) };
        let window = self.limits.global.get_or_insert(fresh);
        if now >= window.ends {
            *window = Window { used: 0, ends: now + Duration::from_secs(1) };
        }
        window.used += 1;
        if window.used > GLOBAL_LIMIT { Err(window.ends - now) } else { Ok(()) }
    }

    /// Counts a request against its bucket; refused ones count too.
    pub(super) fn spend(&mut self, bucket: Bucket, major: &str) -> Result<Spent, Spent> {
        let (now, unix) = (self.clock.now(), self.clock.unix());
        let are_on = self.limits.are_on;
        let windows = &mut self.limits.windows;
        if windows.len() > SWEEP_AT {
            windows.retain(|_, window| window.ends > now);
        }
        let window = windows
            .entry((bucket.name, major.to_owned()))
            .or_insert_with(|| Window { used: 0, ends: now + bucket.per });
        if now >= window.ends {
            *window = Window { used: 0, ends: now + bucket.per };
        }
        let is_over = window.used >= bucket.requests;
        window.used = if is_over { bucket.requests } else { window.used + 1 };
        let reset_after = window.ends - now;
        let remaining = bucket.requests - window.used;
        let spent = Spent { bucket, remaining, reset_after, resets_at: unix + reset_after };
        if is_over && are_on { Err(spent) } else { Ok(spent) }
    }

    /// Counts answers that may get an IP address banned.
    pub(super) fn count_invalid(&mut self, status: u16, scope: Option<Scope>) {
        if matches!(status, 401 | 403 | 429) && scope != Some(Scope::Shared) {
            let now = self.clock.now();
            self.limits.invalid.push_back(now);
        }
    }

    /// The invalid requests of the last ten minutes.
    pub(super) fn invalid_requests(&mut self) -> usize {
        let now = self.clock.now();
        let invalid = &mut self.limits.invalid;
        while invalid.front().is_some_and(|at| now.duration_since(*at) > INVALID_WINDOW) {
            invalid.pop_front();
        }
        invalid.len()
    }

    /// True when the bot's address is banned for its invalid requests.
    pub(super) fn is_banned(&mut self) -> bool {
        self.limits.are_on && self.invalid_requests() >= INVALID_LIMIT
    }
}

/// Writes a 429: headers and body.
pub(super) fn too_many(
    wait: Duration,
    scope: Scope,
    spent: Option<&Spent>,
) -> (Vec<(&'static str, String)>, Value) {
    let mut headers = spent.map(Spent::headers).unwrap_or_default();
    headers.push(("Retry-After", format!("{:.0}", wait.as_secs_f64().ceil())));
    headers.push((
        "X-RateLimit-Scope",
        match scope {
            Scope::User => "user",
            Scope::Global => "global",
            Scope::Shared => "shared",
        }
        .to_owned(),
    ));
    if scope == Scope::Global {
        headers.push(("X-RateLimit-Global", "true".to_owned()));
    }
    let message = match scope {
        Scope::Shared => "The resource is being rate limited.",
        Scope::User | Scope::Global => "You are being rate limited.",
    };
    let seconds = (wait.as_secs_f64() * 1000.0).ceil() / 1000.0;
    let body = json!({ "message": message, "retry_after": seconds, "global": scope == Scope::Global });
    (headers, body)
}

impl Spent {
    /// How long a refused client has to wait.
    pub(super) fn wait(&self) -> Duration {
        self.reset_after
    }
}

/// Bucket names are opaque: FNV-1a, twice.
fn hash(name: &str) -> String {
    let fnv = |seed: u64| {
        name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    format!("{:016x}{:016x}", fnv(0xcbf2_9ce4_8422_2325), fnv(0x8422_2325_cbf2_9ce4))
}
