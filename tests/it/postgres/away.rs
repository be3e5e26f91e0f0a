//! The server goes away and comes back: nothing is acknowledged meanwhile, we
//! are alive and not ready, and afterwards everything goes on by itself.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::postgres::place;
use crate::support::database;
use crate::support::platforms::Emulated;
use crate::support::program::{Running, Setup};
use crate::support::proxy::Proxy;
use crate::support::slack::Slack;
use crate::support::stage::On;
use crate::support::telegram::Telegram;

/// What the promise grants for the way back.
const RECOVERY: Duration = Duration::from_secs(5);

/// A daemon as two platforms meet it, whose database is behind a wire.
pub(super) struct Wired {
    telegram: On<Telegram>,
    pub(super) slack: On<Slack>,
    pub(super) proxy: Proxy,
}

impl Wired {
    pub(super) async fn new(server: &str) -> Self {
        let proxy = Proxy::to(place(server)).await;
        let setup = Setup::new();
        // What goes over the wire has to be read there.
        let url = format!("{}?sslmode=disable", proxy.instead_of(place(server), &setup.database_url()));
        let mut telegram = On::at(Telegram::start().await.unlimited(), setup, "")
            .await
            .open()
            .set("CHANNELS__TELEGRAM__POLL_SECONDS", "1")
            .set("DATABASE__URL", &url)
            .set("LIMITS__PACE_WRITES", "false");
        telegram.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
        let slack = telegram.also_on(Slack::start().await.unlimited());
        Self { telegram, slack, proxy }
    }

    /// Starts the daemon, and waits until it has answered on both platforms.
    pub(super) async fn serve(&self) -> (Running, String) {
        let bot = self.slack.serve().await;
        let admin = bot.admin_url().await;
        self.telegram.platform.user(1001, "Ann").says("before");
        self.telegram.wait_for_text(1001, "Heard before").await;
        let carol = self.slack.platform.user("U1", "carol");
        carol.dm("before");
        self.slack.wait_for_text(&carol.dm_channel(), "Heard before").await;
        for platform in ["telegram", "slack"] {
            bot.wait_for_log(&format!("a turn on {platform} ended")).await;
        }
        assert_eq!(status(&admin, "readyz").await, 200);
        (bot, admin)
    }
}

async fn status(admin: &str, page: &str) -> u16 {
    switchboard::model::install_crypto();
    reqwest::get(format!("{admin}/{page}")).await.unwrap().status().as_u16()
}

