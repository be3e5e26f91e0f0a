//! A canary in every secret: it stands where secrets stand, everything goes
//! wrong, and nothing that anybody can read ever sings.

use std::fs;

use crate::support::database::{self, Engine};
use crate::support::discord::{self, Discord};
use crate::support::models::Fault as ModelFault;
use crate::support::program::{Ran, Running, Setup};
use crate::support::slack::{self, Slack};
use crate::support::stage::Stage;
use crate::support::{secrets, telegram};

/// A canary for every secret, in the form that its place asks for.
fn canaries() -> Vec<(String, String)> {
    let canary = |key: String| {
        let secret = match key.as_str() {
            // Nobody listens there.
            "database.url" => "postgres://switchboard:CANARYpassword@127.0.0.1:1/switchboard",
            "channels.discord.token" => "MTIzCANARYdiscord.X0cAnA.ry",
            "channels.telegram.token" => "123456789:AACANARYtelegramCANARYtelegram00000",
            "channels.telegram.webhook_secret" => "CANARY_webhook-CANARY",
            "channels.slack.bot_token" => "xoxb-1-CANARYbot",
            "channels.slack.app_token" => "xapp-1-CANARYapp",
            "channels.slack.signing_secret" => "0123456789CANARYsigning",
            "model.providers.main.api_key" => "sk-CANARYkey0123456789",
            _ => "CANARYofAnyOtherForm0123456789",
        };
        (key, secret.to_owned())
    };
    secrets::keys().into_iter().map(canary).collect()
}

/// A filter that asks everybody for everything, as finely as it can be asked.
const EVERYTHING: &str = "trace,slack_morphism::hyper_tokio=trace,slack_morphism::socket_mode=trace,serenity::http=trace,\
    serenity::gateway=trace,async_openai::client=trace,tungstenite::protocol=trace,tokio_tungstenite=trace,\
    hyper=trace,hyper_util::client=trace,h2=trace,reqwest=trace,reqwest::connect=trace,rustls=trace,\
    teloxide_core::net=trace,sqlx::query=trace,log=trace";

/// The three ways to give a secret.
#[derive(Clone, Copy)]
enum Given {
    /// As values in the settings' file.
    Together,
    /// Each in a file of its own.
    OneByOne,
    /// As variables.
    Environment,
}

/// A setup in which every secret is given like this.
fn give(mut setup: Setup, given: Given, secrets: &[(impl AsRef<str>, String)]) -> Setup {
    // A section may come once, and Slack's has two secrets.
    let mut file: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for (key, secret) in secrets {
        let key = key.as_ref();
        let (section, name) = key.rsplit_once('.').unwrap();
        let variable = |key: &str| format!("SWITCHBOARD__{}", key.to_uppercase().replace('.', "__"));
        setup = match given {
            Given::Together => {
                *file.entry(section.to_owned()).or_default() += &format!("{name} = \"{secret}\"\n");
                setup
            }
            Given::OneByOne => {
                let file = setup.path(key);
                fs::write(&file, secret).unwrap();
                setup.env(&variable(&format!("{key}_file")), &file.display().to_string())
            }
            Given::Environment => setup.env(&variable(key), secret),
        };
    }
    file.into_iter().fold(setup, |setup, (section, keys)| setup.with(&format!("[{section}]\n{keys}")))
}

/// Everything that a secret could be recognized by.
fn traces_of<K>(secrets: &[(K, String)]) -> Vec<String> {
    let mut traces = vec!["CANARY".to_owned()];
    for (_, secret) in secrets {
        traces.push(secret.clone());
        traces.extend(secret.split_once(':').map(|(_, behind)| behind.to_owned()));
    }
    traces
}

pub(crate) fn is_silent<K>(what: &str, text: &str, secrets: &[(K, String)]) {
    for trace in traces_of(secrets) {
        let line = text.lines().find(|line| line.contains(&trace));
        assert_eq!(line, None, "{what} tells `{trace}`");
    }
}

/// What the program itself has logged about a platform.
fn log_of(bot: &Running, platform: &str) -> Vec<String> {
    let log = bot.log();
    let is_it = |line: &&String| line.contains("\"target\":\"switchboard::") && line.contains(platform);
    log.iter().filter(is_it).cloned().collect()
}

