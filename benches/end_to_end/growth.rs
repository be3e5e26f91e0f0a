//! How latency grows with what is stored, and by which plans it does not.

use crate::Sizes;
use crate::fill;
use crate::load;
use crate::subjects::{Stage, Subject};
use crate::support::database::{Beside, Engine};

/// How many messages the conversation has, and how many people there are, beside the first.
const MESSAGES: [u64; 3] = [10, 10_000, 1_000_000];
const USERS: [u64; 3] = [1, 10_000, 100_000];

/// Prints the median latency with little and with much stored, and their ratios.
pub async fn measure(stage: &Stage, engines: &[Engine], sizes: &Sizes) {
    println!("\n| p50, ms, and against the least | SQLite | PostgreSQL |\n|---|---|---|");
    let mut columns = Vec::new();
    for engine in engines {
        let messages = filled(stage, *engine, MESSAGES.map(|messages| (messages, 1)), sizes).await;
        // The plans are those of a database in which there is much of everything.
        fill::fill(&stage.database(*engine), 0, sizes.stored(USERS[2])).await;
        let plans = plans(stage, *engine).await;
        let users = filled(stage, *engine, USERS.map(|users| (10, users)), sizes).await;
        columns.push((messages, users, plans));
    }
    let row = |what: &str, of: &dyn Fn(usize) -> (f64, f64)| {
        let cells = (0..columns.len()).map(|column| {
            let (p50, least) = of(column);
            format!(" {p50:.2} ({:.2}) |", p50 / least)
        });
        println!("| {what} |{}", cells.collect::<String>());
    };
    for (at, count) in MESSAGES.iter().enumerate() {
        let what = format!("{} messages in the conversation at first", sizes.stored(*count));
        row(&what, &|column| (columns[column].0[at], columns[column].0[0]));
    }
    for (at, count) in USERS.iter().enumerate() {
        row(&format!("{} users at first", sizes.stored(*count)), &|column| {
            (columns[column].1[at], columns[column].1[0])
        });
    }
    for (engine, (.., plans)) in engines.iter().zip(&columns) {
        println!("\nPlans of a turn on {engine:?}, with the most of both:\n");
        plans.iter().for_each(|plan| println!("{plan}"));
    }
}

/// The medians with so many messages and users each time, from an empty database on.
async fn filled(stage: &Stage, engine: Engine, steps: [(u64, u64); 3], sizes: &Sizes) -> Vec<f64> {
    let subject = Subject::Switchboard(engine);
    let mut running = stage.start(subject).await;
    // Ten messages: five questions and their answers.
    load::one_person(stage, 5).await;
    running.end().await;
    let (mut messages, mut users, mut medians) = (10, 1, Vec::new());
    for (more_messages, more_users) in
        steps.map(|(messages, users)| (sizes.stored(messages), sizes.stored(users)))
    {
        let new = (more_messages.saturating_sub(messages), more_users.saturating_sub(users));
        fill::fill(&stage.database(engine), new.0, new.1).await;
        (messages, users) = (messages + new.0, users + new.1);
        let mut running = stage.start_again(subject).await;
        load::one_person(stage, sizes.calm / 4).await;
        medians.push(load::one_person(stage, sizes.calm).await.p50);
        running.end().await;
    }
    medians
}

/// How the database goes about each statement of a quick turn.
async fn plans(stage: &Stage, engine: Engine) -> Vec<String> {
    let statements = stage.told(engine, async || {
        load::one_person(stage, 1).await;
    });
    let statements = statements.await;
    let beside = Beside::open(&stage.database(engine)).await;
    let mut plans = Vec::new();
    for ran in statements {
        // Nothing is deleted but at the end of the program.
        let is_explained = ["SELECT", "UPDATE"].iter().any(|verb| ran.sql.starts_with(verb));
        if is_explained && !ran.is_recurring() {
            let plan = beside.plan(&ran.sql).await;
            let begin: String = ran.sql.chars().take(100).collect();
            plans.push(format!("{begin}\n    {}", plan.join("\n    ")));
        }
    }
    beside.close().await;
    plans
}
