//! What can be wrong when the daemon starts: said in seconds and in words, with
//! the exit code that tells a supervisor whether trying again can help.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;
use tokio::net::TcpSocket;

use crate::support::database;
use crate::support::discord::Discord;
use crate::support::models::Models;
use crate::support::program::{Ran, Setup};
use crate::support::server::{Reply, Server};
use crate::support::slack::{self, Slack};
use crate::support::stage::Stage;
use crate::support::telegram::Telegram;

const BAD_SETTING: i32 = 78;
const NOT_AVAILABLE: i32 = 69;

/// How long a start may take that fails.
const SECONDS: Duration = Duration::from_secs(5);

/// Starts a daemon that cannot start; returns its exit code and what it says at the end.
async fn fails(setup: &Setup) -> (i32, String) {
    let before = Instant::now();
    let Ran { code, out, err } = setup.run(&["serve"]).await;
    assert!(before.elapsed() < SECONDS, "it took {:?} to say: {err}", before.elapsed());
    assert_eq!(out, "");
    let is_word = |line: &&str| !line.starts_with('{');
    (code.unwrap(), err.lines().filter(is_word).collect::<Vec<_>>().join("\n"))
}

async fn fails_with(setup: &Setup, code: i32, words: &[&str]) {
    let (ended, said) = fails(setup).await;
    assert_eq!(ended, code, "{said}");
    for words in words {
        assert!(said.contains(words), "no `{words}` in: {said}");
    }
}

fn on_telegram(token: &str, url: &str) -> Setup {
    Setup::new().with(&telegram(token, url))
}

/// With the embedded database, whichever engine this run has.
fn with_file(token: &str, url: &str) -> Setup {
    Setup::with_file().with(&telegram(token, url))
}

fn telegram(token: &str, url: &str) -> String {
    format!("[channels.telegram]\ntoken = \"{token}\"\napi_base = \"{url}\"\npoll_seconds = 1")
}

fn on_discord(discord: &Discord, token: &str) -> Setup {
    Setup::new().with(&format!("[channels.discord]\ntoken = \"{token}\"\napi_base = \"{}\"", discord.url()))
}

fn on_slack(slack: &Slack, bot_token: &str, app_token: &str) -> Setup {
    Setup::new().with(&format!(
        "[channels.slack]\nbot_token = \"{bot_token}\"\napp_token = \"{app_token}\"\napi_base = \"{}\"",
        slack.api_url()
    ))
}

#[tokio::test]
async fn a_wrong_token_ends_the_start_on_every_platform() {
    let platform = Telegram::start().await;
    let setup = on_telegram("123456789:AAwrongTokenOfNobodyAtAll0000000000", &platform.url());
    fails_with(&setup, BAD_SETTING, &["telegram: the platform does not accept the token"]).await;
    assert_eq!(platform.take_problems(), ["a token: Unauthorized"]);

    let platform = Discord::start().await;
    fails_with(&on_discord(&platform, "wrong"), BAD_SETTING, &["discord: "]).await;
    let old = platform.token();
    platform.resets_token();
    fails_with(
        &on_discord(&platform, &old),
        BAD_SETTING,
        &["discord: the platform does not accept the token"],
    )
    .await;
    assert_eq!(platform.take_problems(), ["GET /users/@me: wrong or missing token"; 2]);

    let platform = Slack::start().await;
    let app = platform.app_token();
    fails_with(
        &on_slack(&platform, "xoxb-1-wrong", &app),
        BAD_SETTING,
        &["slack: the platform does not accept the token"],
    )
    .await;
    let bot = platform.bot_token();
    fails_with(
        &on_slack(&platform, &bot, "xapp-1-wrong"),
        BAD_SETTING,
        &["slack: the platform does not accept the token"],
    )
    .await;
    platform.revoke_tokens();
    fails_with(
        &on_slack(&platform, &bot, &app),
        BAD_SETTING,
        &["slack: the platform does not accept the token"],
    )
    .await;
    let problems = ["auth.test: invalid_auth {}", "apps.connections.open: invalid_auth {}"];
    assert_eq!(platform.take_problems(), problems);
}

