//! Posts that grow by Slack's own streams, in threads.
//!
//! docs.slack.dev/reference/methods/chat.startStream. A stream takes Markdown and no word on
//! previews or mentions, so that what is added is made powerless here; what stays is written
//! by `chat.update` like every post. As long as a message streams Slack refuses to change it,
//! and after about five minutes it streams no more.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Serialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use crate::channels::slack::errors::Step;
use crate::channels::slack::{Posted, Slack};
use crate::channels::{Added, ChannelError, LimitScope, Streams};
use crate::domain::{PostedId, ReplyTo};

/// How many streams begin in a minute, and as many end: Slack takes 20 of each (tier 2).
const BEGIN: NonZeroU32 = NonZeroU32::new(14).unwrap();

/// How many begin at once.
const BEGIN_AT_ONCE: NonZeroU32 = NonZeroU32::new(4).unwrap();

/// How often streams are added to in a minute, all together: Slack takes 100 (tier 4).
const ADD: NonZeroU32 = NonZeroU32::new(85).unwrap();

/// How often at once.
const ADD_AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The longest time for which Slack can have us do without streams by one answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Taken out of a word, it is the same to the eye, and no address any more.
const JOINER: char = '\u{2060}';

const BEGINNING: Step = Step { name: "beginning a stream", scope: LimitScope::Chat, is_post: true };
const ADDING: Step = Step { name: "adding to a stream", scope: LimitScope::Chat, is_post: true };
const ENDING: Step = Step { name: "ending a stream", scope: LimitScope::Edits, is_post: false };

/// What the streams of a workspace may take of what Slack allows.
pub(super) struct Budget {
    begin: DefaultDirectRateLimiter,
    add: DefaultDirectRateLimiter,
    /// Until when Slack has asked that there be none; nobody else has to wait for that.
    closed_until: Mutex<Option<Instant>>,
}

impl Budget {
    pub(super) fn new() -> Self {
        let quota = |most, at_once| RateLimiter::direct(Quota::per_minute(most).allow_burst(at_once));
        let closed_until = Mutex::default();
        Self { begin: quota(BEGIN, BEGIN_AT_ONCE), add: quota(ADD, ADD_AT_ONCE), closed_until }
    }

    fn is_open(&self) -> bool {
        let until = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_none_or(|until| until <= Instant::now())
    }

    /// What came of a call; nothing if Slack wants none for now.
    fn heard<T>(&self, done: Result<T, ChannelError>) -> Result<Option<T>, ChannelError> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(ChannelError::RateLimited { retry_after, .. }) => {
                let until = Instant::now() + retry_after.min(LONGEST_PAUSE);
                self.closed_until.lock().unwrap_or_else(PoisonError::into_inner).replace(until);
                Ok(None)
            }
            Err(error) => Err(of_the_stream(error)),
        }
    }
}

/// The arguments of `chat.startStream`.
#[derive(Debug, Serialize)]
struct Start<'a> {
    channel: &'a str,
    thread_ts: Option<&'a str>,
    recipient_user_id: Option<&'a str>,
    recipient_team_id: &'a str,
    markdown_text: String,
}

/// The arguments of `chat.appendStream` and `chat.stopStream`.
#[derive(Debug, Serialize)]
struct Go<'a> {
    channel: &'a str,
    ts: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown_text: Option<String>,
}

#[async_trait]
impl Streams for Slack {
    fn may_begin(&self) -> bool {
        self.streams.as_ref().is_some_and(|budget| budget.is_open() && budget.begin.check().is_ok())
    }

    async fn begin(&self, to: &ReplyTo, words: &str) -> Result<Option<PostedId>, ChannelError> {
        let Some(budget) = &self.streams else { return Ok(None) };
        let start = Start {
            channel: &to.address.chat,
            thread_ts: to.address.thread.as_deref(),
            recipient_user_id: to.asker.as_deref(),
            recipient_team_id: &self.workspace.ourselves().await?.team,
            markdown_text: powerless(words),
        };
        let posted = self.workspace.api.post::<Posted>(BEGINNING, "chat.startStream", &start).await;
        Ok(budget.heard(posted)?.map(|posted| PostedId(posted.ts)))
    }

    async fn add(&self, to: &ReplyTo, posted: &PostedId, markdown: &str) -> Result<Added, ChannelError> {
        let open = self.streams.as_ref().filter(|budget| budget.is_open() && budget.add.check().is_ok());
        let Some(budget) = open else { return Ok(Added::Later) };
        let markdown_text = Some(powerless(markdown));
        let add = Go { channel: &to.address.chat, ts: &posted.0, markdown_text };
        let added = self.workspace.api.post::<IgnoredAny>(ADDING, "chat.appendStream", &add).await;
        match budget.heard(added) {
            Ok(added) => Ok(added.map_or(Added::Later, |_| Added::Yes)),
            // Slack has a button of its own for that.
            Err(ChannelError::Rejected { reason, .. }) if reason == "stopped_by_user" => Ok(Added::Stopped),
            Err(error) => Err(error),
        }
    }

    async fn end(&self, to: &ReplyTo, posted: &PostedId) -> Result<(), ChannelError> {
        let stop = Go { channel: &to.address.chat, ts: &posted.0, markdown_text: None };
        match self.workspace.api.post::<IgnoredAny>(ENDING, "chat.stopStream", &stop).await {
            Err(ChannelError::Rejected { reason, .. })
                if matches!(reason.as_str(), "message_not_in_streaming_state" | "stopped_by_user") =>
            {
                Ok(())
            }
            ended => ended.map(drop).map_err(of_the_stream),
        }
    }
}

/// A refusal that is about the stream or whom it is for, and not about the place: the post
/// that comes instead hears what is true of that.
fn of_the_stream(error: ChannelError) -> ChannelError {
    match error {
        ChannelError::Gone { step, reason, .. } => ChannelError::Rejected { step, reason },
        ChannelError::Setup { way_out } => ChannelError::Rejected { step: BEGINNING.name, reason: way_out },
        error => error,
    }
}

/// Whether a message cannot be changed because it streams.
pub(super) fn is_in_the_way(error: &ChannelError) -> bool {
    let says = |reason: &str| matches!(reason, "streaming_state_conflict" | "cant_delete_message");
    matches!(error, ChannelError::Rejected { reason, .. } if says(reason))
}

/// Markdown in which nothing calls anybody, and nothing is a link: neither written as one,
/// nor by its looks, also together with what is added behind it.
fn powerless(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut chars = markdown.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
        let is_link = match c {
            ']' => next.is_none_or(|next| matches!(next, '(' | '[' | ':')),
            '.' => next.is_none_or(char::is_alphanumeric),
            ':' => next.is_none_or(|next| !next.is_whitespace()),
            '@' => true,
            _ => false,
        };
        if is_link {
            out.push(JOINER);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::powerless;

    #[test]
    fn nothing_that_is_added_has_power() {
        let table = [
            ("plain *words*, 5 > 3. ", "plain *words*, 5 > 3. "),
            ("https:", "https:\u{2060}"),
            ("<!here> & <@U1>", "&lt;!here> &amp; &lt;@\u{2060}U1>"),
            ("see https://example.com. ", "see https:\u{2060}//example.\u{2060}com. "),
            ("[here](https://a.b) ![](c)", "[here]\u{2060}(https:\u{2060}//a.\u{2060}b) ![]\u{2060}(c)"),
            ("@channel, a@b.c", "@\u{2060}channel, a@\u{2060}b.\u{2060}c"),
        ];
        for (written, sent) in table {
            assert_eq!(powerless(written), sent);
        }
    }
}
