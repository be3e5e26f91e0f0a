//! The workspace: people, channels, the app, and what happens between them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::app::App;
use super::blocks;
use super::channel::{Channel, Kind};
use super::clock::{Clock, Dice};
use super::delivery::Deliveries;
use super::events;
use super::faults::Faults;
use super::limits::Limits;
use super::message::{Author, Message, Signature, Ts};
use super::methods::Upload;
use super::respond::ResponseUrls;
use super::socket::Sockets;
use super::text::{Mention, Names, Parse, Reading, is_media, kept};

/// Somebody who is in the workspace.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_bot: bool,
}

/// A call the bot made.
#[derive(Debug, Clone)]
pub struct CallRecord {
    pub at: Instant,
    /// The Web API method, or `response_url`.
    pub method: String,
    /// The channel, and the message after a slash: `C024BE91L/1700000000.000100`.
    pub target: String,
    /// `ok`, or Slack's name for the error, or the name of the injected fault.
    pub status: String,
}

/// Everything the emulator knows.
#[derive(Debug)]
pub(super) struct World {
    /// Where the HTTP server is, such as `http://127.0.0.1:40001`.
    pub(super) base: String,
    /// Where the socket server is, such as `127.0.0.1:40002`.
    pub(super) socket_address: String,
    pub(super) clock: Clock,
    pub(super) dice: Dice,
    pub(super) app: App,
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, (String, BTreeSet<String>)>,
    pub(super) channels: BTreeMap<String, Channel>,
    pub(super) triggers: BTreeMap<String, (String, Duration)>,
    pub(super) views: BTreeMap<String, Vec<Value>>,
    pub(super) responses: ResponseUrls,
    /// What is about to be shared.
    pub(super) shares: Vec<(String, Message, Treatment)>,
    /// The files of the app, by id.
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) deliveries: Deliveries,
    pub(super) sockets: Sockets,
    pub(super) faults: Faults,
    pub(super) limits: Limits,
    pub(super) calls: Vec<CallRecord>,
    pub(super) problems: Vec<String>,
    /// The bot's messages nobody looked at, in the order they came.
    pub(super) unseen: BTreeMap<u64, (String, Ts)>,
    pub(super) arrivals: u64,
    pub(super) failed_clicks: usize,
    /// Above this many characters `chat.update` says `msg_too_long`. Documented is
    /// only that 40,000 are cut; seratch/ChatGPT-in-Slack#102 reports this error for
    /// texts above 4,000, and a Slack engineer there that the limit is smaller now.
    pub(super) update_text: usize,
    pub(super) edit_window: Option<Duration>,
    serial: u64,
}

/// How a message is to be treated when it is posted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Treatment {
    pub(super) parse: Parse,
    pub(super) unfurl_links: bool,
    pub(super) unfurl_media: bool,
}

