//! The workspace we are in: the Web API, its people, and who we are there.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::OnceCell;

use crate::channels::slack::api::Api;
use crate::channels::slack::decode::Ourselves;
use crate::channels::slack::errors::Step;
use crate::channels::slack::people::People;
use crate::channels::slack::{Pace, Setup};
use crate::channels::{ChannelError, LimitScope};
use crate::domain::Clock;
use crate::domain::texts::Texts;
use crate::telemetry::Tasks;

const INTRODUCING: Step = Step { name: "asking who we are", scope: LimitScope::Account };
const OPENING: Step = Step { name: "asking for a socket", scope: LimitScope::Account };

/// What listening and answering share.
pub(super) struct Workspace {
    pub(super) api: Api,
    pub(super) people: People,
    pub(super) pace: Pace,
    pub(super) texts: Arc<Texts>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    /// Whether a socket is open.
    pub(super) is_connected: AtomicBool,
    ourselves: OnceCell<Ourselves>,
}

impl Workspace {
    pub(super) fn new(setup: Setup) -> Result<Self, ChannelError> {
        tell_apart(&setup.bot_token, &setup.app_token)?;
        let Setup { bot_token, app_token, api_base, pace, texts, clock, tasks } = setup;
        let api = Api::new(&api_base, &bot_token, &app_token, pace.call_within)?;
        Ok(Self {
            api,
            people: People::default(),
            pace,
            texts,
            clock,
            tasks,
            is_connected: AtomicBool::new(false),
            ourselves: OnceCell::new(),
        })
    }

    /// Who we are, which is asked once.
    pub(super) async fn ourselves(&self) -> Result<&Ourselves, ChannelError> {
        self.ourselves.get_or_try_init(|| async { Ok(self.ask_who_we_are().await?.0) }).await
    }

    /// Proves both tokens; the SDK would only go on trying with a bad one.
    pub(super) async fn check(&self) -> Result<(Ourselves, Option<String>), ChannelError> {
        let we = self.ask_who_we_are().await?;
        let nothing = serde_json::json!({});
        self.api.post_as::<IgnoredAny>(&self.api.app, OPENING, "apps.connections.open", &nothing).await?;
        Ok(we)
    }

    async fn ask_who_we_are(&self) -> Result<(Ourselves, Option<String>), ChannelError> {
        let we: WhoWeAre = self.api.post(INTRODUCING, "auth.test", &serde_json::json!({})).await?;
        if we.bot_id.is_none() {
            return Err(ChannelError::Setup { way_out: bot_token_words("is a person's token") });
        }
        Ok((Ourselves { user: we.user_id, team: we.team_id, team_name: we.team }, we.user))
    }
}

/// The answer of `auth.test`, as far as it matters.
#[derive(Debug, Deserialize)]
struct WhoWeAre {
    user_id: String,
    team_id: String,
    user: Option<String>,
    team: Option<String>,
    bot_id: Option<String>,
}

/// Refuses tokens that are of the wrong kind, as when the two are mixed up.
fn tell_apart(bot_token: &SecretString, app_token: &SecretString) -> Result<(), ChannelError> {
    let begins = |token: &SecretString, kind: &str| token.expose_secret().trim().starts_with(kind);
    let words = if begins(bot_token, "xapp-") {
        bot_token_words("is an app-level token (xapp-…)")
    } else if begins(bot_token, "xoxp-") {
        bot_token_words("is a person's token (xoxp-…)")
    } else if begins(app_token, "xoxb-") || begins(app_token, "xoxp-") {
        "channels.slack.app_token is not an app-level token: take the one that begins with xapp- from Basic \
         Information -> App-Level Tokens, with the scope connections:write"
            .to_owned()
    } else {
        return Ok(());
    };
    Err(ChannelError::Setup { way_out: words })
}

fn bot_token_words(what: &str) -> String {
    format!(
        "channels.slack.bot_token {what}: take the Bot User OAuth Token, which begins with xoxb-, from OAuth & Permissions"
    )
}
