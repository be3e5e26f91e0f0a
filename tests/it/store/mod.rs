//! What the store promises, on real databases: nothing lost, nothing twice, in order.

mod accepting;
mod changing;
mod claiming;
mod conversations;
mod doors;
mod ending;
mod forgetting;
mod moving;
mod opening;
mod payloads;
mod recovering;
mod revising;
mod reviving;

use std::time::Duration;

use switchboard::domain::{
    Address, AddressKind, Author, Call, ConversationId, DedupeKey, Event, FinishReason, Finished,
    InboundMessage, LaneId, Part, Platform, PostedId, Said, Timestamp, TurnId, Usage,
};
use switchboard::store::{
    Accepted, Answer, Answered, ClaimedTurn, Ending, Exchange, Finale, Incoming, Question, Store, StoreError,
};
use switchboard::telemetry::Tasks;

use crate::support::database::{Beside, Engine, Own};

/// A store on a database of its own, and a second way into that.
struct Shelf {
    database: Own,
    store: Store,
    tasks: Tasks,
    beside: Beside,
}

impl Shelf {
    async fn new() -> Self {
        Self::open(Own::new()).await
    }

    async fn open(database: Own) -> Self {
        let tasks = Tasks::default();
        let store = Store::open(&database.settings(), &tasks).await.unwrap();
        Self { store, tasks, beside: Beside::open(&database.url()).await, database }
    }

    /// Closes the store and opens it again.
    async fn reopened(self) -> Self {
        let Self { database, store, tasks, beside } = self;
        drop(store);
        tasks.end().await;
        beside.close().await;
        Self::open(database).await
    }

    /// Accepts what is new, and says where it waits.
    async fn accept(&self, messages: &[InboundMessage]) -> Vec<Accepted> {
        let incoming = Incoming { messages: messages.to_vec(), ..Incoming::default() };
        self.store.accept(incoming, at(0)).await.unwrap().accepted
    }

    /// Accepts messages for one lane, and returns it.
    async fn lane_of(&self, messages: &[InboundMessage]) -> LaneId {
        self.accept(messages).await[0].lane.expect("talk waits in a lane")
    }

    async fn claim(&self, lane: LaneId) -> Option<ClaimedTurn> {
        self.store.claim(lane, at(1)).await.unwrap()
    }

    /// Takes what waits, which has to be something.
    async fn take(&self, lane: LaneId) -> ClaimedTurn {
        self.claim(lane).await.expect("something waits")
    }

    async fn states(&self) -> Vec<String> {
        self.beside.texts("SELECT state FROM inbox ORDER BY sent_at, sequence").await
    }

    /// Begins a conversation and answers the turn in it, up to the final send.
    async fn answer(&self, turn: &ClaimedTurn, text: &str) -> Result<bool, StoreError> {
        let begun = self.store.begin_conversation(turn.user.id, None, at(1)).await.unwrap();
        self.store.ready(turn, answer(exchange(turn, begun.id, text)), at(2)).await
    }
}

/// `make test` runs everything here a second time, and that must not be the same again.
#[tokio::test]
async fn a_run_with_a_server_uses_it() {
    let shelf = Shelf::new().await;
    let is_on_server = shelf.beside.try_to("SELECT pg_backend_pid()").await.is_ok();
    assert_eq!(is_on_server, Engine::chosen() == Engine::Postgres);
    assert_eq!(is_on_server, std::env::var_os("SWITCHBOARD_TEST_POSTGRES").is_some());
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A moment so many seconds into the test.
fn at(seconds: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

/// The n-th message of somebody, in a chat with nobody else.
fn direct(who: &str, n: i64, text: &str) -> InboundMessage {
    let address = Address {
        platform: Platform::Telegram,
        scope: String::new(),
        chat: who.to_owned(),
        thread: None,
        kind: AddressKind::Direct,
        space: None,
    };
    InboundMessage {
        key: DedupeKey(format!("telegram:{who}:{n}")),
        author: Author {
            platform_user_id: who.to_owned(),
            name: who.to_owned(),
            username: None,
            locale: None,
            is_anonymous: false,
        },
        sequence: n,
        sent_at: at(0),
        event: Event::Text(Said {
            message: Some(PostedId(n.to_string())),
            text: text.to_owned(),
            call: Call::Mention,
            reply_to: None,
            attachments: Vec::new(),
        }),
        address,
    }
}

/// The n-th message in a group, by somebody.
fn grouped(group: &str, who: &str, n: i64, text: &str) -> InboundMessage {
    let mut message = direct(who, n, text);
    message.key = DedupeKey(format!("telegram:{group}:{n}"));
    message.address.chat = group.to_owned();
    message.address.kind = AddressKind::Group;
    message
}

fn texts(turn: &ClaimedTurn) -> Vec<&str> {
    let texts = turn.messages.iter().map(|message| match &message.event {
        Event::Text(said) => said.text.as_str(),
        Event::Command(_)
        | Event::Edited(_)
        | Event::Deleted(_)
        | Event::Missed(_)
        | Event::Again(_)
        | Event::Reacted(_) => "(no talk)",
    });
    texts.collect()
}

fn exchange(turn: &ClaimedTurn, conversation: ConversationId, answer: &str) -> Exchange {
    let questions = turn.messages.iter().zip(texts(turn)).map(|(message, text)| Question {
        key: message.key.clone(),
        text: text.to_owned(),
        tokens: 1,
        sent_at: at(0),
        edited_at: turn.edited_at(&message.key),
    });
    let answered = Answered {
        finished: Finished {
            finish_reason: FinishReason::Stop,
            usage: Usage::default(),
            ..Finished::ready_made(answer.to_owned())
        },
        tokens: 1,
        took: Duration::from_millis(1),
        error: None,
    };
    Exchange {
        turn: turn.turn,
        conversation,
        user: turn.user.id,
        identity: turn.identity,
        questions: questions.collect(),
        answer: Some(answered),
        before: None,
    }
}

/// An exchange whose answer fits into one post.
fn answer(exchange: Exchange) -> Answer {
    let text = exchange.answer.as_ref().map_or(String::new(), |answered| answered.finished.text.clone());
    let parts = vec![Part::new(0, text)];
    Answer { exchange: Some(exchange), parts, has_surplus: false, sending: Some(0), ending: answered() }
}

/// How a turn ends that was answered.
fn answered() -> Ending {
    Ending::new(Finale::Done, "answered")
}

/// The same turn as somebody else has it who took it before.
fn stale(turn: &ClaimedTurn) -> ClaimedTurn {
    ClaimedTurn { claim: TurnId::new(at(0)).0, ..turn.clone() }
}
