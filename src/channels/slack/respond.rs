//! Answers to slash commands, which only the asking person sees.
//!
//! A response url is good for 30 minutes and five answers; after that
//! `chat.postEphemeral` does the same wherever the bot is a member.

use serde::de::IgnoredAny;

use crate::channels::slack::api::Api;
use crate::channels::slack::commands::way_back;
use crate::channels::slack::encode::{Content, PLAINLY, PostEphemeral, ephemeral};
use crate::channels::slack::errors::Step;
use crate::channels::{ChannelError, LimitScope};
use crate::domain::{Address, Interaction, Part, PostedId};

/// Stands for the id of a post that Slack gives none.
const EPHEMERAL: &str = "ephemeral";

const ANSWERING: Step = Step { name: "answering a command", scope: LimitScope::Chat, is_post: true };

/// Whether a post was for one person only.
pub(super) fn is_ephemeral(posted: &PostedId) -> bool {
    posted.0 == EPHEMERAL
}

/// Answers a command.
pub(super) async fn answer(
    api: &Api,
    interaction: &Interaction,
    address: &Address,
    part: &Part,
) -> Result<PostedId, ChannelError> {
    let Some((url, user)) = way_back(interaction) else {
        let reason = "the command does not say where its answer goes".to_owned();
        return Err(ChannelError::Gone { step: ANSWERING.name, reason, closed: None });
    };
    match answer_by_url(api, url, &part.text).await {
        // Used up, or too old.
        Err(ChannelError::Rejected { .. }) => {}
        other => return other,
    }
    let thread_ts = address.thread.as_deref();
    let post = PostEphemeral {
        channel: &address.chat,
        user,
        thread_ts,
        content: Content::of(&part.text),
        how: PLAINLY,
    };
    api.post::<IgnoredAny>(ANSWERING, "chat.postEphemeral", &post).await?;
    Ok(PostedId(EPHEMERAL.to_owned()))
}

/// Answers through a response url, if that leads to Slack.
pub(super) async fn answer_by_url(api: &Api, url: &str, text: &str) -> Result<PostedId, ChannelError> {
    let Some(url) = api.response_url(url) else {
        let reason = "its response url does not lead to Slack".to_owned();
        return Err(ChannelError::Rejected { step: ANSWERING.name, reason });
    };
    api.respond(ANSWERING, &url, &ephemeral(Content::of(text))).await?;
    Ok(PostedId(EPHEMERAL.to_owned()))
}
