//! The app under test, as it is installed in the workspace.

use std::collections::BTreeSet;

use super::message::Signature;

/// What becomes of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenState {
    Good,
    /// `auth.revoke`, or a person withdrew it.
    Revoked,
    /// The app was uninstalled.
    Inactive,
}

/// The app, its secrets and what it may do.
#[derive(Debug)]
pub(super) struct App {
    pub(super) sign: Signature,
    pub(super) bot_token: String,
    pub(super) app_token: String,
    pub(super) signing_secret: String,
    /// Tokens that tests replaced: wrong, but no fault of the bot.
    pub(super) retired: BTreeSet<String>,
    pub(super) token_state: TokenState,
    pub(super) scopes: BTreeSet<String>,
    pub(super) subscriptions: BTreeSet<String>,
    pub(super) socket_mode: bool,
    pub(super) events_url: Option<String>,
    pub(super) commands_url: Option<String>,
    pub(super) interactivity_url: Option<String>,
}

/// What README.md has an app ask for.
const SCOPES: [&str; 5] = ["app_mentions:read", "chat:write", "commands", "im:history", "users:read"];

/// The scopes by which the bot reads what is in channels; optional.
pub(super) const HISTORIES: [&str; 3] = ["channels:history", "groups:history", "mpim:history"];

/// What an app might ask for beside these.
pub(super) const FURTHER_SCOPES: [&str; 12] = [
    "files:write",
    "channels:read",
    "groups:read",
    "im:read",
    "im:write",
    "mpim:read",
    "mpim:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "assistant:write",
    "usergroups:read",
];

/// What README.md has an app subscribe to.
const SUBSCRIPTIONS: [&str; 2] = ["app_mention", "message.im"];

/// The events by which the bot hears all that is said in channels, edits and deletions included; optional.
pub(super) const CHANNEL_EVENTS: [&str; 3] = ["message.channels", "message.groups", "message.mpim"];

/// What an app might subscribe to beside these.
pub(super) const FURTHER_SUBSCRIPTIONS: [&str; 9] = [
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_unarchive",
    "member_joined_channel",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
];

impl App {
    /// An app as README.md describes it, in Socket Mode.
    pub(super) fn installed() -> Self {
        Self {
            sign: Signature {
                team: "T0EMU0001".to_owned(),
                app: "A0EMU0001".to_owned(),
                bot: "B0EMU0001".to_owned(),
                bot_user: "U0EMUBOT1".to_owned(),
                bot_name: "switchboard".to_owned(),
            },
            bot_token: "xoxb-0000000001-0000000002-emulated".to_owned(),
            app_token: "xapp-1-A0EMU0001-0000000003-emulated".to_owned(),
            signing_secret: "8f742231b10e8888abcd99yyyzzz85a5".to_owned(),
            retired: BTreeSet::new(),
            token_state: TokenState::Good,
            scopes: SCOPES.map(str::to_owned).into(),
            subscriptions: SUBSCRIPTIONS.map(str::to_owned).into(),
            socket_mode: true,
            events_url: None,
            commands_url: None,
            interactivity_url: None,
        }
    }

    /// Grants further scopes and subscribes to further events.
    pub(super) fn may_also(&mut self, scopes: &[&str], events: &[&str]) {
        self.scopes.extend(scopes.iter().map(|scope| (*scope).to_owned()));
        self.subscriptions.extend(events.iter().map(|event| (*event).to_owned()));
    }

    /// The granted scopes in a row, as in `X-OAuth-Scopes`.
    pub(super) fn granted(&self) -> String {
        self.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }
}
