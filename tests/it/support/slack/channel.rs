//! Channels: who is in them, and their messages in order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::message::{Message, Ts};

/// The four kinds of conversation; scopes and events are named after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Public,
    Private,
    Direct,
    GroupDirect,
}

impl Kind {
    /// The word in `channel_type` of message events.
    pub(super) fn channel_type(self) -> &'static str {
        match self {
            Self::Public => "channel",
            Self::Private => "group",
            Self::Direct => "im",
            Self::GroupDirect => "mpim",
        }
    }

    /// The beginning of scope names, as in `channels:history`.
    pub(super) fn scope_prefix(self) -> &'static str {
        match self {
            Self::Public => "channels",
            Self::Private => "groups",
            Self::Direct => "im",
            Self::GroupDirect => "mpim",
        }
    }

    /// The word in the `types` argument of `conversations.list`.
    pub(super) fn list_type(self) -> &'static str {
        match self {
            Self::Public => "public_channel",
            Self::Private => "private_channel",
            Self::Direct => "im",
            Self::GroupDirect => "mpim",
        }
    }
}

/// One conversation.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) members: BTreeSet<String>,
    pub(super) archived: bool,
    pub(super) ext_shared: bool,
    pub(super) created: u64,
    pub(super) messages: BTreeMap<Ts, Message>,
    /// `thread -> (text, since)` as `assistant.threads.setStatus` left it.
    pub(super) statuses: BTreeMap<Ts, (String, Duration)>,
    last_ts: Ts,
    version: u64,
    touched: BTreeMap<u64, Ts>,
}

impl Channel {
    pub(super) fn new(id: &str, kind: Kind, name: &str, created: u64) -> Self {
        Self {
            id: id.to_owned(),
            kind,
            name: name.to_owned(),
            members: BTreeSet::new(),
            archived: false,
            ext_shared: false,
            created,
            messages: BTreeMap::new(),
            statuses: BTreeMap::new(),
            last_ts: 0,
            version: 0,
            touched: BTreeMap::new(),
        }
    }

    /// The next timestamp. They rise within a channel and are unique in it, but
    /// not across channels: two channels often have a message with the same one.
    pub(super) fn next_ts(&mut self, unix_seconds: u64) -> Ts {
        self.last_ts = (unix_seconds * 1_000_000 + 100).max(self.last_ts + 100);
        self.last_ts
    }

    /// Adds a message, and to its thread's parent if it has one.
    pub(super) fn insert(&mut self, message: Message, author: String) {
        if let Some(parent) = message
            .thread
            .filter(|_| message.only_for.is_none())
            .and_then(|thread| self.messages.get_mut(&thread))
        {
            parent.replies.insert(message.ts, author);
        }
        let ts = message.ts;
        self.messages.insert(ts, message);
        self.touch(ts);
    }

    /// Marks a message as changed, for those who wait.
    pub(super) fn touch(&mut self, ts: Ts) {
        self.version += 1;
        let version = self.version;
        if let Some(message) = self.messages.get_mut(&ts) {
            self.touched.remove(&message.version);
            message.version = version;
            self.touched.insert(version, ts);
        }
    }

    /// The messages that changed after `version`, and the version now.
    pub(super) fn changed_since(&self, version: u64) -> (Vec<Ts>, u64) {
        (self.touched.range(version + 1..).map(|(_, ts)| *ts).collect(), self.version)
    }

    /// A message everybody can see.
    pub(super) fn public(&self, ts: Ts) -> Option<&Message> {
        self.messages.get(&ts).filter(|message| message.is_public())
    }

    /// The message whose thread a reply to `ts` lands in.
    pub(super) fn thread_root(&self, ts: Ts) -> Option<Ts> {
        self.public(ts).map(|message| message.thread.unwrap_or(ts))
    }

    /// The conversation as `conversations.info` shows it.
    pub(super) fn to_json(&self, bot_user: &str) -> Value {
        let is = |kind: Kind| self.kind == kind;
        let mut json = json!({
            "id": self.id, "created": self.created, "is_channel": is(Kind::Public), "is_group": is(Kind::Private),
            "is_im": is(Kind::Direct), "is_mpim": is(Kind::GroupDirect), "is_archived": self.archived,
            "is_private": !is(Kind::Public), "is_org_shared": false, "is_ext_shared": self.ext_shared,
            "is_shared": self.ext_shared,
        });
        if is(Kind::Direct) {
            json["user"] = json!(self.members.iter().find(|member| *member != bot_user));
            json["is_user_deleted"] = json!(false);
            json["is_open"] = json!(true);
        } else {
            json["name"] = json!(self.name);
            json["name_normalized"] = json!(self.name);
            json["is_general"] = json!(self.name == "general");
            json["is_member"] = json!(self.members.contains(bot_user));
            json["num_members"] = json!(self.members.len());
            json["topic"] = json!({"value": "", "creator": "", "last_set": 0});
            json["purpose"] = json!({"value": "", "creator": "", "last_set": 0});
        }
        json
    }
}
