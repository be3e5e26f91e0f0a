//! What brings the daemon to a machine: the systemd unit and the image.
//!
//! No container is run here, and the image is not built. Its build command is run
//! in a folder that holds what the image copies and nothing else, as `cargo check`
//! instead of `cargo build --release`: that reads and checks every source, and
//! leaves out what takes minutes, which is to generate and to link the code.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::operation::get;
use crate::support::database::Beside;
use crate::support::program::Running;
use crate::support::secrets;
use crate::support::server::{Reply, Server};
use crate::support::stage::Stage;

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

#[tokio::test]
async fn the_units_command_is_one_of_ours() {
    let start = unit()["ExecStart"][0].clone();
    let mut words = start.split_whitespace();
    assert_eq!(words.next(), Some("/usr/local/bin/switchboard"));
    // `--help` behind them parses the words and runs nothing.
    let output = Command::new(env!("CARGO_BIN_EXE_switchboard")).args(words).arg("--help").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("The daemon"), "{output:?}");
    let unknown = Command::new(env!("CARGO_BIN_EXE_switchboard")).args(["serv", "--help"]).output().unwrap();
    assert!(!unknown.status.success());
}

/// A supervisor's ear; it waits for twenty seconds at most.
struct Supervisor(UnixDatagram);

impl Supervisor {
    /// Listens, and starts a daemon that has to tell something three times in 0.3 s.
    fn starts(stage: &Stage) -> (Self, Running) {
        let path = stage.setup.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let told = stage.setup.clone().env("NOTIFY_SOCKET", path.to_str().unwrap());
        (Self(socket), told.env("WATCHDOG_USEC", "300000").serve())
    }

    /// Waits for a word; returns all that it heard until then.
    async fn hears(&self, word: &'static str) -> Vec<String> {
        let socket = self.0.try_clone().unwrap();
        let hearing = tokio::task::spawn_blocking(move || {
            let mut heard = Vec::new();
            loop {
                let mut buffer = [0; 256];
                let length = socket
                    .recv(&mut buffer)
                    .unwrap_or_else(|error| panic!("no {word}, only {heard:?}: {error}"));
                let told = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let is_it = told.lines().any(|line| line == word);
                heard.push(told);
                if is_it {
                    return heard;
                }
            }
        });
        hearing.await.unwrap()
    }

    /// How much has been said that nobody has heard yet.
    fn unheard(&self) -> usize {
        self.0.set_nonblocking(true).unwrap();
        let count = std::iter::from_fn(|| self.0.recv(&mut [0; 256]).ok()).count();
        self.0.set_nonblocking(false).unwrap();
        count
    }
}

#[tokio::test]
async fn a_supervisor_hears_that_we_are_ready_alive_and_stopping() {
    let stage = Stage::new().await;
    let (supervisor, bot) = Supervisor::starts(&stage);
    let heard = supervisor.hears("READY=1").await;
    assert_eq!(heard.len(), 1, "the first word is that we are ready: {heard:?}");
    supervisor.hears("WATCHDOG=1").await;
    let heard = supervisor.hears("WATCHDOG=1").await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    bot.signal(Signal::SIGTERM);
    supervisor.hears("STOPPING=1").await;
    assert!(bot.ended().await.success());
}

#[tokio::test]
async fn a_supervisor_hears_that_we_are_ready_when_the_first_channel_listens() {
    let silent = Server::start(async |_| Reply::Hang).await;
    let stage = Stage::new().await.set("CHANNELS__DISCORD__API_BASE", &silent.url());
    let stage = stage.set("CHANNELS__DISCORD__TOKEN", "a.b.c");
    let before = Instant::now();
    let (supervisor, bot) = Supervisor::starts(&stage);
    supervisor.hears("READY=1").await;
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    bot.stop().await;

    let stage = Stage::new().await.set("CHANNELS__TELEGRAM__API_BASE", &silent.url());
    let (supervisor, bot) = Supervisor::starts(&stage);
    let admin = bot.admin_url().await;
    assert_eq!(get(&format!("{admin}/livez")).await.0, 200);
    assert_eq!(get(&format!("{admin}/readyz")).await.0, 503);
    assert_eq!(supervisor.unheard(), 0, "nobody listens yet");
    bot.stop().await;
}

#[tokio::test]
async fn a_supervisor_hears_nothing_while_nothing_can_be_written() {
    let stage = Stage::new().await;
    let (supervisor, bot) = Supervisor::starts(&stage);
    supervisor.hears("WATCHDOG=1").await;
    let beside = Beside::open(&stage.setup.database_url()).await;
    beside.run("BEGIN IMMEDIATE").await;
    let words = "does not turn any more";
    bot.wait_for_log(words).await;
    supervisor.unheard();
    let misses = bot.log().iter().filter(|line| line.contains(words)).count();
    bot.wait_for_logs(words, misses + 2).await;
    assert_eq!(supervisor.unheard(), 0);
    beside.run("ROLLBACK").await;
    supervisor.hears("WATCHDOG=1").await;
    beside.close().await;
    bot.stop().await;
}