#[tokio::test]
async fn wrong_secrets_are_never_told_however_they_are_given() {
    let (telegram, discord, slack) =
        (telegram::Telegram::start().await, Discord::start().await, Slack::start().await);
    let secrets = canaries();
    // With a database that nobody can reach, nothing else would be tried.
    let (database, others): (Vec<_>, Vec<_>) =
        secrets.iter().cloned().partition(|(key, _)| key.starts_with("database."));
    assert_eq!(database.len(), 1, "{database:?}");
    for given in [Given::Together, Given::OneByOne, Given::Environment] {
        let bases = [
            ("CHANNELS__TELEGRAM__API_BASE", telegram.url()),
            ("CHANNELS__DISCORD__API_BASE", discord.url()),
            ("CHANNELS__SLACK__API_BASE", slack.api_url()),
            ("MODEL__PROVIDERS__MAIN__BASE_URL", "http://127.0.0.1:1/v1".to_owned()),
            ("MODEL__PROVIDERS__MAIN__MODEL", "m".to_owned()),
        ];
        let mut setup = Setup::with_file().env("SWITCHBOARD__LOG__FILTER", EVERYTHING);
        for (key, value) in &bases {
            setup = setup.env(&format!("SWITCHBOARD__{key}"), value);
        }
        let refused = (give(setup.clone(), given, &others), 78);
        let setup = give(setup, given, &secrets);
        for (setup, expected) in [refused, (setup.clone(), 69)] {
            let Ran { code, out, err } = setup.run(&["serve"]).await;
            assert_eq!(code, Some(expected), "{err}");
            is_silent("serve", &format!("{out}{err}"), &secrets);
        }
        let mut asked = vec![
            vec!["config", "check"],
            vec!["config", "show", "--sources"],
            vec!["config", "show", "--json"],
        ];
        asked.extend(secrets.iter().map(|(key, _)| vec!["config", "explain", key]));
        for words in asked {
            let Ran { code, out, err } = setup.run(&words).await;
            assert_eq!(code, Some(0), "{words:?}: {out}{err}");
            is_silent(&words.join(" "), &format!("{out}{err}"), &secrets);
        }
        // A URL that is none, with a secret in it.
        let bad =
            setup.env("SWITCHBOARD__CHANNELS__TELEGRAM__API_BASE", "https://api.telegram.org/bot1:CANARY");
        for words in [&["serve"][..], &["config", "check"], &["config", "show"], &["health"]] {
            let Ran { code, out, err } = bad.run(words).await;
            assert_eq!(code, Some(78), "{words:?}: {out}{err}");
            is_silent(&words.join(" "), &format!("{out}{err}"), &secrets);
        }
        let problems = [telegram.take_problems(), discord.take_problems(), slack.take_problems()].concat();
        let refused =
            ["a token: Unauthorized", "GET /users/@me: wrong or missing token", "auth.test: invalid_auth {}"];
        // Who is refused first ends the start, whatever the others were about to say.
        assert!(!problems.is_empty(), "nobody was asked");
        assert!(problems.iter().all(|problem| refused.contains(&problem.as_str())), "{problems:#?}");
    }
}

#[test]
fn every_field_that_holds_a_secret_is_declared_as_one() {
    let (mut declared, mut fields) = (secrets::keys(), secrets::fields());
    for key in &mut declared {
        *key = key.rsplit('.').next().unwrap().to_owned();
    }
    declared.sort();
    fields.sort();
    assert_eq!(declared, fields, "`# Secret:` in config/default.toml, and `SecretString` in src/config");
}

/// What a daemon has that asks for what comes in, and what `webhooks::canary` is about.
const OF_WEBHOOKS: [&str; 2] = ["channels.telegram.webhook_secret", "channels.slack.signing_secret"];

/// The URL of a setup's database, with a password where there is a server to show it to.
fn with_password(setup: &Setup) -> String {
    setup.database_url().replacen('@', ":CANARYpassword@", 1)
}

