//! Everything the emulated platform knows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::answer::Refusal;
use super::callbacks::Callback;
use super::drafts::Draft;
use super::entities::Formatted;
use super::faults::Faults;
use super::files::StoredFile;
use super::limits::Limits;
use super::polling::Poll;
use super::queue::Queue;
use super::updates::Outlet;
use super::webhook::Webhook;

/// How long a typing indicator lasts (`sendChatAction`: "5 seconds or less").
pub(super) const TYPING: Duration = Duration::from_secs(5);

/// The whole platform, as one bot and its people see it.
#[derive(Debug)]
pub(super) struct State {
    pub token: String,
    pub revoked: BTreeSet<String>,
    pub bot: Bot,
    pub users: HashMap<i64, User>,
    pub chats: HashMap<i64, Chat>,
    pub queue: Queue,
    pub outlet: Outlet,
    pub poll: Poll,
    pub webhook: Option<Webhook>,
    pub webhook_memory: super::webhook::Memory,
    pub limits: Limits,
    pub faults: Faults,
    pub commands: BTreeMap<(String, String), Vec<Value>>,
    pub callbacks: HashMap<String, Callback>,
    pub files: HashMap<String, StoredFile>,
    pub problems: Vec<String>,
    pub calls: Vec<CallRecord>,
    pub call_counts: HashMap<String, usize>,
    pub started: Instant,
    /// How far the platform's clock has been moved ahead.
    pub ahead: Duration,
    /// Private chats and small groups number their messages together.
    pub next_message: i64,
    pub next_serial: i64,
    /// Counts changes to what the bot has written.
    pub changes: u64,
}

/// The bot as its owner set it up with BotFather.
#[derive(Debug)]
pub(super) struct Bot {
    pub id: i64,
    pub name: String,
    pub username: String,
    /// Privacy mode: in groups the bot sees only what is meant for it.
    pub privacy: bool,
}

/// A person, or somebody else's bot.
#[derive(Debug)]
pub(super) struct User {
    pub name: String,
    pub username: Option<String>,
    pub is_bot: bool,
    pub has_started: bool,
    pub has_blocked: bool,
    pub is_deleted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Private,
    Group,
    Supergroup { forum: bool },
}

/// The bot's place in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
    Member,
    Muted,
    Admin,
    Left,
    Kicked,
}

#[derive(Debug)]
pub(super) struct Chat {
    pub id: i64,
    pub kind: Kind,
    pub title: String,
    pub username: Option<String>,
    pub messages: BTreeMap<i64, Message>,
    pub next_message: i64,
    /// What the bot wrote and no test has looked at.
    pub unseen: BTreeSet<i64>,
    /// What the bot wrote, by its last change.
    pub changed: BTreeMap<u64, i64>,
    pub membership: Membership,
    /// The bot that wrote last, if any has.
    pub last_bot: Option<i64>,
    pub typing: Option<(Instant, String)>,
    /// What the bot has shown as drafts, in order.
    pub drafts: Vec<Draft>,
    /// Whether the last of them has not given way to a message.
    pub has_draft: bool,
    pub topics: BTreeMap<i64, TopicState>,
    pub migrated_to: Option<i64>,
    pub is_deleted: bool,
    /// Whether its members may send words only (`ChatPermissions.can_send_documents`).
    pub takes_no_files: bool,
}

#[derive(Debug)]
pub(super) struct TopicState {
    pub name: String,
    pub is_closed: bool,
}

/// What a message holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(Formatted),
    /// A file under the name of its field, with a caption.
    File {
        field: &'static str,
        json: Value,
        caption: Formatted,
    },
    /// Fields of a service message.
    Service(Value),
}

/// For whom somebody speaks in a group: `Message.sender_chat`.
#[derive(Debug, Clone)]
pub(super) enum Guise {
    /// For the group itself, as an administrator who stays anonymous.
    Group,
    /// For a channel, with its id and title.
    Channel(i64, String),
    /// A post of the channel that the group discusses; Telegram brings it.
    Linked(i64, String),
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub chat: i64,
    pub id: i64,
    pub author: i64,
    /// For whom the author speaks, who cannot be seen then.
    pub guise: Option<Guise>,
    pub date: i64,
    pub edit_date: Option<i64>,
    pub content: Content,
    pub reply_to: Option<i64>,
    pub quote: Option<Value>,
    pub thread: Option<i64>,
    pub in_topic: bool,
    pub markup: Option<Value>,
    pub previews: bool,
    pub protected: bool,
    pub silent: bool,
    pub revisions: Vec<(Instant, String)>,
    pub is_deleted: bool,
    /// The number of its last change, for what the bot wrote.
    pub change: u64,
    pub reactions: BTreeMap<i64, Vec<Value>>,
}

/// One call of the bot.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// When the call came.
    pub at: Instant,
    /// The method in the manual's spelling.
    pub method: String,
    /// The chat it was about.
    pub target: Option<i64>,
    /// The status of the answer, 0 when there was none.
    pub status: u16,
}

