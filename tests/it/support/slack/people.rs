//! People and other bots: what tests let them do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::blocks::buttons;
use super::channel::Channel;
use super::delivery::Errand;
use super::message::{Author, Message, Ts, ts_text, ts_value};
use super::methods::TRIGGER_LIVES;
use super::screen::Shown;
use super::state::{Treatment, World};
use super::text::{Parse, typed};
use super::{Slack, TEAM_DOMAIN, events};

/// People's messages unfurl everything: that is their clients' default.
const PEOPLES: Treatment = Treatment { parse: Parse::Normal, unfurl_links: true, unfurl_media: true };

/// A person in the workspace.
///
/// Texts are what the person types; `<@bot>`, `<@U…>`, `<#C…>` and `<!here>`
/// stand for picks from the completion list, and all else is escaped as Slack's
/// clients do. Messages are named by their `ts`.
#[derive(Debug, Clone)]
pub struct Person {
    pub(super) slack: Slack,
    pub(super) id: String,
}

impl Person {
    /// The person's user id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The direct conversation with the bot.
    pub fn dm_channel(&self) -> String {
        self.slack.core.change(|world| world.direct(&self.id))
    }

    /// Says something to the bot alone.
    pub fn dm(&self, text: &str) -> String {
        let channel = self.dm_channel();
        self.says_in(&channel, text)
    }

    /// Says something to the bot alone, in a thread.
    pub fn dm_in_thread(&self, thread: &str, text: &str) -> String {
        let channel = self.dm_channel();
        self.replies_in(&channel, thread, text)
    }

    /// Says something in a channel.
    pub fn says_in(&self, channel: &str, text: &str) -> String {
        self.say(channel, text, None, false)
    }

    /// Says something in a thread.
    pub fn replies_in(&self, channel: &str, thread: &str, text: &str) -> String {
        self.say(channel, text, Some(thread), false)
    }

    /// Says something in a thread and sends it to the channel as well.
    pub fn broadcasts_in(&self, channel: &str, thread: &str, text: &str) -> String {
        self.say(channel, text, Some(thread), true)
    }

    fn say(&self, channel: &str, text: &str, thread: Option<&str>, broadcast: bool) -> String {
        self.slack.core.change(|world| {
            world.expect_member(channel, &self.id);
            let mut message = world.typed_message(&self.id, text);
            message.thread = thread.map(|ts| world.expect_thread(channel, ts));
            message.broadcast = broadcast;
            ts_text(world.post(channel, message, PEOPLES))
        })
    }

    /// Changes what the person said.
    pub fn edits(&self, channel: &str, ts: &str, text: &str) {
        self.slack.core.change(|world| {
            let ts = world.expect_message(channel, ts);
            let new = world.typed_message(&self.id, text);
            world.edit(channel, ts, new, Parse::Normal);
        });
    }

    /// Deletes what the person said.
    pub fn deletes(&self, channel: &str, ts: &str) {
        self.slack.core.change(|world| {
            let ts = world.expect_message(channel, ts);
            world.delete(channel, ts);
        });
    }

    /// Reacts to a message with an emoji, named without colons.
    pub fn reacts(&self, channel: &str, ts: &str, emoji: &str) {
        self.slack.core.change(|world| {
            let ts = world.expect_message(channel, ts);
            world.react(channel, ts, &self.id, emoji);
        });
    }

    /// Takes a reaction back.
    pub fn unreacts(&self, channel: &str, ts: &str, emoji: &str) {
        self.slack.core.change(|world| {
            let ts = world.expect_message(channel, ts);
            world.unreact(channel, ts, &self.id, emoji);
        });
    }

    /// Comes into a channel.
    pub fn joins(&self, channel: &str) {
        self.slack.core.change(|world| world.join(channel, &self.id, None));
    }

    /// Invites somebody, or the bot, into a channel.
    pub fn invites(&self, channel: &str, user: &str) {
        self.slack.core.change(|world| world.join(channel, user, Some(&self.id)));
    }

    /// Puts a channel away.
    pub fn archives(&self, channel: &str) {
        self.slack.core.change(|world| {
            world.expect_channel(channel).archived = true;
            events::archived(world, channel, &self.id);
        });
    }

    /// Takes a channel out again.
    pub fn unarchives(&self, channel: &str) {
        self.slack.core.change(|world| {
            world.expect_channel(channel).archived = false;
            events::unarchived(world, channel, &self.id);
        });
    }

    /// Deletes a channel with all that is in it.
    pub fn deletes_channel(&self, channel: &str) {
        self.slack.core.change(|world| {
            events::channel_deleted(world, channel, &self.id);
            world.channels.remove(channel);
        });
    }