#[tokio::test]
async fn a_missing_right_comes_with_the_way_out() {
    let platform = Discord::start().await;
    platform.allows_privileged_intents(0);
    let setup = on_discord(&platform, &platform.token())
        .env("SWITCHBOARD__CHANNELS__DISCORD__MESSAGE_CONTENT", "true");
    fails_with(&setup, BAD_SETTING, &["discord: ", "Message Content"]).await;

    let platform = Slack::start().await;
    let (bot, app) = (platform.bot_token(), platform.app_token());
    fails_with(&on_slack(&platform, &app, &bot), BAD_SETTING, &["slack: ", "channels.slack.bot_token"]).await;
    // What the app-level token may not do shows when it is used, what the bot's may not in its scopes.
    platform.fault("apps.connections.open", 9, slack::Fault::Error("missing_scope"));
    fails_with(&on_slack(&platform, &bot, &app), BAD_SETTING, &["slack: ", "scope"]).await;
    platform.clear_faults();
    platform.withdraw("chat:write");
    platform.withdraw("im:history");
    let words = ["slack: ", "lacks the scopes `chat:write`, `im:history`", "Bot Token Scopes", "reinstall"];
    fails_with(&on_slack(&platform, &bot, &app), BAD_SETTING, &words).await;
    assert_eq!(platform.open_sockets(), 0);
}

#[tokio::test]
async fn a_right_that_is_only_nice_to_have_is_a_warning_and_no_more() {
    let platform = Slack::start().await;
    platform.withdraw("users:read");
    let setup = on_slack(&platform, &platform.bot_token(), &platform.app_token());
    let bot = setup.serve();
    let warning = bot.wait_for_log("no scope `users:read`").await;
    assert!(warning.contains("\"WARN\""), "{warning}");
    assert!(platform.wait_for_sockets(2).await);
    let said = bot.stop().await;
    assert_eq!(said.iter().filter(|line| line.contains("`users:read`")).count(), 1, "{said:#?}");
}

#[tokio::test]
async fn settings_that_are_wrong_are_told_together_with_what_was_meant() {
    let setup = Setup::new().with("[acces]\ndirect = \"open\"\n[limits]\nmessage_chars = \"many\"");
    fails_with(&setup, BAD_SETTING, &["`acces`", "did you mean `access`?", "`limits.message_chars`"]).await;
    let setup = Setup::new().env("SWITCHBOARD__CHANNELS__TELEGRAM__TOKNE", "1");
    fails_with(&setup, BAD_SETTING, &["`channels.telegram.tokne`", "did you mean `token`?"]).await;
    let setup = Setup::new().env("SWITCHBOARD__DATABSE__URL", "1");
    fails_with(&setup, BAD_SETTING, &["`databse.url`", "did you mean `database.url`?"]).await;
    fails_with(&Setup::new(), BAD_SETTING, &["no channel is configured", "switchboard chat"]).await;
}

#[tokio::test]
async fn what_somebody_else_uses_is_not_available() {
    let platform = Telegram::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let setup = with_file(&platform.token(), &platform.url());
    let beside = setup.clone().env("SWITCHBOARD__ADMIN__LISTEN", &address);
    fails_with(&beside, NOT_AVAILABLE, &["cannot listen on `admin.listen`", &address]).await;

    let first = setup.serve();
    platform.wait_for_poll().await.unwrap();
    fails_with(&setup, NOT_AVAILABLE, &["another Switchboard is running on", "data/switchboard.db"]).await;
    let ran = setup.run(&["chat"]).await;
    assert_eq!(ran.code, Some(NOT_AVAILABLE), "{}", ran.err);
    first.stop().await;
}

