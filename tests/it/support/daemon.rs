//! The real program beside a test: started, watched, killed, started again.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use super::database::{Engine, Own};
use super::observed::{Observed, PATIENCE};
use super::program::program;

/// What a program is started with; cheap to change and to start again.
#[derive(Debug, Clone)]
pub struct Setup {
    home: Arc<TempDir>,
    toml: String,
    environment: Vec<(String, String)>,
    /// A database on a server; without it, there is the file that the program makes.
    database: Option<Own>,
    /// How large a file may become, in bytes.
    room: Option<u64>,
}

impl Setup {
    /// An empty directory, an empty database on the engine of this run, any free
    /// port for health, and nothing else.
    pub fn new() -> Self {
        let setup = Self::with_file();
        if Engine::chosen() == Engine::Sqlite {
            return setup;
        }
        let database = Own::new();
        // Whoever starts after a crash waits for the lease of who crashed.
        let setup = setup
            .env("SWITCHBOARD__DATABASE__URL", &database.url())
            .env("SWITCHBOARD__DATABASE__LEASE_SECONDS", "2");
        Self { database: Some(database), ..setup }
    }

    /// With the embedded database, whichever engine this run has.
    pub fn with_file() -> Self {
        let home = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        let toml = "[admin]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n".to_owned();
        Self { home, toml, environment: Vec::new(), database: None, room: None }
    }

    /// The URL of its database.
    pub fn database_url(&self) -> String {
        let file = || format!("sqlite://{}", self.home().join("data/switchboard.db").display());
        self.database.as_ref().map_or_else(file, Own::url)
    }

    /// Adds settings; a section may come once.
    #[must_use]
    pub fn with(mut self, toml: &str) -> Self {
        writeln!(self.toml, "{toml}").unwrap();
        self
    }

    /// Nothing listens for whoever asks how it is.
    #[must_use]
    pub fn without_health(mut self) -> Self {
        self.toml = self.toml.replace("127.0.0.1:0", "");
        self
    }

    /// Everybody may talk.
    #[must_use]
    pub fn open(self) -> Self {
        self.with("[access]\ndirect = \"open\"\ngroups = \"open\"")
    }

    /// Sets a variable of the environment, which is empty otherwise.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets no file become larger than this, which is to the program as if its disk were full.
    #[must_use]
    pub fn with_room_for(self, bytes: u64) -> Self {
        Self { room: Some(bytes), ..self }
    }

    /// The directory it runs in; an embedded database is `data/switchboard.db`.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The program, about to be started with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        let file = self.home().join("switchboard.toml");
        std::fs::write(&file, &self.toml).unwrap();
        let mut command = Command::new(program());
        if let Some(room) = self.room {
            // Unless the signal is ignored, it ends who writes beyond the limit.
            let limited = format!("trap '' XFSZ; exec prlimit --fsize={room}: \"$@\"");
            command = Command::new("sh");
            command.args(["-c", &limited, "sh"]).arg(program());
        }
        command.arg("--config").arg(file).args(words).current_dir(self.home()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end: status, standard output, standard error.
    pub async fn run(&self, words: &[&str]) -> (ExitStatus, String, String) {
        let output = timeout(PATIENCE, self.command(words).output()).await;
        let output = output.expect("a command that ends").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status, text(output.stdout), text(output.stderr))
    }

    /// Starts the daemon.
    pub fn serve(&self) -> Daemon {
        let mut child = self.command(&["serve"]).spawn().expect("the program is built");
        let log = Observed::new(Vec::new());
        let open = watch::Sender::new(2);
        follow(child.stderr.take().unwrap(), log.clone(), open.clone());
        follow(child.stdout.take().unwrap(), log.clone(), open.clone());
        Daemon { child, log, open }
    }
}

/// A running program.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: Observed<Vec<String>>,
    /// How many of its two outputs are open.
    open: watch::Sender<usize>,
}

impl Daemon {
    /// What it has printed so far, line by line.
    pub fn log(&self) -> Vec<String> {
        self.log.read(Vec::clone)
    }

    /// Waits for a line with these words in it.
    pub async fn wait_for_log(&self, words: &str) -> String {
        let found = self.log.wait_for(|lines| lines.iter().find(|line| line.contains(words)).cloned());
        found.await.unwrap_or_else(|| panic!("no line with `{words}` in\n{}", self.log().join("\n")))
    }

    /// Waits until so many lines have these words in them.
    pub async fn wait_for_logs(&self, words: &str, count: usize) {
        let enough = |lines: &mut Vec<String>| {
            (lines.iter().filter(|line| line.contains(words)).count() >= count).then_some(())
        };
        let found = self.log.wait_for(enough).await;
        found.unwrap_or_else(|| panic!("not {count} lines with `{words}` in\n{}", self.log().join("\n")));
    }

    /// Where its health and metrics are.
    pub async fn admin_url(&self) -> String {
        let line = self.wait_for_log("health and metrics are on").await;
        let fields: Value = serde_json::from_str(&line).unwrap();
        format!("http://{}", fields["address"].as_str().unwrap())
    }

    /// Ends it like a crash, in the middle of whatever it does.
    pub async fn crash(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().expect("a running program").to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(sent.success(), "could not send {name}");
    }

    /// Changes how large a file may become from now on.
    pub fn has_room_for(&self, bytes: &str) {
        let id = self.child.id().expect("a running program").to_string();
        let limit = ["--pid", &id, &format!("--fsize={bytes}:")];
        let limited = std::process::Command::new("prlimit").args(limit).status().unwrap();
        assert!(limited.success(), "could not limit the files to {bytes} bytes");
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it does not end:\n{}", self.log().join("\n"))).unwrap()
    }

    /// Waits, without a limit, until it says nothing any more, because it has ended.
    pub async fn is_gone(&self) {
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open == 0).await.expect("the daemon outlives those who wait for it");
    }

    /// Asks it to end, and expects that it does so well.
    pub async fn stop(mut self) -> Vec<String> {
        assert!(self.child.try_wait().unwrap().is_none(), "it ended before:\n{}", self.log().join("\n"));
        self.signal("TERM");
        let status = self.ended().await;
        assert!(status.success(), "it ended with {status}:\n{}", self.log().join("\n"));
        self.log()
    }
}

fn follow(
    stream: impl AsyncRead + Unpin + Send + 'static,
    log: Observed<Vec<String>>,
    open: watch::Sender<usize>,
) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            log.update(|log| log.push(line));
        }
        open.send_modify(|open| *open -= 1);
    });
}
