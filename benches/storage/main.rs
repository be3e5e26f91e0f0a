//! How long it takes until a message is durable, and how many are so in a second:
//! the store alone, on SQLite with full sync and, where `SWITCHBOARD_TEST_POSTGRES`
//! names a server, on PostgreSQL. `make bench` prints the table of docs/performance.md.

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

#[path = "../end_to_end/disk.rs"]
mod disk;
#[path = "../end_to_end/percentiles.rs"]
mod percentiles;
#[path = "../../tests/it/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use switchboard::domain::{
    Address, AddressKind, Author, Call, DedupeKey, Event, InboundMessage, Platform, PostedId, Said, Timestamp,
};
use switchboard::store::{Incoming, Store};
use switchboard::telemetry::Tasks;
use tokio::task::JoinSet;

use percentiles::Percentiles;
use support::database::{self, Engine, Own};

/// How many messages each caller has taken in, and in a run that only shows that it works.
const MESSAGES: i64 = 2_000;
const FEW_MESSAGES: i64 = 50;

/// How many people write.
const PEOPLE: i64 = 20;

fn main() {
    let is_short = std::env::args().any(|word| word == "short");
    let messages = if is_short { FEW_MESSAGES } else { MESSAGES };
    tokio::runtime::Runtime::new().unwrap().block_on(measure(messages));
}

async fn measure(messages: i64) {
    println!("fsync p50 of this disk: {:.3} ms\n", disk::fsync_p50().as_secs_f64() * 1e3);
    println!("| accepting a message | p50, ms | p99, ms | messages/s |\n|---|---|---|---|");
    callers("SQLite", &Own::file(), messages).await;
    if Engine::chosen() == Engine::Postgres {
        callers("PostgreSQL", &Own::new(), messages).await;
    }
}

async fn callers(engine: &str, database: &Own, messages: i64) {
    let tasks = Tasks::default();
    let store = Store::open(&database::settings(&database.plain_url()), &tasks).await.unwrap();
    take_in(&store, 0, PEOPLE * 2).await;
    for callers in [1, 10] {
        let began = Instant::now();
        let mut working = JoinSet::new();
        for caller in 1..=callers {
            let store = store.clone();
            working.spawn(async move { take_in(&store, callers * 100 + caller, messages / callers).await });
        }
        let times: Vec<Duration> = working.join_all().await.concat();
        let rate = times.len() as f64 / began.elapsed().as_secs_f64();
        let Percentiles { p50, p99 } = times.into();
        println!("| {engine}, {callers} at once | {p50:.2} | {p99:.2} | {rate:.0} |");
    }
    drop(store);
    tasks.end().await;
}

/// Takes messages in, one after the other, and tells how long each took.
async fn take_in(store: &Store, caller: i64, messages: i64) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in 0..messages {
        let incoming = Incoming { messages: vec![message(caller, number)], ..Incoming::default() };
        let began = Instant::now();
        let taken = store.accept(incoming, Timestamp::now_utc()).await.unwrap();
        times.push(began.elapsed());
        assert_eq!(taken.accepted.len(), 1);
    }
    times
}

/// Each caller has people of its own, as each platform has.
fn message(caller: i64, number: i64) -> InboundMessage {
    let somebody = format!("{caller}-{}", number % PEOPLE);
    InboundMessage {
        key: DedupeKey(format!("telegram:{somebody}:{number}")),
        author: Author {
            platform_user_id: somebody.clone(),
            name: "Somebody".to_owned(),
            username: None,
            locale: None,
            is_anonymous: false,
        },
        sequence: number,
        sent_at: Timestamp::now_utc(),
        event: Event::Text(Said {
            message: Some(PostedId(number.to_string())),
            text: format!("Question {number}, in as many words as people take for one?"),
            call: Call::Mention,
            reply_to: None,
            attachments: Vec::new(),
        }),
        address: Address {
            platform: Platform::Telegram,
            scope: String::new(),
            chat: somebody,
            thread: None,
            kind: AddressKind::Direct,
            space: None,
        },
    }
}
