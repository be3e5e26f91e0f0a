//! What a text is made of, from above.

use crate::domain::markdown::Span;

/// One block of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Paragraph(Vec<Span>),
    Heading {
        /// From 1, the largest, to 6.
        level: u8,
        spans: Vec<Span>,
    },
    Code {
        /// As the text names it; may be empty.
        language: String,
        /// Without the end of its last line.
        text: String,
    },
    Quote(Vec<Block>),
    List(List),
    Table(Table),
    /// A line across.
    Rule,
}

/// One thing under another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The number of the first item; none where items have no numbers.
    pub start: Option<u64>,
    pub items: Vec<Vec<Block>>,
}

impl List {
    /// What stands before the item at `index`: its number, or nothing.
    #[must_use]
    pub fn number(&self, index: usize) -> Option<u64> {
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        self.start.map(|start| start.saturating_add(index))
    }
}

/// One field of a table.
pub type Cell = Vec<Span>;

/// Rows and columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Whether each column stands to the right.
    pub is_right: Vec<bool>,
    pub head: Vec<Cell>,
    pub rows: Vec<Vec<Cell>>,
}
