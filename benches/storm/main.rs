//! A storm of streams: very many answers at once on every platform, each of which is kept to
//! the limits that it documents.
//!
//! The real program stands between emulators of Telegram, Discord and Slack, whose limits are
//! on, and one of the model, which streams a long answer to everybody at the same time. A few
//! people ask short questions in other chats, before and meanwhile. What is printed is held
//! against what a perfect program could do under the same limits; see docs/performance.md.
//!
//! `short` only shows that it works; `chats=`, `rate=` (tokens a second), `seconds=` and `calm=`
//! (seconds before the storm) change its size, and `only=` (a platform) keeps it to one of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic,
    unreachable_pub,
    reason = "a benchmark may panic, and prints what it found"
)]

mod bound;
mod crowd;
#[path = "../end_to_end/process.rs"]
mod process;
mod report;
mod sky;
mod stage;

#[path = "../../tests/it/support/mod.rs"]
mod support;

use std::time::Duration;

use stage::Stage;

/// How large the storm is.
#[derive(Debug, Clone)]
pub struct Sizes {
    /// How many chats each platform has in which a long answer streams.
    pub chats: usize,
    /// How many tokens a second each answer has.
    pub rate: f64,
    /// For how long each answer streams.
    pub seconds: u64,
    /// For how long others ask before the storm.
    pub calm_seconds: u64,
    /// The only platform that has a storm; all of them have one where none is named.
    pub only: Option<String>,
}

impl Sizes {
    const WHOLE: Self = Self { chats: 200, rate: 30.0, seconds: 60, calm_seconds: 30, only: None };

    /// Only shows that it works.
    const SHORT: Self = Self { chats: 10, rate: 10.0, seconds: 6, calm_seconds: 2, only: None };

    fn chosen() -> Self {
        let words: Vec<String> = std::env::args().collect();
        let mut sizes = if words.iter().any(|word| word == "short") { Self::SHORT } else { Self::WHOLE };
        for (name, value) in words.iter().filter_map(|word| word.split_once('=')) {
            match name {
                "chats" => sizes.chats = value.parse().unwrap(),
                "rate" => sizes.rate = value.parse().unwrap(),
                "seconds" => sizes.seconds = value.parse().unwrap(),
                "calm" => sizes.calm_seconds = value.parse().unwrap(),
                "only" => sizes.only = Some(value.to_owned()),
                _ => panic!("there is nothing called `{name}` here"),
            }
        }
        sizes
    }
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let is_met = runtime.block_on(measure(Sizes::chosen()));
    println!("\n{}", if is_met { "All musts are met." } else { "Not all musts are met." });
}

async fn measure(sizes: Sizes) -> bool {
    let calm = Duration::from_secs(sizes.calm_seconds);
    let stage = Stage::new(sizes).await;
    let calm = crowd::ask_for(&stage, calm, "before").await;
    let storm = sky::storm(&stage).await;
    report::print(&stage, &calm, &storm)
}
