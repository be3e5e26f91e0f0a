//! An OpenAI-compatible model API: strict about requests, obedient about answers.
//!
//! It serves `/v1/models`, `/v1/chat/completions` (plain and streamed), `/v1/embeddings`
//! and `/v1/moderations`. Without a script it says back what the person said last, at
//! once, so that it also serves as a benchmark's model.
//!
//! - `answer.rs`, `script.rs`: what a test tells the model to say
//! - `fault.rs`, `gate.rs`: what goes wrong, and what waits for the test
//! - `requests.rs`, `look.rs`: what a test sees
//! - `check/`: what the real API refuses
//! - `chat.rs`, `utterance.rs`, `perform.rs`, `chunks.rs`, `wire.rs`: one answer, from
//!   the request to its TCP writes
//!
//! ```text
//! let models = Models::start().await;
//! models.will_say("Certainly.");
//! models.fault("chat/completions", 1, Fault::RateLimited(RetryAfter::Seconds(1)));
//! // … the bot asks models.base_url() …
//! assert_eq!(models.request(2).await.last_user_text(), "are you there?");
//! ```

mod answer;
mod catalog;
mod chat;
mod check;
mod chunks;
mod embeddings;
mod error;
mod fault;
mod gate;
mod look;
mod moderations;
mod perform;
mod requests;
mod routes;
mod script;
mod state;
mod tokens;
mod twist;
mod usage;
mod utterance;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::observed::Observed;
use super::problems;
use super::server::Server;

use state::{PlannedFault, RateLimit, Route, State};

pub use answer::Answer;
pub use catalog::ModelCard;
pub use fault::{Fault, RetryAfter};
pub use gate::Gate;
pub use requests::{AskedMessage, AskedRequest, CallRecord, Finished};
pub use usage::Usage;

/// A running model API; it ends when the last handle is dropped, and fails then when
/// there are problems that nobody has taken.
#[derive(Debug, Clone)]
pub struct Models {
    door: Arc<Door>,
    state: Observed<State>,
}

#[derive(Debug)]
struct Door {
    server: Server,
    state: Observed<State>,
}

impl Drop for Door {
    fn drop(&mut self) {
        problems::are_taken("the model", &self.state.read(|state| state.problems.clone()));
    }
}

/// Start, and where it is.
impl Models {
    /// Starts with the models `gpt-4o` and `gpt-4o-mini`.
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address")).await
    }

    /// Starts at a given address, as after an outage.
    pub async fn start_at(address: SocketAddr) -> Self {
        let state = Observed::new(State::new());
        let its = state.clone();
        let server = Server::start_at(address, move |call| routes::answer(its.clone(), call)).await;
        let door = Door { server, state: state.clone() };
        Self { door: Arc::new(door), state }
    }

    /// The base URL for clients, with `/v1`.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.door.server.url())
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.door.server.address()
    }

    /// The only valid key.
    pub fn key(&self) -> String {
        self.state.read(|state| state.key.clone())
    }

    /// Makes another key valid; the one before is refused from now on.
    pub fn rotates_key(&self, key: &str) {
        self.state.update(|state| {
            let former = std::mem::replace(&mut state.key, key.to_owned());
            state.former_keys.insert(former);
        });
    }

    /// Adds a model, or changes what it takes.
    pub fn knows(&self, card: ModelCard) {
        self.state.update(|state| state.catalog.add(card));
    }

    /// Takes a model away.
    pub fn retires(&self, id: &str) {
        self.state.update(|state| state.catalog.retire(id));
    }
}

/// What the model says.
impl Models {
    /// Says this to the next request that has nothing else to be told.
    pub fn will_say(&self, text: impl Into<String>) {
        self.will(Answer::text(text));
    }

    /// Streams exactly these deltas to the next request.
    pub fn will_stream<D: Into<String>>(&self, deltas: impl IntoIterator<Item = D>) {
        self.will(Answer::deltas(deltas));
    }

    /// Gives this answer (or text, or fault) to the next request.
    pub fn will(&self, answer: impl Into<Answer>) {
        self.state.update(|state| state.script.add(answer.into()));
    }

    /// Answers all requests whose last user message contains a text; the line of
    /// answers stays as it is.
    pub fn when_asked(&self, text: &str, answer: impl Into<Answer>) {
        self.state.update(|state| state.script.rule(text, answer.into()));
    }

    /// Computes answers when the line is empty, instead of the echo.
    pub fn answers_with<A, F>(&self, reaction: F)
    where
        A: Into<Answer>,
        F: Fn(&AskedRequest) -> A + Send + Sync + 'static,
    {
        let reaction = move |asked: &AskedRequest| reaction(asked).into();
        self.state.update(|state| state.script.react(reaction));
    }

    /// Forgets all rules and answers: says back what it hears.
    pub fn echoes(&self) {
        self.state.update(|state| state.script.clear());
    }

    /// Lets all answers wait for their first token.
    pub fn first_token_after(&self, delay: Duration) {
        self.state.update(|state| state.first_token = delay);
    }

    /// Limits the speed of all answers.
    pub fn tokens_per_second(&self, rate: f64) {
        self.state.update(|state| state.tokens_per_second = Some(rate));
    }

    /// Flags texts with this word in moderations, as harassment.
    pub fn flags(&self, word: &str) {
        self.state.update(|state| state.flagged_words.push(word.to_owned()));
    }
}

/// What goes wrong, and what waits.
impl Models {
    /// Lets the next calls of a route fail: `"chat/completions"`, `"models"`,
    /// `"embeddings"`, `"moderations"`.
    ///
    /// A fault that comes instead of an answer leaves the script alone, so that the
    /// next try gets the answer; one that spoils an answer uses it up.
    ///
    /// # Panics
    ///
    /// When there is no such route.
    pub fn fault(&self, route: &str, times: usize, fault: Fault) {
        let named = Route::named(route);
        let route = named.unwrap_or_else(|| panic!("there is no route `{route}` here"));
        if times > 0 {
            let planned = PlannedFault { route, times, fault };
            self.state.update(|state| state.faults.push(planned));
        }
    }

    /// Forgets the faults that have not happened yet.
    pub fn without_faults(&self) {
        self.state.update(|state| state.faults.clear());
    }

    /// Refuses more requests than so many in any such time.
    pub fn with_rate_limit(&self, requests: usize, window: Duration) {
        let limit = RateLimit::new(requests, window);
        self.state.update(|state| state.rate_limit = Some(limit));
    }

    /// Takes any number of requests, as it does at the start.
    pub fn without_rate_limits(&self) {
        self.state.update(|state| state.rate_limit = None);
    }

    /// Holds all streams after so many deltas, and plain answers before their headers,
    /// until they are released or held later.
    pub fn hold(&self, deltas: usize) {
        self.gate().hold(deltas);
    }

    /// Lets go on what is held.
    pub fn release(&self) {
        self.gate().release();
    }

    /// Waits until at least so many answers are held.
    pub async fn wait_until_held(&self, answers: usize) {
        self.gate().wait_until_held(answers).await;
    }

    /// The gate that all answers pass that have none of their own.
    pub fn gate(&self) -> Gate {
        self.state.read(|state| state.gate.clone())
    }
}
