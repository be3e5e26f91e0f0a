//! What people see: messages with their history of edits, loading states,
//! notifications, typing.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::shown;
use super::Discord;
use super::markdown;
use super::mentions::Ping;
use super::message::{Attachment, Author, EPHEMERAL, Message};
use super::places::ChannelState;
use super::world::World;

/// A message as somebody sees it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The message's id.
    pub id: u64,
    /// The channel it is in.
    pub channel: u64,
    /// The name of who wrote it.
    pub author: String,
    /// The id of who wrote it.
    pub author_id: u64,
    /// True when the bot under test wrote it.
    pub by_bot: bool,
    /// The text, as of the last edit.
    pub text: String,
    /// Embeds as the API has them.
    pub embeds: Vec<Value>,
    /// Names and contents of files.
    pub files: Vec<(String, Vec<u8>)>,
    /// Buttons and select menus, in reading order.
    pub controls: Vec<Control>,
    /// The message it replies to.
    pub reply_to: Option<u64>,
    /// The thread that was started from it.
    pub thread: Option<u64>,
    /// The command it answers, with who used it.
    pub command: Option<(String, u64)>,
    /// The documented number of its type.
    pub kind: u8,
    /// The documented flags.
    pub flags: u64,
    /// Visible to one person only.
    pub ephemeral: bool,
    /// "Thinking…": a deferred response without a text.
    pub loading: bool,
    /// How often the text was changed.
    pub edits: usize,
    /// Every text it has shown, with the time since it was written.
    pub revisions: Vec<(Duration, String)>,
    /// When each revision was shown.
    pub shown_at: Vec<Instant>,
    /// Who is highlighted, after the last edit.
    pub mentions: Vec<u64>,
    /// What notified people when it was written; edits notify nobody.
    pub pings: Vec<Ping>,
    /// The people whom the pings reached.
    pub notified: Vec<u64>,
    /// Emoji, with who gave them.
    pub reactions: Vec<(String, Vec<u64>)>,
    /// True when it is no longer there.
    pub deleted: bool,
}

/// A button or select menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// What the bot will get to know it by; link buttons have none.
    pub custom_id: Option<String>,
    /// The caption, or the placeholder of a menu.
    pub label: String,
    /// Where a link button leads.
    pub url: Option<String>,
    /// True when it cannot be used.
    pub disabled: bool,
}

impl Shown {
    /// The text as a client draws it.
    pub fn drawn(&self) -> shown::Shown {
        markdown::read(&self.text)
    }
}

impl Discord {
    /// What everybody sees in a channel, oldest first; also what was deleted.
    /// Ephemeral messages are on the screens of their persons only.
    pub fn screen(&self, channel: u64) -> Vec<Shown> {
        self.world.update(|world| world.screen(channel, None))
    }

    /// Waits for a message that everybody sees, as it is then. Messages that
    /// are there already count. Panics when it does not come.
    pub async fn wait_for_message(&self, channel: u64, wanted: impl FnMut(&Shown) -> bool) -> Shown {
        self.wait_for_shown(channel, None, wanted).await
    }

    /// Waits for the oldest message of the bot in a channel that no test has
    /// looked at, once it has more than a loading state.
    pub async fn next_message(&self, channel: u64) -> Shown {
        let found = self.world.wait_for(|world| {
            let place = world.channels.get(&channel)?;
            let new = place.messages.range(*world.unseen.first()?..).map(|(id, message)| (*id, message));
            let mut ready = new.filter(|(id, message)| {
                world.unseen.contains(id) && !message.is_loading() && message.is_in_history()
            });
            let (id, _) = ready.next()?;
            world.look_at(channel, id)
        });
        found.await.unwrap_or_else(|| panic!("no message came; on the screen: {:#?}", self.screen(channel)))
    }

    /// Tells whether the bot is shown typing in a channel.
    pub fn typing(&self, channel: u64) -> bool {
        self.world
            .read(|world| world.channels.contains_key(&channel) && world.is_typing(channel, world.app.bot))
    }

    /// Waits until the bot types in a channel.
    pub async fn wait_for_typing(&self, channel: u64) {
        let typing = self.world.wait_for(|world| {
            let is_there = world.channels.contains_key(&channel);
            (is_there && world.is_typing(channel, world.app.bot)).then_some(())
        });
        assert!(typing.await.is_some(), "the bot did not type");
    }

    /// Messages of the bot that no test has looked at.
    pub fn unseen(&self) -> Vec<Shown> {
        self.world.read(|world| {
            let shown = world.unseen.iter().filter_map(|id| world.shown(*world.homes.get(id)?, *id));
            shown.filter(|shown| !shown.deleted).collect()
        })
    }

