//! What a person sees of one reply, and how it becomes what it should be.
//!
//! Every post is announced in the ledger before it leaves and noted after it
//! has arrived. What an earlier try has left on the screen is taken over: its
//! posts are edited, and those that are too many are taken away.

mod growing;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::app::delivery::DeliveryError;
use crate::app::delivery::draft::Draft;
use crate::app::delivery::stream::Stream;
use crate::app::delivery::window::Urgency;
use crate::app::delivery::write::{Writer, label};
use crate::app::ledger::Ledger;
use crate::channels::ChannelError;
use crate::domain::markdown::{heal, split};
use crate::domain::{
    Button, Capabilities, DeliveryKey, Growth, KeptPart, Part, PartState, PostedId, SentPart, TextFile,
    TurnId,
};
use crate::telemetry::{KillPoint, kill_point};

/// Added to the number of a part whose post has to be made anew: a platform
/// that tells repeats by their key would not show it otherwise.
const ANEW: usize = 0x1000;

/// How people see the file of an answer.
const FILE_NAME: &str = "answer.md";

/// The posts of one reply.
pub(super) struct Screen<'a> {
    writer: Writer<'a>,
    /// How many posts an answer has before it goes on in a file, where there are files.
    most_posts: Option<NonZeroUsize>,
    /// What a post says that has the file.
    goes_on: &'a str,
    ledger: &'a Ledger<'a>,
    /// By their numbers; one that somebody has taken away may be missing among them.
    shown: BTreeMap<usize, Shown>,
    /// A post that the ledger does not know of yet.
    unnoted: Option<SentPart>,
    /// A part that the ledger has announced already.
    announced: Option<usize>,
    /// What has come is shown in it as long as it is not posted, where there are drafts.
    draft: Option<Draft<'a>>,
    /// By what a post grows, where the platform has that.
    stream: Option<Stream<'a>>,
    /// What is known of posts that an earlier try has sent and that are not shown.
    doubts: BTreeMap<usize, Found>,
}

/// One post, as the platform last took it.
struct Shown {
    id: PostedId,
    /// Nothing is known of what an earlier try has left.
    text: Option<String>,
    button: Option<Button>,
    is_labelled: bool,
}

/// How much a text matters that is still growing, or does not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It may be left out: a better one comes.
    Interim,
    /// It has to arrive, so that what comes behind it can.
    Growing,
    /// It has to arrive, and is what stays.
    Final,
}

impl Stage {
    /// How much a write matters that has to be made for it.
    fn urgency(self) -> Urgency {
        match self {
            Self::Interim | Self::Growing => Urgency::Growth,
            Self::Final => Urgency::Final,
        }
    }

    /// The same for the post of a part.
    fn urgency_of_post(self, number: usize) -> Urgency {
        match self {
            Self::Final if number == 0 => Urgency::Whole,
            Self::Interim | Self::Growing if number == 0 => Urgency::First,
            Self::Interim | Self::Growing | Self::Final => self.urgency(),
        }
    }
}

impl<'a> Screen<'a> {
    /// The screen as an earlier try has left it; an empty one where there was none.
    pub(super) fn new(
        writer: Writer<'a>,
        ledger: &'a Ledger<'a>,
        most_posts: Option<NonZeroUsize>,
        goes_on: &'a str,
    ) -> Self {
        let shown = ledger.left().iter().filter_map(|part| {
            let id = part.posted.clone().filter(|_| part.state == PartState::Sent)?;
            Some((part.number, Shown { id, text: None, button: None, is_labelled: part.is_labelled }))
        });
        let shown = shown.collect();
        let doubts = BTreeMap::new();
        let draft = writer.channel.drafts(writer.to).map(Draft::new);
        let stream = writer.channel.streams(writer.to).map(Stream::new);
        Self {
            writer,
            most_posts,
            goes_on,
            ledger,
            shown,
            unnoted: None,
            announced: None,
            draft,
            stream,
            doubts,
        }
    }

    /// How many posts there are, from the first to the last before one is missing.
    pub(super) fn count(&self) -> usize {
        self.shown.keys().enumerate().take_while(|(place, number)| place == *number).count()
    }

    /// The post of which the ledger has not been told yet.
    pub(super) fn unnoted(&mut self) -> Option<SentPart> {
        self.unnoted.take()
    }

    /// Finds out what became of the posts of which an earlier try has not heard.
    pub(super) async fn resolve(&mut self) -> Result<(), DeliveryError> {
        let is_doubtful = |part: &&KeptPart| matches!(part.state, PartState::Unknown | PartState::Sending);
        for doubtful in self.ledger.left().iter().filter(is_doubtful) {
            let number = doubtful.number;
            match self.find(doubtful).await? {
                Found::There(posted) => {
                    let sent = SentPart { number, posted, is_labelled: doubtful.is_labelled };
                    self.ledger.posted(sent.clone()).await?;
                    let shown =
                        Shown { id: sent.posted, text: None, button: None, is_labelled: sent.is_labelled };
                    self.shown.insert(number, shown);
                }
                found => drop(self.doubts.insert(number, found)),
            }
        }
        Ok(())
    }

