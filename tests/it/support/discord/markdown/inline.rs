//! What stands in a line: escapes, marks, code, links and tags.

use std::ops::Range;

use super::super::super::shown::{Kind, Span};
use super::links::{self, Link};
use super::{DEEPEST, Place, Reader, Source};

/// Text that a client draws as it is, backslash and all.
const SHRUG: &str = "¯\\_(ツ)_/¯";

/// Something that begins at a place.
#[derive(Debug)]
pub(super) enum Found {
    /// Text that means nothing.
    Plain {
        shown: Range<usize>,
        next: usize,
    },
    Styled {
        mark: Mark,
        inside: Range<usize>,
        next: usize,
    },
    Code {
        inside: Range<usize>,
        next: usize,
    },
    Box {
        language: Option<Range<usize>>,
        inside: Range<usize>,
        next: usize,
    },
    Link(Link),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Bold,
    Italic,
    Underlined,
    Struck,
    Spoiler,
}

/// Finds what begins with the first character of `rest`.
pub(super) fn find(source: &Source<'_>, rest: Range<usize>, place: &Place) -> Option<Found> {
    let (at, end) = (rest.start, rest.end);
    let text = &source.text[rest];
    match text.as_bytes().first()? {
        b'\\' => {
            let next = text[1..].chars().next()?;
            let stays = next.is_ascii_alphanumeric() || next.is_whitespace();
            let shown = at + 1..at + 1 + next.len_utf8();
            (!stays).then_some(Found::Plain { next: shown.end, shown })
        }
        b'`' => code_box(source, at, end).or_else(|| {
            let (inside, next) = source.marks.ticks(at, end)?;
            Some(Found::Code { inside, next })
        }),
        b'*' | b'_' | b'~' | b'|' if place.depth < DEEPEST => styled(source, at, end),
        b'<' | b'[' | b'h' | b's' | b'@' => links::find(source, at..end, place).map(Found::Link),
        _ if text.starts_with(SHRUG) => {
            let next = at + SHRUG.len();
            Some(Found::Plain { shown: at..next, next })
        }
        _ => None,
    }
}

/// The mark that encloses most at a place; of two that enclose the same the single one.
fn styled(source: &Source<'_>, at: usize, end: usize) -> Option<Found> {
    let marks = &source.marks;
    let bytes = source.text.as_bytes();
    let is_twice = at + 1 < end && bytes[at] == bytes[at + 1];
    let (single, double) = match bytes[at] {
        b'*' => (marks.star(at, end), is_twice.then(|| marks.double(b'*', at, end)).flatten()),
        b'_' => (marks.score(at, end), is_twice.then(|| marks.double(b'_', at, end)).flatten()),
        b'~' => (None, is_twice.then(|| marks.strike(at, end)).flatten()),
        _ => (None, is_twice.then(|| marks.spoiler(at, end)).flatten()),
    };
    let ((inside, next), mark) = match (single, double) {
        (Some(single), Some(double)) if single.1 >= double.1 => (single, Mark::Italic),
        (Some(single), None) => (single, Mark::Italic),
        (_, Some(double)) => {
            let mark = match bytes[at] {
                b'*' => Mark::Bold,
                b'_' => Mark::Underlined,
                b'~' => Mark::Struck,
                _ => Mark::Spoiler,
            };
            (double, mark)
        }
        (None, None) => return None,
    };
    Some(Found::Styled { mark, inside, next })
}

/// Three backticks, a language that has the rest of its line for itself, and at
/// least one character that is no line break.
fn code_box(source: &Source<'_>, at: usize, end: usize) -> Option<Found> {
    let bytes = source.text.as_bytes();
    if !source.text[at..end].starts_with("```") {
        return None;
    }
    let skip_breaks = |from: usize| from + bytes[from..end].iter().take_while(|byte| **byte == b'\n').count();
    let close = |from: usize| (from < end).then(|| source.marks.fence(from + 1, end)).flatten();
    let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_+-.#".contains(byte);
    let name = at + 3..at + 3 + bytes[at + 3..end].iter().take_while(is_letter).count();
    let has_line = !name.is_empty() && bytes.get(name.end) == Some(&b'\n') && name.end < end;
    let named = has_line.then(|| skip_breaks(name.end)).and_then(|from| Some((from, close(from)?)));
    let (language, from, close) = match named {
        Some((from, close)) => (Some(name), from, close),
        None => {
            let from = skip_breaks(at + 3);
            (None, from, close(from)?)
        }
    };
    let code = source.text[from..close].trim_end_matches('\n');
    // The box ends its line; the line break behind it is not one more.
    let next = close + 3 + usize::from(source.text[close + 3..end].starts_with('\n'));
    Some(Found::Box { language, inside: from..from + code.len(), next })
}

impl Reader {
    /// Draws what was found; returns where the text goes on.
    pub(super) fn found(
        &mut self,
        source: &Source<'_>,
        found: Found,
        place: &Place,
        begins_line: bool,
    ) -> usize {
        match found {
            Found::Plain { shown, next } => {
                self.say(&source.text[shown], place);
                next
            }
            Found::Styled { mark, inside, next } => {
                let mut inner = place.deeper();
                mark.set(&mut inner.style);
                self.range(source, inside, &inner, begins_line);
                next
            }
            Found::Code { inside, next } => {
                let code = Span { code: true, ..place.style.saying(unpadded(&source.text[inside])) };
                self.page.say(code, place.quoted, place.lists);
                next
            }
            Found::Box { language, inside, next } => {
                let language = language.map(|name| source.text[name].to_owned());
                self.page.begin(Kind::Code { language }, place.quoted, place.lists);
                self.say(&source.text[inside], place);
                self.page.end();
                next
            }
            Found::Link(link) => self.link(source, link, place),
        }
    }
}

impl Mark {
    fn set(self, style: &mut Span) {
        match self {
            Self::Bold => style.bold = true,
            Self::Italic => style.italic = true,
            Self::Underlined => style.underlined = true,
            Self::Struck => style.struck = true,
            Self::Spoiler => style.spoiler = true,
        }
    }
}

/// Without the one space that parts a backtick from those around the code.
fn unpadded(code: &str) -> &str {
    let code =
        code.strip_prefix(' ').filter(|rest| rest.trim_start_matches(' ').starts_with('`')).unwrap_or(code);
    code.strip_suffix(' ').filter(|rest| rest.trim_end_matches(' ').ends_with('`')).unwrap_or(code)
}
