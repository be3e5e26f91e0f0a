//! A part of a reply, as Slack takes it: rich text, in which nothing has power,
//! and the same without marks for where Slack shows no rich text.
//!
//! Of the latter `&`, `<` and `>` are the only control characters
//! (docs.slack.dev/messaging/formatting-message-text); escaped, no mention, no
//! special word and no link is left. The rest is switched off by name.

mod blocks;

use serde::Serialize;
use serde_json::{Value, json};

use crate::channels::slack::encode::blocks::RichText;
use crate::domain::markdown::{parse, plain};

/// What stands for a text that Slack would refuse as empty.
const NOTHING: &str = "…";

/// The longest text beside blocks, in characters; blocks say all of it.
const LONGEST_TEXT: usize = 3_900;

/// How long a character becomes at most.
const ESCAPED: usize = 5;

/// What a message says.
#[derive(Debug, Serialize)]
pub struct Content {
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<Block>,
}

/// A block of a message.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Block {
    Rich(RichText),
    /// Plain text, or buttons.
    Other(Value),
}

impl Content {
    /// Writes Markdown in both ways.
    #[must_use]
    pub fn of(markdown: &str) -> Self {
        let blocks = parse(markdown);
        let text = escaped(&shortened(plain(&blocks)));
        if text.trim().is_empty() {
            return Self { text: NOTHING.to_owned(), blocks: Vec::new() };
        }
        let blocks = Vec::from_iter(blocks::write(&blocks).map(Block::Rich));
        Self { text, blocks }
    }

    /// The same with a button under it, which says `label` and gives `action_id` back.
    #[must_use]
    pub(super) fn with_button(mut self, label: &str, action_id: &str) -> Self {
        if self.blocks.is_empty() {
            // Where there are blocks, the text is not shown.
            let text = json!({ "type": "plain_text", "text": self.text, "emoji": false });
            self.blocks.push(Block::Other(json!({ "type": "section", "text": text })));
        }
        let label = json!({ "type": "plain_text", "text": label, "emoji": false });
        let button = json!({ "type": "button", "text": label, "action_id": action_id });
        self.blocks.push(Block::Other(json!({ "type": "actions", "elements": [button] })));
        self
    }

    /// What it says without marks.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The length of a text: the bytes of its blocks, of which Slack takes about 13,200
/// characters in a message (slackapi/bolt-js#2509).
pub(super) fn length(markdown: &str) -> usize {
    let content = Content::of(markdown);
    serde_json::to_vec(&content.blocks).map_or(usize::MAX, |json| json.len())
}

/// As much of a text as `chat.update` takes beside blocks: 4,000 characters, when none is longer for being escaped.
fn shortened(mut text: String) -> String {
    let mut length = 0;
    let end = text.char_indices().find(|(_, c)| {
        length += if matches!(c, '&' | '<' | '>') { ESCAPED } else { 1 };
        length > LONGEST_TEXT
    });
    if let Some((end, _)) = end {
        text.truncate(end);
        text.push_str(NOTHING);
    }
    text
}

/// Makes every character mean itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
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
    #[serde(flatten)]
    pub(super) content: Content,
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
    #[serde(flatten)]
    pub(super) content: Content,
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
    #[serde(flatten)]
    pub(super) content: Content,
    #[serde(flatten)]
    pub(super) how: Plainly,
}

/// What goes to a `response_url`, or along with the acknowledgement of a command.
#[derive(Debug, Serialize)]
pub(super) struct Response {
    response_type: &'static str,
    replace_original: bool,
    #[serde(flatten)]
    content: Content,
    #[serde(flatten)]
    how: Plainly,
    #[serde(flatten)]
    beside: Beside,
}

/// An answer that only the asking person sees.
pub(super) fn ephemeral(content: Content) -> Response {
    Response {
        response_type: "ephemeral",
        replace_original: false,
        content,
        how: PLAINLY,
        beside: NOTHING_BESIDE,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Content, NOTHING_BESIDE, PLAINLY, Post, Update, length};

    #[test]
    fn nothing_in_a_text_has_power() {
        let table = [
            ("<!channel> <@U1> <!subteam^S1|x>", "&lt;!channel&gt; &lt;@U1&gt; &lt;!subteam^S1|x&gt;"),
            ("a & b &amp; c", "a &amp; b &amp; c"),
            ("<https://evil.example|here>", "https://evil.example|here"),
            ("nul\0 bell\u{7}\n\ttab", "nul bell\ntab"),
            (" \n\0", "…"),
        ];
        for (given, sent) in table {
            assert_eq!(Content::of(given).text(), sent, "{given}");
        }
    }

    fn rich(markdown: &str) -> Value {
        serde_json::to_value(Content::of(markdown)).unwrap()["blocks"][0]["elements"].take()
    }

    #[test]
    fn markdown_becomes_rich_text() {
        let section = |elements: Value| json!([{ "type": "rich_text_section", "elements": elements }]);
        let table = [
            ("a <b>", section(json!([{ "type": "text", "text": "a <b>" }]))),
            (
                "**b** [x](https://example.org)",
                section(json!([
                    { "type": "text", "text": "b", "style": { "bold": true } },
                    { "type": "text", "text": " " },
                    { "type": "link", "url": "https://example.org/", "text": "x" },
                    { "type": "text", "text": " (example.org)" },
                ])),
            ),
            (
                "```rust\nlet a;\n```",
                json!([{ "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": "let a;" }] }]),
            ),
            (
                "> a\n> `b`",
                json!([{ "type": "rich_text_quote", "elements": [
                    { "type": "text", "text": "a\n" },
                    { "type": "text", "text": "b", "style": { "code": true } },
                ] }]),
            ),
            (
                "3. a\n   - b\n4. c",
                json!([
                    { "type": "rich_text_list", "style": "ordered", "indent": 0, "offset": 2, "elements": [
                        { "type": "rich_text_section", "elements": [{ "type": "text", "text": "a" }] },
                    ] },
                    { "type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [
                        { "type": "rich_text_section", "elements": [{ "type": "text", "text": "b" }] },
                    ] },
                    { "type": "rich_text_list", "style": "ordered", "indent": 0, "offset": 3, "elements": [
                        { "type": "rich_text_section", "elements": [{ "type": "text", "text": "c" }] },
                    ] },
                ]),
            ),
        ];
        for (given, elements) in table {
            assert_eq!(rich(given), elements, "{given}");
        }
    }

    #[test]
    fn a_text_is_as_long_as_its_blocks() {
        assert!(length("a") > 50);
        assert!(length(&"a".repeat(1_000)) < 1_200);
    }

    #[test]
    fn posts_and_edits_switch_off_what_they_can() {
        let (how, beside) = (PLAINLY, NOTHING_BESIDE);
        let post = Post { channel: "C1", thread_ts: None, content: Content::of(" "), how, beside };
        let json = json!({
            "channel": "C1", "text": "…", "parse": "none", "link_names": false,
            "unfurl_links": false, "unfurl_media": false,
        });
        assert_eq!(serde_json::to_value(post).unwrap(), json);
        let update = Update { channel: "C1", ts: "1.2", content: Content::of(" "), how: PLAINLY };
        let json = json!({
            "channel": "C1", "ts": "1.2", "text": "…", "parse": "none", "link_names": false,
        });
        assert_eq!(serde_json::to_value(update).unwrap(), json);
    }
}
