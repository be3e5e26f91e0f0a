//! What stands on a public address has to bear whoever comes: every request is
//! bounded in kind, size, time and number.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use switchboard::channels::Channel;
use switchboard::channels::telegram::{Hook, Telegram, WayIn};
use switchboard::http::webhooks::{self, Bounds};
use switchboard::telemetry::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::SECRET;
use crate::support::observed::PATIENCE;

/// An open door, and the way to close it.
struct Doors {
    address: SocketAddr,
    tasks: Tasks,
}

impl Doors {
    async fn open(bounds: Bounds) -> Self {
        let hook = Hook {
            url: super::PUBLIC.to_owned(),
            secret: SECRET.to_owned().into(),
            check_every: Duration::from_secs(60),
        };
        let setup = crate::telegram::setup("1:a", "http://127.0.0.1:1", WayIn::Webhook(hook));
        // It does not listen, so whoever is let in is asked to come again.
        let channels: Vec<Arc<dyn Channel>> = vec![Arc::new(Telegram::new(setup).unwrap())];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, tasks) = (listener.local_addr().unwrap(), Tasks::default());
        tasks.spawn(webhooks::serve(listener, channels, bounds, tasks.clone()));
        Self { address, tasks }
    }

    /// Opens a connection and says something.
    async fn begin(&self, words: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(words.as_bytes()).await.unwrap();
        stream
    }

    /// Says something, and returns the status and all that comes until the connection ends.
    async fn ask(&self, words: &str) -> (u16, String) {
        read(&mut self.begin(words).await).await
    }

    async fn close(self) {
        timeout(PATIENCE, self.tasks.end()).await.expect("the door closes");
    }
}

async fn read(stream: &mut TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    // A connection may end roughly after its answer.
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an end").ok();
    let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, text)
}

fn head(method: &str, path: &str, more: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n{more}\r\n"
    )
}

fn with(head: &str, body: &str) -> String {
    format!("{head}{body}")
}

const PATH: &str = "/webhooks/telegram";

#[tokio::test]
async fn only_posts_to_known_paths_are_let_in() {
    let doors = Doors::open(Bounds::default()).await;
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let (status, text) = doors.ask(&head(method, PATH, "")).await;
        assert_eq!(status, 405, "{method}: {text}");
        assert!(text.contains("allow: post"), "{text}");
    }
    for path in ["/", "/webhooks", "/webhooks/telegram/", "/webhooks/slack", "/webhooks/Telegram", "/readyz"]
    {
        assert_eq!(doors.ask(&head("POST", path, "Content-Length: 0\r\n")).await.0, 404, "{path}");
    }
    assert_eq!(doors.ask("no http\r\n\r\n").await.0, 400);
    let (status, text) = doors.ask(&with(&head("POST", PATH, "Content-Length: 2\r\n"), "{}")).await;
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("retry-after: 2"), "{text}");
    doors.close().await;
}

#[tokio::test]
async fn a_body_of_more_than_a_mebibyte_is_too_large() {
    let doors = Doors::open(Bounds::default()).await;
    let most = 1 << 20;
    let body = "x".repeat(most);
    let right = with(&head("POST", PATH, &format!("Content-Length: {most}\r\n")), &body);
    assert_eq!(doors.ask(&right).await.0, 503);
    // Refused by what it announces, before it comes.
    let announced = head("POST", PATH, &format!("Content-Length: {}\r\n", most + 1));
    assert_eq!(doors.ask(&announced).await.0, 413);
    // And by what comes, when it announces nothing.
    let chunks = format!("{most:x}\r\n{body}\r\n1\r\nx\r\n");
    let chunked = with(&head("POST", PATH, "Transfer-Encoding: chunked\r\n"), &chunks);
    assert_eq!(doors.ask(&chunked).await.0, 413);
    // A head has its limit as well.
    let (status, _) = doors.ask(&head("POST", PATH, &format!("X-Long: {}\r\n", "x".repeat(1 << 20)))).await;
    assert!(status == 431 || status == 0, "{status}");
    doors.close().await;
}

#[tokio::test]
async fn whoever_is_slow_is_shown_the_door() {
    let bounds = Bounds {
        head_within: Duration::from_millis(200),
        body_within: Duration::from_millis(200),
        ..Bounds::default()
    };
    let doors = Doors::open(bounds).await;
    for words in ["", "POST ", &head("POST", PATH, "").trim_end()[..40]] {
        let before = Instant::now();
        let (status, _) = doors.ask(words).await;
        assert!(status == 0 || status == 408, "{words:?}: {status}");
        assert!(before.elapsed() < Duration::from_secs(5), "{words:?}: {:?}", before.elapsed());
    }
    let before = Instant::now();
    assert_eq!(doors.ask(&with(&head("POST", PATH, "Content-Length: 100\r\n"), "{")).await.0, 408);
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    doors.close().await;
}

#[tokio::test]
async fn a_drop_at_a_time_does_not_keep_the_door_open() {
    let bounds = Bounds { head_within: Duration::from_millis(300), ..Bounds::default() };
    let doors = Doors::open(bounds).await;
    let mut stream = doors.begin("POST /webhooks/telegram HTTP/1.1\r\n").await;
    let dripping = async {
        // Each header comes in time, and all of them together do not.
        while stream.write_all(b"X-Drip: 1\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, dripping).await.expect("the connection is closed");
    doors.close().await;
}

#[tokio::test]
async fn too_many_at_once_are_sent_away_or_wait_and_nobody_is_forgotten() {
    let bounds = Bounds { bodies_bytes: 4, body_within: Duration::from_secs(60), ..Bounds::default() };
    let doors = Doors::open(bounds).await;
    let begun = head("POST", PATH, "Content-Length: 2\r\n");
    // Whoever has sent nothing takes no room.
    let (mut first, mut second) = (doors.begin(&begun).await, doors.begin(&begun).await);
    let longer = with(&head("POST", PATH, "Content-Length: 5\r\n"), "1234");
    let dawdler = doors.begin(&longer).await;
    // There is no room left once somebody is sent away.
    let busy = async {
        loop {
            let mut stream = doors.begin(&with(&begun, "{")).await;
            if let Ok((503, text)) = timeout(Duration::from_millis(500), read(&mut stream)).await {
                assert!(text.contains("retry-after: 2"), "{text}");
                return;
            }
        }
    };
    timeout(PATIENCE, busy).await.expect("somebody is sent away");
    drop(dawdler);
    for stream in [&mut first, &mut second] {
        stream.write_all(b"{}").await.unwrap();
        assert_eq!(read(stream).await.0, 503);
    }
    doors.close().await;

    let bounds = Bounds { connections: 1, head_within: Duration::from_millis(500), ..Bounds::default() };
    let doors = Doors::open(bounds).await;
    let _idle = doors.begin("").await;
    let before = Instant::now();
    assert_eq!(doors.ask(&with(&begun, "{}")).await.0, 503);
    assert!(before.elapsed() >= Duration::from_millis(300), "it waited until the idle one was gone");
    doors.close().await;
}

#[tokio::test]
async fn the_end_does_not_wait_for_whoever_dawdles() {
    let doors = Doors::open(Bounds::default()).await;
    let _idle = doors.begin("").await;
    let _slow = doors.begin(&head("POST", PATH, "Content-Length: 2\r\n")).await;
    let before = Instant::now();
    doors.close().await;
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
}
