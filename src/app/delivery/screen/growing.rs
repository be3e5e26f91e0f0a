//! What is not whole yet: drafts and streams where the platform has them, and edits elsewhere.

use crate::app::delivery::DeliveryError;
use crate::app::delivery::screen::{Found, Screen, Shown, Stage};
use crate::app::delivery::stream::beginning;
use crate::channels::ChannelError;
use crate::domain::{DeliveryKey, Part, PostedId, SentPart, Timestamp};
use crate::telemetry::{KillPoint, chain, kill_point};

impl Screen<'_> {
    /// Shows what has come so far; where there are drafts, what may still grow is none of the posts yet.
    pub(super) async fn show_growing(&mut self, parts: &[Part], text: &str) -> Result<(), DeliveryError> {
        let growing = parts.split_last().filter(|(last, _)| !self.shown.contains_key(&last.number));
        if let Some((last, before)) = growing.filter(|_| self.draft.is_some()) {
            self.show(before, Stage::Growing).await?;
            let key = DeliveryKey::new(self.ledger.turn(), last.number);
            if let Some(draft) = &mut self.draft
                && draft.show(&self.writer, last, &key).await?
            {
                return Ok(());
            }
            self.draft = None;
        }
        if let Some((last, before)) = parts.split_last().filter(|_| self.stream.is_some()) {
            // What is added stays, so nothing may be added that only closes marks for now.
            let unclosed = self.cut(text).into_iter().nth(last.number);
            self.show(before, Stage::Growing).await?;
            if let Some(unclosed) = unclosed
                && self.stream(&unclosed).await?
            {
                return Ok(());
            }
        }
        self.show(parts, Stage::Interim).await
    }

    /// Lets a post grow into this part; false if it has to be shown in another way.
    async fn stream(&mut self, part: &Part) -> Result<bool, DeliveryError> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        if !stream.is_of(part.number) {
            let is_known = self.shown.contains_key(&part.number) || self.doubts.contains_key(&part.number);
            if is_known || beginning(&part.text).is_empty() || !stream.may_begin() {
                return Ok(false);
            }
            if !self.begin(part).await? {
                self.stream = None;
                return Ok(false);
            }
        }
        let Some(stream) = &mut self.stream else { return Ok(false) };
        let grows = stream.grow(&self.writer, &part.text).await?;
        if !grows {
            stream.end(&self.writer).await?;
            self.stream = None;
        }
        Ok(grows)
    }

    /// Begins a post that grows; false if there is none to be had.
    async fn begin(&mut self, part: &Part) -> Result<bool, DeliveryError> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        let words = beginning(&part.text);
        let begun = Part::new(part.number, words.to_owned());
        let leave = self.writer.may_write(Stage::Growing.urgency_of_post(part.number)).await?;
        self.ledger.advance(self.unnoted.take(), &begun).await?;
        let since = self.ledger.now();
        let posted = match stream.begin(&self.writer, leave, part, words).await {
            Ok(posted) => posted,
            Err(error) if error.closed().is_some() => return Err(error),
            Err(DeliveryError::Channel(error)) => {
                let platform = self.writer.channel.platform();
                tracing::warn!(platform = %platform, error = %chain(&error), "no post grows on {platform}; the answer is posted and edited");
                match error {
                    ChannelError::Unknown { .. } => self.look_for(&begun, since).await?,
                    _ => None,
                }
            }
            Err(error) => return Err(error),
        };
        let Some(id) = posted else { return Ok(false) };
        kill_point(KillPoint::Posted);
        let sent = SentPart { number: part.number, posted: id.clone(), is_labelled: false };
        self.ledger.posted(sent).await?;
        kill_point(KillPoint::Noted);
        self.shown.insert(part.number, Shown { id, text: None, button: None, is_labelled: false });
        Ok(self.stream.as_ref().is_some_and(|stream| stream.is_of(part.number)))
    }

    /// Finds the post of which nobody said whether it has arrived; what cannot be told is doubted.
    async fn look_for(&mut self, part: &Part, since: Timestamp) -> Result<Option<PostedId>, DeliveryError> {
        match self.writer.find(part, since, self.ledger.now(), &self.known()).await? {
            Found::There(id) => Ok(Some(id)),
            found => {
                self.doubts.insert(part.number, found);
                Ok(None)
            }
        }
    }
}
