//! What an operator is told: who the bot is, and what is missing.

use hyper::StatusCode;
use switchboard::channels::{Channel, ChannelError};
use switchboard::domain::{Command, Platform};

use super::{Listening, Log, bot_on, bot_with};
use crate::support::server::{Reply, Server};
use crate::support::telegram::{BOT_ID, BOT_USERNAME, Fault, Telegram};

#[tokio::test]
async fn the_check_tells_who_we_are_and_what_groups_let_us_hear() {
    let (log, _logging) = Log::begin();
    let telegram = Telegram::start().await;
    let bot = bot_on(&telegram);
    assert_eq!(bot.platform(), Platform::Telegram);
    let account = bot.check().await.unwrap();
    assert_eq!((account.id, account.name), (BOT_ID.to_string(), format!("@{BOT_USERNAME}")));
    assert!(log.text().contains("privacy mode is on"), "{}", log.text());
    telegram.privacy_mode(false);
    bot.check().await.unwrap();
    assert!(log.text().contains("privacy mode is off"), "{}", log.text());
}

#[tokio::test]
async fn a_wrong_token_names_the_way_to_a_right_one() {
    let telegram = Telegram::start().await;
    for token in ["987654321:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "nonsense", "", "a/b c", "12:ü"] {
        let error = bot_with(token, &telegram.url()).unwrap().check().await.unwrap_err();
        assert!(matches!(error, ChannelError::Unauthorized { .. }), "{token}: {error}");
        assert!(error.to_string().contains("@BotFather"), "{error}");
        assert!(telegram.take_problems()[0].starts_with("a token: "));
    }
}

#[tokio::test]
async fn a_wrong_address_is_told_from_a_wrong_token() {
    let page = Server::start(async |_| Reply::text(StatusCode::NOT_FOUND, "text/html", "<html>")).await;
    let error = bot_with("1:AA", &page.url()).unwrap().check().await.unwrap_err();
    assert!(matches!(&error, ChannelError::Setup { way_out } if way_out.contains("api_base")), "{error}");
    for base in ["", "api.telegram.org", "mailto:me@example.com", "ftp://example.com"] {
        let error = bot_with("1:AA", base).err().unwrap();
        assert!(matches!(error, ChannelError::Setup { .. }), "{base}: {error}");
    }
}

#[tokio::test]
async fn an_address_may_end_in_a_slash() {
    let telegram = Telegram::start().await;
    let base = format!("{}/", telegram.url());
    bot_with(&telegram.token(), &base).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn commands_are_offered_and_registered_once() {
    let telegram = Telegram::start().await;
    telegram.fault("setMyCommands", 1, Fault::Status(502));
    let first = Listening::to(&telegram);
    telegram.wait_for_calls("setMyCommands", 2).await.unwrap();
    first.stop().await.unwrap();
    let offered = telegram.offered_commands("default", "");
    let names: Vec<&str> = offered.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, Command::ALL.map(Command::name));

    let second = Listening::to(&telegram);
    telegram.wait_for_calls("getMyCommands", 3).await.unwrap();
    telegram.wait_for_poll().await.unwrap();
    second.stop().await.unwrap();
    assert_eq!(telegram.count_calls("setMyCommands"), 2);
    assert_eq!(telegram.problems(), [""; 0]);
}
