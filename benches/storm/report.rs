//! What was found, held against what has to be.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::crowd::Asked;
use crate::sky::Storm;
use crate::stage::{Platform, Stage};

/// How much later than the limits allow a final text may stand there.
const LATE: Duration = Duration::from_secs(2);

/// How many calls in a hundred may be one too many.
const TOO_MANY: f64 = 1.0;

/// How much more memory the last third of the storm may take than the second.
const GROWS: f64 = 1.05;

/// How much longer than without a storm others may wait for their first text: as long as the
/// shortest documented limit of an account takes to make room again when it has been used up.
const ROOM: Duration = Duration::from_secs(1);

/// Prints everything; returns whether all of it is as it has to be.
pub fn print(stage: &Stage, calm: &[Vec<Asked>], storm: &Storm) -> bool {
    let sizes = &stage.sizes;
    println!(
        "{} chats on each platform, {} tokens/s each for {} s; the model took {:.1} s, the program {:.1} s of a processor\n",
        sizes.chats,
        sizes.rate,
        sizes.seconds,
        storm.last_tokens.iter().flatten().max().map_or(0.0, |end| (*end - storm.began).as_secs_f64()),
        storm.cpu.as_secs_f64(),
    );
    let mut musts = Musts::default();
    println!("| what | {} | must | |", names(stage));
    println!("|---|---|---|---|---|---|");
    calls(stage, storm, &mut musts);
    finals(stage, storm, &mut musts);
    firsts(calm, storm, &mut musts);
    memory(storm, &mut musts);
    of_each_method(stage);
    let (count, first) = stage.program.warnings();
    println!(
        "\n{count} warnings in the log{}",
        first.iter().map(|line| format!("\n    {line}")).collect::<String>()
    );
    musts.are_met
}

fn names(stage: &Stage) -> String {
    stage.platforms.iter().map(|platform| platform.name).collect::<Vec<_>>().join(" | ")
}

/// Rows of a table, and whether what has to be is.
struct Musts {
    are_met: bool,
}

impl Default for Musts {
    fn default() -> Self {
        Self { are_met: true }
    }
}

impl Musts {
    fn row(&mut self, what: &str, cells: &[String], must: &str, is_met: Option<bool>) {
        self.are_met &= is_met != Some(false);
        let verdict = match is_met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "",
        };
        println!("| {what} | {} | {must} | {verdict} |", cells.join(" | "));
    }
}

fn calls(stage: &Stage, storm: &Storm, musts: &mut Musts) {
    let counts: Vec<(usize, usize)> = stage
        .platforms
        .iter()
        .map(Platform::calls)
        .map(|calls| (calls.len(), calls.iter().filter(|(_, is_refused)| *is_refused).count()))
        .collect();
    let share = |(all, refused): &(usize, usize)| *refused as f64 * 100.0 / (*all).max(1) as f64;
    let cells: Vec<String> = counts.iter().map(|count| count.0.to_string()).collect();
    musts.row("calls", &cells, "", None);
    let cells: Vec<String> =
        counts.iter().map(|count| format!("{} ({:.2} %)", count.1, share(count))).collect();
    musts.row("429", &cells, "1 %", Some(counts.iter().all(|count| share(count) <= TOO_MANY)));
    let texts: Vec<String> = storm.revisions.iter().map(usize::to_string).collect();
    musts.row("texts shown of long answers, the final ones among them", &texts, "", None);
}

