//! What a conversation or thread has in its history, page by page.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::channels::slack::api::Api;
use crate::channels::slack::errors::Step;
use crate::channels::{ChannelError, LimitScope};
use crate::domain::Timestamp;

/// How many messages are asked for at once; docs.slack.dev recommends no more.
const PAGE: &str = "200";

const READING: Step = Step { name: "reading the history", scope: LimitScope::Account, is_post: false };

/// Where to read, and from when on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) channel: String,
    /// The thread; without one, what stands in the conversation itself.
    pub(super) thread: Option<String>,
    /// The timestamp of the oldest message that matters.
    pub(super) oldest: String,
}

/// Some messages of a history, as they came.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    pub(super) messages: Vec<Box<RawValue>>,
    #[serde(default)]
    response_metadata: Option<Metadata>,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    next_cursor: Option<String>,
}

impl Page {
    /// Where the next page begins; none after the last.
    pub(super) fn next(&self) -> Option<&str> {
        let cursor = self.response_metadata.as_ref()?.next_cursor.as_deref()?;
        Some(cursor).filter(|cursor| !cursor.is_empty())
    }
}

/// Reads a page. A conversation shows its newest messages first, a thread its
/// beginning, always, and then its oldest.
pub(super) async fn page(api: &Api, stretch: &Stretch, cursor: Option<&str>) -> Result<Page, ChannelError> {
    let mut arguments = vec![
        ("channel", stretch.channel.as_str()),
        ("oldest", stretch.oldest.as_str()),
        ("inclusive", "true"),
        ("limit", PAGE),
    ];
    arguments.extend(cursor.map(|cursor| ("cursor", cursor)));
    match &stretch.thread {
        Some(thread) => {
            arguments.push(("ts", thread));
            api.get(READING, "conversations.replies", &arguments).await
        }
        None => api.get(READING, "conversations.history", &arguments).await,
    }
}

/// A moment as Slack writes it.
pub(super) fn ts(moment: Timestamp) -> String {
    ts_of(i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(0))
}

/// A number of microseconds as Slack writes it.
pub(super) fn ts_of(micros: i64) -> String {
    let micros = micros.max(0);
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::{Page, ts_of};

    #[test]
    fn the_last_page_names_no_next_one() {
        // docs.slack.dev/reference/methods/conversations.history
        let page = r#"{"ok":true,"messages":[{"type":"message","text":"hi"}],"has_more":true,
            "response_metadata":{"next_cursor":"bmV4dF90czoxNTEyMDg1ODYxMDAwNTQz"}}"#;
        let page: Page = serde_json::from_str(page).unwrap();
        assert_eq!((page.messages.len(), page.next()), (1, Some("bmV4dF90czoxNTEyMDg1ODYxMDAwNTQz")));
        for last in [
            r#"{"messages":[]}"#,
            r#"{"response_metadata":{"next_cursor":""}}"#,
            r#"{"response_metadata":null}"#,
        ] {
            assert_eq!(serde_json::from_str::<Page>(last).unwrap().next(), None, "{last}");
        }
    }

    #[test]
    fn timestamps_have_six_digits_behind_the_point() {
        assert_eq!(ts_of(1_700_000_000_000_100), "1700000000.000100");
        assert_eq!(ts_of(-5), "0.000000");
    }
}
