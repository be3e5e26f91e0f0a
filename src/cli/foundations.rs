//! What `chat` and `serve` are both built on.

use std::sync::Arc;

use tokio::sync::watch;

use crate::app::{Foundations, SystemClock};
use crate::channels::Channel;
use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::domain::texts::Texts;
use crate::model::{self, TokenEstimates};
use crate::store::Store;
use crate::telemetry::Tasks;

/// Opens the database and the models, and joins them with the channels.
pub(super) async fn lay(
    settings: &Settings,
    channels: Vec<Arc<dyn Channel>>,
    busy: watch::Sender<usize>,
    tasks: &Tasks,
) -> Result<Foundations, Failure> {
    let store = Store::open(&settings.database, tasks).await?;
    let tokens = Arc::new(TokenEstimates::default());
    let model = model::from_settings(&settings.model, &tokens).map_err(|error| Failure::other(&error))?;
    Ok(Foundations {
        store,
        model,
        tokens,
        texts: Arc::new(Texts::english()),
        clock: Arc::new(SystemClock),
        channels,
        busy,
    })
}
