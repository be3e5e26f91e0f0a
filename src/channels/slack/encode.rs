//! A part of a reply, as Slack takes it: plain text in which nothing works.
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

/// How Slack is to treat a text.
#[derive(Debug, Serialize)]
pub(super) struct Plainly {
    mrkdwn: bool,
    parse: &'static str,
    link_names: bool,
    unfurl_links: bool,
    unfurl_media: bool,
}

/// As it stands: no formatting, no links, no mentions, no previews.
pub(super) const PLAINLY: Plainly =
    Plainly { mrkdwn: false, parse: "none", link_names: false, unfurl_links: false, unfurl_media: false };

/// The arguments of `chat.postMessage`.
#[derive(Debug, Serialize)]
pub(super) struct Post<'a> {
    pub(super) channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread_ts: Option<&'a str>,
    pub(super) text: String,
    #[serde(flatten)]
    pub(super) how: Plainly,
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
}

/// An answer that only the asking person sees.
pub(super) fn ephemeral(escaped: String) -> Response {
    Response { response_type: "ephemeral", replace_original: false, text: escaped, how: PLAINLY }
}

#[cfg(test)]
mod tests {
    use super::{PLAINLY, Post, text};
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
    fn a_post_switches_everything_off() {
        let post = Post { channel: "C1", thread_ts: None, text: "hi".to_owned(), how: PLAINLY };
        let json = serde_json::json!({
            "channel": "C1", "text": "hi", "mrkdwn": false, "parse": "none", "link_names": false,
            "unfurl_links": false, "unfurl_media": false,
        });
        assert_eq!(serde_json::to_value(post).unwrap(), json);
    }
}
