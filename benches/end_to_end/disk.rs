//! How fast this disk makes a write durable, since everything depends on it.

use std::io::Write;
use std::time::{Duration, Instant};

/// The median time of a small write that is synced.
pub fn fsync_p50() -> Duration {
    let mut file = tempfile::tempfile().unwrap();
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}
