//! Blocks as Slack takes them: one rich text, in which a text is a text and
//! nothing is looked for (docs.slack.dev/reference/block-kit/blocks/rich-text-block).
//!
//! Slack hides nothing that can be read, so spoilers stand there openly. Lists and
//! quotes take words only; code that stands in one ends it and begins it again.

use serde::Serialize;

use crate::domain::markdown::{Block, List, Mark, RULE, Span};

/// How deep lists can be within each other.
const DEEPEST: usize = 8;

/// What stands before what an item says behind its first words.
const BEHIND: &str = "\n";

/// A message.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct RichText {
    r#type: &'static str,
    elements: Vec<Element>,
}

#[derive(Debug, Serialize, PartialEq)]
#[serde(tag = "type")]
enum Element {
    #[serde(rename = "rich_text_section")]
    Section { elements: Vec<Piece> },
    #[serde(rename = "rich_text_list")]
    List {
        style: &'static str,
        indent: usize,
        #[serde(skip_serializing_if = "is_zero")]
        offset: u64,
        elements: Vec<Element>,
    },
    #[serde(rename = "rich_text_preformatted")]
    Preformatted { elements: Vec<Piece> },
    #[serde(rename = "rich_text_quote")]
    Quote { elements: Vec<Piece> },
}

#[derive(Debug, Serialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece {
    Text {
        text: String,
        #[serde(skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
    Link {
        url: String,
        text: String,
        #[serde(skip_serializing_if = "Style::is_plain")]
        style: Style,
    },
}

#[derive(Debug, Default, Serialize, PartialEq)]
struct Style {
    #[serde(skip_serializing_if = "is_false")]
    bold: bool,
    #[serde(skip_serializing_if = "is_false")]
    italic: bool,
    #[serde(skip_serializing_if = "is_false")]
    strike: bool,
    #[serde(skip_serializing_if = "is_false")]
    code: bool,
}

