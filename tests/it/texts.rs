//! The texts for people: what the program says is in the Fluent file, and what
//! is in the file is said.

use std::collections::{BTreeMap, BTreeSet};

use switchboard::domain::texts::ENGLISH;
use switchboard::domain::{Button, Command, ModelFailure, Role};

use crate::support::source::{self, Source};

/// The names of the values that a text has places for, by its key.
type Places = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_text_that_is_used_is_there_and_every_text_there_is_used() {
    let files: Vec<Source> = source::below("src").iter().map(Source::program).collect();
    let texts = places(ENGLISH);

    let used = used(&files, &texts);
    let there: BTreeSet<&str> = texts.keys().map(String::as_str).collect();
    let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
    assert_eq!(used.difference(&there).collect::<Vec<_>>(), Vec::<&&str>::new(), "these are not in the file");
    assert_eq!(there.difference(&used).collect::<Vec<_>>(), Vec::<&&str>::new(), "these are never said");
}

#[test]
fn the_values_that_are_given_are_those_the_texts_have_places_for() {
    let files: Vec<Source> = source::below("src").iter().map(Source::program).collect();
    let texts = places(ENGLISH);

    assert_eq!(misgiven(&files, &texts), Vec::<String>::new());
    let reference = BTreeSet::from(["reference".to_owned()]);
    for key in failure_keys() {
        assert_eq!(texts[&key], reference, "{key}");
    }
    for command in Command::ALL {
        assert_eq!(texts[command.summary_key()], BTreeSet::new(), "{command:?}");
    }
}

#[test]
fn a_wrong_key_or_value_is_found() {
    let texts = places("greeting = Hello { $name }, you are\n    number { $number }.\nbye-now = Bye.\n");
    let found = |code: &str| {
        let file = [Source::new("src/a.rs", code)];
        let strangers = used(&file, &texts).into_iter().filter(|key| !texts.contains_key(key));
        let own = |key: &String| {
            !["failure-", "command-", "role-", "button-"].iter().any(|kind| key.starts_with(kind))
        };
        strangers.filter(own).count() + misgiven(&file, &texts).len()
    };
    for good in [
        "texts.get(\"bye-now\")",
        "self.texts\n    .with(\"greeting\", &[(\"name\", a), (\"number\", &n.to_string())])",
        "let key = \"greeting\"; let values = [(\"name\", a), (\"number\", b)]; texts.with(key, &values)",
        "let values = [(\"name\", a), (\"number\", b)]; texts.with(\"greeting\", &values)",
        "headers.get(\"no-text\")",
    ] {
        assert_eq!(found(good), 0, "{good}");
    }
    for bad in [
        "texts.get(\"hello\")",
        "let key = \"bye-later\"; texts.get(key)",
        "texts.get(\"greeting\")",
        "texts.with(\"greeting\", &[(\"name\", a)])",
        "texts.with(\"bye-now\", &[(\"name\", a)])",
        "let key = \"greeting\"; texts.with(key, &[(\"name\", a)])",
    ] {
        assert_eq!(found(bad), 1, "{bad}");
    }
}

/// The keys of a Fluent file, as far as this one uses the language.
fn places(file: &str) -> Places {
    let mut texts = Places::new();
    let mut key = String::new();
    for line in file.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
            name.clone_into(&mut key);
            assert!(texts.insert(key.clone(), BTreeSet::new()).is_none(), "`{name}` is there twice");
        }
        let values = line.split("{ $").skip(1).map(|rest| rest.split(' ').next().unwrap().to_owned());
        texts.get_mut(&key).expect("a text begins with its key").extend(values);
    }
    texts
}

fn failure_keys() -> impl Iterator<Item = String> {
    ModelFailure::ALL.into_iter().map(|failure| format!("failure-{}", failure.name()))
}

/// The keys that the program asks for, those from enums included.
fn used(files: &[Source], texts: &Places) -> BTreeSet<String> {
    let mut used: BTreeSet<String> = failure_keys().collect();
    used.extend(Command::ALL.map(|command| command.summary_key().to_owned()));
    used.extend([Button::stop, Button::retry].map(|button| button(Button::LOST.turn).text_key().to_owned()));
    used.extend(Role::ALL.map(|role| role.text_key().to_owned()));
    for file in files.iter().filter(|file| speaks(file)) {
        for (at, literal) in &file.literals {
            let is_asked_for = asking(file, *at).is_some();
            if is_asked_for || texts.contains_key(literal) || looks_like_one(literal, texts) {
                used.insert(literal.clone());
            }
        }
    }
    used
}

fn speaks(file: &Source) -> bool {
    file.code.contains("texts") && !file.path.starts_with("src/domain/texts/")
}

/// Whether a literal in a file that speaks can only be meant as a key.
fn looks_like_one(literal: &str, texts: &Places) -> bool {
    let family = |key: &str| key.split_once('-').map(|(family, _)| family.to_owned());
    let is_name = literal.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'));
    let is_known =
        family(literal).is_some_and(|known| texts.keys().any(|key| family(key).as_ref() == Some(&known)));
    is_name && !literal.ends_with('-') && is_known
}

/// The method of `Texts` whose first argument the literal at this offset is.
fn asking(file: &Source, at: usize) -> Option<&'static str> {
    let before: String = file.code[..at].chars().rev().filter(|c| !c.is_whitespace()).take(12).collect();
    let before: String = before.chars().rev().collect();
    ["get", "with"].into_iter().find(|method| before.ends_with(&format!("texts.{method}(\"")))
}

/// What is wrong with the values given to texts.
fn misgiven(files: &[Source], texts: &Places) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| speaks(file)) {
        for (at, key) in &file.literals {
            let Some(places) = texts.get(key) else { continue };
            let call = values_of_call(file, *at);
            let is_right = match asking(file, *at) {
                Some("get") => places.is_empty(),
                Some(_) if file.code[call.clone()].contains('[') => values_in(file, call) == *places,
                // The values, if not the call too, are elsewhere in the file.
                _ => values_in(file, 0..file.code.len()).is_superset(places),
            };
            if !is_right {
                complaints.push(format!("{}: `{key}` needs the values {places:?}", file.path));
            }
        }
    }
    complaints
}

/// Where the values stand in a call whose key is at this offset.
fn values_of_call(file: &Source, at: usize) -> std::ops::Range<usize> {
    let mut depth = 1;
    let end = file.code[at..].char_indices().find(|(_, c)| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        depth == 0
    });
    at..end.map_or(file.code.len(), |(length, _)| at + length)
}

/// The names in `("name", value)`.
fn values_in(file: &Source, range: std::ops::Range<usize>) -> BTreeSet<String> {
    let named = file.literals.iter().filter(|(at, name)| {
        let is_first = file.code[..*at].ends_with("(\"");
        range.contains(at)
            && is_first
            && file.code[at + name.len()..].starts_with("\",")
            && asking(file, *at).is_none()
    });
    named.map(|(_, name)| name.clone()).collect()
}
