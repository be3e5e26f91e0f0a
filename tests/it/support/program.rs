//! The real program, in a directory and an environment of its own: run to its
//! end, or started beside a test, watched, killed, started again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::database::{Beside, Engine, Own};
use super::observed::Observed;

/// What the program is started with; cheap to change and to start again.
#[derive(Debug, Clone)]
pub struct Setup {
    folder: Arc<TempDir>,
    toml: String,
    environment: Vec<(String, String)>,
    /// A database on a server; without it, there is the file that the program makes.
    database: Option<Own>,
    /// How large a file may become, in bytes.
    room: Option<u64>,
}

/// What a finished run has left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none when a signal has ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Setup {
    /// An empty directory, the embedded database, and no setting at all; nothing is
    /// in the environment but what the program cannot do without.
    pub fn empty() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        let environment = vec![("USER".to_owned(), "ann".to_owned())];
        Self { folder, toml: String::new(), environment, database: None, room: None }
    }

    /// For a daemon beside others: an empty database on the engine of this run, any
    /// free port for health, and a log for programs.
    pub fn new() -> Self {
        Self::bare().for_daemons()
    }

    /// An empty directory, an empty database on the engine of this run, and no other setting.
    pub fn bare() -> Self {
        let setup = Self::empty();
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

    /// The same with the embedded database, whichever engine this run has.
    pub fn with_file() -> Self {
        Self::empty().for_daemons()
    }

    fn for_daemons(self) -> Self {
        self.with("[admin]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"")
    }

    /// Adds settings; a section may come once.
    #[must_use]
    pub fn with(mut self, toml: &str) -> Self {
        writeln!(self.toml, "{toml}").unwrap();
        self
    }

    /// Nothing listens for whoever asks how it is.
    #[must_use]
    pub fn without_health(self) -> Self {
        self.env("SWITCHBOARD__ADMIN__LISTEN", "")
    }

    /// Everybody may talk.
    #[must_use]
    pub fn open(self) -> Self {
        self.with("[access]\ndirect = \"open\"\ngroups = \"open\"")
    }

    /// Sets a variable of the environment, over what the settings say.
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

    /// A place in the directory that it runs in; the directory itself has no name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The embedded database, where it is unless told otherwise.
    pub fn database(&self) -> PathBuf {
        self.path("data/switchboard.db")
    }

    /// The URL of its database.
    pub fn database_url(&self) -> String {
        let file = || format!("sqlite://{}", self.database().display());
        self.database.as_ref().map_or_else(file, Own::url)
    }

    /// A second way into the database.
    pub async fn beside(&self) -> Beside {
        Beside::open(&self.database_url()).await
    }

    /// The program, about to be started with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        if let Some(room) = self.room {
            // Unless the signal is ignored, it ends who writes beyond the limit.
            let limited = format!("trap '' XFSZ; exec prlimit --fsize={room}: \"$@\"");
            command = Command::new("sh");
            command.args(["-c", &limited, "sh"]).arg(program());
        }
        command.current_dir(self.folder.path()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if !self.toml.is_empty() {
            command.arg("--config").arg(self.write("switchboard.toml", &self.toml));
        }
        command.args(words);
        command
    }

    /// Starts the program; its input is open.
    pub fn start(&self, words: &[&str]) -> Running {
        Running::of(self.command(words))
    }

    /// Starts the daemon.
    pub fn serve(&self) -> Running {
        let mut running = self.start(&["serve"]);
        running.hears(b"");
        running
    }

    /// Says something by pipe.
    pub fn says(&self, input: impl AsRef<[u8]>) -> Running {
        let mut running = self.start(&["chat"]);
        running.hears(input.as_ref());
        running
    }

    /// Says something by pipe, and waits for the end.
    pub async fn pipe(&self, input: impl AsRef<[u8]>) -> Ran {
        self.says(input).end().await
    }

    /// Runs a command without input to its end.
    pub async fn run(&self, words: &[&str]) -> Ran {
        self.start(words).end().await
    }
}

/// The program that these tests are about; only tests and benchmarks are told where it is.
pub fn program() -> &'static Path {
    let path = option_env!("CARGO_BIN_EXE_switchboard");
    Path::new(path.unwrap_or_else(|| panic!("this is no test or benchmark")))
}

/// A program at work; it is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    input: Option<ChildStdin>,
    seen: Observed<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    out: Vec<u8>,
    err: Vec<u8>,
    /// The lines of both, as they came.
    log: Vec<String>,
    /// How many of the two are open.
    open: usize,
    /// How it has ended, once it has.
    status: Option<ExitStatus>,
}

impl Running {
    /// Starts a command; all that it says is kept.
    pub fn of(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let pid = Pid::from_raw(child.id().try_into().unwrap());
        let input = child.stdin.take();
        let seen = Observed::new(Seen { open: 2, ..Seen::default() });
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        keep(out, &seen, |seen| &mut seen.out);
        keep(err, &seen, |seen| &mut seen.err);
        watch(child, seen.clone());
        Self { pid, input, seen }
    }

    /// Writes everything to its input and closes that.
    pub fn hears(&mut self, input: &[u8]) {
        let mut pipe = self.input.take().expect("the input is open");
        // The program may have ended without listening.
        pipe.write_all(input).ok();
    }

    /// What it has printed so far.
    pub fn out(&self) -> String {
        self.seen.read(|seen| text(&seen.out))
    }

    /// Waits until it has printed a text.
    pub async fn prints(&self, words: &str) {
        let found = self.seen.wait_for(|seen| text(&seen.out).contains(words).then_some(())).await;
        found.unwrap_or_else(|| panic!("`{words}` should be printed: {:?}\n{}", self.out(), self.told()));
    }

