//! Health and metrics, on an address of their own (`[admin] listen`), and
//! webhooks on another (`webhooks.rs`).
//!
//! `/livez` says that the process runs, also while it waits for the database at its start, `/readyz` that the database can be
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
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::channels::Channel;
use crate::store::Store;

pub use probe::{ProbeError, probe};

/// How long the database may take to be read and written.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// How far the start has come with the database.
#[derive(Clone)]
pub enum Ground {
    /// It is being opened, and its schema brought up to date.
    Opening,
    /// Another process is at work on it.
    Theirs,
    Ours(Box<Store>),
}

/// What a process says that waits for another.
pub const STANDBY: &str = "another process may be at work on this database; waiting for its end";

/// What the pages tell about.
pub struct Watched {
    pub ground: watch::Receiver<Ground>,
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
    /// Why the start does not get on.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    channels: BTreeMap<&'static str, &'static str>,
}

async fn readiness(State(watched): State<Arc<Watched>>) -> impl IntoResponse {
    let ground = watched.ground.borrow().clone();
    let (has_database, reason) = match &ground {
        Ground::Opening => (false, Some("the database is being opened")),
        Ground::Theirs => (false, Some(STANDBY)),
        Ground::Ours(store) => (matches!(timeout(DATABASE_PATIENCE, store.ping()).await, Ok(Ok(()))), None),
    };
    let state = |is_up| if is_up { "up" } else { "down" };
    let channels: BTreeMap<_, _> = watched
        .channels
        .iter()
        .map(|channel| (channel.platform().name(), state(channel.is_connected())))
        .collect();
    let is_ready = has_database && channels.values().any(|state| *state == "up");
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { is_ready, database: state(has_database), reason, channels }))
}

async fn metrics(State(watched): State<Arc<Watched>>) -> impl IntoResponse {
    let ground = watched.ground.borrow().clone();
    if let Ground::Ours(store) = ground {
        store.measure();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], watched.metrics.render())
}