    pub(super) async fn wait_for_shown(
        &self,
        channel: u64,
        viewer: Option<u64>,
        mut wanted: impl FnMut(&Shown) -> bool,
    ) -> Shown {
        let mut looked = 0;
        let found = self.world.wait_for(|world| {
            // Only what has changed since the last look is looked at again.
            while let Some(id) = world.channels.get(&channel)?.changes.get(looked).copied() {
                looked += 1;
                let shown = world.shown(channel, id).filter(|_| world.sees(channel, id, viewer));
                if shown.is_some_and(|shown| wanted(&shown)) {
                    return world.look_at(channel, id);
                }
            }
            None
        });
        let found = found.await;
        found.unwrap_or_else(|| {
            let screen = self.world.read(|world| world.look(channel, viewer));
            panic!("no such message came; on the screen: {screen:#?}")
        })
    }
}

impl World {
    /// What somebody sees in a channel; looked at from now on.
    pub(super) fn screen(&mut self, channel: u64, viewer: Option<u64>) -> Vec<Shown> {
        let screen = self.look(channel, viewer);
        for shown in &screen {
            self.unseen.remove(&shown.id);
        }
        screen
    }

    fn look(&self, channel: u64, viewer: Option<u64>) -> Vec<Shown> {
        let messages = self.channels.get(&channel).into_iter().flat_map(|place| place.messages.keys());
        let seen = messages.filter(|id| self.sees(channel, **id, viewer));
        seen.filter_map(|id| self.shown(channel, *id)).collect()
    }

    /// Shows one message, looked at from now on.
    fn look_at(&mut self, channel: u64, id: u64) -> Option<Shown> {
        self.unseen.remove(&id);
        self.shown(channel, id)
    }

    fn sees(&self, channel: u64, id: u64, viewer: Option<u64>) -> bool {
        let message = self.channels.get(&channel).and_then(|place| place.messages.get(&id));
        message.is_some_and(|message| message.only_for.is_none() || message.only_for == viewer)
    }

    fn shown(&self, channel: u64, id: u64) -> Option<Shown> {
        let place = self.channels.get(&channel)?;
        let message = place.messages.get(&id)?;
        let first = message.revisions.first().map(|revision| revision.at);
        let revisions = message.revisions.iter().map(|revision| {
            let since = first.map_or(Duration::ZERO, |first| revision.at.saturating_duration_since(first));
            (since, revision.text.clone())
        });
        let origin = message.origin.as_ref();
        Some(Shown {
            id,
            channel,
            author: self.author_name(&message.author),
            author_id: message.author.id(),
            by_bot: message.author == Author::Account(self.app.bot),
            text: message.content.clone(),
            embeds: message.embeds.clone(),
            files: message.attachments.iter().map(file).collect(),
            controls: controls(message),
            reply_to: message.reference.and_then(|reference| reference.message),
            thread: self.channels.get(&id).map(|thread: &ChannelState| thread.id),
            command: origin.and_then(|origin| Some((origin.command.clone()?, origin.user))),
            kind: message.kind,
            flags: message.flags,
            ephemeral: message.flags & EPHEMERAL != 0,
            loading: message.is_loading(),
            edits: message.revisions.len().saturating_sub(1),
            revisions: revisions.collect(),
            shown_at: message.revisions.iter().map(|revision| revision.at).collect(),
            mentions: message.mentions.users.clone(),
            pings: message.mentions.pings.iter().copied().collect(),
            notified: self.notified(id).into_iter().collect(),
            reactions: message
                .reactions
                .iter()
                .map(|reaction| (reaction.emoji.clone(), reaction.users.clone()))
                .collect(),
            deleted: message.deleted,
        })
    }

    fn author_name(&self, author: &Author) -> String {
        match author {
            Author::Account(id) => self.accounts.get(id).map_or_else(String::new, |who| who.name.clone()),
            Author::Webhook { name, .. } => name.clone(),
        }
    }
}

fn file(attachment: &Attachment) -> (String, Vec<u8>) {
    (attachment.name.clone(), attachment.bytes.clone())
}

fn controls(message: &Message) -> Vec<Control> {
    let rows = message.components.iter().filter_map(|row| row.get("components")?.as_array());
    let text = |control: &Value, key: &str| control.get(key).and_then(Value::as_str).map(str::to_owned);
    rows.flatten()
        .map(|control| Control {
            custom_id: text(control, "custom_id"),
            label: text(control, "label").or_else(|| text(control, "placeholder")).unwrap_or_default(),
            url: text(control, "url"),
            disabled: control.get("disabled") == Some(&Value::Bool(true)),
        })
        .collect()
}
