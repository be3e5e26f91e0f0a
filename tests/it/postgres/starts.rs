//! A start that cannot work is told in a sentence with the way out, and never
//! with the password.

use crate::postgres::place;
use crate::support::database::{self, Own};
use crate::support::program::Setup;
use crate::support::telegram::Telegram;

const NOT_AVAILABLE: i32 = 69;
const BAD_SETTING: i32 = 78;

/// Starts the program on this database; it has to end with these words, on every level of its log.
async fn fails_with(url: &str, code: i32, words: &[&str]) {
    let setup =
        Setup::empty().env("SWITCHBOARD__DATABASE__URL", url).env("SWITCHBOARD__LOG__FILTER", "trace");
    for arguments in [&["chat"][..], &["migrate", "up"], &["access", "list"]] {
        let ran = setup.run(arguments).await;
        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{arguments:?}: {}", ran.err);
        for words in words {
            assert!(ran.err.contains(words), "no `{words}` in {}", ran.err);
        }
        assert!(!ran.err.contains("CANARY"), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for_by_whoever_starts_us() {
    let words = ["cannot reach PostgreSQL at 127.0.0.1:1; start it, or correct `database.url`: "];
    fails_with("postgres://u:CANARY@127.0.0.1:1/d", NOT_AVAILABLE, &words).await;

    // One that takes the connection and says nothing is none either.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let setup = Setup::empty()
        .env("SWITCHBOARD__DATABASE__URL", &format!("postgres://u:CANARY@{address}/d"))
        .env("SWITCHBOARD__DATABASE__CONNECT_TIMEOUT_SECONDS", "1");
    let ran = setup.run(&["migrate", "status"]).await;
    assert_eq!(ran.code, Some(NOT_AVAILABLE), "{}", ran.err);
    assert!(ran.err.contains(&format!("cannot reach PostgreSQL at {address};")), "{}", ran.err);
}

#[tokio::test]
async fn a_url_that_is_none_is_a_wrong_setting() {
    for url in [
        "postgres://u:CANARY@h:port/d",
        "postgres://u:CANARY@h/d?sslmode=CANARY",
        "postgres://u@h/d?CANARY=CANARY",
    ] {
        fails_with(url, BAD_SETTING, &["`database.url`"]).await;
    }
}

#[tokio::test]
async fn whom_the_server_does_not_let_in_is_told_what_to_correct() {
    let Some(server) = database::server() else { return };
    let own = Own::new();
    database::run(&server, LOCKED).await;
    let place = place(&server);

    let absent = format!("postgres://{}@{place}/no_such_database", user(&server));
    let words = format!("PostgreSQL at {place} has no database `no_such_database`; create it");
    fails_with(&absent, BAD_SETTING, &[&words]).await;
    let wrong = own.url().replace(user(&server), "locked:CANARY");
    let words = format!("PostgreSQL at {place} does not let `locked` in; correct the name and the password");
    fails_with(&wrong, BAD_SETTING, &[&words, "password authentication failed"]).await;
    let plain = format!("{}?sslmode=verify-full", own.url());
    fails_with(&plain, BAD_SETTING, &["as safe as `sslmode` in `database.url` asks for"]).await;
    database::run(&own.url(), "REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    let poor = own.url().replace(user(&server), "locked:right%20CANARY");
    fails_with(&poor, BAD_SETTING, &["may not make tables there; make the database its own"]).await;
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    if database::server().is_none() {
        return;
    }
    let own = Own::new();
    database::run(&own.url(), "CREATE TABLE songs (title TEXT)").await;
    fails_with(&own.url(), BAD_SETTING, &["is a database of another program"]).await;
    let beside = database::Beside::open(&own.url()).await;
    assert_eq!(beside.tables().await, ["songs"]);
    beside.close().await;
}

#[tokio::test]
async fn a_password_is_never_told_while_the_daemon_works() {
    let Some(server) = database::server() else { return };
    let own = Own::new();
    database::run(&server, LOCKED).await;
    database::run(&own.url(), "GRANT ALL ON SCHEMA public TO locked").await;
    let telegram = Telegram::start().await;
    let setup = Setup::with_file()
        .open()
        .with(&format!(
            "[channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"",
            telegram.token(),
            telegram.url()
        ))
        .env("SWITCHBOARD__DATABASE__URL", &own.url().replace(user(&server), "locked:right%20CANARY"))
        .env("SWITCHBOARD__LOG__FILTER", "trace");
    let bot = setup.serve();
    let alice = telegram.user(1001, "Alice");
    alice.says("Hello?");
    telegram.wait_for_message(1001, |shown| shown.text.contains("You said: Hello?")).await.unwrap();
    let admin = bot.admin_url().await;
    switchboard::model::install_crypto();
    let mut told = reqwest::get(format!("{admin}/metrics")).await.unwrap().text().await.unwrap();
    told += &bot.stop().await.join("\n");
    assert!(told.contains("a turn on telegram ended"), "the log tells what happens");
    for words in
        [&["config", "show", "--sources"][..], &["config", "explain", "database.url"], &["access", "list"]]
    {
        let ran = setup.run(words).await;
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        told += &(ran.out + &ran.err);
    }
    let line = told.lines().find(|line| line.contains("CANARY"));
    assert_eq!(line, None);
}

/// Somebody who needs a password; the tests' own server asks for it.
const LOCKED: &str = "DO $$ BEGIN CREATE ROLE locked LOGIN PASSWORD 'right CANARY'; \
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";

fn user(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    behind.split_once('@').map_or(behind, |(user, _)| user)
}
