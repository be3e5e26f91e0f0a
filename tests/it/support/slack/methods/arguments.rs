//! The arguments that each method has, besides the token. Slack passes over what it
//! does not know, so that a wrong name would do nothing and be noticed by nobody.
//!
//! Source: docs.slack.dev/reference/methods, "Arguments" of each, and
//! slack-ruby/slack-api-ref, which is made of these pages.

/// The arguments of one method.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Arguments {
    These(&'static [&'static str]),
    /// `api.test` returns whatever it gets.
    Any,
}

impl Arguments {
    /// Whether the method has an argument of this name.
    pub(super) fn have(self, name: &str) -> bool {
        match self {
            Self::These(names) => name == "token" || names.contains(&name),
            Self::Any => true,
        }
    }
}

pub(super) const APPS_CONNECTIONS_OPEN: Arguments = Arguments::These(&[]);
pub(super) const ASSISTANT_THREADS_SET_STATUS: Arguments = Arguments::These(&[
    "channel_id",
    "thread_ts",
    "status",
    "loading_messages",
    "icon_emoji",
    "icon_url",
    "username",
]);
pub(super) const AUTH_TEST: Arguments = Arguments::These(&[]);
pub(super) const BOTS_INFO: Arguments = Arguments::These(&["bot", "team_id"]);
pub(super) const CHAT_DELETE: Arguments = Arguments::These(&["channel", "ts", "as_user"]);
pub(super) const CHAT_POST_EPHEMERAL: Arguments = Arguments::These(&[
    "channel",
    "user",
    "text",
    "markdown_text",
    "blocks",
    "attachments",
    "metadata",
    "thread_ts",
    "parse",
    "link_names",
    "as_user",
    "icon_emoji",
    "icon_url",
    "username",
]);
pub(super) const CHAT_POST_MESSAGE: Arguments = Arguments::These(&[
    "channel",
    "text",
    "markdown_text",
    "blocks",
    "attachments",
    "metadata",
    "thread_ts",
    "reply_broadcast",
    "mrkdwn",
    "parse",
    "link_names",
    "unfurl_links",
    "unfurl_media",
    "unfurl_app_links",
    "as_user",
    "icon_emoji",
    "icon_url",
    "username",
    "current_draft_last_updated_ts",
]);
pub(super) const CHAT_APPEND_STREAM: Arguments =
    Arguments::These(&["channel", "ts", "markdown_text", "chunks"]);
pub(super) const CHAT_START_STREAM: Arguments = Arguments::These(&[
    "channel",
    "thread_ts",
    "markdown_text",
    "chunks",
    "recipient_user_id",
    "recipient_team_id",
    "task_display_mode",
    "icon_emoji",
    "icon_url",
    "username",
]);
pub(super) const CHAT_STOP_STREAM: Arguments =
    Arguments::These(&["channel", "ts", "markdown_text", "chunks", "blocks", "metadata", "session_status"]);
pub(super) const FILES_COMPLETE_UPLOAD_EXTERNAL: Arguments = Arguments::These(&[
    "files",
    "channel_id",
    "channels",
    "thread_ts",
    "initial_comment",
    "blocks",
    "username",
    "icon_url",
    "icon_emoji",
]);
pub(super) const FILES_DELETE: Arguments = Arguments::These(&["file"]);
pub(super) const FILES_GET_UPLOAD_URL_EXTERNAL: Arguments =
    Arguments::These(&["filename", "length", "alt_txt", "snippet_type"]);
pub(super) const CHAT_UPDATE: Arguments = Arguments::These(&[
    "channel",
    "ts",
    "text",
    "markdown_text",
    "blocks",
    "attachments",
    "unfurled_attachments",
    "metadata",
    "reply_broadcast",
    "file_ids",
    "parse",
    "link_names",
    "as_user",
]);
pub(super) const CONVERSATIONS_HISTORY: Arguments = Arguments::These(&[
    "channel",
    "cursor",
    "include_all_metadata",
    "inclusive",
    "latest",
    "limit",
    "oldest",
]);
pub(super) const CONVERSATIONS_INFO: Arguments =
    Arguments::These(&["channel", "include_locale", "include_num_members"]);
pub(super) const CONVERSATIONS_LIST: Arguments =
    Arguments::These(&["cursor", "exclude_archived", "limit", "team_id", "types"]);
pub(super) const CONVERSATIONS_MEMBERS: Arguments = Arguments::These(&["channel", "cursor", "limit"]);
pub(super) const CONVERSATIONS_OPEN: Arguments =
    Arguments::These(&["channel", "prevent_creation", "return_im", "users"]);
pub(super) const CONVERSATIONS_REPLIES: Arguments = Arguments::These(&[
    "channel",
    "ts",
    "cursor",
    "include_all_metadata",
    "inclusive",
    "latest",
    "limit",
    "oldest",
]);
pub(super) const REACTIONS_ADD: Arguments = Arguments::These(&["channel", "name", "timestamp"]);
pub(super) const REACTIONS_GET: Arguments =
    Arguments::These(&["channel", "file", "file_comment", "full", "timestamp"]);
pub(super) const REACTIONS_REMOVE: Arguments =
    Arguments::These(&["name", "channel", "file", "file_comment", "timestamp"]);
pub(super) const TEAM_INFO: Arguments = Arguments::These(&["domain", "team"]);
pub(super) const USERS_INFO: Arguments = Arguments::These(&["user", "include_locale"]);
pub(super) const VIEWS_OPEN: Arguments = Arguments::These(&["view", "trigger_id", "interactivity_pointer"]);
pub(super) const VIEWS_PUBLISH: Arguments = Arguments::These(&["user_id", "view", "hash"]);
pub(super) const AUTH_REVOKE: Arguments = Arguments::These(&["test"]);

/// What the payload of a response url, or the answer to a command, may hold.
///
/// Source: docs.slack.dev/interactivity/handling-user-interaction#message_responses
/// and, for the rest of a message payload, slack-bolt's `respond`.
pub(in super::super) const RESPONSE: Arguments = Arguments::These(&[
    "response_type",
    "replace_original",
    "delete_original",
    "text",
    "blocks",
    "attachments",
    "metadata",
    "thread_ts",
    "mrkdwn",
    "parse",
    "link_names",
    "unfurl_links",
    "unfurl_media",
]);
