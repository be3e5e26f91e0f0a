//! What the bot may do where, after `Client::check_chat_access`.

use super::answer::Refusal;
use super::params::Params;
use super::state::{Chat, Kind, Membership, State};

/// What a call wants of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rights {
    Read,
    Edit,
    Write,
}

/// Finds the chat of a call and checks that the bot may do what it wants.
pub(super) fn chat(state: &State, params: &Params, rights: Rights) -> Result<i64, Refusal> {
    let written = params.text("chat_id");
    if written.is_empty() {
        let refusal = Refusal::bad_request("chat_id is empty");
        return Err(if params.has("chat_id") { refusal } else { refusal.malformed() });
    }
    let chat = find(state, &written).ok_or_else(|| Refusal::bad_request("chat not found"))?;
    match chat.kind {
        Kind::Private => check_person(state, chat.id, rights)?,
        Kind::Group => check_group(chat, rights)?,
        Kind::Supergroup { .. } => check_supergroup(chat, rights)?,
    }
    Ok(chat.id)
}

/// Checks that the bot may say something in a chat it has access to.
pub(super) fn may_speak(state: &State, chat: i64) -> Result<(), Refusal> {
    match state.chat(chat).membership {
        Membership::Muted => Err(Refusal::bad_request("not enough rights to send text messages to the chat")),
        _ => Ok(()),
    }
}

/// The same for files.
pub(super) fn may_send_files(state: &State, chat: i64) -> Result<(), Refusal> {
    let place = state.chat(chat);
    if place.takes_no_files || place.membership == Membership::Muted {
        return Err(Refusal::bad_request("not enough rights to send documents to the chat"));
    }
    Ok(())
}

/// Finds a message, or tells which is missing, such as "message to edit".
pub(super) fn message(state: &State, chat: i64, id: i64, what: &str) -> Result<i64, Refusal> {
    match state.message(chat, id) {
        Some(message) => Ok(message.id),
        None => Err(Refusal::bad_request(format!("{what} not found"))),
    }
}

fn find<'a>(state: &'a State, written: &str) -> Option<&'a Chat> {
    if let Some(name) = written.strip_prefix('@') {
        return state.chats.values().find(|chat| {
            chat.kind != Kind::Private
                && chat.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
        });
    }
    state.chats.get(&written.trim().parse().ok()?)
}

fn check_person(state: &State, id: i64, rights: Rights) -> Result<(), Refusal> {
    let user = state.user(id);
    let wants_to_change = rights != Rights::Read;
    if user.is_deleted && wants_to_change {
        return Err(Refusal::forbidden("user is deactivated"));
    }
    if !user.has_started {
        let has_met = state.chats.values().any(|chat| {
            chat.kind != Kind::Private && chat.messages.values().any(|message| message.author == id)
        });
        return Err(if has_met && wants_to_change {
            Refusal::forbidden("bot can't initiate conversation with a user")
        } else {
            Refusal::bad_request("chat not found")
        });
    }
    if user.is_bot && wants_to_change {
        return Err(Refusal::forbidden("bot can't send messages to bots"));
    }
    if user.has_blocked && wants_to_change {
        return Err(Refusal::forbidden("bot was blocked by the user"));
    }
    Ok(())
}

fn check_group(chat: &Chat, rights: Rights) -> Result<(), Refusal> {
    if let Some(to) = chat.migrated_to
        && rights != Rights::Read
    {
        return Err(Refusal::migrated(to));
    }
    if chat.is_deleted && rights == Rights::Write {
        return Err(Refusal::forbidden("the group chat was deleted"));
    }
    match chat.membership {
        Membership::Kicked if rights != Rights::Read => {
            Err(Refusal::forbidden("bot was kicked from the group chat"))
        }
        Membership::Left if rights != Rights::Read => {
            Err(Refusal::forbidden("bot is not a member of the group chat"))
        }
        _ => Ok(()),
    }
}

fn check_supergroup(chat: &Chat, rights: Rights) -> Result<(), Refusal> {
    let is_public = chat.username.is_some();
    match chat.membership {
        Membership::Kicked => Err(Refusal::forbidden("bot was kicked from the supergroup chat")),
        Membership::Left if !is_public || rights != Rights::Read => {
            Err(Refusal::forbidden("bot is not a member of the supergroup chat"))
        }
        _ => Ok(()),
    }
}
