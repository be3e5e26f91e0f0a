//! Webhooks, on an address that everybody may reach (`[http] listen`).
//!
//! A proxy in front ends TLS; nothing else of it is trusted. Every request is
//! bounded in size and time, and so is what all of them take: one that sends nothing
//! costs a connection, and a place at work is for whole requests only, so strangers
//! who dawdle keep nobody out. What a body says is the channel's to read; here only
//! its answer is put into HTTP.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::StreamExt;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::channels::{Channel, Headers, Sent, TRY_AGAIN_AFTER, Verdict, Webhook};
use crate::domain::{MOST_KEPT_BYTES, Platform};
use crate::telemetry::Tasks;
use crate::telemetry::metrics::{self, Received};

/// What a stranger can cost us at most; tests are less generous.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long the head of a request may take, and how long a connection may be idle.
    pub head_within: Duration,
    /// How long a body may take.
    pub body_within: Duration,
    /// How many connections are open at once; more wait to be accepted.
    pub connections: usize,
    /// How much of bodies is kept at once; whoever sends more is sent away for a moment.
    pub bodies_bytes: usize,
    /// How many requests are at work at once; more are sent away for a moment.
    pub requests: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        let (head_within, body_within) = (Duration::from_secs(10), Duration::from_secs(30));
        Self { head_within, body_within, connections: 512, bodies_bytes: 64 << 20, requests: 64 }
    }
}

/// The largest body, which can be kept whole; platforms send a few kB.
const LARGEST_BODY_BYTES: usize = MOST_KEPT_BYTES;

/// The largest head, and how much of a body is read at once.
const LARGEST_HEAD_BYTES: usize = 16 << 10;

/// How long a conversation may go on when we end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long to wait when no connection can be accepted, as when there are too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One channel's way in.
struct Route {
    channel: Arc<dyn Channel>,
    bodies: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    body_within: Duration,
}

