//! The conversation at the prompt: a message, its answer, the next message.

use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::channels::terminal::{Terminal, decode};
use crate::channels::{ChannelError, Inbox};
use crate::domain::{Command, PostedId};
use crate::telemetry::chain;

/// Reads messages until there are no more, or `shutdown` fires.
pub(super) async fn run(
    terminal: &Terminal,
    inbox: &dyn Inbox,
    shutdown: CancellationToken,
) -> Result<(), ChannelError> {
    settle(terminal, inbox, &shutdown).await?;
    loop {
        let next = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            next = terminal.lines.next() => next,
        };
        let text = match next {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(()),
            Err(error) => {
                return Err(ChannelError::Setup { way_out: format!("cannot read what is typed: {error}") });
            }
        };
        say(terminal, inbox, &text).await;
        settle(terminal, inbox, &shutdown).await?;
    }
}

async fn say(terminal: &Terminal, inbox: &dyn Inbox, text: &str) {
    let id = PostedId(Uuid::now_v7().simple().to_string());
    terminal.with_screen(|screen| screen.asked.insert(id.clone()));
    let message = decode::message(&id, text, &terminal.person, terminal.clock.now());
    if let Err(error) = inbox.accept(message.into()).await {
        tracing::error!(error = %chain(&error), "could not take in what was typed");
    }
}

/// Waits until everything is answered; Ctrl-C stops the answer, and is no reason to leave.
async fn settle(
    terminal: &Terminal,
    inbox: &dyn Inbox,
    shutdown: &CancellationToken,
) -> Result<(), ChannelError> {
    let mut busy = terminal.busy.clone();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = quiet(&mut busy) => break,
            interrupted = ctrl_c() => {
                if interrupted.is_err() {
                    break;
                }
                say(terminal, inbox, &format!("/{}", Command::Stop.name())).await;
            }
        }
    }
    terminal.with_screen(super::Screen::end_line).map_err(super::closed)
}

async fn quiet(busy: &mut watch::Receiver<usize>) {
    // An error means that nothing is at work any more.
    drop(busy.wait_for(|count| *count == 0).await);
}
