//! What a part has to begin with, because a cut went through it.

use crate::domain::markdown::split::layout::{Container, Layout, indent, indent_of_line};
use crate::domain::markdown::split::window::Window;

/// What a part begins with, and how what is left of the text has to be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    /// Stands before the text: fences, the head of a table, a number, words that stand out.
    opening: String,
    /// How far the lines of what is left stand in.
    pub(super) indent: usize,
    /// Whether the cut went through a line.
    pub(super) is_within_line: bool,
    /// The fence that is open.
    fence: Option<String>,
    /// How much of what is left is said by the opening.
    skip: usize,
}

impl Frame {
    /// The text of a part, from its beginning.
    pub(super) fn opened(&self, text: &str) -> String {
        format!("{}{text}", self.opening)
    }

    /// How many characters come before the text.
    pub(super) fn count(&self) -> usize {
        self.opening.chars().count()
    }

    /// How many bytes come before the text.
    pub(super) fn length(&self) -> usize {
        self.opening.len()
    }

    /// What a part that ends at a place has to end with, and what the next begins with.
    pub(super) fn at(
        &self,
        layout: &Layout,
        window: &Window<'_>,
        source: &str,
        end: usize,
    ) -> (String, Self) {
        let (said, rest) = window.text().split_at_checked(end).unwrap_or((window.text(), ""));
        let is_within_line = !said.is_empty() && !said.ends_with('\n');
        let mut next = Self { is_within_line, ..Self::default() };
        if !layout.is_in_indented_code(end) {
            next.indent = indent(source, window.source(end));
        }
        let (mut closing, mut begins_again, mut quote) = (String::new(), String::new(), String::new());
        for container in layout.around(end) {
            match container {
                Container::Quote => quote.push_str("> "),
                Container::Fence { ticks, language, start } => {
                    next.indent =
                        start.map_or(self.indent, |start| indent_of_line(source, window.source(start)));
                    closing = format!("\n{quote}{ticks}");
                    next.opening = format!("{quote}{ticks}{language}\n");
                    next.fence = Some(ticks.clone());
                }
                Container::Heading(level) => next.opening.push_str(&format!("{} ", "#".repeat(*level))),
                Container::Table { head } => next.opening.push_str(head),
                Container::Mark(sign) => {
                    closing.insert_str(0, sign);
                    begins_again.push_str(sign);
                }
            }
        }
        if is_within_line {
            next.opening.push_str(&quote);
        }
        next.opening.push_str(&begins_again);
        if let Some((number, skip)) = layout.number(end, rest) {
            next.opening.push_str(&number);
            next.skip = skip;
        }
        (closing, next)
    }

    /// Skips what needs not be said again at the beginning of what is left.
    pub(super) fn begin(mut self, rest: &str) -> (&str, Self) {
        let blank = rest.len() - rest.trim_start_matches([' ', '\n', '\t', '\r']).len();
        let Some(ticks) = &self.fence else {
            // What stands in at the first line counts, so lines are skipped whole.
            let skipped = if self.is_within_line {
                blank
            } else {
                rest.get(..blank).and_then(|blank| blank.rfind('\n')).map_or(0, |at| at + 1)
            };
            let number = self.skip;
            let rest = rest.get(skipped..).unwrap_or_default();
            let written = rest.len() - rest.trim_start_matches(' ').len();
            if number > 0 {
                self.indent = self.indent.max(written);
                return (rest.get(written + number..).unwrap_or_default(), self.within_line());
            }
            return (rest, self);
        };
        let rest = if self.is_within_line { rest.strip_prefix('\n').unwrap_or(rest) } else { rest };
        let next = rest.trim_start();
        let length = next.len() - next.trim_start_matches('`').len();
        let line = next.lines().next().unwrap_or_default().trim_matches(['`', ' ']);
        if line.is_empty() && (length >= ticks.len() || next.len() == length) {
            // The fence ends here, or is about to.
            let behind = next.get(length..).unwrap_or_default();
            return (behind.trim_start_matches([' ', '\n']), Self::default());
        }
        (rest, self)
    }

    fn within_line(mut self) -> Self {
        self.is_within_line = true;
        self
    }
}
