//! A part of a reply, as Slack takes it: text in which nothing has power. Marks such
//! as those of code are left to Slack.
//!
//! `&`, `<` and `>` are the only control characters of a text
//! (docs.slack.dev/messaging/formatting-message-text); escaped, no mention, no
//! special word and no link is left. The rest is switched off by name.

use serde::Serialize;

use crate::domain::Part;

/// What stands for a text that Slack would refuse as empty.
const NOTHING: &str = "…";

/// The text of a part, escaped.
pub(super) fn text(part: &Part) -> String {
    let text = escaped(&part.text);
    if text.trim().is_empty() { NOTHING.to_owned() } else { text }
}

/// Makes every character mean itself, and leaves out what nobody can see.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// How Slack is to treat a text: as what `chat.update` takes, too.
///
/// `mrkdwn`, which it does not take, is said nowhere: an answer that is posted
/// without marks would get them with its first edit.
#[derive(Debug, Serialize)]
pub(super) struct Plainly {
    parse: &'static str,
    link_names: bool,
}

/// As it stands: no links, no mentions.
pub(super) const PLAINLY: Plainly = Plainly { parse: "none", link_names: false };

/// What Slack is to show beside a text, where it may be told.
#[derive(Debug, Serialize)]
pub(super) struct Beside {
    unfurl_links: bool,
    unfurl_media: bool,
}

/// No previews.
pub(super) const NOTHING_BESIDE: Beside = Beside { unfurl_links: false, unfurl_media: false };

/// The arguments of `chat.postMessage`.
#[derive(Debug, Serialize)]
pub(super) struct Post<'a> {
    pub(super) channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread_ts: Option<&'a str>,
    pub(super) text: String,
    #[serde(flatten)]
    pub(super) how: Plainly,
    #[serde(flatten)]
    pub(super) beside: Beside,
}

/// The arguments of `chat.update`.
#[derive(Debug, Serialize)]
pub(super) struct Update<'a> {
    pub(super) channel: &'a str,
    pub(super) ts: &'a str,
    pub(super) text: String,
    #[serde(flatten)]
    pub(super) how: Plainly,
}

/// The arguments of `chat.postEphemeral`.
#[derive(Debug, Serialize)]
pub(super) struct PostEphemeral<'a> {
    pub(super) channel: &'a str,
    pub(super) user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread_ts: Option<&'a str>,
    pub(super) text: String,
    #[serde(flatten)]
    pub(super) how: Plainly,
}

/// What goes to a `response_url`, or along with the acknowledgement of a command.
#[derive(Debug, Serialize)]
pub(super) struct Response {
    response_type: &'static str,
    replace_original: bool,
    text: String,
    #[serde(flatten)]
    how: Plainly,
    #[serde(flatten)]
    beside: Beside,
}

/// An answer that only the asking person sees.
pub(super) fn ephemeral(escaped: String) -> Response {
    Response {
        response_type: "ephemeral",
        replace_original: false,
        text: escaped,
        how: PLAINLY,
        beside: NOTHING_BESIDE,
    }
}

#[cfg(test)]
mod tests {
    use super::{NOTHING_BESIDE, PLAINLY, Post, Update, text};
    use crate::domain::{Part, TextUnit};

    #[test]
    fn nothing_in_a_text_has_power() {
        let table = [
            ("<!channel> <@U1> <!subteam^S1|x>", "&lt;!channel&gt; &lt;@U1&gt; &lt;!subteam^S1|x&gt;"),
            ("a & b &amp; c", "a &amp; b &amp;amp; c"),
            ("<https://evil.example|here>", "&lt;https://evil.example|here&gt;"),
            ("nul\0 bell\u{7}\n\ttab", "nul bell\n\ttab"),
            (" \n\0", "…"),
        ];
        for (given, sent) in table {
            let sent_text = text(&Part { number: 0, text: given.to_owned() });
            assert_eq!(sent_text, sent);
            assert!(sent_text.chars().count() <= TextUnit::EscapedChars.measure(given).max(1));
        }
    }

    #[test]
    fn posts_and_edits_switch_off_what_they_can() {
        let text = || "hi".to_owned();
        let post =
            Post { channel: "C1", thread_ts: None, text: text(), how: PLAINLY, beside: NOTHING_BESIDE };
        let json = serde_json::json!({
            "channel": "C1", "text": "hi", "parse": "none", "link_names": false,
            "unfurl_links": false, "unfurl_media": false,
        });
        assert_eq!(serde_json::to_value(post).unwrap(), json);
        let update = Update { channel: "C1", ts: "1.2", text: text(), how: PLAINLY };
        let json = serde_json::json!({
            "channel": "C1", "ts": "1.2", "text": "hi", "parse": "none", "link_names": false,
        });
        assert_eq!(serde_json::to_value(update).unwrap(), json);
    }
}