#[tokio::test]
async fn a_database_that_is_none_of_ours_is_left_alone() {
    let platform = Telegram::start().await;
    let setup = with_file(&platform.token(), &platform.url());
    let data = setup.path("data");
    let (file, url) = (data.join("switchboard.db"), setup.database_url());
    fs::create_dir(&data).unwrap();

    fs::write(&file, "This is a letter and no database. ".repeat(100)).unwrap();
    fails_with(&setup, BAD_SETTING, &["cannot open the database", "not a database"]).await;
    assert!(fs::read_to_string(&file).unwrap().starts_with("This is a letter"));

    fs::remove_file(&file).unwrap();
    database::run(&url, "CREATE TABLE bookmarks (url TEXT)").await;
    fails_with(&setup, BAD_SETTING, &["is a database of another program"]).await;

    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    fails_with(&setup, BAD_SETTING, &["cannot open the database"]).await;
    fs::remove_dir(&file).unwrap();

    assert_eq!(setup.run(&["migrate", "up"]).await.code, Some(0));
    database::run(&url, "UPDATE schema_meta SET value = '1000' WHERE name = 'minimum_compatible_version'")
        .await;
    fails_with(&setup, BAD_SETTING, &["made by a newer Switchboard", "1000"]).await;
    assert_eq!(platform.count_calls("getUpdates"), 0);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named() {
    let platform = Telegram::start().await;
    // A file where a directory ought to be cannot be written into by anybody, root included.
    let setup = with_file(&platform.token(), &platform.url());
    fs::write(setup.path("data"), "").unwrap();
    fails_with(&setup, BAD_SETTING, &["cannot use the directory `data` for the database"]).await;

    // Root may write everywhere, so this part says more when the tests run as somebody else.
    let setup = with_file(&platform.token(), &platform.url());
    let data = setup.path("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o500)).unwrap();
    if fs::write(data.join("probe"), "").is_err() {
        fails_with(&setup, BAD_SETTING, &["cannot use the directory `data` for the database"]).await;
    }
    let readonly = setup.env("SWITCHBOARD__DATABASE__URL", "sqlite:///proc/switchboard/switchboard.db");
    fails_with(&readonly, BAD_SETTING, &["cannot use the directory `/proc/switchboard` for the database"])
        .await;
}

#[tokio::test]
async fn a_model_that_is_not_there_is_a_warning_and_no_more() {
    let stage = Stage::new().await;
    let alice = stage.platform.user(1001, "Alice");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stage = stage.open().set("MODEL__PROVIDERS__MAIN__BASE_URL", &format!("http://{nobody}/v1"));
    let bot = stage.serve().await;
    let warning = bot.wait_for_log("the model provider `main` will not answer").await;
    assert!(
        warning.contains("\"WARN\"") && warning.contains("nobody answers at `model.providers.main.base_url`"),
        "{warning}"
    );
    alice.says("Hello?");
    stage.wait_for(1001, "The model is not available right now.").await;

    // It needs no second start once the model is there.
    let late = Models::start_at(nobody).await;
    late.rotates_key(&stage.models.key());
    late.will_say("Here I am.");
    alice.says("Hello?");
    stage.wait_for(1001, "Here I am.").await;
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_a_warning_and_no_more() {
    let stage = Stage::new().await.set("MODEL__PROVIDERS__MAIN__API_KEY", "sk-of-yesterday-0123456789");
    let bot = stage.serve().await;
    let warning = bot.wait_for_log("the model provider `main` will not answer").await;
    assert!(warning.contains("does not accept the key (status 401)"), "{warning}");
    assert!(!warning.contains("yesterday"), "{warning}");
    bot.stop().await;
    assert!(stage.models.take_problems()[0].contains("Incorrect API key"));

    // A server that says nothing must not hold anything up.
    let silent = Server::start(async |_| Reply::Hang).await;
    let stage = stage.set("MODEL__PROVIDERS__MAIN__BASE_URL", &format!("{}/v1", silent.url()));
    let before = Instant::now();
    let bot = stage.serve().await;
    bot.wait_for_log("on telegram I am").await;
    bot.stop().await;
    assert!(before.elapsed() < SECONDS, "{:?}", before.elapsed());
}

#[tokio::test]
async fn a_model_that_is_there_by_a_variable_only_is_told_at_the_start() {
    let (platform, models) = (Telegram::start().await, Models::start().await);
    let setup = Setup::new()
        .with(&format!(
            "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"",
            platform.token(),
            platform.url()
        ))
        .env("OPENAI_API_KEY", &models.key())
        .env("OPENAI_BASE_URL", &models.base_url());
    let bot = setup.serve();
    let told = bot.wait_for_log("OPENAI_API_KEY").await;
    assert!(told.contains("\"INFO\"") && !told.contains(&models.key()), "{told}");
    bot.wait_for_log("on telegram I am").await;
    bot.stop().await;
}

#[tokio::test]
async fn an_address_without_its_path_is_a_warning_and_a_wrong_setting() {
    let stage = Stage::new().await.open();
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let elsewhere =
        Server::start(async |_| Reply::json(StatusCode::NOT_FOUND, &json!({"detail": "Not Found"}))).await;
    let stage = stage.set("MODEL__PROVIDERS__MAIN__BASE_URL", &elsewhere.url());
    let bot = stage.serve().await;
    let warning = bot.wait_for_log("the model provider `main` will not answer").await;
    let words = "(status 404); is `/v1` missing in `model.providers.main.base_url`?";
    assert!(warning.contains("\"WARN\"") && warning.contains(words), "{warning}");
    alice.says("Hello?");
    stage.wait_for(1001, "because of a wrong setting").await;
    bot.stop().await;

    let target = format!("{}/models", stage.models.base_url());
    let moved = Server::start(move |_| {
        let headers = [("location", target.clone())];
        async move { Reply::with_headers(StatusCode::PERMANENT_REDIRECT, &headers, &json!({})) }
    })
    .await;
    let stage = stage.set("MODEL__PROVIDERS__MAIN__BASE_URL", &moved.url());
    let bot = stage.serve().await;
    bot.wait_for_log("it knows no list of models (status 308)").await;
    bob.says("Hello?");
    stage.wait_for(1002, "because of a wrong setting").await;
    bot.stop().await;
    assert_eq!(stage.models.count(), 0);
}

#[tokio::test]
async fn a_platform_that_is_away_at_the_start_is_waited_for() {
    // A socket that does not listen keeps the port from everybody else.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let (platform, people) = (Discord::start().await, Telegram::start().await);
    let setup = on_discord(&platform, &platform.token()).open().with(&format!(
        "[channels.telegram]\ntoken = \"{}\"\napi_base = \"http://{address}\"",
        people.token()
    ));
    platform.goes_down();
    let bot = setup.serve();
    bot.wait_for_log("telegram cannot be reached yet").await;

    platform.comes_back();
    let alice = platform.user(1, "alice");
    platform.wait_until_connected().await;
    alice.dm("hello?");
    alice.waits_for(alice.dm_channel(), |shown| shown.text.contains("You said: hello?")).await;
    let _forwarder = Forwarder::start(socket, &people.url());
    let bob = people.user(1002, "Bob");
    bob.says("hello?");
    people.wait_for_message(1002, |shown| shown.text.contains("You said: hello?")).await.unwrap();
    bot.stop().await;
}

/// A platform that takes every request and never says a word.
async fn silence() -> Server {
    Server::start(async |_| Reply::Hang).await
}

/// The channels of all platforms, each at its own address.
fn everywhere(telegram: (&str, &str), discord: (&str, &str), slack: &str) -> Setup {
    Setup::new().open().with(&format!(
        "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\n\
         [channels.discord]\ntoken = \"{}\"\napi_base = \"{}\"\n\
         [channels.slack]\nbot_token = \"xoxb-1-a\"\napp_token = \"xapp-1-a\"\napi_base = \"{slack}/api\"",
        telegram.0, telegram.1, discord.0, discord.1
    ))
}

#[tokio::test]
async fn a_platform_that_says_nothing_holds_up_no_other() {
    let silent = silence().await;
    let nobody = silent.url();
    let telegram = Telegram::start().await;
    let (token, url) = (telegram.token(), telegram.url());
    let before = Instant::now();
    let setup = everywhere((&token, &url), ("a.b.c", &nobody), &nobody);
    let bot = setup.serve();
    telegram.wait_for_poll().await.unwrap();
    telegram.user(1002, "Bob").says("hello?");
    telegram.wait_for_message(1002, |shown| shown.text.contains("You said: hello?")).await.unwrap();
    bot.stop().await;
    assert!(before.elapsed() < SECONDS, "{:?}", before.elapsed());

    let discord = Discord::start().await;
    let (token, url) = (discord.token(), discord.url());
    let before = Instant::now();
    let setup = everywhere(("1:a", &nobody), (&token, &url), &nobody);
    let bot = setup.serve();
    discord.wait_until_connected().await;
    bot.stop().await;
    assert!(before.elapsed() < SECONDS, "{:?}", before.elapsed());
}

#[tokio::test]
async fn a_wrong_token_ends_the_start_whoever_else_says_nothing_or_works() {
    let (silent, telegram, discord) = (silence().await, Telegram::start().await, Discord::start().await);
    let (right, wrong) = (telegram.token(), "123456789:AAwrongTokenOfNobodyAtAll0000000000");
    let words = ["telegram: the platform does not accept the token"];
    let setup = everywhere((wrong, &telegram.url()), ("a.b.c", &silent.url()), &silent.url());
    fails_with(&setup, BAD_SETTING, &words).await;
    let setup = everywhere((wrong, &telegram.url()), (&discord.token(), &discord.url()), &silent.url());
    fails_with(&setup, BAD_SETTING, &words).await;
    let setup = everywhere((&right, &telegram.url()), ("wrong", &discord.url()), &silent.url());
    fails_with(&setup, BAD_SETTING, &["discord: "]).await;
    assert_eq!(telegram.take_problems(), ["a token: Unauthorized"; 2]);
    assert_eq!(discord.take_problems(), ["GET /users/@me: wrong or missing token"]);
}

#[tokio::test]
async fn what_waits_outlives_a_start_with_a_wrong_token() {
    let stage = Stage::new().await.open();
    let alice = stage.platform.user(1001, "Alice");
    stage.models.hold(0);
    let bot = stage.serve().await;
    alice.says("Hello?");
    stage.models.wait_until_held(1).await;
    bot.crash().await;
    stage.models.release();

    let wrong = "123456789:AAwrongTokenOfNobodyAtAll0000000000";
    let setup = stage.setup.clone().env("SWITCHBOARD__CHANNELS__TELEGRAM__TOKEN", wrong);
    fails_with(&setup, BAD_SETTING, &["telegram: the platform does not accept the token"]).await;
    assert_eq!(stage.platform.take_problems(), ["a token: Unauthorized"]);
    assert_eq!(stage.models.count(), 1, "who could not be answered is not answered");
    let bot = stage.serve().await;
    stage.wait_for(1001, "Certainly.").await;
    assert_eq!(stage.said(1001), ["Certainly."]);
    bot.stop().await;
}

/// Lets a platform be reached at an address at which nobody was before.
struct Forwarder(tokio::task::JoinHandle<()>);

impl Forwarder {
    fn start(from: TcpSocket, to: &str) -> Self {
        let to = to.trim_start_matches("http://").to_owned();
        Self(tokio::spawn(async move {
            let listener = from.listen(16).unwrap();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut far = tokio::net::TcpStream::connect(&to).await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await.ok() });
            }
        }))
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.0.abort();
    }
}
