//! What people see.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::super::shown;
use super::Telegram;
use super::drawing;
use super::entities::Entity;
use super::places::{MessageRef, Place};
use super::state::{Content, Message, State, TYPING};

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The bot under test.
    Bot,
    /// A person, or another bot, by id.
    Person(i64),
}

/// A message as it stands on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub chat: i64,
    pub id: i64,
    pub author: Author,
    pub text: String,
    pub entities: Vec<Entity>,
    /// The name of the file that came with it, and what it reads.
    pub file: Option<(String, String)>,
    pub reply_to: Option<i64>,
    /// The topic, or the first message of a thread of answers in a supergroup.
    pub thread: Option<i64>,
    /// True when the thread is a topic of a forum.
    pub in_topic: bool,
    pub markup: Option<Value>,
    /// True when links get a preview.
    pub previews: bool,
    /// True when it came without a sound.
    pub silent: bool,
    /// Reactions as emoji, with the id of whoever set them.
    pub reactions: Vec<(i64, String)>,
    /// How often it was edited.
    pub edits: usize,
    /// Every text it has had, with the time since the start of the emulator.
    pub revisions: Vec<(Duration, String)>,
    pub deleted: bool,
}

/// Something a test waited for and did not see, with what there was instead.
#[derive(Debug, Clone)]
pub struct NotSeen(String);

impl Shown {
    /// The stretches of text of one kind, such as `bold`.
    pub fn marked(&self, kind: &str) -> Vec<String> {
        let units: Vec<u16> = self.text.encode_utf16().collect();
        self.entities
            .iter()
            .filter(|entity| entity.kind == kind)
            .map(|entity| String::from_utf16_lossy(&units[entity.offset..entity.offset + entity.length]))
            .collect()
    }

    /// The text as a client draws it.
    pub fn drawn(&self) -> shown::Shown {
        drawing::drawn(&self.text, &self.entities)
    }

    /// The words on its buttons, row by row.
    pub fn buttons(&self) -> Vec<Vec<String>> {
        let rows = self.markup.as_ref().and_then(|markup| markup["inline_keyboard"].as_array());
        let words = |button: &Value| button["text"].as_str().unwrap_or_default().to_owned();
        rows.into_iter()
            .flatten()
            .map(|row| row.as_array().into_iter().flatten().map(words).collect())
            .collect()
    }

    /// Tells whether the bot under test wrote it.
    pub fn is_from_bot(&self) -> bool {
        self.author == Author::Bot
    }
}

impl Telegram {
    /// All messages of a chat or topic, also deleted ones; whatever the bot
    /// wrote there has been looked at then.
    pub fn screen(&self, place: impl Into<Place>) -> Vec<Shown> {
        let place = place.into();
        self.state().update(|state| {
            let mut shown = Vec::new();
            let ids: Vec<i64> = state.chat(place.chat).messages.keys().copied().collect();
            for id in ids {
                let message = &state.chat(place.chat).messages[&id];
                if place.thread.is_none_or(|thread| message.thread == Some(thread)) {
                    shown.push(show(state, message));
                    state.chat_mut(place.chat).unseen.remove(&id);
                }
            }
            shown
        })
    }

    /// Waits for a message of the bot, the newest that satisfies the condition.
    pub async fn wait_for_message(
        &self,
        place: impl Into<Place>,
        mut condition: impl FnMut(&Shown) -> bool,
    ) -> Result<Shown, NotSeen> {
        let place = place.into();
        let mut checked = 0;
        let found =
            self.state().wait_for(|state| find_of_bot(state, place, &mut checked, &mut condition)).await;
        found.ok_or_else(|| self.not_seen(place))
    }

    /// Waits for the bot's answer to a message, in one post that satisfies the condition;
    /// takes no longer in a chat in which much has been said.
    pub async fn wait_for_answer(
        &self,
        question: MessageRef,
        condition: impl Fn(&str) -> bool,
    ) -> Result<Shown, NotSeen> {
        let found = self.state().wait_for(|state| {
            let later = state.chats.get(&question.chat)?.messages.range(question.id + 1..);
            let is_answer = |message: &&Message| message.reply_to == Some(question.id) && !message.is_deleted;
            let answers = later.map(|(_, message)| message).filter(is_answer);
            let shown = answers.map(|message| show(state, message)).find(|shown| condition(&shown.text))?;
            state.chat_mut(question.chat).unseen.remove(&shown.id);
            Some(shown)
        });
        found.await.ok_or_else(|| self.not_seen(question.into()))
    }