fn finals(stage: &Stage, storm: &Storm, musts: &mut Musts) {
    let (mut after, mut bounds, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for (number, platform) in stage.platforms.iter().enumerate() {
        let mut shown: Vec<Instant> = storm.shown[number].iter().map(|(_, last)| *last).collect();
        shown.sort();
        let mut said = storm.last_tokens[number].clone();
        said.sort();
        let earliest = platform.limit.earliest(said.clone());
        let apart = |later: &[Instant], before: &[Instant]| {
            let pairs = later.iter().zip(before);
            Times::of(pairs.map(|(later, before)| later.saturating_duration_since(*before)).collect())
        };
        after.push(apart(&shown, &said));
        bounds.push(apart(&earliest, &said));
        late.push(apart(&shown, &earliest));
    }
    let cells = |times: &[Times]| times.iter().map(|times| times.cell(1.0)).collect::<Vec<_>>();
    musts.row("last token to final text p50 / max, s", &cells(&after), "", None);
    musts.row("the same, as early as the limits allow, s", &cells(&bounds), "", None);
    let is_met = storm.broken == 0 && late.iter().all(|times| times.max <= LATE.as_secs_f64());
    musts.row("later than that p50 / max, s", &cells(&late), "2 s", Some(is_met));
    let whole: Vec<String> = storm.shown.iter().map(|shown| shown.len().to_string()).collect();
    musts.row("long answers that stand there whole", &whole, "all", Some(storm.broken == 0));
}

fn firsts(calm: &[Vec<Asked>], storm: &Storm, musts: &mut Musts) {
    let firsts: Vec<Times> = storm
        .shown
        .iter()
        .map(|shown| Times::of(shown.iter().map(|(first, _)| *first - storm.began).collect()))
        .collect();
    let of = |asked: &[Asked]| Times::of(asked.iter().map(|asked| asked.took).collect());
    let seconds: Vec<String> = firsts.iter().map(|times| times.cell(1.0)).collect();
    musts.row("first text of long answers p50 / max, s", &seconds, "", None);
    // While the first texts of the storm itself wait for room, those of others stand in the same line.
    let (mut early, mut within) = (Vec::new(), Vec::new());
    for (number, asked) in storm.others.iter().enumerate() {
        let standing = storm.shown[number].iter().map(|(first, _)| *first).max().unwrap_or(storm.began);
        let (before, after): (Vec<Asked>, Vec<Asked>) = asked.iter().partition(|asked| asked.at < standing);
        early.push(of(&before));
        within.push(of(&after));
    }
    let calm: Vec<Times> = calm.iter().map(|asked| of(asked)).collect();
    musts.row("first text of others without the storm p50 / p99, ms", &cells_p99(&calm), "", None);
    let is_soon = |within: &Times, calm: &Times| {
        let room = ROOM.as_secs_f64();
        within.p50 <= calm.p50 + room && within.p99 <= calm.p99 + room
    };
    let is_met = within.iter().zip(&calm).all(|(within, calm)| is_soon(within, calm));
    musts.row("the same in the storm p50 / p99, ms", &cells_p99(&within), "+ 1 s", Some(is_met));
    musts.row("the same while first texts of the storm wait p50 / p99, ms", &cells_p99(&early), "", None);
}

fn cells_p99(times: &[Times]) -> Vec<String> {
    times
        .iter()
        .map(|times| format!("{:.0} / {:.0} ({})", times.p50 * 1e3, times.p99 * 1e3, times.count))
        .collect()
}

fn memory(storm: &Storm, musts: &mut Musts) {
    let end = storm.last_tokens.iter().flatten().max().map_or(storm.began, |end| *end) - storm.began;
    let mean = |from: f64, to: f64| {
        let within = |at: &Duration| (from..to).contains(&(at.as_secs_f64() / end.as_secs_f64()));
        let some: Vec<f64> = storm.memory.iter().filter(|(at, _)| within(at)).map(|(_, mib)| *mib).collect();
        some.iter().sum::<f64>() / some.len().max(1) as f64
    };
    let (second, third) = (mean(1.0 / 3.0, 2.0 / 3.0), mean(2.0 / 3.0, 1.0));
    let is_flat = third <= second * GROWS || second == 0.0;
    let cells = [format!("{second:.1}"), format!("{third:.1}"), format!("{:.3}", third / second)];
    musts.row("RSS in the second and in the last third, MiB, and their ratio", &cells, "1.05", Some(is_flat));
    let course: Vec<String> =
        storm.memory.iter().map(|(at, mib)| format!("{:.0} s: {mib:.1}", at.as_secs_f64())).collect();
    println!("\nRSS in MiB: {}", course.join(", "));
}

/// What was called how often.
fn of_each_method(stage: &Stage) {
    for platform in &stage.platforms {
        let mut methods: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (method, is_refused) in platform.calls() {
            let count = methods.entry(method).or_default();
            *count = (count.0 + 1, count.1 + usize::from(is_refused));
        }
        let methods: Vec<String> =
            methods.iter().map(|(method, (all, refused))| format!("{method} {all} ({refused})")).collect();
        println!("\nCalls on {} (429 in brackets): {}", platform.name, methods.join(", "));
    }
}

/// How long things took, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    count: usize,
    p50: f64,
    p99: f64,
    max: f64,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: f64| {
            let index = (times.len().saturating_sub(1) as f64 * share) as usize;
            times.get(index).map_or(0.0, Duration::as_secs_f64)
        };
        Self { count: times.len(), p50: at(0.5), p99: at(0.99), max: at(1.0) }
    }

    fn cell(&self, scale: f64) -> String {
        format!("{:.1} / {:.1}", self.p50 * scale, self.max * scale)
    }
}
