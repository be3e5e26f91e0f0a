//! Taking in what Slack sends, whichever way it came: over a socket or over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::channels::slack::decode::{Ourselves, Read, Reader};
use crate::channels::slack::encode::{Content, Response, ephemeral};
use crate::channels::slack::gaps::{Gaps, Misses};
use crate::channels::slack::intake::{accept, inbox_backoff};
use crate::channels::slack::respond::answer_by_url;
use crate::channels::slack::status::Status;
use crate::channels::slack::workspace::Workspace;
use crate::channels::slack::{clicks, commands};
use crate::channels::{Batch, Inbox, InboxError};
use crate::domain::{InboundMessage, Unreadable};
use crate::telemetry::chain;

/// How long events wait at the beginning for what was missed to come first.
const HEAD_START: Duration = Duration::from_secs(2);

/// How long an event may wait for the inbox: Slack waits 3 s for us.
const ACCEPT_WITHIN: Duration = Duration::from_millis(2_500);

/// The same while the inbox does not work, so that the others get their turn.
const ACCEPT_IN_TROUBLE: Duration = Duration::from_millis(500);

/// When a command is acknowledged even though the inbox does not have it yet.
const DEFER_AFTER: Duration = Duration::from_millis(1_500);

/// How long a command that the inbox refuses is tried again.
const TRY_COMMAND_FOR: Duration = Duration::from_secs(5);

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Slack may forget it.
    In,
    /// Slack may forget it; it says nothing that anybody here waits for.
    Aside,
    /// Slack is to send it again.
    Not,
    /// Slack may forget it; it hints that our tokens may not be good any more.
    Withdrawn,
}

/// Reads and takes in, with what is known of ourselves.
pub(super) struct Reception {
    pub(super) workspace: Arc<Workspace>,
    ourselves: Ourselves,
    is_inbox_well: AtomicBool,
    misses: Arc<Misses>,
    /// What was missed comes before what is new, if it is found by then.
    head_start: (watch::Receiver<bool>, Instant),
}

impl Reception {
    /// Begins to take in; what is new waits a moment until somebody `has_caught_up`.
    pub(super) fn new(
        workspace: &Arc<Workspace>,
        ourselves: Ourselves,
        has_caught_up: watch::Receiver<bool>,
    ) -> Self {
        Self {
            workspace: Arc::clone(workspace),
            ourselves,
            is_inbox_well: AtomicBool::new(true),
            misses: Arc::default(),
            head_start: (has_caught_up, Instant::now() + HEAD_START),
        }
    }

    /// When to look for what was missed, here or on the sockets.
    pub(super) fn gaps(&self, status: Option<watch::Receiver<Status>>) -> Gaps {
        Gaps::new(status, Arc::clone(&self.misses), self.workspace.pace.resent_for)
    }

    /// Notes that something was not taken in which Slack may not send again.
    pub(super) fn missed(&self) {
        self.misses.note(self.workspace.clock.now());
    }

    /// Waits a moment at the beginning, if need be.
    async fn let_it_catch_up(&self) {
        let (has_caught_up, until) = &self.head_start;
        if !*has_caught_up.borrow() && Instant::now() < *until {
            // In vain or not, the event is taken in.
            drop(timeout_at(*until, has_caught_up.clone().wait_for(|has| *has)).await);
        }
    }

    /// Takes an event in.
    pub(super) async fn event(&self, inbox: &dyn Inbox, payload: &str) -> Taken {
        self.let_it_catch_up().await;
        let batch = match self.reader().event(payload) {
            Read::Message(message) => Batch::from(*message),
            Read::Unreadable(unreadable) => quarantined(unreadable),
            Read::Turned(door) => Batch::from(door),
            Read::Withdrawn => return Taken::Withdrawn,
            Read::Ignored(reason) => {
                tracing::debug!(platform = "slack", "ignored an event: {reason}");
                return Taken::Aside;
            }
        };
        self.accept(inbox, batch).await
    }

