//! What a turn costs: whoever adds a statement to it has to mean it, and to say so.

use std::collections::BTreeSet;
use std::fs;

use super::House;
use crate::support::models::{Answer, Gate};
use crate::support::source;
use crate::support::statements::Ran;

/// What a turn takes of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    transactions: usize,
    /// All of them, reads too.
    statements: usize,
    /// Those that only read.
    reads: usize,
    /// Those of the reads that are in no transaction, and so a way of their own.
    reads_alone: usize,
}

impl Cost {
    const fn of(transactions: usize, statements: usize, reads: usize, reads_alone: usize) -> Self {
        Self { transactions, statements, reads, reads_alone }
    }

    /// What these took, without what the program does beside any turn.
    fn counted(ran: &[Ran]) -> Self {
        let turn: Vec<&Ran> = ran.iter().filter(|ran| !ran.is_recurring()).collect();
        let transactions: BTreeSet<&str> = turn.iter().filter_map(|ran| ran.transaction.as_deref()).collect();
        let reads = || turn.iter().filter(|ran| ran.is_read());
        Self {
            transactions: transactions.len(),
            statements: turn.len(),
            reads: reads().count(),
            reads_alone: reads().filter(|read| read.transaction.is_none()).count(),
        }
    }

    /// The least of each.
    fn least(one: Self, other: Self) -> Self {
        Self {
            transactions: one.transactions.min(other.transactions),
            statements: one.statements.min(other.statements),
            reads: one.reads.min(other.reads),
            reads_alone: one.reads_alone.min(other.reads_alone),
        }
    }
}

/// Each kind of turn, as docs/performance.md has it, and what it takes: no more, and no less, so that both stay true.
const QUICK: (&str, Cost) = ("warm, quick answer", Cost::of(4, 13, 4, 1));
const STREAMED: (&str, Cost) = ("warm, streamed answer", Cost::of(6, 16, 4, 1));
const FURTHER_PART: (&str, Cost) = ("each further part of a reply", Cost::of(1, 3, 0, 0));
const STRANGER: (&str, Cost) = ("somebody's first message", Cost::of(5, 18, 4, 1));
const COMMAND: (&str, Cost) = ("command", Cost::of(4, 10, 3, 0));

/// How often a turn is taken: the hourly or the fifteen seconds' sweep may fall
/// into one of them, and into all of them it cannot.
const TURNS: usize = 3;

fn assert_takes((what, expected): (&str, Cost), costs: &[Cost]) {
    let least = costs.iter().copied().reduce(Cost::least).unwrap();
    assert_eq!(
        least, expected,
        "{what} took at least {least:?}, and is to take {expected:?}; each time: {costs:?}"
    );
}

/// Runs the same turn several times.
async fn costs(house: &House, mut speaks: impl AsyncFnMut(usize)) -> Vec<Cost> {
    let mut costs = Vec::new();
    for number in 0..TURNS {
        costs.push(Cost::counted(&house.turn(async || speaks(number).await).await));
    }
    costs
}

/// A house in which Alice has been answered before.
async fn warm() -> House {
    let house = House::open().await;
    let alice = house.stage.platform.user(1001, "Alice");
    house
        .turn(async || {
            alice.says("Hello.");
        })
        .await;
    assert_eq!(house.stage.said(1001), ["Certainly."]);
    house
}

#[tokio::test]
async fn a_quick_turn_keeps_to_its_statements() {
    let house = warm().await;
    let alice = house.stage.platform.user(1001, "Alice");
    let quick = costs(&house, async |_| {
        alice.says("How are you?");
    })
    .await;
    assert_takes(QUICK, &quick);
    assert_eq!(house.stage.said(1001), vec!["Certainly."; quick.len() + 1]);
    house.ends_well().await;
}

