//! The sockets: a frame comes in, an acknowledgement goes out.
//!
//! The SDK opens, pings and reopens them and hands over each frame as text; it
//! reads nothing more from a socket until [`Receiver::on_message`] has returned.
//! What that returns is the acknowledgement, and without one Slack sends an
//! event again: at once, after a minute, after five.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use slack_morphism::clients_manager::{SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory};
use slack_morphism::listener::SlackClientEventsListenerEnvironment;
use slack_morphism::{
    SlackClientSocketModeConfig, SlackSocketModeClientListener, SlackSocketModeWssClientId,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::channels::slack::decode::Ourselves;
use crate::channels::slack::encode::Response;
use crate::channels::slack::envelope::{Frame, acknowledgement};
use crate::channels::slack::gaps::Gaps;
use crate::channels::slack::intake::jittered;
use crate::channels::slack::reception::{Reception, Taken};
use crate::channels::slack::status::Status;
use crate::channels::slack::workspace::Workspace;
use crate::channels::{ChannelError, Inbox};
use crate::domain::Backoff;
use crate::telemetry::{KillPoint, kill_point};

/// A socket that ends sooner is not replaced at once.
const SHORT_LIFE: Duration = Duration::from_secs(5);

/// The pause after the first short life; it doubles with each one that follows.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How often a socket is asked for a sign of life, in seconds.
const PING_SECONDS: u64 = 10;

/// How often it may give none.
const MOST_SILENCES: u64 = 3;

type Manager = dyn SlackSocketModeClientsManager + Send + Sync;

/// The open sockets.
pub(super) struct Sockets {
    manager: Arc<Manager>,
    receiver: Arc<Receiver>,
}

impl Sockets {
    /// Begins to open them.
    pub(super) async fn open(
        workspace: &Arc<Workspace>,
        ourselves: Ourselves,
        inbox: Arc<dyn Inbox>,
        has_caught_up: watch::Receiver<bool>,
    ) -> Result<Self, ChannelError> {
        let client = &workspace.api.client;
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(client)));
        let manager = client.http_api.connector.new_clients_manager(environment);
        let receiver = Arc::new(Receiver {
            reception: Reception::new(workspace, ourselves, has_caught_up),
            inbox: Mutex::new(Some(inbox)),
            manager: OnceLock::new(),
            status: watch::Sender::new(Status::new()),
            reconnecting: Mutex::new(Backoff::new(FIRST_PAUSE, workspace.pace.reconnect_wait)),
        });
        // Nobody else has set it.
        let _ = receiver.manager.set(Arc::downgrade(&manager));
        let wait = jittered(workspace.pace.reconnect_wait).as_secs().max(1);
        let config = SlackClientSocketModeConfig::new()
            .with_max_connections_count(workspace.pace.sockets)
            .with_reconnect_timeout_in_seconds(wait)
            .with_ping_interval_in_seconds(PING_SECONDS)
            .with_ping_failure_threshold_times(MOST_SILENCES);
        let listener: Arc<dyn SlackSocketModeClientListener + Send + Sync> = receiver.clone();
        let token = workspace.api.app.clone().ok_or_else(no_app_token)?;
        manager.register_new_token(&config, token, listener).await.map_err(|_| {
            ChannelError::Unreachable { step: "opening sockets", source: "the client takes no token".into() }
        })?;
        manager.start().await;
        Ok(Self { manager, receiver })
    }

    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.receiver.status.subscribe()
    }

    /// When to look for what was missed.
    pub(super) fn gaps(&self) -> Gaps {
        self.receiver.reception.gaps(Some(self.status()))
    }

    /// Closes them; what comes in from now on is not acknowledged.
    pub(super) async fn close(self) {
        self.receiver.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.manager.shutdown().await;
    }
}

/// Takes the frames of all sockets.
struct Receiver {
    reception: Reception,
    /// Nothing once listening has ended.
    inbox: Mutex<Option<Arc<dyn Inbox>>>,
    manager: OnceLock<Weak<Manager>>,
    status: watch::Sender<Status>,
    /// How long to wait after sockets that ended soon.
    reconnecting: Mutex<Backoff>,
}

