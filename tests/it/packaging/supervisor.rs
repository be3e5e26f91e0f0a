//! What systemd hears of the daemon while it runs.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::operation::get;
use crate::support::database::{Beside, Engine};
use crate::support::program::Running;
use crate::support::server::{Reply, Server};
use crate::support::stage::Stage;

/// A supervisor's ear; it waits for twenty seconds at most.
struct Supervisor(UnixDatagram);

impl Supervisor {
    /// Listens, and starts a daemon that has to tell something three times in 0.3 s.
    fn starts(stage: &Stage) -> (Self, Running) {
        let path = stage.setup.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let told = stage.setup.clone().env("NOTIFY_SOCKET", path.to_str().unwrap());
        (Self(socket), told.env("WATCHDOG_USEC", "300000").serve())
    }

    /// Waits for a word; returns all that it heard until then.
    async fn hears(&self, word: &'static str) -> Vec<String> {
        let socket = self.0.try_clone().unwrap();
        let hearing = tokio::task::spawn_blocking(move || {
            let mut heard = Vec::new();
            loop {
                let mut buffer = [0; 256];
                let length = socket
                    .recv(&mut buffer)
                    .unwrap_or_else(|error| panic!("no {word}, only {heard:?}: {error}"));
                let told = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let is_it = told.lines().any(|line| line.starts_with(word));
                heard.push(told);
                if is_it {
                    return heard;
                }
            }
        });
        hearing.await.unwrap()
    }

    /// How much has been said that nobody has heard yet.
    fn unheard(&self) -> usize {
        self.0.set_nonblocking(true).unwrap();
        let count = std::iter::from_fn(|| self.0.recv(&mut [0; 256]).ok()).count();
        self.0.set_nonblocking(false).unwrap();
        count
    }
}

#[tokio::test]
async fn a_supervisor_hears_that_we_are_ready_alive_and_stopping() {
    let stage = Stage::new().await;
    let (supervisor, bot) = Supervisor::starts(&stage);
    let heard = supervisor.hears("READY=1").await;
    assert_eq!(heard.len(), 1, "the first word is that we are ready: {heard:?}");
    supervisor.hears("WATCHDOG=1").await;
    let heard = supervisor.hears("WATCHDOG=1").await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    bot.signal(Signal::SIGTERM);
    supervisor.hears("STOPPING=1").await;
    assert!(bot.ended().await.success());
}

#[tokio::test]
async fn a_supervisor_hears_that_the_start_goes_on_while_another_has_the_database() {
    if Engine::chosen() == Engine::Sqlite {
        return;
    }
    let stage = Stage::new().await.set("DATABASE__LEASE_SECONDS", "15");
    let first = stage.serve().await;
    let (supervisor, second) = Supervisor::starts(&stage);
    for _ in 0..2 {
        let heard = supervisor.hears("EXTEND_TIMEOUT_USEC=").await;
        assert_eq!(heard.len(), 1, "{heard:?}");
    }
    first.stop().await;
    let heard = supervisor.hears("READY=1").await;
    let (_, before) = heard.split_last().unwrap();
    assert!(before.iter().all(|told| told.starts_with("EXTEND_TIMEOUT_USEC=")), "{heard:?}");
    second.stop().await;
}

#[tokio::test]
async fn a_supervisor_hears_that_we_are_ready_when_the_first_channel_listens() {
    let silent = Server::start(async |_| Reply::Hang).await;
    let stage = Stage::new().await.set("CHANNELS__DISCORD__API_BASE", &silent.url());
    let stage = stage.set("CHANNELS__DISCORD__TOKEN", "a.b.c");
    let before = Instant::now();
    let (supervisor, bot) = Supervisor::starts(&stage);
    supervisor.hears("READY=1").await;
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    bot.stop().await;

    let stage = Stage::new().await.set("CHANNELS__TELEGRAM__API_BASE", &silent.url());
    let (supervisor, bot) = Supervisor::starts(&stage);
    let admin = bot.admin_url().await;
    assert_eq!(get(&format!("{admin}/livez")).await.0, 200);
    assert_eq!(get(&format!("{admin}/readyz")).await.0, 503);
    assert_eq!(supervisor.unheard(), 0, "nobody listens yet");
    bot.stop().await;
}

#[tokio::test]
async fn a_supervisor_hears_that_we_live_also_while_nothing_can_be_written() {
    let stage = Stage::new().await;
    let (supervisor, bot) = Supervisor::starts(&stage);
    supervisor.hears("WATCHDOG=1").await;
    let beside = Beside::open(&stage.setup.database_url()).await;
    beside.shuts_writers_out().await;
    // Nothing of it changes when we are started again.
    let admin = bot.admin_url().await;
    let url = format!("{admin}/readyz");
    let cannot_write = async { while get(&url).await.0 == 200 {} };
    let mut cannot_write = std::pin::pin!(cannot_write);
    // All that is told is listened to: what nobody hears would hold the daemon up.
    while !tokio::select! { () = &mut cannot_write => true, _ = supervisor.hears("WATCHDOG=1") => false } {}
    for _ in 0..3 {
        supervisor.hears("WATCHDOG=1").await;
    }
    drop(supervisor);
    beside.run("ROLLBACK").await;
    beside.close().await;
    bot.stop().await;
}
