//! The house keeps its shape: layers, imports, lengths, names.
//!
//! Each rule is a function from files to complaints. It is run on the program
//! and, so that it cannot go blind, on a small violation of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::support::source::{self, Source, is_word};

/// From the bottom up; those of one rank are strangers to each other.
const RANKS: &[&[&str]] = &[
    &["domain"],
    &["config"],
    &["telemetry"],
    &["store", "cache", "model", "channels"],
    &["admin"],
    &["router"],
    &["http"],
    &["app"],
    &["cli"],
];

/// Crates that are named in certain folders only.
const AT_HOME: &[(&str, &[&str])] = &[
    ("async_openai", &["src/model/"]),
    ("axum", &["src/http/"]),
    ("clap", &["src/cli/"]),
    ("config", &["src/config/"]),
    ("migration", &["src/store/"]),
    ("redis", &["src/cache/"]),
    ("reqwest", &["src/model/"]),
    ("ring", &["src/channels/"]),
    ("rustyline", &["src/channels/terminal/"]),
    ("sea_orm", &["src/store/", "migration/"]),
    ("sea_orm_migration", &["migration/"]),
    ("serenity", &["src/channels/discord/"]),
    ("slack_morphism", &["src/channels/slack/"]),
    ("sqlx", &["src/store/"]),
    ("teloxide", &["src/channels/telegram/"]),
    ("tower", &["src/model/"]),
];

/// Where a crate is a guest, and why.
const GUESTS: &[(&str, &str, &str)] = &[
    ("reqwest", "src/channels/discord/", "serenity takes its HTTP client ready made, with our timeouts"),
    ("reqwest", "src/http/probe.rs", "the health check asks the running daemon over HTTP"),
    ("reqwest", "src/channels/telegram/", "teloxide takes its HTTP client ready made, with our timeouts"),
];

/// The longest file of program code, and of tests and what they stand on.
const PROGRAM_LINES: usize = 400;
const TEST_LINES: usize = 600;

type Rule = fn(&[Source]) -> Vec<String>;

fn holds(rule: Rule, files: &[Source]) {
    let complaints = rule(files);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn goes_red(rule: Rule, path: &str, text: &str) {
    let complaints = rule(&[Source::new(path, text)]);
    assert_eq!(complaints.len(), 1, "{path}: {text:?}: {complaints:?}");
}

fn stays_green(rule: Rule, path: &str, text: &str) {
    holds(rule, &[Source::new(path, text)]);
}

fn everything() -> Vec<Source> {
    ["src", "migration/src", "tests"].into_iter().flat_map(source::below).collect()
}

#[test]
fn modules_look_down_only() {
    holds(looks_down, &source::below("src"));

    goes_red(looks_down, "src/domain/user.rs", "use crate::store::Store;");
    goes_red(looks_down, "src/store/mod.rs", "use crate::model::Model;");
    goes_red(looks_down, "src/channels/mod.rs", "fn f(x: crate::router::Router) {}");
    goes_red(looks_down, "src/attic/mod.rs", "");
    stays_green(looks_down, "src/router/mod.rs", "use crate::router::x;\nuse crate::domain::X;");
    stays_green(
        looks_down,
        "src/domain/mod.rs",
        "//! Read by [`crate::app`].\nconst A: &str = \"crate::app::x\";",
    );
}

fn looks_down(files: &[Source]) -> Vec<String> {
    let rank = |module: &str| RANKS.iter().position(|rank| rank.contains(&module));
    let mut complaints = Vec::new();
    for file in files {
        let own = module_of(&file.path);
        if matches!(own, "lib" | "main") {
            continue;
        }
        let Some(own_rank) = rank(own) else {
            complaints.push(format!("{}: `{own}` is no layer", file.path));
            continue;
        };
        for used in paths_behind(&file.code, "crate") {
            if used != own && rank(used).is_none_or(|used_rank| used_rank >= own_rank) {
                complaints.push(format!("{}: `{own}` may not know `{used}`", file.path));
            }
        }
    }
    complaints
}

/// `store` for `src/store/inbox/mod.rs`.
fn module_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The names that follow `krate::` in code.
fn paths_behind<'a>(code: &'a str, krate: &str) -> Vec<&'a str> {
    let start = format!("{krate}::");
    let begins = |at: usize| at == 0 || !is_word(code.as_bytes()[at - 1]);
    let found = code.match_indices(&start).filter(|(at, _)| begins(*at));
    let rest = found.map(|(at, _)| &code[at + start.len()..]);
    rest.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
        .collect()
}

