//! What brings the daemon to a machine: the systemd unit and the image.

mod image;
mod supervisor;
mod unit;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The unit's keys, each with all its values.
fn unit() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("systemd/switchboard.service")).unwrap();
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with(['#', '['])) {
        if let Some((key, value)) = line.split_once('=') {
            keys.entry(key.to_owned()).or_default().push(value.to_owned());
        }
    }
    keys
}

/// The words of the Dockerfile's lines that begin with an instruction, by stage.
fn instructions(name: &str) -> Vec<(usize, Vec<String>)> {
    let text = fs::read_to_string(root().join("Dockerfile")).unwrap().replace("\\\n", " ");
    let mut stage = 0;
    let mut found = Vec::new();
    for line in text.lines() {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let Some(first) = words.first() else { continue };
        stage += usize::from(first == "FROM");
        if first == name {
            found.push((stage, words[1..].to_vec()));
        }
    }
    found
}

#[test]
fn neither_unit_nor_image_decides_what_the_settings_are_to_decide() {
    // A variable would win over the file.
    let set = |words: &[String]| words.iter().any(|word| word.contains("SWITCHBOARD__"));
    assert!(!unit().get("Environment").is_some_and(|lines| set(lines)));
    assert!(!instructions("ENV").iter().any(|(_, words)| set(words)));

    // The place of the database comes from where they start us.
    let defaults = fs::read_to_string(root().join("config/default.toml")).unwrap();
    let url = defaults.lines().find_map(|line| line.strip_prefix("url = \"sqlite://")).unwrap();
    assert!(!url.starts_with('/'), "{url}");
    assert_eq!(unit()["WorkingDirectory"], ["/var/lib/switchboard"]);
    assert_eq!(unit()["StateDirectory"], ["switchboard"]);
    let folder = ["/var/lib/switchboard"];
    assert_eq!(instructions("WORKDIR").last().unwrap().1, folder);
    assert_eq!(instructions("VOLUME").last().unwrap().1, folder);
}

#[test]
fn the_same_rust_is_asked_for_everywhere() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let manifest = read("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    let version = version.trim_matches('"');
    assert!(read("README.md").contains(&format!("Rust {version} or newer")));
    assert!(instructions("FROM")[0].1[0].starts_with(&format!("rust:{version}-")));
}