    /// Makes a batch durable, unless that takes too long.
    pub(super) async fn accept(&self, inbox: &dyn Inbox, batch: Batch) -> Taken {
        let is_well = self.is_inbox_well.load(Ordering::Relaxed);
        let patience = if is_well { ACCEPT_WITHIN } else { ACCEPT_IN_TROUBLE };
        let is_accepted = accept(inbox, batch, patience).await;
        self.is_inbox_well.store(is_accepted, Ordering::Relaxed);
        if is_accepted {
            return Taken::In;
        }
        self.missed();
        Taken::Not
    }

    /// Takes a command in; returns the answer that goes with the acknowledgement.
    ///
    /// Slack never sends a command again, and shows an error after 3 s. So it is
    /// acknowledged in time whatever happens, and whoever was promised too much
    /// is told.
    pub(super) async fn command(&self, inbox: &Arc<dyn Inbox>, payload: &str) -> Option<Option<Response>> {
        let now = self.workspace.clock.now();
        let message = match commands::decode(&self.reader(), payload, now) {
            Ok(message) => message,
            Err(unreadable) => {
                let is_accepted = accept(inbox.as_ref(), quarantined(*unreadable), ACCEPT_WITHIN).await;
                return is_accepted.then_some(None);
            }
        };
        if self.take_in_soon(inbox, message).await {
            return Some(None);
        }
        Some(Some(ephemeral(Content::of(&self.workspace.texts.get("working-on-it")))))
    }

    /// Takes the press of a button in; it is acknowledged in time like a command, but
    /// without an answer, for which Slack has no place there.
    pub(super) async fn click(&self, inbox: &Arc<dyn Inbox>, payload: &str) {
        match clicks::decode(&self.reader(), payload, self.workspace.clock.now()) {
            Some(message) => drop(self.take_in_soon(inbox, message).await),
            None => tracing::debug!(platform = "slack", "nothing to do for a click"),
        }
    }

    /// Takes in what Slack never sends again; false if that takes longer than we may wait.
    async fn take_in_soon(&self, inbox: &Arc<dyn Inbox>, message: InboundMessage) -> bool {
        let taking = take_in(Arc::clone(&self.workspace), Arc::clone(inbox), message);
        let taking = self.workspace.tasks.spawn(taking);
        timeout(DEFER_AFTER, taking).await.is_ok()
    }

    fn reader(&self) -> Reader<'_> {
        Reader { ourselves: &self.ourselves, people: &self.workspace.people }
    }
}

/// Takes a command in, or says that it was not.
async fn take_in(workspace: Arc<Workspace>, inbox: Arc<dyn Inbox>, message: InboundMessage) {
    let to = message.reply_to();
    let Err(error) = accept_command(inbox.as_ref(), &message).await else { return };
    tracing::warn!(platform = "slack", error = %chain(&error), "a command could not be taken in");
    let Some((url, _)) = to.interaction.as_ref().and_then(commands::way_back) else { return };
    let words = workspace.texts.get("not-accepted");
    if let Err(error) = answer_by_url(&workspace.api, url, &words).await {
        let error = chain(&error);
        tracing::error!(platform = "slack", %error, "a command was lost, and the person does not know");
    }
}

/// Makes a command durable. Each try is waited for to its end: what is written late is
/// carried out all the same, and nobody may be told that it was not taken in.
async fn accept_command(inbox: &dyn Inbox, message: &InboundMessage) -> Result<(), InboxError> {
    let (until, mut backoff) = (Instant::now() + TRY_COMMAND_FOR, inbox_backoff());
    loop {
        match inbox.accept(message.clone().into()).await {
            Err(_) if Instant::now() < until => sleep(backoff.next_wait()).await,
            ended => return ended,
        }
    }
}

pub(super) fn quarantined(unreadable: Unreadable) -> Batch {
    tracing::warn!(platform = "slack", "an event cannot be read: {}", unreadable.reason);
    unreadable.into()
}
