//! People: what they do, in sentences.

use serde_json::{Value, json};

use super::super::observed::Observed;
use super::callbacks::{Callback, CallbackAnswer};
use super::entities;
use super::files::{self, Upload};
use super::places::{MessageRef, Place};
use super::reactions;
use super::screen::NotSeen;
use super::state::{Content, Guise, Kind, Membership, Message, State};

/// Lanes for webhooks, one per kind and origin (`webhook_queue_id` in Client.cpp).
const CALLBACK_LANE: i64 = 3 << 33;
const MEMBER_LANE: i64 = 5 << 33;
const REACTION_LANE: i64 = 8 << 33;

/// Somebody with a phone; cheap to clone.
#[derive(Debug, Clone)]
pub struct Person {
    pub(super) state: Observed<State>,
    pub(super) id: i64,
}

/// A button press that waits for its answer.
#[derive(Debug, Clone)]
pub struct Click {
    state: Observed<State>,
    id: String,
}

impl Person {
    /// The person's id, which is also the id of the chat with the bot.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Says something to the bot.
    pub fn says(&self, text: &str) -> MessageRef {
        self.says_in(self, text)
    }

    /// Says something in a group or topic.
    pub fn says_in(&self, place: impl Into<Place>, text: &str) -> MessageRef {
        self.posts(place.into(), None, Content::Text(entities::plain(text)))
    }

    /// Says something for the group, as an administrator who stays anonymous.
    pub fn says_anonymously_in(&self, group: &super::places::Group, text: &str) -> MessageRef {
        self.posts_as(group.into(), Some(Guise::Group), Content::Text(entities::plain(text)))
    }

    /// Says something for a channel.
    pub fn says_as_channel_in(&self, group: &super::places::Group, id: i64, title: &str, text: &str) {
        let guise = Guise::Channel(id, title.to_owned());
        self.posts_as(group.into(), Some(guise), Content::Text(entities::plain(text)));
    }

    /// Posts something in the channel that a group discusses.
    pub fn posts_in_channel_of(&self, group: &super::places::Group, id: i64, title: &str, text: &str) {
        let guise = Guise::Linked(id, title.to_owned());
        self.posts_as(group.into(), Some(guise), Content::Text(entities::plain(text)));
    }

    /// Answers to a message, in its chat and topic.
    pub fn replies_to(&self, message: impl Into<MessageRef>, text: &str) -> MessageRef {
        let message = message.into();
        self.posts(message.into(), Some(message.id), Content::Text(entities::plain(text)))
    }

    /// Sends a file to the bot.
    pub fn sends(&self, upload: &Upload) -> MessageRef {
        self.sends_in(self, upload)
    }

    /// Sends a file to a group or topic.
    pub fn sends_in(&self, place: impl Into<Place>, upload: &Upload) -> MessageRef {
        let (field, json) = self.state.update(|state| files::store(state, upload));
        let caption = entities::plain(upload.words());
        self.posts(place.into(), None, Content::File { field, json, caption })
    }

    /// Changes the words of an own message.
    pub fn edits(&self, message: impl Into<MessageRef>, text: &str) {
        let place = message.into();
        self.state.update(|state| {
            let (now, date) = (state.now(), state.unix());
            let message = state.message_mut(place.chat, place.id).expect("a message that is still there");
            assert_eq!(message.author, self.id, "people edit only what they wrote themselves");
            let new = entities::plain(text);
            match &mut message.content {
                Content::Text(old) | Content::File { caption: old, .. } => *old = new,
                Content::Service(_) => panic!("service messages cannot be edited"),
            }
            message.edit_date = Some(date);
            message.revisions.push((now, text.to_owned()));
            state.emit_message("edited_message", place.chat, place.id);
        });
    }

    /// Deletes a message; bots are not told.
    pub fn deletes(&self, message: impl Into<MessageRef>) {
        let place = message.into();
        self.state.update(|state| {
            state.message_mut(place.chat, place.id).expect("a message that is still there").is_deleted = true;
            state.touch(place.chat, place.id);
        });
    }

    /// Presses the button with these words under a message.
    pub fn clicks(&self, message: impl Into<MessageRef>, button: &str) -> Click {
        let place = message.into();
        let id = self.state.update(|state| {
            let message = state.message(place.chat, place.id).expect("a message that is still there");
            let data = button_data(message, button);
            let id = format!("{}{:06}", self.id, state.serial());
            let query = json!({
                "id": id, "from": state.user_json(self.id), "chat_instance": format!("{}", place.chat.wrapping_mul(7919)),
                "message": state.message_json(state.message(place.chat, place.id).expect("just found")), "data": data,
            });
            let pressed = state.now();
            state.callbacks.insert(id.clone(), Callback { pressed, answer: None });
            state.emit("callback_query", &query, self.id + CALLBACK_LANE);
            id
        });
        Click { state: self.state.clone(), id }
    }

    /// Reacts with an emoji; an empty one takes the reaction back.
    pub fn reacts(&self, message: impl Into<MessageRef>, emoji: &str) {
        assert!(emoji.is_empty() || reactions::is_emoji(emoji), "{emoji} is not a reaction");
        let place = message.into();
        self.state.update(|state| {
            let new: Vec<Value> =
                if emoji.is_empty() { Vec::new() } else { vec![reactions::of_emoji(emoji)] };
            let message = state.message_mut(place.chat, place.id).expect("a message that is still there");
            let old = message.reactions.insert(self.id, new.clone()).unwrap_or_default();
            let update = json!({
                "chat": state.chat_json(place.chat), "message_id": place.id, "user": state.user_json(self.id),
                "date": state.unix(), "old_reaction": old, "new_reaction": new,
            });
            state.touch(place.chat, place.id);
            let chat = state.chat(place.chat);
            let is_heard = chat.kind == Kind::Private || chat.membership == Membership::Admin;
            if is_heard && !state.user(self.id).is_bot {
                state.emit("message_reaction", &update, place.chat.wrapping_add(REACTION_LANE));
            }
        });
    }

