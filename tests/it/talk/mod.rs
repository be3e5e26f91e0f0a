//! Whole conversations: the real daemon between emulators of a platform and of
//! a model. What a person sees is what is asserted.
//!
//! What is the same on every platform, such as the faults of a model, is tried
//! on Telegram, here; `discord/` and `slack/` are about those platforms.

mod buttons;
mod changes;
mod commands;
mod context;
mod crashes;
mod discord;
mod doors;
mod drafts;
mod edits;
mod every_fault;
mod faults;
mod feedback;
mod files;
mod looks;
mod moves;
mod places;
mod replaced;
mod retry;
mod rooms;
mod slack;
mod stored;
mod storm;
mod streaming;

use std::time::{Duration, Instant};

use crate::support::database::Beside;
use crate::support::models::{Answer, Gate, Models};
use crate::support::observed::PATIENCE;
use crate::support::platforms::Emulated;
use crate::support::program::Setup;
use crate::support::stage::On;

/// What is set of the model: it is waited for two seconds, and asked once more.
const OF_MODEL: &str =
    "models = [\"gpt-4o-mini\"]\nfirst_token_timeout_seconds = 2\nidle_timeout_seconds = 2\nretries = 1";

/// As people meet it: with the limits of the platform and a pace of our own, and
/// without patience for the model. Everybody may talk.
impl<P: Emulated> On<P> {
    async fn lifelike() -> Self {
        Self::lifelike_on(P::start().await).await
    }

    async fn lifelike_on(platform: P) -> Self {
        Self::at(platform, Setup::new(), OF_MODEL).await.open()
    }
}

/// Waits until the daemon has noted where a post of its is; before, it cannot know after a crash.
pub(crate) async fn wait_until_noted(setup: &Setup) {
    let beside = setup.beside().await;
    wait_until(&beside, "SELECT COUNT(*) FROM outbox WHERE posted_id IS NOT NULL", 1).await;
}

/// Waits until the database counts as much as this.
async fn wait_until(beside: &Beside, sql: &str, count: i64) {
    let counted = async {
        while beside.number(sql).await < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap_or_else(|_| panic!("not {count} by {sql}"));
}

/// Waits until what was said waits in its lane, with these words.
async fn wait_until_it_waits(beside: &Beside, words: &str) {
    let waits = format!(
        "SELECT COUNT(*) FROM inbox WHERE state = 'received' AND payload LIKE '%\"text\":\"{words}\"%'"
    );
    wait_until(beside, &waits, 1).await;
}

/// The model answers with what it heard, and lets `first` wait for the gate.
fn first_waits(models: &Models) -> Gate {
    let gate = Gate::closed_after(0);
    models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    models.when_asked("first", Answer::text("Heard first").behind(&gate));
    gate
}

/// Sixty thousand characters, most of them in a code fence.
fn sixty_thousand() -> String {
    let text: String = (0..6_000).map(|number| format!("{number:>7} é\n")).collect();
    assert_eq!(text.chars().count(), 60_000);
    format!("```text\n{text}```\nThat is all.")
}

/// Whether these posts hold all of [`sixty_thousand`], in order, with every fence closed.
fn assert_whole(parts: &[&str]) {
    for part in parts {
        assert_eq!(part.matches("```").count() % 2, 0, "{part}");
    }
    let seen: String = parts.join("\n").split("```").filter(|piece| !piece.is_empty()).collect();
    let numbers: Vec<u32> = seen.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers, (0..6_000).collect::<Vec<_>>());
}

/// Whether these writes to one chat are few enough, and a second apart.
fn assert_paced(writes: &[Instant]) {
    assert!((3..=10).contains(&writes.len()), "{} writes", writes.len());
    for pair in writes.windows(2) {
        let apart = pair[1] - pair[0];
        assert!(apart >= Duration::from_secs(1), "two writes {apart:?} apart");
    }
}

/// What the model was told when somebody asked it this, after the system prompt.
fn heard(models: &Models, question: &str) -> Vec<String> {
    let requests = models.requests();
    let asked = requests.iter().rev().find(|asked| asked.last_words() == question);
    let asked = asked.unwrap_or_else(|| panic!("nobody asked the model `{question}`"));
    asked.messages[1..].iter().map(|message| message.text.clone()).collect()
}
