//! From text to blocks.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};

use crate::domain::markdown::spoiler::{BARS, Piece, hide};
use crate::domain::markdown::{Block, Cell, List, Mark, Marks, Span, Table, formula, link};

/// How many lists and quotes can be within each other; what is deeper counts as being at this depth.
const DEEPEST: usize = 6;

/// The longest name of a language, in bytes.
const LONGEST_LANGUAGE: usize = 30;

/// Reads a text.
#[must_use]
pub fn parse(text: &str) -> Vec<Block> {
    let text = legible(text);
    let mut reader = Reader::default();
    for (event, range) in events(&text) {
        reader.read(event, text.get(range).unwrap_or_default());
    }
    reader.end()
}

/// What a text consists of, and where; text that stands together is one.
pub(super) fn events(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    TextMergeWithOffset::new(Parser::new_ext(text, options()).into_offset_iter())
}

/// What is understood beside CommonMark.
fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
}

/// The text without signs that nobody can see, and with its formulas in dollars.
pub(super) fn legible(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(is_hidden) {
        return Cow::Owned(in_dollars(&text.replace(is_hidden, "")).into_owned());
    }
    in_dollars(text)
}

fn in_dollars(text: &str) -> Cow<'_, str> {
    if !formula::may_be_in(text) {
        return Cow::Borrowed(text);
    }
    let is_code = |event: &Event<'_>| matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_)));
    let events = Parser::new_ext(text, options()).into_offset_iter();
    let code: Vec<Range<usize>> =
        events.filter_map(|(event, range)| is_code(&event).then_some(range)).collect();
    formula::in_dollars(text, &code)
}

/// What is being read.
#[derive(Default)]
struct Reader {
    /// The blocks outside of everything.
    top: Vec<Block>,
    /// Lists and quotes that have begun, the outermost first.
    open: Vec<Container>,
    /// Whether each list, item and quote that has begun is in `open`.
    is_kept: Vec<bool>,
    /// The words that belong to the next block.
    words: Vec<Piece>,
    marks: Vec<Mark>,
    /// Links that have begun.
    links: Vec<Link>,
    code: Option<(String, String)>,
    table: Option<Table>,
}

struct Link {
    address: String,
    target: Option<Arc<str>>,
    /// Its text so far.
    said: String,
}

enum Container {
    Quote(Vec<Block>),
    List(List),
    Item(Vec<Block>),
}

impl Reader {
    fn end(mut self) -> Vec<Block> {
        self.end_paragraph();
        self.top
    }

    fn read(&mut self, event: Event<'_>, source: &str) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.finish(tag),
            Event::Text(text) => self.text(&text, source),
            Event::Code(text) => self.push(Span { text: text.into_string(), is_code: true, ..self.look() }),
            // What is a formula to one is a price to another.
            Event::InlineMath(_) | Event::DisplayMath(_) => self.verbatim(source),
            Event::InlineHtml(html) if is_line_break(&html) => self.verbatim("\n"),
            Event::Html(text) | Event::InlineHtml(text) => self.verbatim(&text),
            Event::FootnoteReference(label) => self.verbatim(&format!("[{label}]")),
            Event::SoftBreak | Event::HardBreak => self.verbatim("\n"),
            Event::Rule => self.add(Block::Rule),
            Event::TaskListMarker(is_done) => self.verbatim(if is_done { "☑ " } else { "☐ " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            // What a footnote is called stands before its first words.
            Tag::Paragraph | Tag::Heading { .. } => {}
            Tag::HtmlBlock
            | Tag::MetadataBlock(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition => self.end_paragraph(),
            Tag::BlockQuote(_) => self.open(Container::Quote(Vec::new())),
            Tag::List(start) => self.open(Container::List(List { start, items: Vec::new() })),
            Tag::Item => self.open(Container::Item(Vec::new())),
            Tag::FootnoteDefinition(label) => {
                self.end_paragraph();
                self.verbatim(&format!("[{label}] "));
            }
            Tag::CodeBlock(kind) => {
                self.end_paragraph();
                self.code = Some((language(&kind), String::new()));
            }
            Tag::Table(alignments) => {
                self.end_paragraph();
                let is_right = alignments.iter().map(|alignment| *alignment == Alignment::Right).collect();
                self.table = Some(Table { is_right, ..Table::default() });
            }
            Tag::TableRow => self.table.iter_mut().for_each(|table| table.rows.push(Vec::new())),
            Tag::TableHead | Tag::TableCell => {}
            Tag::Emphasis => self.marks.push(Mark::Italic),
            Tag::Strong => self.marks.push(Mark::Bold),
            Tag::Strikethrough => self.marks.push(Mark::Struck),
            Tag::Superscript | Tag::Subscript => {}
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                let address = dest_url.into_string();
                self.links.push(Link { target: link::target(&address), address, said: String::new() });
            }
        }
    }

    fn finish(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let spans = self.take_words();
                self.add(Block::Heading { level: level as u8, spans });
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => self.close(),
            TagEnd::CodeBlock => {
                if let Some((language, text)) = self.code.take() {
                    let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                    self.add(Block::Code { language, text });
                }
            }
            TagEnd::Table => {
                let Some(table) = self.table.take() else { return };
                let links = table.links();
                self.add(Block::Table(table));
                if !links.is_empty() {
                    self.add(Block::Paragraph(links));
                }
            }
            TagEnd::TableCell => {
                let cell: Cell = self.take_words();
                if let Some(table) = &mut self.table {
                    table.rows.last_mut().unwrap_or(&mut table.head).push(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {}
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.marks.pop();
            }
            TagEnd::Superscript | TagEnd::Subscript => {}
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::Paragraph
            | TagEnd::HtmlBlock
            | TagEnd::FootnoteDefinition
            | TagEnd::MetadataBlock(_)
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition => self.end_paragraph(),
        }
    }

    /// Says where a link leads, if its text has not, and gives one without text its address as text.
    fn end_link(&mut self) {
        let Some(Link { address, target, said }) = self.links.pop() else { return };
        if said.trim().is_empty() {
            let link = self.target().or(target);
            self.push(Span { text: address.clone(), link, ..self.look() });
            return self.said(&address);
        }
        if self.links.is_empty() {
            // The words of a picture in a link have led to where the link does.
            self.verbatim(&link::remark(&said, &address).unwrap_or_default());
        }
        self.said(&said);
    }

    /// Adds to the text of the link around.
    fn said(&mut self, text: &str) {
        if let Some(link) = self.links.last_mut() {
            link.said.push_str(text);
        }
    }

    fn text(&mut self, text: &str, source: &str) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(text);
            return;
        }
        self.said(text);
        let look = self.look();
        let stands = |c: Option<char>| c.is_none_or(|c| !c.is_whitespace());
        if text != source {
            // Some of it is escaped, and that may be the bars.
            return self.push_words(&look, text);
        }
        let mut before = None;
        for (index, words) in text.split(BARS).enumerate() {
            if index > 0 {
                let (can_open, can_close) = (stands(words.chars().next()), stands(before));
                self.words.push(Piece::Bars { look: look.clone(), can_open, can_close });
            }
            self.push_words(&look, words);
            before = words.chars().next_back();
        }
    }

