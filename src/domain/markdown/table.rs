//! Tables where a platform has none: columns of text under each other.

use unicode_width::UnicodeWidthStr;

use crate::domain::markdown::span::push;
use crate::domain::markdown::{Cell, Span, Table};

/// What stands between two columns.
const GAP: &str = "  ";

/// The widest column that is filled up; a wider field stands out.
const WIDEST: usize = 60;

impl Table {
    /// The rows as lines of equal columns for a font in which all letters are as wide, with a line under the head.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let rows: Vec<Vec<String>> = std::iter::once(&self.head)
            .chain(&self.rows)
            .map(|row| row.iter().map(words).collect())
            .collect();
        let count = rows.iter().map(Vec::len).max().unwrap_or_default();
        let width_of = |column: usize| {
            let fields = rows.iter().filter_map(|row| row.get(column));
            fields.map(|field| field.width().min(WIDEST)).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..count).map(width_of).collect();
        let mut lines: Vec<String> = rows.iter().map(|row| self.line(row, &widths)).collect();
        let under: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        lines.insert(1.min(lines.len()), under.join(GAP));
        lines
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let fields = widths.iter().enumerate().map(|(column, width)| {
            let field = row.get(column).map_or("", String::as_str);
            let space = " ".repeat(width.saturating_sub(field.width()));
            let is_right = self.is_right.get(column).copied().unwrap_or_default();
            if is_right { space + field } else { field.to_owned() + &space }
        });
        fields.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    }

    /// The links that stand in it, which lines of text cannot be.
    pub(super) fn links(&self) -> Vec<Span> {
        let mut links = Vec::new();
        let cells = self.head.iter().chain(self.rows.iter().flatten());
        for span in cells.flatten().filter(|span| span.link.is_some()) {
            if !links.contains(span) {
                if !links.is_empty() {
                    links.push(Span::bare(" · "));
                }
                links.push(span.clone());
            }
        }
        let mut merged = Vec::new();
        links.into_iter().for_each(|span| push(&mut merged, span));
        merged
    }
}

/// A field in one line.
fn words(cell: &Cell) -> String {
    let text: String = cell.iter().map(|span| span.text.as_str()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::domain::markdown::{Block, Span, parse};

    #[test]
    fn columns_stand_under_each_other() {
        let text = "| name | 数 |\n|---|--:|\n| Ann | 1 |\n| Bob<br>B. | 1,000 |";
        let blocks = parse(text);
        let [Block::Table(table)] = blocks.as_slice() else { panic!("{blocks:?}") };
        let lines = ["name       数", "──────  ─────", "Ann         1", "Bob B.  1,000"];
        assert_eq!(table.lines(), lines);
    }

    #[test]
    fn links_of_a_table_stand_below_it() {
        let blocks = parse("| a |\n|---|\n| [x](https://example.org) |\n");
        let [Block::Table(_), Block::Paragraph(links)] = blocks.as_slice() else { panic!("{blocks:?}") };
        let link = Some("https://example.org/".into());
        assert_eq!(links, &[Span { link, ..Span::bare("x") }]);
    }
}
