//! Our own posts: looking for one of which nobody said whether it arrived, and
//! taking one away.
//!
//! Slack knows no key for a post, so it is recognized by its author, its place
//! and its text. That needs the history scope of the place; without it looking
//! is an error that is not passing, and the caller has to do without.

use std::time::Duration;

use async_trait::async_trait;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::channels::slack::decode::moment;
use crate::channels::slack::encode::Content;
use crate::channels::slack::errors::Step;
use crate::channels::slack::event::micros;
use crate::channels::slack::history::{self, Stretch};
use crate::channels::slack::markup::readable;
use crate::channels::slack::respond::is_ephemeral;
use crate::channels::slack::{Slack, files, streams};
use crate::channels::{ChannelError, Delete, LimitScope, ReadBack, Streams, looked_from};
use crate::domain::{Part, PostedId, ReplyTo, Timestamp};

/// How many pages are looked through for one post.
const PAGES: usize = 5;

/// How long Slack takes at most to share a file, as far as is known.
const SHARED_WITHIN: Duration = Duration::from_secs(10);

/// The pause between two looks for a file.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

const LOOKING: &str = "looking for a post";
const DELETING: Step = Step { name: "deleting a post", scope: LimitScope::Account, is_post: false };

#[async_trait]
impl ReadBack for Slack {
    async fn find(
        &self,
        to: &ReplyTo,
        part: &Part,
        since: Timestamp,
        known: &[PostedId],
    ) -> Result<Option<PostedId>, ChannelError> {
        if to.interaction.is_some() {
            return Err(untold("no history has an answer that only one person sees"));
        }
        // Slack shares a file a while after it has said that it does; nobody knows how long that takes at most.
        let until = part.file.as_ref().map(|_| since + SHARED_WITHIN);
        loop {
            match self.look_through(to, part, since, known).await? {
                None if until.is_some_and(|until| self.workspace.clock.now() < until) => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                found => return Ok(found),
            }
        }
    }
}

impl Slack {
    /// Looks once for a post.
    async fn look_through(
        &self,
        to: &ReplyTo,
        part: &Part,
        since: Timestamp,
        known: &[PostedId],
    ) -> Result<Option<PostedId>, ChannelError> {
        let we = &self.workspace.ourselves().await?.user;
        let asked = to.message.as_ref().and_then(|message| moment(micros(&message.0)?).ok());
        let stretch = Stretch {
            channel: to.address.chat.clone(),
            thread: to.address.thread.clone(),
            oldest: history::ts(looked_from(asked, since)),
        };
        let mut cursor = None;
        for _ in 0..PAGES {
            let page = history::page(&self.workspace.api, &stretch, cursor.as_deref()).await?;
            for raw in &page.messages {
                let Some(found) = ours(raw, we).filter(|found| is_it(found, &stretch, part)) else {
                    continue;
                };
                let posted = found.name();
                if !known.contains(&posted) {
                    return Ok(Some(posted));
                }
            }
            match page.next() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(None),
            }
        }
        Err(untold("too much has been said since"))
    }
}

/// A message of a history, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Found {
    ts: String,
    user: Option<String>,
    subtype: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    files: Vec<Brought>,
}

/// A file of a message.
#[derive(Debug, Deserialize)]
struct Brought {
    id: String,
    /// What is left of one that was deleted is a `tombstone`.
    mode: Option<String>,
}

impl Found {
    /// What the post is called: by its file, if it has one.
    fn name(&self) -> PostedId {
        self.files.first().map_or_else(|| PostedId(self.ts.clone()), |file| files::posted(&file.id))
    }
}

/// The message, if it is ours; one that cannot be read is not.
fn ours(raw: &RawValue, we: &str) -> Option<Found> {
    let found: Found = serde_json::from_str(raw.get()).ok()?;
    // A deleted message that has replies leaves a tombstone.
    let is_there = found.subtype.as_deref() != Some("tombstone");
    (is_there && found.user.as_deref() == Some(we)).then_some(found)
}

