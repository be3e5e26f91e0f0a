//! The image, without a container: none is run here, and the image is not built.
//!
//! Its build command is run in a folder that holds what the image copies and
//! nothing else, without optimization, which takes most of the time of a release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packaging::{instructions, root};

/// Puts what the build stage copies, and nothing else, into a folder.
fn copy_for_the_build(folder: &Path) {
    let ignored = fs::read_to_string(root().join(".dockerignore")).unwrap();
    let ignored: Vec<&str> = ignored.lines().collect();
    assert_eq!(ignored[0], "*", "what is not named stays out");
    for (_, words) in instructions("COPY").iter().filter(|(stage, _)| *stage == 1) {
        let (to, from) = words.split_last().unwrap();
        for from in from {
            assert!(ignored.contains(&format!("!{from}").as_str()), "{from} is left out by .dockerignore");
            let target = if to.ends_with('/') { folder.join(to).join(from) } else { folder.join(to) };
            copy(&root().join(from), &target);
        }
    }
}

#[test]
fn what_the_image_copies_is_there_and_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    copy_for_the_build(folder.path());

    // Cargo reads every manifest and says whether each target's source is there and the lock file is whole.
    let output = Command::new(cargo())
        .args(["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", &host()])
        .current_dir(folder.path())
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours = packages.iter().find(|package| package["name"] == "switchboard").unwrap();
    let targets = ours["targets"].as_array().unwrap();
    let binary = targets.iter().find(|target| target["name"] == "switchboard" && target["kind"][0] == "bin");
    let source = binary.expect("the binary that is built")["src_path"].as_str().unwrap();
    assert!(Path::new(source).exists(), "{source}");
    let (_, copied) = instructions("COPY").into_iter().find(|(stage, _)| *stage == 2).unwrap();
    assert_eq!(copied[1], "/src/target/release/switchboard");

    // What is compiled in lies among what was copied, too.
    for source in included(&folder.path().join("src")) {
        assert!(source.exists(), "{} is compiled in and not copied", source.display());
    }
}

#[test]
fn the_images_build_command_works_on_what_is_copied() {
    let commands = instructions("RUN");
    let (_, build) = commands.iter().find(|(_, words)| words[0] == "cargo").expect("a build");
    assert_eq!(build.join(" "), "cargo build --release --locked --bin switchboard");

    // Always the same folders, the one for sources emptied: cargo keeps what it made for each place for ever.
    let built = Path::new(env!("CARGO_BIN_EXE_switchboard")).ancestors().nth(2).unwrap();
    let (folder, target) = (built.join("image/src"), built.join("image/target"));
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    copy_for_the_build(&folder);
    // Nobody has to wait for this.
    let mut command = Command::new("nice");
    for name in variables_about_our_package() {
        command.env_remove(name);
    }
    let output = command
        .args(["-n", "19", cargo()])
        .args(&build[1..])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_INCREMENTAL", "0")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // It lies where the image takes it from, and runs.
    let (_, copied) = instructions("COPY").into_iter().find(|(stage, _)| *stage == 2).unwrap();
    let binary = target.join(copied[1].strip_prefix("/src/target/").unwrap());
    let output = Command::new(&binary).arg("--version").output().unwrap();
    let version = format!("switchboard {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), version);
}

/// What cargo tells a test of its package: it would have build scripts run anew,
/// there and then here.
#[expect(clippy::disallowed_methods, reason = "the environment of a child is cleared of what is there")]
fn variables_about_our_package() -> Vec<String> {
    let of_the_user = ["CARGO_HOME", "CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_NET_", "CARGO_TARGET_"];
    let is_cargos = |name: &String| name.starts_with("CARGO");
    let is_users = |name: &String| of_the_user.iter().any(|start| name.starts_with(start));
    std::env::vars().map(|(name, _)| name).filter(|name| is_cargos(name) && !is_users(name)).collect()
}

fn cargo() -> &'static str {
    option_env!("CARGO").unwrap_or("cargo")
}

/// The platform we are on; the packages of others need not be here.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// The files that sources name by `include_str!`.
fn included(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(included(&path));
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let program = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            let names = program.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(names.map(|name| folder.join(name)));
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        return;
    }
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

#[test]
fn the_image_runs_as_nobody_and_looks_after_itself() {
    assert_eq!(instructions("USER").last().unwrap().1, ["65532:65532"]);
    let health = instructions("HEALTHCHECK").remove(0).1.join(" ");
    assert!(health.ends_with(r#"CMD ["switchboard", "health"]"#), "no shell is needed: {health}");
    assert_eq!(instructions("ENTRYPOINT")[0].1, [r#"["switchboard"]"#]);
    assert_eq!(instructions("CMD")[0].1, [r#"["serve"]"#]);
}
