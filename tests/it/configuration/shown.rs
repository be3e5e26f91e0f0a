//! What is in force can be shown and explained.

use super::Machine;

#[test]
fn what_is_in_force_is_shown_with_its_sources() {
    let machine = Machine::new()
        .with_file("[model.providers.local]\nbase_url = \"http://h/v1\"\nmodel = \"m\"")
        .with_variable("SWITCHBOARD__CHANNELS__TELEGRAM__TOKEN", "123:ABC");

    let shown = machine.effective().show(true);
    for line in [
        "token = \"***\"  # variable SWITCHBOARD__CHANNELS__TELEGRAM__TOKEN",
        "token = \"\"  # default",
        "[model.providers.local]",
        "retries = 2  # default",
        "[model.providers.local.price]",
        "chain = [\"local\"]  # default",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "`{line}` is not in\n{shown}");
    }
    assert!(!shown.contains("max_answer_tokens") && !shown.contains("token_file"), "{shown}");
}

#[test]
fn what_is_shown_can_be_read_again() {
    let machine =
        Machine::new().with_file("[model.providers.local]\nbase_url = \"http://h/v1\"\nmodel = \"m\"");
    let shown = machine.effective().show(true);

    let again = Machine::new().with_file(&shown);
    assert_eq!(again.effective().show(false), machine.effective().show(false));
    assert!(again.effective().problems().is_empty());
}

#[test]
fn keys_and_sections_are_explained() {
    let effective = Machine::new().effective();
    let explained = |key: &str| effective.explain(key).unwrap();

    let poll = explained("channels.telegram.poll_seconds");
    assert_eq!(
        (poll.value.as_str(), poll.default.as_deref(), poll.limits.as_deref()),
        ("50", Some("50"), Some("1 to 50"))
    );
    assert_eq!(
        poll.sentence,
        "How long one poll waits for something new, in seconds, up to 50; shorten it where something in between cuts idle connections."
    );
    assert_eq!(explained("channels").value, "a section with discord, telegram, slack");
    assert_eq!(explained("model.providers.any.retries").default.as_deref(), Some("2"));
    assert_eq!(explained("channels.discord.token").value, "not set");

    let unknown = effective.explain("channels.telegram.poll_second").unwrap_err();
    assert_eq!(unknown.suggestion.as_deref(), Some("channels.telegram.poll_seconds"));
}
