//! The objects of the Bot API as JSON: users, chats, messages.

use serde_json::{Map, Value, json};

use super::entities::{Entity, Formatted};
use super::state::{Chat, Content, Guise, Kind, Membership, Message, State};

impl State {
    /// A `User`.
    pub fn user_json(&self, id: i64) -> Value {
        if id == self.bot.id {
            return json!({
                "id": id, "is_bot": true, "first_name": self.bot.name, "username": self.bot.username,
            });
        }
        let user = self.user(id);
        let mut json = json!({ "id": id, "is_bot": user.is_bot, "first_name": user.name });
        if let Some(username) = &user.username {
            json["username"] = json!(username);
        }
        if !user.is_bot {
            json["language_code"] = json!("en");
        }
        json
    }

    /// A `Chat`.
    pub fn chat_json(&self, id: i64) -> Value {
        let chat = self.chat(id);
        let mut json = match chat.kind {
            Kind::Private => {
                let user = self.user(id);
                let mut json = json!({ "id": id, "first_name": user.name, "type": "private" });
                if let Some(username) = &user.username {
                    json["username"] = json!(username);
                }
                return json;
            }
            Kind::Group => json!({
                "id": id, "title": chat.title, "type": "group",
                "all_members_are_administrators": false,
            }),
            Kind::Supergroup { .. } => {
                json!({ "id": id, "title": chat.title, "type": "supergroup" })
            }
        };
        if let Some(username) = &chat.username {
            json["username"] = json!(username);
        }
        if chat.is_forum() {
            json["is_forum"] = json!(true);
        }
        json
    }

    /// A `Message`, with the message it answers to.
    pub fn message_json(&self, message: &Message) -> Value {
        let mut json = self.bare_message(message);
        let replied =
            message.reply_to.or(message.thread.filter(|thread| message.in_topic && *thread < message.id));
        if let Some(replied) = replied.and_then(|id| self.message(message.chat, id)) {
            json["reply_to_message"] = self.bare_message(replied);
        }
        if let Some(quote) = &message.quote {
            json["quote"] = quote.clone();
        }
        json
    }

    /// A `Message` without `reply_to_message`, which the manual never nests.
    fn bare_message(&self, message: &Message) -> Value {
        let mut json = Map::new();
        json.insert("message_id".to_owned(), json!(message.id));
        self.add_sender(&mut json, message);
        json.insert("chat".to_owned(), self.chat_json(message.chat));
        json.insert("date".to_owned(), json!(message.date));
        if let Some(date) = message.edit_date {
            json.insert("edit_date".to_owned(), json!(date));
        }
        if let Some(thread) = message.thread {
            json.insert("message_thread_id".to_owned(), json!(thread));
        }
        if message.in_topic {
            json.insert("is_topic_message".to_owned(), json!(true));
        }
        if message.protected {
            json.insert("has_protected_content".to_owned(), json!(true));
        }
        self.add_content(&mut json, &message.content);
        if !message.previews {
            json.insert("link_preview_options".to_owned(), json!({ "is_disabled": true }));
        }
        // Only inline keyboards are shown to the bot again (`JsonMessage`).
        if let Some(markup) = message.markup.as_ref().filter(|markup| markup.get("inline_keyboard").is_some())
        {
            json.insert("reply_markup".to_owned(), markup.clone());
        }
        Value::Object(json)
    }

    /// `from` and `sender_chat`: "For backward compatibility, if the message was sent on behalf
    /// of a chat, the field from contains a fake sender user in non-channel chats."
    fn add_sender(&self, json: &mut Map<String, Value>, message: &Message) {
        let bot = |id: i64, name: &str, username: &str| json!({ "id": id, "is_bot": true, "first_name": name, "username": username });
        let channel = |id: &i64, title: &String| json!({ "id": id, "title": title, "type": "channel" });
        let (from, sender) = match &message.guise {
            None => (self.user_json(message.author), None),
            Some(Guise::Group) => {
                (bot(1_087_968_824, "Group", "GroupAnonymousBot"), Some(self.chat_json(message.chat)))
            }
            Some(Guise::Channel(id, title)) => {
                (bot(136_817_688, "Channel", "Channel_Bot"), Some(channel(id, title)))
            }
            Some(Guise::Linked(id, title)) => {
                json.insert("is_automatic_forward".to_owned(), json!(true));
                (
                    json!({ "id": 777_000, "is_bot": false, "first_name": "Telegram" }),
                    Some(channel(id, title)),
                )
            }
        };
        json.insert("from".to_owned(), from);
        if let Some(sender) = sender {
            json.insert("sender_chat".to_owned(), sender);
        }
    }