#[tokio::test]
async fn good_secrets_are_never_told_while_everything_goes_wrong() {
    let stage = Stage::new().await.open().set("LOG__FILTER", EVERYTHING);
    let (discord, slack) = (Discord::start().await.without_rate_limits(), Slack::start().await);
    let secrets = vec![
        ("channels.telegram.token", stage.platform.token()),
        ("model.providers.main.api_key", stage.models.key()),
        ("channels.discord.token", discord.token()),
        ("channels.slack.bot_token", slack.bot_token()),
        ("channels.slack.app_token", slack.app_token()),
        ("database.url", with_password(&stage.setup)),
    ];
    let mut keys: Vec<&str> = secrets.iter().map(|(key, _)| *key).chain(OF_WEBHOOKS).collect();
    keys.sort_unstable();
    let mut every = secrets::keys();
    every.sort_unstable();
    assert_eq!(keys, every, "what a new secret is for has to go wrong here, too");
    let stage = stage
        .set("CHANNELS__DISCORD__API_BASE", &discord.url())
        .set("CHANNELS__SLACK__API_BASE", &slack.api_url());
    let setup = give(stage.setup.clone(), Given::Environment, &secrets[2..]);
    // The path of a file is no secret.
    let is_hidden = |key: &str| key != "database.url" || Engine::chosen() == Engine::Postgres;
    let secrets: Vec<_> = secrets.into_iter().filter(|(key, _)| is_hidden(key)).collect();
    let bot = setup.serve();
    let admin = bot.admin_url().await;
    discord.wait_until_connected().await;
    assert!(slack.wait_for_sockets(1).await);
    let (alice, bob, carol) =
        (stage.platform.user(1001, "Alice"), discord.user(1, "bob"), slack.user("U1", "carol"));
    slack.without_rate_limits();

    for fault in [
        ModelFault::Unauthorized,
        ModelFault::CutBefore,
        ModelFault::Html(502),
        ModelFault::CutAfterDeltas(1),
    ] {
        stage.models.fault("chat/completions", 1, fault);
    }
    for id in 2001..=2004 {
        stage.platform.user(id, "Somebody").says("Hello?");
    }
    bot.wait_for_logs("a turn on telegram ended", 4).await;
    make_trouble(&stage, &discord, &slack);
    alice.says("Are you there?");
    stage.wait_for(1001, "Certainly.").await;
    bob.dm("Are you there?");
    bob.waits_for(bob.dm_channel(), |shown| shown.text.contains("Certainly.")).await;
    bob.runs_command("help", &[], bob.dm_channel()).await;
    bob.waits_for(bob.dm_channel(), |shown| shown.ephemeral && shown.text.contains("/whoami")).await;
    carol.dm("Are you there?");
    let answered =
        slack.wait_for_message(&carol.dm_channel(), |shown| shown.text.contains("Certainly.")).await;
    answered.unwrap_or_else(|error| panic!("{error}: {:#?}", log_of(&bot, "slack")));
    slack.refresh_sockets();
    bot.wait_for_log("Slack asks for another socket").await;
    assert!(slack.wait_for_sockets(1).await);

    for page in ["livez", "readyz", "metrics"] {
        switchboard::model::install_crypto();
        let text = reqwest::get(format!("{admin}/{page}")).await.unwrap().text().await.unwrap();
        is_silent(page, &text, &secrets);
    }
    let log = bot.stop().await.join("\n");
    assert!(log.contains("DEBUG"), "the log tells everything it can");
    is_silent("the log", &log, &secrets);
    for words in [vec!["config", "show", "--sources"], vec!["access", "list"]] {
        let Ran { out, err, .. } = setup.run(&words).await;
        is_silent(&words.join(" "), &format!("{out}{err}"), &secrets);
    }
    let kept = database::everything(&setup.database_url()).await;
    is_silent("the database", &kept.join("\n"), &secrets);
}

/// What each platform does on a bad day.
fn make_trouble(stage: &Stage, discord: &Discord, slack: &Slack) {
    use telegram::Fault::{CutAfter, CutBefore, Garbage, Page, Status};
    for fault in [CutBefore, CutAfter, Page(502), Garbage("{".to_owned()), Status(500)] {
        stage.platform.fault("getUpdates", 1, fault);
    }
    for fault in [CutAfter, Status(500)] {
        stage.platform.fault("sendMessage", 1, fault);
    }
    for fault in [discord::Fault::CutBefore, discord::Fault::Status(500)] {
        discord.fault("POST /channels/{id}/messages", 1, fault.clone());
        discord.fault("POST /interactions/{id}/{token}/callback", 1, fault);
    }
    discord.drops_connections();
    slack.fault("chat.postMessage", 1, slack::Fault::CutAfter);
}
