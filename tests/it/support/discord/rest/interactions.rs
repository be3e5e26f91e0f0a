//! Answers to interactions: the first response, and later messages through the
//! webhook that the interaction's token opens.

use serde_json::{Value, json};

use super::super::compose::{Through, change, draft};
use super::super::errors::{Form, Refusal};
use super::super::interactions::{AUTOCOMPLETE, Acknowledged, COMMAND, COMPONENT, Interaction, TOKEN_LIFE};
use super::super::message::{Author, EPHEMERAL, LOADING, Reference, kind};
use super::super::posting::Draft;
use super::super::world::World;
use super::{Answer, Asked};

pub(super) fn callback(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (id, token) = (asked.id(0)?, asked.text(1).to_owned());
    let interaction = world.interactions.get(&token).filter(|interaction| interaction.id == id);
    let interaction = interaction.ok_or_else(Refusal::unknown_interaction)?.clone();
    if world.has_failed(&interaction) || world.since(interaction.at) > TOKEN_LIFE {
        return Err(Refusal::unknown_interaction());
    }
    if interaction.acknowledged.is_some() {
        return Err(Refusal::new(400, 40060, "Interaction has already been acknowledged."));
    }
    let fields = &asked.body.fields;
    let mut form = Form::default();
    let kind = form.integer(fields, "type");
    let fits = match kind {
        Some(4 | 5) => interaction.kind != AUTOCOMPLETE,
        Some(6 | 7) => interaction.kind == COMPONENT,
        Some(8) => interaction.kind == AUTOCOMPLETE,
        _ => false,
    };
    if kind.is_none() {
        form.required("type");
    } else if !fits {
        form.not_one_of("type", "(4, 5, 6, 7, 8, 9, 10, 12)");
    }
    form.finish()?;
    let data = fields.get("data").cloned().unwrap_or_else(|| json!({}));
    let channel = interaction.channel;
    let (acknowledged, original) = match kind {
        Some(4) => {
            let files = (&data, asked.body.files.as_slice());
            let draft = draft(world, files, channel, Through::Interaction);
            let draft = draft.map_err(|refusal| refusal.inside("data"))?;
            (Acknowledged::WithMessage, Some(respond(world, &interaction, draft)))
        }
        Some(5) => {
            let flags = data.get("flags").and_then(Value::as_u64).unwrap_or(0) & EPHEMERAL | LOADING;
            let draft = Draft { flags, ..Draft::text("") };
            (Acknowledged::Deferred, Some(respond(world, &interaction, draft)))
        }
        Some(7) => {
            let message = interaction.message.ok_or_else(Refusal::unknown_message)?;
            let body = super::Body { fields: data, files: asked.body.files.clone() };
            let change = change(world, &body, (channel, message), Through::Interaction);
            world.edit(channel, message, change.map_err(|refusal| refusal.inside("data"))?);
            (Acknowledged::Updated, Some(message))
        }
        Some(8) => (Acknowledged::Suggested(read_choices(&data)?), None),
        _ => (Acknowledged::DeferredUpdate, interaction.message),
    };
    if let Some(interaction) = world.interactions.get_mut(&token) {
        interaction.acknowledged = Some(acknowledged);
        interaction.original = original;
    }
    if !asked.flag("with_response") {
        return Ok(Answer::NoContent);
    }
    Ok(Answer::Json(200, response_json(world, &interaction, kind, original)))
}

/// Writes a first response.
fn respond(world: &mut World, interaction: &Interaction, draft: Draft) -> u64 {
    let is_command = interaction.kind == COMMAND;
    let kind = if is_command { kind::CHAT_INPUT_COMMAND } else { kind::REPLY };
    let reference = interaction.message.filter(|_| !is_command);
    let reference =
        reference.map(|message| Reference { channel: interaction.channel, message: Some(message) });
    let draft = Draft { kind, reference, origin: Some(interaction.origin(false)), ..draft };
    world.post(interaction.channel, Author::Account(world.app.bot), draft)
}

