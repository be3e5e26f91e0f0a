//! `conversations.history` and `conversations.replies`.

use std::ops::Bound;

use serde_json::{Value, json};

use super::super::channel::{Channel, Kind};
use super::super::message::{Message, Ts, ts_value};
use super::super::state::World;
use super::conversations::{cursor, to_cursor, visible};
use super::{Args, Refusal};

const HISTORY_LIMIT: usize = 100;
const MOST_HISTORY: usize = 999;
const REPLIES_LIMIT: usize = 1_000;

/// The conversation, if the bot may read it.
fn readable<'a>(world: &'a World, args: &Args) -> Result<&'a Channel, Refusal> {
    let channel = visible(world, args, "history")?;
    if channel.kind == Kind::Public && !channel.members.contains(&world.app.sign.bot_user) {
        return Err(Refusal::new("not_in_channel"));
    }
    Ok(channel)
}

/// The range that `oldest`, `latest` and `inclusive` name.
fn range(args: &Args) -> Result<(Bound<Ts>, Bound<Ts>), Refusal> {
    let bound = |name: &str, error| -> Result<Bound<Ts>, Refusal> {
        let Some(text) = args.text(name).filter(|text| !text.is_empty() && text != "0") else {
            return Ok(Bound::Unbounded);
        };
        let ts = ts_value(&text).ok_or_else(|| Refusal::malformed(error))?;
        Ok(if args.flag("inclusive") { Bound::Included(ts) } else { Bound::Excluded(ts) })
    };
    let (oldest, latest) = (bound("oldest", "invalid_ts_oldest")?, bound("latest", "invalid_ts_latest")?);
    let empty = match (oldest, latest) {
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => {
            from > to || from == to && !args.flag("inclusive")
        }
        _ => false,
    };
    // A map's range must not be upside down; this one is as empty.
    Ok(if empty { (Bound::Included(0), Bound::Excluded(0)) } else { (oldest, latest) })
}

fn page_start(args: &Args) -> Result<Option<Ts>, Refusal> {
    cursor(args)?.map(|text| text.parse().map_err(|_| Refusal::malformed("invalid_cursor"))).transpose()
}

/// The newest come first; replies are left out unless they were broadcast.
pub(super) fn history(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let channel = readable(world, args)?;
    let limit = args.limit(HISTORY_LIMIT, MOST_HISTORY)?;
    let before = page_start(args)?;
    let in_range = channel.messages.range(range(args)?).rev().map(|(_, message)| message);
    let mut found = in_range.filter(|message| {
        message.is_public()
            && (message.thread.is_none() || message.broadcast)
            && before.is_none_or(|before| message.ts < before)
    });
    let page: Vec<&Message> = found.by_ref().take(limit).collect();
    let next = found.next().and(page.last()).map(|last| last.ts.to_string());
    let messages: Vec<Value> = page.iter().map(|message| to_json(world, channel, message)).collect();
    let mut answer = json!({"messages": messages, "has_more": next.is_some(), "pin_count": 0});
    if next.is_some() {
        answer["response_metadata"] = json!({"next_cursor": to_cursor(next.as_deref())});
    }
    Ok(answer)
}

/// The parent comes first, then its replies, the oldest first.
pub(super) fn replies(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let channel = readable(world, args)?;
    let text = args.required("ts").map_err(|_| Refusal::malformed("thread_not_found"))?;
    let root =
        ts_value(&text).and_then(|ts| channel.public(ts)).ok_or_else(|| Refusal::new("thread_not_found"))?;
    let limit = args.limit(REPLIES_LIMIT, REPLIES_LIMIT)?;
    let after = page_start(args)?;
    let bounds = range(args)?;
    let parent = after.is_none().then_some(root);
    let in_range = root.replies.range(bounds).filter_map(|(ts, _)| channel.public(*ts));
    let mut found =
        parent.into_iter().chain(in_range.filter(|message| after.is_none_or(|after| message.ts > after)));
    let page: Vec<&Message> = found.by_ref().take(limit).collect();
    let next = found.next().and(page.last()).map(|last| last.ts.to_string());
    let messages: Vec<Value> = page.iter().map(|message| to_json(world, channel, message)).collect();
    let mut answer = json!({"messages": messages, "has_more": next.is_some()});
    if next.is_some() {
        answer["response_metadata"] = json!({"next_cursor": to_cursor(next.as_deref())});
    }
    Ok(answer)
}

fn to_json(world: &World, channel: &Channel, message: &Message) -> Value {
    let parent = message.thread.and_then(|thread| channel.messages.get(&thread));
    message.to_json(&world.app.sign, parent)
}
