//! The server goes away and comes back: nothing is acknowledged meanwhile, we
//! are alive and not ready, and afterwards everything goes on by itself.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::postgres::place;
use crate::support::database;
use crate::support::models::Models;
use crate::support::program::{Running, Setup};
use crate::support::proxy::Proxy;
use crate::support::slack::Slack;
use crate::support::telegram::{Shown, Telegram};

/// What the promise grants for the way back.
const RECOVERY: Duration = Duration::from_secs(5);

/// A daemon whose database is behind a wire.
pub(super) struct House {
    telegram: Telegram,
    pub(super) slack: Slack,
    pub(super) models: Models,
    pub(super) proxy: Proxy,
    pub(super) setup: Setup,
}

impl House {
    pub(super) async fn new(server: &str) -> Self {
        let (telegram, slack, models) =
            (Telegram::start().await, Slack::start().await, Models::start().await);
        telegram.without_rate_limits();
        slack.without_rate_limits();
        models.answers_with(|asked| format!("Heard {}", asked.last_user_text()));
        let proxy = Proxy::to(place(server)).await;
        let setup = Setup::new();
        // What goes over the wire has to be read there.
        let url = format!("{}?sslmode=disable", proxy.instead_of(place(server), &setup.database_url()));
        let setup = setup
            .open()
            .with(&format!(
                "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\npoll_seconds = 1\n\
                 [channels.slack]\nbot_token = \"{}\"\napp_token = \"{}\"\napi_base = \"{}\"\n\
                 [model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o\"",
                telegram.token(),
                telegram.url(),
                slack.bot_token(),
                slack.app_token(),
                slack.api_url(),
                models.base_url(),
                models.key()
            ))
            .env("SWITCHBOARD__DATABASE__URL", &url)
            .env("SWITCHBOARD__LIMITS__PACE_WRITES", "false");
        Self { telegram, slack, models, proxy, setup }
    }

    /// Starts the daemon, and waits until it has answered on both platforms.
    pub(super) async fn serve(&self) -> (Running, String) {
        let bot = self.setup.serve();
        let admin = bot.admin_url().await;
        assert!(self.slack.wait_for_sockets(2).await, "{:#?}", bot.log());
        self.telegram.user(1001, "Ann").says("before");
        self.heard_on_telegram("before").await;
        let carol = self.slack.user("U1", "carol");
        carol.dm("before");
        self.heard_on_slack(&carol.dm_channel(), "before").await;
        for platform in ["telegram", "slack"] {
            bot.wait_for_log(&format!("a turn on {platform} ended")).await;
        }
        assert_eq!(status(&admin, "readyz").await, 200);
        (bot, admin)
    }

    async fn heard_on_telegram(&self, words: &str) {
        let is_it = |shown: &Shown| shown.is_from_bot() && shown.text == format!("Heard {words}");
        self.telegram.wait_for_message(1001, is_it).await.unwrap_or_else(|error| panic!("{error}"));
    }

    pub(super) async fn heard_on_slack(&self, chat: &str, words: &str) {
        let seen =
            self.slack.wait_for_message(chat, |shown| shown.by_bot && shown.text == format!("Heard {words}"));
        seen.await.unwrap_or_else(|error| panic!("{error}"));
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
    let house = House::new(server).await;
    house.slack.acknowledge_within(Duration::from_secs(3));
    house.slack.retry_after([Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(8)]);
    let (bot, admin) = house.serve().await;
    house.telegram.wait_until_confirmed().await.unwrap();
    assert!(house.slack.wait_until_delivered().await);

    break_it(&house.proxy);
    until(&admin, "readyz", 503).await;
    let (ann, carol) = (house.telegram.user(1001, "Ann"), house.slack.user("U1", "carol"));
    ann.says("meanwhile");
    carol.dm("meanwhile");
    bot.wait_for_log("could not store what came in; Telegram keeps it for us").await;
    bot.wait_for_log("an event could not be taken in").await;
    assert_eq!(house.telegram.pending_updates(), 1, "not confirmed, so Telegram keeps it");
    assert_eq!(house.slack.undelivered(), 1, "not acknowledged, so Slack sends it again");
    assert_eq!((status(&admin, "livez").await, status(&admin, "readyz").await), (200, 503));

    house.proxy.mend();
    let back = Instant::now();
    until(&admin, "readyz", 200).await;
    house.heard_on_telegram("meanwhile").await;
    assert!(back.elapsed() < RECOVERY, "it took {:?}", back.elapsed());
    house.heard_on_slack(&carol.dm_channel(), "meanwhile").await;
    assert!(house.slack.wait_until_delivered().await);
    house.telegram.wait_until_confirmed().await.unwrap();

    assert_eq!(house.models.count(), 4, "each was answered once");
    assert_eq!(house.slack.lost_events(), Vec::<String>::new());
    bot.stop().await;
    let unended = "SELECT COUNT(*) FROM inbox WHERE ended_at IS NULL";
    let beside = database::Beside::open(&house.setup.database_url()).await;
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
    let mut house = House::new(&server).await;
    house.setup = house.setup.env("SWITCHBOARD__SHUTDOWN__DRAIN_SECONDS", "1");
    let (bot, admin) = house.serve().await;
    house.models.hold(0);
    house.telegram.user(1001, "Ann").says("a long story");
    house.models.wait_until_held(1).await;
    house.proxy.goes_dead();
    until(&admin, "readyz", 503).await;
    let told = Instant::now();
    bot.signal(Signal::SIGTERM);
    let code = bot.ended().await.code();
    let longest = Duration::from_secs(1) + switchboard::app::GRACE + Duration::from_secs(2);
    assert!(told.elapsed() < longest, "it took {:?}", told.elapsed());
    assert_eq!(code, Some(0), "{:#?}", bot.log());

    house.models.release();
    house.proxy.mend();
    let bot = house.setup.serve();
    house.heard_on_telegram("a long story").await;
    bot.stop().await;
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_holds_nobody_up_until_the_next_start() {
    let Some(server) = database::server() else { return };
    let house = House::new(&server).await;
    let (bot, _) = house.serve().await;
    // The state as a value, and then the end of its transaction.
    house.proxy.loses_the_answer_to(&[b"\0\0\0\x07claimed", b"COMMIT"]);

    house.telegram.user(1001, "Ann").says("meanwhile");
    bot.wait_for_log("could not take a waiting message").await;
    house.heard_on_telegram("meanwhile").await;
    bot.wait_for_log("put back 1 messages of which the database thought").await;

    assert_eq!(house.models.count(), 3, "each was answered once");
    bot.stop().await;
}

#[tokio::test]
async fn an_answer_whose_commit_was_not_told_stands_in_its_conversation_once() {
    let Some(server) = database::server() else { return };
    let house = House::new(&server).await;
    let (bot, _) = house.serve().await;
    // The state as a value, and then the end of its transaction.
    house.proxy.loses_the_answer_to(&[b"\0\0\0\x05ready", b"COMMIT"]);

    house.telegram.user(1001, "Ann").says("meanwhile");
    bot.wait_for_log("cannot store the answer yet").await;
    house.heard_on_telegram("meanwhile").await;
    bot.wait_for_logs("a turn on telegram ended", 2).await;

    bot.stop().await;
    let beside = database::Beside::open(&house.setup.database_url()).await;
    let said = "SELECT content FROM messages WHERE content LIKE '%meanwhile' ORDER BY seq";
    assert_eq!(beside.texts(said).await, ["meanwhile", "Heard meanwhile"]);
    beside.close().await;
}
