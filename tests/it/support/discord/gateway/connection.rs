//! One WebSocket: hello, frames both ways, heartbeats in time.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use super::super::super::observed::Observed;
use super::super::world::World;
use super::{Connection, Frame, GatewayStep};

/// How long the gateway waits for the client's half of a close.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// What a connection does next.
enum Turn {
    Sends(Frame),
    Hears(Message),
    Ends(Option<u16>),
    MissesHeartbeat,
}

/// Serves one client until either side ends it.
pub(super) async fn converse(stream: TcpStream, world: Observed<World>) {
    if world.read(|world| world.gateway.script.down) {
        return world.update(|world| world.gateway.record(GatewayStep::Dropped));
    }
    stream.set_nodelay(true).ok();
    let mut query = String::new();
    let accepted = tokio_tungstenite::accept_hdr_async(stream, NoteQuery(&mut query)).await;
    let Ok(mut socket) = accepted else { return };
    let (out, mut frames) = unbounded_channel();
    let id = world.update(|world| world.connect(out, &query));
    loop {
        match next_turn(&mut socket, &mut frames, &world, id).await {
            Turn::Sends(Frame::Text(text)) => {
                if send_all(&mut socket, text, &mut frames).await.is_err() {
                    world.update(|world| world.hang_up(id, None));
                    return;
                }
            }
            Turn::Sends(Frame::Close(code, reason)) => return close(socket, code, reason).await,
            Turn::Sends(Frame::Drop) => return,
            Turn::Hears(Message::Text(text)) => world.update(|world| world.receive(id, text.as_str())),
            Turn::Hears(Message::Binary(_)) => {
                world.update(|world| world.refuse(id, 4002, "Error while decoding payload."));
            }
            Turn::Hears(_) => {}
            Turn::Ends(code) => {
                world.update(|world| world.hang_up(id, code));
                return;
            }
            Turn::MissesHeartbeat => world.update(|world| {
                // The documentation names no code for this, only that the
                // client is "forced to resume"; so one that allows it.
                world.close(id, 4000, "Heartbeat timed out.");
            }),
        }
    }
}

async fn next_turn(
    socket: &mut WebSocketStream<TcpStream>,
    frames: &mut UnboundedReceiver<Frame>,
    world: &Observed<World>,
    id: u64,
) -> Turn {
    let deadline = world.read(|world| world.heartbeat_deadline(id));
    tokio::select! {
        frame = frames.recv() => frame.map_or(Turn::Ends(None), Turn::Sends),
        message = socket.next() => match message {
            Some(Ok(Message::Close(frame))) => Turn::Ends(frame.map(|frame| frame.code.into())),
            Some(Ok(message)) => Turn::Hears(message),
            Some(Err(_)) | None => Turn::Ends(None),
        },
        () = tokio::time::sleep_until(deadline.into()) => Turn::MissesHeartbeat,
    }
}

/// Sends a text and what follows it, with one flush; a close or drop among
/// them waits for its own turn.
async fn send_all(
    socket: &mut WebSocketStream<TcpStream>,
    first: String,
    frames: &mut UnboundedReceiver<Frame>,
) -> Result<(), ()> {
    let mut text = first;
    loop {
        socket.feed(Message::text(text)).await.map_err(drop)?;
        match frames.try_recv() {
            Ok(Frame::Text(next)) => text = next,
            Ok(Frame::Close(code, reason)) => {
                let frame = CloseFrame { code: code.into(), reason: reason.into() };
                socket.close(Some(frame)).await.map_err(drop)?;
                return Err(());
            }
            Ok(Frame::Drop) => return Err(()),
            Err(_) => return socket.flush().await.map_err(drop),
        }
    }
}

async fn close(mut socket: WebSocketStream<TcpStream>, code: u16, reason: &'static str) {
    let frame = CloseFrame { code: code.into(), reason: reason.into() };
    if socket.close(Some(frame)).await.is_ok() {
        let goodbye = async { while let Some(Ok(_)) = socket.next().await {} };
        tokio::time::timeout(CLOSE_WAIT, goodbye).await.ok();
    }
}

/// Keeps the query of the WebSocket's URL.
struct NoteQuery<'a>(&'a mut String);

impl Callback for NoteQuery<'_> {
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        *self.0 = request.uri().query().unwrap_or_default().to_owned();
        Ok(response)
    }
}

impl World {
    /// Takes a new client in and says hello.
    fn connect(&mut self, out: UnboundedSender<Frame>, query: &str) -> u64 {
        self.gateway.next_connection += 1;
        let id = self.gateway.next_connection;
        let last_heartbeat = Instant::now();
        let connection = Connection { out, session: None, sent: [].into(), last_heartbeat };
        self.gateway.connections.insert(id, connection);
        self.gateway.record(GatewayStep::Connected);
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match (key, value) {
                ("v", "10") | ("encoding", "json") => {}
                ("v", _) => {
                    self.refuse(id, 4012, "Invalid API version");
                    return id;
                }
                _ => self.problem(format!("gateway option {key}={value} is not emulated")),
            }
        }
        let interval = self.gateway.heartbeat.as_millis();
        self.send(id, format!("{{\"op\":10,\"d\":{{\"heartbeat_interval\":{interval}}}}}"));
        id
    }

    /// Notes that a client is gone. Codes 1000 and 1001 end its session.
    fn hang_up(&mut self, id: u64, code: Option<u16>) {
        let Some(connection) = self.gateway.connections.get(&id) else { return };
        let session = connection.session.clone().filter(|_| matches!(code, Some(1000 | 1001)));
        self.gateway.record(GatewayStep::ClosedByClient(code));
        self.detach(id, Frame::Drop);
        if let Some(session) = session {
            self.gateway.sessions.remove(&session);
        }
    }

    /// When a client must have sent a heartbeat: the interval, with the
    /// tolerance that the documentation promises.
    fn heartbeat_deadline(&self, id: u64) -> Instant {
        let interval = self.gateway.heartbeat;
        let last = self.gateway.connections.get(&id).map(|connection| connection.last_heartbeat);
        last.unwrap_or_else(Instant::now) + interval + interval / 4 + Duration::from_secs(1)
    }
}