#[test]
fn every_module_is_imported_in_one_line() {
    holds(one_line_each, &everything());

    goes_red(one_line_each, "src/a.rs", "use crate::domain::A;\nuse crate::domain::{B, C};");
    goes_red(one_line_each, "src/a.rs", "use crate::{domain::A, store::B};");
    goes_red(one_line_each, "src/a.rs", "use crate::{\n    domain::A,\n};");
    stays_green(one_line_each, "src/a.rs", "use crate::domain::A;\nuse crate::domain::texts::Texts;");
}

fn one_line_each(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        if file.code.contains("use crate::{") {
            complaints.push(format!("{}: imports several modules at once", file.path));
        }
        let mut seen = BTreeSet::new();
        let imports = file.code.lines().filter_map(|line| line.strip_prefix("use crate::"));
        for import in imports.filter(|import| !import.starts_with('{')) {
            let module = import.split_once('{').map(|(module, _)| module);
            let module = module.or_else(|| import.rsplit_once("::").map(|(module, _)| module));
            let module = module.unwrap_or_default().trim_end_matches("::");
            if !seen.insert(module) {
                complaints.push(format!("{}: imports `{module}` in several lines", file.path));
            }
        }
    }
    complaints
}

#[test]
fn files_are_short() {
    holds(short, &everything());

    let line = "fn f() {}\n";
    goes_red(short, "src/a.rs", &line.repeat(401));
    goes_red(short, "migration/src/a.rs", &line.repeat(401));
    goes_red(short, "tests/it/a.rs", &line.repeat(601));
    goes_red(short, "src/a/tests.rs", &line.repeat(601));
    stays_green(short, "src/a/tests.rs", &line.repeat(600));
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    fn f() {}\n".repeat(100));
    stays_green(short, "src/a.rs", &format!("{}{tests}", line.repeat(400)));
    goes_red(short, "src/a.rs", &format!("{}{tests}{line}", line.repeat(400)));
}

fn short(files: &[Source]) -> Vec<String> {
    let complaints = files.iter().filter_map(|file| {
        let is_test = file.path.starts_with("tests/") || file.path.ends_with("/tests.rs");
        let (lines, most) = if is_test {
            (file.text.lines().count(), TEST_LINES)
        } else {
            (file.program_lines().len(), PROGRAM_LINES)
        };
        (lines > most).then(|| format!("{}: {lines} lines, at most {most}", file.path))
    });
    complaints.collect()
}

#[test]
fn every_file_says_what_it_is_for() {
    holds(introduced, &everything());

    goes_red(introduced, "src/a.rs", "use std::io;\n");
    goes_red(introduced, "src/a.rs", "//!\nuse std::io;\n");
    stays_green(introduced, "src/a.rs", "//! A file.\n");
}

fn introduced(files: &[Source]) -> Vec<String> {
    let is_bare = |file: &&Source| file.text.strip_prefix("//! ").is_none_or(|rest| rest.starts_with('\n'));
    files.iter().filter(is_bare).map(|file| format!("{}: begins without `//!`", file.path)).collect()
}

#[test]
fn crates_stay_where_they_are_at_home() {
    holds(at_home, &[source::below("src"), source::below("migration/src")].concat());

    goes_red(at_home, "src/channels/slack/mod.rs", "use serenity::all::Http;");
    goes_red(at_home, "src/router/mod.rs", "fn f(db: &sea_orm::DatabaseConnection) {}");
    goes_red(at_home, "src/router/mod.rs", "use ::clap::Parser;");
    goes_red(at_home, "src/app/mod.rs", "use config::Config;");
    goes_red(at_home, "src/channels/slack/mod.rs", "use reqwest::Client;");
    stays_green(at_home, "src/channels/discord/mod.rs", "use reqwest::Client;\nuse serenity::all::Http;");
    stays_green(
        at_home,
        "src/cli/mod.rs",
        "mod config;\nfn f() { config::run() }\nuse crate::config::Settings;",
    );
}

