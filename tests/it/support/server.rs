//! A small HTTP server for emulators: whole requests in, and besides answers
//! also what real networks do, such as cutting the connection.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What an emulator does with a request.
#[derive(Debug)]
pub enum Reply {
    /// Answers, with any body, streams included.
    Respond(Response<Body>),
    /// Closes the connection without a byte.
    Cut,
    /// Says nothing until the client gives up.
    Hang,
}

impl Reply {
    /// Answers with a JSON body.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self::with_headers(status, &[], body)
    }

    /// Answers with a JSON body and further headers.
    pub fn with_headers(status: StatusCode, headers: &[(&str, String)], body: &Value) -> Self {
        let mut response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            response = response.header(*name, value);
        }
        Self::Respond(response.body(Body::from(body.to_string())).unwrap())
    }

    /// Answers with text of any content type.
    pub fn text(status: StatusCode, content_type: &str, body: &str) -> Self {
        let response = Response::builder().status(status).header(CONTENT_TYPE, content_type);
        Self::Respond(response.body(Body::from(body.to_owned())).unwrap())
    }
}

/// A request, read whole.
#[derive(Debug)]
pub struct Call {
    pub parts: Parts,
    pub body: Bytes,
}

impl Call {
    /// The path, without the query.
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// A header as text, if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A listening server; it and all its connections end when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Listens on a free local port.
    pub async fn start<F, R>(answer: F) -> Self
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        Self::start_at("127.0.0.1:0".parse().unwrap(), answer).await
    }

    /// Listens on a given address, as after an outage.
    pub async fn start_at<F, R>(address: SocketAddr, answer: F) -> Self
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.expect("an emulator needs its port");
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(answer);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                connections.spawn(converse(stream, Arc::clone(&answer)));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, _tasks: tasks }
    }

    /// Where it listens, such as `http://127.0.0.1:40001`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn converse<F, R>(stream: TcpStream, answer: Arc<F>)
where
    F: Fn(Call) -> R + Send + Sync + 'static,
    R: Future<Output = Reply> + Send + 'static,
{
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = Arc::clone(&answer);
        async move {
            let (parts, body) = request.into_parts();
            let Ok(body) = body.collect().await else { return Err(ConnectionCut) };
            match answer(Call { parts, body: body.to_bytes() }).await {
                Reply::Respond(response) => Ok::<_, ConnectionCut>(response),
                Reply::Cut => Err(ConnectionCut),
                Reply::Hang => {
                    tokio::time::sleep(Duration::from_secs(3600)).await;
                    Err(ConnectionCut)
                }
            }
        }
    });
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

/// Tells hyper to drop a connection without an answer.
#[derive(Debug)]
struct ConnectionCut;

impl std::fmt::Display for ConnectionCut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the emulator cut the connection")
    }
}

impl std::error::Error for ConnectionCut {}
