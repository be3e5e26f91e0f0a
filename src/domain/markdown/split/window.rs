//! The beginning of what is left of a text, without what its lines stand in.

use std::borrow::Cow;

use crate::domain::markdown::split::frame::Frame;

/// The beginning of what is left.
pub(super) struct Window<'a> {
    text: Cow<'a, str>,
    /// Where lines that stood in begin.
    lines: Vec<Line>,
    is_whole: bool,
}

struct Line {
    here: usize,
    in_source: usize,
    /// How far it stood in.
    indent: usize,
}

impl<'a> Window<'a> {
    /// The first `bytes` of the rest, without what the frame says its lines stand in.
    pub(super) fn new(rest: &'a str, frame: &Frame, bytes: usize) -> Self {
        let end = rest.floor_char_boundary(bytes.min(rest.len()));
        let part = rest.get(..end).unwrap_or_default();
        let is_whole = end == rest.len();
        if frame.indent == 0 {
            return Self { text: part.into(), lines: Vec::new(), is_whole };
        }
        let (mut text, mut lines, mut at) = (String::with_capacity(part.len()), Vec::new(), 0);
        let mut indent = frame.indent;
        for (number, line) in part.split_inclusive('\n').enumerate() {
            let blank = line.len() - line.trim_start_matches(' ').len();
            // The first line has begun before the cut.
            let is_counted = number > 0 || !frame.is_within_line;
            if is_counted && !line.trim().is_empty() {
                indent = indent.min(blank);
            }
            let cut = if is_counted { blank.min(indent) } else { 0 };
            lines.push(Line { here: text.len(), in_source: at, indent: cut });
            text.push_str(line.get(cut..).unwrap_or_default());
            at += line.len();
        }
        Self { text: text.into(), lines, is_whole }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing comes behind it.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Where a place of this text is in the source; a line begins there with what it stands in.
    pub(super) fn source(&self, at: usize) -> usize {
        let behind = self.lines.partition_point(|line| line.here <= at);
        let line = behind.checked_sub(1).and_then(|last| self.lines.get(last));
        match line {
            None => at,
            Some(line) if line.here == at => line.in_source,
            Some(line) => line.in_source + line.indent + (at - line.here),
        }
    }
}
