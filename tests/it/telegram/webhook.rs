//! Updates that Telegram sends: proven, durable, and only then answered with 200.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use switchboard::channels::telegram::{Hook, Telegram as Bot, WayIn};
use switchboard::channels::{Channel, ChannelError};
use switchboard::http::webhooks::{self, Bounds};
use switchboard::model::install_crypto;
use switchboard::telemetry::Tasks;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Listening, Recorder};
use crate::support::observed::PATIENCE;
use crate::support::telegram::{BOT_ID, Fault, Telegram};

const SECRET: &str = "a-secret_of_the-webhook-42";
const SHOWN: &str = "X-Telegram-Bot-Api-Secret-Token";

/// A channel that Telegram sends its updates to.
struct Hooked {
    listening: Listening,
    address: SocketAddr,
    tasks: Tasks,
}

impl Hooked {
    async fn on(telegram: &Telegram) -> Self {
        let hooked = Self::begins(telegram, Recorder::new()).await;
        telegram.wait_for_webhook().await.unwrap();
        hooked
    }

    async fn begins(telegram: &Telegram, inbox: Recorder) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self::behind(telegram, inbox, listener, format!("http://{address}/webhooks/telegram"))
    }

    fn behind(telegram: &Telegram, inbox: Recorder, listener: TcpListener, url: String) -> Self {
        let hook = Hook { url, secret: SECRET.to_owned().into(), check_every: Duration::from_millis(50) };
        let setup = super::setup(&telegram.token(), &telegram.url(), WayIn::Webhook(hook));
        let (bot, shutdown, tasks) =
            (Arc::new(Bot::new(setup).unwrap()), CancellationToken::new(), Tasks::default());
        let address = listener.local_addr().unwrap();
        let channels: Vec<Arc<dyn Channel>> = vec![bot.clone()];
        tasks.spawn(webhooks::serve(listener, channels, Bounds::default(), tasks.clone()));
        let (listener, heard, until) = (Arc::clone(&bot), inbox.clone(), shutdown.clone());
        let task = tokio::spawn(async move { listener.listen(Arc::new(heard), until).await });
        Self { listening: Listening { bot, inbox, shutdown, task }, address, tasks }
    }

    fn inbox(&self) -> &Recorder {
        &self.listening.inbox
    }

    /// Waits until the channel says that it is connected, or that it is not.
    async fn is_connected(&self, wanted: bool) {
        let bot = &self.listening.bot;
        let met = async {
            while bot.is_connected() != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, met).await.expect("it to become so");
    }

    /// Posts what somebody who is not Telegram makes up; returns the status and Retry-After.
    async fn post(&self, secrets: &[&str], body: impl Into<reqwest::Body>) -> (u16, Option<String>) {
        install_crypto();
        let url = format!("http://{}/webhooks/telegram", self.address);
        let request = reqwest::Client::new().post(url).header("content-type", "application/json");
        let request = secrets.iter().fold(request, |request, secret| request.header(SHOWN, *secret));
        let answer = request.body(body).send().await.unwrap();
        let after = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().to_owned());
        (answer.status().as_u16(), after)
    }

    async fn stop(self) -> Result<(), ChannelError> {
        let ended = self.listening.stop().await;
        self.tasks.end().await;
        ended
    }
}

fn update(id: i64, text: &str) -> String {
    let alice = json!({ "id": 7, "is_bot": false, "first_name": "Alice" });
    let chat = json!({ "id": 7, "type": "private", "first_name": "Alice" });
    let message =
        json!({ "message_id": id, "from": alice, "chat": chat, "date": 1_700_000_000, "text": text });
    json!({ "update_id": id, "message": message }).to_string()
}

