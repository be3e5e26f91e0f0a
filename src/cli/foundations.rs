//! What `chat` and `serve` are both built on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::app::{Foundations, Lease, SystemClock, Taken};
use crate::channels::Channel;
use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::domain::texts::Texts;
use crate::model::{self, TokenEstimates};
use crate::store::Store;
use crate::telemetry::Tasks;

const IN_USE: &str = "another Switchboard is running on this database; stop it first, or give this one a database \
    of its own (`database.url`)";

/// How the start is ended, and what it says while another process has the database.
pub(super) struct Standby<'a> {
    pub(super) shutdown: &'a CancellationToken,
    /// Hears, before each wait, how long that will be.
    pub(super) says: &'a (dyn Fn(Duration) + Sync),
}

/// Opens the database and the models, and joins them with the channels; nothing
/// comes of it if the program is told to end before.
pub(super) async fn lay(
    settings: &Settings,
    channels: Vec<Arc<dyn Channel>>,
    busy: watch::Sender<usize>,
    tasks: &Tasks,
    standby: Standby<'_>,
) -> Result<Option<Foundations>, Failure> {
    let tokens = Arc::new(TokenEstimates::default());
    let model = model::from_settings(&settings.model, &tokens).map_err(|error| Failure::other(&error))?;
    let Some(store) = open(settings, tasks, standby.shutdown).await? else { return Ok(None) };
    let lease = match Lease::take(&store, settings.database.lease(), standby.shutdown, standby.says).await? {
        Taken::Ours(lease) => lease,
        Taken::Theirs => return Err(Failure::unavailable(IN_USE.to_owned())),
        Taken::Ended => return Ok(None),
    };
    Ok(Some(Foundations {
        store,
        model,
        tokens,
        texts: Arc::new(Texts::english()),
        clock: Arc::new(SystemClock),
        channels,
        lease,
        busy,
    }))
}

async fn open(
    settings: &Settings,
    tasks: &Tasks,
    shutdown: &CancellationToken,
) -> Result<Option<Store>, Failure> {
    let opening = Store::open(&settings.database, tasks);
    if !settings.database.is_on_a_server() {
        // Nobody is waited for here, and a step of the schema must not be left half done.
        return Ok(Some(opening.await?));
    }
    tokio::select! {
        store = opening => Ok(Some(store?)),
        // A server takes back what it has not heard the end of.
        () = shutdown.cancelled() => Ok(None),
    }
}

/// Waits for what is still at work, until the program has to be gone.
pub(super) async fn leave(tasks: &Tasks, end_by: Instant) {
    if timeout_at(end_by, tasks.end()).await.is_err() {
        tracing::warn!("not everything ends in time; leaving all the same");
    }
}
