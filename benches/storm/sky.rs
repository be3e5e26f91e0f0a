//! The storm itself, from the first question to the last final text.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::crowd::{self, Asked};
use crate::stage::{LONG, Stage};

/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// How long after the model's end final texts are waited for at most.
const PATIENCE: Duration = Duration::from_secs(400);

/// What was seen of a storm.
pub struct Storm {
    pub began: Instant,
    /// On each platform: what others asked until the model had said its last token.
    pub others: Vec<Vec<Asked>>,
    /// On each platform: when the first, and when the final text of each long answer stood there.
    pub shown: Vec<Vec<(Instant, Instant)>>,
    /// On each platform: when the model had said the last token of each.
    pub last_tokens: Vec<Vec<Instant>>,
    /// How many long answers had not come whole at the end.
    pub broken: usize,
    /// How often long answers were changed on the way, on each platform.
    pub revisions: Vec<usize>,
    /// Memory in MiB, and how long after the beginning.
    pub memory: Vec<(Duration, f64)>,
    pub cpu: Duration,
}

/// Lets it come and go.
pub async fn storm(stage: &Stage) -> Storm {
    let (began, cpu) = (Instant::now(), stage.program.cpu());
    for person in 0..stage.sizes.chats {
        for platform in stage.platforms.iter().filter(|platform| person < stage.chats(platform)) {
            platform.say(person, &question(platform.name, person));
        }
    }
    let raging = async {
        let all = stage.platforms.iter().map(|platform| stage.chats(platform)).sum();
        while stage.last_tokens().len() < all {
            assert!(began.elapsed() < Duration::from_secs(1_200), "the model has not come to its end");
            sleep(Duration::from_millis(500)).await;
        }
    };
    let mut memory = Vec::new();
    let living = async {
        let others = crowd::ask_until(stage, raging, "meanwhile").await;
        (others, settle(stage).await)
    };
    let watching = async {
        loop {
            memory.push((began.elapsed(), stage.program.resident_mib()));
            sleep(LOOK).await;
        }
    };
    let (others, (shown, revisions, broken)) = tokio::select! {
        lived = living => lived,
        () = watching => unreachable!("it watches for ever"),
    };
    memory.push((began.elapsed(), stage.program.resident_mib()));
    let said = stage.last_tokens();
    let of = |name: &str| {
        let begin = format!("{LONG} {name}");
        said.iter().filter(|(question, _)| question.starts_with(&begin)).map(|(_, at)| *at).collect()
    };
    let last_tokens = stage.platforms.iter().map(|platform| of(platform.name)).collect();
    let cpu = stage.program.cpu() - cpu;
    Storm { began, others, shown, last_tokens, broken, revisions, memory, cpu }
}

fn question(platform: &str, person: usize) -> String {
    format!("{LONG} {platform} {person}.")
}

/// Waits until all final texts stand there; returns when the first and the final text of each did,
/// how often they changed, and how many are not whole.
async fn settle(stage: &Stage) -> (Vec<Vec<(Instant, Instant)>>, Vec<usize>, usize) {
    let (words, waits) = (stage.words(), Instant::now());
    let (mut shown, mut revisions, mut broken) = (Vec::new(), Vec::new(), 0);
    for platform in &stage.platforms {
        let (mut times, mut count) = (Vec::new(), 0);
        for person in 0..stage.chats(platform) {
            loop {
                let seen = platform.seen(person);
                let all = seen.iter().map(|seen| seen.text().trim());
                let is_whole = all.collect::<Vec<_>>().join(" ").split_whitespace().eq(words.iter());
                if is_whole {
                    let last = seen.iter().filter_map(|seen| seen.revisions.last()).map(|(at, _)| *at);
                    let first = seen.iter().filter_map(|seen| seen.revisions.first()).map(|(at, _)| *at);
                    times.extend(first.min().zip(last.max()));
                    count += seen.iter().map(|seen| seen.revisions.len()).sum::<usize>();
                    break;
                }
                if waits.elapsed() > PATIENCE {
                    broken += 1;
                    break;
                }
                sleep(Duration::from_millis(250)).await;
            }
        }
        shown.push(times);
        revisions.push(count);
    }
    (shown, revisions, broken)
}
