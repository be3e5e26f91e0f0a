//! Numbers of lists as they count.
//!
//! Of a list only the first number counts, and many write `1.` before every item.
//! Behind a cut there is nobody who has counted so far.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::domain::markdown::parse::events;

/// The text with its items numbered as they are shown; an item of several lines, of
/// which a longer number would move the others out of it, keeps its own.
pub(super) fn counted(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut lists: Vec<Option<u64>> = Vec::new();
    for (event, range) in events(text) {
        match event {
            Event::Start(Tag::List(start)) => lists.push(start),
            Event::End(TagEnd::List(_)) => {
                lists.pop();
            }
            Event::Start(Tag::Item) => {
                let Some(Some(next)) = lists.last_mut() else { continue };
                let number = next.to_string();
                *next = next.saturating_add(1);
                if let Some(written) = rewritable(text, &range, &number) {
                    out.push_str(text.get(copied..written.start).unwrap_or_default());
                    out.push_str(&number);
                    copied = written.end;
                }
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where the number of an item is, if another one can stand there.
fn rewritable(text: &str, item: &Range<usize>, number: &str) -> Option<Range<usize>> {
    let source = text.get(item.clone())?;
    let length = source.len() - source.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let written = source.get(..length)?;
    let is_in_one_line = !source.trim_end().contains('\n');
    let can_be = length == number.len() || is_in_one_line;
    (length > 0 && written != number && can_be).then(|| item.start..item.start + length)
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn items_get_the_numbers_they_show() {
        let table = [
            ("1. a\n1. b\n1. c", "1. a\n2. b\n3. c"),
            ("3) a\n3) b", "3) a\n4) b"),
            ("1. a\n2. b", "1. a\n2. b"),
            ("- 1. a\n  1. b", "- 1. a\n  2. b"),
            ("9. a\n9. b\n   c", "9. a\n9. b\n   c"),
            ("9. a\n9. b", "9. a\n10. b"),
        ];
        for (text, expected) in table {
            assert_eq!(counted(text), expected, "{text:?}");
        }
    }
}
