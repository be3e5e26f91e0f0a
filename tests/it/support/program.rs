//! The real program, in a directory and an environment of its own.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::database::{Engine, Own};
use super::models::Models;
use super::observed::Observed;

/// A directory in which the program runs.
pub struct Home {
    folder: TempDir,
    /// A database on a server; without it, there is the file that the program makes.
    database: Option<Own>,
}

/// What a finished run has left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none when a signal has ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Home {
    /// With the embedded database.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: None }
    }

    /// With a database on the engine of this run.
    pub fn on_chosen_engine() -> Self {
        let database = (Engine::chosen() == Engine::Postgres).then(Own::new);
        Self { database, ..Self::new() }
    }

    /// A home whose program asks this model, and waits for nothing when it stops.
    pub fn with_model(models: &Models) -> Self {
        let home = Self::new();
        home.write(
            "switchboard.toml",
            &format!(
                "[model.providers.main]\nbase_url = \"{}\"\napi_key = \"{}\"\nmodel = \"gpt-4o-mini\"\n\
                 models = [\"gpt-4o\"]\nretries = 0\n\
                 [shutdown]\ndrain_seconds = 0\n",
                models.base_url(),
                models.key()
            ),
        );
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The database, where it is unless told otherwise.
    pub fn database(&self) -> PathBuf {
        self.path("data/switchboard.db")
    }

    /// The URL of its database.
    pub fn database_url(&self) -> String {
        let file = || format!("sqlite://{}", self.database().display());
        self.database.as_ref().map_or_else(file, Own::url)
    }

    /// The program, with nothing in its environment but what it cannot do without.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).env_clear().env("USER", "ann");
        if let Some(database) = &self.database {
            command.env("SWITCHBOARD__DATABASE__URL", database.url());
        }
        let settings = self.path("switchboard.toml");
        if settings.exists() {
            command.arg("--config").arg(settings);
        }
        command.args(arguments);
        command
    }

    /// Starts the program; its input is open.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::of(self.command(arguments))
    }

    /// Says something by pipe, and waits for the end.
    pub async fn pipe(&self, input: impl AsRef<[u8]>) -> Ran {
        self.says(input).end().await
    }

    /// Says something by pipe.
    pub fn says(&self, input: impl AsRef<[u8]>) -> Running {
        let mut running = self.start(&["chat"]);
        running.hears(input.as_ref());
        running
    }

    /// Runs a command without input to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.start(arguments).end().await
    }
}

/// The program that these tests are about; only tests and benchmarks are told where it is.
pub fn program() -> &'static Path {
    let path = option_env!("CARGO_BIN_EXE_switchboard");
    Path::new(path.unwrap_or_else(|| panic!("this is no test or benchmark")))
}

/// A program at work; it is killed when this is dropped.
pub struct Running {
    pid: Pid,
    input: Option<std::process::ChildStdin>,
    seen: Observed<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    out: Vec<u8>,
    err: Vec<u8>,
    open: usize,
    /// The exit code, once it has ended.
    code: Option<Option<i32>>,
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
        self.seen.read(|seen| String::from_utf8_lossy(&seen.out).into_owned())
    }

    /// Waits until it has printed a text.
    pub async fn prints(&self, text: &str) {
        let found = self.seen.wait_for(|seen| contains(&seen.out, text).then_some(())).await;
        assert!(
            found.is_some(),
            "`{text}` should be printed: {:?}",
            self.seen.read(|seen| format!("{seen:?}"))
        );
    }

    /// Whether it has a handler for a signal yet, as the kernel tells.
    pub fn listens_to(&self, signal: Signal) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
        u64::from_str_radix(caught.trim(), 16).unwrap() >> (signal as u64 - 1) & 1 == 1
    }

    /// Sends a signal, unless it has ended.
    pub fn signal(&self, signal: Signal) {
        // Until its end has been seen, nobody else can have this id.
        self.seen.read(|seen| seen.code.is_none().then(|| kill(self.pid, signal)));
    }

    pub fn has_ended(&self) -> bool {
        self.seen.read(|seen| seen.code.is_some())
    }

    /// Waits for its end.
    pub async fn end(mut self) -> Ran {
        self.input = None;
        self.ending().await
    }

    /// Waits for its end, with its input left open.
    pub async fn ending(&self) -> Ran {
        let ended = self.seen.wait_for(|seen| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let code = seen.code.filter(|_| seen.open == 0)?;
            Some(Ran { code, out: text(&seen.out), err: text(&seen.err) })
        });
        let ended = ended.await;
        ended.unwrap_or_else(|| {
            panic!("the program should end: {}", self.seen.read(|seen| format!("{seen:?}")))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len().max(1)).any(|window| window == text.as_bytes())
}

fn keep(mut pipe: impl Read + Send + 'static, seen: &Observed<Seen>, place: fn(&mut Seen) -> &mut Vec<u8>) {
    let seen = seen.clone();
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read) = pipe.read(&mut buffer)
            && read > 0
        {
            seen.update(|seen| place(seen).extend_from_slice(&buffer[..read]));
        }
        seen.update(|seen| seen.open -= 1);
    });
}

fn watch(mut child: Child, seen: Observed<Seen>) {
    thread::spawn(move || {
        let status = child.wait().unwrap();
        seen.update(|seen| seen.code = Some(status.code()));
    });
}