impl Style {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Writes blocks; nothing where there is nothing to see.
pub(super) fn write(blocks: &[Block]) -> Option<RichText> {
    let mut writer = Writer::default();
    for (index, block) in blocks.iter().enumerate() {
        writer.block(block, index > 0);
    }
    (!writer.out.is_empty()).then_some(RichText { r#type: "rich_text", elements: writer.out })
}

#[derive(Default)]
struct Writer {
    out: Vec<Element>,
}

impl Writer {
    fn block(&mut self, block: &Block, is_apart: bool) {
        match block {
            Block::Paragraph(spans) => self.section(pieces(spans, false), is_apart),
            Block::Heading { spans, .. } => self.section(pieces(spans, true), is_apart),
            Block::Code { text, .. } => self.code(text),
            Block::Quote(blocks) => self.quote(blocks),
            // Slack counts from one.
            Block::List(list) if list.start == Some(0) => self.section(within(block), is_apart),
            Block::List(list) => self.list(list, 0),
            Block::Table(table) => self.code(&table.lines().join("\n")),
            Block::Rule => self.section(vec![text(RULE)], is_apart),
        }
    }

    /// Words, with an empty line before them where words or a list come before.
    fn section(&mut self, mut pieces: Vec<Piece>, is_apart: bool) {
        if pieces.is_empty() {
            return;
        }
        match self.out.last_mut() {
            Some(Element::Section { elements }) if is_apart => {
                elements.push(text("\n\n"));
                elements.append(&mut pieces);
            }
            Some(Element::List { .. }) if is_apart => {
                pieces.insert(0, text("\n"));
                self.out.push(Element::Section { elements: pieces });
            }
            _ => self.out.push(Element::Section { elements: pieces }),
        }
    }

    fn code(&mut self, code: &str) {
        if !code.trim().is_empty() {
            self.out.push(Element::Preformatted { elements: vec![text(code)] });
        }
    }

    fn quote(&mut self, blocks: &[Block]) {
        let mut quoted = Vec::new();
        for block in blocks {
            if let Block::Code { .. } | Block::Table(_) = block {
                self.end_quote(&mut quoted);
                self.block(block, false);
                continue;
            }
            if !quoted.is_empty() {
                quoted.push(text("\n\n"));
            }
            quoted.extend(within(block));
        }
        self.end_quote(&mut quoted);
    }

    fn end_quote(&mut self, quoted: &mut Vec<Piece>) {
        if !quoted.is_empty() {
            self.out.push(Element::Quote { elements: visible(std::mem::take(quoted)) });
        }
    }

    fn list(&mut self, list: &List, indent: usize) {
        let mut items: Vec<Element> = Vec::new();
        let mut first = 0;
        for (index, item) in list.items.iter().enumerate() {
            let mut said = Vec::new();
            let mut is_said = false;
            for block in item {
                match block {
                    Block::List(_) | Block::Code { .. } | Block::Table(_) => {
                        let words = std::mem::take(&mut said);
                        if !std::mem::replace(&mut is_said, true) {
                            items.push(Element::Section { elements: visible(words) });
                        } else if !words.is_empty() {
                            // What comes behind code is not another item.
                            self.section(words, false);
                        }
                        self.end_list(list, &mut items, (first, indent));
                        first = index + 1;
                        match block {
                            Block::List(inner) if inner.start != Some(0) => {
                                self.list(inner, (indent + 1).min(DEEPEST));
                            }
                            block => self.block(block, false),
                        }
                    }
                    block => {
                        if !said.is_empty() {
                            said.push(text(BEHIND));
                        }
                        said.extend(within(block));
                    }
                }
            }
            match (said.is_empty(), is_said) {
                // What comes behind code is not another item.
                (false, true) => self.section(said, false),
                (true, true) => {}
                (_, false) => items.push(Element::Section { elements: visible(said) }),
            }
        }
        self.end_list(list, &mut items, (first, indent));
    }

    fn end_list(&mut self, list: &List, items: &mut Vec<Element>, (first, indent): (usize, usize)) {
        if items.is_empty() {
            return;
        }
        let number = list.number(first);
        let style = if number.is_some() { "ordered" } else { "bullet" };
        let offset = number.unwrap_or_default().saturating_sub(u64::from(number.is_some()));
        let elements = std::mem::take(items);
        self.out.push(Element::List { style, indent, offset, elements });
    }
}

/// The words of a block, for where nothing else can stand.
fn within(block: &Block) -> Vec<Piece> {
    match block {
        Block::Paragraph(spans) => pieces(spans, false),
        Block::Heading { spans, .. } => pieces(spans, true),
        Block::Code { text: code, .. } => vec![text(code)],
        Block::Table(table) => vec![text(&table.lines().join("\n"))],
        Block::Rule => vec![text(RULE)],
        Block::Quote(blocks) => lines(blocks.iter().map(within), "› "),
        Block::List(list) => {
            let items = list.items.iter().enumerate().flat_map(|(index, item)| {
                let mut said = vec![text(&list.sign(index))];
                said.extend(lines(item.iter().map(within), ""));
                [said]
            });
            lines(items, "")
        }
    }
}

fn lines(parts: impl Iterator<Item = Vec<Piece>>, sign: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    for part in parts {
        if !out.is_empty() {
            out.push(text("\n"));
        }
        if !sign.is_empty() {
            out.push(text(sign));
        }
        out.extend(part);
    }
    out
}

/// Slack refuses a text of no characters.
fn visible(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.retain(|piece| match piece {
        Piece::Text { text, .. } | Piece::Link { text, .. } => !text.is_empty(),
    });
    if pieces.is_empty() { vec![text(" ")] } else { pieces }
}

fn pieces(spans: &[Span], is_bold: bool) -> Vec<Piece> {
    spans.iter().map(|span| piece(span, is_bold)).collect()
}

fn piece(span: &Span, is_bold: bool) -> Piece {
    let style = Style {
        bold: is_bold || span.marks.has(Mark::Bold),
        italic: span.marks.has(Mark::Italic),
        strike: span.marks.has(Mark::Struck),
        code: span.is_code,
    };
    let text = span.text.clone();
    match &span.link {
        Some(url) => Piece::Link { url: url.to_string(), text, style },
        None => Piece::Text { text, style },
    }
}

fn text(text: &str) -> Piece {
    Piece::Text { text: text.to_owned(), style: Style::default() }
}