fn at_home(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (krate, homes) in AT_HOME {
            let is_guest =
                GUESTS.iter().any(|(guest, place, _)| guest == krate && file.path.starts_with(place));
            let is_home = homes.iter().any(|home| file.path.starts_with(home));
            if !is_home && !is_guest && names_crate(&file.code, krate) {
                complaints.push(format!("{}: names `{krate}`", file.path));
            }
        }
    }
    complaints
}

fn names_crate(code: &str, krate: &str) -> bool {
    let is_own_module = code.contains(&format!("mod {krate};"));
    let start = format!("{krate}::");
    let found = code.match_indices(&start).any(|(at, _)| {
        let before = &code[..at];
        let is_inside = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        // `x::config::` is some module of ours, `::config::` the crate.
        let is_module = before
            .strip_suffix("::")
            .is_some_and(|path| path.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '>'));
        !is_inside && !is_module
    });
    found && !is_own_module
}

#[test]
fn every_channel_has_the_same_files() {
    let files = source::below("src/channels");
    holds(alike, &files);

    let folder = ["mod", "decode", "encode"].map(|name| format!("src/channels/x/{name}.rs"));
    let files = folder.map(|path| Source::new(&path, ""));
    stays_green(alike, "src/channels/mod.rs", "");
    holds(alike, &files);
    for missing in 0..files.len() {
        let mut some = files.to_vec();
        some.remove(missing);
        assert_eq!(alike(&some).len(), 1);
    }
}

fn alike(files: &[Source]) -> Vec<String> {
    let mut channels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        if let Some((channel, name)) =
            file.path.strip_prefix("src/channels/").and_then(|path| path.split_once('/'))
        {
            channels.entry(channel).or_default().insert(name);
        }
    }
    let mut complaints = Vec::new();
    for (channel, names) in channels {
        for (name, folder) in
            [("mod.rs", "mod.rs"), ("decode.rs", "decode/mod.rs"), ("encode.rs", "encode/mod.rs")]
        {
            if !names.contains(name) && !names.contains(folder) {
                complaints.push(format!("src/channels/{channel}: has no {name}"));
            }
        }
    }
    complaints
}

#[test]
fn no_module_is_a_drawer_for_odds_and_ends() {
    holds(no_drawers, &everything());

    for name in ["utils", "helpers", "common", "misc", "types"] {
        goes_red(no_drawers, "src/a.rs", &format!("pub(crate) mod {name};"));
        goes_red(no_drawers, "src/a.rs", &format!("mod {name} {{}}"));
    }
    stays_green(no_drawers, "src/a.rs", "mod typesetting;");
}

fn no_drawers(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for name in ["utils", "helpers", "common", "misc", "types"] {
            let is_declared = [";", " {"].iter().any(|end| file.code.contains(&format!("mod {name}{end}")));
            if is_declared {
                complaints.push(format!("{}: has a module `{name}`", file.path));
            }
        }
    }
    complaints
}

#[test]
fn the_schemas_history_knows_nothing_of_the_program() {
    holds(knows_nothing, &source::below("migration"));
    let manifest = fs::read_to_string(source::top().join("migration/Cargo.toml")).unwrap();
    assert!(!manifest.contains("switchboard"), "{manifest}");

    goes_red(knows_nothing, "migration/src/a.rs", "use switchboard::domain::Role;");
    stays_green(knows_nothing, "migration/src/a.rs", "//! As `switchboard::store` reads it.");
}

fn knows_nothing(files: &[Source]) -> Vec<String> {
    let knowing = files.iter().filter(|file| names_crate(&file.code, "switchboard"));
    knowing.map(|file| format!("{}: names `switchboard`", file.path)).collect()
}

#[test]
fn the_map_shows_the_modules_there_are() {
    let map = fs::read_to_string(source::top().join("src/lib.rs")).unwrap();
    assert_eq!(off_the_map(&map), Vec::<String>::new());

    let map = "//! - [`domain`]: words.\n//! - [`store`], [`model`]: truth.\n//! In [`domain`].\n";
    let modules = "pub mod domain;\npub mod model;\npub mod store;\n";
    assert_eq!(off_the_map(&format!("{map}{modules}")), Vec::<String>::new());
    assert_eq!(off_the_map(&format!("{map}pub mod app;\n{modules}")).len(), 1);
    assert_eq!(off_the_map(&format!("{map}pub mod domain;\npub mod store;\n")).len(), 1);
    let upside_down = "//! - [`app`]: parts.\n//! - [`domain`]: words.\npub mod app;\npub mod domain;\n";
    assert_eq!(off_the_map(upside_down).len(), 1);
}

