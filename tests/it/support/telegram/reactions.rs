//! Reactions: what they look like and which a bot may set.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::params::Params;
use super::state::Message;

/// The emoji that are reactions (`ReactionTypeEmoji`).
const EMOJI: &[&str] = &[
    "❤",
    "👍",
    "👎",
    "🔥",
    "🥰",
    "👏",
    "😁",
    "🤔",
    "🤯",
    "😱",
    "🤬",
    "😢",
    "🎉",
    "🤩",
    "🤮",
    "💩",
    "🙏",
    "👌",
    "🕊",
    "🤡",
    "🥱",
    "🥴",
    "😍",
    "🐳",
    "❤‍🔥",
    "🌚",
    "🌭",
    "💯",
    "🤣",
    "⚡",
    "🍌",
    "🏆",
    "💔",
    "🤨",
    "😐",
    "🍓",
    "🍾",
    "💋",
    "🖕",
    "😈",
    "😴",
    "😭",
    "🤓",
    "👻",
    "👨‍💻",
    "👀",
    "🎃",
    "🙈",
    "😇",
    "😨",
    "🤝",
    "✍",
    "🤗",
    "🫡",
    "🎅",
    "🎄",
    "☃",
    "💅",
    "🤪",
    "🗿",
    "🆒",
    "💘",
    "🙉",
    "🦄",
    "😘",
    "💊",
    "🙊",
    "😎",
    "👾",
    "🤷‍♂",
    "🤷",
    "🤷‍♀",
    "😡",
];

/// Reads `reaction`, an array of `ReactionType`.
pub(super) fn read(params: &Params) -> Result<Vec<Value>, Refusal> {
    let wrong = |why: &str| Refusal::bad_request(format!("Can't parse reaction: {why}")).malformed();
    let list = match params.json("reaction", "reaction")? {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(wrong("expected an Array of ReactionType")),
    };
    for reaction in &list {
        let field = match reaction["type"].as_str() {
            Some("emoji") => "emoji",
            Some("custom_emoji") => "custom_emoji_id",
            Some("paid") => continue,
            Some(_) => return Err(wrong("invalid reaction type specified")),
            None => return Err(wrong("Can't find field \"type\"")),
        };
        if !reaction[field].is_string() {
            return Err(wrong(&format!("Can't find field \"{field}\"")));
        }
    }
    Ok(list)
}

/// Checks that a bot may react like this: "as non-premium users, bots can set up to one reaction per message",
/// custom emoji only if somebody else did, and paid ones never.
pub(super) fn check(reactions: &[Value], message: &Message) -> Result<(), Refusal> {
    if reactions.len() > 1 {
        return Err(Refusal::bad_request("REACTIONS_TOO_MANY"));
    }
    let is_fine = reactions.iter().all(|reaction| match reaction["type"].as_str() {
        Some("emoji") => is_emoji(reaction["emoji"].as_str().unwrap_or_default()),
        Some("custom_emoji") => message.reactions.values().flatten().any(|other| other == reaction),
        _ => false,
    });
    if is_fine { Ok(()) } else { Err(Refusal::bad_request("REACTION_INVALID")) }
}

/// A reaction with an emoji.
pub(super) fn of_emoji(emoji: &str) -> Value {
    json!({ "type": "emoji", "emoji": emoji })
}

/// Tells whether an emoji can be a reaction, with or without its variation selector.
pub(super) fn is_emoji(emoji: &str) -> bool {
    EMOJI.contains(&emoji.trim_end_matches('\u{fe0f}'))
}
