//! The methods the emulator knows, and the parameters each may have.

use serde_json::json;

use super::access::{self, Rights};
use super::answer::Answer;
use super::params::Params;
use super::state::State;
use super::{callbacks, commands, drafts, files, messages, webhook};

/// A method in the manual's spelling, with the manual's parameters and the deprecated ones.
#[derive(Debug)]
pub(super) struct Method {
    pub name: &'static str,
    pub parameters: &'static [&'static str],
}

const METHODS: &[Method] = &[
    Method { name: "getMe", parameters: &[] },
    Method { name: "getUpdates", parameters: &["offset", "limit", "timeout", "allowed_updates"] },
    Method {
        name: "setWebhook",
        parameters: &[
            "url",
            "certificate",
            "ip_address",
            "max_connections",
            "allowed_updates",
            "drop_pending_updates",
            "secret_token",
        ],
    },
    Method { name: "deleteWebhook", parameters: &["drop_pending_updates"] },
    Method { name: "getWebhookInfo", parameters: &[] },
    Method {
        name: "sendMessage",
        parameters: &[
            "business_connection_id",
            "chat_id",
            "message_thread_id",
            "direct_messages_topic_id",
            "text",
            "parse_mode",
            "entities",
            "link_preview_options",
            "disable_notification",
            "protect_content",
            "allow_paid_broadcast",
            "message_effect_id",
            "suggested_post_parameters",
            "reply_parameters",
            "reply_markup",
            "reply_to_message_id",
            "allow_sending_without_reply",
            "disable_web_page_preview",
        ],
    },
    Method {
        name: "sendMessageDraft",
        parameters: &[
            "chat_id",
            "message_thread_id",
            "draft_id",
            "text",
            "parse_mode",
            "entities",
            "can_stop",
        ],
    },
    Method {
        name: "sendDocument",
        parameters: &[
            "business_connection_id",
            "chat_id",
            "message_thread_id",
            "direct_messages_topic_id",
            "document",
            "thumbnail",
            "caption",
            "parse_mode",
            "caption_entities",
            "disable_content_type_detection",
            "disable_notification",
            "protect_content",
            "allow_paid_broadcast",
            "message_effect_id",
            "suggested_post_parameters",
            "reply_parameters",
            "reply_markup",
            "reply_to_message_id",
            "allow_sending_without_reply",
        ],
    },
    Method {
        name: "editMessageText",
        parameters: &[
            "business_connection_id",
            "chat_id",
            "message_id",
            "inline_message_id",
            "text",
            "parse_mode",
            "entities",
            "link_preview_options",
            "reply_markup",
            "disable_web_page_preview",
        ],
    },
    Method {
        name: "editMessageReplyMarkup",
        parameters: &["business_connection_id", "chat_id", "message_id", "inline_message_id", "reply_markup"],
    },
    Method { name: "deleteMessage", parameters: &["chat_id", "message_id"] },
    Method {
        name: "sendChatAction",
        parameters: &["business_connection_id", "chat_id", "message_thread_id", "action"],
    },
    Method { name: "setMessageReaction", parameters: &["chat_id", "message_id", "reaction", "is_big"] },
    Method {
        name: "answerCallbackQuery",
        parameters: &["callback_query_id", "text", "show_alert", "url", "cache_time"],
    },
    Method { name: "setMyCommands", parameters: &["commands", "scope", "language_code"] },
    Method { name: "getMyCommands", parameters: &["scope", "language_code"] },
    Method { name: "deleteMyCommands", parameters: &["scope", "language_code"] },
    Method { name: "getChat", parameters: &["chat_id"] },
    Method { name: "getFile", parameters: &["file_id"] },
];

/// Parameters the emulator takes without doing what they ask.
pub(super) const NOT_EMULATED: &[&str] = &[
    "business_connection_id",
    "can_stop",
    "certificate",
    "direct_messages_topic_id",
    "inline_message_id",
    "message_effect_id",
    "suggested_post_parameters",
];

/// Finds a method by its name in any case.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name.eq_ignore_ascii_case(name))
}

/// Does what a method says; those that wait or start tasks are the router's.
pub(super) fn run(state: &mut State, method: &str, params: &Params) -> Answer {
    match method {
        "getMe" => Ok(me(state)),
        "getWebhookInfo" => webhook::info(state),
        "sendMessage" => messages::send(state, params),
        "sendMessageDraft" => drafts::send(state, params),
        "sendDocument" => messages::send_document(state, params),
        "editMessageText" => messages::edit_text(state, params),
        "editMessageReplyMarkup" => messages::edit_markup(state, params),
        "deleteMessage" => messages::delete(state, params),
        "sendChatAction" => messages::chat_action(state, params),
        "setMessageReaction" => messages::react(state, params),
        "answerCallbackQuery" => callbacks::answer(state, params),
        "setMyCommands" => commands::set(state, params),
        "getMyCommands" => commands::get(state, params),
        "deleteMyCommands" => commands::delete(state, params),
        "getChat" => access::chat(state, params, Rights::Read).map(|chat| state.full_chat_json(chat)),
        "getFile" => files::get(state, params),
        other => unreachable!("{other} is not in the table"),
    }
}

/// The bot itself, with the fields that only `getMe` returns.
fn me(state: &State) -> serde_json::Value {
    let mut me = state.user_json(state.bot.id);
    me["can_join_groups"] = json!(true);
    me["can_read_all_group_messages"] = json!(!state.bot.privacy);
    for ability in
        ["supports_inline_queries", "can_connect_to_business", "has_main_web_app", "has_topics_enabled"]
    {
        me[ability] = json!(false);
    }
    me
}