/// A thread shows its beginning whatever was asked for.
fn is_it(found: &Found, stretch: &Stretch, part: &Part) -> bool {
    let has_a_file = found.files.iter().any(|file| file.mode.as_deref() != Some("tombstone"));
    let is_of_its_kind = has_a_file == part.file.is_some();
    is_of_its_kind
        && stretch.thread.as_ref() != Some(&found.ts)
        && shows(Content::of(&part.text).text(), &found.text)
}

/// Whether `shown` is what Slack makes of a text: it turns addresses into links
/// and emoji into their names.
fn shows(sent: &str, shown: &str) -> bool {
    let bare = |text: &str| {
        let text = readable(text, "", &|_| None);
        skeleton(&text.replace("http://", ""))
    };
    bare(sent) == bare(shown)
}

/// A text without emoji and their names, and without spaces, which may stand between them.
fn skeleton(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        keep(&mut out, before);
        match after.split_once(':').filter(|(name, _)| is_emoji(name)) {
            Some((_, behind)) => rest = behind,
            None => {
                out.push(':');
                rest = after;
            }
        }
    }
    keep(&mut out, rest);
    out
}

/// Names of emoji have letters in them, but for a few.
fn is_emoji(name: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_+-'".contains(c);
    let has_letter = name.contains(|c: char| c.is_ascii_lowercase());
    name.chars().all(is_of_name) && (has_letter || matches!(name, "+1" | "-1" | "100" | "1234"))
}

fn keep(out: &mut String, text: &str) {
    out.extend(text.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation()));
}

fn untold(reason: &str) -> ChannelError {
    ChannelError::Rejected { step: LOOKING, reason: reason.to_owned() }
}

/// The arguments of `chat.delete`.
#[derive(Debug, Serialize)]
struct Target<'a> {
    channel: &'a str,
    ts: &'a str,
}

#[async_trait]
impl Delete for Slack {
    async fn delete(&self, to: &ReplyTo, posted: &PostedId) -> Result<(), ChannelError> {
        if is_ephemeral(posted) {
            let reason = "Slack keeps nothing of an answer that only one person saw".to_owned();
            return Err(ChannelError::Rejected { step: DELETING.name, reason });
        }
        if let Some(file) = files::file_of(posted) {
            return self.delete_file(file).await;
        }
        let target = Target { channel: &to.address.chat, ts: &posted.0 };
        let delete = async || self.workspace.api.post::<IgnoredAny>(DELETING, "chat.delete", &target).await;
        let mut deleted = delete().await;
        if deleted.as_ref().is_err_and(streams::is_in_the_way) {
            // We were ended while it grew.
            drop(self.end(to, posted).await);
            deleted = delete().await;
        }
        match deleted {
            Err(ChannelError::Gone { reason, .. }) if reason == "message_not_found" => Ok(()),
            deleted => deleted.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shows;

    #[test]
    fn a_text_is_recognized_in_what_slack_makes_of_it() {
        let table = [
            ("a &lt; b &amp; c", "a &lt; b &amp; c"),
            ("see https://example.com/a?b=1&amp;c=2", "see <https://example.com/a?b=1&amp;c=2>"),
            ("see example.com", "see <http://example.com|example.com>"),
            ("well done 🎉 you", "well done :tada: you"),
            ("👍🏽 yes", ":+1::skin-tone-4: yes"),
            ("at 10:30: go", "at 10:30: go"),
            (" spaced\n", "spaced"),
        ];
        for (sent, shown) in table {
            assert!(shows(sent, shown), "{sent:?} {shown:?}");
        }
        for (sent, other) in
            [("hello", "hello there"), ("10", "11"), ("yes.", "yes!"), ("10:30: go", "10:45: go"), ("a", "")]
        {
            assert!(!shows(sent, other), "{sent:?} {other:?}");
        }
    }
}