    /// Runs a slash command in the direct conversation with the bot.
    pub fn runs(&self, command: &str, text: &str) {
        let channel = self.dm_channel();
        self.runs_in(&channel, command, text);
    }

    /// Runs a slash command in a channel.
    pub fn runs_in(&self, channel: &str, command: &str, text: &str) {
        self.slack.core.change(|world| world.run_command(&self.id, channel, command, text));
    }

    /// Clicks a button of a message, named by its `action_id`.
    pub fn clicks(&self, channel: &str, ts: &str, action_id: &str) {
        self.slack.core.change(|world| world.click(&self.id, channel, ts, action_id));
    }

    /// What the person sees in a channel, the oldest first.
    pub fn screen(&self, channel: &str) -> Vec<Shown> {
        self.slack.screen_of(channel, Some(&self.id))
    }
}

impl Slack {
    /// The app says something that no test has asked it for, as another part of it may.
    pub fn bot_says_in(&self, channel: &str, text: &str) -> String {
        self.core.change(|world| {
            world.expect_channel(channel);
            ts_text(world.post(channel, Message::new(Author::App, text.to_owned()), PEOPLES))
        })
    }
}

/// Another app in the workspace.
#[derive(Debug, Clone)]
pub struct OtherBot {
    pub(super) slack: Slack,
    pub(super) user: String,
    pub(super) name: String,
}

impl OtherBot {
    /// Says something as an app's bot user; the text is Slack's markup as it is.
    pub fn says_in(&self, channel: &str, text: &str) -> String {
        let (bot, app) = (self.user.replacen('U', "B", 1), self.user.replacen('U', "A", 1));
        self.say(
            channel,
            text,
            Author::OtherBot { user: self.user.clone(), bot, app, name: self.name.clone() },
            None,
        )
    }

    /// Says something in a thread.
    pub fn replies_in(&self, channel: &str, thread: &str, text: &str) -> String {
        let (bot, app) = (self.user.replacen('U', "B", 1), self.user.replacen('U', "A", 1));
        let author = Author::OtherBot { user: self.user.clone(), bot, app, name: self.name.clone() };
        self.say(channel, text, author, Some(thread))
    }

    /// Says something as an incoming webhook: subtype `bot_message`, no user.
    pub fn posts_by_webhook(&self, channel: &str, text: &str) -> String {
        let bot = self.user.replacen('U', "B", 1);
        self.say(channel, text, Author::Webhook { bot, name: self.name.clone() }, None)
    }

    fn say(&self, channel: &str, text: &str, author: Author, thread: Option<&str>) -> String {
        self.slack.core.change(|world| {
            world.expect_channel(channel);
            let mut message = Message::new(author, text.to_owned());
            message.thread = thread.map(|ts| world.expect_thread(channel, ts));
            ts_text(world.post(channel, message, Treatment { unfurl_links: false, ..PEOPLES }))
        })
    }
}

