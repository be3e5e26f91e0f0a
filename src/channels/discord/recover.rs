//! Our own posts: looking for one of which nobody said whether it arrived, and
//! taking one away.
//!
//! Within a few minutes Discord itself tells a repeated post by its nonce; this
//! is for later. The history is not documented to show nonces, so a post is
//! recognized by its author, its text, and what it answers.

use std::collections::HashSet;

use async_trait::async_trait;
use serde_json::Value;
use serenity::http::{LightMethod, Route};

use crate::channels::discord::api::{id_of, snowflake};
use crate::channels::discord::errors::CallError;
use crate::channels::discord::{Discord, decode, encode};
use crate::channels::{Channel, ChannelError, Delete, ReadBack, looked_from};
use crate::domain::{Part, PostedId, ReplyTo, Timestamp};

/// The most messages that Discord gives at once.
pub(super) const PAGE: usize = 100;

/// How many pages are looked through for one post.
const PAGES: usize = 10;

const LOOKING: &str = "looking for a post";

#[async_trait]
impl ReadBack for Discord {
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
        let channel_id = self.stands_in(LOOKING, to).await?;
        let we = self.who_we_are().await?;
        let known: HashSet<&str> = known.iter().map(|posted| posted.0.as_str()).collect();
        let asked = to.message.as_ref().and_then(|message| message.0.parse().ok()).map(decode::moment);
        let mut after = decode::first_at(looked_from(asked, since));
        for page in 0..PAGES {
            let query = vec![("after", after.to_string()), ("limit", PAGE.to_string())];
            let route = Route::ChannelMessages { channel_id };
            let mut messages = self.shared.api.list(LOOKING, route, query).await?;
            if messages.is_empty() && page == 0 {
                self.prove_that_we_can_read(to).await?;
            }
            // A page shows the newest first.
            messages.reverse();
            for message in &messages {
                let id = id_of(LOOKING, message)?;
                after = after.max(id);
                let posted = PostedId(id.to_string());
                if !known.contains(posted.0.as_str()) && is_it(message, &we, to, part) {
                    return Ok(Some(posted));
                }
            }
            if messages.len() < PAGE {
                return Ok(None);
            }
        }
        Err(untold("too much has been said since"))
    }
}

impl Discord {
    /// Our own id, asked for when the gateway has not told it.
    async fn who_we_are(&self) -> Result<String, ChannelError> {
        match self.shared.bot() {
            Some(bot) => Ok(bot.to_string()),
            None => Ok(self.check().await?.id),
        }
    }

    /// Who may not read the history is shown an empty one, without an error; a
    /// message that is asked for by its id is refused.
    async fn prove_that_we_can_read(&self, to: &ReplyTo) -> Result<(), ChannelError> {
        let Some(answered) = &to.message else {
            return Err(untold("the history is empty, or closed to us"));
        };
        let channel_id = self.stands_in(LOOKING, to).await?;
        let route = Route::ChannelMessage { channel_id, message_id: snowflake(LOOKING, &answered.0)?.into() };
        match self.shared.api.call(LOOKING, LightMethod::Get, route, None).await {
            Err(CallError::Refused(refusal)) if refusal.is_unknown_message() => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }
}

/// Whether a message is what posting this part made. It may have become no
/// reply, when what it was to answer had gone.
fn is_it(message: &Value, we: &str, to: &ReplyTo, part: &Part) -> bool {
    let text = |pointer| message.pointer(pointer).and_then(Value::as_str);
    let answers = text("/message_reference/message_id");
    let wanted = to.message.as_ref().filter(|_| part.number == 0);
    text("/author/id") == Some(we)
        && text("/content").is_some_and(|shown| encode::shows(&part.text, shown))
        && answers.is_none_or(|answers| wanted.is_some_and(|wanted| wanted.0 == answers))
}

fn untold(reason: &str) -> ChannelError {
    ChannelError::Rejected { step: LOOKING, reason: reason.to_owned() }
}

#[async_trait]
impl Delete for Discord {
    async fn delete(&self, to: &ReplyTo, posted: &PostedId) -> Result<(), ChannelError> {
        if let Some(interaction) = &to.interaction
            && self.shared.interactions.take_away(interaction, posted).await?
        {
            return Ok(());
        }
        let step = "deleting a post";
        let message_id = snowflake(step, &posted.0)?.into();
        let route = Route::ChannelMessage { channel_id: self.stands_in(step, to).await?, message_id };
        match self.shared.api.call(step, LightMethod::Delete, route, None).await {
            Err(CallError::Refused(refusal)) if refusal.is_unknown_message() => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }
}
