//! What people see.

use std::time::Duration;

use serde_json::Value;

use super::super::observed::PATIENCE;
use super::super::shown::{self, Page};
use super::Slack;
use super::blocks::{self, Button, buttons};
use super::channel::Channel;
use super::message::{Author, Message, Ts, ts_text, ts_value};
use super::methods::{STATUS_LIVES, Upload};
use super::mrkdwn;
use super::state::World;

/// A message on a person's screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub ts: String,
    pub channel: String,
    /// The person's or bot's name.
    pub author: String,
    /// Whether the app under test said it.
    pub by_bot: bool,
    /// The words a person reads, unescaped and with names in place of ids.
    pub text: String,
    /// The text as Slack keeps it.
    pub markup: String,
    pub blocks: Option<Value>,
    pub buttons: Vec<Button>,
    /// The `ts` of the thread's beginning, for replies.
    pub thread: Option<String>,
    pub broadcast: bool,
    /// The only person who sees it, for ephemeral messages.
    pub only_for: Option<String>,
    pub edits: usize,
    /// Every version, with the time since the emulator started.
    pub revisions: Vec<(Duration, String)>,
    pub deleted: bool,
    /// The names of the files that came with it, and what they read.
    pub files: Vec<(String, String)>,
    /// Whether it stands there as one that is still being written.
    pub streams: bool,
    /// Whom its mentions called, over all its versions. The usual notices for
    /// direct messages and threads are not counted.
    pub notified: Vec<String>,
    /// The links Slack showed a preview of.
    pub unfurled: Vec<String>,
    pub reactions: Vec<(String, Vec<String>)>,
}

/// Nothing of the kind appeared in time; says what did.
#[derive(Debug, Clone)]
pub struct NothingSeen(String);

impl std::fmt::Display for NothingSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NothingSeen {}

impl Slack {
    /// All that was said in a channel, ephemeral messages included.
    pub fn screen(&self, channel: &str) -> Vec<Shown> {
        self.screen_of(channel, None)
    }

    pub(super) fn screen_of(&self, channel: &str, viewer: Option<&str>) -> Vec<Shown> {
        self.core.world.update(|world| {
            let place = world.expect_channel(channel);
            let sees = |message: &&Message| match (&message.only_for, viewer) {
                (Some(only), Some(viewer)) => only == viewer && !message.deleted,
                (None, Some(_)) => message.is_public(),
                (_, None) => true,
            };
            let seen: Vec<Ts> = place.messages.values().filter(sees).map(|message| message.ts).collect();
            seen.into_iter().map(|ts| world.look(channel, ts)).collect()
        })
    }

    /// One message, by its `ts`.
    pub fn message(&self, channel: &str, ts: &str) -> Option<Shown> {
        let ts = ts_value(ts)?;
        self.core.world.update(|world| {
            world.channels.get(channel)?.messages.get(&ts)?;
            Some(world.look(channel, ts))
        })
    }

    /// A message as a client draws it: its blocks, or else its text.
    pub fn drawn(&self, shown: &Shown) -> shown::Shown {
        self.core.world.read(|world| {
            let mut page = Page::default();
            match &shown.blocks {
                Some(shown) => blocks::draw(shown, world, &mut page),
                None => mrkdwn::draw(&shown.markup, world, &mut page),
            }
            page.finish()
        })
    }

    /// Waits for a message of the bot, new or changed, that `is_it` accepts.
    pub async fn wait_for_message(
        &self,
        channel: &str,
        mut is_it: impl FnMut(&Shown) -> bool,
    ) -> Result<Shown, NothingSeen> {
        let mut version = 0;
        let found = self.core.world.wait_for(|world| {
            let (changed, now) = world.channels.get(channel)?.changed_since(version);
            version = now;
            let place = &world.channels[channel];
            let said =
                changed.into_iter().filter(|ts| !matches!(place.messages[ts].author, Author::Person(_)));
            let ts = said.into_iter().find(|ts| is_it(&shown(world, place, &place.messages[ts])))?;
            Some(world.look(channel, ts))
        });
        found.await.ok_or_else(|| {
            let there =
                self.core.world.read(|world| world.channels.get(channel).map(|place| texts(world, place)));
            NothingSeen(format!("no such message in {channel} within {PATIENCE:?}; there is: {there:#?}"))
        })
    }

