//! Messages, as the workspace keeps them and as Slack writes them in JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

/// A message timestamp, in microseconds; its text is the message's identifier.
pub(super) type Ts = u64;

/// Writes a timestamp as Slack does, such as `1700000000.000100`.
pub(super) fn ts_text(ts: Ts) -> String {
    format!("{}.{:06}", ts / 1_000_000, ts % 1_000_000)
}

/// Reads a timestamp; `None` when it is not one of Slack's.
pub(super) fn ts_value(text: &str) -> Option<Ts> {
    let (seconds, micros) = text.split_once('.').unwrap_or((text, "000000"));
    let seconds: u64 = seconds.parse().ok()?;
    (micros.len() == 6).then(|| micros.parse::<u64>().ok())?.map(|micros| seconds * 1_000_000 + micros)
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Author {
    Person(String),
    /// The app under test.
    App,
    /// Another app's bot user.
    OtherBot {
        user: String,
        bot: String,
        app: String,
        name: String,
    },
    /// An incoming webhook: no user, subtype `bot_message`.
    Webhook {
        bot: String,
        name: String,
    },
    Slackbot,
}

/// One message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) ts: Ts,
    pub(super) author: Author,
    pub(super) subtype: Option<&'static str>,
    pub(super) text: String,
    pub(super) blocks: Option<Value>,
    pub(super) attachments: Option<Value>,
    pub(super) username: Option<String>,
    pub(super) thread: Option<Ts>,
    pub(super) broadcast: bool,
    pub(super) client_msg_id: Option<String>,
    pub(super) edited: Option<(String, Ts)>,
    pub(super) reactions: Vec<(String, Vec<String>)>,
    /// The replies, with their authors' ids.
    pub(super) replies: BTreeMap<Ts, String>,
    pub(super) only_for: Option<String>,
    /// The files that came with it, as Slack tells of them.
    pub(super) files: Vec<Value>,
    /// Since when it streams; nothing if it does not.
    pub(super) streams_since: Option<Duration>,
    pub(super) deleted: bool,
    /// What a person sees, and when it came to be so, from the first version on.
    pub(super) revisions: Vec<(Duration, String)>,
    pub(super) notified: BTreeSet<String>,
    pub(super) unfurled: Vec<String>,
    /// Where the bot's message stands among all it said; 0 for other people's.
    pub(super) arrival: u64,
    /// When this last changed, in the channel's own count.
    pub(super) version: u64,
}

impl Message {
    pub(super) fn new(author: Author, text: String) -> Self {
        Self {
            ts: 0,
            author,
            subtype: None,
            text,
            blocks: None,
            attachments: None,
            username: None,
            thread: None,
            broadcast: false,
            client_msg_id: None,
            edited: None,
            reactions: Vec::new(),
            replies: BTreeMap::new(),
            only_for: None,
            files: Vec::new(),
            streams_since: None,
            deleted: false,
            revisions: Vec::new(),
            notified: BTreeSet::new(),
            unfurled: Vec::new(),
            arrival: 0,
            version: 0,
        }
    }

    pub(super) fn is_tombstone(&self) -> bool {
        self.subtype == Some("tombstone")
    }

    /// Whether other people and the API can see it.
    pub(super) fn is_public(&self) -> bool {
        self.only_for.is_none() && (!self.deleted || self.is_tombstone())
    }
}

/// What a message's JSON needs to know about the workspace.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    pub(super) team: String,
    pub(super) app: String,
    pub(super) bot: String,
    pub(super) bot_user: String,
    pub(super) bot_name: String,
}

impl Signature {
    pub(super) fn bot_profile(&self) -> Value {
        profile(&self.bot, &self.app, &self.bot_name, &self.team)
    }
}

fn profile(bot: &str, app: &str, name: &str, team: &str) -> Value {
    json!({
        "id": bot, "app_id": app, "name": name, "team_id": team, "deleted": false, "updated": 1_700_000_000,
        "icons": {
            "image_36": "https://a.slack-edge.com/80588/img/plugins/app/bot_36.png",
            "image_48": "https://a.slack-edge.com/80588/img/plugins/app/bot_48.png",
            "image_72": "https://a.slack-edge.com/80588/img/plugins/app/service_72.png",
        },
    })
}

