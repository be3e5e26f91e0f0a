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
mod load;
mod process;
mod relay;
mod subjects;

#[path = "../../tests/it/support/mod.rs"]
mod support;

use std::time::Duration;

use load::Percentiles;
use subjects::{Stage, Subject};

/// How many messages a calm run has.
const CALM: usize = 400;
/// How many messages a busy run has.
const BUSY: usize = 4_000;
/// How many people talk at once in it.
const PEOPLE: i64 = 10;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match words.iter().position(|word| word == "relay") {
        Some(at) => runtime.block_on(relay::run(&words[at + 1..])),
        None => runtime.block_on(measure()),
    }
}

async fn measure() {
    println!("fsync p50 of this disk: {:.3} ms\n", disk::fsync_p50().as_secs_f64() * 1e3);
    println!("| what | ours | storing relay | ratio |\n|---|---|---|---|");
    let stage = Stage::new().await;
    let relay = calm(&stage, Subject::Relay).await;
    let ours = calm(&stage, Subject::Switchboard).await;
    row("added latency p50, calm, ms", ours.total.p50, relay.total.p50);
    row("added latency p99, calm, ms", ours.total.p99, relay.total.p99);
    row("from update to model request p50, ms", ours.to_model.p50, relay.to_model.p50);
    let (relay_rate, relay_cpu) = busy(&stage, Subject::Relay).await;
    let (our_rate, our_cpu) = busy(&stage, Subject::Switchboard).await;
    row("messages/s, ten people in a closed loop", our_rate, relay_rate);
    row("CPU per 1,000 messages, s", our_cpu, relay_cpu);
    memory(&stage).await;
    starts(&stage).await;
    growth(&stage).await;
}

/// One person after the other, each waiting for the answer.
async fn calm(stage: &Stage, subject: Subject) -> load::Calm {
    let mut running = stage.start(subject).await;
    load::calm(stage, CALM / 4).await;
    let measured = load::calm(stage, CALM).await;
    running.end().await;
    measured
}

async fn busy(stage: &Stage, subject: Subject) -> (f64, f64) {
    let mut running = stage.start(subject).await;
    load::closed_loop(stage, PEOPLE, BUSY / 10).await;
    let cpu = running.cpu();
    let took = load::closed_loop(stage, PEOPLE, BUSY).await;
    let spent = running.cpu() - cpu;
    running.end().await;
    (BUSY as f64 / took.as_secs_f64(), spent.as_secs_f64() * 1_000.0 / BUSY as f64)
}

async fn memory(stage: &Stage) {
    let mut running = stage.start(Subject::Everywhere).await;
    load::calm(stage, 1).await;
    let idle = running.resident_mib();
    load::closed_loop(stage, 200, 4_000).await;
    println!("| idle RSS with three channels, MiB | {idle:.1} | | |");
    println!("| peak RSS with 200 busy people, MiB | {:.1} | | |", running.peak_mib());
    running.end().await;
}

async fn starts(stage: &Stage) {
    let fresh = stage.start_to_first_poll(true).await;
    let again = stage.start_to_first_poll(false).await;
    println!("| start to first poll, empty database, ms | {:.0} | | |", fresh.as_secs_f64() * 1e3);
    println!("| start to first poll, database there, ms | {:.0} | | |", again.as_secs_f64() * 1e3);
}

/// How latency grows with what is stored.
async fn growth(stage: &Stage) {
    let small = with_rows(stage, 0, 0).await;
    let long = with_rows(stage, 1_000_000, 0).await;
    let many = with_rows(stage, 0, 100_000).await;
    row("p50 with 1,000,000 messages in the conversation against 10, ms", long.p50, small.p50);
    row("p50 with 100,000 users against 1, ms", many.p50, small.p50);
}

async fn with_rows(stage: &Stage, messages: u64, users: u64) -> Percentiles {
    let subject = Subject::Switchboard;
    let mut running = stage.start(subject).await;
    load::one_person(stage, 10).await;
    running.end().await;
    fill::fill(&stage.database(), messages, users).await;
    let mut running = stage.start_again(subject).await;
    load::one_person(stage, CALM / 4).await;
    let measured = load::one_person(stage, CALM).await;
    running.end().await;
    measured
}

fn row(what: &str, ours: f64, floor: f64) {
    println!("| {what} | {ours:.2} | {floor:.2} | {:.2} |", ours / floor);
}

/// Milliseconds, as tables have them.
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
