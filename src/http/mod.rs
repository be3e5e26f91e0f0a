//! Health and metrics, on an address of their own (`[admin] listen`), and
//! webhooks on another (`webhooks.rs`).
//!
//! `/livez` says that the process runs, `/readyz` that the database can be
//! written and at least one channel works, `/metrics` is Prometheus's text. Nothing here tells
//! what people wrote, and nothing here changes anything.

mod probe;
pub mod webhooks;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::channels::Channel;
use crate::store::Store;

pub use probe::{ProbeError, probe};

/// How long the database may take to be read and written.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// What the pages tell about.
pub struct Watched {
    pub store: Store,
    pub channels: Vec<Arc<dyn Channel>>,
    pub metrics: PrometheusHandle,
}

/// Binds the address.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers until `shutdown` fires.
pub async fn serve(listener: TcpListener, watched: Watched, shutdown: CancellationToken) -> io::Result<()> {
    let routes = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(watched));
    axum::serve(listener, routes).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

/// What works, by name.
#[derive(Debug, Serialize)]
struct Readiness {
    is_ready: bool,
    database: &'static str,
    channels: BTreeMap<&'static str, &'static str>,
}

async fn readiness(State(watched): State<Arc<Watched>>) -> impl IntoResponse {
    let has_database = matches!(timeout(DATABASE_PATIENCE, watched.store.ping()).await, Ok(Ok(())));
    let state = |is_up| if is_up { "up" } else { "down" };
    let channels: BTreeMap<_, _> = watched
        .channels
        .iter()
        .map(|channel| (channel.platform().name(), state(channel.is_connected())))
        .collect();
    let is_ready = has_database && channels.values().any(|state| *state == "up");
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { is_ready, database: state(has_database), channels }))
}

async fn metrics(State(watched): State<Arc<Watched>>) -> impl IntoResponse {
    watched.store.measure();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], watched.metrics.render())
}
