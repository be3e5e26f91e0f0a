//! Events, as the Events API sends them.
//!
//! Source: docs.slack.dev/apis/events-api and /reference/events. An event goes
//! out when the app is subscribed to it, has its scope, and its bot is a member
//! of the conversation.

use serde_json::{Value, json};

use super::channel::Kind;
use super::message::{Author, Message, Ts, ts_text};
use super::state::World;

/// A message appeared.
pub(super) fn posted(world: &mut World, channel: &str, ts: Ts) {
    let Some((kind, mut event)) = located(world, channel, ts) else {
        return;
    };
    event["event_ts"] = event["ts"].clone();
    let mention = mention(world, kind, channel, ts, &event);
    // Slack promises no order between the two: docs.slack.dev/reference/events/app_mention.
    if let Some(mention) = mention {
        if world.dice.roll(2) == 0 {
            emit(world, "app_mention", channel, mention);
            emit_message(world, kind, channel, event);
        } else {
            emit_message(world, kind, channel, event);
            emit(world, "app_mention", channel, mention);
        }
    } else {
        emit_message(world, kind, channel, event);
    }
}

/// A message was edited, unfurled or turned into a tombstone.
pub(super) fn changed(world: &mut World, channel: &str, before: &Message, ts: Ts) {
    let Some((kind, now)) = located(world, channel, ts) else {
        return;
    };
    let bot = format!("<@{}", world.app.sign.bot_user);
    let newly_called =
        now["text"].as_str().is_some_and(|text| text.contains(&bot)) && !before.text.contains(&bot);
    let event_ts = fresh_ts(world, channel);
    if newly_called && let Some(mut mention) = mention(world, kind, channel, ts, &now) {
        mention["event_ts"] = json!(event_ts);
        emit(world, "app_mention", channel, mention);
    }
    let sign = world.sign();
    let place = &world.channels[channel];
    let parent = before.thread.and_then(|thread| place.messages.get(&thread));
    let event = json!({
        "type": "message", "subtype": "message_changed", "hidden": true, "channel": channel,
        "channel_type": kind.channel_type(), "ts": event_ts, "event_ts": event_ts,
        "message": strip_place(now), "previous_message": before.to_json(&sign, parent),
    });
    emit_message(world, kind, channel, event);
}

/// A message went away.
pub(super) fn deleted(world: &mut World, channel: &str, before: &Message) {
    let Some(kind) = world.channels.get(channel).map(|channel| channel.kind) else {
        return;
    };
    if before.only_for.is_some() {
        return;
    }
    let event_ts = fresh_ts(world, channel);
    let sign = world.sign();
    let event = json!({
        "type": "message", "subtype": "message_deleted", "hidden": true, "channel": channel,
        "channel_type": kind.channel_type(), "ts": event_ts, "event_ts": event_ts,
        "deleted_ts": ts_text(before.ts), "previous_message": before.to_json(&sign, None),
    });
    emit_message(world, kind, channel, event);
}

/// A person or bot reacted, or took a reaction back.
pub(super) fn reacted(world: &mut World, channel: &str, ts: Ts, reaction: (&str, &str, &str)) {
    let (event_type, user, name) = reaction;
    let Some(message) = world.channels.get(channel).and_then(|place| place.messages.get(&ts)) else {
        return;
    };
    let author = message.author_id(&world.app.sign);
    let event_ts = fresh_ts(world, channel);
    let event = json!({
        "type": event_type, "user": user, "reaction": name, "item_user": author, "event_ts": event_ts,
        "item": {"type": "message", "channel": channel, "ts": ts_text(ts)},
    });
    emit(world, event_type, channel, event);
}

/// Somebody came into a channel.
pub(super) fn joined(world: &mut World, channel: &str, user: &str, inviter: Option<&str>) {
    let kind = world.channels[channel].kind;
    let event_ts = fresh_ts(world, channel);
    let mut event = json!({
        "type": "member_joined_channel", "user": user, "channel": channel, "team": world.app.sign.team,
        "channel_type": if kind == Kind::Public { "C" } else { "G" }, "event_ts": event_ts,
    });
    if let Some(inviter) = inviter {
        event["inviter"] = json!(inviter);
    }
    emit(world, "member_joined_channel", channel, event);
}

/// A channel was put away.
pub(super) fn archived(world: &mut World, channel: &str, user: &str) {
    let event_ts = fresh_ts(world, channel);
    let event = json!({"type": "channel_archive", "channel": channel, "user": user, "is_moved": 0, "event_ts": event_ts});
    emit(world, "channel_archive", channel, event);
}

/// A channel was taken out again.
pub(super) fn unarchived(world: &mut World, channel: &str, user: &str) {
    let event_ts = fresh_ts(world, channel);
    let event = json!({"type": "channel_unarchive", "channel": channel, "user": user, "event_ts": event_ts});
    emit(world, "channel_unarchive", channel, event);
}

/// A channel was deleted: docs.slack.dev/reference/events/channel_deleted.
pub(super) fn channel_deleted(world: &mut World, channel: &str, user: &str) {
    let event_ts = fresh_ts(world, channel);
    let event =
        json!({"type": "channel_deleted", "channel": channel, "actor_id": user, "event_ts": event_ts});
    emit(world, "channel_deleted", channel, event);
}

