//! A part of an answer, as Telegram shows it: plain text in HTML.
//!
//! Answers ping nobody. Telegram makes a mention of every `@name`, wherever it
//! stands, except within code; where others can read, names go there.

use std::borrow::Cow;

use crate::domain::Address;

/// How many stretches of code one message may have and be sure to keep them.
const MOST_CODE: usize = 80;
/// Looks like an `@`, and pings nobody.
const HARMLESS_AT: char = '＠';
/// Shown for what Telegram refuses because nobody would see it.
const NOTHING_VISIBLE: &str = "…";

/// The text in HTML.
pub(super) fn html(text: &str, address: &Address) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    if address.is_direct() {
        escape(&mut html, visible(text));
        return html;
    }
    for (number, piece) in pieces(visible(text)).enumerate() {
        match piece {
            Piece::Mention(name) if number < 2 * MOST_CODE => {
                html.push_str("<code>");
                html.push_str(name);
                html.push_str("</code>");
            }
            Piece::Mention(name) => html.push_str(&harmless(name)),
            Piece::Text(text) => escape(&mut html, text),
        }
    }
    html
}

/// The text for when its HTML was refused.
pub(super) fn plain<'a>(text: &'a str, address: &Address) -> Cow<'a, str> {
    let text = visible(text);
    if address.is_direct() {
        return Cow::Borrowed(text);
    }
    let pieces = pieces(text).map(|piece| match piece {
        Piece::Mention(name) => Cow::Owned(harmless(name)),
        Piece::Text(text) => Cow::Borrowed(text),
    });
    Cow::Owned(pieces.collect())
}

fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            _ => html.push(c),
        }
    }
}

fn harmless(name: &str) -> String {
    name.replace('@', HARMLESS_AT.encode_utf8(&mut [0; 4]))
}

fn visible(text: &str) -> &str {
    if text.chars().all(is_invisible) { NOTHING_VISIBLE } else { text }
}

/// What the server strips before it calls a message empty.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{30a}' | '\u{333}' | '\u{33f}' | '\u{180e}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{feff}' | '\u{fffc}')
}

enum Piece<'a> {
    Text(&'a str),
    /// An `@` with what may be a name behind it.
    Mention(&'a str),
}

/// Splits a text into mentions and what stands around them, in turns.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let mut mention = None;
    std::iter::from_fn(move || {
        if let Some(name) = mention.take() {
            return Some(Piece::Mention(name));
        }
        if rest.is_empty() {
            return None;
        }
        let (before, after) = match find_mention(rest) {
            Some((start, end)) => {
                mention = rest.get(start..end);
                (rest.get(..start), rest.get(end..))
            }
            None => (Some(rest), None),
        };
        rest = after.unwrap_or_default();
        before.map(Piece::Text)
    })
}

fn find_mention(text: &str) -> Option<(usize, usize)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices('@').find_map(|(start, _)| {
        let before = text.get(..start)?.chars().next_back();
        let is_within_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let name = text.get(start + 1..)?.chars().take_while(|c| is_name(*c)).count();
        (!is_within_word && name > 0).then_some((start, start + 1 + name))
    })
}

#[cfg(test)]
mod tests {
    use super::{html, plain};
    use crate::channels::telegram::CAPABILITIES;
    use crate::domain::{Address, AddressKind, Platform};

    fn address(kind: AddressKind) -> Address {
        let scope = String::new();
        Address { platform: Platform::Telegram, scope, chat: "1".into(), thread: None, kind, space: None }
    }

    #[test]
    fn what_html_would_obey_is_escaped() {
        let table = [
            ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
            ("<b>&lt;", "&lt;b&gt;&amp;lt;"),
            ("@ann, see http://example.com", "@ann, see http://example.com"),
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
        assert_eq!(many.matches("<code>").count(), super::MOST_CODE);
        assert_eq!(many.matches('@').count(), super::MOST_CODE);
    }

    #[test]
    fn a_part_within_the_limit_is_never_too_long() {
        // The server takes 4,096 UTF-16 units after parsing, and 32 KiB before.
        for text in ["&", "@a ", "<@abc ", "😀", "字"] {
            let unit = CAPABILITIES.text_unit;
            let part = text.repeat(CAPABILITIES.text_limit / unit.measure(text));
            assert!(html(&part, &address(AddressKind::Group)).len() < 1 << 15, "{text}");
            assert!(unit.measure(&plain(&part, &address(AddressKind::Group))) < 4_096, "{text}");
        }
    }
}
