//! Being told to end: once means orderly, twice means now.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::failure::Failure;
use crate::telemetry::Tasks;

/// The exit code of a program that was told twice.
const AT_ONCE: i32 = 130;

/// Fires when the daemon is told to end; a second time ends it at once.
pub(super) fn shutdown(tasks: &Tasks) -> Result<CancellationToken, Failure> {
    let fail = |error| Failure::other(&error);
    let mut terminated = signal(SignalKind::terminate()).map_err(fail)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(fail)?;
    let (shutdown, ended) = (CancellationToken::new(), tasks.shutdown());
    let told = shutdown.clone();
    tasks.spawn(async move {
        let mut next = async || {
            tokio::select! {
                () = ended.cancelled() => false,
                _ = terminated.recv() => true,
                _ = interrupted.recv() => true,
            }
        };
        if next().await {
            told.cancel();
        }
        if next().await {
            tracing::warn!("told to end a second time, leaving at once");
            std::process::exit(AT_ONCE);
        }
    });
    Ok(shutdown)
}