    async fn find(&self, doubtful: &KeptPart) -> Result<Found, DeliveryError> {
        let part = Part {
            file: doubtful.file.clone(),
            ..Part::new(doubtful.number, doubtful.text.clone().unwrap_or_default())
        };
        let since = doubtful.sending_at.unwrap_or_else(|| self.ledger.now());
        self.writer.find(&part, since, self.ledger.now(), &self.known()).await
    }

    fn known(&self) -> Vec<PostedId> {
        self.shown.values().map(|shown| shown.id.clone()).collect()
    }

    /// Waits for as long as the platform has asked for before a first post, where there is none yet.
    pub(super) async fn until_asked_no_more(&self) {
        if self.shown.is_empty() {
            self.writer.until_asked_no_more().await;
        }
    }

    /// Shows a text that is still growing, as far as there is room for it; false if the
    /// platform does not take it now.
    pub(super) async fn show_interim(&mut self, text: &str) -> Result<bool, DeliveryError> {
        let mut parts = match self.capabilities().growth {
            Growth::Replaced => self.cut(&heal(text)),
            // What ends words for now would stand there for good.
            Growth::Appended => self.cut(text),
        };
        if let Some(most) = self.most_posts {
            parts.truncate(most.get());
        }
        self.put_under(&mut parts, Button::stop);
        match self.show_growing(&parts, text).await {
            // The next text, at the latest the final one, makes up for it.
            Err(error) if error.is_passing() => return Ok(!self.shown.is_empty()),
            result => result?,
        }
        if let Some(sent) = self.unnoted.take() {
            self.ledger.posted(sent).await?;
            kill_point(KillPoint::Noted);
        }
        Ok(true)
    }

    /// Shows what stays; the ledger has `announced` one of its parts already.
    pub(super) async fn show_final(
        &mut self,
        parts: &[Part],
        announced: Option<usize>,
    ) -> Result<(), DeliveryError> {
        self.announced = announced;
        self.show(parts, Stage::Final).await?;
        while let Some(last) = self.shown.last_entry().filter(|last| *last.key() >= parts.len()) {
            let (number, surplus) = last.remove_entry();
            self.writer.delete(&surplus.id).await?;
            self.ledger.removed(number).await?;
        }
        Ok(())
    }

    async fn show(&mut self, parts: &[Part], stage: Stage) -> Result<(), DeliveryError> {
        for part in parts {
            // What comes before the last part will not change any more.
            let is_last = part.number + 1 == parts.len();
            let stage = if is_last || stage == Stage::Final { stage } else { Stage::Growing };
            if self.shown.contains_key(&part.number) {
                self.change(part, stage).await?;
            } else {
                if part.number > 0 {
                    kill_point(KillPoint::BetweenParts);
                }
                self.add(part, stage).await?;
            }
        }
        Ok(())
    }

