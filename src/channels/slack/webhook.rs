//! Events, commands and clicks as requests, each of them signed.
//!
//! Sources: docs.slack.dev/authentication/verifying-requests-from-slack and
//! /apis/events-api. Slack waits 3 s for its 200 and sends an event again at
//! once, after a minute, after five. We never look at which try it is: what was
//! said before is known by what it says.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::channels::slack::Slack;
use crate::channels::slack::catchup::CatchUp;
use crate::channels::slack::decode::unreadable;
use crate::channels::slack::intake::{introduce, learn};
use crate::channels::slack::reception::{Reception, Taken, quarantined};
use crate::channels::slack::workspace::Workspace;
use crate::channels::webhook::{Door, Secret, Seldom};
use crate::channels::{ChannelError, Inbox, Sent, TRY_AGAIN_AFTER, Verdict, Webhook};
use crate::domain::{Timestamp, Unreadable};
use crate::telemetry::chain;

/// Where Slack's requests go, whatever they hold.
const PATH: &str = "/webhooks/slack";

const SIGNATURE: &str = "x-slack-signature";
const SIGNED_AT: &str = "x-slack-request-timestamp";
const KIND: &str = "content-type";

/// How far Slack's time and ours may lie apart.
const MOST_APART: Duration = Duration::from_secs(5 * 60);

/// The way in.
pub(super) struct Entrance {
    secret: Secret,
    door: Door,
    /// Nothing until we know who we are.
    reception: Mutex<Option<Arc<Reception>>>,
    /// Rung when our token may not be good any more.
    suspicion: Notify,
    strangers: Seldom,
    latecomers: Seldom,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// It was not signed, or not with our secret.
    Stranger,
    /// It was rightly signed, so many seconds away from now.
    Untimely(i64),
}

impl Entrance {
    pub(super) fn new(signing_secret: &SecretString) -> Self {
        Self {
            secret: Secret::new(signing_secret),
            door: Door::default(),
            reception: Mutex::new(None),
            suspicion: Notify::new(),
            strangers: Seldom::default(),
            latecomers: Seldom::default(),
        }
    }

    /// Whether Slack signed this, and not long ago.
    fn prove(&self, sent: &Sent, now: Timestamp) -> Result<(), Refusal> {
        let signature = sent.headers.get(SIGNATURE).and_then(|text| hex(text.strip_prefix("v0=")?));
        let (Some(signature), Some(signed_at)) = (signature, sent.headers.get(SIGNED_AT)) else {
            return Err(Refusal::Stranger);
        };
        let message = [b"v0:", signed_at.as_bytes(), b":", &sent.body].concat();
        if !self.secret.has_signed(&message, &signature) {
            return Err(Refusal::Stranger);
        }
        let signed_at: i64 = signed_at.parse().map_err(|_| Refusal::Stranger)?;
        let apart = now.unix_timestamp().saturating_sub(signed_at);
        if apart.unsigned_abs() > MOST_APART.as_secs() { Err(Refusal::Untimely(apart)) } else { Ok(()) }
    }

    fn refuse(&self, refusal: &Refusal) -> Verdict {
        match refusal {
            Refusal::Stranger if self.strangers.is_due() => tracing::warn!(
                platform = "slack",
                "refused a request without Slack's signature at {PATH}: somebody is trying, or channels.slack.signing_secret is \
                 not that of the app"
            ),
            Refusal::Untimely(apart) if self.latecomers.is_due() => tracing::warn!(
                platform = "slack",
                "refused a request that Slack signed {apart} s before our time: somebody sends an old one again, or a clock is wrong \
                 here (clock skew; is NTP running?)"
            ),
            Refusal::Stranger | Refusal::Untimely(_) => {}
        }
        Verdict::Unauthorized
    }
}

