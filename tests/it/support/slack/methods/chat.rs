//! `chat.*`: posting, changing and deleting messages.

use serde_json::{Value, json};

use super::super::blocks::{check, name_parts};
use super::super::channel::Kind;
use super::super::message::{Author, Message, Ts, ts_text, ts_value};
use super::super::state::{Treatment, World};
use super::super::text::Parse;
use super::{Args, Refusal};

/// docs.slack.dev: "Slack will truncate messages containing more than 40,000 characters".
const TEXT: usize = 40_000;
pub(super) const MARKDOWN: usize = 12_000;
const ATTACHMENTS: usize = 100;

/// What a message is to say.
#[derive(Debug)]
pub(in super::super) struct Content {
    text: String,
    is_markdown: bool,
    blocks: Option<Value>,
    attachments: Option<Value>,
}

impl Content {
    /// Reads and checks the content arguments; texts longer than `longest` are
    /// refused, those above 40,000 characters cut.
    pub(in super::super) fn of(args: &Args, longest: usize) -> Result<Self, Refusal> {
        let blocks = args
            .structured("blocks")
            .transpose()
            .map_err(|()| Refusal::malformed("invalid_blocks_format"))?;
        let attachments = args
            .structured("attachments")
            .transpose()
            .map_err(|()| Refusal::malformed("invalid_attachments"))?;
        if let Some(blocks) = &blocks {
            check(blocks)?;
        }
        if attachments
            .as_ref()
            .is_some_and(|list| list.as_array().is_none_or(|list| list.len() > ATTACHMENTS))
        {
            return Err(Refusal::malformed("too_many_attachments"));
        }
        let mut text = args.text("text").unwrap_or_default();
        let markdown = args.text("markdown_text").filter(|text| !text.is_empty());
        if markdown.is_some() && (!text.is_empty() || blocks.is_some()) {
            return Err(Refusal::malformed("markdown_text_conflict"));
        }
        let is_markdown = markdown.is_some();
        if let Some(markdown) = markdown {
            if markdown.chars().count() > MARKDOWN {
                return Err(Refusal::malformed("msg_too_long"));
            }
            text = markdown;
        } else if text.chars().count() > longest {
            return Err(Refusal::malformed("msg_too_long"));
        }
        let is_there = |list: &Option<Value>| {
            list.as_ref().and_then(Value::as_array).is_some_and(|list| !list.is_empty())
        };
        if text.trim().is_empty() && !is_there(&blocks) && !is_there(&attachments) {
            return Err(Refusal::malformed("no_text"));
        }
        if let Some((cut, _)) = text.char_indices().nth(TEXT) {
            text.truncate(cut);
        }
        Ok(Self { text, is_markdown, blocks, attachments })
    }

    pub(in super::super) fn into_message(self, world: &mut World, author: Author) -> Message {
        let mut message = Message::new(author, self.text);
        message.blocks =
            self.blocks.filter(|blocks| blocks.as_array().is_some_and(|blocks| !blocks.is_empty()));
        message.attachments =
            self.attachments.filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
        if let Some(blocks) = &mut message.blocks {
            name_parts(blocks, || world.dice.hex(5));
        }
        message
    }
}

fn parse_mode(args: &Args) -> Parse {
    match args.text("parse").as_deref() {
        Some("full") => Parse::Full,
        _ if args.flag("link_names") => Parse::LinkNames,
        Some("none") => Parse::None,
        _ => Parse::Normal,
    }
}

/// The conversation a message may be posted to.
pub(super) fn postable(world: &mut World, args: &Args) -> Result<String, Refusal> {
    postable_as(world, args, "channel")
}

/// The same by another name of the argument.
pub(super) fn postable_as(world: &mut World, args: &Args, name: &str) -> Result<String, Refusal> {
    let wanted = args.required(name).map_err(|_| Refusal::malformed("channel_not_found"))?;
    let bot = world.app.sign.bot_user.clone();
    if wanted.starts_with(['U', 'W']) && world.users.contains_key(&wanted) && wanted != bot {
        return Ok(world.direct(&wanted));
    }
    let called = wanted.trim_start_matches('#');
    let mut channels = world.channels.values();
    let Some(channel) = channels
        .find(|channel| channel.id == wanted || channel.kind == Kind::Public && channel.name == called)
    else {
        return Err(Refusal::new("channel_not_found"));
    };
    let is_member = channel.members.contains(&bot);
    if !is_member && channel.kind != Kind::Public {
        return Err(Refusal::new("channel_not_found"));
    }
    if channel.archived {
        return Err(Refusal::new("is_archived"));
    }
    if !is_member && !world.app.scopes.contains("chat:write.public") {
        return Err(Refusal::new("not_in_channel"));
    }
    Ok(channel.id.clone())
}

pub(super) fn thread(world: &mut World, channel: &str, args: &Args) -> Result<Option<Ts>, Refusal> {
    let Some(text) = args.text("thread_ts").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let ts = ts_value(&text).ok_or_else(|| Refusal::malformed("invalid_thread_ts"))?;
    let root = world.channels[channel].thread_root(ts).ok_or_else(|| Refusal::new("thread_not_found"))?;
    if root != ts {
        // docs.slack.dev: "Avoid using a reply's ts value; use its parent instead."
        world.problems.push(format!("thread_ts {text} is a reply, not the beginning of a thread"));
    }
    Ok(Some(root))
}

