//! What takes lines of its own: headings, small print, quotes and lists.

use std::ops::Range;

use super::super::super::shown::Kind;
use super::{DEEPEST, Place, Reader, Source};

/// How many lists count inside each other.
const DEEPEST_LIST: usize = 11;
const LARGEST_NUMBER: u64 = 1_000_000_000;

/// A block that begins at the beginning of a line.
#[derive(Debug)]
pub(super) enum Block {
    Heading {
        level: u8,
        inside: Range<usize>,
        next: usize,
    },
    Subtext {
        inside: Range<usize>,
        next: usize,
    },
    /// With the text as it is without its signs.
    Quote {
        inside: String,
        next: usize,
    },
    List {
        start: Option<u64>,
        items: Vec<String>,
        next: usize,
    },
}

/// Finds the block that `rest` begins with.
pub(super) fn find(source: &Source<'_>, rest: Range<usize>, place: &Place) -> Option<Block> {
    let text = &source.text[rest.clone()];
    let at = rest.start;
    match text.trim_start_matches(' ').as_bytes().first()? {
        _ if place.depth >= DEEPEST => None,
        b'#' if place.headings => heading(text, at),
        b'>' if !place.quoted => quote(text, at),
        b'-' if place.subtext && text.starts_with("-# ") => {
            subtext(text, at).or_else(|| list(text, at, place))
        }
        b'-' | b'*' | b'0'..=b'9' => list(text, at, place),
        _ => None,
    }
}

fn line_of(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default()
}

/// Up to three `#` and a space. Signs at the end of the line are not shown, nor
/// blank lines after it; a heading in a heading is none.
fn heading(text: &str, at: usize) -> Option<Block> {
    let signs = text.trim_start_matches(' ');
    let after = signs.trim_start_matches('#');
    let level = u8::try_from(signs.len() - after.len()).ok().filter(|level| *level <= 3)?;
    let words = after.trim_start();
    let inner = words.trim_start_matches('#');
    let is_heading = (1..=3).contains(&(words.len() - inner.len())) && inner.starts_with(char::is_whitespace);
    if words.len() == after.len() || words.is_empty() || is_heading {
        return None;
    }
    let line = line_of(words).trim_end();
    let shown = match line.trim_end_matches('#') {
        "" => &line[..1],
        shown => shown.trim_end(),
    };
    let start = at + text.len() - words.len();
    let below = &words[line.len()..];
    let blank = &below[..below.len() - below.trim_start().len()];
    let eaten =
        if blank.len() == below.len() { blank.len() } else { blank.rfind('\n').map_or(0, |end| end + 1) };
    let next = start + line.len() + eaten;
    Some(Block::Heading { level, inside: start..start + shown.len(), next })
}

/// `-#` and a space, for the rest of the line.
fn subtext(text: &str, at: usize) -> Option<Block> {
    let line = line_of(text);
    let after = line.strip_prefix("-# ")?;
    let shown = after.trim();
    if after.is_empty() || after.starts_with("-#") {
        return None;
    }
    let start = at + line.len() - after.trim_start().len();
    let next = at + line.len() + usize::from(text.len() > line.len());
    Some(Block::Subtext { inside: start..start + shown.len(), next })
}

/// `>` and a space for lines, `>>>` and a space for all that follows.
fn quote(text: &str, at: usize) -> Option<Block> {
    let words = text.trim_start_matches(' ');
    if let Some(all) = words.strip_prefix(">>>") {
        let inside = all.strip_prefix(' ')?.to_owned();
        return Some(Block::Quote { inside, next: at + text.len() });
    }
    let mut lines = Vec::new();
    let mut next = at;
    for line in text.split('\n') {
        let words = line.trim_start_matches(' ').strip_prefix('>');
        let Some(words) =
            words.filter(|words| !words.starts_with(">>")).and_then(|words| words.strip_prefix(' '))
        else {
            break;
        };
        lines.push(words);
        next += line.len() + 1;
    }
    let next = next.min(at + text.len());
    (!lines.is_empty()).then(|| Block::Quote { inside: lines.join("\n"), next })
}

/// `-`, `*` or a number with a full stop, and a space, at the beginning of lines.
///
/// The list ends with the first line that is neither indented nor an item. Items
/// are as far indented as the first one, or by one more; all else belongs to them.
fn list(text: &str, at: usize, place: &Place) -> Option<Block> {
    if place.lists >= DEEPEST_LIST {
        return None;
    }
    let (indent, bullet, body) = item(line_of(text))?;
    let is_sibling = |line: &str| {
        item(line).filter(|(own, _, _)| (indent..=indent + 1).contains(own)).map(|(_, _, body)| body)
    };
    let mut items: Vec<String> = Vec::new();
    let mut next = at;
    for line in text.split('\n') {
        match is_sibling(line) {
            Some(body) => items.push(line[body..].to_owned()),
            None if next > at && !line.starts_with(' ') => break,
            None => {
                let spaces = line.bytes().take(body).take_while(|byte| *byte == b' ').count();
                let last = items.last_mut()?;
                last.push('\n');
                last.push_str(&line[spaces..]);
            }
        }
        next += line.len() + 1;
    }
    let number = bullet.strip_suffix('.').map(|digits| digits.parse().unwrap_or(LARGEST_NUMBER));
    let start = number.map(|number: u64| number.clamp(1, LARGEST_NUMBER));
    Some(Block::List { start, items, next: next.min(at + text.len()) })
}

/// The indentation, the bullet and the beginning of the words of an item.
fn item(line: &str) -> Option<(usize, &str, usize)> {
    let words = line.trim_start_matches(' ');
    let indent = line.len() - words.len();
    let digits = words.bytes().take_while(u8::is_ascii_digit).count();
    let bullet = match words.as_bytes().get(digits)? {
        b'.' if digits > 0 => &words[..=digits],
        b'-' | b'*' if digits == 0 => &words[..1],
        _ => return None,
    };
    let after = &words[bullet.len()..];
    let shown = after.trim_start_matches(' ');
    (shown.len() < after.len() && !shown.is_empty()).then(|| (indent, bullet, line.len() - shown.len()))
}

impl Reader {
    /// Draws a block; returns where the text goes on.
    pub(super) fn block(&mut self, source: &Source<'_>, block: Block, place: &Place) -> usize {
        let mut inner = place.deeper();
        match block {
            Block::Heading { level, inside, next } => {
                self.page.begin(Kind::Heading(level), place.quoted, place.lists);
                self.range(source, inside, &inner, true);
                self.page.end();
                next
            }
            Block::Subtext { inside, next } => {
                inner.subtext = false;
                self.page.begin(Kind::Subtext, place.quoted, place.lists);
                self.range(source, inside, &inner, true);
                self.page.end();
                next
            }
            Block::Quote { inside, next } => {
                inner.quoted = true;
                self.page.end();
                let before = self.page.len();
                self.text(&inside, &inner);
                if self.page.len() == before {
                    self.page.begin(Kind::Paragraph, true, place.lists);
                }
                self.page.end();
                next
            }
            Block::List { start, items, next } => {
                inner.lists += 1;
                inner.headings = false;
                let bullet = ["•", "◦", "▪"][place.lists.min(2)];
                for (number, item) in (0..).zip(&items) {
                    let sign = start.map_or(bullet.to_owned(), |start| format!("{}.", start + number));
                    self.page.begin(Kind::ListItem { sign }, place.quoted, place.lists);
                    self.text(item.trim_end_matches('\n'), &inner);
                    self.page.end();
                }
                next
            }
        }
    }
}
