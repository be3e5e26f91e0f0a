//! The workspace we are in: the Web API, its people, and who we are there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::OnceCell;

use crate::channels::slack::api::Api;
use crate::channels::slack::catchup::Said;
use crate::channels::slack::decode::Ourselves;
use crate::channels::slack::errors::Step;
use crate::channels::slack::people::People;
use crate::channels::slack::{Pace, Setup, WayIn, scopes};
use crate::channels::{ChannelError, LimitScope};
use crate::config::CatchUpSettings;
use crate::domain::Clock;
use crate::domain::texts::Texts;
use crate::telemetry::Tasks;

const INTRODUCING: Step = Step { name: "asking who we are", scope: LimitScope::Account, is_post: false };
const PROVING: Step = Step { name: "asking what we may do", scope: LimitScope::Account, is_post: false };
const OPENING: Step = Step { name: "asking for a socket", scope: LimitScope::Account, is_post: false };

/// What listening and answering share.
pub(super) struct Workspace {
    pub(super) api: Api,
    pub(super) people: People,
    pub(super) pace: Pace,
    pub(super) catchup: CatchUpSettings,
    pub(super) texts: Arc<Texts>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    /// Whether a socket is open, or requests are let in and our token is good.
    pub(super) is_connected: AtomicBool,
    ourselves: OnceCell<Ourselves>,
    /// Whether it was said that people will have no names.
    is_nameless: AtomicBool,
    /// Why we could not look for what was missed.
    pub(super) said: Said,
}

impl Workspace {
    pub(super) fn new(setup: Setup) -> Result<Self, ChannelError> {
        let Setup { bot_token, way_in, api_base, pace, catchup, texts, clock, tasks, .. } = setup;
        let app_token = match &way_in {
            WayIn::Sockets { app_token } => Some(app_token),
            WayIn::Events { .. } => None,
        };
        tell_apart(&bot_token, app_token)?;
        let api = Api::new(&api_base, &bot_token, app_token, pace.call_within)?;
        Ok(Self {
            api,
            people: People::default(),
            pace,
            catchup,
            texts,
            clock,
            tasks,
            is_connected: AtomicBool::new(false),
            ourselves: OnceCell::new(),
            is_nameless: AtomicBool::new(false),
            said: Said::default(),
        })
    }

    /// Who we are, which is asked once.
    pub(super) async fn ourselves(&self) -> Result<&Ourselves, ChannelError> {
        self.ourselves.get_or_try_init(|| async { Ok(self.ask_who_we_are().await?.0) }).await
    }

    /// Proves both tokens and what they may do; the SDK would only go on trying
    /// with a bad one.
    pub(super) async fn check(&self) -> Result<(Ourselves, Option<String>), ChannelError> {
        let we = self.ask_who_we_are().await?;
        self.prove_scopes().await?;
        if let Some(app) = &self.api.app {
            let nothing = serde_json::json!({});
            self.api.post_as::<IgnoredAny>(app, OPENING, "apps.connections.open", &nothing).await?;
        }
        Ok(we)
    }

    async fn ask_who_we_are(&self) -> Result<(Ourselves, Option<String>), ChannelError> {
        let we: WhoWeAre = self.api.post(INTRODUCING, "auth.test", &serde_json::json!({})).await?;
        if we.bot_id.is_none() {
            return Err(ChannelError::Setup { way_out: bot_token_words("is a person's token") });
        }
        Ok((Ourselves { user: we.user_id, team: we.team_id, team_name: we.team }, we.user))
    }

    async fn prove_scopes(&self) -> Result<(), ChannelError> {
        let Some(scopes) = self.api.scopes(PROVING).await? else { return Ok(()) };
        let granted = scopes::prove(&scopes)?;
        if !granted.has_names && !self.is_nameless.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                platform = "slack",
                "the Slack app has no scope `users:read`, so people are called by their ids"
            );
        }
        Ok(())
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
fn tell_apart(bot_token: &SecretString, app_token: Option<&SecretString>) -> Result<(), ChannelError> {
    let begins = |token: &SecretString, kind: &str| token.expose_secret().trim().starts_with(kind);
    let words = if begins(bot_token, "xapp-") {
        bot_token_words("is an app-level token (xapp-…)")
    } else if begins(bot_token, "xoxp-") {
        bot_token_words("is a person's token (xoxp-…)")
    } else if app_token.is_some_and(|token| begins(token, "xoxb-") || begins(token, "xoxp-")) {
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
