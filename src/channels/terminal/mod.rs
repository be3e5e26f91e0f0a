//! The terminal: one person at a prompt, or one message from a pipe.
//!
//! Answers grow in place as they come; an answer whose beginning changed is
//! printed again. A message that an earlier run left waiting is answered first.
//! What stands in the place of an answer goes beside the answers, where whoever
//! reads them is a program.

mod decode;
mod encode;
mod intake;
mod prompt;

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::channels::{Account, Channel, ChannelError, Inbox, Verdicts};
use crate::domain::texts::Texts;
use crate::domain::{Capabilities, Clock, DeliveryKey, Growth, Part, Platform, PostedId, ReplyTo};

pub use prompt::{Lines, Once, Prompt};

const CAPABILITIES: Capabilities = Capabilities {
    text_limit: usize::MAX,
    length: str::len,
    direct_interval: Duration::from_millis(40),
    group_interval: Duration::from_millis(40),
    writes: None,
    edits: None,
    typing_lasts: Duration::MAX,
    typing_is_a_write: false,
    idempotent_for: Duration::MAX,
    has_one_place_for_a_command: false,
    takes_files: false,
    growth: Growth::Appended,
};

/// What the channel needs.
pub struct Setup<'a> {
    /// What is typed.
    pub lines: Arc<dyn Lines>,
    /// Where answers go.
    pub out: Box<dyn Write + Send>,
    /// Where apologies and refusals go, if not to the answers.
    pub aside: Option<Box<dyn Write + Send>>,
    /// Who sits there.
    pub person: String,
    pub texts: &'a Texts,
    pub clock: Arc<dyn Clock>,
    /// How much is being worked on.
    pub busy: watch::Receiver<usize>,
}

/// The terminal.
pub struct Terminal {
    lines: Arc<dyn Lines>,
    person: String,
    clock: Arc<dyn Clock>,
    /// How much is being worked on; the next prompt waits until it is nothing.
    busy: watch::Receiver<usize>,
    screen: Mutex<Screen>,
}

/// What has been printed.
struct Screen {
    out: Box<dyn Write + Send>,
    aside: Option<Box<dyn Write + Send>>,
    /// Introduces the answer to a message that an earlier run left waiting.
    earlier: String,
    /// Messages that were typed since the program started.
    asked: HashSet<PostedId>,
    /// Those of them that have no whole answer.
    unanswered: HashSet<PostedId>,
    /// Messages that get no answer, but words in its place.
    excused: HashSet<PostedId>,
    /// Whether Ctrl-C has stopped something.
    is_interrupted: bool,
    /// The post that is printed last, and how it reads.
    last: Option<(PostedId, String)>,
}

impl Terminal {
    /// Connects a source of lines and places to print to.
    #[must_use]
    pub fn new(setup: Setup<'_>) -> Self {
        let Setup { lines, out, aside, person, texts, clock, busy } = setup;
        let screen = Screen {
            out,
            aside,
            earlier: texts.get("earlier-answer"),
            asked: HashSet::new(),
            unanswered: HashSet::new(),
            excused: HashSet::new(),
            is_interrupted: false,
            last: None,
        };
        Self { lines, person, clock, busy, screen: Mutex::new(screen) }
    }

    /// Whether something that was typed has not got its whole answer.
    #[must_use]
    pub fn has_unanswered(&self) -> bool {
        self.with_screen(|screen| !screen.unanswered.is_empty())
    }

    /// Whether Ctrl-C was pressed while something was being answered.
    #[must_use]
    pub fn was_interrupted(&self) -> bool {
        self.with_screen(|screen| screen.is_interrupted)
    }

    fn with_screen<R>(&self, change: impl FnOnce(&mut Screen) -> R) -> R {
        change(&mut self.screen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Screen {
    /// Takes note that a message has been typed.
    fn ask(&mut self, id: &PostedId) {
        self.asked.insert(id.clone());
        self.unanswered.insert(id.clone());
    }

    /// Takes note that Ctrl-C was pressed, which is said to us as this message. Nobody
    /// has typed it, so what we say to it is no answer.
    fn interrupt(&mut self, id: &PostedId) {
        self.ask(id);
        self.excused.insert(id.clone());
        self.is_interrupted = true;
    }

    fn begin(&mut self, id: PostedId, text: String, to: &ReplyTo) -> io::Result<()> {
        self.end_line()?;
        if let Some(aside) = self.aside.as_mut()
            && to.message.as_ref().is_some_and(|message| self.excused.contains(message))
        {
            return print(aside, &format!("{text}\n"));
        }
        if to.message.as_ref().is_some_and(|message| !self.asked.contains(message)) {
            let earlier = format!("{}\n", self.earlier);
            self.print(&earlier)?;
        }
        self.print(&text)?;
        self.last = Some((id, text));
        Ok(())
    }

    fn replace(&mut self, id: &PostedId, text: String, to: &ReplyTo) -> io::Result<()> {
        match &self.last {
            Some((last, shown)) if last == id && text.starts_with(shown.as_str()) => {
                let added = text.get(shown.len()..).unwrap_or_default().to_owned();
                self.print(&added)?;
                self.last = Some((id.clone(), text));
                Ok(())
            }
            // What has scrolled away, or was printed by another process, is printed anew.
            _ => self.begin(id.clone(), text, to),
        }
    }

    /// Closes the line that is open, if one is.
    fn end_line(&mut self) -> io::Result<()> {
        if self.last.take().is_some_and(|(_, text)| !text.ends_with('\n')) {
            self.print("\n")?;
        }
        Ok(())
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        print(&mut self.out, text)
    }
}

fn print(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever has closed the pipe has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.end_line();
    }
}

#[async_trait]
impl Channel for Terminal {
    fn platform(&self) -> Platform {
        Platform::Terminal
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    async fn check(&self) -> Result<Account, ChannelError> {
        Ok(Account { id: "terminal".to_owned(), name: "Switchboard".to_owned() })
    }

    fn is_connected(&self) -> bool {
        true
    }

    async fn listen(&self, inbox: Arc<dyn Inbox>, shutdown: CancellationToken) -> Result<(), ChannelError> {
        intake::run(self, inbox.as_ref(), shutdown).await
    }

    async fn post(&self, to: &ReplyTo, part: &Part, key: &DeliveryKey) -> Result<PostedId, ChannelError> {
        let id = PostedId(key.as_str().to_owned());
        let text = encode::printable(&part.text);
        self.with_screen(|screen| screen.begin(id.clone(), text, to)).map_err(closed)?;
        Ok(id)
    }

    async fn edit(&self, to: &ReplyTo, posted: &PostedId, part: &Part) -> Result<(), ChannelError> {
        let text = encode::printable(&part.text);
        self.with_screen(|screen| screen.replace(posted, text, to)).map_err(closed)
    }

    fn verdicts(&self) -> Option<&dyn Verdicts> {
        Some(self)
    }
}

impl Verdicts for Terminal {
    fn excused(&self, to: &ReplyTo) {
        self.with_screen(|screen| screen.excused.extend(to.message.clone()));
    }

    fn answered(&self, to: &ReplyTo) {
        if let Some(message) = &to.message {
            self.with_screen(|screen| screen.unanswered.remove(message));
        }
    }
}

fn closed(error: io::Error) -> ChannelError {
    ChannelError::Gone { step: "printing", reason: error.to_string(), closed: None }
}
