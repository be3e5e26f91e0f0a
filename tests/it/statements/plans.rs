//! Whether an index serves each statement, however much there is.
//!
//! What turns and sweeps ask, the real program tells; what commands ask, the
//! store tells when it is asked here. All of it is explained by the database.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use switchboard::domain::{
    Address, AddressId, AddressKind, DedupeKey, Handle, MessageState, PartState, Platform, Reference,
    Timestamp, TurnId,
};
use switchboard::store::{Store, StoreError};
use switchboard::telemetry::Tasks;
use tracing::field::{Field, Visit};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use uuid::Uuid;

use super::House;
use crate::support::database::{self, Engine};
use crate::support::models::{Answer, Gate};
use crate::support::stage::Stage;
use crate::support::statements::{RECURRING, ran};
use crate::support::telegram::BOT_USERNAME;

/// Tables of which there is never much.
const SMALL: [&str; 6] = ["changes", "instances", "leases", "pairing_codes", "schema_meta", "spaces"];

/// Indexes on what is rare, which may be read from end to end.
const RARE: [&str; 7] = [
    "inbox_put_aside",
    "inbox_quarantined",
    "inbox_running",
    "inbox_waiting",
    "outbox_given_up",
    "outbox_open",
    "users_owners",
];

/// What is asked seldom and looks through everything, by words in it, and why it may.
const SEARCHING: [(&str, &str); 2] = [
    ("LIKE $1", "a reference is the end of an id, typed by an operator"),
    (r#"ORDER BY "users"."created_at" DESC"#, "an operator's list of people"),
];

/// Keeps the statements that are told in this thread.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Told {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "sql" {
            self.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Complaints about a plan: each growing table that is read from end to end.
fn scans(engine: Engine, plan: &[String]) -> Vec<String> {
    let is_harmless = |line: &str| {
        RARE.iter().any(|index| line.contains(&format!("{index} "))) || {
            RARE.iter().any(|index| line.ends_with(index))
        }
    };
    match engine {
        Engine::Sqlite => {
            let made = |name: &str| {
                plan.iter().any(|step| {
                    step.strip_prefix("CO-ROUTINE ").or(step.strip_prefix("MATERIALIZE ")) == Some(name)
                })
            };
            let scanned = |step: &&String| {
                let name = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
                let is_small = |name: &str| SMALL.contains(&name) || name == "CONSTANT" || made(name);
                name.is_some_and(|name| !is_small(name)) && !is_harmless(step)
            };
            plan.iter().filter(scanned).cloned().collect()
        }
        Engine::Postgres => {
            let depth = |line: &str| line.len() - line.trim_start().len();
            let is_asked = |at: usize| {
                let (own, behind) = (depth(&plan[at]), &plan[at + 1..]);
                let details = behind.iter().take_while(|line| depth(line) > own && !line.contains("->"));
                details.into_iter().any(|line| line.trim_start().starts_with("Index Cond:"))
            };
            let scanned = |(at, line): &(usize, &String)| {
                let of_small = SMALL.iter().any(|table| line.contains(&format!(" on {table}")));
                let by_index = line.contains("Index Scan") || line.contains("Index Only Scan");
                let is_scan = line.contains("Seq Scan") || by_index && !is_asked(*at);
                is_scan && !of_small && !is_harmless(line)
            };
            plan.iter().enumerate().filter(scanned).map(|(_, line)| line.trim().to_owned()).collect()
        }
    }
}

/// A day of a daemon that is open to everybody: quick and streamed answers, long
/// ones, commands, a group, second thoughts, a crash and what comes after it.
async fn day() -> (Stage, BTreeSet<String>) {
    let house = House::open().await;
    let (telegram, models) = (house.stage.platform.clone(), house.stage.models.clone());
    let alice = telegram.user(1001, "Alice");
    for words in ["Hello.", "/help", "/new", "/whoami", "/model gpt-4o", "Again.", "/stop"] {
        house
            .turn(async || {
                alice.says(words);
            })
            .await;
    }
    models.will_say("All of it.\n".repeat(1_000));
    house
        .turn(async || {
            alice.says("Tell me all.");
        })
        .await;
    let ended = |log: Vec<String>| log.iter().filter(|line| line.contains(super::TURN_ENDED)).count();
    let before = ended(house.bot.log());
    // The command, and the turn that it asks for.
    alice.says("/retry");
    house.bot.wait_for_logs(super::TURN_ENDED, before + 2).await;
    let question = alice.says("Tell me more.");
    house.bot.wait_for_logs(super::TURN_ENDED, before + 3).await;
    alice.edits(question, "Tell me less.");
    house.bot.wait_for_logs(super::TURN_ENDED, before + 4).await;
    let screen = telegram.screen(1001);
    let answer = screen.iter().rev().find(|shown| shown.is_from_bot()).unwrap();
    alice.reacts(answer, "👍");
    alice.reacts(answer, "");
    house.bot.wait_for_log("DELETE FROM feedback").await;
    telegram.group(-1001, "Team");
    house
        .turn(async || {
            alice.says_in(-1001, &format!("@{BOT_USERNAME} hello"));
        })
        .await;

    let gate = Gate::closed_after(1);
    models.will(Answer::deltas(["It begins", " and ends."]).behind(&gate));
    alice.says("A story.");
    house.stage.wait_for(1001, "It begins").await;
    let waiting = alice.says("What wais");
    alice.edits(waiting, "What waits");
    house.bot.wait_for_log(r#"UPDATE \"inbox\" SET \"payload\""#).await;
    for (_, words) in &RECURRING[..3] {
        house.bot.wait_for_log(&words.replace('"', r#"\""#)).await;
    }
    let House { stage, bot } = house;
    let mut told = ran(bot.log());
    bot.crash().await;
    gate.release();
    let bot = stage.serve().await;
    bot.wait_for_logs(super::TURN_ENDED, 2).await;
    told.extend(ran(bot.log()));
    assert_eq!(stage.said(-1001), ["Certainly."]);
    assert_eq!(stage.said(1001).last().map(String::as_str), Some("Certainly."));
    stage.ends_well(bot).await;
    (stage, told.into_iter().map(|ran| ran.sql).collect())
}

/// What operators and channels ask, of a database in which all has been given up.
async fn commands(url: &str) -> Result<BTreeSet<String>, StoreError> {
    database::run(url, "UPDATE inbox SET state = 'dead'").await;
    database::run(url, "UPDATE outbox SET state = 'dead', payload = '{}'").await;
    let told = Told::default();
    // Without spans: one that ends on another thread would be looked for with that thread's subscriber.
    let events = filter_fn(|metadata| !metadata.is_span());
    let listener = tracing_subscriber::registry().with(events).with(told.clone());
    let _listening = tracing::subscriber::set_default(listener);
    let tasks = Tasks::default();
    let store = Store::open_beside(&database::settings(url), &tasks).await?;
    let now = Timestamp::UNIX_EPOCH;
    let aside = [MessageState::Dead, MessageState::Quarantined];
    for states in [&aside[..], &aside[..1], &aside[1..]] {
        store.messages_in(states, 100).await?;
    }
    store.parts_in(None, 100).await?;
    for state in PartState::ALL.into_iter().filter(|state| *state != PartState::Sent) {
        store.parts_in(Some(state), 100).await?;
    }
    let matters = store.given_up(100).await?;
    let [one, other, ..] = matters[..] else { panic!("{matters:?}") };
    store.matters(&Handle::Whole(one.0)).await?;
    store.matters(&Handle::Short(Reference::from(TurnId(one.0)))).await?;
    store.messages_of(one, true).await?;
    store.parts_of(one, true).await?;
    store.retry(one).await?;
    store.replay(other).await?;
    store.count_dead(None, Some(now)).await?;
    store.purge_dead(None, None, now).await?;
    store.people(100).await?;
    store.spaces(100).await?;
    store.has_owner().await?;
    store.known_places(Platform::Discord, 100).await?;
    store.accepted_before(&[DedupeKey("key".to_owned())]).await?;
    store.posted_since(AddressId(Uuid::nil()), now).await?;
    store.identity(Platform::Telegram, "", "1001").await?;
    // Telegram tells nothing of deletions.
    store.withdraw(&DedupeKey("key".to_owned()), now).await?;
    let place = Address {
        platform: Platform::Slack,
        scope: "T1".to_owned(),
        chat: "C1".to_owned(),
        thread: Some("1.000001".to_owned()),
        kind: AddressKind::Thread,
        space: None,
    };
    store.has_answered(&place).await?;
    drop(store);
    tasks.end().await;
    let told = told.0.lock().unwrap().clone();
    Ok(told.into_iter().collect())
}

#[tokio::test]
async fn an_index_serves_every_statement() {
    let (stage, mut statements) = day().await;
    statements.extend(commands(&stage.setup.database_url()).await.unwrap());
    let beside = stage.beside().await;
    if beside.engine() == Engine::Postgres {
        // As little as there is here, reading all of it would be the quickest way.
        beside.run("SET enable_seqscan = off").await;
    }
    let (mut complaints, mut searched) = (Vec::new(), BTreeSet::new());
    let mut explained = 0;
    for sql in statements.iter().filter(|sql| !sql.starts_with("INSERT")) {
        explained += 1;
        let plan = beside.plan(sql).await;
        let scans = scans(beside.engine(), &plan);
        match SEARCHING.iter().find(|(words, _)| sql.contains(words)) {
            _ if scans.is_empty() => {}
            Some((words, _)) => drop(searched.insert(*words)),
            None => complaints.push(format!("{sql}\n    {}", plan.join("\n    "))),
        }
    }
    beside.close().await;
    assert!(complaints.is_empty(), "without an index:\n{}", complaints.join("\n"));
    assert!(explained >= 40, "a day and all commands take more than {explained} statements");
    assert_eq!(
        searched,
        SEARCHING.iter().map(|(words, _)| *words).collect(),
        "what looks through everything"
    );
}

#[test]
fn a_scan_of_what_grows_is_seen_in_a_plan() {
    let complaints = |engine, plan: &[&str]| {
        let plan: Vec<String> = plan.iter().map(|&line| line.to_owned()).collect();
        scans(engine, &plan).len()
    };
    for (plan, expected) in [
        (&["SCAN inbox"][..], 1),
        (&["SCAN i USING INDEX inbox_by_turn"], 1),
        (&["SCAN inbox USING INDEX inbox_waiting", "USE TEMP B-TREE FOR ORDER BY"], 0),
        (&["SEARCH inbox USING INDEX inbox_by_turn (turn_id=?)"], 0),
        (&["CO-ROUTINE o", "SEARCH outbox USING INDEX outbox_open (created_at>?)", "SCAN o"], 0),
        (&["SCAN changes"], 0),
    ] {
        assert_eq!(complaints(Engine::Sqlite, plan), expected, "{plan:?}");
    }
    for (plan, expected) in [
        (&["Sort", "  ->  Seq Scan on inbox", "        Filter: (lane_id = $1)"][..], 1),
        (&["Index Scan using inbox_by_turn on inbox", "  Filter: (lane_id = $1)"], 1),
        (&["Index Scan using inbox_by_turn on inbox", "  Index Cond: (turn_id = $1)"], 0),
        (
            &[
                "Nested Loop",
                "  ->  Index Scan using users_pkey on users",
                "  ->  Index Scan using a on b",
                "        Index Cond: (id = $1)",
            ],
            1,
        ),
        (&["Bitmap Heap Scan on inbox", "  ->  Bitmap Index Scan on inbox_waiting"], 0),
        (&["Seq Scan on changes"], 0),
    ] {
        assert_eq!(complaints(Engine::Postgres, plan), expected, "{plan:?}");
    }
}