    /// The text of a part as it was before it got a label.
    pub(super) fn unlabelled<'t>(&self, text: &'t str) -> &'t str {
        text.strip_prefix(&label(self.writer.duplicate_label, "")).unwrap_or(text)
    }

    /// What the platform accepts, and how it shows it.
    pub(super) fn capabilities(&self) -> &Capabilities {
        self.writer.channel.capabilities()
    }

    /// Cuts a text into posts.
    pub(super) fn cut(&self, text: &str) -> Vec<Part> {
        let capabilities = self.capabilities();
        if capabilities.growth == Growth::Appended {
            // What closes a fence for now would stand there for good.
            let whole = Part::new(0, text.trim_end().to_owned());
            return if whole.text.is_empty() { Vec::new() } else { vec![whole] };
        }
        let length = capabilities.length;
        let reserve = length(&label(self.writer.duplicate_label, "x"));
        let texts = split(text, capabilities.text_limit.saturating_sub(reserve), length);
        texts.into_iter().enumerate().map(|(number, text)| Part::new(number, text)).collect()
    }

    /// Cuts an answer into posts; where they would be too many, the first ones stand before
    /// a file that has all of it.
    pub(super) fn cut_answer(&self, text: &str) -> Vec<Part> {
        let mut parts = self.cut(text);
        let Some(most) = self.most_posts.map(NonZeroUsize::get).filter(|most| parts.len() > *most) else {
            return parts;
        };
        parts.truncate(most);
        let file = TextFile { name: FILE_NAME.to_owned(), text: text.trim_end().to_owned() };
        parts.push(Part { file: Some(file), ..Part::new(most, self.goes_on.to_owned()) });
        parts
    }

    /// Puts a button under the last part, where people are to have buttons.
    pub(super) fn put_under(&self, parts: &mut [Part], button: fn(TurnId) -> Button) {
        if let Some(last) = parts.last_mut().filter(|_| self.writer.has_buttons) {
            last.button = Some(button(self.ledger.turn()));
        }
    }

    async fn add(&mut self, part: &Part, stage: Stage) -> Result<(), DeliveryError> {
        let doubt = self.doubts.remove(&part.number);
        let is_untold = matches!(doubt, Some(Found::Untold));
        let urgency = stage.urgency_of_post(part.number);
        let shown = self.post(part, part.number, (is_untold, urgency)).await?;
        // A file is the same each time.
        if matches!(doubt, Some(Found::Repeatable)) && part.file.is_none() {
            // What arrived under this key at first may have had another text.
            let dressed = part.reading(self.writer.dress(&part.text, shown.is_labelled));
            self.writer.edit(&shown.id, &dressed, urgency).await?;
        }
        self.shown.insert(part.number, shown);
        Ok(())
    }

    /// Posts a part under the key of `number`.
    async fn post(
        &mut self,
        part: &Part,
        number: usize,
        (is_labelled, urgency): (bool, Urgency),
    ) -> Result<Shown, DeliveryError> {
        if self.announced.take() != Some(part.number) || is_labelled {
            let dressed = part.reading(self.writer.dress(&part.text, is_labelled));
            self.ledger.advance(self.unnoted.take(), &dressed).await?;
        }
        let key = DeliveryKey::new(self.ledger.turn(), number);
        let (id, is_labelled) = self.writer.post(part, (is_labelled, urgency), &key, &self.known()).await?;
        kill_point(KillPoint::Posted);
        self.unnoted = Some(SentPart { number: part.number, posted: id.clone(), is_labelled });
        Ok(Shown { id, text: Some(part.text.clone()), button: part.button, is_labelled })
    }

    async fn change(&mut self, part: &Part, stage: Stage) -> Result<(), DeliveryError> {
        let Some(shown) = self.shown.get(&part.number) else { return Ok(()) };
        let is_the_same = shown.text.as_deref() == Some(part.text.as_str()) && shown.button == part.button;
        // A file comes last and whole, and does not change any more.
        if is_the_same || part.file.is_some() {
            return Ok(());
        }
        let (id, is_labelled) = (shown.id.clone(), shown.is_labelled);
        if let Some(stream) = self.stream.as_mut().filter(|stream| stream.is_of(part.number)) {
            stream.end(&self.writer).await?;
        }
        let dressed = part.reading(self.writer.dress(&part.text, is_labelled));
        let changed = match stage {
            Stage::Growing | Stage::Final => {
                let edited = self.writer.edit(&id, &dressed, stage.urgency()).await;
                kill_point(KillPoint::Edited);
                edited
            }
            Stage::Interim => match self.writer.room() {
                Some(leave) => self.writer.edit_once(&id, &dressed, leave).await,
                None => return Ok(()),
            },
        };
        let now_shown = match (changed, stage) {
            (Ok(()), _) => Shown { id, text: Some(part.text.clone()), button: part.button, is_labelled },
            // Where the place is closed, nothing is written any more.
            (Err(error), _) if error.closed().is_some() => return Err(error),
            // The next text makes up for it, and meanwhile either of the two may stand there.
            (Err(DeliveryError::Channel(ChannelError::Unknown { .. })), Stage::Interim) => {
                Shown { id, text: Some(String::new()), button: part.button, is_labelled }
            }
            // Somebody has deleted the post, or it may not be changed any more.
            (
                Err(DeliveryError::Channel(ChannelError::Gone { .. } | ChannelError::Rejected { .. })),
                Stage::Interim,
            ) => return Ok(()),
            (Err(DeliveryError::Channel(ChannelError::Gone { .. })), Stage::Growing | Stage::Final) => {
                self.post(part, part.number + ANEW, (is_labelled, stage.urgency())).await?
            }
            (Err(DeliveryError::Channel(ChannelError::Rejected { .. })), Stage::Growing | Stage::Final) => {
                // What cannot be edited at all is what it was; only commands are answered like that.
                if self.writer.to.interaction.is_some() && self.is_left(part.number) {
                    return Ok(());
                }
                // It would stand there for ever, with half of the answer.
                if self.writer.to.interaction.is_none() {
                    self.writer.delete(&id).await?;
                }
                self.post(part, part.number + ANEW, (is_labelled, stage.urgency())).await?
            }
            (Err(error), _) => return Err(error),
        };
        self.shown.insert(part.number, now_shown);
        Ok(())
    }

    /// Whether an earlier try has made this post.
    fn is_left(&self, number: usize) -> bool {
        self.shown.get(&number).is_some_and(|shown| shown.text.is_none())
    }
}

/// What became of a post.
pub(super) enum Found {
    /// It arrived.
    There(PostedId),
    /// It did not arrive, or doing it again changes nothing.
    Nowhere,
    /// The platform tells a repetition by its key.
    Repeatable,
    /// Nobody can tell.
    Untold,
}