/// Takes in what platforms send to these channels, until the tasks are told to end.
pub async fn serve(listener: TcpListener, channels: Vec<Arc<dyn Channel>>, bounds: Bounds, tasks: Tasks) {
    let shutdown = tasks.shutdown();
    let routes = routes(&channels, bounds);
    let connections = Arc::new(Semaphore::new(bounds.connections));
    let accept = async || -> Option<_> {
        let place = Arc::clone(&connections).acquire_owned().await.ok()?;
        Some((place, listener.accept().await))
    };
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = accept() => accepted,
        };
        match accepted {
            None => return,
            Some((place, Ok((stream, _)))) => {
                let (routes, shutdown) = (routes.clone(), shutdown.clone());
                tasks.spawn(async move {
                    converse(stream, routes, bounds.head_within, shutdown).await;
                    drop(place);
                });
            }
            Some((_, Err(error))) => {
                log_accept(&error);
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn log_accept(error: &io::Error) {
    tracing::warn!(%error, "a connection for a webhook could not be accepted");
}

fn routes(channels: &[Arc<dyn Channel>], bounds: Bounds) -> Router {
    let bodies = Arc::new(Semaphore::new(bounds.bodies_bytes));
    let requests = Arc::new(Semaphore::new(bounds.requests));
    let mut routes = Router::new();
    for channel in channels {
        if let Some(webhook) = channel.webhook() {
            let route = Route {
                channel: Arc::clone(channel),
                bodies: Arc::clone(&bodies),
                requests: Arc::clone(&requests),
                body_within: bounds.body_within,
            };
            routes = routes.route(webhook.path(), post(take_in).with_state(Arc::new(route)));
        }
    }
    routes
}

/// Serves one connection.
async fn converse(stream: TcpStream, routes: Router, head_within: Duration, shutdown: CancellationToken) {
    // A platform does not mind a small delay.
    let _ = stream.set_nodelay(true);
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(head_within).max_buf_size(LARGEST_HEAD_BYTES);
    let conversation = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    tokio::pin!(conversation);
    let ended = tokio::select! {
        ended = conversation.as_mut() => ended,
        () = shutdown.cancelled() => {
            conversation.as_mut().graceful_shutdown();
            timeout(LAST_WORDS, conversation).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection for a webhook broke off");
    }
}

async fn take_in(State(route): State<Arc<Route>>, request: Request) -> Response {
    let platform = route.channel.platform();
    let Some(webhook) = route.channel.webhook() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = Headers(wanted(webhook, request.headers()));
    if let Some(verdict) = webhook.turn_away(&headers) {
        metrics::webhook_received(platform, outcome(&verdict));
        return answer(verdict);
    }
    // What announces too much is not waited for.
    if request.body().size_hint().lower() > LARGEST_BODY_BYTES as u64 {
        return refuse(platform, Refused::TooLarge);
    }
    let reading = timeout(route.body_within, read(request.into_body(), &route.bodies)).await;
    let (body, _room) = match reading.unwrap_or(Err(Refused::Slow)) {
        Ok(read) => read,
        Err(refused) => return refuse(platform, refused),
    };
    let Ok(_place) = route.requests.try_acquire() else { return refuse(platform, Refused::Busy) };
    let verdict = webhook.receive(Sent { headers, body }).await;
    metrics::webhook_received(platform, outcome(&verdict));
    answer(verdict)
}

/// Why a request was not shown to its channel.
enum Refused {
    TooLarge,
    Broken,
    Slow,
    Busy,
}

/// Reads a body, which takes room for as much of it as has come.
async fn read(body: Body, room: &Semaphore) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Refused> {
    let (mut stream, mut read) = (body.into_data_stream(), Vec::new());
    let mut taken: Option<SemaphorePermit<'_>> = None;
    while let Some(some) = stream.next().await {
        let some = some.map_err(|_| Refused::Broken)?;
        if read.len() + some.len() > LARGEST_BODY_BYTES {
            return Err(Refused::TooLarge);
        }
        let size = u32::try_from(some.len()).map_err(|_| Refused::TooLarge)?;
        let more = room.try_acquire_many(size).map_err(|_| Refused::Busy)?;
        match &mut taken {
            Some(taken) => taken.merge(more),
            None => taken = Some(more),
        }
        read.extend_from_slice(&some);
    }
    Ok((read, taken))
}

/// The rest of the body is not waited for, so the connection ends.
fn refuse(platform: Platform, refused: Refused) -> Response {
    let (received, status) = match refused {
        Refused::TooLarge => (Received::Unreadable, StatusCode::PAYLOAD_TOO_LARGE),
        Refused::Broken => (Received::Unreadable, StatusCode::BAD_REQUEST),
        Refused::Slow => (Received::Slow, StatusCode::REQUEST_TIMEOUT),
        Refused::Busy => {
            metrics::webhook_received(platform, Received::Busy);
            return answer(Verdict::Unavailable(TRY_AGAIN_AFTER));
        }
    };
    metrics::webhook_received(platform, received);
    (status, [(header::CONNECTION, "close")]).into_response()
}

/// The headers that a channel looks at; one that came twice proves nothing.
fn wanted(webhook: &dyn Webhook, headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let once = |name: &&'static str| {
        let mut values = headers.get_all(*name).iter();
        let (first, second) = (values.next()?, values.next());
        second.is_none().then_some((*name, first.to_str().ok()?.to_owned()))
    };
    webhook.headers().iter().filter_map(once).collect()
}

fn answer(verdict: Verdict) -> Response {
    match verdict {
        Verdict::Accepted => StatusCode::OK.into_response(),
        Verdict::Answered(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Verdict::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        Verdict::Unavailable(after) => {
            let seconds = after.as_secs().max(1).to_string();
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, seconds)]).into_response()
        }
    }
}

fn outcome(verdict: &Verdict) -> Received {
    match verdict {
        Verdict::Accepted | Verdict::Answered(_) => Received::Accepted,
        Verdict::Unauthorized => Received::Unauthorized,
        Verdict::Unavailable(_) => Received::Unavailable,
    }
}
