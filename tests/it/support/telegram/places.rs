//! Where people talk: private chats, groups, topics; and pointers to messages.

use serde_json::json;

use super::super::observed::Observed;
use super::people::Person;
use super::screen::Shown;
use super::state::{Chat, Content, Kind, State, TopicState};

/// Ids from here downwards belong to supergroups.
const FIRST_SUPERGROUP: i64 = -1_000_000_000_000;

/// A chat, and maybe a topic of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub chat: i64,
    pub thread: Option<i64>,
}

/// A message in its chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageRef {
    pub chat: i64,
    pub id: i64,
    /// The topic it is in.
    pub thread: Option<i64>,
}

/// A group or supergroup; cheap to clone.
#[derive(Debug, Clone)]
pub struct Group {
    pub(super) state: Observed<State>,
    pub(super) id: i64,
}

/// A topic of a forum; cheap to clone.
#[derive(Debug, Clone)]
pub struct Topic {
    state: Observed<State>,
    chat: i64,
    thread: i64,
}

impl Group {
    /// The id of the chat.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Gives the group a public name.
    pub fn named(self, username: &str) -> Self {
        self.state.update(|state| state.chat_mut(self.id).username = Some(username.to_owned()));
        self
    }

    /// Leaves the bot outside, as if nobody had ever added it.
    pub fn without_bot(self) -> Self {
        self.state.update(|state| state.chat_mut(self.id).membership = super::state::Membership::Left);
        self
    }

    /// Opens a topic in a forum; the bot hears of it.
    pub fn topic(&self, name: &str, by: &Person) -> Topic {
        let thread = self.state.update(|state| {
            assert!(state.chat(self.id).is_forum(), "only forums have topics");
            let service = json!({ "forum_topic_created": { "name": name, "icon_color": 7_322_096 } });
            let mut message = state.draft(self.id, by.id, Content::Service(service));
            message.in_topic = true;
            let id = state.post(message);
            state.message_mut(self.id, id).expect("just posted").thread = Some(id);
            let topic = TopicState { name: name.to_owned(), is_closed: false };
            state.chat_mut(self.id).topics.insert(id, topic);
            state.emit_message("message", self.id, id);
            id
        });
        Topic { state: self.state.clone(), chat: self.id, thread }
    }

    /// Turns a small group into a supergroup with another id.
    pub fn becomes_supergroup(&self, id: i64, by: &Person) -> Group {
        assert!(id <= FIRST_SUPERGROUP && self.id > FIRST_SUPERGROUP, "only small groups become supergroups");
        self.state.update(|state| {
            let title = state.chat(self.id).title.clone();
            let membership = state.chat(self.id).membership;
            let mut chat = Chat::new(id, Kind::Supergroup { forum: false }, &title);
            chat.membership = membership;
            state.chats.insert(id, chat);
            for (place, field, other) in
                [(self.id, "migrate_to_chat_id", id), (id, "migrate_from_chat_id", self.id)]
            {
                let message = state.draft(place, by.id, Content::Service(json!({ field: other })));
                let id = state.post(message);
                state.emit_message("message", place, id);
            }
            state.chat_mut(self.id).migrated_to = Some(id);
        });
        Group { state: self.state.clone(), id }
    }

    /// Deletes the group.
    pub fn is_deleted(&self) {
        self.state.update(|state| state.chat_mut(self.id).is_deleted = true);
    }
}

impl Topic {
    /// The id of the thread.
    pub fn id(&self) -> i64 {
        self.thread
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.state.read(|state| state.chat(self.chat).topics[&self.thread].name.clone())
    }

    /// Closes it for everybody but administrators.
    pub fn is_closed(&self) {
        self.state.update(|state| {
            state.chat_mut(self.chat).topics.get_mut(&self.thread).expect("a topic still there").is_closed =
                true;
        });
    }

    /// Deletes it with everything in it.
    pub fn is_deleted(&self) {
        self.state.update(|state| {
            let chat = state.chat_mut(self.chat);
            chat.topics.remove(&self.thread);
            for message in chat.messages.values_mut().filter(|message| message.thread == Some(self.thread)) {
                message.is_deleted = true;
            }
        });
    }
}

/// The kind of group an id belongs to.
pub(super) fn kind_of(id: i64) -> Kind {
    assert!(id < 0, "ids of groups are negative");
    if id <= FIRST_SUPERGROUP { Kind::Supergroup { forum: false } } else { Kind::Group }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        *place
    }
}

impl From<i64> for Place {
    fn from(chat: i64) -> Self {
        Self { chat, thread: None }
    }
}

impl From<&Person> for Place {
    fn from(person: &Person) -> Self {
        Self { chat: person.id, thread: None }
    }
}

impl From<&Group> for Place {
    fn from(group: &Group) -> Self {
        Self { chat: group.id, thread: None }
    }
}

impl From<&Topic> for Place {
    fn from(topic: &Topic) -> Self {
        Self { chat: topic.chat, thread: Some(topic.thread) }
    }
}

impl From<MessageRef> for Place {
    fn from(message: MessageRef) -> Self {
        Self { chat: message.chat, thread: message.thread }
    }
}

impl From<&MessageRef> for MessageRef {
    fn from(message: &MessageRef) -> Self {
        *message
    }
}

impl From<&Shown> for MessageRef {
    fn from(shown: &Shown) -> Self {
        let thread = shown.thread.filter(|_| shown.in_topic);
        Self { chat: shown.chat, id: shown.id, thread }
    }
}
