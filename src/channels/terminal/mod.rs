//! The terminal: one person at a prompt, or one message from a pipe.
//!
//! Answers grow in place as they come; an answer whose beginning changed is
//! printed again. A message that an earlier run left waiting is answered first.

mod decode;
mod encode;
mod intake;
mod prompt;

use std::collections::HashSet;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::channels::{Account, Channel, ChannelError, Inbox};
use crate::domain::{Capabilities, Clock, DeliveryKey, Part, Platform, PostedId, ReplyTo, TextUnit};

pub use prompt::{Lines, Once, Prompt};

const CAPABILITIES: Capabilities = Capabilities {
    text_limit: usize::MAX,
    text_unit: TextUnit::Chars,
    direct_interval: Duration::from_millis(40),
    group_interval: Duration::from_millis(40),
    writes_per_second: NonZeroU32::MAX,
    edits_per_minute: NonZeroU32::MAX,
    typing_lasts: Duration::MAX,
    idempotent_for: Duration::MAX,
    has_one_place_for_a_command: false,
};

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
    /// Messages that were typed since the program started.
    asked: HashSet<PostedId>,
    /// The post that is printed last, and how it reads.
    last: Option<(PostedId, String)>,
}

impl Terminal {
    /// Connects a source of lines and a place to print to.
    #[must_use]
    pub fn new(
        lines: Arc<dyn Lines>,
        out: Box<dyn Write + Send>,
        person: String,
        clock: Arc<dyn Clock>,
        busy: watch::Receiver<usize>,
    ) -> Self {
        let screen = Mutex::new(Screen { out, asked: HashSet::new(), last: None });
        Self { lines, person, clock, busy, screen }
    }

    fn with_screen<R>(&self, change: impl FnOnce(&mut Screen) -> R) -> R {
        change(&mut self.screen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Screen {
    fn begin(&mut self, id: PostedId, text: String, to: &ReplyTo) -> io::Result<()> {
        self.end_line()?;
        if to.message.as_ref().is_some_and(|message| !self.asked.contains(message)) {
            self.print("(An earlier message was still waiting. Its answer:)\n")?;
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
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            // Whoever has closed the pipe has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed,
        }
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
}

fn closed(error: io::Error) -> ChannelError {
    ChannelError::Gone { step: "printing", reason: error.to_string() }
}
