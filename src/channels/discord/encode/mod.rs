//! A part of an answer as a message: it shows as it reads, and pings nobody.

mod content;
mod words;

use serde_json::{Map, Value, json};

use crate::domain::markdown::parse;
use crate::domain::{DeliveryKey, PostedId};

/// "Do not include any embeds when serializing this message": no link previews.
const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// Only the person who gave the command sees it.
const EPHEMERAL: u64 = 1 << 6;

/// A deferred response (`DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE`).
const DEFERRED: u8 = 5;

/// What a blank text is shown as; Discord refuses messages without a visible character.
const BLANK: &str = "…";

/// A new message. A repetition of `key` within a few minutes posts nothing new.
pub(super) fn post(text: &str, key: &DeliveryKey, answers: Option<&PostedId>) -> Value {
    let reference = answers.map(|id| json!({ "message_id": id.0, "fail_if_not_exists": false }));
    let mut body = message(text, SUPPRESS_EMBEDS);
    body.insert("nonce".to_owned(), json!(key.as_str()));
    body.insert("enforce_nonce".to_owned(), json!(true));
    body.extend(reference.map(|reference| ("message_reference".to_owned(), reference)));
    Value::Object(body)
}

/// What a message becomes.
pub(super) fn edit(text: &str) -> Value {
    Value::Object(message(text, SUPPRESS_EMBEDS))
}

/// A further message in answer to a command.
pub(super) fn follow_up(text: &str) -> Value {
    Value::Object(message(text, SUPPRESS_EMBEDS | EPHEMERAL))
}

/// Whether `shown` is what a post of this text shows; Discord trims it.
pub(super) fn shows(text: &str, shown: &str) -> bool {
    content(text).trim() == shown.trim()
}

/// The length of a text, in characters as Discord counts them.
pub(super) fn length(text: &str) -> usize {
    content(text).chars().count()
}

/// The promise of an answer to a command.
pub(super) fn deferral() -> Value {
    json!({ "type": DEFERRED, "data": { "flags": EPHEMERAL } })
}

fn message(text: &str, flags: u64) -> Map<String, Value> {
    Map::from_iter([
        ("content".to_owned(), json!(content(text))),
        ("allowed_mentions".to_owned(), json!({ "parse": [], "replied_user": false })),
        ("flags".to_owned(), json!(flags)),
    ])
}

/// What a message says.
#[must_use]
pub fn content(text: &str) -> String {
    let content = content::write(&parse(text));
    if content.trim().is_empty() { BLANK.to_owned() } else { content }
}

#[cfg(test)]
mod tests {
    use super::{BLANK, content, edit, follow_up, length, post, shows};
    use crate::domain::{DeliveryKey, PostedId, Timestamp, TurnId};

    #[test]
    fn markdown_becomes_the_one_of_discord() {
        let table = [
            ("plain **bold** a < b && c > d", "plain **bold** a < b && c > d"),
            ("*i* ~~s~~ ||h|| `c` ***both***", "*i* ~~s~~ ||h|| `c` ***both***"),
            ("**bold**`code`*it*", "**bold**`code`*it*"),
            ("*a***b**", "*a*\u{200b}**b**"),
            ("é_1_2", "é\\_1_2"),
            ("a_b_c 2 \\* 3 x\\_y_ \\~\\~", "a_b_c 2 \\* 3 x_y\\_ \\~\\~"),
            ("# One\n\n#### Four\n\ntext", "# One\n**Four**\ntext"),
            ("# \n```\na\n```", "\n```\na\n```"),
            ("\\# no\n\\- no\n1\\. no\n\\> no", "\\# no\n\\- no\n1\\. no\n\\> no"),
            ("a\n\\#\n\n```\nb\n```", "a\n\\#\n\n```\nb\n```"),
            ("* a\n* b\n    1. c\n    2. d", "- a\n- b\n  1. c\n  2. d"),
            ("- a\n  ```rs\n  b\n  ```", "- a\n```rs\nb\n```"),
            ("- [x] a", "- ☑ a"),
            ("> a\n> > b\n\nc", "> a\n> \n> › b\n\nc"),
            ("````\na\n```\nb\n````", "```\na\n`\u{200b}`\u{200b}`\nb\n```"),
            ("| a | b |\n|---|---|\n| 1 | 2 |", "```\na  b\n─  ─\n1  2\n```"),
            ("[x](https://example.org/y)", "[x](<https://example.org/y>) (example.org)"),
            ("https://example.org/a_b*c", "https://example.org/a_b*c"),
            (
                "[https://bank.example](https://evil.example)",
                "https:\\//bank.example (<https://evil.example/>) (evil.example)",
            ),
            ("see https://example.org/a, and", "see https://example.org/a, and"),
            ("https://example.org/a`b`", "<https://example.org/a>`b`"),
            ("https://example.org/a**b**", "<https://example.org/a>**b**"),
            ("**https://example.org/a** b", "**https://example.org/a** b"),
            ("ahttps://example.org/b`c`", "ahttps:\\//example.org/b`c`"),
            ("[x](<https://example.org/a(>)", "[x](<https://example.org/a%28>) (example.org)"),
            ("[a\n\nb](c)", "[a\n\nb]\\(c)"),
            ("``a`b``", "`` a`b ``"),
            ("<b>x</b>", "<b>x</b>"),
        ];
        for (given, shown) in table {
            assert_eq!(content(given), shown, "{given:?}");
        }
    }

    #[test]
    fn nothing_becomes_a_mention() {
        let table = [
            ("<@123> and <@!123>, <@&5>", "＜@123> and ＜@!123>, ＜@&5>"),
            ("see <#99>, use </help:7>, <id:guide>", "see ＜#99>, use ＜/help:7>, id:guide"),
            ("@everyone @here you@example.org", "＠everyone ＠here you@example.org"),
            ("a\0b\u{7}c\r\nd\te", "abc\nd\te"),
            ("<t:1700000000> <:smile:1>", "\\<t:1700000000> \\<:smile:1>"),
            ("", BLANK),
            (" \n\0 ", BLANK),
            ("<@<@<@1>", "<@<@＜@1>"),
        ];
        for (given, shown) in table {
            assert_eq!(content(given), shown, "{given:?}");
            assert_eq!(length(given), shown.chars().count());
        }
    }

    #[test]
    fn a_text_is_recognized_as_it_is_shown() {
        assert!(shows(" hello @everyone\n", "hello ＠everyone"));
        assert!(shows("\0", BLANK));
        assert!(!shows("hello", "hello there"));
    }

    #[test]
    fn a_post_names_its_key_and_asks_for_no_pings() {
        let key = DeliveryKey::new(TurnId::new(Timestamp::UNIX_EPOCH), 0);
        let body = post("hello", &key, Some(&PostedId("42".into())));
        assert_eq!(body["nonce"], key.as_str());
        assert!(key.as_str().len() <= 25);
        assert_eq!(body["enforce_nonce"], true);
        assert_eq!(body["allowed_mentions"]["parse"], serde_json::json!([]));
        assert_eq!(body["allowed_mentions"]["replied_user"], false);
        assert_eq!(body["message_reference"]["fail_if_not_exists"], false);
        assert_eq!(body["flags"], 4);
        assert_eq!(post("hello", &key, None).get("message_reference"), None);
        assert_eq!(edit("hello")["flags"], 4);
        assert_eq!(follow_up("hello")["flags"], 68);
    }
}