/// Lets requests in until `shutdown` fires or our token is refused.
pub(super) async fn run(
    workspace: &Arc<Workspace>,
    entrance: &Entrance,
    inbox: Arc<dyn Inbox>,
    shutdown: CancellationToken,
) -> Result<(), ChannelError> {
    let _learning = learn(workspace, &shutdown);
    let ourselves = tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        ourselves = introduce(workspace) => ourselves?,
    };
    let catching_up = tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        catching_up = CatchUp::prepare(workspace, &ourselves, &inbox) => catching_up,
    };
    let (is_done, has_caught_up) = watch::channel(false);
    let reception = Arc::new(Reception::new(workspace, ourselves, has_caught_up));
    let gaps = reception.gaps(None);
    entrance.reception.lock().unwrap_or_else(PoisonError::into_inner).replace(reception);
    entrance.door.open(inbox).await;
    workspace.is_connected.store(true, Ordering::Relaxed);
    tracing::info!(platform = "slack", "Slack may send what comes in to {PATH}");
    let ended = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        error = watch(workspace, entrance) => Err(error),
        // It goes on for as long as somebody may be let in.
        () = catching_up.run(gaps, is_done) => Ok(()),
    };
    workspace.is_connected.store(false, Ordering::Relaxed);
    entrance.door.close().await;
    ended
}

/// Asks again and again whether our token is good; ends when it is not.
async fn watch(workspace: &Workspace, entrance: &Entrance) -> ChannelError {
    loop {
        let is_well = workspace.is_connected.load(Ordering::Relaxed);
        let pause = if is_well { workspace.pace.check_every } else { workspace.pace.reconnect_wait };
        tokio::select! {
            () = entrance.suspicion.notified() => {}
            () = sleep(pause) => {}
        }
        match workspace.check().await {
            Ok(_) => workspace.is_connected.store(true, Ordering::Relaxed),
            Err(error) if !error.is_passing() => return error,
            Err(error) => {
                workspace.is_connected.store(false, Ordering::Relaxed);
                tracing::warn!(platform = "slack", error = %chain(&error), "cannot reach Slack");
            }
        }
    }
}

#[async_trait]
impl Webhook for Slack {
    fn path(&self) -> &'static str {
        PATH
    }

    fn headers(&self) -> &'static [&'static str] {
        &[SIGNATURE, SIGNED_AT, KIND]
    }

    async fn receive(&self, sent: Sent) -> Verdict {
        let Some(entrance) = &self.entrance else { return Verdict::Unauthorized };
        if let Err(refusal) = entrance.prove(&sent, self.workspace.clock.now()) {
            return entrance.refuse(&refusal);
        }
        let text = sent.text();
        let reception = entrance.reception.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(notice) = Notice::read(&text) {
            if notice == Notice::AppRateLimited
                && let Some(reception) = reception
            {
                reception.missed();
            }
            return notice.answer();
        }
        let (Some(reception), Some(inbox)) = (reception, entrance.door.enter().await) else {
            return Verdict::Unavailable(TRY_AGAIN_AFTER);
        };
        let is_form =
            sent.headers.get(KIND).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if is_form {
            return form(&reception, &inbox, &text).await;
        }
        let taken = reception.event(inbox.as_ref(), &text).await;
        if taken == Taken::Withdrawn {
            entrance.suspicion.notify_one();
        }
        verdict(taken)
    }
}

/// Takes in a form: a command, a click, or Slack's look at our certificate.
async fn form(reception: &Reception, inbox: &Arc<dyn Inbox>, text: &str) -> Verdict {
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(text).unwrap_or_default();
    let has = |name: &str| fields.iter().any(|(field, _)| field == name);
    if has("command") {
        let fields: Map<String, Value> =
            fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
        return match reception.command(inbox, &Value::Object(fields).to_string()).await {
            Some(Some(answer)) => serde_json::to_string(&answer).map_or(Verdict::Accepted, Verdict::Answered),
            Some(None) => Verdict::Accepted,
            None => Verdict::Unavailable(TRY_AGAIN_AFTER),
        };
    }
    if let Some((_, payload)) = fields.iter().find(|(field, _)| field == "payload") {
        reception.click(inbox, payload).await;
        return Verdict::Accepted;
    }
    if has("ssl_check") {
        return Verdict::Accepted;
    }
    // It may hold a response url, which is a secret.
    let kept = Unreadable { raw: String::new(), ..unreadable(None, text, "a form of no known kind") };
    verdict(reception.accept(inbox.as_ref(), quarantined(kept)).await)
}

