//! A wire with a switch: what connects to it reaches a server, until it is cut
//! or goes dead.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
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

/// A wire to a server.
pub struct Proxy {
    address: SocketAddr,
    state: watch::Sender<State>,
    work: JoinHandle<()>,
}

impl Proxy {
    /// Lays a wire to `host:port`.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(State::Whole);
        let work = tokio::spawn(run(listener, server.to_owned(), state.subscribe()));
        Self { address, state, work }
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

    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn run(listener: TcpListener, server: String, mut state: watch::Receiver<State>) {
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
                    wires.spawn(carry(near, server.clone(), state.clone()));
                } else {
                    dead.push(near);
                }
            }
        }
    }
}

/// Carries bytes for as long as the wire is whole; then holds still for ever.
async fn carry(mut near: TcpStream, server: String, mut state: watch::Receiver<State>) {
    let Ok(mut far) = TcpStream::connect(server).await else { return };
    let went_dead = async { drop(state.wait_for(|state| *state == State::Dead).await) };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => return,
        () = went_dead => {}
    }
    std::future::pending().await
}
