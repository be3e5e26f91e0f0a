//! The long run: random places and times until the time is over.
//!
//! `MINUTES=60 make crash`; `SEED=… RUNS=1 make crash` repeats one run of it.
//! Without either variable, which is how `make test` runs it, there is nothing to do.

use std::env;
use std::time::{Duration, Instant};

use crate::crash::random::{Run, run};

/// How many runs go on side by side.
const SIDE_BY_SIDE: usize = 3;

/// On one thread, as all tests are: so nothing changes between a look at a button and a press.
#[tokio::test]
async fn for_hours() {
    let number =
        |name| env::var(name).ok().filter(|text| !text.is_empty()).map(|text| text.parse().expect(name));
    let (minutes, runs): (Option<u64>, Option<u64>) = (number("CRASH_MINUTES"), number("CRASH_RUNS"));
    if minutes.is_none() && runs.is_none() {
        return;
    }
    let first = number("CRASH_SEED").unwrap_or(1);
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
    let mut seeds = (first..).take_while(|seed| {
        runs.is_none_or(|runs| seed - first < runs) && until.is_none_or(|until| Instant::now() < until)
    });
    let (mut count, mut all) = (0_u64, Run::default());
    let mut running = tokio::task::JoinSet::new();
    let mut start = |running: &mut tokio::task::JoinSet<_>| {
        if let Some(seed) = seeds.next() {
            running.spawn(async move { (seed, tokio::spawn(run(seed, true)).await) });
        }
    };
    (0..SIDE_BY_SIDE).for_each(|_| start(&mut running));
    while let Some(ended) = running.join_next().await {
        let (seed, ended) = ended.unwrap();
        let ended = ended.unwrap_or_else(|_| {
            panic!("seed {seed} failed after {count} runs; again: SEED={seed} RUNS=1 make crash")
        });
        count += 1;
        all = all.and(ended);
        eprintln!("seed {seed} is well; {count} runs, {all}");
        start(&mut running);
    }
    eprintln!("{count} runs from seed {first} on, {all}: nothing lost, nothing doubled");
}
