//! How a reply reaches a person: typing, first text, edits, final text.
//!
//! The same for all platforms. Typing is shown at once and ends with the first
//! text. A placeholder comes only after some seconds without a word; an answer
//! that is finished before its first post is one post and nothing else. Interim
//! texts are optional, the first and the final one are not.

mod draft;
mod error;
mod follow;
mod pace;
mod screen;
mod stream;
mod typing;
mod window;
mod write;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::lease::Lease;
use crate::app::ledger::Ledger;
use crate::channels::Channel;
use crate::config::LimitsSettings;
use crate::domain::texts::Texts;
use crate::domain::{AnswerStream, Button, Growth, Part, Platform, ReplyTo, SentPart};

pub(crate) use error::DeliveryError;
pub(crate) use follow::{Ended, Partial};

use pace::{Pacer, Unfinished};
use screen::Screen;
use write::Writer;

/// The way to all platforms.
pub(crate) struct Delivery {
    routes: HashMap<Platform, Route>,
    lease: Arc<Lease>,
    patience: Duration,
    placeholder: String,
    duplicate_label: String,
    has_buttons: bool,
    /// Of an answer that goes on in a file: how many posts it has at most, and what its file says.
    most_posts: usize,
    goes_on: String,
}

struct Route {
    channel: Arc<dyn Channel>,
    pacer: Pacer,
}

impl Delivery {
    /// Opens the way, which keeps to these limits; `has_buttons` if people are to have them
    /// under answers.
    pub(crate) fn new(
        channels: &[Arc<dyn Channel>],
        lease: Arc<Lease>,
        texts: &Texts,
        (limits, has_buttons): (&LimitsSettings, bool),
    ) -> Self {
        let routes = channels.iter().map(|channel| {
            let pacer =
                if limits.pace_writes { Pacer::new(channel.capabilities()) } else { Pacer::unlimited() };
            (channel.platform(), Route { channel: Arc::clone(channel), pacer })
        });
        Self {
            routes: routes.collect(),
            lease,
            patience: Duration::from_secs(limits.patience_seconds),
            placeholder: texts.get("placeholder"),
            duplicate_label: texts.get("maybe-duplicate"),
            has_buttons,
            most_posts: limits.posts_per_answer,
            goes_on: texts.get("answer-goes-on"),
        }
    }

    /// Opens the way for one reply; none if its platform is not connected.
    pub(crate) fn open<'a>(&'a self, to: &'a ReplyTo, ledger: &'a Ledger<'a>) -> Option<Delivering<'a>> {
        let Route { channel, pacer } = self.routes.get(&to.address.platform)?;
        let channel = channel.as_ref();
        let (lease, patience, duplicate_label) = (&self.lease, self.patience, &self.duplicate_label);
        // What only one person sees for a while, and what stands in a terminal, has none.
        let can_have = to.interaction.is_none() && channel.capabilities().growth == Growth::Replaced;
        let has_buttons = self.has_buttons && can_have;
        let writer = Writer { channel, pacer, lease, ledger, to, patience, has_buttons, duplicate_label };
        // A command is answered in few words, and in private.
        let takes_files = channel.capabilities().takes_files && to.interaction.is_none();
        let most_posts = NonZeroUsize::new(self.most_posts).filter(|_| takes_files);
        let screen = Screen::new(writer, ledger, most_posts, &self.goes_on);
        Some(Delivering { screen, channel, pacer, to, placeholder: &self.placeholder, unfinished: None })
    }
}

/// One reply on its way.
pub(crate) struct Delivering<'a> {
    screen: Screen<'a>,
    channel: &'a dyn Channel,
    pacer: &'a Pacer,
    to: &'a ReplyTo,
    placeholder: &'a str,
    /// Once there is an answer that comes piece by piece.
    unfinished: Option<Unfinished<'a>>,
}

impl Delivering<'_> {
    /// Shows an answer while it comes, and returns how it ended.
    pub(crate) async fn follow(
        &mut self,
        stream: AnswerStream,
        stop: &CancellationToken,
        mut on_text: impl FnMut(),
    ) -> Ended {
        self.unfinished = Some(self.pacer.unfinished());
        let has_text = CancellationToken::new();
        let is_seen = || {
            has_text.cancel();
            on_text();
        };
        tokio::select! {
            ended = follow::follow(&mut self.screen, stream, stop, self.placeholder, is_seen) => ended,
            () = typing::keep(self.channel, self.pacer, self.to, &has_text) => Ended::Stopped(Partial::default()),
        }
    }

    /// Finds out what an earlier try has left on the screen.
    pub(crate) async fn resolve(&mut self) -> Result<(), DeliveryError> {
        self.screen.resolve().await
    }

    /// Cuts a text into posts.
    pub(crate) fn cut(&self, text: &str) -> Vec<Part> {
        self.screen.cut(text)
    }

    /// Cuts an answer into posts, and a file if these would be too many.
    pub(crate) fn cut_answer(&self, text: &str) -> Vec<Part> {
        self.screen.cut_answer(text)
    }

    /// The text of a part as it was before it got a label.
    pub(crate) fn unlabelled<'t>(&self, text: &'t str) -> &'t str {
        self.screen.unlabelled(text)
    }

    /// Lets people ask for another answer than this one, where they have buttons.
    pub(crate) fn offer_another(&self, parts: &mut [Part]) {
        self.screen.put_under(parts, Button::retry);
    }

    /// How many posts can be seen.
    pub(crate) fn count(&self) -> usize {
        self.screen.count()
    }

    /// Says that what is shown next stands in the place of an answer.
    pub(crate) fn excuse(&self) {
        if let Some(verdicts) = self.channel.verdicts() {
            verdicts.excused(self.to);
        }
    }

    /// Says that the whole answer has been shown.
    pub(crate) fn note_answered(&self) {
        if let Some(verdicts) = self.channel.verdicts() {
            verdicts.answered(self.to);
        }
    }

    /// Shows what stays, and nothing else; the ledger has `announced` one part
    /// already. Returns what arrived last and has not been noted.
    pub(crate) async fn finish(
        &mut self,
        parts: &[Part],
        announced: Option<usize>,
    ) -> Result<Option<SentPart>, DeliveryError> {
        self.screen.show_final(parts, announced).await?;
        self.unfinished = None;
        Ok(self.screen.unnoted())
    }
}
