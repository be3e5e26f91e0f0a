//! The webhook: Telegram sends updates one by one, each with our secret.
//!
//! An update that does not get a 2xx comes again, after what Retry-After says
//! and then more and more seldom, for a day; those of one chat wait behind it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use teloxide::payloads::{GetWebhookInfo, SetWebhook, SetWebhookSetters};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::channels::telegram::api::CallError;
use crate::channels::telegram::errors::channel_error;
use crate::channels::telegram::intake::{self, ALLOWED};
use crate::channels::telegram::wire::WebhookInfo;
use crate::channels::telegram::{Telegram, backoff};
use crate::channels::webhook::{Door, Secret, Seldom};
use crate::channels::{ChannelError, Headers, Inbox, Sent, TRY_AGAIN_AFTER, Verdict, Webhook};
use crate::domain::Platform;
use crate::telemetry::chain;

/// Where Telegram's requests go.
const PATH: &str = "/webhooks/telegram";

/// The header in which Telegram shows our secret.
const SECRET: &str = "x-telegram-bot-api-secret-token";

/// How many updates Telegram may send at once.
const MOST_CONNECTIONS: u8 = 40;

/// How long an update may wait for the inbox; Telegram waits a minute.
const ACCEPT_WITHIN: Duration = Duration::from_secs(5);

const SETTING: &str = "setting the webhook";
const CHECKING: &str = "asking about the webhook";

/// How Telegram reaches us.
pub struct Hook {
    /// The public address.
    pub url: String,
    /// What Telegram shows to prove itself.
    pub secret: SecretString,
    /// How often Telegram is asked how its deliveries go.
    pub check_every: Duration,
}

/// The way in.
pub(super) struct Entrance {
    hook: Hook,
    secret: Secret,
    door: Door,
    /// Whether what comes may have been kept for us while we were away: at the start and after
    /// Telegram could not deliver, until it says that nothing waits any more.
    were_away: AtomicBool,
    /// The time of the last failure that Telegram told of.
    last_failure: AtomicI64,
    strangers: Seldom,
}

impl Entrance {
    pub(super) fn new(hook: Hook) -> Self {
        let secret = Secret::new(&hook.secret);
        let (door, strangers) = (Door::default(), Seldom::default());
        let were_away = AtomicBool::new(true);
        Self { hook, secret, door, were_away, last_failure: AtomicI64::new(0), strangers }
    }
}

/// Lets updates in until `shutdown` fires or the token is refused.
pub(super) async fn run(
    telegram: &Telegram,
    entrance: &Entrance,
    inbox: Arc<dyn Inbox>,
    shutdown: &CancellationToken,
) -> Result<(), ChannelError> {
    entrance.door.open(inbox).await;
    let ended = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        ended = keep_set(telegram, entrance) => ended,
    };
    // The webhook stays: what is said while we are away waits at Telegram.
    telegram.is_connected.store(false, Ordering::Relaxed);
    entrance.door.close().await;
    ended
}

/// Sets the webhook, and sets it again when somebody has taken it away; only
/// ends when trying again cannot help.
async fn keep_set(telegram: &Telegram, entrance: &Entrance) -> Result<(), ChannelError> {
    let mut waits = backoff();
    let mut is_set = false;
    loop {
        let (step, tried) = if is_set {
            (CHECKING, check(telegram, entrance).await)
        } else {
            (SETTING, set(telegram, entrance).await)
        };
        let wait = match tried {
            Ok(is_ours) => {
                // Whoever takes it away may do so at once again.
                let was_set = std::mem::replace(&mut is_set, is_ours);
                if is_ours && was_set {
                    waits.reset();
                }
                if is_ours { entrance.hook.check_every } else { waits.next_wait() }
            }
            Err(error) => {
                let error = channel_error(step, error);
                telegram.is_connected.store(false, Ordering::Relaxed);
                tracing::warn!(platform = %Platform::Telegram, error = %chain(&error), "cannot be sure that messages come in; trying again");
                match error {
                    ChannelError::RateLimited { retry_after, .. } => retry_after,
                    error if error.is_passing() => waits.next_wait(),
                    ChannelError::Rejected { reason, .. } => return Err(refused(&reason)),
                    error => return Err(error),
                }
            }
        };
        sleep(wait).await;
    }
}

fn refused(reason: &str) -> ChannelError {
    ChannelError::Setup {
        way_out: format!(
            "Telegram does not take channels.telegram.webhook_url: {reason}. It has to be a public https address on \
             port 443, 80, 88 or 8443 whose certificate is good"
        ),
    }
}

