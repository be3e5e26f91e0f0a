//! People who talk to the program, and how long they wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::millis;
use crate::subjects::Stage;
use crate::support::telegram::Telegram;

/// How long people waited, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Percentiles {
    pub p50: f64,
    pub p99: f64,
}

impl From<Vec<Duration>> for Percentiles {
    fn from(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: f64| millis(times[((times.len() - 1) as f64 * share) as usize]);
        Self { p50: at(0.5), p99: at(0.99) }
    }
}

/// Calm talk: until the answer is on the screen, and until the model was asked.
pub struct Calm {
    pub total: Percentiles,
    pub to_model: Percentiles,
}

/// Twenty people, one message at a time.
pub async fn calm(stage: &Stage, messages: usize) -> Calm {
    let (mut total, mut to_model) = (Vec::new(), Vec::new());
    for number in 0..messages {
        let person = 1 + (number % 20) as i64;
        let before = stage.models.count();
        let began = Instant::now();
        ask(&stage.telegram, person, number).await;
        total.push(began.elapsed());
        assert!(stage.models.count() > before);
        to_model.push(stage.models.requests().last().unwrap().at.duration_since(began));
    }
    Calm { total: total.into(), to_model: to_model.into() }
}

/// One person, one message at a time.
pub async fn one_person(stage: &Stage, messages: usize) -> Percentiles {
    let mut times = Vec::new();
    for number in 0..messages {
        let began = Instant::now();
        ask(&stage.telegram, 1, number).await;
        times.push(began.elapsed());
    }
    times.into()
}

/// Several people, each asking again as soon as there is an answer.
pub async fn closed_loop(stage: &Stage, people: i64, messages: usize) -> Duration {
    let left = Arc::new(AtomicUsize::new(messages));
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for person in 1..=people {
        let (telegram, left) = (stage.telegram.clone(), Arc::clone(&left));
        asking.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            {
                ask(&telegram, person, 0).await;
            }
        });
    }
    asking.join_all().await;
    began.elapsed()
}

async fn ask(telegram: &Telegram, person: i64, number: usize) {
    let question = telegram.user(1_000 + person, "Somebody").says(&format!("Question {number}?"));
    let answered = telegram.wait_for_message(1_000 + person, |shown| shown.reply_to == Some(question.id));
    answered.await.expect("an answer");
}
