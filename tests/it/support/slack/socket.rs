//! Socket Mode: docs.slack.dev/apis/events-api/using-socket-mode.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::Core;
use super::faults::Fault;
use super::state::World;

/// docs.slack.dev: "Socket Mode allows your app to maintain up to 10 open WebSocket connections".
const MOST_SOCKETS: usize = 10;
const TICKET_LIVES: Duration = Duration::from_secs(60);
const PING_EVERY: Duration = Duration::from_secs(10);
const UNANSWERED_PINGS: u32 = 3;
/// "warning" comes about ten seconds before the connection ends.
const WARNING_AHEAD: Duration = Duration::from_secs(10);
const CLOSES_AFTER_REFRESH: Duration = Duration::from_secs(2);
/// With `debug_reconnects=true` a connection lives this long.
const DEBUG_LIFE: Duration = Duration::from_secs(360);

/// Why Slack asks for a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disconnect {
    Warning,
    RefreshRequested,
    LinkDisabled,
    TooManyWebsockets,
}

impl Disconnect {
    fn frame(self) -> String {
        let reason = match self {
            Self::Warning => "warning",
            Self::RefreshRequested => "refresh_requested",
            Self::LinkDisabled => "link_disabled",
            Self::TooManyWebsockets => "too_many_websockets",
        };
        json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-emulator-1"}})
            .to_string()
    }
}

#[derive(Debug)]
enum Order {
    Say(String),
    Close,
    Cut,
    Silence,
}

#[derive(Debug)]
struct Socket {
    id: u64,
    said_hello: bool,
    orders: UnboundedSender<Order>,
}

#[derive(Debug, Clone, Copy)]
enum Plan {
    Say(Disconnect),
    Close,
}

/// The open sockets, and the tickets for further ones.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    open: Vec<Socket>,
    tickets: BTreeMap<String, Duration>,
    plans: BTreeMap<(Duration, u64), (u64, Plan)>,
    counted: u64,
}

impl Sockets {
    pub(super) fn ready(&self) -> Vec<u64> {
        self.open.iter().filter(|socket| socket.said_hello).map(|socket| socket.id).collect()
    }

    pub(super) fn other_than(&self, id: u64) -> Option<u64> {
        self.ready().into_iter().find(|other| *other != id)
    }

    pub(super) fn send(&self, id: u64, text: String) {
        self.order(id, Order::Say(text));
    }

    pub(super) fn next_plan(&self) -> Option<Duration> {
        self.plans.keys().next().map(|(at, _)| *at)
    }

    fn order(&self, id: u64, order: Order) {
        if let Some(socket) = self.open.iter().find(|socket| socket.id == id) {
            socket.orders.send(order).ok();
        }
    }

    fn plan(&mut self, at: Duration, socket: u64, plan: Plan) {
        self.counted += 1;
        self.plans.insert((at, self.counted), (socket, plan));
    }

    fn ids(&self) -> Vec<u64> {
        self.open.iter().map(|socket| socket.id).collect()
    }
}

impl World {
    /// A ticket for one connection.
    pub(super) fn socket_ticket(&mut self) -> String {
        let ticket = self.dice.hex(32);
        let until = self.now() + TICKET_LIVES;
        self.sockets.tickets.insert(ticket.clone(), until);
        ticket
    }

    fn admits(&mut self, ticket: &str) -> bool {
        let now = self.now();
        self.sockets.tickets.remove(ticket).is_some_and(|until| now <= until)
    }

    /// Cuts all connections, as a lost network does.
    pub(super) fn cut_sockets(&mut self) {
        self.sockets.ids().into_iter().for_each(|id| self.sockets.order(id, Order::Cut));
    }

    /// Leaves all connections open and says nothing more on them.
    pub(super) fn silence_sockets(&mut self) {
        self.sockets.ids().into_iter().for_each(|id| self.sockets.order(id, Order::Silence));
    }

    /// Sends a `disconnect` frame on all connections, and closes them when its time has come.
    pub(super) fn disconnect_sockets(&mut self, reason: Disconnect) {
        let now = self.now();
        for id in self.sockets.ids() {
            self.sockets.send(id, reason.frame());
            match reason {
                Disconnect::Warning => {}
                Disconnect::RefreshRequested => {
                    self.sockets.plan(now + CLOSES_AFTER_REFRESH, id, Plan::Close)
                }
                Disconnect::LinkDisabled | Disconnect::TooManyWebsockets => {
                    self.sockets.order(id, Order::Close)
                }
            }
        }
        if reason == Disconnect::LinkDisabled {
            self.app.socket_mode = false;
        }
    }

    /// Replaces all connections as Slack does every few hours: a warning, ten
    /// seconds later `refresh_requested`, and two seconds later the end.
    pub(super) fn refresh_sockets(&mut self) {
        let now = self.now();
        self.sockets.ids().into_iter().for_each(|id| self.refresh(id, now));
    }

    fn refresh(&mut self, id: u64, from: Duration) {
        self.sockets.plan(from, id, Plan::Say(Disconnect::Warning));
        self.sockets.plan(from + WARNING_AHEAD, id, Plan::Say(Disconnect::RefreshRequested));
        self.sockets.plan(from + WARNING_AHEAD + CLOSES_AFTER_REFRESH, id, Plan::Close);
    }