/// Tells Telegram where we are; what waits there is kept.
async fn set(telegram: &Telegram, entrance: &Entrance) -> Result<bool, CallError> {
    let url =
        entrance.hook.url.parse().map_err(|_| CallError::NotSent("the webhook's address is none".into()))?;
    let request = SetWebhook::new(url)
        .secret_token(entrance.hook.secret.expose_secret())
        .max_connections(MOST_CONNECTIONS)
        .allowed_updates(ALLOWED)
        .drop_pending_updates(false);
    telegram.api.run(&request).await?;
    // What failed before is no sign of what will.
    if let Ok(info) = telegram.api.call::<_, WebhookInfo>(&GetWebhookInfo::new()).await {
        entrance.last_failure.store(info.last_error_date.unwrap_or_default(), Ordering::Relaxed);
        entrance.were_away.store(info.pending_update_count > 0, Ordering::Relaxed);
    }
    telegram.is_connected.store(true, Ordering::Relaxed);
    tracing::info!(platform = %Platform::Telegram, "Telegram sends what comes in to {}; that has to lead to {PATH} here", entrance.hook.url);
    Ok(true)
}

/// Asks how deliveries go; returns whether the webhook is still ours.
async fn check(telegram: &Telegram, entrance: &Entrance) -> Result<bool, CallError> {
    let info: WebhookInfo = telegram.api.call(&GetWebhookInfo::new()).await?;
    let is_ours = info.url == entrance.hook.url;
    let failed = info.last_error_date.unwrap_or_default();
    let is_new = entrance.last_failure.swap(failed, Ordering::Relaxed) != failed;
    let is_reached = info.pending_update_count == 0 || !is_new;
    telegram.is_connected.store(is_ours && is_reached, Ordering::Relaxed);
    if info.pending_update_count == 0 {
        entrance.were_away.store(false, Ordering::Relaxed);
    } else if !(is_ours && is_reached) {
        entrance.were_away.store(true, Ordering::Relaxed);
    }
    if !is_ours {
        tracing::warn!(
            platform = %Platform::Telegram,
            "somebody has changed or removed this bot's webhook: setting it again; waiting messages are kept"
        );
    } else if !is_reached {
        let why = telegram.api.without_token(&info.last_error_message.unwrap_or_default());
        tracing::warn!(
            platform = %Platform::Telegram, count = info.pending_update_count,
            "{} messages wait at Telegram, which could not deliver here: {why}", info.pending_update_count
        );
    }
    Ok(is_ours)
}

#[async_trait]
impl Webhook for Telegram {
    fn path(&self) -> &'static str {
        PATH
    }

    fn headers(&self) -> &'static [&'static str] {
        &[SECRET]
    }

    fn turn_away(&self, headers: &Headers) -> Option<Verdict> {
        let is_shown =
            |entrance: &Entrance| headers.get(SECRET).is_some_and(|shown| entrance.secret.is_shown_by(shown));
        let Some(entrance) = self.entrance() else { return Some(Verdict::Unauthorized) };
        if is_shown(entrance) {
            return None;
        }
        if entrance.strangers.is_due() {
            tracing::warn!(
                platform = %Platform::Telegram,
                "refused a request without the right secret at {PATH}: somebody is trying, or Telegram has an older secret"
            );
        }
        Some(Verdict::Unauthorized)
    }

    async fn receive(&self, sent: Sent) -> Verdict {
        if let Some(refusal) = self.turn_away(&sent.headers) {
            return refusal;
        }
        let Some(entrance) = self.entrance() else { return Verdict::Unauthorized };
        let me = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (Some(me), Some(inbox)) = (me, entrance.door.enter().await) else {
            return Verdict::Unavailable(TRY_AGAIN_AFTER);
        };
        let (batch, _) = intake::read([sent.text().as_ref()], &me);
        let were_away = entrance.were_away.load(Ordering::Relaxed);
        let accepting = self.accept(batch, were_away, inbox.as_ref());
        let error = match timeout(ACCEPT_WITHIN, accepting).await {
            Ok(Ok(())) => return Verdict::Accepted,
            Ok(Err(error)) => chain(&error).to_string(),
            Err(_) => "it takes too long".to_owned(),
        };
        tracing::error!(platform = %Platform::Telegram, error, "could not store what came in; Telegram keeps it for us");
        Verdict::Unavailable(TRY_AGAIN_AFTER)
    }
}