impl State {
    /// The platform's clock.
    pub fn now(&self) -> Instant {
        Instant::now() + self.ahead
    }

    /// The platform's clock as Unix time.
    pub fn unix(&self) -> i64 {
        let now = SystemTime::now() + self.ahead;
        now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
    }

    /// A number nobody has had before.
    pub fn serial(&mut self) -> i64 {
        self.next_serial += 1;
        self.next_serial
    }

    /// The chat, which the test side has made before.
    pub fn chat(&self, id: i64) -> &Chat {
        self.chats.get(&id).unwrap_or_else(|| panic!("there is no chat {id}"))
    }

    pub fn chat_mut(&mut self, id: i64) -> &mut Chat {
        self.chats.get_mut(&id).unwrap_or_else(|| panic!("there is no chat {id}"))
    }

    pub fn user(&self, id: i64) -> &User {
        self.users.get(&id).unwrap_or_else(|| panic!("there is no user {id}"))
    }

    pub fn user_mut(&mut self, id: i64) -> &mut User {
        self.users.get_mut(&id).unwrap_or_else(|| panic!("there is no user {id}"))
    }

    /// A message that has not been deleted.
    pub fn message(&self, chat: i64, id: i64) -> Option<&Message> {
        self.chats.get(&chat)?.messages.get(&id).filter(|message| !message.is_deleted)
    }

    pub fn message_mut(&mut self, chat: i64, id: i64) -> Option<&mut Message> {
        self.chats.get_mut(&chat)?.messages.get_mut(&id).filter(|message| !message.is_deleted)
    }

    /// Gives a message its number and puts it into its chat.
    pub fn post(&mut self, mut message: Message) -> i64 {
        let now = self.now();
        let shared = &mut self.next_message;
        let chat = self.chats.get_mut(&message.chat).expect("the chat of a new message");
        let next = match chat.kind {
            Kind::Supergroup { .. } => &mut chat.next_message,
            Kind::Private | Kind::Group => shared,
        };
        let id = *next;
        *next += 1;
        message.id = id;
        message.revisions.push((now, message.text().to_owned()));
        let is_own = message.author == self.bot.id;
        let place = message.chat;
        chat.messages.insert(id, message);
        if is_own {
            chat.unseen.insert(id);
            self.touch(place, id);
        }
        id
    }

    /// Notes that something the bot wrote has changed, for those who wait for it.
    pub fn touch(&mut self, chat: i64, id: i64) {
        let own = self.bot.id;
        self.changes += 1;
        let change = self.changes;
        let chat = self.chat_mut(chat);
        let Some(message) = chat.messages.get_mut(&id).filter(|message| message.author == own) else {
            return;
        };
        chat.changed.remove(&message.change);
        chat.changed.insert(change, id);
        message.change = change;
    }

    /// Notes a call.
    pub fn record(&mut self, call: CallRecord) {
        *self.call_counts.entry(call.method.clone()).or_default() += 1;
        self.calls.push(call);
    }

    /// A new message with nothing special about it.
    pub fn draft(&self, chat: i64, author: i64, content: Content) -> Message {
        Message {
            chat,
            id: 0,
            author,
            guise: None,
            date: self.unix(),
            edit_date: None,
            content,
            reply_to: None,
            quote: None,
            thread: None,
            in_topic: false,
            markup: None,
            previews: true,
            protected: false,
            silent: false,
            revisions: Vec::new(),
            is_deleted: false,
            change: 0,
            reactions: BTreeMap::new(),
        }
    }

    /// Takes the right to send to a chat now, at the documented pace.
    pub fn pace(&mut self, chat: i64) -> Result<(), Refusal> {
        let now = self.now();
        let is_group = self.chat(chat).kind != Kind::Private;
        self.limits.take(chat, is_group, now).map_err(Refusal::retry_after)
    }
}

impl Chat {
    pub fn new(id: i64, kind: Kind, title: &str) -> Self {
        Self {
            id,
            kind,
            title: title.to_owned(),
            username: None,
            messages: BTreeMap::new(),
            next_message: 1,
            unseen: BTreeSet::new(),
            changed: BTreeMap::new(),
            membership: Membership::Member,
            last_bot: None,
            typing: None,
            drafts: Vec::new(),
            has_draft: false,
            topics: BTreeMap::new(),
            migrated_to: None,
            is_deleted: false,
            takes_no_files: false,
        }
    }

    pub fn is_forum(&self) -> bool {
        self.kind == Kind::Supergroup { forum: true }
    }
}

impl Message {
    /// The text or caption, empty when there is none.
    pub fn text(&self) -> &str {
        self.formatted().map_or("", |formatted| &formatted.text)
    }

    pub fn formatted(&self) -> Option<&Formatted> {
        match &self.content {
            Content::Text(text) | Content::File { caption: text, .. } => Some(text),
            Content::Service(_) => None,
        }
    }
}
