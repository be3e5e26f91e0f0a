//! A post that grows by what is added to it, where the platform has such streams.
//!
//! It begins as a post like any other and is noted before anything is added, so that
//! what was noted is what can be looked for; it ends with the edit that writes what stays.

use crate::app::delivery::DeliveryError;
use crate::app::delivery::pace::Leave;
use crate::app::delivery::write::Writer;
use crate::channels::{Added, Streams};
use crate::domain::{Part, PostedId};
use crate::telemetry::chain;

/// The most that is added at once, in bytes.
const LONGEST_STEP: usize = 4_000;

/// The stream of one reply; one post of it grows at a time.
pub(super) struct Stream<'a> {
    platform: &'a dyn Streams,
    growing: Option<Growing>,
}

struct Growing {
    number: usize,
    id: PostedId,
    /// What it says by now, as it was written.
    given: String,
}

impl<'a> Stream<'a> {
    pub(super) const fn new(platform: &'a dyn Streams) -> Self {
        Self { platform, growing: None }
    }

    /// Whether this part grows.
    pub(super) fn is_of(&self, number: usize) -> bool {
        self.growing.as_ref().is_some_and(|growing| growing.number == number)
    }

    /// Whether one more can be begun at the moment; it counts as begun.
    pub(super) fn may_begin(&self) -> bool {
        self.platform.may_begin()
    }

    /// Begins a post with `words`; nothing if the platform wants no more at the moment.
    pub(super) async fn begin(
        &mut self,
        writer: &Writer<'_>,
        leave: Leave,
        part: &Part,
        words: &str,
    ) -> Result<Option<PostedId>, DeliveryError> {
        let begun = writer.once(leave, self.platform.begin(writer.to, words)).await?;
        if let Some(id) = &begun {
            let (id, given) = (id.clone(), words.to_owned());
            self.growing = Some(Growing { number: part.number, id, given });
        }
        Ok(begun)
    }

    /// Adds what has come since, in whole words, if there is room; false if the post does
    /// not grow any more, or would have to say something else.
    pub(super) async fn grow(&mut self, writer: &Writer<'_>, text: &str) -> Result<bool, DeliveryError> {
        let Some(growing) = &mut self.growing else { return Ok(false) };
        let Some(rest) = text.strip_prefix(growing.given.as_str()) else { return Ok(false) };
        let step = whole_words(rest);
        if step.is_empty() {
            return Ok(true);
        }
        let Some(leave) = writer.room_to_add() else { return Ok(true) };
        match writer.once(leave, self.platform.add(writer.to, &growing.id, step)).await {
            Ok(Added::Yes) => {
                growing.given.push_str(step);
                Ok(true)
            }
            Ok(Added::Later) => Ok(true),
            Ok(Added::Stopped) => Err(DeliveryError::Stopped),
            Err(error) if error.closed().is_some() => Err(error),
            Err(DeliveryError::Channel(error)) => {
                let platform = writer.channel.platform();
                tracing::debug!(platform = %platform, error = %chain(&error), "a post does not grow any more; it is edited");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Says that nothing more is added; that it could not be said is seen by the edit that follows.
    pub(super) async fn end(&mut self, writer: &Writer<'_>) -> Result<(), DeliveryError> {
        let Some(growing) = self.growing.take() else { return Ok(()) };
        // An edit waits for its leave behind it.
        match writer.once(Leave::default(), self.platform.end(writer.to, &growing.id)).await {
            Err(DeliveryError::Channel(error)) => {
                tracing::debug!(error = %chain(&error), "could not end a stream");
                Ok(())
            }
            ended => ended,
        }
    }
}

/// The words before the first mark of Markdown, which read the same however they are
/// written; none if it begins with one.
pub(super) fn beginning(text: &str) -> &str {
    if !text.starts_with(char::is_alphabetic) {
        return "";
    }
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | ',' | '\'' | '’');
    text.split(|c| !is_plain(c)).next().unwrap_or_default()
}

/// As much of a text as ends between two words, and is not too long.
fn whole_words(text: &str) -> &str {
    let most = text.get(..text.floor_char_boundary(LONGEST_STEP)).unwrap_or(text);
    let end = most.char_indices().rev().find(|(_, c)| ends_a_word(*c)).map(|(at, c)| at + c.len_utf8());
    match end {
        Some(end) => most.get(..end).unwrap_or_default(),
        // A word of this length is none.
        None if most.len() < text.len() => most,
        None => "",
    }
}

/// Whether another word may begin behind it; many scripts have no spaces, and no case either.
fn ends_a_word(c: char) -> bool {
    c.is_whitespace() || (!c.is_ascii() && !c.is_lowercase() && !c.is_uppercase())
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_STEP, beginning, whole_words};

    #[test]
    fn a_post_begins_with_words_that_have_no_marks() {
        let table = [
            ("Once upon **a time**", "Once upon "),
            ("Well, it's so", "Well, it's so"),
            ("see example.com", "see example"),
            ("# Title", ""),
            ("1. first", ""),
            ("…", ""),
        ];
        for (text, words) in table {
            assert_eq!(beginning(text), words);
        }
    }

    #[test]
    fn what_is_added_ends_between_words() {
        for (text, step) in [
            ("a b", "a "),
            ("ab", ""),
            ("昔々、ある", "昔々、ある"),
            ("été", ""),
            ("a b\n", "a b\n"),
            ("", ""),
        ] {
            assert_eq!(whole_words(text), step);
        }
        assert_eq!(whole_words(&"é".repeat(LONGEST_STEP)).len(), LONGEST_STEP);
    }
}