async fn until(admin: &str, page: &str, wanted: u16) {
    let before = Instant::now();
    while status(admin, page).await != wanted {
        assert!(before.elapsed() < Duration::from_secs(20), "{page} does not become {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Takes the database away and brings it back.
async fn goes_and_comes(server: &str, break_it: impl Fn(&Proxy)) {
    let stage = Wired::new(server).await;
    stage.slack.platform.acknowledge_within(Duration::from_secs(3));
    stage.slack.platform.retry_after([
        Duration::from_secs(4),
        Duration::from_secs(8),
        Duration::from_secs(8),
    ]);
    let (bot, admin) = stage.serve().await;
    stage.telegram.platform.wait_until_confirmed().await.unwrap();
    assert!(stage.slack.platform.wait_until_delivered().await);

    break_it(&stage.proxy);
    until(&admin, "readyz", 503).await;
    let (ann, carol) = (stage.telegram.platform.user(1001, "Ann"), stage.slack.platform.user("U1", "carol"));
    ann.says("meanwhile");
    carol.dm("meanwhile");
    bot.wait_for_log("could not store what came in; Telegram keeps it for us").await;
    bot.wait_for_log("an event could not be taken in").await;
    assert_eq!(stage.telegram.platform.pending_updates(), 1, "not confirmed, so Telegram keeps it");
    assert_eq!(stage.slack.platform.undelivered(), 1, "not acknowledged, so Slack sends it again");
    assert_eq!((status(&admin, "livez").await, status(&admin, "readyz").await), (200, 503));

    stage.proxy.mend();
    let back = Instant::now();
    until(&admin, "readyz", 200).await;
    stage.telegram.wait_for_text(1001, "Heard meanwhile").await;
    assert!(back.elapsed() < RECOVERY, "it took {:?}", back.elapsed());
    stage.slack.wait_for_text(&carol.dm_channel(), "Heard meanwhile").await;
    assert!(stage.slack.platform.wait_until_delivered().await);
    stage.telegram.platform.wait_until_confirmed().await.unwrap();

    assert_eq!(stage.telegram.models.count(), 4, "each was answered once");
    stage.slack.ends_well(bot).await;
    stage.telegram.is_left_well();
    let unended = "SELECT COUNT(*) FROM inbox WHERE ended_at IS NULL";
    let beside = database::Beside::open(&stage.telegram.setup.database_url()).await;
    assert_eq!(beside.number(unended).await, 0);
    beside.close().await;
}

#[tokio::test]
async fn a_server_that_is_stopped_is_missed_and_found_again() {
    let Some(server) = database::server() else { return };
    goes_and_comes(&server, Proxy::cut).await;
}

#[tokio::test]
async fn a_server_that_says_nothing_any_more_is_missed_and_found_again() {
    let Some(server) = database::server() else { return };
    goes_and_comes(&server, Proxy::goes_dead).await;
}

#[tokio::test]
async fn a_stop_waits_for_no_server_that_says_nothing_any_more() {
    let Some(server) = database::server() else { return };
    let mut stage = Wired::new(&server).await;
    stage.slack = stage.slack.set("SHUTDOWN__DRAIN_SECONDS", "1");
    let (bot, admin) = stage.serve().await;
    let models = stage.slack.models.clone();
    models.hold(0);
    stage.telegram.platform.user(1001, "Ann").says("a long story");
    models.wait_until_held(1).await;
    stage.proxy.goes_dead();
    until(&admin, "readyz", 503).await;
    let told = Instant::now();
    bot.signal(Signal::SIGTERM);
    let code = bot.ended().await.code();
    let longest = Duration::from_secs(1) + switchboard::app::GRACE + Duration::from_secs(2);
    assert!(told.elapsed() < longest, "it took {:?}", told.elapsed());
    assert_eq!(code, Some(0), "{:#?}", bot.log());

    models.release();
    stage.proxy.mend();
    let bot = stage.slack.setup.serve();
    stage.telegram.wait_for_text(1001, "Heard a long story").await;
    bot.stop().await;
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_holds_nobody_up_until_the_next_start() {
    let Some(server) = database::server() else { return };
    let stage = Wired::new(&server).await;
    let (bot, _) = stage.serve().await;
    // The state as a value, and then the end of its transaction.
    stage.proxy.loses_the_answer_to(&[b"\0\0\0\x07claimed", b"COMMIT"]);

    stage.telegram.platform.user(1001, "Ann").says("meanwhile");
    bot.wait_for_log("could not take a waiting message").await;
    stage.telegram.wait_for_text(1001, "Heard meanwhile").await;
    bot.wait_for_log("put back 1 messages of which the database thought").await;

    assert_eq!(stage.telegram.models.count(), 3, "each was answered once");
    stage.slack.ends_well(bot).await;
    stage.telegram.is_left_well();
}

#[tokio::test]
async fn an_answer_whose_commit_was_not_told_stands_in_its_conversation_once() {
    let Some(server) = database::server() else { return };
    let stage = Wired::new(&server).await;
    let (bot, _) = stage.serve().await;
    // The state as a value, and then the end of its transaction.
    stage.proxy.loses_the_answer_to(&[b"\0\0\0\x05ready", b"COMMIT"]);

    stage.telegram.platform.user(1001, "Ann").says("meanwhile");
    bot.wait_for_log("cannot store the answer yet").await;
    stage.telegram.wait_for_text(1001, "Heard meanwhile").await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;

    stage.slack.ends_well(bot).await;
    stage.telegram.is_left_well();
    let beside = database::Beside::open(&stage.telegram.setup.database_url()).await;
    let said = "SELECT content FROM messages WHERE content LIKE '%meanwhile' ORDER BY seq";
    assert_eq!(beside.texts(said).await, ["meanwhile", "Heard meanwhile"]);
    beside.close().await;
}

/// With the lease that the settings have by themselves.
async fn long_away(server: &str, break_it: impl Fn(&Proxy)) {
    let mut stage = Wired::new(server).await;
    stage.slack.setup = stage.slack.setup.env("SWITCHBOARD__DATABASE__LEASE_SECONDS", "15");
    stage.telegram.setup = stage.slack.setup.clone();
    let (bot, admin) = stage.serve().await;
    let ann = stage.telegram.platform.user(1001, "Ann");
    let mut took = Vec::new();
    for round in 0..4_u32 {
        break_it(&stage.proxy);
        until(&admin, "readyz", 503).await;
        ann.says(&format!("meanwhile {round}"));
        tokio::time::sleep(Duration::from_millis(20_000 + 1_300 * u64::from(round))).await;
        stage.proxy.mend();
        let back = Instant::now();
        let ready = async {
            until(&admin, "readyz", 200).await;
            back.elapsed()
        };
        let said = async {
            let text = format!("Heard meanwhile {round}");
            loop {
                if stage.telegram.said(1001).contains(&text) {
                    break back.elapsed();
                }
                assert!(back.elapsed() < Duration::from_secs(60));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        took.push(tokio::join!(ready, said));
    }
    eprintln!("ready and answered after {took:?}");
    bot.stop().await;
    assert!(took.iter().all(|(_, said)| *said < RECOVERY), "it took {took:?}");
}

#[tokio::test]
async fn a_server_that_is_stopped_for_longer_than_the_lease_is_found_again_as_soon() {
    let Some(server) = database::server() else { return };
    long_away(&server, Proxy::cut).await;
}

#[tokio::test]
async fn a_server_that_says_nothing_for_longer_than_the_lease_is_found_again_as_soon() {
    let Some(server) = database::server() else { return };
    long_away(&server, Proxy::goes_dead).await;
}

#[tokio::test]
async fn a_conversation_that_cannot_be_read_for_a_while_costs_nobody_the_answer() {
    let Some(server) = database::server() else { return };
    let mut stage = Wired::new(&server).await;
    stage.slack.setup = stage.slack.setup.env("SWITCHBOARD__DATABASE__STATEMENT_TIMEOUT_SECONDS", "2");
    let (bot, _) = stage.serve().await;
    let beside = database::Beside::open(&stage.telegram.setup.database_url()).await;
    beside.run("BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE").await;
    stage.telegram.platform.user(1001, "Ann").says("meanwhile");
    tokio::time::sleep(Duration::from_secs(4)).await;
    beside.run("COMMIT").await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;
    assert_eq!(stage.telegram.said(1001), ["Heard before", "Heard meanwhile"]);
    beside.close().await;
    bot.stop().await;
}
