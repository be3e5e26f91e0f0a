//! `switchboard chat`: talks with you at the terminal, or answers what a pipe says.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::{App, ListenError, SystemClock};
use crate::channels::terminal::{Lines, Once, Prompt, Setup, Terminal};
use crate::cli::failure::Failure;
use crate::cli::foundations::{self, Standby};
use crate::config::{LogFormat, Settings};
use crate::domain::texts::Texts;
use crate::http::STANDBY;
use crate::store::make_directory;
use crate::telemetry::{self, Tasks, chain};

/// What the log shows while somebody is talking here, unless told otherwise.
const QUIET: &str = "warn";

/// What shells say of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

pub(super) async fn run(settings: &Settings, environment: &BTreeMap<String, String>) -> Result<u8, Failure> {
    let is_person = stdin().is_terminal() && stdout().is_terminal();
    start_log(settings);
    let tasks = Tasks::default();
    let (busy, at_work) = watch::channel(0);
    let lines: Arc<dyn Lines> =
        if is_person { Arc::new(prompt(settings)?) } else { Arc::new(Once::default()) };
    let person = environment.get("USER").map_or("you", String::as_str).to_owned();
    let clock = Arc::new(SystemClock);
    let texts = Texts::english();
    let terminal = Arc::new(Terminal::new(Setup {
        lines,
        out: Box::new(stdout()),
        // A program takes all that it reads for an answer.
        aside: if is_person { None } else { Some(Box::new(stderr())) },
        person,
        texts: &texts,
        clock,
        busy: at_work,
    }));
    // Until somebody can talk here, a signal ends the program by itself.
    let (never, told) = (CancellationToken::new(), AtomicBool::new(false));
    let says = |_| {
        if !told.swap(true, Ordering::Relaxed) {
            tell_of_another();
        }
    };
    let standby = Standby { shutdown: &never, says: &says };
    let channels = vec![Arc::clone(&terminal) as _];
    let Some(foundations) = foundations::lay(settings, channels, busy, &tasks, standby).await? else {
        return Ok(0);
    };
    greet(settings, &texts, is_person.then(|| foundations.model.name()));
    let app = App::build(foundations, settings);
    drop(app.start().await?);
    let shutdown = end_of_session()?;
    let listened = app.listen(&shutdown, &CancellationToken::new()).await;
    let end_by = app.stop().await;
    drop(app);
    foundations::leave(&tasks, end_by).await;
    match listened {
        Ok(()) if !is_person && terminal.was_interrupted() => Ok(INTERRUPTED),
        Ok(()) => Ok(u8::from(!is_person && terminal.has_unanswered())),
        Err(ListenError::Refused { source, .. } | ListenError::Channel { source, .. }) => {
            Err(Failure::refused(chain(&source).to_string()))
        }
        Err(error @ ListenError::Replaced) => Err(Failure::unavailable(error.to_string())),
    }
}

fn start_log(settings: &Settings) {
    let filter = settings.log.filter.as_str();
    let filter = if filter == "info" { QUIET } else { filter };
    // What a person at a prompt sees should be readable, wherever it goes.
    telemetry::init(filter, Some(settings.log.format == LogFormat::Json));
}

fn prompt(settings: &Settings) -> Result<Prompt, Failure> {
    let url = settings.database.url.expose_secret();
    // What is no file must not become a directory.
    let database = PathBuf::from(url.strip_prefix("sqlite://").unwrap_or_default());
    let directory = database.parent().unwrap_or(Path::new("."));
    let history = directory.join("chat_history");
    let unable =
        |error| Failure::unavailable(format!("cannot use the directory `{}`: {error}", directory.display()));
    make_directory(directory).map_err(unable)?;
    Prompt::start(history).map_err(unable)
}

#[expect(clippy::print_stderr, reason = "standard output is for answers only")]
fn tell_of_another() {
    eprintln!("{STANDBY}");
}

#[expect(clippy::print_stderr, reason = "standard output is for answers only")]
fn greet(settings: &Settings, texts: &Texts, model: Option<&str>) {
    if let Some(note) = &settings.note {
        eprintln!("{note}");
    }
    if let Some(model) = model {
        eprintln!("{}", texts.around("terminal-greeting", &[("model", model)]));
        eprintln!("{}\n", texts.get("terminal-lines"));
    }
}

/// Fires when the program is told to end; a second time ends it at once.
fn end_of_session() -> Result<CancellationToken, Failure> {
    let shutdown = CancellationToken::new();
    let told = shutdown.clone();
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| Failure::other(&error))?;
    let mut hung_up = signal(SignalKind::hangup()).map_err(|error| Failure::other(&error))?;
    Tasks::default().spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminated.recv() => SignalKind::terminate(),
                _ = hung_up.recv() => SignalKind::hangup(),
            }
        };
        next().await;
        told.cancel();
        // What shells say of a program that a signal has ended.
        std::process::exit(128 + next().await.as_raw_value());
    });
    Ok(shutdown)
}
