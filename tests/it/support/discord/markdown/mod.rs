//! Discord's Markdown, as its clients draw it.
//!
//! Sources, in this order: the message formatting reference (reference.mdx,
//! "Message Formatting"); the help center's article 210298617 "Markdown Text 101";
//! and for everything they leave open the rules of the official client, which is
//! built on Khan Academy's simple-markdown (its `em`, `strong`, `u`, `inlineCode`,
//! `escape`, `autolink` and `link`) and has rules of its own for the rest, as
//! discord/SimpleAST, ItzDerock/discord-markdown-parser and the tests of
//! jeremy-rifkin/discord-markdown, made beside a client, record them.
//!
//! At each place the first rule that matches wins; there are no errors, what
//! matches nothing is text. The time this takes grows with the text's length, but
//! for brackets inside of brackets with its square. Two things of the client are not known here: names
//! behind ids (tags stay what they are, and are marked as mentions), and which
//! `:words:` are emoji (they stay text).
//!
//! - `marks.rs`: where marks can end, found once for the whole text
//! - `inline.rs`: what stands in a line
//! - `links.rs`: links, bare addresses and tags in angle brackets
//! - `blocks.rs`: what takes lines of its own

mod blocks;
mod inline;
mod links;
mod marks;

use std::ops::Range;

use self::marks::Marks;
use super::super::shown::{Page, Shown, Span};

/// How deep marks count inside each other; the client knows no limit here, and
/// hostile texts no end.
const DEEPEST: usize = 32;

/// Draws a message's text.
pub fn read(text: &str) -> Shown {
    let mut reader = Reader { page: Page::default() };
    let place = Place {
        style: Span::default(),
        quoted: false,
        lists: 0,
        depth: 0,
        headings: true,
        subtext: true,
        in_link: false,
    };
    reader.text(text.trim(), &place);
    reader.page.finish()
}

/// Where in the message the reading is.
#[derive(Debug, Clone)]
struct Place {
    style: Span,
    quoted: bool,
    lists: usize,
    depth: usize,
    /// Headings do not count inside of lists.
    headings: bool,
    subtext: bool,
    in_link: bool,
}

impl Place {
    fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }
}

/// A text, and where its marks can end.
#[derive(Debug)]
struct Source<'a> {
    text: &'a str,
    marks: Marks,
}

#[derive(Debug)]
struct Reader {
    page: Page,
}

impl Reader {
    /// Reads a text that begins a line.
    fn text(&mut self, text: &str, place: &Place) {
        let source = Source { text, marks: Marks::of(text) };
        self.range(&source, 0..text.len(), place, true);
    }

    /// Reads a part of a text. `begins_line` tells whether the part begins one;
    /// it does where a mark does that stands at the beginning of a line.
    fn range(&mut self, source: &Source<'_>, part: Range<usize>, place: &Place, begins_line: bool) {
        let (mut at, mut plain) = (part.start, part.start);
        let mut begins_line = begins_line;
        while at < part.end {
            let rest = at..part.end;
            if begins_line
                && !place.in_link
                && let Some(block) = blocks::find(source, rest.clone(), place)
            {
                self.say(&source.text[plain..at], place);
                at = self.block(source, block, place);
                begins_line = source.text[..at].ends_with('\n');
                plain = at;
            } else if let Some(found) = inline::find(source, rest, place) {
                self.say(&source.text[plain..at], place);
                at = self.found(source, found, place, begins_line);
                begins_line = source.text[..at].ends_with('\n');
                plain = at;
            } else {
                let letter = source.text[at..].chars().next().unwrap_or_default();
                begins_line = letter == '\n';
                at += letter.len_utf8().max(1);
            }
        }
        self.say(&source.text[plain..part.end], place);
    }

    fn say(&mut self, text: &str, place: &Place) {
        self.page.say(place.style.saying(text), place.quoted, place.lists);
    }
}
