//! The sockets: a frame comes in, an acknowledgement goes out.
//!
//! The SDK opens, pings and reopens them and hands over each frame as text; it
//! reads nothing more from a socket until [`Receiver::on_message`] has returned.
//! What that returns is the acknowledgement, and without one Slack sends an
//! event again: at once, after a minute, after five.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use slack_morphism::clients_manager::{SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory};
use slack_morphism::listener::SlackClientEventsListenerEnvironment;
use slack_morphism::{
    SlackClientSocketModeConfig, SlackSocketModeClientListener, SlackSocketModeWssClientId,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::channels::slack::commands;
use crate::channels::slack::decode::{Ourselves, Read, Reader};
use crate::channels::slack::encode::{Response, ephemeral, escaped};
use crate::channels::slack::envelope::{Frame, acknowledgement};
use crate::channels::slack::intake::{accept, jittered};
use crate::channels::slack::respond::answer_by_url;
use crate::channels::slack::workspace::Workspace;
use crate::channels::{Batch, ChannelError, Inbox};
use crate::domain::{InboundMessage, Unreadable};
use crate::telemetry::{KillPoint, chain, kill_point};

/// How long an event may wait for the inbox: Slack waits 3 s for us.
const ACCEPT_WITHIN: Duration = Duration::from_millis(2_500);

/// The same while the inbox does not work, so that the others get their turn.
const ACCEPT_IN_TROUBLE: Duration = Duration::from_millis(500);

/// When a command is acknowledged even though the inbox does not have it yet.
const DEFER_AFTER: Duration = Duration::from_millis(1_500);

/// How long a command may wait for the inbox.
const ACCEPT_COMMAND_WITHIN: Duration = Duration::from_secs(5);

/// A socket that ends sooner is not replaced at once.
const SHORT_LIFE: Duration = Duration::from_secs(5);

/// How often a socket is asked for a sign of life, in seconds.
const PING_SECONDS: u64 = 10;

/// How often it may give none.
const MOST_SILENCES: u64 = 3;

type Manager = dyn SlackSocketModeClientsManager + Send + Sync;

/// How the sockets are.
#[derive(Debug, Default)]
pub(super) struct Status {
    open: HashMap<SlackSocketModeWssClientId, Instant>,
    /// How often something hinted that our tokens may not be good any more.
    pub(super) suspicions: u64,
    /// Why Slack will open no socket again.
    pub(super) refusal: Option<&'static str>,
}

impl Status {
    /// Whether events can come in.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }
}

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
    ) -> Result<Self, ChannelError> {
        let client = &workspace.api.client;
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(Arc::clone(client)));
        let manager = client.http_api.connector.new_clients_manager(environment);
        let receiver = Arc::new(Receiver {
            workspace: Arc::clone(workspace),
            ourselves,
            inbox: Mutex::new(Some(inbox)),
            manager: OnceLock::new(),
            status: watch::Sender::new(Status::default()),
            is_inbox_well: AtomicBool::new(true),
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
        let token = workspace.api.app.clone();
        manager.register_new_token(&config, token, listener).await.map_err(|_| {
            ChannelError::Unreachable { step: "opening sockets", source: "the client takes no token".into() }
        })?;
        manager.start().await;
        Ok(Self { manager, receiver })
    }

    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.receiver.status.subscribe()
    }

    /// Closes them; what comes in from now on is not acknowledged.
    pub(super) async fn close(self) {
        self.receiver.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.manager.shutdown().await;
    }
}

/// Takes the frames of all sockets.
struct Receiver {
    workspace: Arc<Workspace>,
    ourselves: Ourselves,
    /// Nothing once listening has ended.
    inbox: Mutex<Option<Arc<dyn Inbox>>>,
    manager: OnceLock<Weak<Manager>>,
    status: watch::Sender<Status>,
    is_inbox_well: AtomicBool,
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
                self.status.send_modify(|status| {
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
        if since.is_none_or(|since| since.elapsed() < SHORT_LIFE) {
            sleep(jittered(self.workspace.pace.reconnect_wait)).await;
        }
        self.replace(socket).await;
    }
}

impl Receiver {
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
                sleep(jittered(self.workspace.pace.reconnect_wait)).await;
                self.replace(socket).await;
            }
            _ => self.replace(socket).await,
        }
    }

    /// Forgets a socket; returns since when it was open.
    fn lost(&self, socket: &SlackSocketModeWssClientId) -> Option<Instant> {
        let mut since = None;
        self.status.send_modify(|status| since = status.open.remove(socket));
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
        let batch = match self.reader().event(payload) {
            Read::Message(message) => Batch::from(*message),
            Read::Unreadable(unreadable) => quarantined(unreadable),
            Read::Withdrawn => {
                self.status.send_modify(|status| status.suspicions += 1);
                return true;
            }
            Read::Ignored(reason) => {
                tracing::debug!(platform = "slack", "ignored an event: {reason}");
                return true;
            }
        };
        let Some(inbox) = self.inbox() else { return false };
        let is_well = self.is_inbox_well.load(Ordering::Relaxed);
        let patience = if is_well { ACCEPT_WITHIN } else { ACCEPT_IN_TROUBLE };
        let is_accepted = accept(inbox.as_ref(), batch, patience).await;
        self.is_inbox_well.store(is_accepted, Ordering::Relaxed);
        is_accepted
    }

    /// Takes a command in; returns the answer that goes with the acknowledgement.
    ///
    /// Slack never sends a command again, and shows an error after 3 s. So it is
    /// acknowledged in time whatever happens, and whoever was promised too much
    /// is told.
    async fn command(&self, payload: &str) -> Option<Option<Response>> {
        let inbox = self.inbox()?;
        let now = self.workspace.clock.now();
        let message = match commands::decode(&self.reader(), payload, now) {
            Ok(message) => message,
            Err(unreadable) => {
                let is_accepted = accept(inbox.as_ref(), quarantined(*unreadable), ACCEPT_WITHIN).await;
                return is_accepted.then_some(None);
            }
        };
        let taking = take_in(Arc::clone(&self.workspace), inbox, message);
        let taking = self.workspace.tasks.spawn(taking);
        if timeout(DEFER_AFTER, taking).await.is_ok() {
            return Some(None);
        }
        Some(Some(ephemeral(escaped(&self.workspace.texts.get("working-on-it")))))
    }

    fn reader(&self) -> Reader<'_> {
        Reader { ourselves: &self.ourselves, people: &self.workspace.people }
    }

    fn inbox(&self) -> Option<Arc<dyn Inbox>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Takes a command in, or says that it was not.
async fn take_in(workspace: Arc<Workspace>, inbox: Arc<dyn Inbox>, message: InboundMessage) {
    let to = message.reply_to();
    if accept(inbox.as_ref(), message.into(), ACCEPT_COMMAND_WITHIN).await {
        return;
    }
    let Some((url, _)) = to.interaction.as_ref().and_then(commands::way_back) else { return };
    let words = escaped(&workspace.texts.get("not-accepted"));
    if let Err(error) = answer_by_url(&workspace.api, url, words).await {
        let error = chain(&error);
        tracing::error!(platform = "slack", %error, "a command was lost, and the person does not know");
    }
}

fn quarantined(unreadable: Unreadable) -> Batch {
    tracing::warn!(platform = "slack", "an event cannot be read: {}", unreadable.reason);
    unreadable.into()
}
