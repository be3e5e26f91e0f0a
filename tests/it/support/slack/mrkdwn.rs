//! mrkdwn, as Slack's clients draw it.
//!
//! Source: docs.slack.dev/messaging/formatting-message-text: `*bold*`,
//! `_italic_`, `~struck~`, `` `code` ``, three backticks around several lines,
//! `>` before quoted ones; no headings, no lists, no escapes but `&amp;`, `&lt;`
//! and `&gt;`. What the page leaves open is read as clients behave: a mark opens
//! behind the beginning of a line, white space or punctuation and before
//! something else than white space, and closes the other way round, in the same
//! line; `>>>` quotes all that follows.

use super::super::shown::{Kind, Page, Span};
use super::text::{Names, Parse, Reading, control, unescape};

/// Draws a text.
pub(super) fn draw(text: &str, names: &dyn Names, page: &mut Page) {
    let mut rest = text;
    let mut quotes_all = false;
    while let Some(start) = rest.find("```") {
        let inside = &rest[start + 3..];
        let Some(end) = inside.find("```").filter(|end| !inside[..*end].trim().is_empty()) else { break };
        lines(&rest[..start], names, page, &mut quotes_all);
        let quoted = quotes_all || ends_in_quote(&rest[..start]);
        page.begin(Kind::Code { language: None }, quoted, 0);
        let code = &inside[..end];
        let code = code.strip_prefix('\n').unwrap_or(code);
        page.say(Span::default().saying(unescape(code.strip_suffix('\n').unwrap_or(code))), quoted, 0);
        page.end();
        rest = &inside[end + 3..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    lines(rest, names, page, &mut quotes_all);
    page.end();
}

fn quote_sign<'a>(line: &'a str, sign: &str) -> Option<&'a str> {
    let escaped = sign.replace('>', "&gt;");
    let rest = line.strip_prefix(escaped.as_str()).or_else(|| line.strip_prefix(sign))?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn ends_in_quote(text: &str) -> bool {
    text.rsplit('\n').next().is_some_and(|line| quote_sign(line, ">").is_some())
}

/// Draws text without boxes of code; its last line may go on.
fn lines(text: &str, names: &dyn Names, page: &mut Page, quotes_all: &mut bool) {
    let mut was_quoted = None;
    for line in text.split_inclusive('\n') {
        let all = quote_sign(line, ">>>");
        *quotes_all |= all.is_some();
        let one = all.or_else(|| quote_sign(line, ">"));
        let quoted = *quotes_all || one.is_some();
        if was_quoted.is_some_and(|was| was != quoted) {
            page.end();
        }
        was_quoted = Some(quoted);
        line_in(one.unwrap_or(line), names, &Span::default(), &mut |span| page.say(span, quoted, 0));
    }
}

/// Draws a line, or what a mark in it encloses.
fn line_in(line: &str, names: &dyn Names, look: &Span, say: &mut dyn FnMut(Span)) {
    let closers = Closers::of(line);
    let (mut at, mut plain) = (0, 0);
    while at < line.len() {
        let tail = &line[at..];
        let mark = tail.as_bytes()[0];
        if let Some((inside, remaining)) = control(tail) {
            say(look.saying(unescape(&line[plain..at])));
            say(tag(inside, names, look));
            at = line.len() - remaining.len();
            plain = at;
        } else if let Some(close) = opens(line, at).then(|| closers.after(mark, at + 2)).flatten()
            && !is_set(look, mark)
        {
            say(look.saying(unescape(&line[plain..at])));
            let inside = &line[at + 1..close];
            let mut inner = look.clone();
            match mark {
                b'*' => inner.bold = true,
                b'_' => inner.italic = true,
                b'~' => inner.struck = true,
                _ => inner.code = true,
            }
            if inner.code {
                say(inner.saying(unescape(inside)));
            } else {
                line_in(inside, names, &inner, say);
            }
            at = close + 1;
            plain = at;
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    say(look.saying(unescape(&line[plain..])));
}

fn is_set(look: &Span, mark: u8) -> bool {
    match mark {
        b'*' => look.bold,
        b'_' => look.italic,
        b'~' => look.struck,
        _ => look.code,
    }
}

fn is_mark(byte: u8) -> bool {
    b"*_~`".contains(&byte)
}

/// Tells whether the mark at a place may open.
fn opens(line: &str, at: usize) -> bool {
    let mark = line.as_bytes()[at];
    let before = line[..at].chars().next_back();
    let after = line.as_bytes().get(at + 1);
    is_mark(mark)
        && before.is_none_or(|before| !before.is_alphanumeric() && before != char::from(mark))
        && after.is_some_and(|after| !after.is_ascii_whitespace() && *after != mark)
}

/// Where marks may close: for each place the next one. None does inside of code
/// or of a control sequence.
struct Closers([Vec<Option<usize>>; 4]);

impl Closers {
    fn of(line: &str) -> Self {
        let mut is_free = vec![true; line.len()];
        let codes = closers(line, b'`', &is_free);
        let mut at = 0;
        while at < line.len() {
            let code = opens(line, at).then(|| codes.get(at + 2).copied().flatten()).flatten();
            let code = code.filter(|_| line.as_bytes()[at] == b'`').map(|close| close + 1);
            let tag = || control(&line[at..]).map(|(_, remaining)| line.len() - remaining.len());
            let step = line[at..].chars().next().map_or(1, char::len_utf8);
            let next = code.or_else(tag);
            if let Some(next) = next {
                is_free[at + 1..next - 1].fill(false);
            }
            at = next.unwrap_or(at + step);
        }
        Self([b'*', b'_', b'~', b'`'].map(|mark| closers(line, mark, &is_free)))
    }

    fn after(&self, mark: u8, from: usize) -> Option<usize> {
        let table = b"*_~`".iter().position(|known| *known == mark)?;
        self.0[table].get(from).copied().flatten()
    }
}

fn closers(line: &str, mark: u8, is_free: &[bool]) -> Vec<Option<usize>> {
    let bytes = line.as_bytes();
    let mut next = vec![None; line.len() + 1];
    for at in (1..line.len()).rev() {
        let is_closer = bytes[at] == mark
            && is_free[at]
            && !bytes[at - 1].is_ascii_whitespace()
            && bytes[at - 1] != mark
            && line[at + 1..].chars().next().is_none_or(|after| !after.is_alphanumeric());
        next[at] = if is_closer { Some(at) } else { next[at + 1] };
    }
    next
}

/// A control sequence: somebody's name, or a link.
fn tag(inside: &str, names: &dyn Names, look: &Span) -> Span {
    let reading = Reading::of(&format!("<{inside}>"), Parse::None, names);
    let is_mention = inside.starts_with(['@', '#', '!']);
    let url = inside.split('|').next().unwrap_or_default();
    let link = (!is_mention).then(|| unescape(url));
    Span { mention: is_mention, link, ..look.saying(reading.seen) }
}
