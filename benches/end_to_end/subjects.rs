//! The two programs that are measured, and the stage that both play on.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process;
use crate::support::database::{Engine, Own};
use crate::support::discord::Discord;
use crate::support::models::Models;
use crate::support::slack::Slack;
use crate::support::statements::{Ran, TELLING, ran};
use crate::support::telegram::Telegram;

/// What the model says: a sentence, as short answers are.
const ANSWER: &str =
    "Certainly, that is how it is, and there is no reason to expect that it will be any other way tomorrow.";

/// The budget of a prompt into which as many lines go as the relay shows a model.
const LAST_20: u32 = 380;

/// A program to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Switchboard(Engine),
    /// The same with the embedded database, on all three platforms.
    Everywhere,
    Relay,
}

/// Emulators, and a directory for the program.
pub struct Stage {
    pub telegram: Telegram,
    pub models: Models,
    discord: Discord,
    slack: Slack,
    home: TempDir,
    /// Our database on a server, where it is there.
    on_server: Mutex<Option<Own>>,
}

impl Stage {
    pub async fn new() -> Self {
        let (telegram, models) = (Telegram::start().await, Models::start().await);
        telegram.without_rate_limits();
        models.remembers(16);
        models.answers_with(|_| ANSWER);
        let (discord, slack) = (Discord::start().await.without_rate_limits(), Slack::start().await);
        let (home, on_server) = (tempfile::tempdir().unwrap(), Mutex::default());
        Self { telegram, models, discord, slack, home, on_server }
    }

    /// Fails unless the model was last shown as much of a conversation as the relay shows it.
    pub fn expect_the_last_20(&self) {
        let lines = self.models.requests().last().map_or(0, |request| request.messages.len());
        assert!((18..=22).contains(&lines), "the model was shown {lines} lines");
    }

    /// The URL of our database.
    pub fn database(&self, engine: Engine) -> String {
        match engine {
            Engine::Sqlite => format!("sqlite://{}", self.home.path().join("data/switchboard.db").display()),
            Engine::Postgres => {
                let on_server = self.on_server.lock().unwrap();
                on_server.as_ref().expect("a database on a server").plain_url()
            }
        }
    }

    /// Starts a program on an empty database.
    pub async fn start(&self, subject: Subject) -> Running {
        for name in ["data", "relay.db", "relay.db-wal", "relay.db-shm"] {
            let path = self.home.path().join(name);
            let _ = std::fs::remove_dir_all(&path);
            let _ = std::fs::remove_file(&path);
        }
        if subject == Subject::Switchboard(Engine::Postgres) {
            *self.on_server.lock().unwrap() = Some(Own::new());
        }
        self.start_again(subject).await
    }

    /// Starts a program on the database that it left.
    pub async fn start_again(&self, subject: Subject) -> Running {
        self.spawn(&mut self.command(subject)).await
    }

    /// The statements that a daemon runs while somebody asks something, not for the first time.
    pub async fn told(&self, engine: Engine, asks: impl AsyncFn()) -> Vec<Ran> {
        let path = self.home.path().join("log");
        let log = ["SWITCHBOARD__LOG__FILTER", "SWITCHBOARD__LOG__FORMAT"].into_iter().zip([TELLING, "json"]);
        let mut command = self.command(Subject::Switchboard(engine));
        let mut running = self.spawn(command.envs(log).stderr(File::create(&path).unwrap())).await;
        let mut turns = Vec::new();
        for count in 1..=2 {
            asks().await;
            turns = turns_in(&path, count).await;
        }
        running.end().await;
        ran(turns.last().unwrap().lines())
    }

    async fn spawn(&self, command: &mut Command) -> Running {
        let child = command.spawn().unwrap();
        self.telegram.wait_for_poll().await.expect("the program polls");
        Running { child, telegram: self.telegram.clone() }
    }

    /// How long it takes from nothing to the first poll.
    pub async fn start_to_first_poll(&self, is_fresh: bool) -> Duration {
        if is_fresh {
            let _ = std::fs::remove_dir_all(self.home.path().join("data"));
        }
        let began = Instant::now();
        let mut running = self.start_again(Subject::Switchboard(Engine::Sqlite)).await;
        let took = began.elapsed();
        running.end().await;
        took
    }

    fn command(&self, subject: Subject) -> Command {
        let mut command = match subject {
            Subject::Switchboard(engine) => self.switchboard(engine, ""),
            Subject::Everywhere => self.switchboard(Engine::Sqlite, &self.others()),
            Subject::Relay => self.relay(),
        };
        command.current_dir(self.home.path()).env_clear().stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Settings for the platforms that no message comes from here.
    fn others(&self) -> String {
        format!(
            "[channels.discord]\ntoken = \"{}\"\napi_base = \"{}\"\n\
             [channels.slack]\nbot_token = \"{}\"\napp_token = \"{}\"\napi_base = \"{}\"\n",
            self.discord.token(),
            self.discord.url(),
            self.slack.bot_token(),
            self.slack.app_token(),
            self.slack.api_url(),
        )
    }

    fn switchboard(&self, engine: Engine, further: &str) -> Command {
        let settings = format!(
            "[admin]\nlisten = \"\"\n[log]\nfilter = \"warn\"\n[access]\ndirect = \"open\"\n\
             [channels.telegram]\ntoken = \"{}\"\napi_base = \"{}\"\n[limits]\npace_writes = false\n\
             [model]\nsystem_prompt = \"Be kind.\"\ncontext_tokens = {LAST_20}\n[model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o\"\n[database]\nurl = \"{}\"\n{further}",
            self.telegram.token(),
            self.telegram.url(),
            self.models.base_url(),
            self.models.key(),
            self.database(engine),
        );
        let file = self.home.path().join("bench.toml");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
        command.arg("--config").arg(file).arg("serve");
        command
    }

    fn relay(&self) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("relay").arg(format!("{}/bot{}", self.telegram.url(), self.telegram.token()));
        command.arg(self.models.base_url()).arg(self.models.key());
        command.arg(self.home.path().join("relay.db"));
        command
    }
}

/// A log, cut behind so many turns as have ended in it, once they have.
async fn turns_in(path: &Path, count: usize) -> Vec<String> {
    const TURN_ENDED: &str = "a turn on telegram ended";
    loop {
        let log = std::fs::read_to_string(path).unwrap();
        let turns: Vec<String> = log.split(TURN_ENDED).map(str::to_owned).collect();
        if turns.len() > count {
            return turns.into_iter().take(count).collect();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A program that runs.
pub struct Running {
    child: Child,
    telegram: Telegram,
}

impl Running {
    /// The processor time it has used so far.
    pub fn cpu(&self) -> Duration {
        process::cpu(self.child.id())
    }

    pub fn resident_mib(&self) -> f64 {
        process::memory_mib(self.child.id(), "VmRSS")
    }

    pub fn peak_mib(&self) -> f64 {
        process::memory_mib(self.child.id(), "VmHWM")
    }

    /// Ends it, and waits until nobody polls.
    pub async fn end(&mut self) {
        let id = self.child.id().to_string();
        Command::new("kill").arg("-TERM").arg(id).status().unwrap();
        self.child.wait().unwrap();
        self.telegram.wait_until_nobody_polls().await.expect("the program has ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
