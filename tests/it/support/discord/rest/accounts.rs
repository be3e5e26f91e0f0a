//! Accounts: the bot, its application, other users, direct messages; and where
//! the gateway is.

use serde_json::{Value, json};

use super::super::errors::{Form, Refusal};
use super::super::gateway::MAX_STARTS;
use super::super::world::World;
use super::{Answer, Asked};

pub(super) fn gateway(world: &mut World, _: &Asked) -> Result<Answer, Refusal> {
    Ok(Answer::Json(200, json!({ "url": world.gateway.url })))
}

pub(super) fn gateway_bot(world: &mut World, _: &Asked) -> Result<Answer, Refusal> {
    let body = json!({
        "url": world.gateway.url,
        "shards": 1,
        "session_start_limit": {
            "total": MAX_STARTS,
            "remaining": world.gateway.starts_left,
            "reset_after": 14_400_000,
            "max_concurrency": 1,
        },
    });
    Ok(Answer::Json(200, body))
}

pub(super) fn own_user(world: &mut World, _: &Asked) -> Result<Answer, Refusal> {
    Ok(Answer::Json(200, world.own_user_json()))
}

pub(super) fn own_guilds(world: &mut World, _: &Asked) -> Result<Answer, Refusal> {
    let guilds = world.guilds.values().filter(|guild| guild.members.contains_key(&world.app.bot));
    let guilds: Vec<Value> = guilds
        .map(|guild| {
            json!({
                "id": guild.id.to_string(), "name": guild.name, "icon": null, "banner": null,
                "owner": false, "permissions": "0", "features": [],
            })
        })
        .collect();
    Ok(Answer::Json(200, json!(guilds)))
}

pub(super) fn user(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let account = world.accounts.get(&asked.id(0)?).ok_or_else(Refusal::unknown_user)?;
    Ok(Answer::Json(200, account.json()))
}

pub(super) fn application(world: &mut World, _: &Asked) -> Result<Answer, Refusal> {
    let bot = world.user_json(world.app.bot);
    Ok(Answer::Json(200, world.app.json(world.guilds.len(), bot)))
}

/// Opens a direct message with somebody, or finds the one there is.
pub(super) fn open_direct(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let fields = &asked.body.fields;
    let mut form = Form::default();
    let recipient = form.snowflake(fields, "recipient_id");
    if fields.get("recipient_id").is_none() {
        form.required("recipient_id");
    }
    form.finish()?;
    let recipient = recipient.filter(|id| world.accounts.contains_key(id) && *id != world.app.bot);
    let recipient = recipient.ok_or_else(|| Refusal::new(400, 50033, "Invalid Recipient(s)"))?;
    let channel = world.direct_with(recipient);
    Ok(Answer::Json(200, world.channel_json(channel)))
}