    /// Waits for the oldest message of the bot that no test has looked at.
    pub async fn next_message(&self, place: impl Into<Place>) -> Result<Shown, NotSeen> {
        let place = place.into();
        let found = self
            .state()
            .wait_for(|state| {
                let chat = state.chats.get(&place.chat)?;
                let unseen = chat.unseen.iter().map(|id| &chat.messages[id]);
                let message = unseen.into_iter().find(|message| {
                    let is_here = place.thread.is_none_or(|thread| message.thread == Some(thread));
                    is_here && !message.is_deleted
                })?;
                let shown = show(state, message);
                state.chat_mut(place.chat).unseen.remove(&shown.id);
                Some(shown)
            })
            .await;
        found.ok_or_else(|| self.not_seen(place))
    }

    /// Messages of the bot that no test has looked at, deleted ones left out.
    pub fn unseen(&self) -> Vec<Shown> {
        self.state().read(|state| {
            let unseen =
                state.chats.values().flat_map(|chat| chat.unseen.iter().map(|id| &chat.messages[id]));
            unseen.filter(|message| !message.is_deleted).map(|message| show(state, message)).collect()
        })
    }

    /// Tells whether the bot is seen typing.
    pub fn typing(&self, place: impl Into<Place>) -> bool {
        let chat = place.into().chat;
        self.state().read(|state| types(state, chat))
    }

    /// Waits until the bot is seen typing.
    pub async fn wait_for_typing(&self, place: impl Into<Place>) -> Result<(), NotSeen> {
        let chat = place.into().chat;
        let typed = self.state().wait_for(|state| types(state, chat).then_some(())).await;
        typed.ok_or_else(|| NotSeen::new("the bot did not type"))
    }

    fn not_seen(&self, place: Place) -> NotSeen {
        self.state().read(|state| {
            let lines: Vec<String> = state
                .chats
                .get(&place.chat)
                .into_iter()
                .flat_map(|chat| chat.messages.values().rev().take(10))
                .map(|message| format!("  {}: {}: {:?}", message.id, message.author, message.text()))
                .collect();
            NotSeen(format!("no such message in chat {}, newest first:\n{}", place.chat, lines.join("\n")))
        })
    }
}

fn types(state: &State, chat: i64) -> bool {
    let typing = state.chats.get(&chat).and_then(|chat| chat.typing.as_ref());
    typing.is_some_and(|(since, _)| state.now().saturating_duration_since(*since) < TYPING)
}

/// Looks at what has changed since the last time, newest first.
fn find_of_bot(
    state: &mut State,
    place: Place,
    checked: &mut u64,
    mut condition: impl FnMut(&Shown) -> bool,
) -> Option<Shown> {
    let chat = state.chats.get(&place.chat)?;
    let found = chat.changed.range(*checked + 1..).rev().find_map(|(_, id)| {
        let message = &chat.messages[id];
        let is_here = place.thread.is_none_or(|thread| message.thread == Some(thread));
        if !is_here || message.is_deleted {
            return None;
        }
        let shown = show(state, message);
        condition(&shown).then_some(shown)
    });
    *checked = state.changes;
    let found = found?;
    state.chat_mut(place.chat).unseen.remove(&found.id);
    Some(found)
}

fn show(state: &State, message: &Message) -> Shown {
    let formatted = message.formatted();
    let elapsed = |at: &std::time::Instant| at.saturating_duration_since(state.started);
    let name = |reaction: &Value| {
        let field = if reaction["type"] == "emoji" { "emoji" } else { "custom_emoji_id" };
        reaction[field].as_str().unwrap_or_default().to_owned()
    };
    Shown {
        chat: message.chat,
        id: message.id,
        author: if message.author == state.bot.id { Author::Bot } else { Author::Person(message.author) },
        text: message.text().to_owned(),
        entities: formatted.map(|text| text.entities.clone()).unwrap_or_default(),
        file: file(state, message),
        reply_to: message.reply_to,
        thread: message.thread,
        in_topic: message.in_topic,
        markup: message.markup.clone(),
        previews: message.previews,
        silent: message.silent,
        reactions: message
            .reactions
            .iter()
            .flat_map(|(user, reactions)| reactions.iter().map(|reaction| (*user, name(reaction))))
            .collect(),
        edits: message.revisions.len() - 1,
        revisions: message.revisions.iter().map(|(at, text)| (elapsed(at), text.clone())).collect(),
        deleted: message.is_deleted,
    }
}

fn file(state: &State, message: &Message) -> Option<(String, String)> {
    let Content::File { json, .. } = &message.content else { return None };
    let stored = state.files.get(json["file_id"].as_str()?)?;
    let name = json["file_name"].as_str().unwrap_or_default().to_owned();
    Some((name, String::from_utf8_lossy(&stored.bytes).into_owned()))
}

impl NotSeen {
    pub(super) fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl fmt::Display for NotSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotSeen {}
