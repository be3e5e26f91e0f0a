//! Formulas in the brackets of LaTeX.
//!
//! `\(` and `\[` are, to Markdown, brackets that mean nothing, and what is between
//! them would be read as mark-up. In dollars a formula is left alone.

use std::borrow::Cow;
use std::ops::Range;

/// The longest formula, in bytes.
const LONGEST: usize = 1_000;

/// The text with `\(…\)` and `\[…\]` as `$…$` and `$$…$$`; those in `code`, which is in order, are left.
pub(super) fn in_dollars<'a>(text: &'a str, code: &[Range<usize>]) -> Cow<'a, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some((start, brackets)) = next(text, from) {
        from = start + 2;
        if is_within(code, start) {
            continue;
        }
        let Some(formula) = brackets.formula(text.get(from..).unwrap_or_default()) else { continue };
        // One in which code begins is none.
        let behind = code.get(code.partition_point(|range| range.start < start));
        if behind.is_some_and(|range| range.start < from + formula.len()) {
            continue;
        }
        out.push_str(text.get(copied..start).unwrap_or_default());
        out.push_str(brackets.dollars);
        out.push_str(formula.trim());
        out.push_str(brackets.dollars);
        copied = from + formula.len() + brackets.end.len();
        from = copied;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether there may be such a formula.
pub(super) fn may_be_in(text: &str) -> bool {
    ALL.iter().any(|brackets| text.contains(brackets.start))
}

struct Brackets {
    start: &'static str,
    end: &'static str,
    dollars: &'static str,
}

const ALL: [Brackets; 2] = [
    Brackets { start: "\\(", end: "\\)", dollars: "$" },
    Brackets { start: "\\[", end: "\\]", dollars: "$$" },
];

impl Brackets {
    /// What is between them, in a text that begins behind the first.
    fn formula<'a>(&self, text: &'a str) -> Option<&'a str> {
        let near = text.get(..text.floor_char_boundary(LONGEST.min(text.len())))?;
        let (formula, _) = near.split_once(self.end)?;
        let is_formula = !formula.trim().is_empty() && !formula.contains("\n\n") && !formula.contains('$');
        is_formula.then_some(formula)
    }
}

fn next(text: &str, from: usize) -> Option<(usize, &'static Brackets)> {
    let mut at = from;
    loop {
        at += text.get(at..)?.find('\\')?;
        let rest = text.get(at..)?;
        if let Some(brackets) = ALL.iter().find(|brackets| rest.starts_with(brackets.start)) {
            return Some((at, brackets));
        }
        // A backslash that is meant as one begins nothing.
        at += if rest.starts_with("\\\\") { 2 } else { 1 };
    }
}

fn is_within(code: &[Range<usize>], at: usize) -> bool {
    let before = code.partition_point(|range| range.start <= at);
    before.checked_sub(1).and_then(|last| code.get(last)).is_some_and(|range| range.contains(&at))
}

#[cfg(test)]
mod tests {
    use super::in_dollars;

    #[test]
    fn formulas_get_dollars() {
        let table = [
            (r"so \(a_1 * b_1\) is", "so $a_1 * b_1$ is"),
            ("\\[\nx^2\n\\] end", "$$x^2$$ end"),
            (r"\(open", r"\(open"),
            (r"\( \) \(a\)", r"\( \) $a$"),
            (r"\\(a\\)", r"\\(a\\)"),
            ("nothing", "nothing"),
        ];
        for (text, expected) in table {
            assert_eq!(in_dollars(text, &[]), expected, "{text}");
        }
        let code = std::iter::once(0..7).collect::<Vec<_>>();
        assert_eq!(in_dollars(r"`\(a\)` \(b\)", &code), r"`\(a\)` $b$");
        let code = std::iter::once(2..9).collect::<Vec<_>>();
        assert_eq!(in_dollars(r"\(`a\)b`\)", &code), r"\(`a\)b`\)");
    }
}
