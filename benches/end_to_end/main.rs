//! What a message costs, end to end over Telegram, against a floor in the same run.
//!
//! The floor is the storing relay of `relay.rs`, which does the least that a bot
//! with a memory must do. Both run as processes of their own beside an emulator
//! of Telegram and one of the model, which share the machine with them; so
//! ratios are what counts. `make bench` prints the table of
//! docs/performance.md.

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

mod disk;
mod fill;
mod growth;
mod load;
mod percentiles;
mod process;
mod relay;
mod subjects;

#[path = "../../tests/it/support/mod.rs"]
mod support;

use std::time::Duration;

use subjects::{Stage, Subject};
use support::database::Engine;

/// How many people talk at once in a closed loop.
const PEOPLE: i64 = 10;

/// How much is measured.
pub struct Sizes {
    /// How many messages a calm run has.
    calm: usize,
    /// How many messages a busy run has.
    busy: usize,
    /// How many answers are watched while they come.
    streamed: usize,
    /// What stored rows are divided by.
    share: u64,
}

impl Sizes {
    const WHOLE: Self = Self { calm: 400, busy: 4_000, streamed: 40, share: 1 };

    /// Only shows that it works.
    const SHORT: Self = Self { calm: 20, busy: 100, streamed: 3, share: 100 };

    fn stored(&self, rows: u64) -> u64 {
        if rows > 1_000 { rows / self.share } else { rows }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sizes = if words.iter().any(|word| word == "short") { Sizes::SHORT } else { Sizes::WHOLE };
    match words.iter().position(|word| word == "relay") {
        Some(at) => runtime.block_on(relay::run(&words[at + 1..])),
        None => runtime.block_on(measure(&sizes)),
    }
}

async fn measure(sizes: &Sizes) {
    let engines: &[Engine] = match Engine::chosen() {
        Engine::Sqlite => &[Engine::Sqlite],
        Engine::Postgres => &[Engine::Sqlite, Engine::Postgres],
    };
    println!("fsync p50 of this disk: {:.3} ms\n", millis(disk::fsync_p50()));
    let stage = Stage::new().await;
    println!("| what | SQLite | PostgreSQL | storing relay | SQLite to relay |\n|---|---|---|---|---|");
    let relay = calm(&stage, Subject::Relay, sizes).await;
    let mut ours = Vec::new();
    for engine in engines {
        ours.push(calm(&stage, Subject::Switchboard(*engine), sizes).await);
    }
    let of = |value: fn(&load::Calm) -> f64| (ours.iter().map(value).collect(), Some(value(&relay)));
    row("added latency p50, calm, ms", of(|calm| calm.total.p50));
    row("added latency p99, calm, ms", of(|calm| calm.total.p99));
    row("from update to model request p50, ms", of(|calm| calm.to_model.p50));
    let relay = busy(&stage, Subject::Relay, sizes).await;
    let mut ours = Vec::new();
    for engine in engines {
        ours.push(busy(&stage, Subject::Switchboard(*engine), sizes).await);
    }
    let of = |value: fn(&Busy) -> f64| (ours.iter().map(value).collect(), Some(value(&relay)));
    row("messages/s, ten people in a closed loop", of(|busy| busy.rate));
    row("CPU of the program per 1,000 messages, s", of(|busy| busy.cpu));
    streamed(&stage, engines, sizes).await;
    memory(&stage, sizes).await;
    starts(&stage).await;
    growth::measure(&stage, engines, sizes).await;
}

/// One person after the other, each waiting for the answer.
async fn calm(stage: &Stage, subject: Subject, sizes: &Sizes) -> load::Calm {
    let mut running = stage.start(subject).await;
    load::calm(stage, sizes.calm / 4).await;
    let measured = load::calm(stage, sizes.calm).await;
    running.end().await;
    measured
}

/// What many messages at once have taken.
struct Busy {
    /// Messages a second.
    rate: f64,
    /// Seconds of a processor for a thousand of them.
    cpu: f64,
}

async fn busy(stage: &Stage, subject: Subject, sizes: &Sizes) -> Busy {
    let mut running = stage.start(subject).await;
    load::closed_loop(stage, PEOPLE, sizes.busy / 10).await;
    let cpu = running.cpu();
    let took = load::closed_loop(stage, PEOPLE, sizes.busy).await;
    let spent = running.cpu() - cpu;
    stage.expect_the_last_20();
    running.end().await;
    let count = sizes.busy as f64;
    Busy { rate: count / took.as_secs_f64(), cpu: spent.as_secs_f64() * 1_000.0 / count }
}

/// Answers that come slowly, of which the first words are to be seen early.
async fn streamed(stage: &Stage, engines: &[Engine], sizes: &Sizes) {
    let mut times = Vec::new();
    for engine in engines {
        let mut running = stage.start(Subject::Switchboard(*engine)).await;
        load::one_person(stage, sizes.streamed).await;
        times.push(load::streamed(stage, sizes.streamed).await);
        running.end().await;
    }
    row("from first token to first text p50, ms", (times.iter().map(|times| times.p50).collect(), None));
    row("from first token to first text p99, ms", (times.iter().map(|times| times.p99).collect(), None));
}

async fn memory(stage: &Stage, sizes: &Sizes) {
    let mut running = stage.start(Subject::Everywhere).await;
    load::calm(stage, 1).await;
    row("idle RSS with three channels, MiB", (vec![running.resident_mib()], None));
    load::closed_loop(stage, 200, sizes.busy).await;
    row("peak RSS with 200 busy people, MiB", (vec![running.peak_mib()], None));
    running.end().await;
}

async fn starts(stage: &Stage) {
    for (is_fresh, what) in [(true, "empty database"), (false, "database there")] {
        let took = millis(stage.start_to_first_poll(is_fresh).await);
        row(&format!("start to first poll, {what}, ms"), (vec![took], None));
    }
}

/// What was measured on each engine, and of the floor if that has it.
fn row(what: &str, (ours, floor): (Vec<f64>, Option<f64>)) {
    let cell = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2} "));
    let ratio = floor.map(|floor| ours[0] / floor);
    println!(
        "| {what} | {}| {}| {}| {}|",
        cell(ours.first().copied()),
        cell(ours.get(1).copied()),
        cell(floor),
        cell(ratio)
    );
}

/// Milliseconds, as tables have them.
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
