//! `chat.startStream`, `chat.appendStream` and `chat.stopStream`: messages that grow.
//!
//! docs.slack.dev/reference/methods has the arguments and errors. Not in it, but seen by those
//! who use them: while a message streams, `chat.update` says `streaming_state_conflict` and
//! `chat.delete` says `cant_delete_message`; about five minutes after its start a stream is
//! over by itself (vercel/chat#637), and then `message_not_in_streaming_state` is said.
//! Chunks other than `markdown_text` are not emulated. Nothing says what a stream unfurls, so
//! it is what a post without options does.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::channel::Kind;
use super::super::message::{Author, Message, Ts, ts_text};
use super::super::state::{Treatment, World};
use super::super::text::Parse;
use super::chat::{MARKDOWN, own, postable, thread};
use super::{Args, Refusal};

/// How long a stream is open at most.
const LIVES: Duration = Duration::from_secs(5 * 60);

const AS_A_POST: Treatment = Treatment { parse: Parse::Normal, unfurl_links: false, unfurl_media: true };

pub(super) fn start(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let channel = postable(world, args)?;
    let text = markdown(args)?;
    let thread = thread(world, &channel, args)?;
    if world.channels[&channel].kind == Kind::Direct {
        if thread.is_none() {
            return Err(Refusal::malformed("invalid_thread_ts"));
        }
    } else {
        recipient(world, &channel, args)?;
    }
    let mut message = Message::new(Author::App, text);
    message.thread = thread;
    message.streams_since = Some(world.now());
    let ts = world.post(&channel, message, AS_A_POST);
    Ok(json!({"channel": channel, "ts": ts_text(ts)}))
}

pub(super) fn append(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let (channel, ts) = streaming(world, args)?;
    let text = markdown(args)?;
    if text.is_empty() {
        return Err(Refusal::malformed("no_text"));
    }
    world.add(&channel, ts, &text, AS_A_POST);
    Ok(json!({"channel": channel, "ts": ts_text(ts)}))
}

pub(super) fn stop(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let (channel, ts) = streaming(world, args)?;
    let text = markdown(args)?;
    if !text.is_empty() {
        world.add(&channel, ts, &text, AS_A_POST);
    }
    world.change(&channel, ts, |message| message.streams_since = None);
    let place = &world.channels[&channel];
    let message = &place.messages[&ts];
    let parent = message.thread.and_then(|thread| place.messages.get(&thread));
    let json = message.to_json(&world.app.sign, parent);
    Ok(json!({"channel": channel, "ts": ts_text(ts), "message": json}))
}

/// The message that streams.
fn streaming(world: &World, args: &Args) -> Result<(String, Ts), Refusal> {
    let (channel, ts) = own(world, args, "message_not_owned_by_app")?;
    if !world.streams(&channel, ts) {
        return Err(Refusal::new("message_not_in_streaming_state"));
    }
    Ok((channel, ts))
}

fn markdown(args: &Args) -> Result<String, Refusal> {
    if !args.is_absent("chunks") || !args.is_absent("blocks") {
        return Err(Refusal::malformed("the_emulator_knows_markdown_text_only"));
    }
    let text = args.text("markdown_text").unwrap_or_default();
    if text.chars().count() > MARKDOWN {
        return Err(Refusal::malformed("msg_too_long"));
    }
    Ok(text)
}

/// For whom it is, which has to be said where others read along.
fn recipient(world: &World, channel: &str, args: &Args) -> Result<(), Refusal> {
    let user = args.text("recipient_user_id").filter(|user| !user.is_empty());
    let user = user.ok_or_else(|| Refusal::malformed("missing_recipient_user_id"))?;
    let team = args.text("recipient_team_id").filter(|team| !team.is_empty());
    let team = team.ok_or_else(|| Refusal::malformed("missing_recipient_team_id"))?;
    if !world.channels[channel].members.contains(&user) || team != world.app.sign.team {
        return Err(Refusal::malformed("user_not_found"));
    }
    Ok(())
}

impl World {
    /// Whether a message can still be added to.
    pub(in super::super) fn streams(&self, channel: &str, ts: Ts) -> bool {
        let message = self.channels.get(channel).and_then(|place| place.messages.get(&ts));
        let since = message.and_then(|message| message.streams_since);
        since.is_some_and(|since| self.now() < since + LIVES)
    }
}