    /// All lines that it has said so far, on both its outputs.
    pub fn log(&self) -> Vec<String> {
        self.seen.read(|seen| seen.log.clone())
    }

    /// Waits for a line with these words in it.
    pub async fn wait_for_log(&self, words: &str) -> String {
        let found = self.seen.wait_for(|seen| seen.log.iter().find(|line| line.contains(words)).cloned());
        found.await.unwrap_or_else(|| panic!("no line with `{words}` in\n{}", self.told()))
    }

    /// Waits until so many lines have these words in them.
    pub async fn wait_for_logs(&self, words: &str, count: usize) {
        let enough = |seen: &mut Seen| {
            (seen.log.iter().filter(|line| line.contains(words)).count() >= count).then_some(())
        };
        let found = self.seen.wait_for(enough).await;
        found.unwrap_or_else(|| panic!("not {count} lines with `{words}` in\n{}", self.told()));
    }

    /// Where its health and metrics are.
    pub async fn admin_url(&self) -> String {
        let line = self.wait_for_log("health and metrics are on").await;
        let fields: Value = serde_json::from_str(&line).unwrap();
        format!("http://{}", fields["address"].as_str().unwrap())
    }

    /// Whether it has a handler for a signal yet, as the kernel tells.
    pub fn listens_to(&self, signal: Signal) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
        u64::from_str_radix(caught.trim(), 16).unwrap() >> (signal as u64 - 1) & 1 == 1
    }

    /// The cores on which its threads may run, as the kernel writes them.
    pub fn allowed_cores(&self) -> BTreeSet<String> {
        allowed_cores(&self.pid.to_string())
    }

    /// Changes how large a file may become from now on.
    pub fn has_room_for(&self, bytes: &str) {
        let limit = ["--pid", &self.pid.to_string(), &format!("--fsize={bytes}:")];
        let limited = Command::new("prlimit").args(limit).status().unwrap();
        assert!(limited.success(), "could not limit the files to {bytes} bytes");
    }

    /// Sends a signal to a program that runs.
    pub fn signal(&self, signal: Signal) {
        assert!(self.try_signal(signal), "it ended before {signal}:\n{}", self.told());
    }

    /// Sends a signal, unless it has ended; tells whether it could.
    pub fn try_signal(&self, signal: Signal) -> bool {
        // Until its end has been seen, nobody else can have this id.
        self.seen.read(|seen| seen.status.is_none() && kill(self.pid, signal).is_ok())
    }

    pub fn has_ended(&self) -> bool {
        self.seen.read(|seen| seen.status.is_some())
    }

    /// Waits until it has ended by itself, and nothing more comes from it.
    pub async fn ended(&self) -> ExitStatus {
        let ended = self.seen.wait_for(|seen| seen.status.filter(|_| seen.open == 0));
        ended.await.unwrap_or_else(|| panic!("it does not end:\n{}", self.told()))
    }

    /// Waits for its end, with its input left open.
    pub async fn ending(&self) -> Ran {
        let code = self.ended().await.code();
        self.seen.read(|seen| Ran { code, out: text(&seen.out), err: text(&seen.err) })
    }

    /// Waits for its end.
    pub async fn end(mut self) -> Ran {
        self.input = None;
        self.ending().await
    }

    /// Waits, without a limit, until it says nothing any more, because it has ended.
    pub async fn is_gone(&self) {
        self.seen.wait(|seen| (seen.open == 0).then_some(())).await;
    }

    /// Ends it like a crash, in the middle of whatever it does.
    pub async fn crash(self) {
        self.signal(Signal::SIGKILL);
        self.ended().await;
    }

    /// Asks it to end, and expects that it does so well.
    pub async fn stop(self) -> Vec<String> {
        self.signal(Signal::SIGTERM);
        let status = self.ended().await;
        assert!(status.success(), "it ended with {status}:\n{}", self.told());
        self.log()
    }

    /// What it has said, for whoever reads why a test failed.
    fn told(&self) -> String {
        self.log().join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.try_signal(Signal::SIGKILL);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn keep(mut pipe: impl Read + Send + 'static, seen: &Observed<Seen>, place: fn(&mut Seen) -> &mut Vec<u8>) {
    let seen = seen.clone();
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        let mut begun = Vec::new();
        while let Ok(read) = pipe.read(&mut buffer)
            && read > 0
        {
            begun.extend_from_slice(&buffer[..read]);
            let lines = take_lines(&mut begun);
            seen.update(|seen| {
                place(seen).extend_from_slice(&buffer[..read]);
                seen.log.extend(lines);
            });
        }
        seen.update(|seen| {
            seen.log.extend((!begun.is_empty()).then(|| text(&begun)));
            seen.open -= 1;
        });
    });
}

/// Takes the lines that are whole, and leaves the one that has only begun.
fn take_lines(begun: &mut Vec<u8>) -> Vec<String> {
    let whole = begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let whole = text(&begun.drain(..whole).collect::<Vec<u8>>());
    whole.lines().map(str::to_owned).collect()
}

fn watch(mut child: Child, seen: Observed<Seen>) {
    thread::spawn(move || {
        let status = child.wait().unwrap();
        seen.update(|seen| seen.status = Some(status));
    });
}

/// The cores on which the threads of a process may run, as the kernel writes them: `0-3`.
pub fn allowed_cores(process: &str) -> BTreeSet<String> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    // One that has ended meanwhile runs nowhere.
    let told = threads.filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok());
    let allowed = told.filter_map(|status| {
        let cores = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        Some(cores.trim().to_owned())
    });
    allowed.collect()
}
