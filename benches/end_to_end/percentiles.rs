//! What stands for many times.

use std::time::Duration;

/// How long something took, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Percentiles {
    pub p50: f64,
    pub p99: f64,
}

impl From<Vec<Duration>> for Percentiles {
    fn from(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        Self { p50: at(0.5), p99: at(0.99) }
    }
}
