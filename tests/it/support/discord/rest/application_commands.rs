//! Application commands, global (`/applications/{id}/commands`) and of a guild.

use serde_json::{Value, json};

use super::super::errors::{Form, Refusal};
use super::super::world::World;
use super::{Answer, Asked};

pub(super) fn list(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (scope, _) = scope(world, asked, false)?;
    Ok(Answer::Json(200, json!(world.commands.all(scope))))
}

pub(super) fn create(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (scope, _) = scope(world, asked, false)?;
    let (command, is_new) = world.register(scope, &asked.body.fields)?;
    Ok(Answer::Json(if is_new { 201 } else { 200 }, command))
}

pub(super) fn overwrite(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (scope, _) = scope(world, asked, false)?;
    let Value::Array(given) = &asked.body.fields else {
        let mut form = Form::default();
        form.refuse("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
        return form.finish().map(|()| Answer::NoContent);
    };
    Ok(Answer::Json(200, json!(world.overwrite(scope, given)?)))
}

pub(super) fn get(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (scope, id) = scope(world, asked, true)?;
    let command = world.commands.get(scope, id).ok_or_else(Refusal::unknown_command)?;
    Ok(Answer::Json(200, command.clone()))
}

pub(super) fn edit(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (scope, id) = scope(world, asked, true)?;
    Ok(Answer::Json(200, world.change_command(scope, id, &asked.body.fields)?))
}

pub(super) fn delete(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (scope, id) = scope(world, asked, true)?;
    if world.commands.remove(scope, id) { Ok(Answer::NoContent) } else { Err(Refusal::unknown_command()) }
}

/// The guild that a path names, if any, and the command, if `is_one`.
fn scope(world: &World, asked: &Asked, is_one: bool) -> Result<(Option<u64>, u64), Refusal> {
    if asked.id(0)? != world.app.id {
        let message = "You are not authorized to perform this action on this application";
        return Err(Refusal::malformed(403, 20012, message));
    }
    let command = if is_one { asked.id(asked.parameters.len() - 1)? } else { 0 };
    if asked.parameters.len() == 1 + usize::from(is_one) {
        return Ok((None, command));
    }
    let guild = asked.id(1)?;
    let is_in = world.guilds.get(&guild).is_some_and(|guild| guild.members.contains_key(&world.app.bot));
    if is_in { Ok((Some(guild), command)) } else { Err(Refusal::missing_access()) }
}