fn verdict(taken: Taken) -> Verdict {
    match taken {
        Taken::In | Taken::Aside | Taken::Withdrawn => Verdict::Accepted,
        Taken::Not => Verdict::Unavailable(TRY_AGAIN_AFTER),
    }
}

/// What Slack says about our address itself, and not about anything that happened.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Notice {
    /// Somebody has entered our address; Slack wants this repeated.
    UrlVerification { challenge: String },
    /// So much happens that for a minute Slack leaves events out.
    AppRateLimited,
}

impl Notice {
    fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn answer(self) -> Verdict {
        match self {
            Self::UrlVerification { challenge } => {
                Verdict::Answered(json!({ "challenge": challenge }).to_string())
            }
            Self::AppRateLimited => {
                tracing::warn!(
                    platform = "slack",
                    "Slack leaves out events for a minute: more than 30,000 came in an hour"
                );
                Verdict::Accepted
            }
        }
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte * 16 + digit)).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Entrance, Notice, Refusal, SIGNATURE, SIGNED_AT};
    use crate::channels::{Headers, Sent};
    use crate::domain::Timestamp;

    // The example of docs.slack.dev/authentication/verifying-requests-from-slack.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNED: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const AT: i64 = 1_531_420_618;

    fn prove(signature: &str, signed_at: &str, body: &str, now: i64) -> Result<(), Refusal> {
        let headers = Headers(vec![(SIGNATURE, signature.to_owned()), (SIGNED_AT, signed_at.to_owned())]);
        let sent = Sent { headers, body: body.as_bytes().to_vec() };
        let now = Timestamp::from_unix_timestamp(now).unwrap();
        Entrance::new(&SECRET.to_owned().into()).prove(&sent, now)
    }

    #[test]
    fn slacks_own_example_is_proven_within_five_minutes_of_its_time() {
        let at = AT.to_string();
        for now in [AT, AT - 300, AT + 300] {
            assert_eq!(prove(SIGNED, &at, BODY, now), Ok(()), "{now}");
        }
        for apart in [-301, 301, 86_400] {
            assert_eq!(prove(SIGNED, &at, BODY, AT + apart), Err(Refusal::Untimely(apart)));
        }
    }

    #[test]
    fn anything_else_was_sent_by_a_stranger() {
        let at = AT.to_string();
        let unprefixed = SIGNED.trim_start_matches("v0=");
        for signature in ["", "v0=", "v0=zz", &SIGNED[..40], &SIGNED.replace("v0=", "v1="), unprefixed] {
            assert_eq!(prove(signature, &at, BODY, AT), Err(Refusal::Stranger), "{signature}");
        }
        assert_eq!(prove(SIGNED, "1531420619", BODY, AT), Err(Refusal::Stranger));
        assert_eq!(prove(SIGNED, "", BODY, AT), Err(Refusal::Stranger));
        assert_eq!(prove(SIGNED, &at, &format!("{BODY} "), AT), Err(Refusal::Stranger));
    }

    #[test]
    fn notices_are_told_from_events() {
        let asked = r#"{"token":"t","challenge":"3eZb","type":"url_verification"}"#;
        assert_eq!(Notice::read(asked), Some(Notice::UrlVerification { challenge: "3eZb".to_owned() }));
        let limited = r#"{"token":"t","type":"app_rate_limited","minute_rate_limited":1518467820}"#;
        assert_eq!(Notice::read(limited), Some(Notice::AppRateLimited));
        assert_eq!(Notice::read(r#"{"type":"event_callback","challenge":"x"}"#), None);
        assert_eq!(Notice::read("challenge=x"), None);
    }
}
