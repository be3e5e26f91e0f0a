//! A part of an answer, as Telegram shows it: Markdown in HTML, or as plain text
//! when Telegram refuses that.
//!
//! Answers ping nobody: where others can read, a name that would be a mention is
//! shown as code, or with another sign before it. Of a message's marks Telegram
//! keeps a hundred and drops the others, so there are never more.

mod html;
mod mentions;

use crate::channels::telegram::CAPABILITIES;
use crate::domain::Address;
use crate::domain::markdown::{self, parse};

/// Shown for what Telegram refuses because nobody would see it.
const NOTHING_VISIBLE: &str = "…";

/// How much longer than its text the HTML of a message may be. The server takes
/// 4,096 UTF-16 units after parsing, and 32 KiB before.
const HTML_TO_TEXT: usize = 8;

/// The text in HTML.
#[must_use]
pub fn html(text: &str, address: &Address) -> String {
    let written = html::write(&parse(text), !address.is_direct());
    if written.text.chars().all(is_invisible) { NOTHING_VISIBLE.to_owned() } else { written.html }
}

/// The text for when its HTML was refused.
#[must_use]
pub fn plain(text: &str, address: &Address) -> String {
    let plain = markdown::plain(&parse(text));
    if plain.chars().all(is_invisible) {
        return NOTHING_VISIBLE.to_owned();
    }
    if address.is_direct() { plain } else { mentions::harmless(&plain) }
}

/// The length of a text, in UTF-16 units as Telegram counts them after parsing; one with
/// more marks than a message can have is longer than a message.
pub(super) fn length(text: &str) -> usize {
    let written = html::write(&parse(text), true);
    let text = written.text.encode_utf16().count();
    let of_marks = written.marks * CAPABILITIES.text_limit / html::MOST_MARKS;
    text.max(written.html.len().div_ceil(HTML_TO_TEXT)).max(of_marks)
}

/// What the server strips before it calls a message empty.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{30a}' | '\u{333}' | '\u{33f}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{feff}' | '\u{fffc}')
}

#[cfg(test)]
mod tests {
    use super::html::MOST_NAMES;
    use super::{html, length, plain};
    use crate::domain::{Address, AddressKind, Platform};

    fn address(kind: AddressKind) -> Address {
        let scope = String::new();
        Address { platform: Platform::Telegram, scope, chat: "1".into(), thread: None, kind, space: None }
    }

    #[test]
    fn markdown_becomes_html() {
        let table = [
            ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
            (
                "**b** *i* ~~s~~ ||h|| `c<`",
                "<b>b</b> <i>i</i> <s>s</s> <tg-spoiler>h</tg-spoiler> <code>c&lt;</code>",
            ),
            ("***both* bold**", "<b><i>both</i> bold</b>"),
            ("**a `c` b**", "<b>a </b><code>c</code><b> b</b>"),
            ("# Head\n\ntext", "<b>Head</b>\n\ntext"),
            (
                "```rust\nlet a = 1 < 2;\n```",
                "<pre><code class=\"language-rust\">let a = 1 &lt; 2;</code></pre>",
            ),
            ("```\na\n```", "<pre>a</pre>"),
            ("> a\n>\n> b\n\nc", "<blockquote>a\n\nb</blockquote>\n\nc"),
            ("> a\n> > b", "<blockquote>a\n\n› b</blockquote>"),
            ("> a\n> ```\n> b\n> ```", "<blockquote>a</blockquote>\n\n<pre>b</pre>"),
            ("- a\n- b\n  1. c\n  2. d", "• a\n• b\n    1. c\n    2. d"),
            ("- [x] a", "• ☑ a"),
            ("1. a\n   ```\n   b\n   ```\n2. c", "1. a\n<pre>b</pre>\n2. c"),
            (
                "[x](https://example.org/?a=1&b=\"2)",
                "<a href=\"https://example.org/?a=1&amp;b=%222\">x</a> (example.org)",
            ),
            (
                "see https://example.org/a_b_c.",
                "see <a href=\"https://example.org/a_b_c\">https://example.org/a_b_c</a>.",
            ),
            ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
            ("---", "———"),
            ("@ann, see", "@ann, see"),
            ("  ", "…"),
            ("\u{200b}\n", "…"),
        ];
        for (text, expected) in table {
            assert_eq!(html(text, &address(AddressKind::Direct)), expected, "{text:?}");
        }
    }

    #[test]
    fn nobody_is_pinged_in_a_group() {
        let table = [
            ("hi @ann & @bob!", "hi <code>@ann</code> &amp; <code>@bob</code>!", "hi ＠ann & ＠bob!"),
            ("@ann", "<code>@ann</code>", "＠ann"),
            ("**@ann** `@bob`", "<b>＠ann</b> <code>@bob</code>", "＠ann ＠bob"),
            ("ann@example.com, 3 @ 4", "ann@example.com, 3 @ 4", "ann@example.com, 3 @ 4"),
            ("é@ann (@ann)", "é@ann (<code>@ann</code>)", "é@ann (＠ann)"),
        ];
        for (text, in_html, in_plain) in table {
            for kind in [AddressKind::Group, AddressKind::Thread] {
                assert_eq!(html(text, &address(kind)), in_html, "{text:?}");
                assert_eq!(plain(text, &address(kind)), in_plain, "{text:?}");
            }
        }
        let many = html(&"@ann ".repeat(800), &address(AddressKind::Group));
        assert_eq!(many.matches("<code>").count(), MOST_NAMES);
        assert_eq!(many.matches('@').count(), MOST_NAMES);
    }

    #[test]
    fn a_text_is_as_long_as_what_is_left_of_it() {
        let table = [("a", 1), ("😀", 2), ("&<", 2), ("- a", 3), ("**a**", 50), ("```\nab\n```", 50)];
        for (text, expected) in table {
            assert_eq!(length(text), expected, "{text}");
        }
        assert!(length(&"[a](https://example.org/a/long/way/to/go) ".repeat(80)) > 80 * 15);
    }
}