    fn add_content(&self, json: &mut Map<String, Value>, content: &Content) {
        match content {
            Content::Text(text) => self.add_text(json, text, "text", "entities"),
            Content::File { field, json: file, caption } => {
                json.insert((*field).to_owned(), file.clone());
                if !caption.text.is_empty() {
                    self.add_text(json, caption, "caption", "caption_entities");
                }
            }
            Content::Service(Value::Object(fields)) => json.extend(fields.clone()),
            Content::Service(_) => {}
        }
    }

    fn add_text(&self, json: &mut Map<String, Value>, text: &Formatted, field: &str, entities_field: &str) {
        json.insert(field.to_owned(), json!(text.text));
        if !text.entities.is_empty() {
            let entities = text.entities.iter().map(|entity| self.entity_json(entity)).collect();
            json.insert(entities_field.to_owned(), Value::Array(entities));
        }
    }

    fn entity_json(&self, entity: &Entity) -> Value {
        let mut json = json!({ "offset": entity.offset, "length": entity.length, "type": entity.kind });
        if let Some(argument) = &entity.argument {
            match entity.kind {
                "text_link" => json["url"] = json!(argument),
                "pre" => json["language"] = json!(argument),
                "custom_emoji" => json["custom_emoji_id"] = json!(argument),
                "text_mention" => json["user"] = self.user_json(argument.parse().expect("a checked user id")),
                _ => {}
            }
        }
        json
    }

    /// A `ChatMember` for the bot itself.
    pub fn bot_member_json(&self, membership: Membership) -> Value {
        let user = self.user_json(self.bot.id);
        match membership {
            Membership::Member => json!({ "user": user, "status": "member" }),
            Membership::Left => json!({ "user": user, "status": "left" }),
            Membership::Kicked => json!({ "user": user, "status": "kicked", "until_date": 0 }),
            Membership::Admin => administrator(user),
            Membership::Muted => restricted(user),
        }
    }

    /// A `ChatFullInfo`.
    pub fn full_chat_json(&self, id: i64) -> Value {
        let mut json = self.chat_json(id);
        let chat = self.chat(id);
        json["accent_color_id"] = json!(id.rem_euclid(7));
        json["max_reaction_count"] = json!(11);
        json["accepted_gift_types"] = json!({
            "unlimited_gifts": true, "limited_gifts": true, "unique_gifts": true, "premium_subscription": true,
            "gifts_from_channels": true,
        });
        match chat.kind {
            Kind::Private => {}
            Kind::Group | Kind::Supergroup { .. } => json["permissions"] = permissions(chat),
        }
        json
    }
}

fn administrator(user: Value) -> Value {
    json!({
        "user": user, "status": "administrator", "can_be_edited": false, "is_anonymous": false,
        "can_manage_chat": true, "can_delete_messages": true, "can_manage_video_chats": true,
        "can_restrict_members": true, "can_promote_members": false, "can_change_info": true,
        "can_invite_users": true, "can_post_stories": false, "can_edit_stories": false,
        "can_delete_stories": false, "can_pin_messages": true, "can_manage_topics": true,
    })
}

fn restricted(user: Value) -> Value {
    json!({
        "user": user, "status": "restricted", "is_member": true, "until_date": 0,
        "can_send_messages": false, "can_send_audios": false, "can_send_documents": false,
        "can_send_photos": false, "can_send_videos": false, "can_send_video_notes": false,
        "can_send_voice_notes": false, "can_send_polls": false, "can_send_other_messages": false,
        "can_add_web_page_previews": false, "can_change_info": false, "can_invite_users": false,
        "can_pin_messages": false, "can_manage_topics": false,
    })
}

fn permissions(chat: &Chat) -> Value {
    json!({
        "can_send_messages": true, "can_send_audios": true, "can_send_documents": true,
        "can_send_photos": true, "can_send_videos": true, "can_send_video_notes": true,
        "can_send_voice_notes": true, "can_send_polls": true, "can_send_other_messages": true,
        "can_add_web_page_previews": true, "can_change_info": false, "can_invite_users": true,
        "can_pin_messages": false, "can_manage_topics": chat.is_forum(),
    })
}