pub(super) fn post_message(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let channel = postable(world, args)?;
    let content = Content::of(args, usize::MAX)?;
    let customized = ["username", "icon_emoji", "icon_url"].iter().any(|name| !args.is_absent(name));
    if customized {
        world.require(&["chat:write.customize"])?;
    }
    let thread = thread(world, &channel, args)?;
    let how = Treatment {
        parse: parse_mode(args),
        unfurl_links: args.flag("unfurl_links"),
        unfurl_media: args.flag_if_given("unfurl_media").unwrap_or(true),
    };
    let is_markdown = content.is_markdown;
    let mut message = content.into_message(world, Author::App);
    message.username = args.text("username").filter(|name| !name.is_empty());
    message.thread = thread;
    message.broadcast = thread.is_some() && args.flag("reply_broadcast");
    let how = if is_markdown { Treatment { parse: Parse::Normal, ..how } } else { how };
    let ts = world.post(&channel, message, how);
    let place = &world.channels[&channel];
    let message = &place.messages[&ts];
    let parent = thread.and_then(|thread| place.messages.get(&thread));
    Ok(json!({"channel": channel, "ts": ts_text(ts), "message": message.to_json(&world.app.sign, parent)}))
}

pub(super) fn post_ephemeral(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let channel = postable(world, args)?;
    let user = args.required("user")?;
    if !world.bot_is_in(&channel) {
        return Err(Refusal::new("not_in_channel"));
    }
    if !world.channels[&channel].members.contains(&user) {
        return Err(Refusal::new("user_not_in_channel"));
    }
    let content = Content::of(args, usize::MAX)?;
    let thread = thread(world, &channel, args)?;
    let mut message = content.into_message(world, Author::App);
    message.only_for = Some(user);
    message.thread = thread;
    let how = Treatment { parse: parse_mode(args), unfurl_links: false, unfurl_media: false };
    let ts = world.post(&channel, message, how);
    Ok(json!({"message_ts": ts_text(ts)}))
}

/// The bot's own message that `channel` and `ts` name.
pub(super) fn own(world: &World, args: &Args, not_own: &'static str) -> Result<(String, Ts), Refusal> {
    let channel = args.required("channel").map_err(|_| Refusal::malformed("channel_not_found"))?;
    let text = args.required("ts")?;
    let bot = &world.app.sign.bot_user;
    let place = world
        .channels
        .get(&channel)
        .filter(|place| place.kind == Kind::Public || place.members.contains(bot));
    let place = place.ok_or_else(|| Refusal::new("channel_not_found"))?;
    let message =
        ts_value(&text).and_then(|ts| place.public(ts)).ok_or_else(|| Refusal::new("message_not_found"))?;
    if message.is_tombstone() {
        return Err(Refusal::new("message_not_found"));
    }
    if message.author != Author::App {
        return Err(Refusal::new(not_own));
    }
    Ok((channel, message.ts))
}

pub(super) fn update(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let (channel, ts) = own(world, args, "cant_update_message")?;
    if world.channels[&channel].archived {
        return Err(Refusal::new("is_inactive"));
    }
    if world.streams(&channel, ts) {
        return Err(Refusal::new("streaming_state_conflict"));
    }
    let age = world.clock.unix().saturating_sub(ts / 1_000_000);
    if world.edit_window.is_some_and(|window| age > window.as_secs()) {
        return Err(Refusal::new("edit_window_closed"));
    }
    let longest = world.update_text;
    let content = Content::of(args, longest)?;
    // docs.slack.dev chat.update: without `blocks` the earlier ones stay only if
    // there is no `text` either; a text alone takes their place.
    let says_words = !content.text.trim().is_empty();
    let keeps = |name: &str| args.is_absent(name) && !says_words;
    let (keeps_blocks, keeps_attachments) = (keeps("blocks"), keeps("attachments"));
    let mut new = content.into_message(world, Author::App);
    let old = &world.channels[&channel].messages[&ts];
    if keeps_blocks {
        new.blocks = old.blocks.clone();
    }
    if keeps_attachments {
        new.attachments = old.attachments.clone();
    }
    let parse = parse_mode(args);
    let says_the_same = old.text == super::super::text::kept(&new.text, parse)
        && old.attachments == new.attachments
        && super::super::blocks::nameless(old.blocks.as_ref())
            == super::super::blocks::nameless(new.blocks.as_ref());
    if !says_the_same {
        world.edit(&channel, ts, new, parse);
    }
    let place = &world.channels[&channel];
    let message = &place.messages[&ts];
    let parent = message.thread.and_then(|thread| place.messages.get(&thread));
    let json = message.to_json(&world.app.sign, parent);
    Ok(json!({"channel": channel, "ts": ts_text(ts), "text": message.text, "message": json}))
}

pub(super) fn delete(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let (channel, ts) = own(world, args, "cant_delete_message")?;
    if world.streams(&channel, ts) {
        return Err(Refusal::new("cant_delete_message"));
    }
    world.delete(&channel, ts);
    Ok(json!({"channel": channel, "ts": ts_text(ts)}))
}
