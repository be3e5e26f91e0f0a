//! Posts that grow by Slack's own streams, in threads.
//!
//! docs.slack.dev/reference/methods/chat.startStream. A stream takes Markdown and no word on
//! previews or mentions, so that what is added is made powerless here; what stays is written
//! by `chat.update` like every post. As long as a message streams Slack refuses to change it,
//! and after about five minutes it streams no more.

use std::num::NonZeroU32;

use async_trait::async_trait;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::channels::slack::errors::Step;
use crate::channels::slack::{Posted, Slack};
use crate::channels::{ChannelError, LimitScope, Streams};
use crate::domain::{PostedId, ReplyTo};

/// How many streams begin in a minute, and as many end: Slack takes 20 of each (tier 2).
const BEGIN: NonZeroU32 = NonZeroU32::new(14).unwrap();

/// How many begin at once.
const BEGIN_AT_ONCE: NonZeroU32 = NonZeroU32::new(4).unwrap();

/// How often streams are added to in a minute, all together: Slack takes 100 (tier 4).
const ADD: NonZeroU32 = NonZeroU32::new(85).unwrap();

/// How often at once.
const ADD_AT_ONCE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Taken out of a word, it is the same to the eye, and no address any more.
const JOINER: char = '\u{2060}';

const BEGINNING: Step = Step { name: "beginning a stream", scope: LimitScope::Account, is_post: true };
const ADDING: Step = Step { name: "adding to a stream", scope: LimitScope::Account, is_post: true };
const ENDING: Step = Step { name: "ending a stream", scope: LimitScope::Account, is_post: false };

/// What the streams of a workspace may take of what Slack allows.
pub(super) struct Budget {
    begin: DefaultDirectRateLimiter,
    add: DefaultDirectRateLimiter,
}

impl Budget {
    pub(super) fn new() -> Self {
        let quota = |most, at_once| RateLimiter::direct(Quota::per_minute(most).allow_burst(at_once));
        Self { begin: quota(BEGIN, BEGIN_AT_ONCE), add: quota(ADD, ADD_AT_ONCE) }
    }
}

/// The arguments of `chat.startStream`.
#[derive(Debug, Serialize)]
struct Start<'a> {
    channel: &'a str,
    thread_ts: Option<&'a str>,
    recipient_user_id: Option<&'a str>,
    recipient_team_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown_text: Option<String>,
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
    async fn begin(&self, to: &ReplyTo, words: &str) -> Result<Option<PostedId>, ChannelError> {
        if self.streams.as_ref().is_none_or(|budget| budget.begin.check().is_err()) {
            return Ok(None);
        }
        let start = Start {
            channel: &to.address.chat,
            thread_ts: to.address.thread.as_deref(),
            recipient_user_id: to.asker.as_deref(),
            recipient_team_id: &self.workspace.ourselves().await?.team,
            markdown_text: Some(powerless(words)).filter(|words| !words.is_empty()),
        };
        let posted: Posted = self.workspace.api.post(BEGINNING, "chat.startStream", &start).await?;
        Ok(Some(PostedId(posted.ts)))
    }

    async fn add(&self, to: &ReplyTo, posted: &PostedId, markdown: &str) -> Result<bool, ChannelError> {
        if self.streams.as_ref().is_none_or(|budget| budget.add.check().is_err()) {
            return Ok(false);
        }
        let markdown_text = Some(powerless(markdown));
        let add = Go { channel: &to.address.chat, ts: &posted.0, markdown_text };
        self.workspace.api.post::<IgnoredAny>(ADDING, "chat.appendStream", &add).await?;
        Ok(true)
    }

    async fn end(&self, to: &ReplyTo, posted: &PostedId) -> Result<(), ChannelError> {
        let stop = Go { channel: &to.address.chat, ts: &posted.0, markdown_text: None };
        match self.workspace.api.post::<IgnoredAny>(ENDING, "chat.stopStream", &stop).await {
            Err(ChannelError::Rejected { reason, .. }) if reason == "message_not_in_streaming_state" => {
                Ok(())
            }
            ended => ended.map(drop),
        }
    }
}

/// Whether a message cannot be changed because it streams.
pub(super) fn is_in_the_way(error: &ChannelError) -> bool {
    let says = |reason: &str| matches!(reason, "streaming_state_conflict" | "cant_delete_message");
    matches!(error, ChannelError::Rejected { reason, .. } if says(reason))
}

/// Markdown in which nothing calls anybody, and nothing is a link: neither written as one,
/// nor by its looks. Whole words in, whole words out.
fn powerless(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut chars = markdown.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
        let is_link = match c {
            ']' => matches!(next, '(' | '[' | ':'),
            '.' => next.is_alphanumeric(),
            ':' => !next.is_whitespace(),
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
            ("plain *words*, 5 > 3.", "plain *words*, 5 > 3."),
            ("<!here> & <@U1>", "&lt;!here> &amp; &lt;@\u{2060}U1>"),
            ("see https://example.com.", "see https:\u{2060}//example.\u{2060}com."),
            ("[here](https://a.b) ![](c)", "[here]\u{2060}(https:\u{2060}//a.\u{2060}b) ![]\u{2060}(c)"),
            ("@channel, a@b.c", "@\u{2060}channel, a@\u{2060}b.\u{2060}c"),
        ];
        for (written, sent) in table {
            assert_eq!(powerless(written), sent);
        }
    }
}
