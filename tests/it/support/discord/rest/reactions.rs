//! The bot's own reactions.

use super::super::errors::Refusal;
use super::super::permissions::{ADD_REACTIONS, READ_MESSAGE_HISTORY};
use super::super::world::World;
use super::{Answer, Asked, percent_decoded};

const MAX_REACTIONS: usize = 20;

pub(super) fn add(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id, emoji) = target(world, asked)?;
    let place = world.channel(channel);
    let message = world.existing(place, id)?;
    if place.archived {
        return Err(Refusal::new(400, 50083, "Thread is archived"));
    }
    // Only the first reaction with an emoji needs the permission.
    if !message.reactions.iter().any(|reaction| reaction.emoji == emoji) {
        world.allowed(channel, ADD_REACTIONS)?;
        if message.reactions.len() >= MAX_REACTIONS {
            return Err(Refusal::new(403, 30010, "Maximum number of reactions reached (20)"));
        }
    }
    world.react(channel, id, world.app.bot, &emoji);
    Ok(Answer::NoContent)
}

pub(super) fn remove(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id, emoji) = target(world, asked)?;
    world.unreact(channel, id, world.app.bot, &emoji);
    Ok(Answer::NoContent)
}

fn target(world: &World, asked: &Asked) -> Result<(u64, u64, String), Refusal> {
    let (channel, id) = (asked.id(0)?, asked.id(1)?);
    let place = world.allowed(channel, READ_MESSAGE_HISTORY)?;
    world.existing(place, id)?;
    let emoji = percent_decoded(asked.text(2));
    // Custom emoji are `name:id`; any other text has to be a Unicode emoji.
    let is_custom = emoji.split_once(':').is_some_and(|(_, id)| id.parse::<u64>().is_ok());
    if !is_custom && emoji.chars().all(|c| c.is_ascii_alphabetic() || c == ':' || c == '_') {
        return Err(Refusal::malformed(400, 10014, "Unknown Emoji"));
    }
    Ok((channel, id, emoji))
}
