//! Answering to a message: `reply_parameters` and its elder `reply_to_message_id`.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::entities;
use super::params::Params;
use super::state::{Message, State};

/// What a message shall answer to.
#[derive(Debug, Default)]
pub(super) struct ReplyTo {
    message: i64,
    chat: Option<i64>,
    or_not: bool,
    quote: Option<String>,
}

impl ReplyTo {
    /// Reads either form (`Client::get_reply_parameters`).
    pub fn read(params: &Params) -> Result<Self, Refusal> {
        if !params.has("reply_parameters") {
            return Ok(Self {
                message: params.integer("reply_to_message_id"),
                or_not: params.flag("allow_sending_without_reply"),
                ..Self::default()
            });
        }
        let Some(given) = params.json("reply_parameters", "reply parameters")? else {
            return Ok(Self::default());
        };
        let Value::Object(fields) = given else {
            return Err(Refusal::bad_request("Object expected as reply parameters").malformed());
        };
        if fields.is_empty() {
            return Ok(Self::default());
        }
        let message = match fields.get("message_id") {
            Some(Value::Number(id)) => id.as_i64(),
            Some(Value::String(id)) => id.parse().ok(),
            _ => return Err(Refusal::bad_request("Can't find field \"message_id\"").malformed()),
        };
        let message = message
            .ok_or_else(|| Refusal::bad_request("Field \"message_id\" must be a valid Number").malformed())?;
        let chat =
            fields.get("chat_id").map(|chat| chat.as_str().map_or_else(|| chat.to_string(), str::to_owned));
        Ok(Self {
            message,
            chat: chat.map(|chat| chat.parse().unwrap_or(0)),
            or_not: fields.get("allow_sending_without_reply").and_then(Value::as_bool).unwrap_or(false),
            quote: fields
                .get("quote")
                .and_then(Value::as_str)
                .filter(|quote| !quote.is_empty())
                .map(str::to_owned),
        })
    }

    /// Finds the message in its chat; one that is gone is an error unless the caller can do without.
    pub fn resolve(&self, state: &State, chat: i64) -> Result<Option<i64>, Refusal> {
        if self.message <= 0 {
            return Ok(None);
        }
        if self.chat.is_some_and(|other| other != chat) {
            return Err(Refusal::bad_request("the emulator knows no replies to other chats").malformed());
        }
        match state.message(chat, self.message) {
            Some(message) => Ok(Some(message.id)),
            None if self.or_not => Ok(None),
            None => Err(Refusal::bad_request("message to be replied not found")),
        }
    }

    /// The quoted part, which must be "an exact substring of the message to be replied to".
    pub fn quote(&self, state: &State, chat: i64, replied: Option<i64>) -> Result<Option<Value>, Refusal> {
        let (Some(quote), Some(replied)) = (&self.quote, replied) else {
            return Ok(None);
        };
        let text = state.message(chat, replied).map_or("", Message::text);
        match text.find(quote.as_str()) {
            Some(at) => {
                let position = entities::units(&text[..at]);
                Ok(Some(json!({ "text": quote, "position": position, "is_manual": true })))
            }
            None => Err(Refusal::bad_request("QUOTE_TEXT_INVALID")),
        }
    }
}

impl State {
    /// Puts an answer into the thread of what it answers to.
    pub fn follow_thread(&mut self, message: &mut Message) {
        let Some(replied) = message.reply_to else {
            return;
        };
        let chat = self.chat_mut(message.chat);
        let is_supergroup = matches!(chat.kind, super::state::Kind::Supergroup { .. });
        let Some(replied) =
            chat.messages.get_mut(&replied).filter(|_| is_supergroup && message.thread.is_none())
        else {
            return;
        };
        // Outside of topics the server starts a thread at the first message answered to.
        if !replied.in_topic && replied.thread.is_none() {
            replied.thread = Some(replied.id);
        }
        message.thread = replied.thread;
        message.in_topic = replied.in_topic;
    }
}