fn response_json(world: &World, interaction: &Interaction, kind: Option<u64>, message: Option<u64>) -> Value {
    let mut body = json!({
        "interaction": { "id": interaction.id.to_string(), "type": interaction.kind },
        "resource": { "type": kind },
    });
    let message = message.filter(|_| matches!(kind, Some(4 | 5 | 7)));
    if let Some(id) = message {
        let flags = world.home(id).messages.get(&id).map_or(0, |message| message.flags);
        body["interaction"]["response_message_id"] = json!(id.to_string());
        body["interaction"]["response_message_loading"] = json!(flags & LOADING != 0);
        body["interaction"]["response_message_ephemeral"] = json!(flags & EPHEMERAL != 0);
        body["resource"]["message"] = world.rest_json(interaction.channel, id);
    }
    body
}

fn read_choices(data: &Value) -> Result<Vec<Value>, Refusal> {
    let mut form = Form::default();
    let choices = form.list(data, "data.choices", 25).map(<[Value]>::to_vec);
    if choices.is_none() {
        form.required("data.choices");
    }
    for (index, choice) in choices.iter().flatten().enumerate() {
        form.required_text(choice, &format!("data.choices.{index}.name"), (1, 100));
    }
    form.finish()?;
    Ok(choices.unwrap_or_default())
}

/// The interaction that a webhook's token belongs to, while it is valid and
/// the bot has acknowledged it.
fn opened(world: &World, asked: &Asked) -> Result<Interaction, Refusal> {
    let interaction = world.interactions.get(asked.text(1)).ok_or_else(Refusal::unknown_webhook)?;
    if asked.id(0)? != world.app.id {
        return Err(Refusal::unknown_webhook());
    }
    if world.since(interaction.at) > TOKEN_LIFE {
        return Err(Refusal::new(401, 50027, "Invalid Webhook Token"));
    }
    // Clients report 10015 for answers before the acknowledgement.
    if interaction.acknowledged.is_none() {
        return Err(Refusal::unknown_webhook());
    }
    Ok(interaction.clone())
}

pub(super) fn follow_up(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let interaction = opened(world, asked)?;
    let channel = interaction.channel;
    let original = interaction.original.and_then(|id| world.channel(channel).messages.get(&id));
    // Right after a deferral this is an edit, "for backwards compatibility".
    if let Some(loading) = original.filter(|message| message.is_loading() && !message.deleted) {
        let id = loading.id;
        let change = change(world, &asked.body, (channel, id), Through::Interaction)?;
        world.edit(channel, id, change);
        return Ok(Answer::Json(200, world.rest_json(channel, id)));
    }
    let message = (&asked.body.fields, asked.body.files.as_slice());
    let mut draft = draft(world, message, channel, Through::Interaction)?;
    draft.origin = Some(interaction.origin(true));
    draft.kind = kind::REPLY;
    draft.reference = interaction.original.map(|message| Reference { channel, message: Some(message) });
    let id = world.post(channel, Author::Account(world.app.bot), draft);
    if let Some(interaction) = world.interactions.get_mut(asked.text(1)) {
        interaction.follow_ups.push(id);
    }
    Ok(Answer::Json(200, world.rest_json(channel, id)))
}

/// The message that a path names: `@original`, or one of this interaction.
fn target(world: &World, asked: &Asked) -> Result<(u64, u64), Refusal> {
    let interaction = opened(world, asked)?;
    let id = if asked.parameters.len() > 2 {
        let id = asked.id(2)?;
        let is_own = interaction.original == Some(id) || interaction.follow_ups.contains(&id);
        is_own.then_some(id)
    } else {
        interaction.original
    };
    let id = id.ok_or_else(Refusal::unknown_message)?;
    let message = world.channels.get(&interaction.channel).and_then(|place| place.messages.get(&id));
    let is_there = message.is_some_and(|message| !message.deleted);
    if is_there { Ok((interaction.channel, id)) } else { Err(Refusal::unknown_message()) }
}

pub(super) fn get(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id) = target(world, asked)?;
    Ok(Answer::Json(200, world.rest_json(channel, id)))
}

pub(super) fn edit(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id) = target(world, asked)?;
    let change = change(world, &asked.body, (channel, id), Through::Interaction)?;
    world.edit(channel, id, change);
    Ok(Answer::Json(200, world.rest_json(channel, id)))
}

pub(super) fn delete(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id) = target(world, asked)?;
    world.delete(channel, id);
    Ok(Answer::NoContent)
}
