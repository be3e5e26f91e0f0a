//! `reactions.*`.

use serde_json::{Value, json};

use super::super::channel::Kind;
use super::super::events;
use super::super::message::{Ts, ts_value};
use super::super::state::World;
use super::{Args, Refusal};

/// The message a call is about.
fn item(world: &World, args: &Args) -> Result<(String, Ts), Refusal> {
    if args.is_absent("channel") || args.is_absent("timestamp") {
        return Err(Refusal::malformed("no_item_specified"));
    }
    let (channel, text) = (args.required("channel")?, args.required("timestamp")?);
    let ts = ts_value(&text).ok_or_else(|| Refusal::malformed("bad_timestamp"))?;
    let bot = &world.app.sign.bot_user;
    let place = world
        .channels
        .get(&channel)
        .filter(|place| place.kind == Kind::Public || place.members.contains(bot));
    let place = place.ok_or_else(|| Refusal::new("channel_not_found"))?;
    if place.archived {
        return Err(Refusal::new("is_archived"));
    }
    if !place.members.contains(bot) {
        return Err(Refusal::new("not_in_channel"));
    }
    place.public(ts).ok_or_else(|| Refusal::new("message_not_found"))?;
    Ok((channel, ts))
}

fn name(args: &Args) -> Result<String, Refusal> {
    let name = args.required("name").map_err(|_| Refusal::malformed("invalid_name"))?;
    let known = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-+':".contains(c))
        && !name.starts_with(':');
    if known { Ok(name) } else { Err(Refusal::malformed("invalid_name")) }
}

pub(super) fn add(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let name = name(args)?;
    let (channel, ts) = item(world, args)?;
    let bot = world.app.sign.bot_user.clone();
    if world.react(&channel, ts, &bot, &name) { Ok(json!({})) } else { Err(Refusal::new("already_reacted")) }
}

pub(super) fn remove(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let name = name(args)?;
    let (channel, ts) = item(world, args)?;
    let bot = world.app.sign.bot_user.clone();
    if world.unreact(&channel, ts, &bot, &name) { Ok(json!({})) } else { Err(Refusal::new("no_reaction")) }
}

pub(super) fn get(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let (channel, ts) = item(world, args)?;
    let message = world.channels[&channel].messages[&ts].to_json(&world.app.sign, None);
    Ok(json!({"type": "message", "channel": channel, "message": message}))
}

impl World {
    /// Adds a reaction; false when it was there.
    pub(in super::super) fn react(&mut self, channel: &str, ts: Ts, user: &str, name: &str) -> bool {
        let place = self.channels.get_mut(channel).expect("the channel was looked up");
        let message = place.messages.get_mut(&ts).expect("the message was looked up");
        match message.reactions.iter_mut().find(|(reaction, _)| reaction == name) {
            Some((_, users)) if users.iter().any(|other| other == user) => return false,
            Some((_, users)) => users.push(user.to_owned()),
            None => message.reactions.push((name.to_owned(), vec![user.to_owned()])),
        }
        place.touch(ts);
        events::reacted(self, channel, ts, ("reaction_added", user, name));
        true
    }

    /// Takes a reaction back; false when there was none.
    pub(in super::super) fn unreact(&mut self, channel: &str, ts: Ts, user: &str, name: &str) -> bool {
        let place = self.channels.get_mut(channel).expect("the channel was looked up");
        let message = place.messages.get_mut(&ts).expect("the message was looked up");
        let Some((_, users)) = message.reactions.iter_mut().find(|(reaction, _)| reaction == name) else {
            return false;
        };
        let before = users.len();
        users.retain(|other| other != user);
        let removed = users.len() < before;
        message.reactions.retain(|(_, users)| !users.is_empty());
        if removed {
            place.touch(ts);
            events::reacted(self, channel, ts, ("reaction_removed", user, name));
        }
        removed
    }
}
