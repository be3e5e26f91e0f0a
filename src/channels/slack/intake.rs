//! Listening: opening the sockets, watching over them, handing over what comes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::channels::slack::catchup::CatchUp;
use crate::channels::slack::decode::Ourselves;
use crate::channels::slack::sockets::Sockets;
use crate::channels::slack::workspace::Workspace;
use crate::channels::{Batch, ChannelError, Inbox};
use crate::domain::Backoff;
use crate::telemetry::chain;

/// The first pause after a start that did not work; it doubles from there.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause between two starts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often no socket may be open before all are opened anew: the SDK has no
/// limit in time on a connection that does not come about.
const MOST_DARK_ROUNDS: u32 = 6;

/// The first pause after the inbox took nothing; it doubles from there.
const FIRST_INBOX_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause between two tries on the inbox.
const LONGEST_INBOX_PAUSE: Duration = Duration::from_secs(1);

/// Why listening has to end or begin again.
enum End {
    Told,
    Hopeless(ChannelError),
    /// The sockets do not come back by themselves.
    Stuck,
}

/// Listens until `shutdown` fires or it cannot help any more.
pub(super) async fn run(
    workspace: &Arc<Workspace>,
    inbox: Arc<dyn Inbox>,
    shutdown: CancellationToken,
) -> Result<(), ChannelError> {
    let _learning = learn(workspace, &shutdown);
    loop {
        let ourselves = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            ourselves = introduce(workspace) => ourselves?,
        };
        let catching_up = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            catching_up = CatchUp::prepare(workspace, &ourselves, &inbox) => catching_up,
        };
        let (is_done, has_caught_up) = watch::channel(false);
        let sockets = Sockets::open(workspace, ourselves, Arc::clone(&inbox), has_caught_up).await?;
        let end = tokio::select! {
            () = shutdown.cancelled() => End::Told,
            end = watch(workspace, &sockets) => end,
            () = catching_up.run(sockets.gaps(), is_done) => End::Stuck,
        };
        workspace.is_connected.store(false, Ordering::Relaxed);
        sockets.close().await;
        match end {
            End::Told => return Ok(()),
            End::Hopeless(error) => return Err(error),
            End::Stuck => tracing::warn!(platform = "slack", "no socket comes about, beginning anew"),
        }
    }
}

/// Learns names in the background for as long as the guard lives.
pub(super) fn learn(workspace: &Arc<Workspace>, shutdown: &CancellationToken) -> DropGuard {
    let learning = shutdown.child_token();
    let guard = learning.clone().drop_guard();
    let learner = Arc::clone(workspace);
    workspace.tasks.spawn(async move { learner.people.learn(&learner.api, learning).await });
    guard
}

/// Finds out who we are; tries until Slack answers.
pub(super) async fn introduce(workspace: &Workspace) -> Result<Ourselves, ChannelError> {
    let mut backoff = Backoff::new(FIRST_PAUSE.min(workspace.pace.reconnect_wait), LONGEST_PAUSE);
    loop {
        let error = match workspace.check().await {
            Ok((ourselves, _)) => return Ok(ourselves),
            Err(error) if !error.is_passing() => return Err(error),
            Err(error) => error,
        };
        tracing::warn!(platform = "slack", error = %chain(&error), "cannot start listening yet");
        let asked = match error {
            ChannelError::RateLimited { retry_after, .. } => retry_after,
            _ => Duration::ZERO,
        };
        sleep(backoff.next_wait().max(asked)).await;
    }
}

/// Watches over the sockets: the SDK tries for ever, even with tokens that were
/// withdrawn.
async fn watch(workspace: &Workspace, sockets: &Sockets) -> End {
    let mut status = sockets.status();
    let mut answered = 0;
    let mut dark_rounds = 0;
    loop {
        let (is_open, suspicions) = {
            let status = status.borrow_and_update();
            if let Some(refusal) = status.refusal {
                return End::Hopeless(ChannelError::Setup { way_out: refusal.to_owned() });
            }
            (status.is_open(), status.suspicions)
        };
        workspace.is_connected.store(is_open, Ordering::Relaxed);
        if is_open {
            dark_rounds = 0;
        } else if dark_rounds >= MOST_DARK_ROUNDS {
            return End::Stuck;
        }
        if suspicions != answered || dark_rounds > 0 {
            answered = suspicions;
            match workspace.check().await {
                Err(error) if !error.is_passing() => return End::Hopeless(error),
                Err(error) => {
                    tracing::warn!(platform = "slack", error = %chain(&error), "cannot reach Slack")
                }
                Ok(_) => {}
            }
        }
        tokio::select! {
            // An error means that the sockets are gone, which is ours to decide.
            changed = status.changed() => if changed.is_err() { return End::Stuck },
            () = sleep(workspace.pace.reconnect_wait), if !is_open => dark_rounds += 1,
        }
    }
}

/// Makes a batch durable; tries again for as long as `patience` allows.
pub(super) async fn accept(inbox: &dyn Inbox, batch: Batch, patience: Duration) -> bool {
    let mut last = None;
    let trying = async {
        let mut backoff = Backoff::new(FIRST_INBOX_PAUSE, LONGEST_INBOX_PAUSE);
        loop {
            let copy = Batch { messages: batch.messages.clone(), unreadable: batch.unreadable.clone() };
            match inbox.accept(copy).await {
                Ok(()) => return,
                Err(error) => last = Some(error),
            }
            sleep(backoff.next_wait()).await;
        }
    };
    if timeout(patience, trying).await.is_ok() {
        return true;
    }
    let error = last.map_or_else(|| "it takes too long".to_owned(), |error| chain(&error).to_string());
    tracing::warn!(platform = "slack", error, "an event could not be taken in");
    false
}

/// A little more than `pause`, differently each time, so that not everybody comes back at once.
pub(super) fn jittered(pause: Duration) -> Duration {
    let percent = u32::try_from(Uuid::now_v7().as_u128() % 50).unwrap_or(0);
    pause + pause * percent / 100
}
