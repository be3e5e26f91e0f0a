//! Text that is still being written, as it is going to look.

use std::borrow::Cow;

/// The longest paragraph that is looked through, in bytes.
const LONGEST: usize = 8_000;

/// What can be open at once.
const MOST: usize = 16;

/// The text with an end for everything that has only begun in its last paragraph:
/// words that stand out and code are ended, a link of which the address is not
/// whole yet shows its words.
///
/// A text that needs nothing comes back as it is.
#[must_use]
pub fn heal(text: &str) -> Cow<'_, str> {
    let start = last_paragraph(text);
    let Some(tail) = text.get(start..).filter(|tail| tail.len() <= LONGEST) else { return text.into() };
    if is_in_fence(text) {
        return without_half_a_fence(text).into();
    }
    let unfinished = read(tail);
    if unfinished.is_nothing() {
        return text.into();
    }
    let mut healed = text.get(..start + unfinished.until).unwrap_or(text).to_owned();
    healed.push_str(unfinished.words.trim_end());
    for sign in unfinished.open.iter().rev() {
        healed.push_str(sign);
    }
    healed.into()
}

/// What has begun and not ended.
struct Unfinished<'a> {
    /// Up to where the text stays.
    until: usize,
    /// What stands there instead of the rest.
    words: &'a str,
    /// What has to be ended, the outermost first.
    open: Vec<&'a str>,
    length: usize,
}

impl Unfinished<'_> {
    fn is_nothing(&self) -> bool {
        self.open.is_empty() && self.words.is_empty() && self.until == self.length
    }
}

/// Where the last paragraph begins, or the last item or line of a table.
fn last_paragraph(text: &str) -> usize {
    let mut end = text.len();
    while let Some(line) = text.get(..end).and_then(|before| before.rfind('\n')) {
        let written = text.get(line + 1..).unwrap_or_default().trim_start_matches(' ');
        let is_blank = text.get(line + 1..end).is_some_and(|line| line.trim().is_empty());
        if written.starts_with("```") {
            // Code has ended there.
            return (end + 1).min(text.len());
        }
        if is_blank || begins_a_block(written) || text.len() - line > LONGEST {
            return line + 1;
        }
        end = line;
    }
    0
}

fn begins_a_block(line: &str) -> bool {
    let behind_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_number = behind_number.len() < line.len() && behind_number.starts_with([')', '.']);
    let is_sign = ["- ", "* ", "+ "].iter().any(|sign| line.starts_with(sign));
    is_number || is_sign || line.starts_with(['#', '>', '|'])
}

/// Whether the text ends inside of code.
fn is_in_fence(text: &str) -> bool {
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let line = line.trim_start();
        let length = line.len() - line.trim_start_matches('`').len();
        let Some((ticks, behind)) = line.split_at_checked(length).filter(|_| length >= 3) else { continue };
        match fence {
            None if !behind.contains('`') => fence = Some(ticks),
            Some(open) if ticks.len() >= open.len() && behind.trim().is_empty() => fence = None,
            _ => {}
        }
    }
    fence.is_some()
}

fn without_half_a_fence(text: &str) -> &str {
    let is_half = text.rsplit_once('\n').is_some_and(|(_, line)| matches!(line.trim(), "`" | "``"));
    if is_half { text.trim_end_matches(['`', ' ']) } else { text }
}

fn read(tail: &str) -> Unfinished<'_> {
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(c) = tail.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = tail.get(at..).unwrap_or_default();
        let run = rest.len() - rest.trim_start_matches(c).len();
        match c {
            '\\' => at += c.len_utf8() + rest.chars().nth(1).map_or(0, char::len_utf8),
            '`' => match end_of_code(rest, run) {
                Some(end) => at += end,
                None => return code(tail, at, run, open),
            },
            '[' => match half_a_link(rest) {
                Some(words) => {
                    let until =
                        if tail.get(..at).is_some_and(|before| before.ends_with('!')) { at - 1 } else { at };
                    return Unfinished { until, words, open, length: tail.len() };
                }
                None => at += 1,
            },
            '*' | '_' | '~' | '|' => {
                let before = tail.get(..at).and_then(|before| before.chars().next_back());
                emphasis(rest, run, before, &mut open);
                at += run;
            }
            c => at += c.len_utf8(),
        }
    }
    let bare = tail.trim_end_matches(['*', '_', '~']);
    let is_begun = bare.is_empty() || bare.ends_with([' ', '\n', '(']);
    let until = if is_begun && bare.len() < tail.len() { bare.trim_end().len() } else { tail.len() };
    let until = if open.is_empty() { until } else { until.min(tail.trim_end().len()) };
    Unfinished { until, words: "", open, length: tail.len() }
}