    fn push_words(&mut self, look: &Span, text: &str) {
        if look.link.is_some() {
            return self.push(Span { text: text.to_owned(), ..look.clone() });
        }
        let mut spans = Vec::new();
        link::push_linked(&mut spans, look, text);
        spans.into_iter().for_each(|span| self.push(span));
    }

    /// Text in which nothing means anything.
    fn verbatim(&mut self, text: &str) {
        match &mut self.code {
            Some((_, code)) => code.push_str(text),
            None => self.push(Span { text: text.to_owned(), ..self.look() }),
        }
    }

    fn push(&mut self, span: Span) {
        if !span.text.is_empty() {
            self.words.push(Piece::Span(span));
        }
    }

    /// How text looks here.
    fn look(&self) -> Span {
        let marks = self.marks.iter().fold(Marks::default(), |marks, mark| marks.and(*mark));
        Span { marks, link: self.target(), ..Span::default() }
    }

    /// Where text leads here: the outermost link counts.
    fn target(&self) -> Option<Arc<str>> {
        self.links.first().and_then(|link| link.target.clone())
    }

    fn take_words(&mut self) -> Vec<Span> {
        let mut spans = hide(std::mem::take(&mut self.words));
        if let Some(last) = spans.last_mut() {
            last.text.truncate(last.text.trim_end().len());
        }
        spans.retain(|span| !span.text.is_empty());
        spans
    }

    /// Makes a paragraph of the words so far; in items without blank lines nothing else does.
    fn end_paragraph(&mut self) {
        let spans = self.take_words();
        if !spans.is_empty() {
            self.add(Block::Paragraph(spans));
        }
    }

    fn add(&mut self, block: Block) {
        self.end_paragraph();
        match self.open.last_mut() {
            None => self.top.push(block),
            Some(Container::Quote(blocks) | Container::Item(blocks)) => blocks.push(block),
            Some(Container::List(list)) => list.items.push(vec![block]),
        }
    }

    fn open(&mut self, container: Container) {
        self.end_paragraph();
        let is_kept = match container {
            // An item is where its list is.
            Container::Item(_) => self.is_kept.last().copied().unwrap_or(false),
            Container::Quote(_) | Container::List(_) => {
                self.is_kept.last().copied().unwrap_or(true) && self.open.len() < 2 * DEEPEST
            }
        };
        self.is_kept.push(is_kept);
        if is_kept {
            self.open.push(container);
        }
    }

    fn close(&mut self) {
        self.end_paragraph();
        if self.is_kept.pop() != Some(true) {
            return;
        }
        match self.open.pop() {
            None => {}
            Some(Container::Quote(blocks)) => self.add(Block::Quote(blocks)),
            Some(Container::List(list)) => self.add(Block::List(list)),
            Some(Container::Item(blocks)) => match self.open.last_mut() {
                Some(Container::List(list)) => list.items.push(blocks),
                _ => blocks.into_iter().for_each(|block| self.add(block)),
            },
        }
    }
}

fn language(kind: &CodeBlockKind<'_>) -> String {
    let CodeBlockKind::Fenced(words) = kind else { return String::new() };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '#' | '.' | '_');
    let name = words.split_whitespace().next().unwrap_or_default();
    let is_language = name.len() <= LONGEST_LANGUAGE && name.chars().all(is_name);
    if is_language { name.to_owned() } else { String::new() }
}

fn is_line_break(html: &str) -> bool {
    let name = html.trim_start_matches('<').trim_end_matches(['>', '/', ' ']);
    name.eq_ignore_ascii_case("br")
}
