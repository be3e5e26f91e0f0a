//! People who ask short questions, and how long they wait for the first word.

use std::future::pending;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::stage::{Platform, Stage};

/// The first of them; those before are in the storm.
const FIRST: usize = 10_000;

/// How many there are on each platform.
const PEOPLE: usize = 4;

/// How long each of them thinks between an answer and the next question.
const THINKS: Duration = Duration::from_millis(1_500);

/// The same where posts are counted by the minute: what they ask is to fit in beside the storm.
const THINKS_BY_THE_MINUTE: Duration = Duration::from_secs(6);

/// How often they look.
const LOOK: Duration = Duration::from_millis(20);

/// A question: when it was asked, and when the first text of its answer stood there.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub at: Instant,
    pub took: Duration,
}

/// Asks for so long; returns what was asked on each platform.
pub async fn ask_for(stage: &Stage, time: Duration, when: &str) -> Vec<Vec<Asked>> {
    ask_until(stage, async { sleep(time).await }, when).await
}

/// Asks until something is over.
pub async fn ask_until(stage: &Stage, over: impl Future<Output = ()>, when: &str) -> Vec<Vec<Asked>> {
    let (tell, hear) = tokio::sync::watch::channel(false);
    let asking = stage.platforms.iter().map(|platform| {
        let hear = &hear;
        async move {
            let people = (FIRST..FIRST + PEOPLE).map(|person| one(platform, person, when, hear.clone()));
            futures_util::future::join_all(people).await.concat()
        }
    });
    let asking = futures_util::future::join_all(asking);
    let telling = async {
        over.await;
        tell.send_replace(true);
        pending::<()>().await;
    };
    tokio::select! {
        asked = asking => asked,
        () = telling => unreachable!("it waits for ever"),
    }
}

async fn one(
    platform: &Platform,
    person: usize,
    when: &str,
    over: tokio::sync::watch::Receiver<bool>,
) -> Vec<Asked> {
    let is_by_the_minute = platform.limit.within >= Duration::from_secs(60);
    let thinks = if is_by_the_minute { THINKS_BY_THE_MINUTE } else { THINKS };
    // They do not all ask at the same moment.
    sleep(thinks * (person - FIRST) as u32 / PEOPLE as u32).await;
    let mut asked = Vec::new();
    for number in 0.. {
        if *over.borrow() {
            break;
        }
        let (question, at) = (format!("{when} {person}-{number}?"), Instant::now());
        platform.say(person, &question);
        let first = loop {
            sleep(LOOK).await;
            let seen = platform.seen(person);
            let answer = seen.iter().find(|seen| seen.text().contains(&question));
            if let Some((first, _)) = answer.and_then(|answer| answer.revisions.first()) {
                break *first;
            }
            assert!(at.elapsed() < Duration::from_secs(300), "`{question}` was not answered");
        };
        asked.push(Asked { at, took: first.saturating_duration_since(at) });
        sleep(thinks).await;
    }
    asked
}