impl World {
    pub(super) fn new(base: String, socket_address: String) -> Self {
        let mut world = Self {
            base,
            socket_address,
            clock: Clock::start(),
            dice: Dice::new(0x5eed_cafe),
            app: App::installed(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            channels: BTreeMap::new(),
            triggers: BTreeMap::new(),
            views: BTreeMap::new(),
            responses: ResponseUrls::default(),
            shares: Vec::new(),
            uploads: BTreeMap::new(),
            deliveries: Deliveries::default(),
            sockets: Sockets::default(),
            faults: Faults::default(),
            limits: Limits::default(),
            calls: Vec::new(),
            problems: Vec::new(),
            unseen: BTreeMap::new(),
            arrivals: 0,
            failed_clicks: 0,
            update_text: 4_000,
            edit_window: None,
            serial: 0,
        };
        let bot =
            User { id: world.app.sign.bot_user.clone(), name: world.app.sign.bot_name.clone(), is_bot: true };
        world.users.insert(bot.id.clone(), bot);
        world
    }

    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// A new identifier such as `Ev0000000A`.
    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}0E{:07X}", self.serial)
    }

    pub(super) fn sign(&self) -> Signature {
        self.app.sign.clone()
    }

    pub(super) fn bot_is_in(&self, channel: &str) -> bool {
        self.channels.get(channel).is_some_and(|channel| channel.members.contains(&self.app.sign.bot_user))
    }

    /// The direct conversation of a person with the bot, opened if need be.
    pub(super) fn direct(&mut self, user: &str) -> String {
        let bot = self.app.sign.bot_user.clone();
        let mut directs = self.channels.values().filter(|channel| channel.kind == Kind::Direct);
        if let Some(open) =
            directs.find(|channel| channel.members.contains(user) && channel.members.contains(&bot))
        {
            return open.id.clone();
        }
        let id = format!("D{}", user.trim_start_matches(['U', 'W']));
        let mut channel = Channel::new(&id, Kind::Direct, "directmessage", self.clock.unix());
        channel.members = [user.to_owned(), bot].into();
        self.channels.insert(id.clone(), channel);
        id
    }

    /// Puts a message into a channel and tells the bot; returns its timestamp.
    pub(super) fn post(&mut self, channel: &str, mut message: Message, how: Treatment) -> Ts {
        let reading = self.read(&message, how.parse);
        message.text = kept(&message.text, how.parse);
        message.notified = self.notified(channel, &message, &reading.mentions);
        message.revisions.push((self.now(), reading.seen));
        message.unfurled = unfurled(&reading.links, how);
        let unix = self.clock.unix();
        let author = match &message.author {
            // docs.slack.dev conversations.replies: reply_users "sometimes contains bot IDs".
            Author::Webhook { bot, .. } => bot.clone(),
            _ => message.author_id(&self.app.sign).unwrap_or_default(),
        };
        let Some(place) = self.channels.get_mut(channel) else {
            return 0;
        };
        let ts = place.next_ts(unix);
        message.ts = ts;
        if message.author == Author::App {
            self.arrivals += 1;
            message.arrival = self.arrivals;
            self.unseen.insert(self.arrivals, (channel.to_owned(), ts));
            place.statuses.remove(&message.thread.unwrap_or(ts));
        }
        let shown_only_to_one = message.only_for.is_some();
        // Slack first announces the message bare; the preview comes as a change.
        let previews = std::mem::take(&mut message.unfurled);
        place.insert(message, author);
        if shown_only_to_one {
            return ts;
        }
        events::posted(self, channel, ts);
        if !previews.is_empty() {
            self.change(channel, ts, |message| message.unfurled = previews);
        }
        ts
    }

    /// Changes a message and announces the difference.
    pub(super) fn change(&mut self, channel: &str, ts: Ts, change: impl FnOnce(&mut Message)) {
        let Some(place) = self.channels.get_mut(channel) else {
            return;
        };
        let Some(message) = place.messages.get_mut(&ts) else {
            return;
        };
        let before = message.clone();
        change(message);
        place.touch(ts);
        events::changed(self, channel, &before, ts);
    }

    /// Replaces the words of a message, on behalf of `editor`.
    pub(super) fn edit(&mut self, channel: &str, ts: Ts, new: Message, parse: Parse) {
        let reading = self.read(&new, parse);
        let text = kept(&new.text, parse);
        let now = self.now();
        let notified = self.notified(channel, &new, &reading.mentions);
        let editor = new.author_id(&self.app.sign).unwrap_or_default();
        // Edits carry whole seconds: hackage slack-web's golden messageChange.json.
        let at = self.clock.unix() * 1_000_000;
        self.change(channel, ts, |message| {
            message.text = text;
            message.blocks = new.blocks;
            message.attachments = new.attachments;
            // docs.slack.dev chat.update: with blocks no "(edited)" is shown. People's
            // messages always have blocks, which their clients make of the text.
            if message.blocks.is_none() || message.client_msg_id.is_some() {
                message.edited = Some((editor, at));
            }
            message.notified.extend(notified);
            message.revisions.push((now, reading.seen));
        });
    }

    /// Adds to a message that streams, of which nobody is told before it ends.
    pub(super) fn add(&mut self, channel: &str, ts: Ts, text: &str, how: Treatment) {
        let mut grown = self.channels[channel].messages[&ts].clone();
        grown.text.push_str(&kept(text, how.parse));
        let reading = self.read(&grown, how.parse);
        let (now, notified) = (self.now(), self.notified(channel, &grown, &reading.mentions));
        let Some(place) = self.channels.get_mut(channel) else { return };
        let Some(message) = place.messages.get_mut(&ts) else { return };
        message.text = grown.text;
        message.notified.extend(notified);
        message.unfurled.extend(unfurled(&reading.links, how));
        message.revisions.push((now, reading.seen));
        place.touch(ts);
    }

    /// Takes a message away; a thread's parent stays behind as a tombstone.
    pub(super) fn delete(&mut self, channel: &str, ts: Ts) {
        let Some(place) = self.channels.get_mut(channel) else {
            return;
        };
        let Some(message) = place.messages.get_mut(&ts) else {
            return;
        };
        let before = message.clone();
        message.deleted = true;
        self.unseen.remove(&before.arrival);
        if message.replies.is_empty() {
            if let Some(parent) = before.thread.and_then(|thread| place.messages.get_mut(&thread)) {
                parent.replies.remove(&ts);
            }
            place.touch(ts);
            events::deleted(self, channel, &before);
        } else {
            message.subtype = Some("tombstone");
            message.author = Author::Slackbot;
            message.text = "This message was deleted.".to_owned();
            message.blocks = None;
            place.touch(ts);
            events::changed(self, channel, &before, ts);
        }
    }

    /// What a person sees of a message, and whom it calls.
    pub(super) fn read(&self, message: &Message, parse: Parse) -> Reading {
        let mut reading = Reading::of(&message.text, parse, self);
        if let Some(shown) = &message.blocks
            && message.client_msg_id.is_none()
        {
            // With blocks the text is the fallback in notifications: nobody reads
            // it in the channel, but its mentions still count against the bot.
            let blocks = blocks::read(shown, self);
            reading.seen = blocks.seen;
            reading.mentions.extend(blocks.mentions);
            reading.links.extend(blocks.links);
        }
        for attachment in message.attachments.as_ref().and_then(Value::as_array).into_iter().flatten() {
            for field in ["pretext", "title", "text"] {
                reading.append(Reading::of(
                    attachment[field].as_str().unwrap_or_default(),
                    Parse::Normal,
                    self,
                ));
            }
            reading.append(blocks::read(&attachment["blocks"], self));
        }
        reading
    }

    fn notified(&self, channel: &str, message: &Message, mentions: &[Mention]) -> BTreeSet<String> {
        let Some(channel) = self.channels.get(channel) else {
            return BTreeSet::new();
        };
        let author = message.author_id(&self.app.sign);
        let mut called = BTreeSet::new();
        for mention in mentions {
            match mention {
                Mention::User(user) => called.extend(channel.members.get(user).cloned()),
                Mention::Everybody => called.extend(channel.members.iter().cloned()),
                Mention::Group(group) => {
                    let members =
                        self.groups.get(group).map(|(_, members)| members.iter()).into_iter().flatten();
                    called.extend(members.filter(|member| channel.members.contains(*member)).cloned());
                }
            }
        }
        called.retain(|user| {
            Some(user) != author.as_ref() && message.only_for.as_ref().is_none_or(|only| only == user)
        });
        called
    }
}

/// Media unfurls unless `unfurl_media` is false, pages only when `unfurl_links`
/// is true: slackhq/slack-api-docs page_unfurling.md.
fn unfurled(links: &[String], how: Treatment) -> Vec<String> {
    let web = links.iter().filter(|url| url.starts_with("http"));
    web.filter(|url| if is_media(url) { how.unfurl_media } else { how.unfurl_links }).cloned().collect()
}

impl Names for World {
    fn user(&self, id: &str) -> Option<String> {
        self.users.get(id).map(|user| user.name.clone())
    }

    fn user_named(&self, name: &str) -> Option<String> {
        self.users.values().find(|user| user.name == name).map(|user| user.id.clone())
    }

    fn channel(&self, id: &str) -> Option<String> {
        self.channels.get(id).map(|channel| channel.name.clone())
    }

    fn group(&self, id: &str) -> Option<String> {
        self.groups.get(id).map(|(handle, _)| handle.clone())
    }
}
