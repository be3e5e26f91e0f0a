//! What is wrong is said at once, by key, with where it stands.

use std::fs;

use switchboard::config::Source;

use super::Machine;

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
        "unknown key `chanels.telegram.token` in variable SWITCHBOARD__CHANELS__TELEGRAM__TOKEN; did you mean `channels.telegram.token`?",
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
fn a_model_that_people_may_choose_has_a_name_that_they_can_type() {
    for (name, complaint) in [
        ("", "`` is no name of a model, expected 1 to 100 characters and no spaces"),
        ("gpt 5", "`gpt 5` is no name of a model, expected 1 to 100 characters and no spaces"),
        ("Default", "`Default` is what people type to go back to the usual model"),
    ] {
        let provider = "[model.providers.a]\nbase_url = \"http://h\"\nmodel = \"m\"";
        let machine = Machine::new().with_file(&format!("{provider}\nmodels = [\"n\", \"{name}\"]"));

        assert_eq!(
            machine.complaints(),
            format!("`model.providers.a.models` in switchboard.toml: {complaint}")
        );
    }
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

#[test]
#[cfg(unix)]
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
fn a_place_has_one_rule_and_is_named_by_its_id() {
    let lists = |one: &str, other: &str| {
        let file = format!("[groups]\nalways_in = [\"{one}\"]\nnever_in = [\"telegram:-1\", \"{other}\"]");
        let problems = Machine::new().with_file(&file).effective().problems();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(lists("discord:5", "discord:6"), Vec::<String>::new());
    let [twice] = &lists("discord:5", "discord:5")[..] else { panic!("one problem") };
    assert!(twice.starts_with("`groups.never_in`"), "{twice}");
    assert!(twice.ends_with("`discord:5` stands in `groups.always_in`, too"), "{twice}");
    let [named] = &lists("general", "discord:6")[..] else { panic!("one problem") };
    assert!(named.contains("is no id"), "{named}");
}
