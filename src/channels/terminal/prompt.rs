//! Where typed text comes from.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Completer, Config, Editor, Helper, Highlighter, Hinter};
use tokio::sync::{mpsc, oneshot};

/// What a person sees when it is their turn.
const PROMPT: &str = "you> ";

/// How many lines are remembered between runs.
const HISTORY: usize = 1_000;

/// How long a piped message may be, in bytes.
const PIPED: u64 = 4 << 20;

/// A source of messages, one after another.
#[async_trait]
pub trait Lines: Send + Sync {
    /// The next message; nothing when there are no more.
    async fn next(&self) -> io::Result<Option<String>>;

    /// Whether an interrupt ends it while nothing is being answered.
    fn ends_by_interrupt(&self) -> bool;
}

/// The whole of standard input, as one message.
#[derive(Debug, Default)]
pub struct Once {
    is_read: Mutex<bool>,
}

#[async_trait]
impl Lines for Once {
    async fn next(&self) -> io::Result<Option<String>> {
        if std::mem::replace(&mut *self.is_read.lock().unwrap_or_else(PoisonError::into_inner), true) {
            return Ok(None);
        }
        let (answer, text) = oneshot::channel();
        // Reading blocks, and the end of the program must not wait for it.
        std::thread::Builder::new().name("input".to_owned()).spawn(move || answer.send(read_all()))?;
        text.await.map_err(io::Error::other)?
    }

    fn ends_by_interrupt(&self) -> bool {
        // Nothing has been said, so there is nothing to stop but the waiting.
        true
    }
}

fn read_all() -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(PIPED + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > PIPED {
        return Err(io::Error::other(format!("a message may have at most {PIPED} bytes")));
    }
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    Ok((!text.is_empty()).then_some(text))
}

/// A prompt with history. A line that ends in `\` goes on in the next one, and
/// so does everything from an opened code fence to its end.
///
/// The prompt blocks a thread of its own, which the end of the program ends.
pub struct Prompt {
    requests: mpsc::Sender<oneshot::Sender<io::Result<Option<String>>>>,
}

impl Prompt {
    /// Prepares the prompt; earlier lines come from `history`.
    pub fn start(history: PathBuf) -> io::Result<Self> {
        let (requests, mut queue) = mpsc::channel::<oneshot::Sender<_>>(1);
        let config = Config::builder().max_history_size(HISTORY).map_err(io::Error::other)?.build();
        let mut editor: Editor<Several, FileHistory> =
            Editor::with_config(config).map_err(io::Error::other)?;
        editor.set_helper(Some(Several));
        // There is none before the first run.
        let _ = editor.load_history(&history);
        std::thread::Builder::new().name("prompt".to_owned()).spawn(move || {
            while let Some(answer) = queue.blocking_recv() {
                let line = read(&mut editor);
                // A history that cannot be written is no reason to stop talking.
                let _ = editor.save_history(&history);
                if answer.send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { requests })
    }
}

#[async_trait]
impl Lines for Prompt {
    async fn next(&self) -> io::Result<Option<String>> {
        let (answer, line) = oneshot::channel();
        let gone = || io::Error::other("the prompt has ended");
        self.requests.send(answer).await.map_err(|_| gone())?;
        line.await.map_err(|_| gone())?
    }

    fn ends_by_interrupt(&self) -> bool {
        false
    }
}

fn read(editor: &mut Editor<Several, FileHistory>) -> io::Result<Option<String>> {
    loop {
        match editor.readline(PROMPT) {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                // Worth repeating or not, the line has been said.
                let _ = editor.add_history_entry(&line);
                return Ok(Some(line.replace("\\\n", "\n").trim().to_owned()));
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(None),
            Err(error) => return Err(io::Error::other(error)),
        }
    }
}

/// Lets a message have several lines.
#[derive(Completer, Helper, Highlighter, Hinter)]
struct Several;

impl Validator for Several {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let is_open = goes_on(context.input());
        Ok(if is_open { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

fn goes_on(text: &str) -> bool {
    let fences = text.lines().filter(|line| line.trim_start().starts_with("```")).count();
    text.ends_with('\\') || fences % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::goes_on;

    #[test]
    fn a_message_ends_when_nothing_is_open() {
        let table = [
            ("hello", false),
            ("hello \\", true),
            ("hello \\\nworld", false),
            ("look:\n```rust\nfn f() {}", true),
            ("look:\n```rust\nfn f() {}\n```", false),
        ];
        for (text, expected) in table {
            assert_eq!(goes_on(text), expected, "{text:?}");
        }
    }
}
