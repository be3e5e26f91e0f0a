//! A text without any mark-up, for where there is none.

use crate::domain::markdown::{Block, List, Span};

/// A line across.
pub const RULE: &str = "———";

/// What stands before an item without a number.
const BULLET: &str = "• ";

/// What is to be read of some blocks.
#[must_use]
pub fn plain(blocks: &[Block]) -> String {
    let mut out = String::new();
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            out.push_str("\n\n");
        }
        out.push_str(&one(block));
    }
    out
}

fn one(block: &Block) -> String {
    match block {
        Block::Paragraph(spans) | Block::Heading { spans, .. } => words(spans),
        Block::Code { text, .. } => text.clone(),
        Block::Quote(blocks) => behind("> ", "> ", &plain(blocks)),
        Block::List(list) => items(list),
        Block::Table(table) => table.lines().join("\n"),
        Block::Rule => RULE.to_owned(),
    }
}

fn words(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

fn items(list: &List) -> String {
    let lines = list.items.iter().enumerate().map(|(index, item)| {
        let item: Vec<String> = item.iter().map(one).collect();
        behind(&list.sign(index), "  ", &item.join("\n"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl List {
    /// What stands before the item at `index`.
    #[must_use]
    pub fn sign(&self, index: usize) -> String {
        self.number(index).map_or_else(|| BULLET.to_owned(), |number| format!("{number}. "))
    }
}

/// The lines of a text, each behind something.
fn behind(first: &str, others: &str, text: &str) -> String {
    let mut out = first.to_owned();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
            out.push_str(others);
        }
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;
    use crate::domain::markdown::parse;

    #[test]
    fn everything_can_be_read_without_mark_up() {
        let table = [
            ("# Head\n\n*a* **b** ~~c~~ ||d|| `e`", "Head\n\na b c d e"),
            ("- a\n  - b\n- c\n\n  d", "• a\n  • b\n• c\n  d"),
            ("3. a\n4. b", "3. a\n4. b"),
            ("- [ ] open\n- [x] done", "• ☐ open\n• ☑ done"),
            ("> a\n> > b", "> a\n> \n> > b"),
            ("[x](https://example.org/y) ![z](https://example.org/z.png)", "x (example.org) z (example.org)"),
            ("![](https://example.org/z.png)", "https://example.org/z.png"),
            ("[x](javascript:1)", "x (javascript:1)"),
            ("<b>a</b> <!-- c -->", "<b>a</b> <!-- c -->"),
            ("<div>\na\n</div>", "<div>\na\n</div>"),
            ("a<br>b", "a\nb"),
            (r"\(a_1 * b_1\) $x_1 * y_1$ costs $5 or $6", "$a_1 * b_1$ $x_1 * y_1$ costs $5 or $6"),
            ("a[^1]\n\n[^1]: b", "a[1]\n\n[1] b"),
            ("a || b || c", "a || b || c"),
            ("```rust\nlet a;\n```", "let a;"),
            ("a\nb  \nc", "a\nb\nc"),
            ("a\n\n---\n\nb", "a\n\n———\n\nb"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(plain(&parse(text)), expected, "{text}");
        }
    }

    #[test]
    fn depth_ends_somewhere_and_nothing_is_lost() {
        let text = "> ".repeat(5_000) + "- ".repeat(5_000).as_str() + "end";
        assert!(plain(&parse(&text)).ends_with("end"));
    }
}