    pub(super) fn run_socket_plans(&mut self) {
        let now = self.now();
        while let Some(first) = self.sockets.plans.first_entry().filter(|first| first.key().0 <= now) {
            let (id, plan) = first.remove();
            match plan {
                Plan::Say(reason) => self.sockets.send(id, reason.frame()),
                Plan::Close => self.sockets.order(id, Order::Close),
            }
        }
    }

    fn open_socket(&mut self, says_hello: bool, debug: bool) -> Option<(u64, UnboundedReceiver<Order>)> {
        if self.sockets.open.len() >= MOST_SOCKETS {
            return None;
        }
        let (orders, received) = unbounded_channel();
        self.sockets.counted += 1;
        let id = self.sockets.counted;
        self.sockets.open.push(Socket { id, said_hello: says_hello, orders });
        if says_hello {
            self.sockets.send(id, self.hello());
        }
        if debug {
            let from = self.now() + DEBUG_LIFE - WARNING_AHEAD;
            self.refresh(id, from);
        }
        if !self.app.socket_mode {
            self.sockets.send(id, Disconnect::LinkDisabled.frame());
            self.sockets.order(id, Order::Close);
        }
        Some((id, received))
    }

    fn hello(&self) -> String {
        json!({
            "type": "hello", "num_connections": self.sockets.open.len(),
            "connection_info": {"app_id": self.app.sign.app},
            "debug_info": {
                "host": "applink-emulator-1", "started": "2026-11-20 08:00:00.000", "build_number": 112,
                "approximate_connection_time": 18060,
            },
        })
        .to_string()
    }
}

/// Accepts connections until the emulator ends.
pub(super) async fn listen(core: Arc<Core>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        connections.spawn(receive(Arc::clone(&core), stream));
        while connections.try_join_next().is_some() {}
    }
}

async fn receive(core: Arc<Core>, stream: TcpStream) {
    stream.set_nodelay(true).ok();
    let fault = core.world.update(|world| world.faults.take("socket")).map(|(fault, _)| fault);
    match &fault {
        Some(Fault::CutBefore) => return,
        Some(Fault::Hang) => return std::future::pending().await,
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        _ => {}
    }
    let mut debug = false;
    let gate = Arc::clone(&core);
    #[expect(clippy::result_large_err, reason = "tungstenite's callback has this type")]
    let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let query: BTreeMap<String, String> =
            serde_urlencoded::from_str(request.uri().query().unwrap_or_default()).unwrap_or_default();
        debug = query.get("debug_reconnects").is_some_and(|value| value == "true");
        let ticket = query.get("ticket").cloned().unwrap_or_default();
        if request.uri().path() == "/link/" && gate.world.update(|world| world.admits(&ticket)) {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(Some("expired or used ticket".to_owned()));
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Err(refusal)
    };
    let Ok(socket) = accept_hdr_async(stream, check).await else {
        return;
    };
    converse(core, socket, fault != Some(Fault::NoHello), debug).await;
}

async fn converse(core: Arc<Core>, mut socket: WebSocketStream<TcpStream>, says_hello: bool, debug: bool) {
    let Some((id, orders)) = core.change(|world| world.open_socket(says_hello, debug)) else {
        socket.send(Message::text(Disconnect::TooManyWebsockets.frame())).await.ok();
        socket.close(None).await.ok();
        return;
    };
    talk(&core, &mut socket, orders).await;
    core.change(|world| world.sockets.open.retain(|socket| socket.id != id));
}

async fn talk(core: &Core, socket: &mut WebSocketStream<TcpStream>, mut orders: UnboundedReceiver<Order>) {
    let mut pings = tokio::time::interval_at(tokio::time::Instant::now() + PING_EVERY, PING_EVERY);
    let mut unanswered = 0;
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Say(text)) => if socket.send(Message::text(text)).await.is_err() { return },
                Some(Order::Close) => {
                    // The real one sends its close frame and does not wait long.
                    socket.close(None).await.ok();
                    return;
                }
                Some(Order::Silence) => return stay_silent(orders).await,
                Some(Order::Cut) | None => return,
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => core.change(|world| world.socket_says(text.as_str())),
                Some(Ok(Message::Ping(_))) => if socket.flush().await.is_err() { return },
                Some(Ok(Message::Pong(_))) => unanswered = 0,
                Some(Ok(Message::Binary(_))) => core.change(|world| world.problems.push("a binary frame on a socket".to_owned())),
                Some(Ok(Message::Close(_) | Message::Frame(_))) => {}
                Some(Err(_)) | None => return,
            },
            _ = pings.tick() => {
                unanswered += 1;
                if unanswered > UNANSWERED_PINGS || socket.send(Message::Ping(b"Ping from applink-emulator-1".to_vec().into())).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Keeps a connection open that nothing happens on any more, until Slack itself
/// would notice for lack of pongs.
async fn stay_silent(mut orders: UnboundedReceiver<Order>) {
    let told_to_end = async {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Cut | Order::Close => return,
                Order::Say(_) | Order::Silence => {}
            }
        }
    };
    tokio::time::timeout(PING_EVERY * UNANSWERED_PINGS, told_to_end).await.ok();
}

/// The answer to `apps.connections.open`.
pub(super) fn opened(address: &str, app: &str, ticket: &str) -> Value {
    json!({"ok": true, "url": format!("ws://{address}/link/?ticket={ticket}&app_id={app}")})
}
