//! Where values may come from, and which of them wins.

use secrecy::ExposeSecret;
use switchboard::config::{DirectAccess, LogFormat};

use super::Machine;

#[test]
fn without_anything_the_defaults_hold() {
    let settings = Machine::new().settings();

    assert_eq!(settings.database.url.expose_secret(), "sqlite://data/switchboard.db");
    assert!(settings.channels.discord.token.is_none());
    assert_eq!(settings.channels.slack.api_base, "https://slack.com/api");
    assert!(settings.model.providers.is_empty() && settings.model.chain.is_empty());
    assert_eq!(settings.access.direct, DirectAccess::Pairing);
    assert_eq!(settings.admin.listen, Some("127.0.0.1:9180".parse().unwrap()));
    assert_eq!(settings.note, None);
}

#[test]
fn a_file_wins_over_the_defaults_and_a_variable_over_both() {
    let machine = Machine::new()
        .with_file(
            "[log]\nformat = \"json\"\n[channels.telegram]\npoll_seconds = 5\napi_base = \"http://h/\"",
        )
        .with_variable("SWITCHBOARD__CHANNELS__TELEGRAM__POLL_SECONDS", "7");

    let settings = machine.settings();
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.channels.telegram.poll_seconds, 7);
    assert_eq!(settings.channels.telegram.api_base, "http://h");

    let source = |key: &str| machine.effective().explain(key).unwrap().source.unwrap();
    assert!(source("log.format").ends_with("switchboard.toml"));
    assert_eq!(source("log.filter"), "default");
    assert_eq!(
        source("channels.telegram.poll_seconds"),
        "variable SWITCHBOARD__CHANNELS__TELEGRAM__POLL_SECONDS"
    );
}

#[test]
fn lists_and_providers_can_come_from_the_environment() {
    let settings = Machine::new()
        .with_variable("SWITCHBOARD__ACCESS__USERS", "telegram:1001, slack:T1/U2")
        .with_variable("SWITCHBOARD__MODEL__PROVIDERS__LOCAL__BASE_URL", "http://127.0.0.1:11434/v1")
        .with_variable("SWITCHBOARD__MODEL__PROVIDERS__LOCAL__MODEL", "007")
        .with_variable("SWITCHBOARD__ADMIN__LISTEN", "")
        .settings();

    let ids: Vec<_> =
        settings.access.users.iter().map(|user| (user.scope.as_str(), user.id.as_str())).collect();
    assert_eq!(ids, [("", "1001"), ("T1", "U2")]);
    assert_eq!(settings.model.chain, ["local"]);
    assert_eq!(settings.model.providers["local"].model, "007");
    assert_eq!(settings.model.providers["local"].retries, 2);
    assert_eq!(settings.admin.listen, None);
}

#[test]
fn a_secret_can_stand_in_a_file() {
    let machine = Machine::new()
        .with_secret("telegram", "123:ABC\n")
        .with_secret("database", "postgres://me:pw@h/d")
        .with_file("[channels.telegram]\ntoken_file = \"FOLDER/telegram\"")
        .with_variable("SWITCHBOARD__DATABASE__URL_FILE", "FOLDER/database");

    let settings = machine.settings();
    assert_eq!(settings.channels.telegram.token.unwrap().expose_secret(), "123:ABC");
    assert_eq!(settings.database.url.expose_secret(), "postgres://me:pw@h/d");
    assert_eq!(machine.effective().explain("database.url").unwrap().value, "\"postgres://me:***@h/d\"");
}

#[test]
fn a_later_source_wins_whether_value_or_file() {
    let token =
        |machine: Machine| machine.settings().channels.telegram.token.unwrap().expose_secret().to_owned();
    let value_last = Machine::new()
        .with_file("[channels.telegram]\ntoken_file = \"/nowhere\"")
        .with_variable("SWITCHBOARD__CHANNELS__TELEGRAM__TOKEN", "value");
    let file_last = Machine::new()
        .with_secret("telegram", "from-file")
        .with_file("[channels.telegram]\ntoken = \"value\"")
        .with_variable("SWITCHBOARD__CHANNELS__TELEGRAM__TOKEN_FILE", "FOLDER/telegram");

    assert_eq!(token(value_last), "value");
    assert_eq!(token(file_last), "from-file");
}

#[test]
fn an_empty_variable_switches_a_channel_off() {
    let machine = Machine::new()
        .with_file("[channels.telegram]\ntoken = \"value\"")
        .with_variable("SWITCHBOARD__CHANNELS__TELEGRAM__TOKEN", "");

    assert!(machine.settings().channels.telegram.token.is_none());
}

#[test]
fn a_systemd_credential_is_taken_when_nothing_else_is_said() {
    let machine = Machine::new()
        .with_secret("channels.telegram.token", "credential\n")
        .with_secret("channels.discord.token", "credential\n")
        .with_secret("database.url", "sqlite://other.db")
        .with_file("[channels.discord]\ntoken = \"value\"")
        .with_variable("CREDENTIALS_DIRECTORY", "FOLDER");

    let settings = machine.settings();
    assert_eq!(settings.channels.telegram.token.unwrap().expose_secret(), "credential");
    assert_eq!(settings.channels.discord.token.unwrap().expose_secret(), "value");
    assert_eq!(settings.database.url.expose_secret(), "sqlite://other.db");
}

#[test]
fn an_openai_key_makes_a_provider_and_a_note() {
    let settings = Machine::new().with_variable("OPENAI_API_KEY", "sk-1").settings();
    let main = &settings.model.providers["main"];
    assert_eq!((main.base_url.as_str(), main.model.as_str()), ("https://api.openai.com/v1", "gpt-5-mini"));
    assert_eq!(main.api_key.as_ref().unwrap().expose_secret(), "sk-1");
    assert_eq!(settings.model.chain, ["main"]);
    assert!(settings.note.unwrap().contains("OPENAI_API_KEY"));

    let elsewhere = Machine::new()
        .with_variable("OPENAI_API_KEY", "sk-1")
        .with_variable("OPENAI_BASE_URL", "http://localhost:1/v1");
    assert_eq!(elsewhere.settings().model.providers["main"].base_url, "http://localhost:1/v1");

    let bad = elsewhere.with_variable("OPENAI_BASE_URL", "localhost");
    assert_eq!(
        bad.complaints(),
        "`model.providers.main.base_url` in variable OPENAI_BASE_URL: must begin with http:// or https://"
    );
}

#[test]
fn an_openai_key_changes_nothing_for_who_has_a_provider() {
    let settings = Machine::new()
        .with_variable("OPENAI_API_KEY", "sk-1")
        .with_file("[model.providers.local]\nbase_url = \"http://h/v1\"\nmodel = \"m\"")
        .settings();

    assert_eq!(settings.model.providers.keys().collect::<Vec<_>>(), ["local"]);
    assert_eq!(settings.note, None);
}