    /// Stops the bot and blocks it.
    pub fn blocks_bot(&self) {
        self.state.update(|state| {
            state.user_mut(self.id).has_blocked = true;
            state.emit_membership(self.id, self.id, Membership::Member, Membership::Kicked);
        });
    }

    /// Lets the bot write again.
    pub fn unblocks_bot(&self) {
        self.state.update(|state| {
            state.user_mut(self.id).has_blocked = false;
            state.emit_membership(self.id, self.id, Membership::Kicked, Membership::Member);
        });
    }

    /// Deletes the account.
    pub fn deletes_account(&self) {
        self.state.update(|state| state.user_mut(self.id).is_deleted = true);
    }

    /// Brings the bot into a group.
    pub fn adds_bot(&self, group: &super::places::Group) {
        self.changes_bot(group, Membership::Member);
    }

    /// Throws the bot out of a group.
    pub fn kicks_bot(&self, group: &super::places::Group) {
        self.changes_bot(group, Membership::Kicked);
    }

    /// Makes the bot an administrator of a group.
    pub fn promotes_bot(&self, group: &super::places::Group) {
        self.changes_bot(group, Membership::Admin);
    }

    /// Forbids the bot to write in a group.
    pub fn mutes_bot(&self, group: &super::places::Group) {
        self.changes_bot(group, Membership::Muted);
    }

    fn changes_bot(&self, group: &super::places::Group, new: Membership) {
        self.state.update(|state| {
            let old = std::mem::replace(&mut state.chat_mut(group.id).membership, new);
            state.emit_membership(group.id, self.id, old, new);
            let is_out = |membership| matches!(membership, Membership::Left | Membership::Kicked);
            let bot = state.user_json(state.bot.id);
            let service = match (is_out(old), is_out(new)) {
                (true, false) => {
                    json!({ "new_chat_participant": bot, "new_chat_member": bot, "new_chat_members": [bot] })
                }
                (false, true) => json!({ "left_chat_participant": bot, "left_chat_member": bot }),
                _ => return,
            };
            let message = state.draft(group.id, self.id, Content::Service(service));
            let id = state.post(message);
            // The last thing a bot hears of a group is that it had to go.
            let json = state.message_json(&state.chat(group.id).messages[&id]);
            state.emit("message", &json, group.id);
        });
    }

    fn posts_as(&self, place: Place, guise: Option<Guise>, content: Content) -> MessageRef {
        self.posts_in((place, guise), None, content)
    }

    fn posts(&self, place: Place, reply_to: Option<i64>, content: Content) -> MessageRef {
        self.posts_in((place, None), reply_to, content)
    }

    fn posts_in(
        &self,
        (place, guise): (Place, Option<Guise>),
        reply_to: Option<i64>,
        content: Content,
    ) -> MessageRef {
        let id = self.state.update(|state| {
            if place.chat == self.id {
                let user = state.user_mut(self.id);
                assert!(!user.has_blocked, "whoever blocked the bot has to unblock it to write");
                user.has_started = true;
            }
            let mut message = state.draft(place.chat, self.id, content);
            message.guise = guise;
            message.reply_to = reply_to;
            message.thread = place.thread;
            message.in_topic = place.thread.is_some();
            state.follow_thread(&mut message);
            let is_bot = state.user(self.id).is_bot;
            let id = state.post(message);
            if is_bot {
                state.chat_mut(place.chat).last_bot = Some(self.id);
            }
            state.emit_message("message", place.chat, id);
            id
        });
        MessageRef { chat: place.chat, id, thread: place.thread }
    }
}

impl Click {
    /// The id of the query.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the bot has answered so far.
    pub fn answer_so_far(&self) -> Option<CallbackAnswer> {
        self.state.read(|state| state.callbacks[&self.id].answer.clone())
    }

    /// Waits for the bot's answer.
    pub async fn answer(&self) -> Result<CallbackAnswer, NotSeen> {
        let answer = self.state.wait_for(|state| state.callbacks[&self.id].answer.clone()).await;
        answer.ok_or_else(|| NotSeen::new("nobody answered the button"))
    }
}

impl State {
    fn emit_membership(&mut self, chat: i64, by: i64, old: Membership, new: Membership) {
        let update = json!({
            "chat": self.chat_json(chat), "from": self.user_json(by), "date": self.unix(),
            "old_chat_member": self.bot_member_json(old), "new_chat_member": self.bot_member_json(new),
        });
        self.emit("my_chat_member", &update, chat.wrapping_add(MEMBER_LANE));
    }
}

fn button_data(message: &Message, button: &str) -> String {
    let rows = message.markup.as_ref().and_then(|markup| markup["inline_keyboard"].as_array());
    let buttons = rows.into_iter().flatten().filter_map(Value::as_array).flatten();
    let found = buttons
        .filter(|candidate| candidate["text"] == button)
        .find_map(|found| found["callback_data"].as_str());
    found.unwrap_or_else(|| panic!("message {} has no button {button}", message.id)).to_owned()
}