/// Code that has not ended: nothing of it, as long as there is nothing in it.
fn code<'a>(tail: &'a str, at: usize, run: usize, mut open: Vec<&'a str>) -> Unfinished<'a> {
    let inside = tail.get(at + run..).unwrap_or_default();
    if inside.trim().is_empty() {
        return Unfinished { until: at, words: "", open, length: tail.len() };
    }
    if inside.ends_with('`') {
        // The beginning of the end.
        let until = tail.trim_end_matches('`').len();
        open.push(tail.get(at..at + run).unwrap_or_default());
        return Unfinished { until, words: "", open, length: tail.len() };
    }
    open.push(tail.get(at..at + run).unwrap_or_default());
    Unfinished { until: tail.trim_end().len(), words: "", open, length: tail.len() }
}

/// How long a stretch of code is that begins a text with `run` ticks.
fn end_of_code(text: &str, run: usize) -> Option<usize> {
    let mut at = run;
    loop {
        let start = at + text.get(at..)?.find('`')?;
        let rest = text.get(start..)?;
        let length = rest.len() - rest.trim_start_matches('`').len();
        at = start + length;
        if length == run {
            return Some(at);
        }
    }
}

/// The words of a link of which the address has begun and not ended.
fn half_a_link(text: &str) -> Option<&str> {
    let (words, address) = text.strip_prefix('[')?.split_once("](")?;
    let is_whole = address.contains([')', '\n']);
    (!is_whole && !words.contains(['[', '\n'])).then_some(words)
}

/// Takes note of words that begin or end to stand out.
fn emphasis<'a>(rest: &'a str, run: usize, before: Option<char>, open: &mut Vec<&'a str>) {
    let Some((signs, behind)) = rest.split_at_checked(run) else { return };
    let wanted = match signs.chars().next() {
        Some('*' | '_') => run <= 3,
        Some('~' | '|') => run == 2,
        _ => false,
    };
    if !wanted {
        return;
    }
    let stands = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    let after = behind.chars().next();
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_within_word = signs.starts_with('_') && is_word(before) && is_word(after);
    if is_within_word {
        return;
    }
    if stands(before) && open.last() == Some(&signs) {
        open.pop();
    } else if stands(after) && open.len() < MOST {
        open.push(signs);
    }
}

#[cfg(test)]
mod tests {
    use super::heal;

    #[test]
    fn what_has_begun_is_ended() {
        let table = [
            ("plain", "plain"),
            ("a **bold", "a **bold**"),
            ("a **bold ", "a **bold**"),
            ("a **bold** *it", "a **bold** *it*"),
            ("a ***both", "a ***both***"),
            ("a **bold and *both", "a **bold and *both***"),
            ("a **", "a"),
            ("a *", "a"),
            ("a `co", "a `co`"),
            ("a `", "a "),
            ("a ``co`", "a ``co``"),
            ("a ~~gone", "a ~~gone~~"),
            ("a ||hid", "a ||hid||"),
            ("a snake_case and 2 * 3", "a snake_case and 2 * 3"),
            ("see [the docs](https://exam", "see the docs"),
            ("see **[the docs](https://exam", "see **the docs**"),
            ("see ![the pic](https://exam", "see the pic"),
            ("see [the docs](https://example.org) **x", "see [the docs](https://example.org) **x**"),
            ("a [1] b", "a [1] b"),
            ("**a\n\nb", "**a\n\nb"),
            ("- **a\n- *b", "- **a\n- *b*"),
            ("```rust\nlet a = **b;", "```rust\nlet a = **b;"),
            ("```\na\n``", "```\na\n"),
            ("```\na\n```\n**b", "```\na\n```\n**b**"),
            (r"a \*b", r"a \*b"),
        ];
        for (text, expected) in table {
            assert_eq!(heal(text), expected, "{text}");
        }
    }
}
