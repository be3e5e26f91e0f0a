//! Files: told of, brought, and shared into their place, in three calls.
//!
//! docs.slack.dev/messaging/working-with-files#upload. Nobody sees anything before the last
//! call, so that only this one is a post. It does not say which message it has made: such
//! a post is named by its file.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::channels::slack::Slack;
use crate::channels::slack::encode::Content;
use crate::channels::slack::errors::Step;
use crate::channels::{ChannelError, LimitScope};
use crate::domain::{Part, PostedId, ReplyTo, TextFile};

/// Before the name of a file in the name of a post.
const FILE: &str = "file ";

const ASKING: Step = Step { name: "asking where to bring a file", scope: LimitScope::Chat, is_post: false };
const BRINGING: Step = Step { name: "bringing a file", scope: LimitScope::Chat, is_post: false };
const SHARING: Step = Step { name: "sharing a file", scope: LimitScope::Chat, is_post: true };
const DELETING: Step = Step { name: "deleting a file", scope: LimitScope::Chat, is_post: false };

/// The answer of `files.getUploadURLExternal`, as far as it matters.
#[derive(Debug, Deserialize)]
struct Place {
    upload_url: String,
    file_id: String,
}

/// The arguments of `files.completeUploadExternal`.
#[derive(Debug, Serialize)]
struct Share<'a> {
    files: [Named<'a>; 1],
    channel_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    initial_comment: &'a str,
}

#[derive(Debug, Serialize)]
struct Named<'a> {
    id: &'a str,
    title: &'a str,
}

/// The arguments of `files.delete`.
#[derive(Debug, Serialize)]
struct File<'a> {
    file: &'a str,
}

/// Names the post of a file.
pub(super) fn posted(file: &str) -> PostedId {
    PostedId(format!("{FILE}{file}"))
}

/// The file of a post that is named by one.
pub(super) fn file_of(posted: &PostedId) -> Option<&str> {
    posted.0.strip_prefix(FILE)
}

impl Slack {
    /// Posts a file with the text beside it.
    pub(super) async fn post_file(
        &self,
        to: &ReplyTo,
        part: &Part,
        file: &TextFile,
    ) -> Result<PostedId, ChannelError> {
        let file_id = match self.bring(file).await {
            // What was brought before is nobody's.
            Err(ChannelError::Unreachable { .. }) => self.bring(file).await,
            brought => brought,
        };
        let file_id = file_id.map_err(|error| match error {
            // Words are taken here all the same.
            ChannelError::Setup { way_out } => ChannelError::Rejected { step: ASKING.name, reason: way_out },
            ChannelError::Unreachable { step, source } if step == BRINGING.name => {
                ChannelError::Rejected { step, reason: source.to_string() }
            }
            error => error,
        })?;
        let beside = Content::of(&part.text);
        let share = Share {
            files: [Named { id: &file_id, title: &file.name }],
            channel_id: &to.address.chat,
            thread_ts: to.address.thread.as_deref(),
            initial_comment: beside.text(),
        };
        let shared = self.workspace.api.post::<IgnoredAny>(SHARING, "files.completeUploadExternal", &share);
        shared.await?;
        Ok(posted(&file_id))
    }

    /// Brings a file to Slack, where nobody sees it yet; returns its id.
    async fn bring(&self, file: &TextFile) -> Result<String, ChannelError> {
        let api = &self.workspace.api;
        let length = file.text.len().to_string();
        let arguments = [("filename", file.name.as_str()), ("length", length.as_str())];
        let place: Result<Place, _> = api.get(ASKING, "files.getUploadURLExternal", &arguments).await;
        let place = place.map_err(|error| match error {
            // Nothing is posted by it, whatever has come of it.
            ChannelError::Unknown { step, source } => ChannelError::Unreachable { step, source },
            error => error,
        })?;
        api.bring(BRINGING, &place.upload_url, file.text.clone()).await?;
        Ok(place.file_id)
    }

    /// Takes a file away; what Slack says in its place stays.
    pub(super) async fn delete_file(&self, file: &str) -> Result<(), ChannelError> {
        match self.workspace.api.post::<IgnoredAny>(DELETING, "files.delete", &File { file }).await {
            Err(ChannelError::Rejected { reason, .. })
                if matches!(reason.as_str(), "file_not_found" | "file_deleted") =>
            {
                Ok(())
            }
            deleted => deleted.map(drop),
        }
    }
}