#[async_trait]
impl SlackSocketModeClientListener for Receiver {
    async fn on_message(&self, socket: &SlackSocketModeWssClientId, text: String) -> Option<String> {
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(&text) else {
            tracing::warn!(platform = "slack", "a frame on a socket cannot be read");
            return None;
        };
        let payload = frame.payload.map_or("null", |payload| payload.get());
        let answer = match frame.kind.as_str() {
            "hello" => {
                self.change(|status| {
                    status.open.insert(socket.clone(), Instant::now());
                });
                return None;
            }
            "disconnect" => {
                self.dismissed(socket, frame.reason.as_deref().unwrap_or_default()).await;
                return None;
            }
            "events_api" => self.event(payload).await.then_some(None),
            "slash_commands" => self.command(payload).await,
            "interactive" => self.click(payload).await,
            other => {
                tracing::debug!(platform = "slack", "nothing to do for an envelope of type {other:?}");
                Some(None)
            }
        };
        acknowledgement(&frame.envelope_id?, answer?.as_ref())
    }

    async fn on_error(&self, _: Box<dyn std::error::Error + Send + Sync>) {
        // It may quote a frame, and people's words in it.
        tracing::debug!(platform = "slack", "an error on a socket");
    }

    async fn on_disconnect(&self, socket: &SlackSocketModeWssClientId) {
        let since = self.lost(socket);
        let has_served = since.is_some_and(|since| since.elapsed() >= SHORT_LIFE);
        sleep(self.pause(has_served)).await;
        self.replace(socket).await;
    }
}

impl Receiver {
    /// How long to wait before another socket, after one that has served its time or not.
    fn pause(&self, has_served: bool) -> Duration {
        let mut reconnecting = self.reconnecting.lock().unwrap_or_else(PoisonError::into_inner);
        if has_served {
            reconnecting.reset();
            return Duration::ZERO;
        }
        reconnecting.next_wait()
    }

    /// Slack is about to close a socket.
    async fn dismissed(&self, socket: &SlackSocketModeWssClientId, reason: &str) {
        tracing::debug!(platform = "slack", "Slack asks for another socket: {reason:?}");
        self.lost(socket);
        match reason {
            "link_disabled" => self.status.send_modify(|status| {
                status.refusal = Some(
                    "Socket Mode is off for this Slack app: Settings -> Socket Mode -> Enable Socket Mode",
                );
            }),
            "too_many_websockets" => {
                sleep(jittered(self.reception.workspace.pace.reconnect_wait)).await;
                self.replace(socket).await;
            }
            _ => self.replace(socket).await,
        }
    }

    /// Forgets a socket; returns since when it was open.
    fn lost(&self, socket: &SlackSocketModeWssClientId) -> Option<Instant> {
        let mut since = None;
        self.change(|status| since = status.open.remove(socket));
        since
    }

    async fn replace(&self, socket: &SlackSocketModeWssClientId) {
        if let Some(manager) = self.manager.get().and_then(Weak::upgrade) {
            manager.restart_client(socket).await;
        }
    }

    /// Takes an event in; returns whether Slack may forget it.
    async fn event(&self, payload: &str) -> bool {
        kill_point(KillPoint::Read);
        let Some(inbox) = self.inbox() else { return false };
        let is_accepted = match self.reception.event(inbox.as_ref(), payload).await {
            Taken::In => true,
            Taken::Not => false,
            Taken::Aside => return true,
            Taken::Withdrawn => {
                self.status.send_modify(|status| status.suspicions += 1);
                return true;
            }
        };
        if is_accepted != self.status.borrow().is_inbox_well {
            self.change(|status| status.is_inbox_well = is_accepted);
        }
        is_accepted
    }

    fn change(&self, change: impl FnOnce(&mut Status)) {
        let workspace = &self.reception.workspace;
        let now = (Instant::now(), workspace.clock.now());
        self.status.send_modify(|status| {
            change(status);
            status.settle(now, workspace.pace.resent_for);
        });
    }

    /// Takes a command in; returns the answer that goes with the acknowledgement.
    async fn command(&self, payload: &str) -> Option<Option<Response>> {
        self.reception.command(&self.inbox()?, payload).await
    }

    /// Takes the press of a button in.
    async fn click(&self, payload: &str) -> Option<Option<Response>> {
        self.reception.click(&self.inbox()?, payload).await;
        Some(None)
    }

    fn inbox(&self) -> Option<Arc<dyn Inbox>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn no_app_token() -> ChannelError {
    ChannelError::Setup { way_out: "sockets need channels.slack.app_token".to_owned() }
}