/// Compares the list in `lib.rs` with its modules, and with the order of the layers.
fn off_the_map(text: &str) -> Vec<String> {
    let file = Source::new("src/lib.rs", text);
    let drawn: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! - ")?.split_once(':'))
        .flat_map(|(names, _)| names.split(", ").map(|name| name.trim_matches(['[', ']', '`'])))
        .collect();
    let modules: BTreeSet<&str> = file
        .code
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let mut complaints = Vec::new();
    let on_map: BTreeSet<&str> = drawn.iter().copied().collect();
    complaints.extend(modules.difference(&on_map).map(|name| format!("the map leaves out `{name}`")));
    complaints.extend(
        on_map.difference(&modules).map(|name| format!("the map shows `{name}`, which is not there")),
    );
    let rank = |name: &&str| RANKS.iter().position(|rank| rank.contains(name));
    if !drawn.iter().map(rank).is_sorted() {
        complaints.push("the map is not in the order of the layers".to_owned());
    }
    complaints
}

#[test]
fn comments_and_literals_are_told_from_code() {
    let text = "let a = \"x // \\\" y\"; // crate::b\nlet c = r#\"d \"e\"#; let f: &'a str = '\\'';/* g\n */ let h = '\"'; let é = 'é';";
    let read = Source::new("a.rs", text);
    assert_eq!(read.text.lines().count(), read.code.lines().count());
    for word in ["let a", "let c", "&'a str", "let h", "let é"] {
        assert!(read.code.contains(word), "{word}: {}", read.code);
    }
    for word in ["crate", "d", "g", "y"] {
        assert!(!read.code.split_whitespace().any(|found| found == word), "{word}: {}", read.code);
    }
    let literals: Vec<_> = read.literals.iter().map(|(_, literal)| literal.as_str()).collect();
    assert_eq!(literals, ["x // \\\" y", "d \"e"]);
}

/// What brings a test a database on the engine of its run.
const BRINGS_A_DATABASE: &[&str] = &["::bare()", "Setup::new()", "Stage::new()", "Own::new()"];

/// Tests that keep something and that `ON_POSTGRES` in the Makefile does not pick.
fn runs_on_one_engine_only(files: &[Source], filters: &[&str]) -> Vec<String> {
    let brings = |text: &str| BRINGS_A_DATABASE.iter().any(|words| text.contains(words));
    let houses: BTreeSet<String> = files
        .iter()
        .filter(|file| brings(&file.text))
        .filter_map(|file| file.path.strip_suffix("/mod.rs").map(str::to_owned))
        .collect();
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.text.contains("::test]") || file.text.contains("#[test]")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let module = file.path.trim_start_matches("tests/it/").trim_end_matches(".rs");
        let module = format!("{}::", module.trim_end_matches("/mod").replace('/', "::"));
        if (brings(&file.text) || houses.contains(folder))
            && !filters.iter().any(|filter| module.contains(filter))
        {
            complaints.push(format!("{}: is not in ON_POSTGRES", file.path));
        }
    }
    complaints
}

#[test]
fn what_keeps_something_is_tried_on_both_engines() {
    let makefile = fs::read_to_string(source::top().join("Makefile")).unwrap();
    let filters = makefile.lines().find_map(|line| line.strip_prefix("ON_POSTGRES = ")).unwrap();
    let filters: Vec<&str> = filters.split_whitespace().collect();
    let mut files = source::below("tests/it");
    // It names the words that it looks for.
    files.retain(|file| file.path != "tests/it/architecture.rs");
    let complaints = runs_on_one_engine_only(&files, &filters);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));

    let test = "#[test]\nfn it_keeps() {\n    Setup::new();\n}\n";
    for (path, count) in
        [("tests/it/new.rs", 1), ("tests/it/store/new.rs", 0), ("tests/it/support/new.rs", 1)]
    {
        assert_eq!(runs_on_one_engine_only(&[Source::new(path, test)], &filters).len(), count, "{path}");
    }
}
