//! What people are called: asked in the background, remembered for a while.
//!
//! Events carry ids only. A name that is not known yet is wished for and the id
//! stands in for it; nobody waits.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::channels::slack::api::Api;
use crate::channels::slack::errors::Step;
use crate::channels::{ChannelError, LimitScope};
use crate::telemetry::chain;

/// How many people are remembered.
const MOST_KNOWN: usize = 5_000;

/// How many wishes wait at most; more are forgotten.
const MOST_WISHES: usize = 256;

/// After this a name is asked again.
const KNOWN_FOR: Duration = Duration::from_secs(12 * 60 * 60);

/// The pause between two questions: `users.info` may be asked 100 times a minute.
const PACE: Duration = Duration::from_millis(700);

const ASKING: Step = Step { name: "asking for a name", scope: LimitScope::Account, is_post: false };

/// A person, as far as Slack tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) username: Option<String>,
}

/// The people of a workspace.
#[derive(Debug)]
pub(super) struct People {
    known: Mutex<HashMap<String, Known>>,
    wishes: mpsc::Sender<String>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<String>>,
}

#[derive(Debug)]
struct Known {
    /// Nothing when Slack does not tell either, or was not asked yet.
    person: Option<Person>,
    since: Instant,
}

impl Default for People {
    fn default() -> Self {
        let (wishes, waiting) = mpsc::channel(MOST_WISHES);
        Self { known: Mutex::default(), wishes, waiting: tokio::sync::Mutex::new(waiting) }
    }
}

impl People {
    /// What is known of a person; what is not is wished for.
    pub(super) fn get(&self, id: &str) -> Option<Person> {
        let mut known = self.lock();
        let found = known.get(id);
        let person = found.and_then(|found| found.person.clone());
        let is_fresh = found.is_some_and(|found| found.since.elapsed() < KNOWN_FOR);
        if !is_fresh && self.wishes.try_send(id.to_owned()).is_ok() {
            remember(&mut known, id, person.clone());
        }
        person
    }

    /// Asks for the names that are wished for, until `shutdown` fires or Slack forbids it.
    pub(super) async fn learn(&self, api: &Api, shutdown: CancellationToken) {
        let mut waiting = self.waiting.lock().await;
        loop {
            let next = tokio::select! {
                () = shutdown.cancelled() => return,
                next = waiting.recv() => next,
            };
            let Some(id) = next else { return };
            let pause = tokio::select! {
                () = shutdown.cancelled() => return,
                pause = self.ask(api, &id) => pause,
            };
            let Some(pause) = pause else { return };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Asks for one name; returns the pause before the next, or nothing if asking is forbidden.
    async fn ask(&self, api: &Api, id: &str) -> Option<Duration> {
        match api.get::<Answer>(ASKING, "users.info", &[("user", id)]).await {
            Ok(answer) => {
                remember(&mut self.lock(), id, answer.user.person());
                Some(PACE)
            }
            Err(ChannelError::RateLimited { retry_after, .. }) => Some(retry_after),
            Err(ChannelError::Setup { way_out }) => {
                tracing::info!(platform = "slack", "people are shown by their ids: {way_out}");
                None
            }
            Err(error) => {
                tracing::debug!(platform = "slack", error = %chain(&error), "a name stays unknown");
                Some(PACE)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remember(known: &mut HashMap<String, Known>, id: &str, person: Option<Person>) {
    if known.len() >= MOST_KNOWN && !known.contains_key(id) {
        known.clear();
    }
    known.insert(id.to_owned(), Known { person, since: Instant::now() });
}

/// The answer of `users.info`, as far as it matters.
#[derive(Debug, Deserialize)]
struct Answer {
    user: User,
}

/// A person in an answer or event of Slack.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    name: Option<String>,
    real_name: Option<String>,
    display_name: Option<String>,
    profile: Option<Box<Self>>,
}

impl User {
    /// What the person wants to be called.
    pub(super) fn person(self) -> Option<Person> {
        let profile = self.profile.map(|profile| *profile);
        let (display, real) =
            profile.map_or((None, None), |profile| (profile.display_name, profile.real_name));
        let names = [display, self.display_name, real, self.real_name, self.name.clone()];
        let name = names.into_iter().flatten().find(|name| !name.trim().is_empty())?;
        Some(Person { name, username: self.name })
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, MOST_KNOWN, MOST_WISHES, People, Person, remember};

    #[test]
    fn people_are_called_as_they_want_to_be() {
        // docs.slack.dev/reference/methods/users.info
        let answer = r#"{"ok":true,"user":{"id":"W012A3CDE","name":"spengler","real_name":"Egon Spengler",
            "profile":{"real_name":"Egon Spengler","display_name":"spengler_e"}}}"#;
        let answer: Answer = serde_json::from_str(answer).unwrap();
        let person = Person { name: "spengler_e".to_owned(), username: Some("spengler".to_owned()) };
        assert_eq!(answer.user.person(), Some(person));
    }

    #[test]
    fn neither_names_nor_wishes_grow_without_bound() {
        let people = People::default();
        for number in 0..MOST_WISHES * 2 {
            assert_eq!(people.get(&format!("U{number}")), None);
        }
        for number in 0..MOST_KNOWN * 2 {
            remember(&mut people.lock(), &format!("U{number}"), None);
        }
        assert!(people.lock().len() <= MOST_KNOWN);
    }
}