impl World {
    fn typed_message(&mut self, user: &str, text: &str) -> Message {
        let text = typed(text, &self.app.sign.bot_user);
        let mut hex = |digits| self.dice.hex(digits);
        let client_msg_id = format!("{}-{}-4{}-8{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12));
        let mut message = Message::new(Author::Person(user.to_owned()), text);
        message.blocks = Some(rich_text(&message.text, &self.dice.hex(5)));
        message.client_msg_id = Some(client_msg_id);
        message
    }

    pub(super) fn expect_channel(&mut self, channel: &str) -> &mut Channel {
        self.channels.get_mut(channel).unwrap_or_else(|| panic!("there is no channel {channel}"))
    }

    fn expect_member(&mut self, channel: &str, user: &str) {
        let place = self.expect_channel(channel);
        assert!(place.members.contains(user), "{user} is not in {channel}");
        assert!(!place.archived, "{channel} is archived");
    }

    fn expect_message(&mut self, channel: &str, ts: &str) -> Ts {
        let found = ts_value(ts).filter(|value| self.expect_channel(channel).messages.contains_key(value));
        found.unwrap_or_else(|| panic!("there is no message {ts} in {channel}"))
    }

    fn expect_thread(&mut self, channel: &str, ts: &str) -> Ts {
        let message = self.expect_message(channel, ts);
        self.channels[channel].thread_root(message).unwrap_or_else(|| panic!("{ts} in {channel} was deleted"))
    }

    fn join(&mut self, channel: &str, user: &str, inviter: Option<&str>) {
        if !self.expect_channel(channel).members.insert(user.to_owned()) {
            return;
        }
        events::joined(self, channel, user, inviter);
        let mut notice =
            Message::new(Author::Person(user.to_owned()), format!("<@{user}> has joined the channel"));
        notice.subtype = Some("channel_join");
        self.post(channel, notice, Treatment { parse: Parse::None, ..PEOPLES });
    }

    fn trigger(&mut self, user: &str) -> String {
        let trigger =
            format!("{}.{}.{}", self.clock.unix(), self.dice.roll(1_000_000_000), self.dice.hex(32));
        let until = self.now() + TRIGGER_LIVES;
        self.triggers.insert(trigger.clone(), (user.to_owned(), until));
        trigger
    }

    /// docs.slack.dev/interactivity/implementing-slash-commands.
    fn run_command(&mut self, user: &str, channel: &str, command: &str, text: &str) {
        self.expect_member(channel, user);
        let trigger_id = self.trigger(user);
        let response_url = self.response_url(user, channel, None);
        let payload = json!({
            "token": "verification-token", "team_id": self.app.sign.team, "team_domain": TEAM_DOMAIN, "channel_id": channel,
            "channel_name": self.channels[channel].name, "user_id": user, "user_name": self.users[user].name,
            "command": command, "text": text, "api_app_id": self.app.sign.app, "is_enterprise_install": "false",
            "response_url": response_url, "trigger_id": trigger_id,
        });
        let errand = Errand::Command {
            user: user.to_owned(),
            channel: channel.to_owned(),
            command: command.to_owned(),
        };
        self.queue(errand, payload);
    }

    /// docs.slack.dev/reference/interaction-payloads/block_actions-payload.
    fn click(&mut self, user: &str, channel: &str, ts: &str, action_id: &str) {
        let key = self.expect_message(channel, ts);
        let message = &self.channels[channel].messages[&key];
        let blocks = message.blocks.clone().unwrap_or_default();
        let button = buttons(&blocks).into_iter().find(|button| button.action_id == action_id);
        let button =
            button.unwrap_or_else(|| panic!("the message {ts} in {channel} has no button {action_id}"));
        let parent = message.thread.and_then(|thread| self.channels[channel].messages.get(&thread));
        let json = message.to_json(&self.app.sign, parent);
        let is_ephemeral = message.only_for.is_some();
        let trigger_id = self.trigger(user);
        let response_url = self.response_url(user, channel, Some(key));
        let team = &self.app.sign.team;
        let mut action = json!({
            "type": "button", "action_id": button.action_id, "block_id": button.block_id,
            "text": {"type": "plain_text", "text": button.label, "emoji": true},
            "action_ts": format!("{}.{:06}", self.clock.unix(), key % 1_000_000),
        });
        if let Some(value) = button.value {
            action["value"] = json!(value);
        }
        let mut payload = json!({
            "type": "block_actions", "api_app_id": self.app.sign.app, "token": "verification-token",
            "user": {"id": user, "username": self.users[user].name, "name": self.users[user].name, "team_id": team},
            "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": is_ephemeral},
            "trigger_id": trigger_id, "team": {"id": team, "domain": TEAM_DOMAIN}, "enterprise": null,
            "is_enterprise_install": false, "channel": {"id": channel, "name": self.channels[channel].name},
            "state": {"values": {}}, "response_url": response_url, "actions": [action],
        });
        // Of an ephemeral message Slack keeps nothing, so there is none to send.
        if !is_ephemeral {
            payload["message"] = json;
        }
        self.queue(Errand::Click, payload);
    }

    pub(super) fn add_channel(&mut self, mut channel: Channel, members: &[&Person], with_bot: bool) {
        let bot = self.app.sign.bot_user.clone();
        let people: BTreeSet<String> = members.iter().map(|person| person.id.clone()).collect();
        channel.members = people;
        if with_bot {
            channel.members.insert(bot);
        }
        self.channels.insert(channel.id.clone(), channel);
    }
}

/// What Slack's clients send along with a text.
fn rich_text(text: &str, block_id: &str) -> Value {
    let mut elements = Vec::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once("<@") {
        let Some((user, remaining)) = after.split_once('>') else {
            break;
        };
        if !plain.is_empty() {
            elements.push(json!({"type": "text", "text": unescaped(plain)}));
        }
        elements.push(json!({"type": "user", "user_id": user}));
        rest = remaining;
    }
    if !rest.is_empty() {
        elements.push(json!({"type": "text", "text": unescaped(rest)}));
    }
    json!([{"type": "rich_text", "block_id": block_id, "elements": [{"type": "rich_text_section", "elements": elements}]}])
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