impl Message {
    /// The message as the Web API and events show it, without its channel.
    pub(super) fn to_json(&self, by: &Signature, parent: Option<&Message>) -> Value {
        let mut json = Map::new();
        json.insert("type".to_owned(), json!("message"));
        if let Some(subtype) = self.shown_subtype() {
            json.insert("subtype".to_owned(), json!(subtype));
        }
        self.write_author(&mut json, by);
        json.insert("text".to_owned(), json!(self.text));
        json.insert("ts".to_owned(), json!(ts_text(self.ts)));
        let optional = [
            ("client_msg_id", self.client_msg_id.as_ref().map(|id| json!(id))),
            ("blocks", self.blocks.clone()),
            ("attachments", self.all_attachments()),
            ("files", (!self.files.is_empty()).then(|| json!(self.files))),
            ("edited", self.edited.as_ref().map(|(user, ts)| json!({"user": user, "ts": ts_text(*ts)}))),
            ("reactions", self.reactions_json()),
        ];
        json.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        if let Some(thread) = self.thread {
            json.insert("thread_ts".to_owned(), json!(ts_text(thread)));
            if let Some(user) = parent.and_then(|parent| parent.author_id(by)) {
                json.insert("parent_user_id".to_owned(), json!(user));
            }
        }
        self.write_replies(&mut json);
        Value::Object(json)
    }

    fn shown_subtype(&self) -> Option<&'static str> {
        match (&self.author, self.subtype) {
            (_, Some(subtype)) => Some(subtype),
            (Author::Webhook { .. }, None) => Some("bot_message"),
            (Author::App, None) if self.username.is_some() => Some("bot_message"),
            (_, None) if self.broadcast => Some("thread_broadcast"),
            (_, None) => None,
        }
    }

    fn write_author(&self, json: &mut Map<String, Value>, by: &Signature) {
        let mut put = |name: &str, value: Value| json.insert(name.to_owned(), value);
        match &self.author {
            Author::Person(user) => {
                put("user", json!(user));
                put("team", json!(by.team));
            }
            Author::App => {
                put("user", json!(by.bot_user));
                put("bot_id", json!(by.bot));
                put("app_id", json!(by.app));
                put("team", json!(by.team));
                put("bot_profile", by.bot_profile());
                if let Some(name) = &self.username {
                    put("username", json!(name));
                }
            }
            Author::OtherBot { user, bot, app, name } => {
                put("user", json!(user));
                put("bot_id", json!(bot));
                put("app_id", json!(app));
                put("team", json!(by.team));
                put("bot_profile", profile(bot, app, name, &by.team));
            }
            Author::Webhook { bot, name } => {
                put("bot_id", json!(bot));
                put("username", json!(name));
            }
            Author::Slackbot => {
                put("user", json!("USLACKBOT"));
            }
        }
    }

    /// The user behind the message; webhooks have none.
    pub(super) fn author_id(&self, by: &Signature) -> Option<String> {
        match &self.author {
            Author::Person(user) | Author::OtherBot { user, .. } => Some(user.clone()),
            Author::App => Some(by.bot_user.clone()),
            Author::Webhook { .. } => None,
            Author::Slackbot => Some("USLACKBOT".to_owned()),
        }
    }

    fn all_attachments(&self) -> Option<Value> {
        let mut all = self.attachments.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        for (index, url) in self.unfurled.iter().enumerate() {
            all.push(json!({
                "id": index + 1, "from_url": url, "original_url": url, "fallback": url, "text": "A preview.",
                "service_name": url.split('/').nth(2).unwrap_or_default(),
            }));
        }
        (!all.is_empty()).then_some(Value::Array(all))
    }

    fn reactions_json(&self) -> Option<Value> {
        let list = |(name, users): &(String, Vec<String>)| json!({"name": name, "users": users, "count": users.len()});
        (!self.reactions.is_empty()).then(|| Value::Array(self.reactions.iter().map(list).collect()))
    }

    fn write_replies(&self, json: &mut Map<String, Value>) {
        let Some((latest, _)) = self.replies.last_key_value() else {
            return;
        };
        let users: BTreeSet<&String> = self.replies.values().collect();
        json.insert("thread_ts".to_owned(), json!(ts_text(self.ts)));
        json.insert("reply_count".to_owned(), json!(self.replies.len()));
        json.insert("reply_users_count".to_owned(), json!(users.len()));
        json.insert("reply_users".to_owned(), json!(users));
        json.insert("latest_reply".to_owned(), json!(ts_text(*latest)));
        json.insert("is_locked".to_owned(), json!(false));
        json.insert("subscribed".to_owned(), json!(true));
    }
}
