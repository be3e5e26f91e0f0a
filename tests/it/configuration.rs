//! Configuration from files and the environment, good and bad.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use secrecy::ExposeSecret;
use switchboard::config::{ConfigProblems, DirectAccess, Effective, LogFormat, Settings, Source};
use tempfile::TempDir;

/// An operator's machine: files in a folder of their own, and an environment.
struct Machine {
    folder: TempDir,
    file: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

impl Machine {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), file: None, environment: BTreeMap::new() }
    }

    /// Writes `switchboard.toml`; `FOLDER` in it stands for the folder.
    fn with_file(mut self, text: &str) -> Self {
        let text = text.replace("FOLDER", &self.folder.path().display().to_string());
        self.file = Some(self.write("switchboard.toml", &text));
        self
    }

    fn with_variable(mut self, name: &str, text: &str) -> Self {
        let text = text.replace("FOLDER", &self.folder.path().display().to_string());
        self.environment.insert(name.to_owned(), text);
        self
    }

    fn with_secret(self, name: &str, text: &str) -> Self {
        self.write(name, text);
        self
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn effective(&self) -> Effective {
        Effective::read(self.file.as_deref(), &self.environment)
    }

    fn settings(&self) -> Settings {
        Settings::load(self.file.as_deref(), &self.environment)
            .unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn problems(&self) -> ConfigProblems {
        Settings::load(self.file.as_deref(), &self.environment).unwrap_err()
    }

    /// The problems as text, with the folder's name left out.
    fn complaints(&self) -> String {
        self.problems().to_string().replace(&format!("{}/", self.folder.path().display()), "")
    }
}

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
fn everything_wrong_is_said_at_once() {
    let machine = Machine::new()
        .with_file(
            r#"
            colour = "red"
            [channels.telegram]
            tokn = "1"
            poll_seconds = "often"
            api_base = "api.telegram.org"
            [model]
            chain = ["mian", "main", "main"]
            [model.providers.main]
            model = "m"
            [model.providers.openAI]
            model = "m"
            [model.providers.empty]
            [access]
            direct = "paring"
            users = ["telegram:@alice"]
            [log]
            filter = "inof"
            "#,
        )
        .with_variable("SWITCHBOARD__LIMITS__MESSAGE_CHARS", "-1")
        .with_variable("SWITCHBOARD__CHANELS__TELEGRAM__TOKEN", "1")
        .with_variable("SWITCHBOARD__CHANNELS__SLACK__APP_TOKEN", "1")
        .with_variable("SWITCHBOARD__ACCESS", "open");

    let expected = [
        "`access` in variable SWITCHBOARD__ACCESS: is a section, set its keys one by one",
        "`access.direct` in switchboard.toml: expected one of pairing, listed, open, got `paring`; did you mean `pairing`?",
        "`access.users` in switchboard.toml: `telegram:@alice` is no id, expected one like `telegram:1001`, `discord:80351110224678912` or `slack:T0123ABCD/U0456EFGH` (ids, never names)",
        "unknown key `chanels.telegram.token` in variable SWITCHBOARD__CHANELS__TELEGRAM__TOKEN; did you mean `channels`?",
        "`channels.slack.bot_token` in variable SWITCHBOARD__CHANNELS__SLACK__APP_TOKEN: is missing, `channels.slack.app_token` is set",
        "`channels.telegram.api_base` in switchboard.toml: must begin with http:// or https://",
        "`channels.telegram.poll_seconds` in switchboard.toml: expected a whole number, got the text `often`",
        "unknown key `channels.telegram.tokn` in switchboard.toml; did you mean `token`?",
        "unknown key `colour` in switchboard.toml",
        "`limits.message_chars` in variable SWITCHBOARD__LIMITS__MESSAGE_CHARS: -1 is out of range, expected 100 to 1000000",
        "`log.filter` in switchboard.toml: `inof` is no filter, expected levels (off, error, warn, info, debug, trace) or `part=level`, with commas between",
        "`model.chain` in switchboard.toml: names `main` twice",
        "`model.chain` in switchboard.toml: names a provider `mian` that is not configured, there is `main`; did you mean `main`?",
        "`model.providers.empty` in switchboard.toml: is empty, set `base_url` and `model`",
        "`model.providers.main.base_url` in switchboard.toml: is missing, a provider needs it",
        "`model.providers.openAI` in switchboard.toml: may only be named with a-z, 0-9 and _; did you mean `openai`?",
    ];
    assert_eq!(machine.complaints().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_syntax_error_names_file_and_line() {
    let machine = Machine::new().with_file("[log]\nfilter = info\n");

    let complaints = machine.complaints();
    assert!(complaints.starts_with("switchboard.toml: line 2, column 10: is not TOML: "), "{complaints}");
}

#[test]
fn a_file_that_is_not_there_is_a_problem() {
    let mut machine = Machine::new();
    machine.file = Some(machine.folder.path().join("absent.toml"));

    let problems = machine.problems();
    let problem = problems.iter().next().unwrap();
    assert_eq!(problem.source, Source::File(machine.file.clone().unwrap()));
    assert!(machine.complaints().starts_with("absent.toml: cannot be read: "));
}

#[test]
fn several_providers_need_an_order() {
    let machine = Machine::new().with_file(
        "[model.providers.a]\nbase_url = \"http://h\"\nmodel = \"m\"\n[model.providers.b]\nbase_url = \"http://h\"\nmodel = \"m\"",
    );

    assert_eq!(machine.complaints(), "`model.chain` in default: must say in which order to ask `a`, `b`");
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
fn a_file_that_holds_no_secret_is_a_problem() {
    let cases = [
        ("FOLDER/empty", "`empty` is empty"),
        ("FOLDER/large", "`large` is larger than 65536 bytes"),
        ("FOLDER/lines", "`lines` contains white space or control characters"),
        ("FOLDER/absent", "`absent` cannot be read: No such file or directory (os error 2)"),
        ("FOLDER/folder", "`folder` is not a file"),
        (
            "123:ABC",
            "the path (not shown, it looks like none) cannot be read: No such file or directory (os error 2)",
        ),
    ];
    for (path, expected) in cases {
        let machine = Machine::new()
            .with_secret("empty", "\n")
            .with_secret("large", &"x".repeat(70_000))
            .with_secret("lines", "a\nb\n")
            .with_file(&format!("[channels.telegram]\ntoken_file = \"{path}\""));
        fs::create_dir(machine.folder.path().join("folder")).unwrap();

        let expected = format!("`channels.telegram.token_file` in switchboard.toml: {expected}");
        assert_eq!(machine.complaints(), expected);
    }
}

#[cfg(unix)]
#[test]
fn a_secret_that_everybody_can_write_is_a_problem() {
    use std::os::unix::fs::PermissionsExt;

    let machine = Machine::new()
        .with_secret("telegram", "123:ABC")
        .with_file("[channels.telegram]\ntoken_file = \"FOLDER/telegram\"");
    fs::set_permissions(machine.folder.path().join("telegram"), fs::Permissions::from_mode(0o666)).unwrap();

    assert!(machine.complaints().ends_with("`telegram` can be written by everybody, take that right away"));
}

#[test]
fn value_and_file_in_the_same_source_contradict_each_other() {
    let machine = Machine::new()
        .with_secret("telegram", "123:ABC")
        .with_file("[channels.telegram]\ntoken = \"1\"\ntoken_file = \"FOLDER/telegram\"");

    assert_eq!(
        machine.complaints(),
        "`channels.telegram.token_file` in switchboard.toml: is given beside `token`, keep one of them"
    );
}

#[test]
fn a_systemd_credential_is_taken_when_nothing_else_is_said() {
    let machine = Machine::new()
        .with_secret("channels.telegram.token", "credential\n")
        .with_secret("channels.discord.token", "credential\n")
        .with_secret("database.url", "sqlite::memory:")
        .with_file("[channels.discord]\ntoken = \"value\"")
        .with_variable("CREDENTIALS_DIRECTORY", "FOLDER");

    let settings = machine.settings();
    assert_eq!(settings.channels.telegram.token.unwrap().expose_secret(), "credential");
    assert_eq!(settings.channels.discord.token.unwrap().expose_secret(), "value");
    assert_eq!(settings.database.url.expose_secret(), "sqlite::memory:");
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
        ("30", Some("30"), Some("1 to 50"))
    );
    assert_eq!(poll.sentence, "How long one poll waits for something new, in seconds.");
    assert_eq!(explained("channels").value, "a section with discord, telegram, slack");
    assert_eq!(explained("model.providers.any.retries").default.as_deref(), Some("2"));
    assert_eq!(explained("channels.discord.token").value, "not set");

    let unknown = effective.explain("channels.telegram.poll_second").unwrap_err();
    assert_eq!(unknown.suggestion.as_deref(), Some("channels.telegram.poll_seconds"));
}

mod secrets_never_appear {
    use super::*;

    const CANARY: &str = "CANARY9f3a";
    const SECRETS: [&str; 6] = [
        "database.url",
        "channels.discord.token",
        "channels.telegram.token",
        "channels.slack.bot_token",
        "channels.slack.app_token",
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
    fn when_all_is_well() {
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
    fn when_other_keys_are_bad() {
        let mut machine = provider().with_file("[log]\nfilter = \"loud\"\n[nonsense]\nx = 1\n");
        for key in SECRETS {
            machine = machine.with_variable(&variable(key), &canary(key));
        }
        assert_silent(&machine, false);
    }

    #[test]
    fn when_the_secret_itself_is_bad() {
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
    fn when_it_stands_in_the_wrong_place() {
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
}
