//! Blocks in the HTML of Telegram (core.telegram.org/bots/api#html-style).
//!
//! Of two marks one contains the other; code goes with no other mark, and quotes
//! are not within each other.

use crate::channels::telegram::encode::mentions::{Piece, harmless, pieces};
use crate::domain::markdown::{Block, List, Mark, RULE, Span};

/// How many marks one message has at most. Of more than a hundred entities Telegram drops the last ones.
pub(super) const MOST_MARKS: usize = 80;

/// How many names are shown as code besides.
pub(super) const MOST_NAMES: usize = 15;

/// How far an item of a list within another stands in.
const INDENT: &str = "    ";

/// What stands before a quote within a quote.
const QUOTE: &str = "› ";

/// A message, and what is left of it after parsing.
#[derive(Default)]
pub(super) struct Written {
    pub(super) html: String,
    pub(super) text: String,
    /// How many marks it would have if they could be as many as they like.
    pub(super) marks: usize,
}

/// Writes blocks; names ping nobody where it `is_public`.
pub(super) fn write(blocks: &[Block], is_public: bool) -> Written {
    let mut writer = Writer { is_public, ..Writer::default() };
    writer.blocks(blocks, "\n\n");
    writer.end_quote();
    writer.written
}

#[derive(Default)]
struct Writer {
    written: Written,
    is_public: bool,
    names: usize,
    /// What every line begins with here.
    indent: String,
    /// How many quotes are around.
    quotes: usize,
    is_in_quote: bool,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block], gap: &str) {
        for (index, block) in blocks.iter().enumerate() {
            if index > 0 {
                self.gap(gap, block);
            }
            self.block(block);
        }
    }

    /// What stands between two blocks; a quote ends before code.
    fn gap(&mut self, gap: &str, next: &Block) {
        if matches!(next, Block::Code { .. } | Block::Table(_)) {
            self.end_quote();
        }
        self.lines(gap);
        if !matches!(next, Block::List(_) | Block::Code { .. } | Block::Table(_)) {
            self.begin_quote();
            self.text(&self.indent.clone());
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(spans) => self.paragraph(spans, None),
            Block::Heading { spans, .. } => self.paragraph(spans, Some(Mark::Bold)),
            Block::Code { language, text } => self.code(language, text),
            Block::Quote(blocks) => {
                let before = self.indent.len();
                if self.quotes > 0 {
                    self.begin_quote();
                    self.text(QUOTE);
                    self.indent.push_str(QUOTE);
                }
                self.quotes += 1;
                self.blocks(blocks, "\n\n");
                self.quotes -= 1;
                self.indent.truncate(before);
                if self.quotes == 0 {
                    self.end_quote();
                }
            }
            Block::List(list) => self.list(list),
            Block::Table(table) => self.code("", &table.lines().join("\n")),
            Block::Rule => {
                self.begin_quote();
                self.text(RULE);
            }
        }
    }

    fn list(&mut self, list: &List) {
        let before = self.indent.len();
        for (index, item) in list.items.iter().enumerate() {
            if index > 0 {
                self.lines("\n");
            }
            self.begin_quote();
            self.text(&self.indent.clone());
            self.text(&list.sign(index));
            self.indent.push_str(INDENT);
            self.blocks(item, "\n");
            self.indent.truncate(before);
        }
    }

    fn paragraph(&mut self, spans: &[Span], more: Option<Mark>) {
        self.begin_quote();
        let mut open = Open::default();
        for span in spans {
            let marks = more.map_or(span.marks, |more| span.marks.and(more));
            if span.is_code {
                open.end(self, 0);
                self.mark_alone("code", &span.text);
                continue;
            }
            let wanted = Tag::of(marks.iter(), span);
            open.change(self, wanted);
            let text = span.text.replace('\n', &format!("\n{}", self.indent));
            if self.is_public { self.public(&text, open.tags.is_empty()) } else { self.text(&text) }
        }
        open.end(self, 0);
    }

    fn public(&mut self, text: &str, is_bare: bool) {
        for piece in pieces(text) {
            match piece {
                Piece::Mention(name) if is_bare && self.names < MOST_NAMES => {
                    self.names += 1;
                    self.tag("<code>");
                    self.text(name);
                    self.tag("</code>");
                }
                Piece::Mention(name) => self.text(&harmless(name)),
                Piece::Text(text) => self.text(text),
            }
        }
    }

    fn code(&mut self, language: &str, text: &str) {
        self.end_quote();
        if text.trim().is_empty() {
            return self.text(text);
        }
        if language.is_empty() {
            return self.mark_alone("pre", text);
        }
        if !self.may_mark() {
            return self.text(text);
        }
        self.tag(&format!("<pre><code class=\"language-{}\">", escaped(language)));
        self.text(text);
        self.tag("</code></pre>");
    }

    /// Text with one mark that goes with no other.
    fn mark_alone(&mut self, tag: &str, text: &str) {
        if !self.may_mark() {
            return if self.is_public { self.text(&harmless(text)) } else { self.text(text) };
        }
        self.tag(&format!("<{tag}>"));
        self.text(text);
        self.tag(&format!("</{tag}>"));
    }

    /// Whether there is room for one more mark, which counts if so.
    fn may_mark(&mut self) -> bool {
        self.written.marks += 1;
        self.written.marks <= MOST_MARKS
    }

    fn text(&mut self, text: &str) {
        self.written.text.push_str(text);
        self.written.html.push_str(&escaped(text));
    }

    /// The ends of lines, which begin no quote.
    fn lines(&mut self, ends: &str) {
        self.written.text.push_str(ends);
        self.written.html.push_str(ends);
    }

    fn begin_quote(&mut self) {
        if self.quotes > 0 && !self.is_in_quote && self.may_mark() {
            self.is_in_quote = true;
            self.tag("<blockquote>");
        }
    }

    fn end_quote(&mut self) {
        if std::mem::take(&mut self.is_in_quote) {
            self.tag("</blockquote>");
        }
    }

    fn tag(&mut self, tag: &str) {
        self.written.html.push_str(tag);
    }
}