    /// Waits for the next thing the bot says that nobody looked at, anywhere.
    pub async fn next_message(&self) -> Result<Shown, NothingSeen> {
        let found = self.core.world.wait_for(|world| {
            let (channel, ts) = world.unseen.values().next().cloned()?;
            Some(world.look(&channel, ts))
        });
        found.await.ok_or_else(|| NothingSeen(format!("the bot said nothing more within {PATIENCE:?}")))
    }

    /// The bot's messages nobody looked at, in the order it said them.
    pub fn unseen(&self) -> Vec<Shown> {
        self.core.world.read(|world| {
            let places = world.unseen.values().map(|(channel, ts)| (&world.channels[channel], ts));
            places.map(|(place, ts)| shown(world, place, &place.messages[ts])).collect()
        })
    }

    /// The line under a thread, such as "is thinking...".
    pub fn status(&self, channel: &str, thread: &str) -> Option<String> {
        self.core.world.read(|world| world.status(channel, thread))
    }

    /// Waits until a thread has a status.
    pub async fn wait_for_status(&self, channel: &str, thread: &str) -> Result<String, NothingSeen> {
        let found = self.core.world.wait_for(|world| world.status(channel, thread)).await;
        found.ok_or_else(|| {
            NothingSeen(format!("no status in {channel}, thread {thread}, within {PATIENCE:?}"))
        })
    }
}

impl World {
    /// A message, which now counts as looked at.
    fn look(&mut self, channel: &str, ts: Ts) -> Shown {
        let place = &self.channels[channel];
        let message = &place.messages[&ts];
        self.unseen.remove(&message.arrival);
        shown(self, place, message)
    }

    fn status(&self, channel: &str, thread: &str) -> Option<String> {
        let (text, since) = self.channels.get(channel)?.statuses.get(&ts_value(thread)?)?;
        (self.now() < *since + STATUS_LIVES).then(|| text.clone())
    }
}

fn read(upload: &Upload) -> Option<(String, String)> {
    let content = upload.content.as_ref()?;
    Some((upload.name.clone(), String::from_utf8_lossy(content).into_owned()))
}

fn texts(world: &World, place: &Channel) -> Vec<String> {
    let line = |shown: Shown| format!("{} {}: {}", shown.ts, shown.author, shown.text);
    place.messages.values().map(|message| line(shown(world, place, message))).collect()
}

fn shown(world: &World, place: &Channel, message: &Message) -> Shown {
    let author = match &message.author {
        Author::Person(user) => world.users[user].name.clone(),
        Author::App => message.username.clone().unwrap_or_else(|| world.app.sign.bot_name.clone()),
        Author::OtherBot { name, .. } | Author::Webhook { name, .. } => name.clone(),
        Author::Slackbot => "Slackbot".to_owned(),
    };
    let text = if message.is_tombstone() {
        Some(message.text.clone())
    } else {
        message.revisions.last().map(|(_, text)| text.clone())
    };
    Shown {
        ts: ts_text(message.ts),
        channel: place.id.clone(),
        author,
        by_bot: message.author == Author::App,
        text: text.unwrap_or_default(),
        markup: message.text.clone(),
        blocks: message.blocks.clone(),
        buttons: message.blocks.as_ref().map(buttons).unwrap_or_default(),
        thread: message.thread.map(ts_text),
        broadcast: message.broadcast,
        only_for: message.only_for.clone(),
        edits: message.revisions.len().saturating_sub(1),
        revisions: message.revisions.clone(),
        deleted: message.deleted,
        files: message
            .files
            .iter()
            .filter_map(|file| read(world.uploads.get(file["id"].as_str()?)?))
            .collect(),
        streams: world.streams(&place.id, message.ts),
        notified: message.notified.iter().cloned().collect(),
        unfurled: message.unfurled.clone(),
        reactions: message.reactions.clone(),
    }
}
