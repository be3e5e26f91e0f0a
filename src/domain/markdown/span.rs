//! A stretch of text that looks the same.

use std::sync::Arc;

/// A stretch of text that looks the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// As it is to be read; never empty.
    pub text: String,
    pub marks: Marks,
    /// Whether it is code, which shows as it stands.
    pub is_code: bool,
    /// Where it leads: an `http`, `https` or `mailto` address.
    pub link: Option<Arc<str>>,
}

impl Span {
    /// Text without anything about it.
    #[must_use]
    pub fn bare(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Whether this looks as another does.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        let is_one_link = match (&self.link, &other.link) {
            (None, None) => true,
            // Two links to one place are two.
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        self.marks == other.marks && self.is_code == other.is_code && is_one_link
    }
}

/// How text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Hidden until somebody wants to see it.
    Spoiler,
    Bold,
    Italic,
    Struck,
}

impl Mark {
    /// Every mark.
    pub const ALL: [Self; 4] = [Self::Spoiler, Self::Bold, Self::Italic, Self::Struck];
}

/// Any number of different marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks(u8);

impl Marks {
    /// Whether one of them is this.
    #[must_use]
    pub const fn has(self, mark: Mark) -> bool {
        self.0 & (1 << mark as u8) != 0
    }

    /// These and one more.
    #[must_use]
    pub const fn and(self, mark: Mark) -> Self {
        Self(self.0 | 1 << mark as u8)
    }

    /// Those that are there, each time in the same order.
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.into_iter().filter(move |mark| self.has(*mark))
    }
}

/// Puts a span behind others; two that look the same become one.
pub(super) fn push(spans: &mut Vec<Span>, span: Span) {
    if span.text.is_empty() {
        return;
    }
    match spans.last_mut().filter(|last| last.looks_like(&span)) {
        Some(last) => last.text.push_str(&span.text),
        None => spans.push(span),
    }
}
