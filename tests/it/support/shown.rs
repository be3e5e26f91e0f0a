//! What a person sees of a message once a client has drawn it, the same for every platform.
//!
//! Each emulator fills a [`Page`] by the rules of its own platform; tests compare
//! the outcome in brief (its `Display`), and `picture.rs` draws it.

use std::fmt;

/// A drawn message: blocks from top to bottom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    pub blocks: Vec<ShownBlock>,
}

/// One block; what stands in it may have several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownBlock {
    pub kind: Kind,
    /// Whether it stands beside the bar of a quote.
    pub quoted: bool,
    /// How many lists it is inside of; for an item, of how many more than its own.
    pub indent: usize,
    /// What stands in it; nothing is a blank line.
    pub spans: Vec<Span>,
}

/// How a block looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Paragraph,
    /// A heading of a level, 1 the largest.
    Heading(u8),
    /// Small print.
    Subtext,
    /// Code in a box of its own.
    Code {
        language: Option<String>,
    },
    /// An item of a list, with what stands before it, such as `•` or `2.`.
    ListItem {
        sign: String,
    },
}

/// Text that looks the same throughout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub bold: bool,
    pub italic: bool,
    pub struck: bool,
    pub underlined: bool,
    pub spoiler: bool,
    pub code: bool,
    /// Whether the platform makes a person, place, date or picture of it.
    pub mention: bool,
    /// Where a click on it leads.
    pub link: Option<String>,
}

impl Span {
    /// This look with another text.
    pub fn saying(&self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self.clone() }
    }

    fn looks_like(&self, other: &Self) -> bool {
        let flags = |span: &Self| {
            [span.bold, span.italic, span.struck, span.underlined, span.spoiler, span.code, span.mention]
        };
        flags(self) == flags(other) && self.link == other.link
    }
}

impl ShownBlock {
    /// The words in it.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

impl Shown {
    /// The visible text, with the signs of lists and without any other mark.
    pub fn text(&self) -> String {
        let line = |block: &ShownBlock| match &block.kind {
            Kind::ListItem { sign } => format!("{sign} {}", block.text()),
            Kind::Paragraph | Kind::Heading(_) | Kind::Subtext | Kind::Code { .. } => block.text(),
        };
        self.blocks.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Every stretch of text that looks the same.
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        self.blocks.iter().flat_map(|block| &block.spans)
    }
}

/// In brief: a line for each block with `⏎` for line breaks inside of it, `> ` for
/// quotes, and `[bi:text](link)` for what is not plain: bold, italic, underlined,
/// struck, hidden, code, mention.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, block) in self.blocks.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            f.write_str(if block.quoted { "> " } else { "" })?;
            f.write_str(&"  ".repeat(block.indent))?;
            match &block.kind {
                Kind::Paragraph => {}
                Kind::Heading(level) => write!(f, "{} ", "#".repeat(usize::from(*level)))?,
                Kind::Subtext => f.write_str("-# ")?,
                Kind::Code { language } => write!(f, "```{} ", language.as_deref().unwrap_or_default())?,
                Kind::ListItem { sign } => write!(f, "{sign} ")?,
            }
            for span in &block.spans {
                write!(f, "{span}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [
            (self.bold, 'b'),
            (self.italic, 'i'),
            (self.underlined, 'u'),
            (self.struck, 's'),
            (self.spoiler, 'h'),
            (self.code, 'c'),
            (self.mention, 'm'),
        ];
        let letters: String =
            letters.iter().filter(|(is_set, _)| *is_set).map(|(_, letter)| letter).collect();
        let text = self.text.replace('\n', "⏎");
        match &self.link {
            None if letters.is_empty() => f.write_str(&text),
            None => write!(f, "[{letters}:{text}]"),
            Some(link) => write!(f, "[{letters}:{text}]({link})"),
        }
    }
}

/// A message while it is being drawn.
#[derive(Debug, Default)]
pub struct Page {
    blocks: Vec<ShownBlock>,
    /// Whether more text goes into the last block.
    is_open: bool,
}

impl Page {
    /// Begins a block; what comes next stands in it.
    pub fn begin(&mut self, kind: Kind, quoted: bool, indent: usize) {
        self.end();
        self.blocks.push(ShownBlock { kind, quoted, indent, spans: Vec::new() });
        self.is_open = true;
    }

    /// Ends the block; the line break before the next one is not one more line.
    pub fn end(&mut self) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        let Some(last) = self.blocks.last_mut() else { return };
        match last.spans.last_mut() {
            Some(span) if span.text == "\n" => {
                last.spans.pop();
            }
            Some(span) if span.text.ends_with('\n') => {
                span.text.pop();
            }
            // What stands in it became blocks of its own.
            None if matches!(last.kind, Kind::Heading(_) | Kind::Subtext) => {
                self.blocks.pop();
            }
            Some(_) | None => {}
        }
    }

    /// How many blocks there are.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Adds text to the open block, or to a new paragraph at this place.
    pub fn say(&mut self, span: Span, quoted: bool, indent: usize) {
        if span.text.is_empty() {
            return;
        }
        if !self.is_open {
            self.begin(Kind::Paragraph, quoted, indent);
        }
        let Some(block) = self.blocks.last_mut() else { return };
        match block.spans.last_mut().filter(|last| last.looks_like(&span)) {
            Some(last) => last.text.push_str(&span.text),
            None => block.spans.push(span),
        }
    }

    /// The drawn message.
    pub fn finish(self) -> Shown {
        Shown { blocks: self.blocks }
    }
}