/// The bot was taken out of a channel, and hears of it nothing but this: a bot that is
/// removed gets no `member_left_channel` (slackapi/bolt-js#1847).
pub(super) fn left(world: &mut World, channel: &str) {
    let event_ts = fresh_ts(world, channel);
    let event = json!({"type": "channel_left", "channel": channel, "event_ts": event_ts});
    emit(world, "channel_left", channel, event);
}

/// The app's tokens were withdrawn.
pub(super) fn tokens_revoked(world: &mut World) {
    let event_ts = ts_text(world.clock.unix() * 1_000_000 + 100);
    let tokens = json!({"oauth": [], "bot": [world.app.sign.bot_user]});
    enqueue(
        world,
        "tokens_revoked",
        None,
        json!({"type": "tokens_revoked", "tokens": tokens, "event_ts": event_ts}),
    );
}

/// The app was removed from the workspace.
pub(super) fn app_uninstalled(world: &mut World) {
    let event_ts = ts_text(world.clock.unix() * 1_000_000 + 200);
    enqueue(world, "app_uninstalled", None, json!({"type": "app_uninstalled", "event_ts": event_ts}));
}

/// A message with its place: what `message` events carry at the top.
fn located(world: &World, channel: &str, ts: Ts) -> Option<(Kind, Value)> {
    let place = world.channels.get(channel)?;
    // Of ephemeral messages the Events API says nothing.
    let message = place.messages.get(&ts)?;
    if message.only_for.is_some() {
        return None;
    }
    let parent = message.thread.and_then(|thread| place.messages.get(&thread));
    let mut event = message.to_json(&world.app.sign, parent);
    event["channel"] = json!(channel);
    event["channel_type"] = json!(place.kind.channel_type());
    if message.broadcast
        && let Some(parent) = parent
    {
        event["root"] = parent.to_json(&world.app.sign, None);
    }
    Some((place.kind, event))
}

fn strip_place(mut message: Value) -> Value {
    for field in ["channel", "channel_type", "event_ts", "root"] {
        message.as_object_mut().map(|fields| fields.remove(field));
    }
    message
}

/// The `app_mention` for a message that calls the bot; there is none in direct
/// messages and none for what the bot says itself.
fn mention(world: &World, kind: Kind, channel: &str, ts: Ts, event: &Value) -> Option<Value> {
    let message = world.channels[channel].messages.get(&ts)?;
    let bot = &world.app.sign.bot_user;
    let called = [format!("<@{bot}>"), format!("<@{bot}|")].iter().any(|call| message.text.contains(call));
    if kind == Kind::Direct || !called || matches!(message.author, Author::App | Author::Slackbot) {
        return None;
    }
    let mut mention = event.clone();
    mention["type"] = json!("app_mention");
    let fields = mention.as_object_mut()?;
    for gone in ["channel_type", "subtype", "parent_user_id", "root"] {
        fields.remove(gone);
    }
    Some(mention)
}

fn fresh_ts(world: &mut World, channel: &str) -> String {
    let unix = world.clock.unix();
    world.channels.get_mut(channel).map_or_else(String::new, |place| ts_text(place.next_ts(unix)))
}

fn emit_message(world: &mut World, kind: Kind, channel: &str, event: Value) {
    let subscription = match kind {
        Kind::Public => "message.channels",
        Kind::Private => "message.groups",
        Kind::Direct => "message.im",
        Kind::GroupDirect => "message.mpim",
    };
    emit(world, subscription, channel, event);
}

fn emit(world: &mut World, subscription: &str, channel: &str, event: Value) {
    if world.bot_is_in(channel) {
        enqueue(world, subscription, Some(channel), event);
    }
}

fn scopes(subscription: &str) -> &'static [&'static str] {
    match subscription {
        "app_mention" => &["app_mentions:read"],
        "message.channels" => &["channels:history"],
        "message.groups" => &["groups:history"],
        "message.im" => &["im:history"],
        "message.mpim" => &["mpim:history"],
        "reaction_added" | "reaction_removed" => &["reactions:read"],
        "channel_archive" | "channel_deleted" | "channel_left" | "channel_unarchive" => &["channels:read"],
        "member_joined_channel" => &["channels:read", "groups:read"],
        _ => &[],
    }
}

/// Wraps an event and queues it: docs.slack.dev/apis/events-api#callback-field.
fn enqueue(world: &mut World, subscription: &str, channel: Option<&str>, event: Value) {
    let needed = scopes(subscription);
    let granted = needed.is_empty() || needed.iter().any(|scope| world.app.scopes.contains(*scope));
    if !granted || !world.app.subscriptions.contains(subscription) {
        return;
    }
    let event_id = world.fresh("Ev");
    let context = format!("4-{}", world.dice.hex(48));
    let shared =
        channel.and_then(|channel| world.channels.get(channel)).is_some_and(|channel| channel.ext_shared);
    let sign = world.sign();
    let payload = json!({
        "token": "verification-token", "team_id": sign.team, "context_team_id": sign.team, "context_enterprise_id": null,
        "api_app_id": sign.app, "event": event, "type": "event_callback", "event_id": event_id,
        "event_time": world.clock.unix(),
        "authorizations": [{
            "enterprise_id": null, "team_id": sign.team, "user_id": sign.bot_user, "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": shared, "event_context": context,
    });
    world.queue_event(payload);
}
