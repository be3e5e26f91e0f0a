//! The systemd unit: what it starts, how it goes on, and how closed it is.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::packaging::{root, unit};
use crate::support::secrets;

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
    let longest = Duration::from_secs(drain) + switchboard::app::GRACE;
    let granted = Duration::from_secs(only("TimeoutStopSec").parse().unwrap());
    assert!(granted > longest, "systemd kills before we have stopped");
    assert!(longest < Duration::from_secs(10), "docker kills before we have stopped, unless told otherwise");
}

#[test]
fn the_unit_brings_every_secret_as_a_credential() {
    let (mut brought, mut secrets) = (unit()["LoadCredential"].clone(), secrets::keys());
    brought.sort();
    secrets.sort();
    assert_eq!(brought, secrets);
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
        // Without the program: the directives that give the score of 1.4 with systemd 252.
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
    assert_eq!(unit["SystemCallFilter"], ["@system-service", "~@privileged @resources", "sched_setaffinity"]);
}
