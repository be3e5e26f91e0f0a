//! People who talk to the program, and how long they wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::percentiles::Percentiles;
use crate::subjects::Stage;
use crate::support::models::{Answer, Gate};
use crate::support::telegram::Telegram;

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

/// How long after the first token some text can be seen, while the rest is still to come.
pub async fn streamed(stage: &Stage, messages: usize) -> Percentiles {
    let mut times = Vec::new();
    for number in 0..messages {
        let (gate, begin) = (Gate::closed_after(1), format!("Answer {number} begins"));
        stage.models.will(Answer::deltas([begin.as_str(), " and ends."]).behind(&gate));
        let question = stage.telegram.user(1_001, "Somebody").says(&format!("Question {number}?"));
        gate.wait_until_held(1).await;
        let began = Instant::now();
        stage.telegram.wait_for_answer(question, |text| text == begin).await.expect("the first text");
        times.push(began.elapsed());
        gate.release();
        let is_whole = |text: &str| text.ends_with(" and ends.");
        stage.telegram.wait_for_answer(question, is_whole).await.expect("the whole answer");
    }
    times.into()
}

async fn ask(telegram: &Telegram, person: i64, number: usize) {
    let question = telegram.user(1_000 + person, "Somebody").says(&format!("Question {number}?"));
    telegram.wait_for_answer(question, |_| true).await.expect("an answer");
}
