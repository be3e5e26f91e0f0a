//! Text that means nothing, put into text that does.

use std::borrow::Cow;

/// What may mean something, wherever it stands.
///
/// Not `[`: a backslash before it begins a formula, and without its end it means nothing.
const SIGNS: &[char] = &['\\', '`', '*', ']', '<', '~', '|', '$', '&'];

/// The text as Markdown that reads as the text does.
#[must_use]
pub fn literal(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !SIGNS.contains(&c) && !matches!(c, '_' | '#' | '>' | '\n');
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_within_word = is_letter(before) && is_letter(rest.peek().copied());
        let is_sign = SIGNS.contains(&c) || matches!(c, '#' | '>') || (c == '_' && !is_within_word);
        if is_sign {
            out.push('\\');
        }
        out.push(if c == '\n' { ' ' } else { c });
        before = Some(c);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::literal;
    use crate::domain::markdown::{parse, plain};

    #[test]
    fn what_means_something_gets_a_backslash() {
        let table = [
            ("gpt-4o_mini", "gpt-4o_mini"),
            ("**Ann** _B_", r"\*\*Ann\*\* \_B\_"),
            ("[x](https://evil.example)", r"[x\](https://evil.example)"),
            ("a\nb", "a b"),
        ];
        for (text, expected) in table {
            assert_eq!(literal(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_literal_reads_as_it_was(text in "[ -~é👨]{0,40}") {
            let read = plain(&parse(&format!("I know {}.", literal(&text))));
            let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(squeezed(&read), squeezed(&format!("I know {text}.")));
        }
    }
}
