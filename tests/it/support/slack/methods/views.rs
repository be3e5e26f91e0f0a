//! `views.open` and `views.publish`, as far as a bot without forms needs them.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::state::World;
use super::{Args, Refusal};

/// docs.slack.dev: "you have 3 seconds to use the trigger_id".
pub(in super::super) const TRIGGER_LIVES: Duration = Duration::from_secs(3);
const MOST_BLOCKS: usize = 100;

fn view(args: &Args, kind: &str) -> Result<Value, Refusal> {
    let view = args.structured("view").ok_or_else(|| Refusal::missing("view"))?;
    let view = view.map_err(|()| Refusal::malformed("invalid_arguments"))?;
    let blocks = view["blocks"].as_array().map(Vec::len);
    if view["type"] != kind
        || blocks.is_none_or(|blocks| blocks > MOST_BLOCKS)
        || kind == "modal" && view["title"].is_null()
    {
        let messages = json!({"response_metadata": {"messages": [format!("[ERROR] not a {kind} view")]}});
        return Err(Refusal::malformed("invalid_arguments").with(messages));
    }
    Ok(view)
}

fn shown(world: &mut World, user: &str, mut view: Value) -> Value {
    let id = world.fresh("V");
    view["id"] = json!(id);
    view["root_view_id"] = json!(id);
    view["team_id"] = json!(world.app.sign.team);
    view["app_id"] = json!(world.app.sign.app);
    view["bot_id"] = json!(world.app.sign.bot);
    view["hash"] = json!(format!("{}.{}", world.clock.unix(), world.dice.hex(8)));
    view["state"] = json!({"values": {}});
    for (name, default) in [("callback_id", ""), ("private_metadata", ""), ("external_id", "")] {
        if view[name].is_null() {
            view[name] = json!(default);
        }
    }
    world.views.entry(user.to_owned()).or_default().push(view.clone());
    json!({"view": view})
}

pub(super) fn open(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let trigger = args.required("trigger_id")?;
    let view = view(args, "modal")?;
    let Some((user, until)) = world.triggers.remove(&trigger) else {
        return Err(Refusal::malformed("invalid_trigger_id"));
    };
    if world.now() > until {
        return Err(Refusal::new("expired_trigger_id"));
    }
    Ok(shown(world, &user, view))
}

pub(super) fn publish(world: &mut World, args: &Args) -> Result<Value, Refusal> {
    let user = args.required("user_id")?;
    let view = view(args, "home")?;
    if !world.users.contains_key(&user) {
        return Err(Refusal::new("user_not_found"));
    }
    Ok(shown(world, &user, view))
}
