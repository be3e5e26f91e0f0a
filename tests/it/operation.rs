//! What an operator has to do with: health, metrics, the log, stopping.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::database::{Beside, Engine};
use crate::support::discord::Discord;
use crate::support::models::{Answer, Gate};
use crate::support::observed::PATIENCE;
use crate::support::program::allowed_cores;
use crate::support::stage::Stage;
use crate::support::telegram::Fault;

/// A label, and all that it may say.
type Label = (&'static str, &'static [&'static str]);

/// Every metric, with the labels it may have and what they may say.
const METRICS: [(&str, &[Label]); 11] = [
    ("switchboard_messages_accepted_total", &[("platform", PLATFORMS)]),
    ("switchboard_messages_quarantined_total", &[("platform", PLATFORMS)]),
    ("switchboard_changes_ended_total", &[("platform", PLATFORMS), ("outcome", CHANGES)]),
    (
        "switchboard_feedback_given_total",
        &[("platform", PLATFORMS), ("thumb", THUMBS), ("outcome", &["given", "taken_back"])],
    ),
    ("switchboard_addresses_closed_total", &[("platform", PLATFORMS), ("reason", CLOSED)]),
    ("switchboard_turns_ended_total", &[("platform", PLATFORMS), ("outcome", OUTCOMES)]),
    ("switchboard_turns_running", &[]),
    ("switchboard_answers_finished_seconds", &[("platform", PLATFORMS), ("quantile", QUANTILES)]),
    ("switchboard_answers_begun_seconds", &[("platform", PLATFORMS), ("quantile", QUANTILES)]),
    ("switchboard_models_failed_total", &[("reason", REASONS)]),
    ("switchboard_posts_written_total", &[("platform", PLATFORMS), ("result", &["ok", "failed"])]),
];
/// Those of the database, by engine.
const ON_SQLITE: &[(&str, &[Label])] = &[("switchboard_database_writes_waiting", &[])];
const ON_POSTGRES: &[(&str, &[Label])] = &[
    ("switchboard_database_connections", &[("state", &["busy", "idle"])]),
    ("switchboard_database_acquired_seconds", &[("quantile", QUANTILES)]),
];
const PLATFORMS: &[&str] = &["discord", "telegram", "slack", "terminal"];
const QUANTILES: &[&str] = &["0", "0.5", "0.9", "0.95", "0.99", "0.999", "1"];
const OUTCOMES: &[&str] = &[
    "answered",
    "failed",
    "refused_not_admitted",
    "refused_nothing_readable",
    "refused_too_long",
    "silent_not_addressed",
    "silent_blocked",
    "silent_told_already",
    "silent_space_not_admitted",
    "silent_already_answered",
    "silent_answered_anew",
];
const THUMBS: &[&str] = &["up", "down"];
const CHANGES: &[&str] = &["replaced", "taken_back", "heard", "noted", "late", "outdated", "unknown"];
const CLOSED: &[&str] = &["blocked", "removed", "restricted", "archived", "deleted"];
const REASONS: &[&str] =
    &["rate_limited", "quota_gone", "unauthorized", "unavailable", "cut", "nonsense", "rejected"];

pub(crate) async fn get(url: &str) -> (u16, String) {
    switchboard::model::install_crypto();
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Asks until the answer has this status.
pub(crate) async fn until(url: &str, status: u16) -> Value {
    let before = Instant::now();
    loop {
        let (is, text) = get(url).await;
        if is == status {
            return serde_json::from_str(&text).unwrap();
        }
        assert!(before.elapsed() < PATIENCE, "{url} stays {is}: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn readiness_follows_the_channels_and_the_database() {
    let discord = Discord::start().await;
    let stage = Stage::new().await.set("CHANNELS__DISCORD__API_BASE", &discord.url());
    let setup = stage.setup.clone().env("SWITCHBOARD__CHANNELS__DISCORD__TOKEN", &discord.token());
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let setup = setup.env("SWITCHBOARD__ADMIN__LISTEN", &address.to_string());
    let health = async || {
        let ran = setup.run(&["health"]).await;
        (ran.code.unwrap(), ran.out)
    };
    assert_eq!(health().await.0, 69, "nobody is there");

    discord.goes_down();
    stage.platform.fault("getUpdates", 1_000, Fault::Status(502));
    let bot = setup.serve();
    let (admin, ready) = (bot.admin_url().await, format!("{}/readyz", bot.admin_url().await));
    // Before, the database is being opened.
    bot.wait_for_log("on telegram I am").await;
    let down = until(&ready, 503).await;
    assert_eq!(
        down.to_string(),
        r#"{"channels":{"discord":"down","telegram":"down"},"database":"up","is_ready":false}"#
    );
    assert_eq!(get(&format!("{admin}/livez")).await, (200, "ok\n".to_owned()));
    let (code, out) = health().await;
    assert_eq!((code, out.contains("\"telegram\":\"down\"")), (69, true), "{out}");

    stage.platform.no_more_faults();
    let up = until(&ready, 200).await;
    assert_eq!(up["channels"]["telegram"], "up", "one channel is enough");
    let (code, out) = health().await;
    assert_eq!((code, out.contains("\"is_ready\":true")), (0, true), "{out}");
    discord.comes_back();
    discord.wait_until_connected().await;

    stage.platform.fault("getUpdates", 1_000, Fault::Status(502));
    stage.platform.user(1001, "Alice").says("wake up");
    discord.goes_down();
    until(&ready, 503).await;
    assert_eq!(get(&format!("{admin}/livez")).await.0, 200, "it lives, ready or not");
    assert_eq!(get(&format!("{admin}/anything")).await.0, 404);
    bot.stop().await;
    assert_eq!(health().await.0, 69);
}

#[tokio::test]
async fn a_database_that_is_gone_is_not_ready() {
    let stage = Stage::with_file().await;
    let bot = stage.serve().await;
    let ready = format!("{}/readyz", bot.admin_url().await);
    until(&ready, 200).await;
    let file = stage.setup.database();
    let aside = stage.setup.path("aside.db");

    std::fs::rename(&file, &aside).unwrap();
    let down = until(&ready, 503).await;
    assert_eq!(
        (down["database"].as_str(), down["channels"]["telegram"].as_str()),
        (Some("down"), Some("up"))
    );
    std::fs::write(&file, "").unwrap();
    assert_eq!(get(&ready).await.0, 503, "another file is not ours");
    std::fs::rename(&aside, &file).unwrap();
    until(&ready, 200).await;
    bot.stop().await;
}

#[tokio::test]
async fn a_database_that_cannot_be_written_is_not_ready() {
    let stage = Stage::new().await;
    let bot = stage.serve().await;
    let ready = format!("{}/readyz", bot.admin_url().await);
    until(&ready, 200).await;
    let beside = Beside::open(&stage.setup.database_url()).await;
    // Reading goes on beside it; only the right to write is taken.
    beside.shuts_writers_out().await;
    assert_eq!(until(&ready, 503).await["database"], "down");
    beside.run("ROLLBACK").await;
    until(&ready, 200).await;
    beside.close().await;
    bot.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn with_a_file_all_threads_share_a_core_unless_told_otherwise() {
    for one_core in ["true", "false"] {
        let stage = Stage::new().await.open().set("DATABASE__ONE_CORE", one_core);
        let bot = stage.serve().await;
        stage.platform.user(1001, "Alice").says("hello");
        stage.wait_for(1001, "Certainly.").await;

        let cores = bot.allowed_cores();
        if Engine::chosen() == Engine::Sqlite && one_core == "true" {
            let core = cores.first().expect("it has threads");
            assert!(cores.len() == 1 && core.parse::<u32>().is_ok(), "on {cores:?}");
        } else {
            assert_eq!(cores, allowed_cores("self"));
        }
        stage.ends_well(bot).await;
    }
}

#[tokio::test]
async fn metrics_tell_of_everything_and_of_nobody() {
    let stage = Stage::new().await.open();
    let alice = stage.platform.user(1001, "Alicia");
    let bot = stage.serve().await;
    let admin = bot.admin_url().await;
    let marked = alice.says("a marked question");
    let answer = stage.wait_for(1001, "Certainly.").await;
    bot.wait_for_log("a turn on telegram ended").await;
    alice.reacts(&answer, "👍");
    alice.edits(marked, "a marked mistake");
    stage.models.fault("chat/completions", 1, crate::support::models::Fault::Unauthorized);
    alice.says("another marked question");
    stage.wait_for(1001, "wrong setting").await;
    let broken = r#"{"message_id":9,"date":1,"chat":{"id":1001,"type":"private"},"from":{"id":1001,"first_name":"A"},"text":"\ud800"}"#;
    stage.platform.inject("message", broken);
    bot.wait_for_log("could not read an event").await;
    bot.wait_for_logs("a turn on telegram ended", 3).await;
    alice.blocks_bot();
    bot.wait_for_log("is closed to us").await;
    stage.platform.wait_until_confirmed().await.unwrap();

    // What is logged is counted a moment later.
    let counted = async {
        loop {
            let (status, text) = get(&format!("{admin}/metrics")).await;
            assert_eq!(status, 200);
            if text.contains("switchboard_turns_running 0")
                && text.contains("switchboard_changes_ended_total{")
            {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(PATIENCE, counted).await.expect("everything is counted");
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    let mut seen = BTreeSet::new();
    let of_engine = if Engine::chosen() == Engine::Sqlite { ON_SQLITE } else { ON_POSTGRES };
    let all = METRICS.iter().chain(of_engine);
    for sample in &samples {
        let (series, value) = sample.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let is_it = |known: &str| {
            name == known || ["_sum", "_count", "_bucket"].iter().any(|end| name == format!("{known}{end}"))
        };
        let known = all.clone().find(|(known, _)| is_it(known));
        let (known, allowed) = known.unwrap_or_else(|| panic!("{sample} is of no metric that we know"));
        seen.insert(*known);
        for label in labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
            let (name, value) = label.split_once('=').unwrap();
            let values = allowed.iter().find(|(label, _)| *label == name);
            let (_, values) = values.unwrap_or_else(|| panic!("{sample} has the label {name}"));
            assert!(values.contains(&value.trim_matches('"')), "{sample} says {value} in {name}");
        }
    }
    assert_eq!(seen, all.clone().map(|(name, _)| *name).collect());
    for (name, _) in all {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} is not explained");
    }
    for personal in ["1001", "Alicia", "marked"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn the_log_has_ids_and_never_what_was_said() {
    let stage = Stage::new().await.open().set("LOG__FILTER", "debug");
    stage.models.when_asked("xylophone", "The zeppelin has landed.");
    let alice = stage.platform.user(1001, "Quintessa");
    let bot = stage.serve().await;
    alice.says("Where is my xylophone?");
    stage.wait_for(1001, "zeppelin").await;
    alice.says("/whoami xylophone");
    alice.edits(alice.says("the xylophone again"), "no xylophone");
    bot.wait_for_logs("a turn on telegram ended", 3).await;
    bot.wait_for_log("an edit or a deletion on telegram").await;
    let log = bot.stop().await;
    let is_json = |line: &&String| !line.starts_with("Nobody owns this bot yet.");
    let mut turns = 0;
    for line in log.iter().filter(is_json) {
        let fields: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for field in ["timestamp", "level", "message", "target"] {
            assert!(fields[field].is_string(), "no {field} in {line}");
        }
        if fields["message"].as_str().unwrap().starts_with("a turn on telegram ended") {
            turns += 1;
            for field in ["turn.id", "user.id"] {
                assert!(uuid::Uuid::parse_str(fields[field].as_str().unwrap()).is_ok(), "{line}");
            }
            assert!(fields["duration_ms"].is_u64() && fields["outcome"].is_string(), "{line}");
        }
    }
    assert!(turns >= 3);
    for word in ["xylophone", "zeppelin", "Quintessa"] {
        let line = log.iter().find(|line| line.contains(word));
        assert_eq!(line, None, "the log tells what was said");
    }
}

#[tokio::test]
async fn a_running_answer_is_finished_and_nothing_new_is_taken_in() {
    let stage = Stage::new().await.open();
    let gate = Gate::closed_after(1);
    stage
        .models
        .when_asked("story", Answer::deltas(["Once upon a time", " there was an end."]).behind(&gate));
    let (alice, bob) = (stage.platform.user(1001, "Alice"), stage.platform.user(1002, "Bob"));
    let bot = stage.serve().await;
    alice.says("A story, please.");
    stage.wait_for(1001, "Once upon a time").await;
    bot.signal(Signal::SIGTERM);
    bot.wait_for_log("stopping").await;
    stage.platform.wait_until_nobody_polls().await.unwrap();
    bob.says("Too late?");
    gate.release();
    stage.wait_for(1001, "there was an end.").await;
    assert_eq!(bot.ended().await.code(), Some(0));
    assert_eq!(stage.said(1002), Vec::<String>::new());

    let bot = stage.serve().await;
    stage.wait_for(1002, "Certainly.").await;
    assert_eq!(stage.said(1001), ["Once upon a time there was an end."]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_put_back_and_given_after_the_next_start() {
    let stage = Stage::new().await.open().set("SHUTDOWN__DRAIN_SECONDS", "1");
    let gate = Gate::closed_after(0);
    stage.models.will(Answer::text("Never.").behind(&gate));
    let alice = stage.platform.user(1001, "Alice");
    let bot = stage.serve().await;
    alice.says("Take your time.");
    stage.models.request(1).await;
    let before = Instant::now();
    bot.signal(Signal::SIGTERM);
    assert_eq!(bot.ended().await.code(), Some(0));
    assert!(before.elapsed() < Duration::from_secs(4), "{:?}", before.elapsed());
    bot.wait_for_log("the rest is put back").await;

    let bot = stage.serve().await;
    stage.wait_for(1001, "Certainly.").await;
    assert_eq!(stage.said(1001), ["Certainly."]);
    stage.ends_well(bot).await;
}

#[tokio::test]
async fn a_second_signal_leaves_at_once() {
    for (first, second) in [(Signal::SIGTERM, Signal::SIGTERM), (Signal::SIGINT, Signal::SIGTERM)] {
        let stage = Stage::new().await.open();
        let gate = Gate::closed_after(0);
        stage.models.will(Answer::text("Never.").behind(&gate));
        let alice = stage.platform.user(1001, "Alice");
        let bot = stage.serve().await;
        alice.says("Take your time.");
        stage.models.request(1).await;
        bot.signal(first);
        bot.wait_for_log("stopping").await;
        let before = Instant::now();
        bot.signal(second);
        assert!(!bot.ended().await.success());
        assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());

        gate.release();
        let bot = stage.serve().await;
        stage.wait_for(1001, "Certainly.").await;
        stage.ends_well(bot).await;
    }
}
