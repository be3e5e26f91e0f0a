//! Methods about the app, people and the workspace.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::app::TokenState;
use super::super::channel::Kind;
use super::super::message::ts_value;
use super::super::socket::opened;
use super::super::state::World;
use super::super::{TEAM_DOMAIN, TEAM_NAME, events};
use super::{Args, Refusal};

/// A status goes away by itself: docs.slack.dev assistant.threads.setStatus.
pub(in super::super) const STATUS_LIVES: Duration = Duration::from_secs(120);
const LOADING_MESSAGES: usize = 10;

pub(super) fn connections_open(world: &mut World, _: &Args) -> Result<Value, Refusal> {
    let ticket = world.socket_ticket();
    Ok(opened(&world.socket_address, &world.app.sign.app, &ticket))
}

pub(super) fn api_test(_: &mut World, args: &Args) -> Result<Value, Refusal> {
    match args.text("error") {
        Some(_) => Err(Refusal::new("my_error")),
        None => Ok(json!({})),
    }
}

pub(super) fn auth_test(world: &mut World, _: &Args) -> Result<Value, Refusal> {
    let sign = &world.app.sign;
    Ok(json!({
        "url": format!("https://{TEAM_DOMAIN}.slack.com/"), "team": TEAM_NAME, "user": sign.bot_name,
        "team_id": sign.team, "user_id": sign.bot_user, "bot_id": sign.bot, "is_enterprise_install": false,
    }))
}

pub(super) fn auth_revoke(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    if !args.flag("test") {
        world.app.token_state = TokenState::Revoked;
        events::tokens_revoked(world);
    }
    Ok(json!({"revoked": !args.flag("test")}))
}

pub(super) fn team_info(world: &mut World, _: &Args) -> Result<Value, Refusal> {
    let team = &world.app.sign.team;
    Ok(json!({"team": {
        "id": team, "name": TEAM_NAME, "domain": TEAM_DOMAIN, "email_domain": "", "url": format!("https://{TEAM_DOMAIN}.slack.com/"),
        "icon": {"image_34": "https://a.slack-edge.com/80588/img/avatars-teams/ava_0001-34.png", "image_default": true},
    }}))
}

pub(super) fn users_info(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let id = args.required("user").map_err(|_| Refusal::malformed("user_not_found"))?;
    let user = world.users.get(&id).ok_or_else(|| Refusal::new("user_not_found"))?;
    let team = &world.app.sign.team;
    Ok(json!({"user": {
        "id": user.id, "team_id": team, "name": user.name, "real_name": user.name, "deleted": false, "color": "9f69e7",
        "tz": "Europe/Berlin", "tz_label": "Central European Time", "tz_offset": 3600,
        "profile": {
            "real_name": user.name, "real_name_normalized": user.name, "display_name": user.name,
            "display_name_normalized": user.name, "team": team, "status_text": "", "status_emoji": "",
        },
        "is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": false,
        "is_ultra_restricted": false, "is_bot": user.is_bot, "is_app_user": false, "updated": 1_700_000_000,
    }}))
}

pub(super) fn bots_info(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let sign = &world.app.sign;
    match args.text("bot") {
        Some(bot) if bot != sign.bot => Err(Refusal::new("bot_not_found")),
        _ => {
            let mut bot = sign.bot_profile();
            bot["user_id"] = json!(sign.bot_user);
            Ok(json!({"bot": bot}))
        }
    }
}

pub(super) fn set_status(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let id = args.required("channel_id")?;
    let thread = args.required("thread_ts")?;
    let status = args.text("status").ok_or_else(|| Refusal::missing("status"))?;
    let messages = args
        .structured("loading_messages")
        .transpose()
        .map_err(|()| Refusal::malformed("invalid_arguments"))?;
    if messages.as_ref().is_some_and(|list| list.as_array().is_none_or(|list| list.len() > LOADING_MESSAGES))
    {
        return Err(Refusal::malformed("invalid_arguments"));
    }
    let (now, bot) = (world.now(), world.app.sign.bot_user.clone());
    let channel = world
        .channels
        .get_mut(&id)
        .filter(|channel| channel.kind == Kind::Public || channel.members.contains(&bot));
    let channel = channel.ok_or_else(|| Refusal::new("channel_not_found"))?;
    if !channel.members.contains(&bot) {
        return Err(Refusal::new("no_permission"));
    }
    let root = ts_value(&thread)
        .and_then(|ts| channel.thread_root(ts))
        .ok_or_else(|| Refusal::new("invalid_thread_ts"))?;
    if status.is_empty() {
        channel.statuses.remove(&root);
    } else {
        channel.statuses.insert(root, (status, now));
    }
    Ok(json!({}))
}
