//! Cutting a long text into posts.
//!
//! A cut falls behind a paragraph if it can, else behind a line, a sentence, a
//! word, and never inside of what a person sees as one character, unless that
//! alone is longer than a post. A code fence that is open at a cut is closed
//! there and opened again, with its language, in the next post; neither post gets
//! a fence with nothing in it, of which some platforms show the language. Cuts
//! depend on the text before them only, so that a text which grows keeps them.

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::TextUnit;

/// What begins and ends code.
const FENCE: &str = "```";

/// What closes a fence at a cut.
const CLOSING: &str = "\n```";

/// The longest language of a fence that is repeated.
const LANGUAGE: usize = 20;

/// Cuts `text` into parts of at most `limit` of `unit` each.
///
/// A part is never blank; a blank text has no parts.
pub(super) fn split(text: &str, limit: usize, unit: TextUnit) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    let mut fence = Fence::default();
    while !rest.trim().is_empty() {
        let opening = fence.opening();
        let frame = unit.measure(&opening) + unit.measure(CLOSING);
        let room = limit.saturating_sub(frame).max(1);
        let mut end = cut(rest, room, unit);
        if end < rest.len() {
            end = before_a_fence(rest, end, &fence);
        }
        let (piece, behind) = rest.split_at(end);
        let mut part = opening;
        part.push_str(piece.trim_end());
        fence.read(piece);
        if fence.is_open() {
            part.push_str(CLOSING);
        }
        if !piece.trim().is_empty() {
            parts.push(part);
        }
        rest =
            if fence.is_open() { behind.strip_prefix('\n').unwrap_or(behind) } else { behind.trim_start() };
        if let Some(behind) = fence.end_at(rest) {
            rest = behind.trim_start();
        }
    }
    parts
}

/// Moves a cut before a fence that it would tear apart, or leave without code.
fn before_a_fence(text: &str, cut: usize, fence: &Fence) -> usize {
    let mut end = cut;
    loop {
        let (piece, _) = text.split_at(end);
        let (written, blank) = piece.split_at(piece.trim_end().len());
        let line = written.rfind('\n').map_or(0, |at| at + 1);
        let (before, last) = written.split_at(line);
        let last = last.trim_start();
        let is_begun = last.starts_with(FENCE) || (!last.is_empty() && FENCE.starts_with(last));
        let is_torn = is_begun && !blank.contains('\n');
        let is_opening = last.starts_with(FENCE) && fence.after(piece).is_open();
        if before.trim().is_empty() || !(is_torn || is_opening) {
            return end;
        }
        end = line;
    }
}

/// The best place to cut, in bytes; the whole text if it fits.
fn cut(text: &str, room: usize, unit: TextUnit) -> usize {
    let Some(hard) = first_beyond(text, room, unit) else { return text.len() };
    let (window, _) = text.split_at(hard);
    // A cut in the first half wastes more room than it saves reading.
    let early = hard / 2;
    let behind = |pattern: &str| window.rfind(pattern).map(|at| at + pattern.len()).filter(|at| *at > early);
    let sentence = [". ", "! ", "? ", "。"].into_iter().filter_map(behind).max();
    behind("\n\n").or_else(|| behind("\n")).or(sentence).or_else(|| behind(" ")).unwrap_or(hard)
}

/// Where the first character begins that does not fit, in bytes.
fn first_beyond(text: &str, room: usize, unit: TextUnit) -> Option<usize> {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += unit.measure(grapheme);
        if used > room {
            let is_too_long_alone = at == 0;
            return Some(if is_too_long_alone { within(grapheme, room, unit) } else { at });
        }
    }
    None
}

/// How many bytes of one overlong character fit; at least one code point.
fn within(grapheme: &str, room: usize, unit: TextUnit) -> usize {
    let mut used = 0;
    for (at, c) in grapheme.char_indices() {
        used += unit.measure(c.encode_utf8(&mut [0; 4]));
        if used > room && at > 0 {
            return at;
        }
    }
    grapheme.len()
}

/// Whether the text so far ends inside of a code fence, and of which language.
#[derive(Debug, Clone, Default)]
struct Fence {
    language: Option<String>,
}

impl Fence {
    fn is_open(&self) -> bool {
        self.language.is_some()
    }

    fn opening(&self) -> String {
        self.language.as_ref().map_or_else(String::new, |language| format!("```{language}\n"))
    }

    /// Ends an open fence where its end comes next; returns what is behind that.
    fn end_at<'a>(&mut self, rest: &'a str) -> Option<&'a str> {
        if !self.is_open() {
            return None;
        }
        let next = rest.trim();
        if FENCE.starts_with(next) {
            // Nothing comes, or the beginning of the end: a text that grows goes on here.
            return Some("");
        }
        let behind = next.strip_prefix(FENCE).filter(|behind| !behind.starts_with('`'))?;
        self.language = None;
        Some(behind)
    }

    /// The same, after a piece of text.
    fn after(&self, piece: &str) -> Self {
        let mut fence = self.clone();
        fence.read(piece);
        fence
    }

    fn read(&mut self, piece: &str) {
        for line in piece.lines() {
            let Some(info) = line.trim_start().strip_prefix(FENCE) else { continue };
            self.language = match self.language {
                Some(_) => None,
                None if info.contains('`') => None,
                None => Some(info.trim().chars().take(LANGUAGE).collect()),
            };
        }
    }
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
