//! Channels and guilds: looking at them, typing in them.

use serde_json::{Value, json};

use super::super::errors::Refusal;
use super::super::permissions::SEND_MESSAGES;
use super::super::places::GuildState;
use super::super::world::World;
use super::{Answer, Asked};

pub(super) fn channel(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let place = world.visible(asked.id(0)?)?;
    Ok(Answer::Json(200, world.channel_json(place.id)))
}

/// Shows the bot typing, for ten seconds or until it writes (channel.mdx).
pub(super) fn typing(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let channel = asked.id(0)?;
    world.allowed(channel, SEND_MESSAGES)?;
    world.type_in(channel, world.app.bot);
    Ok(Answer::NoContent)
}

pub(super) fn guild(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let guild = own_guild(world, asked)?;
    let mut body = guild.json();
    if asked.flag("with_counts") {
        body["approximate_member_count"] = json!(guild.members.len());
        body["approximate_presence_count"] = json!(guild.members.len());
    }
    Ok(Answer::Json(200, body))
}

pub(super) fn guild_channels(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let guild = own_guild(world, asked)?.id;
    let places = world.channels.values().filter(|place| place.guild == Some(guild) && !place.is_thread());
    let channels: Vec<Value> = places.map(|place| place.json()).collect();
    Ok(Answer::Json(200, json!(channels)))
}

pub(super) fn member(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let guild = own_guild(world, asked)?.id;
    let member = world.full_member_json(Some(guild), asked.id(1)?);
    member.map(|member| Answer::Json(200, member)).ok_or_else(|| Refusal::new(404, 10007, "Unknown Member"))
}

/// A guild that the bot is in.
fn own_guild<'a>(world: &'a World, asked: &Asked) -> Result<&'a GuildState, Refusal> {
    let guild = world.guilds.get(&asked.id(0)?).ok_or_else(Refusal::unknown_guild)?;
    let is_in = guild.members.contains_key(&world.app.bot);
    if is_in && guild.available { Ok(guild) } else { Err(Refusal::missing_access()) }
}

impl World {
    /// Writes a channel, with the recipient of a direct message.
    pub(in super::super) fn channel_json(&self, id: u64) -> Value {
        let place = self.channel(id);
        let mut channel = place.json();
        if let Some(person) = place.recipient {
            channel["recipients"] = json!([self.user_json(person)]);
        }
        if place.is_thread() && place.members.contains(&self.app.bot) {
            channel["member"] = json!({ "join_timestamp": place.created_at, "flags": 0 });
        }
        channel
    }
}
