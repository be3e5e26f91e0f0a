//! What a person sees of one reply, and how it becomes what it should be.

use crate::app::delivery::split::split;
use crate::app::delivery::write::{Writer, label};
use crate::channels::ChannelError;
use crate::domain::{DeliveryKey, Part, PostedId, TurnId};

/// Added to the number of a part whose post has to be made anew: a platform
/// that tells repeats by their key would not show it otherwise.
const ANEW: usize = 0x1000;

/// The posts of one reply.
pub(super) struct Screen<'a> {
    writer: Writer<'a>,
    turn: TurnId,
    shown: Vec<Shown>,
    /// Set by a recovery that cannot know whether the reply is there already.
    may_be_duplicate: bool,
}

/// One post, as the platform last took it.
struct Shown {
    id: PostedId,
    text: String,
    is_labelled: bool,
}

/// How much a text matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    /// It may be left out: a better one comes.
    Interim,
    /// It has to arrive.
    Final,
}

impl<'a> Screen<'a> {
    pub(super) fn new(writer: Writer<'a>, turn: TurnId, may_be_duplicate: bool) -> Self {
        Self { writer, turn, shown: Vec::new(), may_be_duplicate }
    }

    /// Shows a text that is still growing, as far as there is room for it.
    pub(super) async fn show_interim(&mut self, text: &str) -> Result<(), ChannelError> {
        match self.show(text, Urgency::Interim).await {
            // The next text, at the latest the final one, makes up for it.
            Err(error) if error.is_passing() => Ok(()),
            result => result,
        }
    }

    /// Shows the text that stays.
    pub(super) async fn show_final(&mut self, text: &str) -> Result<(), ChannelError> {
        self.show(text, Urgency::Final).await
    }

    async fn show(&mut self, text: &str, urgency: Urgency) -> Result<(), ChannelError> {
        let parts = self.cut(text);
        let last = parts.len().saturating_sub(1);
        for (number, text) in parts.into_iter().enumerate() {
            // What comes before the last part will not change any more.
            let urgency = if number < last { Urgency::Final } else { urgency };
            if self.shown.get(number).is_some() {
                self.change(number, text, urgency).await?;
            } else {
                let shown = self.add(number, text).await?;
                self.shown.push(shown);
            }
        }
        Ok(())
    }

    fn cut(&self, text: &str) -> Vec<String> {
        let capabilities = self.writer.channel.capabilities();
        let unit = capabilities.text_unit;
        let reserve = unit.measure(&label(self.writer.duplicate_label, ""));
        split(text, capabilities.text_limit.saturating_sub(reserve), unit)
    }

    async fn add(&self, number: usize, text: String) -> Result<Shown, ChannelError> {
        let knows_repeats = self.writer.channel.capabilities().has_idempotent_post;
        let is_labelled = self.may_be_duplicate && !knows_repeats && number == 0;
        let shown = self.post(number, DeliveryKey::new(self.turn, number), text, is_labelled).await?;
        if self.may_be_duplicate && knows_repeats {
            // An earlier try may have posted another text under this key.
            let part = Part { number, text: shown.text.clone() };
            self.writer.edit(&shown.id, &part).await?;
        }
        Ok(shown)
    }

    async fn post(
        &self,
        number: usize,
        key: DeliveryKey,
        text: String,
        is_labelled: bool,
    ) -> Result<Shown, ChannelError> {
        let part = Part { number, text: self.dress(&text, is_labelled) };
        let (id, was_labelled) = self.writer.post(&part, &key).await?;
        Ok(Shown { id, text, is_labelled: is_labelled || was_labelled })
    }

    async fn change(&mut self, number: usize, text: String, urgency: Urgency) -> Result<(), ChannelError> {
        let Some(shown) = self.shown.get(number).filter(|shown| shown.text != text) else { return Ok(()) };
        let part = Part { number, text: self.dress(&text, shown.is_labelled) };
        let changed = match urgency {
            Urgency::Final => self.writer.edit(&shown.id, &part).await,
            Urgency::Interim if self.writer.has_room() => self.writer.edit_once(&shown.id, &part).await,
            Urgency::Interim => return Ok(()),
        };
        let now_shown = match changed {
            Ok(()) => Shown { id: shown.id.clone(), text, is_labelled: shown.is_labelled },
            // Somebody has deleted the post, or it may not be changed any more.
            Err(ChannelError::Gone { .. } | ChannelError::Rejected { .. }) => match urgency {
                Urgency::Interim => return Ok(()),
                Urgency::Final => {
                    let key = DeliveryKey::new(self.turn, number + ANEW);
                    self.post(number, key, text, shown.is_labelled).await?
                }
            },
            Err(error) => return Err(error),
        };
        if let Some(shown) = self.shown.get_mut(number) {
            *shown = now_shown;
        }
        Ok(())
    }

    fn dress(&self, text: &str, is_labelled: bool) -> String {
        if is_labelled { label(self.writer.duplicate_label, text) } else { text.to_owned() }
    }
}
