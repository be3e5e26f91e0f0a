//! The conversation at the prompt: a message, its answer, the next message.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
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
    // One listener for all the time, so that no Ctrl-C falls between two.
    let mut interrupts = signal(SignalKind::interrupt()).map_err(unreadable)?;
    settle(terminal, inbox, &mut interrupts, &shutdown).await?;
    while let Some(text) = next(terminal, &mut interrupts, &shutdown).await.map_err(unreadable)? {
        say(terminal, inbox, &text).await;
        settle(terminal, inbox, &mut interrupts, &shutdown).await?;
    }
    Ok(())
}

fn unreadable(error: io::Error) -> ChannelError {
    ChannelError::Setup { way_out: format!("cannot read what is typed: {error}") }
}

/// The next message; nothing if there will be no more.
async fn next(
    terminal: &Terminal,
    interrupts: &mut Signal,
    shutdown: &CancellationToken,
) -> io::Result<Option<String>> {
    let mut next = terminal.lines.next();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return Ok(None),
            next = &mut next => return next,
            _ = interrupts.recv() => {
                if terminal.lines.ends_by_interrupt() {
                    return Ok(None);
                }
            }
        }
    }
}

async fn say(terminal: &Terminal, inbox: &dyn Inbox, text: &str) {
    let id = new_id();
    terminal.with_screen(|screen| screen.ask(&id));
    take_in(terminal, inbox, &id, text).await;
}

/// Has the answer stopped that is being written.
async fn interrupt(terminal: &Terminal, inbox: &dyn Inbox) {
    let id = new_id();
    terminal.with_screen(|screen| screen.interrupt(&id));
    take_in(terminal, inbox, &id, &format!("/{}", Command::Stop.name())).await;
}

fn new_id() -> PostedId {
    PostedId(Uuid::now_v7().simple().to_string())
}

async fn take_in(terminal: &Terminal, inbox: &dyn Inbox, id: &PostedId, text: &str) {
    let message = decode::message(id, text, &terminal.person, terminal.clock.now());
    if let Err(error) = inbox.accept(message.into()).await {
        tracing::error!(error = %chain(&error), "could not take in what was typed");
    }
}

/// Waits until everything is answered; Ctrl-C stops the answer, and is no reason to leave.
async fn settle(
    terminal: &Terminal,
    inbox: &dyn Inbox,
    interrupts: &mut Signal,
    shutdown: &CancellationToken,
) -> Result<(), ChannelError> {
    let mut busy = terminal.busy.clone();
    loop {
        tokio::select! {
            biased;
            // The rest of the answer may still come, so its line stays open.
            () = shutdown.cancelled() => return Ok(()),
            () = quiet(&mut busy) => break,
            _ = interrupts.recv() => interrupt(terminal, inbox).await,
        }
    }
    terminal.with_screen(super::Screen::end_line).map_err(super::closed)
}

async fn quiet(busy: &mut watch::Receiver<usize>) {
    // An error means that nothing is at work any more.
    drop(busy.wait_for(|count| *count == 0).await);
}
