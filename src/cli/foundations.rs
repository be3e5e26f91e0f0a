//! What `chat` and `serve` are both built on.

use std::sync::Arc;

use tokio::sync::watch;

use crate::app::{Foundations, Lease, SystemClock};
use crate::channels::Channel;
use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::domain::texts::Texts;
use crate::model::{self, TokenEstimates};
use crate::store::Store;
use crate::telemetry::Tasks;

const IN_USE: &str = "another Switchboard is running on this database; stop it first, or give this one a database \
    of its own (`database.url`)";

/// Opens the database and the models, and joins them with the channels.
pub(super) async fn lay(
    settings: &Settings,
    channels: Vec<Arc<dyn Channel>>,
    busy: watch::Sender<usize>,
    tasks: &Tasks,
) -> Result<Foundations, Failure> {
    let store = Store::open(&settings.database, tasks).await?;
    let lease = Lease::take(&store, settings.database.lease())
        .await?
        .ok_or_else(|| Failure::unavailable(IN_USE.to_owned()))?;
    let tokens = Arc::new(TokenEstimates::default());
    let model = model::from_settings(&settings.model, &tokens).map_err(|error| Failure::other(&error))?;
    Ok(Foundations {
        store,
        model,
        tokens,
        texts: Arc::new(Texts::english()),
        clock: Arc::new(SystemClock),
        channels,
        lease,
        busy,
    })
}