#[test]
fn the_unit_restarts_what_can_be_helped_and_gives_time_to_stop() {
    let unit = unit();
    let only = |key: &str| unit[key].join(" ");
    assert_eq!((only("Type").as_str(), only("NotifyAccess").as_str()), ("notify", "main"));
    assert_eq!(only("RestartPreventExitStatus"), "78");
    assert_eq!(only("Restart"), "on-failure");
    // A database that comes late, or a message that ends us three times, must not leave us down for good.
    assert_eq!(only("StartLimitIntervalSec"), "0", "systemd gives up");
    assert!(!unit.contains_key("StartLimitBurst"));
    let (first, longest) = (only("RestartSec"), only("RestartMaxDelaySec"));
    let (first, longest) = (first.parse::<u64>().unwrap(), longest.parse::<u64>().unwrap());
    assert!((1..=5).contains(&first) && (first..=60).contains(&longest), "{first} s, {longest} s");
    assert!(only("RestartSteps").parse::<u64>().unwrap() >= 3, "the pause grows little by little");
    let drain = fs::read_to_string(root().join("config/default.toml")).unwrap();
    let drain =
        drain.lines().find_map(|line| line.strip_prefix("drain_seconds = ")).unwrap().parse::<u64>().unwrap();
    assert!(only("TimeoutStopSec").parse::<u64>().unwrap() > drain, "systemd kills before we have stopped");
    assert!(drain < 10, "docker kills before we have stopped, unless told otherwise");
}

#[test]
fn the_unit_brings_every_secret_as_a_credential() {
    let (mut brought, mut secrets) = (unit()["LoadCredential"].clone(), secrets::keys());
    brought.sort();
    secrets.sort();
    assert_eq!(brought, secrets);
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

/// The most that `systemd-analyze security` may call the unit's exposure.
const EXPOSURE: f64 = 1.5;

#[test]
fn the_unit_is_as_closed_as_it_can_be() {
    let file = root().join("systemd/switchboard.service");
    let analyzed = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(&file)
        .output();
    match analyzed {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let level = text
                .lines()
                .find_map(|line| line.split_once("Overall exposure level for switchboard.service: "));
            let level = level.unwrap_or_else(|| panic!("{text}\n{output:?}")).1;
            let level: f64 = level.split_whitespace().next().unwrap().parse().unwrap();
            assert!(level <= EXPOSURE, "{text}");
        }
        // Without the program: the directives that give the score of 1.2 with systemd 252.
        Err(_) => has_what_closes_it(&unit()),
    }
}

fn has_what_closes_it(unit: &BTreeMap<String, Vec<String>>) {
    let closed = [
        "DynamicUser",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "PrivateUsers",
        "PrivateIPC",
        "NoNewPrivileges",
        "ProtectKernelTunables",
        "ProtectKernelModules",
        "ProtectKernelLogs",
        "ProtectControlGroups",
        "ProtectClock",
        "ProtectHostname",
        "RestrictNamespaces",
        "RestrictRealtime",
        "RestrictSUIDSGID",
        "LockPersonality",
        "MemoryDenyWriteExecute",
        "RemoveIPC",
    ];
    for key in closed {
        assert_eq!(unit.get(key), Some(&vec!["yes".to_owned()]), "{key}");
    }
    let others = [
        ("ProtectSystem", "strict"),
        ("ProtectProc", "invisible"),
        ("ProcSubset", "pid"),
        ("CapabilityBoundingSet", ""),
        ("AmbientCapabilities", ""),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("SystemCallArchitectures", "native"),
        ("DevicePolicy", "closed"),
        ("KeyringMode", "private"),
        ("UMask", "0077"),
    ];
    for (key, value) in others {
        assert_eq!(unit.get(key), Some(&vec![value.to_owned()]), "{key}");
    }
    assert_eq!(unit["SystemCallFilter"], ["@system-service", "~@privileged @resources"]);
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

    // Always the same folder, emptied: cargo keeps what it made for each place for ever.
    let built = Path::new(env!("CARGO_BIN_EXE_switchboard")).ancestors().nth(2).unwrap();
    let folder = built.join("image");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    copy_for_the_build(&folder);
    // What the dependencies were checked to before is taken, and nobody has to wait for this.
    let mut command = Command::new("nice");
    for name in variables_about_our_package() {
        command.env_remove(name);
    }
    let output = command
        .args(["-n", "19", cargo(), "check", "--offline", "--jobs", "1"])
        .args(build[2..].iter().filter(|word| *word != "--release"))
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", built)
        .env("CARGO_INCREMENTAL", "0")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
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
