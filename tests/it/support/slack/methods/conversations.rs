//! `conversations.*`: what the bot may know about channels.

use serde_json::{Value, json};

use super::super::channel::{Channel, Kind};
use super::super::state::World;
use super::{Args, Refusal};

const MOST: usize = 1_000;

/// The conversation a call is about, if the bot can see it and has the scope
/// for its kind, such as `channels:read`.
pub(super) fn visible<'a>(world: &'a World, args: &Args, right: &str) -> Result<&'a Channel, Refusal> {
    let id = args.required("channel").map_err(|_| Refusal::malformed("channel_not_found"))?;
    let bot = &world.app.sign.bot_user;
    let Some(channel) = world.channels.get(&id) else {
        // Without any of the scopes Slack does not even look.
        let all = ["channels", "groups", "im", "mpim"].map(|kind| format!("{kind}:{right}"));
        world.require(&all.each_ref().map(String::as_str))?;
        return Err(Refusal::new("channel_not_found"));
    };
    world.require(&[&format!("{}:{right}", channel.kind.scope_prefix())])?;
    if channel.kind != Kind::Public && !channel.members.contains(bot) {
        return Err(Refusal::new("channel_not_found"));
    }
    Ok(channel)
}

pub(super) fn info(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let channel = visible(world, args, "read")?;
    Ok(json!({"channel": channel.to_json(&world.app.sign.bot_user)}))
}

pub(super) fn list(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let types =
        args.text("types").filter(|types| !types.is_empty()).unwrap_or_else(|| "public_channel".to_owned());
    let mut kinds = Vec::new();
    for name in types.split(',').map(str::trim) {
        let all = [Kind::Public, Kind::Private, Kind::Direct, Kind::GroupDirect];
        let kind = all
            .into_iter()
            .find(|kind| kind.list_type() == name)
            .ok_or_else(|| Refusal::malformed("invalid_types"))?;
        world.require(&[&format!("{}:read", kind.scope_prefix())])?;
        kinds.push(kind);
    }
    let limit = args.limit(100, MOST)?;
    let bot = &world.app.sign.bot_user;
    let after = cursor(args)?;
    let mut found = world.channels.values().filter(|channel| {
        kinds.contains(&channel.kind)
            && (channel.kind == Kind::Public || channel.members.contains(bot))
            && !(args.flag("exclude_archived") && channel.archived)
            && after.as_ref().is_none_or(|after| channel.id > *after)
    });
    let page: Vec<&Channel> = found.by_ref().take(limit).collect();
    let next = found.next().and(page.last()).map(|last| last.id.as_str());
    let channels: Vec<Value> = page.iter().map(|channel| channel.to_json(bot)).collect();
    Ok(json!({"channels": channels, "response_metadata": {"next_cursor": to_cursor(next)}}))
}

pub(super) fn members(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let channel = visible(world, args, "read")?;
    let limit = args.limit(100, MOST)?;
    let after = cursor(args)?;
    let mut found =
        channel.members.iter().filter(|member| after.as_ref().is_none_or(|after| *member > after));
    let page: Vec<&String> = found.by_ref().take(limit).collect();
    let next = found.next().and(page.last()).map(|last| last.as_str());
    Ok(json!({"members": page, "response_metadata": {"next_cursor": to_cursor(next)}}))
}

pub(super) fn open(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    world.require(&["im:write", "mpim:write", "channels:manage", "groups:write"])?;
    let bot = world.app.sign.bot_user.clone();
    let full = args.flag("return_im");
    if !args.is_absent("channel") {
        let id = args.required("channel")?;
        let channel = world.channels.get(&id).filter(|channel| channel.members.contains(&bot));
        let channel = channel.ok_or_else(|| Refusal::new("channel_not_found"))?;
        if !matches!(channel.kind, Kind::Direct | Kind::GroupDirect) {
            return Err(Refusal::malformed("method_not_supported_for_channel_type"));
        }
        return Ok(json!({"no_op": true, "already_open": true, "channel": shown(channel, full, &bot)}));
    }
    let listed = args.list("users");
    if listed.is_empty() {
        return Err(Refusal::malformed("users_list_not_supplied"));
    }
    let users: Vec<&str> = listed.iter().map(String::as_str).filter(|user| *user != bot).collect();
    if users.len() > 8 {
        return Err(Refusal::malformed("too_many_users"));
    }
    if users.is_empty() || users.iter().any(|user| !world.users.contains_key(*user)) {
        return Err(Refusal::new("user_not_found"));
    }
    world.require(&[if users.len() == 1 { "im:write" } else { "mpim:write" }])?;
    let known = world.channels.len();
    let id = if let [user] = users[..] { world.direct(user) } else { group_direct(world, &users) };
    let mut answer = json!({"channel": shown(&world.channels[&id], full, &bot)});
    if world.channels.len() == known {
        answer["no_op"] = json!(true);
        answer["already_open"] = json!(true);
    }
    Ok(answer)
}

fn group_direct(world: &mut World, users: &[&str]) -> String {
    let bot = world.app.sign.bot_user.clone();
    let members: std::collections::BTreeSet<String> =
        users.iter().map(|user| (*user).to_owned()).chain(std::iter::once(bot)).collect();
    let open = world
        .channels
        .values()
        .find(|channel| channel.kind == Kind::GroupDirect && channel.members == members);
    if let Some(open) = open {
        return open.id.clone();
    }
    let id = world.fresh("G");
    let names: Vec<String> = members.iter().map(|user| world.users[user].name.clone()).collect();
    let mut channel =
        Channel::new(&id, Kind::GroupDirect, &format!("mpdm-{}-1", names.join("--")), world.clock.unix());
    channel.members = members;
    world.channels.insert(id.clone(), channel);
    id
}

fn shown(channel: &Channel, full: bool, bot: &str) -> Value {
    if full { channel.to_json(bot) } else { json!({"id": channel.id}) }
}

const CURSOR: &str = "bmV4dF90czo";

/// The cursor for a page after `last`; empty when there is none.
pub(super) fn to_cursor(last: Option<&str>) -> String {
    last.map_or_else(String::new, |last| format!("{CURSOR}{last}"))
}

/// Where the page begins.
pub(super) fn cursor(args: &Args) -> Result<Option<String>, Refusal> {
    let Some(cursor) = args.text("cursor").filter(|cursor| !cursor.is_empty()) else {
        return Ok(None);
    };
    let last = cursor.strip_prefix(CURSOR).ok_or_else(|| Refusal::malformed("invalid_cursor"))?;
    Ok(Some(last.to_owned()))
}
