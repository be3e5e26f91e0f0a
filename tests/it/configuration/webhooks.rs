//! What webhooks need is asked for before anything starts.

use super::Machine;

const SECRET: &str = "a-secret_of_the-webhook-42";

fn on_telegram(keys: &str, rest: &str) -> Machine {
    Machine::new()
        .with_file(&format!("[channels.telegram]\ntoken = \"1:a\"\nmode = \"webhook\"\n{keys}\n{rest}"))
}

fn on_slack(keys: &str, rest: &str) -> Machine {
    Machine::new()
        .with_file(&format!("[channels.slack]\nbot_token = \"xoxb-1\"\nmode = \"events\"\n{keys}\n{rest}"))
}

const LISTEN: &str = "[http]\nlisten = \"0.0.0.0:8080\"";

#[test]
fn a_webhook_needs_its_address_its_secret_and_somewhere_to_listen() {
    let expected = [
        "`channels.telegram.webhook_secret` in switchboard.toml: is missing, `channels.telegram.mode` is \"webhook\"",
        "`channels.telegram.webhook_url` in switchboard.toml: is missing, `channels.telegram.mode` is \"webhook\"",
        "`http.listen` in switchboard.toml: is missing, `channels.telegram.mode` is \"webhook\"",
    ];
    assert_eq!(on_telegram("", "").complaints().lines().collect::<Vec<_>>(), expected);
    let expected = [
        "`channels.slack.signing_secret` in switchboard.toml: is missing, `channels.slack.mode` is \"events\"",
        "`http.listen` in switchboard.toml: is missing, `channels.slack.mode` is \"events\"",
    ];
    assert_eq!(on_slack("", "").complaints().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn with_all_of_it_a_public_address_is_fine_and_slack_needs_no_app_token() {
    let keys =
        format!("webhook_url = \"https://bot.example.org/webhooks/telegram\"\nwebhook_secret = \"{SECRET}\"");
    assert!(on_telegram(&keys, LISTEN).settings().http.listen.is_some());
    let settings = on_slack("signing_secret = \"8f742231b10e8888abcd99yyyzzz85a5\"", LISTEN).settings();
    assert!(settings.channels.slack.app_token.is_none());
    // What is off needs nothing.
    Machine::new()
        .with_file("[channels.telegram]\nmode = \"webhook\"\n[channels.slack]\nmode = \"events\"")
        .settings();
}

#[test]
fn weak_secrets_and_addresses_that_are_not_public_are_refused_without_being_repeated() {
    let url = "webhook_url = \"https://bot.example.org/webhooks/telegram\"";
    for (secret, words) in [
        ("short-123", "must have 16 to 256 characters"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "is too easy to guess"),
        ("0123456789.abcdef", "may only hold A-Z, a-z, 0-9, _ and -"),
    ] {
        let complaints = on_telegram(&format!("{url}\nwebhook_secret = \"{secret}\""), LISTEN).complaints();
        let expected = format!("`channels.telegram.webhook_secret` in switchboard.toml: {words}");
        assert!(complaints.starts_with(&expected) && !complaints.contains(secret), "{complaints}");
    }
    let complaints = on_slack("signing_secret = \"8f742231b\"", LISTEN).complaints();
    assert!(
        complaints.contains("is too short, take the Signing Secret") && !complaints.contains("8f742231b")
    );

    for (url, words) in [
        ("http://bot.example.org/webhooks/telegram", "must begin with https://"),
        ("bot.example.org/webhooks/telegram", "must begin with https://"),
        ("https://bot.example.org", "names no path"),
        ("https://bot.example.org/x?key=hidden", "must not carry a query or fragment"),
    ] {
        let keys = format!("webhook_url = \"{url}\"\nwebhook_secret = \"{SECRET}\"");
        let expected = format!("`channels.telegram.webhook_url` in switchboard.toml: {words}");
        assert_eq!(on_telegram(&keys, LISTEN).complaints(), expected);
    }
    let wrong = Machine::new()
        .with_file("[channels.telegram]\nmode = \"webhok\"\n[channels.slack]\nmode = \"event\"");
    let complaints = wrong.complaints();
    assert!(complaints.contains("did you mean `webhook`?") && complaints.contains("did you mean `events`?"));
}
