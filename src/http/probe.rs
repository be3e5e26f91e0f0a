//! Asking a running daemon whether it is ready: the container's health check.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::install_crypto;

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
#[error("no Switchboard answers on {address}")]
pub struct ProbeError {
    address: SocketAddr,
    #[source]
    source: reqwest::Error,
}

/// Asks `/readyz`; returns whether it is ready, and what it says.
pub async fn probe(address: SocketAddr) -> Result<(bool, String), ProbeError> {
    install_crypto();
    let failed = |source| ProbeError { address, source };
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().map_err(failed)?;
    let response = client.get(format!("http://{address}/readyz")).send().await.map_err(failed)?;
    let is_ready = response.status().is_success();
    Ok((is_ready, response.text().await.map_err(failed)?))
}
