//! A wire with a switch: what connects to it reaches a server, until it is cut
//! or goes dead.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// They reach the server.
    Whole,
    /// They are closed, and nobody listens for new ones.
    Cut,
    /// They stay open, and nothing comes through; those that are here will never be of use again.
    Dead,
}

/// What has to go over one connection, in this order, for it to break.
type Trap = Vec<Vec<u8>>;

/// A wire to a server.
pub struct Proxy {
    address: SocketAddr,
    state: watch::Sender<State>,
    trap: watch::Sender<Trap>,
    work: JoinHandle<()>,
}

impl Proxy {
    /// Lays a wire to `host:port`.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(State::Whole);
        let trap = watch::Sender::new(Trap::new());
        let work = tokio::spawn(run(listener, server.to_owned(), state.subscribe(), trap.clone()));
        Self { address, state, trap, work }
    }

    /// A URL that leads over the wire.
    pub fn instead_of(&self, server: &str, url: &str) -> String {
        url.replace(server, &self.address.to_string())
    }

    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub fn goes_dead(&self) {
        self.state.send_replace(State::Dead);
    }

    /// The first connection over which all of this has gone, in this order, breaks
    /// when the server has answered to it, and the answer is lost.
    pub fn loses_the_answer_to(&self, said: &[&[u8]]) {
        self.trap.send_replace(said.iter().map(|said| said.to_vec()).collect());
    }

    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn run(
    listener: TcpListener,
    server: String,
    mut state: watch::Receiver<State>,
    trap: watch::Sender<Trap>,
) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    let (mut wires, mut dead) = (JoinSet::new(), Vec::new());
    loop {
        let now = *state.borrow_and_update();
        if now == State::Cut {
            listener = None;
            wires.abort_all();
            dead.clear();
            state.changed().await.unwrap();
            continue;
        }
        if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.unwrap());
        }
        tokio::select! {
            _ = state.changed() => {}
            accepted = listener.as_ref().unwrap().accept() => {
                let (near, _) = accepted.unwrap();
                if now == State::Whole {
                    wires.spawn(carry(near, server.clone(), state.clone(), trap.clone()));
                } else {
                    dead.push(near);
                }
            }
        }
    }
}

/// Carries bytes for as long as the wire is whole; then holds still for ever.
async fn carry(
    near: TcpStream,
    server: String,
    mut state: watch::Receiver<State>,
    trap: watch::Sender<Trap>,
) {
    let Ok(far) = TcpStream::connect(server).await else { return };
    let ((hears, mut tells), (mut answers, asks)) = (near.into_split(), far.into_split());
    let went_dead = async { drop(state.wait_for(|state| *state == State::Dead).await) };
    tokio::select! {
        () = ask(hears, asks, &trap) => {
            // Whoever asked hears no answer, and the server has done what it was asked.
            answers.read_u8().await.ok();
            return;
        }
        _ = copy(&mut answers, &mut tells) => return,
        () = went_dead => {}
    }
    std::future::pending().await
}

/// Carries what is asked; ends after what the trap waits for.
async fn ask(mut hears: OwnedReadHalf, mut asks: OwnedWriteHalf, trap: &watch::Sender<Trap>) {
    let (mut buffer, mut sprung) = (vec![0; 64 * 1024], 0);
    loop {
        let Ok(count @ 1..) = hears.read(&mut buffer).await else { return };
        let bytes = &buffer[..count];
        let is_over = trap.send_if_modified(|trap| {
            if trap.get(sprung).is_some_and(|said| bytes.windows(said.len()).any(|window| window == said)) {
                sprung += 1;
            }
            let is_over = !trap.is_empty() && sprung == trap.len();
            if is_over {
                trap.clear();
            }
            is_over
        });
        if asks.write_all(bytes).await.is_err() || is_over {
            return;
        }
    }
}
