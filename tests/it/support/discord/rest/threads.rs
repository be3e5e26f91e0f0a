//! Threads: starting, joining and leaving them (channel.mdx).

use serde_json::Value;

use super::super::errors::{Form, Refusal};
use super::super::message::HAS_THREAD;
use super::super::permissions::{CREATE_PRIVATE_THREADS, CREATE_PUBLIC_THREADS};
use super::super::places::ChannelKind;
use super::super::world::World;
use super::{Answer, Asked};

pub(super) fn start(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let channel = asked.id(0)?;
    text_channel(world, channel)?;
    let mut form = Form::default();
    // "`type` currently defaults to `PRIVATE_THREAD`."
    let kind = match form.integer(&asked.body.fields, "type") {
        None | Some(12) => ChannelKind::PrivateThread,
        Some(11) => ChannelKind::PublicThread,
        Some(_) => {
            form.not_one_of("type", "(10, 11, 12)");
            ChannelKind::PublicThread
        }
    };
    let name = read_name(&mut form, &asked.body.fields);
    form.finish()?;
    let needed =
        if kind == ChannelKind::PublicThread { CREATE_PUBLIC_THREADS } else { CREATE_PRIVATE_THREADS };
    world.allowed(channel, needed)?;
    let thread = world.start_thread(channel, kind, &name, world.app.bot);
    Ok(Answer::Json(201, world.channel_json(thread)))
}

pub(super) fn start_from_message(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id) = (asked.id(0)?, asked.id(1)?);
    text_channel(world, channel)?;
    let mut form = Form::default();
    let name = read_name(&mut form, &asked.body.fields);
    form.finish()?;
    let place = world.allowed(channel, CREATE_PUBLIC_THREADS)?;
    let message = world.existing(place, id)?;
    if message.flags & HAS_THREAD != 0 {
        return Err(Refusal::new(400, 160_004, "A thread has already been created for this message"));
    }
    if message.is_system() {
        return Err(Refusal::new(400, 50068, "Invalid message type"));
    }
    let thread = world.start_thread_from((channel, id), &name, world.app.bot);
    Ok(Answer::Json(201, world.channel_json(thread)))
}

pub(super) fn join(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let thread = own_thread(world, asked)?;
    world.join_thread(thread, world.app.bot);
    Ok(Answer::NoContent)
}

pub(super) fn leave(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let thread = own_thread(world, asked)?;
    world.leave_thread(thread, world.app.bot);
    Ok(Answer::NoContent)
}

fn own_thread(world: &World, asked: &Asked) -> Result<u64, Refusal> {
    let place = world.visible(asked.id(0)?)?;
    if !place.is_thread() {
        return Err(wrong_kind());
    }
    if place.archived {
        return Err(Refusal::new(400, 50083, "Thread is archived"));
    }
    Ok(place.id)
}

fn text_channel(world: &World, channel: u64) -> Result<(), Refusal> {
    let place = world.visible(channel)?;
    if place.kind == ChannelKind::Text { Ok(()) } else { Err(wrong_kind()) }
}

fn wrong_kind() -> Refusal {
    Refusal::new(400, 50024, "Cannot execute action on this channel type")
}

fn read_name(form: &mut Form, fields: &Value) -> String {
    let name = form.required_text(fields, "name", (1, 100));
    let duration = form.integer(fields, "auto_archive_duration");
    if duration.is_some_and(|minutes| ![60, 1440, 4320, 10080].contains(&minutes)) {
        form.not_one_of("auto_archive_duration", "(60, 1440, 4320, 10080)");
    }
    if form.integer(fields, "rate_limit_per_user").is_some_and(|seconds| seconds > 21_600) {
        let message = "int value should be less than or equal to 21600.";
        form.refuse("rate_limit_per_user", "NUMBER_TYPE_MAX", message);
    }
    name
}
