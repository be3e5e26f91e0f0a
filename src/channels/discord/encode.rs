//! Text as a message: what is posted shows as it reads, and pings nobody.

use serde_json::{Map, Value, json};

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
    harmless(text).trim() == shown.trim()
}

/// The promise of an answer to a command.
pub(super) fn deferral() -> Value {
    json!({ "type": DEFERRED, "data": { "flags": EPHEMERAL } })
}

fn message(text: &str, flags: u64) -> Map<String, Value> {
    Map::from_iter([
        ("content".to_owned(), json!(harmless(text))),
        ("allowed_mentions".to_owned(), json!({ "parse": [], "replied_user": false })),
        ("flags".to_owned(), json!(flags)),
    ])
}

/// Takes the power from what Discord would make a mention, a link to a channel
/// or a command of. Each character stays one character, so that the text stays
/// within its limit; full-width signs look the same and mean nothing.
fn harmless(text: &str) -> String {
    let shown = text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control());
    let shown: String = shown.collect();
    if shown.trim().is_empty() {
        return BLANK.to_owned();
    }
    let mut result = String::with_capacity(shown.len());
    let mut rest = shown.as_str();
    while let Some(at) = rest.find(['<', '@']) {
        let (before, after) = rest.split_at(at);
        result.push_str(before);
        let mut following = after.chars();
        match following.next() {
            Some('<') if is_reference(following.as_str()) => result.push('＜'),
            Some('@') if is_for_all(following.as_str()) => result.push('＠'),
            Some(sign) => result.push(sign),
            None => {}
        }
        rest = following.as_str();
    }
    result.push_str(rest);
    result
}

/// `<@1>`, `<@!1>`, `<@&1>`, `<#1>`, `</name:1>`, `<id:guide>`, after the `<`.
fn is_reference(after: &str) -> bool {
    let Some((inside, _)) = after.split_once('>') else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(person) = inside.strip_prefix('@') {
        return is_number(person.strip_prefix(['!', '&']).unwrap_or(person));
    }
    if let Some(command) = inside.strip_prefix('/') {
        return command.rsplit_once(':').is_some_and(|(_, id)| is_number(id));
    }
    inside.strip_prefix('#').is_some_and(is_number) || inside.starts_with("id:")
}

fn is_for_all(after: &str) -> bool {
    after.starts_with("everyone") || after.starts_with("here")
}

#[cfg(test)]
mod tests {
    use super::{BLANK, edit, follow_up, harmless, post, shows};
    use crate::domain::{DeliveryKey, PostedId, TextUnit, Timestamp, TurnId};

    #[test]
    fn nothing_becomes_a_mention_and_nothing_grows() {
        let table = [
            ("plain **bold** a < b && c > d", "plain **bold** a < b && c > d"),
            ("<@123> and <@!123>, <@&5>", "＜@123> and ＜@!123>, ＜@&5>"),
            ("see <#99>, use </help:7>, <id:guide>", "see ＜#99>, use ＜/help:7>, ＜id:guide>"),
            ("@everyone @here you@example.org", "＠everyone ＠here you@example.org"),
            ("a\0b\u{7}c\r\nd\te", "abc\nd\te"),
            ("<t:1700000000> <:smile:1>", "<t:1700000000> <:smile:1>"),
            ("", BLANK),
            (" \n\0 ", BLANK),
            ("<@<@<@1>", "<@<@＜@1>"),
            ("</div> <#include> <@user>", "</div> <#include> <@user>"),
        ];
        for (given, shown) in table {
            assert_eq!(harmless(given), shown);
            let grown = TextUnit::Chars.measure(shown) > TextUnit::Chars.measure(given).max(1);
            assert!(!grown, "{given:?} has grown");
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