#[tokio::test]
async fn the_webhook_is_set_with_its_secret_and_what_waited_is_kept() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    alice.says("said while nobody listened");
    let bot = Hooked::on(&telegram).await;
    alice.says("said afterwards");
    assert_eq!(bot.inbox().texts(2).await, ["said while nobody listened", "said afterwards"]);
    telegram.wait_until_confirmed().await.unwrap();

    let info = telegram.wait_for_webhook().await.unwrap();
    assert_eq!(info["url"], format!("http://{}/webhooks/telegram", bot.address));
    assert_eq!(
        (&info["max_connections"], &info["allowed_updates"]),
        (
            &json!(40),
            &json!(["message", "edited_message", "my_chat_member", "callback_query", "message_reaction"])
        )
    );
    bot.is_connected(true).await;
    bot.stop().await.unwrap();
    assert_eq!(telegram.count_calls("getUpdates"), 0);
    assert_eq!(telegram.count_calls("deleteWebhook"), 0, "what is said while we are away waits");
    assert!(telegram.wait_for_webhook().await.is_ok());
    assert_eq!(telegram.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn an_inbox_that_takes_nothing_makes_telegram_keep_it_and_send_it_again() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let bot = Hooked::on(&telegram).await;
    bot.inbox().refuses(true);
    alice.says("keep this");
    bot.inbox().refusals(1).await;
    let why = telegram.wait_for_failed_delivery().await.unwrap();
    assert_eq!(why, "Wrong response from the webhook: 503 Service Unavailable");
    assert_eq!(bot.post(&[SECRET], update(900, "hello")).await, (503, Some("2".to_owned())));

    bot.inbox().refuses(false);
    assert_eq!(bot.inbox().texts(1).await, ["keep this"]);
    telegram.wait_until_confirmed().await.unwrap();
    bot.stop().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_and_never_asked_for_again() {
    let telegram = Telegram::start().await;
    let bot = Hooked::on(&telegram).await;
    telegram.inject_verbatim(|id| format!("{{\"update_id\":{id},\"message\":{{\"text\":\"\\ud800\"}}}}"));
    telegram.inject_verbatim(|_| "no JSON at all".to_owned());
    telegram.wait_until_confirmed().await.unwrap();
    assert_eq!(bot.post(&[SECRET], vec![0xff, 0xfe, b'{']).await.0, 200);
    assert_eq!(bot.post(&[SECRET], "").await.0, 200);
    let seen =
        bot.inbox().state.wait_for(|state| (state.unreadable.len() >= 4).then(|| state.unreadable.clone()));
    assert_eq!(seen.await.expect("four of them").len(), 4);

    // Deep nesting costs nobody the others.
    let deep = format!("{{\"update_id\":1,\"message\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(bot.post(&[SECRET], deep).await.0, 200);
    telegram.user(7, "Alice").says("still there?");
    assert_eq!(bot.inbox().texts(1).await, ["still there?"]);
    bot.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_without_the_secret_is_let_in() {
    let telegram = Telegram::start().await;
    let bot = Hooked::on(&telegram).await;
    let long = "a".repeat(8_000);
    let longer = format!("{SECRET}0");
    let wrong: [&[&str]; 8] = [
        &[],
        &[""],
        &["a-secret_of_the-webhook-4"],
        &[&longer],
        &["A-SECRET_OF_THE-WEBHOOK-42"],
        &[&long],
        // Whoever adds a second one to a request of Telegram's proves nothing.
        &[SECRET, SECRET],
        &["wrong", SECRET],
    ];
    for secrets in wrong {
        for body in [update(1, "let me in"), "{".to_owned()] {
            assert_eq!(bot.post(secrets, body).await, (401, None), "{secrets:?}");
        }
    }
    assert_eq!(bot.post(&[SECRET], update(2, "hello")).await.0, 200);
    assert_eq!(bot.inbox().texts(1).await, ["hello"]);
    assert_eq!(bot.inbox().state.read(|state| state.unreadable.len()), 0);
    bot.stop().await.unwrap();
}

#[tokio::test]
async fn a_webhook_that_somebody_takes_away_is_set_again() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    telegram.without_rate_limits();
    let bot = Hooked::on(&telegram).await;
    bot.is_connected(true).await;
    telegram.loses_webhook();
    alice.says("between");
    telegram.wait_for_webhook().await.unwrap();
    assert_eq!(bot.inbox().texts(1).await, ["between"]);
    bot.is_connected(true).await;
    assert_eq!(telegram.count_calls("setWebhook"), 2);
    bot.stop().await.unwrap();
}

#[tokio::test]
async fn a_channel_is_not_connected_while_telegram_cannot_be_asked_or_cannot_deliver() {
    let telegram = Telegram::start().await;
    let alice = telegram.user(7, "Alice");
    let bot = Hooked::on(&telegram).await;
    bot.is_connected(true).await;
    telegram.fault("getWebhookInfo", 2, Fault::Status(502));
    bot.is_connected(false).await;
    bot.is_connected(true).await;

    bot.inbox().refuses(true);
    alice.says("nobody takes this");
    bot.is_connected(false).await;
    bot.inbox().refuses(false);
    assert_eq!(bot.inbox().texts(1).await, ["nobody takes this"]);
    bot.is_connected(true).await;
    let ended = Arc::clone(&bot.listening.bot);
    bot.stop().await.unwrap();
    assert!(!ended.is_connected());
}

#[tokio::test]
async fn telegram_is_sent_away_for_a_moment_before_and_after_we_listen() {
    let telegram = Telegram::start().await;
    telegram.fault("getMe", 3, Fault::Status(502));
    let bot = Hooked::begins(&telegram, Recorder::new()).await;
    assert_eq!(bot.post(&[SECRET], update(1, "too early")).await, (503, Some("2".to_owned())));
    telegram.wait_for_webhook().await.unwrap();
    assert_eq!(bot.post(&[SECRET], update(1, "in time")).await.0, 200);
    bot.listening.shutdown.cancel();
    bot.is_connected(false).await;
    let closed = async { while bot.post(&[SECRET], update(2, "too late")).await.0 != 503 {} };
    tokio::time::timeout(PATIENCE, closed).await.expect("the door to close");
    bot.stop().await.unwrap();
}

#[tokio::test]
async fn an_address_that_telegram_does_not_take_is_a_matter_of_setup() {
    let telegram = Telegram::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = "https://bot.example.org:1234/webhooks/telegram".to_owned();
    let bot = Hooked::behind(&telegram, Recorder::new(), listener, url);
    let error = bot.listening.task.await.unwrap().unwrap_err();
    let ChannelError::Setup { way_out } = &error else { panic!("{error}") };
    assert!(way_out.contains("channels.telegram.webhook_url") && way_out.contains("8443"), "{way_out}");
    assert!(!way_out.contains(SECRET) && !way_out.contains(&telegram.token()), "{way_out}");
    bot.tasks.end().await;
}

#[tokio::test]
async fn a_bot_that_polls_offers_no_webhook() {
    let telegram = Telegram::start().await;
    let bot = super::bot_on(&telegram);
    assert!(bot.webhook().is_none());
    assert_eq!(bot.check().await.unwrap().id, BOT_ID.to_string());
}