/// The model tells stories that go on like this, and of each the beginning is seen before the rest comes.
async fn stories(house: &House, rest: &str) -> Vec<Cost> {
    let alice = house.stage.platform.user(1001, "Alice");
    let told = costs(house, async |number| {
        let (gate, begin) = (Gate::closed_after(1), format!("Story {number} of {} begins", rest.len()));
        house.stage.models.will(Answer::deltas([begin.as_str(), rest]).behind(&gate));
        alice.says("Tell me a story.");
        house.stage.wait_for(1001, &begin).await;
        gate.release();
    });
    told.await
}

#[tokio::test]
async fn a_streamed_turn_keeps_to_its_statements() {
    let house = warm().await;
    assert_takes(STREAMED, &stories(&house, " and ends.").await);
    house.ends_well().await;
}

#[tokio::test]
async fn each_further_part_of_a_reply_keeps_to_its_statements() {
    let house = warm().await;
    let mut taken = Vec::new();
    for lines in [600, 1200] {
        let rest: String = (0..lines).map(|line| format!("\nLine {line} of them.")).collect();
        let costs = stories(&house, &rest).await;
        let posts = house.stage.said(1001);
        let parts = posts.iter().rev().position(|post| post.starts_with("Story")).unwrap() + 1;
        taken.push((parts, costs.into_iter().reduce(Cost::least).unwrap()));
    }
    let [(few, short), (many, long)] = taken[..] else { panic!("two lengths") };
    let (more, each_takes) = (many - few, FURTHER_PART.1);
    assert!(few >= 2 && more >= 2, "{few} and {many} parts");
    let times = |each: usize| each * more;
    let further = Cost::of(
        long.transactions - short.transactions,
        long.statements - short.statements,
        long.reads - short.reads,
        long.reads_alone - short.reads_alone,
    );
    let all = Cost::of(
        times(each_takes.transactions),
        times(each_takes.statements),
        times(each_takes.reads),
        times(each_takes.reads_alone),
    );
    assert_eq!(further, all, "{more} more parts");
    house.ends_well().await;
}

#[tokio::test]
async fn a_first_message_keeps_to_its_statements() {
    let house = warm().await;
    let mut people = Vec::new();
    let first = costs(&house, async |number| {
        let somebody = house.stage.platform.user(2000 + i64::try_from(number).unwrap(), "Somebody");
        somebody.says("Hello.");
        people.push(somebody);
    });
    assert_takes(STRANGER, &first.await);
    for somebody in people {
        assert_eq!(house.stage.said(somebody.id()), ["Certainly."]);
    }
    house.ends_well().await;
}

#[tokio::test]
async fn a_command_keeps_to_its_statements() {
    let house = warm().await;
    let alice = house.stage.platform.user(1001, "Alice");
    let helped = costs(&house, async |_| {
        alice.says("/help");
    })
    .await;
    assert_takes(COMMAND, &helped);
    assert_eq!(house.stage.said(1001).len(), helped.len() + 1);
    house.ends_well().await;
}

#[tokio::test]
async fn whoever_counts_statements_learns_no_words() {
    let house = House::open().await;
    let alice = house.stage.platform.user(1001, "Alice CANARY");
    house.stage.models.will_say("A CANARY answer.");
    house
        .turn(async || {
            alice.says("A CANARY question.");
        })
        .await;
    let log = house.bot.log();
    assert_eq!(house.stage.said(1001), ["A CANARY answer."]);
    assert!(log.iter().any(|line| line.contains("INSERT INTO")), "statements are told");
    assert_eq!(log.iter().find(|line| line.contains("CANARY")), None);
    house.ends_well().await;
}

#[test]
fn the_documentation_has_these_costs() {
    let page = fs::read_to_string(source::top().join("docs/performance.md")).unwrap();
    for (what, cost) in [QUICK, STREAMED, FURTHER_PART, STRANGER, COMMAND] {
        let Cost { transactions, statements, reads, reads_alone } = cost;
        let row = format!("| {what} | {transactions} | {statements} | {reads} | {reads_alone} |");
        assert!(page.contains(&row), "docs/performance.md has no `{row}`");
    }
}