/// Marks that have begun, the outermost first.
#[derive(Default)]
struct Open {
    tags: Vec<Tag>,
}

impl Open {
    /// Ends what is not wanted any more, and begins what is.
    fn change(&mut self, writer: &mut Writer, wanted: Vec<Tag>) {
        let common = self.tags.iter().zip(&wanted).take_while(|(open, wanted)| open == wanted).count();
        self.end(writer, common);
        for tag in wanted.into_iter().skip(common) {
            if writer.may_mark() {
                writer.tag(&tag.start());
                self.tags.push(tag);
            }
        }
    }

    /// Ends all but the first ones.
    fn end(&mut self, writer: &mut Writer, keep: usize) {
        for tag in self.tags.drain(keep.min(self.tags.len())..).rev() {
            writer.tag(&format!("</{}>", tag.name()));
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tag {
    Mark(Mark),
    Link(String),
}

impl Tag {
    fn of(marks: impl Iterator<Item = Mark>, span: &Span) -> Vec<Self> {
        let link = span.link.as_ref().map(|link| Self::Link(link.to_string()));
        link.into_iter().chain(marks.map(Self::Mark)).collect()
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Mark(Mark::Spoiler) => "tg-spoiler",
            Self::Mark(Mark::Bold) => "b",
            Self::Mark(Mark::Italic) => "i",
            Self::Mark(Mark::Struck) => "s",
            Self::Link(_) => "a",
        }
    }

    fn start(&self) -> String {
        match self {
            Self::Link(address) => format!("<a href=\"{}\">", escaped(address).replace('"', "&quot;")),
            Self::Mark(_) => format!("<{}>", self.name()),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            _ => html.push(c),
        }
    }
    html
}
