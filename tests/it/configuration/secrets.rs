//! No secret is ever printed, whatever else is wrong: a known text stands in each of them, and nowhere else.

use super::Machine;

const CANARY: &str = "CANARY9f3a";
const SECRETS: [&str; 8] = [
    "database.url",
    "channels.discord.token",
    "channels.telegram.token",
    "channels.telegram.webhook_secret",
    "channels.slack.bot_token",
    "channels.slack.app_token",
    "channels.slack.signing_secret",
    "model.providers.main.api_key",
];

fn provider() -> Machine {
    Machine::new()
        .with_variable("SWITCHBOARD__MODEL__PROVIDERS__MAIN__BASE_URL", "http://h/v1")
        .with_variable("SWITCHBOARD__MODEL__PROVIDERS__MAIN__MODEL", "m")
}

fn variable(key: &str) -> String {
    format!("SWITCHBOARD__{}", key.to_uppercase().replace('.', "__"))
}

fn canary(key: &str) -> String {
    if key == "database.url" { format!("postgres://me:{CANARY}@h/d") } else { CANARY.to_owned() }
}

/// Everything that this machine's configuration can be made to say.
fn everything_said(machine: &Machine) -> String {
    let effective = machine.effective();
    let mut said = vec![effective.show(true), effective.show(false), effective.show_json().to_string()];
    said.push(format!("{:?}\n{}", effective.problems(), effective.problems()));
    said.push(match effective.settings() {
        Ok(settings) => format!("{settings:?}"),
        Err(problems) => format!("{problems:?}\n{problems}"),
    });
    for key in SECRETS.map(str::to_owned).into_iter().chain(SECRETS.map(|key| format!("{key}_file"))) {
        let explained = effective.explain(&key).unwrap();
        said.push(format!("{explained:?}\n{explained}\n{}", serde_json::to_string(&explained).unwrap()));
    }
    for section in ["model.providers.main", "channels.telegram", "channels"] {
        said.push(effective.explain(section).unwrap().to_string());
    }
    said.join("\n")
}

fn assert_silent(machine: &Machine, is_good: bool) {
    let said = everything_said(machine);
    let leaks: Vec<_> = said.lines().filter(|line| line.contains(CANARY)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert_eq!(machine.effective().problems().is_empty(), is_good, "{}", machine.effective().problems());
}

#[test]
fn secrets_never_appear_when_all_is_well() {
    let mut values = provider().with_variable("OPENAI_API_KEY", CANARY);
    let mut files = provider();
    let mut credentials = provider().with_variable("CREDENTIALS_DIRECTORY", "FOLDER");
    for key in SECRETS {
        values = values.with_variable(&variable(key), &canary(key));
        files = files
            .with_secret(key, &canary(key))
            .with_variable(&variable(&format!("{key}_file")), &format!("FOLDER/{key}"));
        credentials = credentials.with_secret(key, &canary(key));
    }
    for machine in [values, files, credentials] {
        assert_silent(&machine, true);
        assert_eq!(machine.effective().explain("channels.slack.app_token").unwrap().value, "set");
        assert!(machine.effective().explain("database.url").unwrap().value.contains("me:***@h"));
    }
    assert_silent(&Machine::new().with_variable("OPENAI_API_KEY", CANARY), true);
}

#[test]
fn secrets_never_appear_when_other_keys_are_bad() {
    let mut machine = provider().with_file("[log]\nfilter = \"loud\"\n[nonsense]\nx = 1\n");
    for key in SECRETS {
        machine = machine.with_variable(&variable(key), &canary(key));
    }
    assert_silent(&machine, false);
}

#[test]
fn secrets_never_appear_when_the_secret_itself_is_bad() {
    for key in SECRETS {
        let (section, name) = key.rsplit_once('.').unwrap();
        let values = [
            format!("[\"{CANARY}\"]"),
            format!("{{ {name} = \"{CANARY}\" }}"),
            format!("\"{CANARY} with spaces\""),
            format!("\"mysql://me:{CANARY} x\""),
            CANARY.to_owned(),
        ];
        for value in values {
            for name in [name.to_owned(), format!("{name}_file")] {
                assert_silent(&provider().with_file(&format!("[{section}]\n{name} = {value}\n")), false);
            }
        }
        let spaced = format!("{CANARY} {CANARY}");
        assert_silent(&provider().with_variable(&variable(key), &spaced), false);
        assert_silent(&provider().with_variable(&variable(&format!("{key}_file")), CANARY), false);
        assert_silent(
            &provider()
                .with_secret("secret", &spaced)
                .with_variable(&variable(&format!("{key}_file")), "FOLDER/secret"),
            false,
        );
        assert_silent(
            &provider().with_secret(key, &spaced).with_variable("CREDENTIALS_DIRECTORY", "FOLDER"),
            false,
        );
    }
    assert_silent(&Machine::new().with_variable("OPENAI_API_KEY", &format!("{CANARY} x")), false);
}

#[test]
fn secrets_never_appear_when_one_stands_in_the_wrong_place() {
    let files = [
        format!("[channels]\ntelegram = \"{CANARY}\""),
        format!("[model.providers]\nmain = \"{CANARY}\""),
        format!("[channels.telegram]\ntokn = \"{CANARY}\""),
        format!("[channels.telegram]\napi_base = \"https://api.telegram.org/bot1:{CANARY}\""),
        format!("[model.providers.main]\nbase_url = \"https://me:{CANARY}@h/v1\""),
        format!("[channels.telegram]\ntoken = \"{CANARY}\nmore"),
    ];
    for file in files {
        assert_silent(&provider().with_file(&file), false);
    }
    assert_silent(&provider().with_variable("SWITCHBOARD__CHANNELS__TELEGRAM", CANARY), false);
}
