//! Where marks can end, found once so that no mark has to search for its end.
//!
//! The client tries a regular expression at each place; these tables give the
//! same answers. Parts of a text are read as if nothing came after them, so that
//! every question says where its part ends.

use std::collections::BTreeMap;
use std::ops::Range;

/// No such place.
const NONE: usize = usize::MAX;

/// Where the marks of one text are.
#[derive(Debug)]
pub(super) struct Marks {
    bytes: Vec<u8>,
    /// True behind an odd number of backslashes.
    escaped: Vec<bool>,
    stars: Runs,
    scores: Runs,
    strikes: Vec<usize>,
    bars: Vec<usize>,
    fences: Vec<usize>,
    /// Runs of backticks: where each ends, and where those of a length begin.
    tick_ends: Vec<usize>,
    ticks: BTreeMap<usize, Vec<usize>>,
}

/// Runs of one character that no backslash escapes.
#[derive(Debug)]
struct Runs {
    /// Where the run around a place begins and ends.
    around: Vec<(usize, usize)>,
    /// The next run of odd length, by its beginning.
    odd: Vec<usize>,
    /// The next two of it that no third follows.
    pairs: Vec<usize>,
}

/// What a mark encloses, and where the text goes on.
pub(super) type Enclosed = (Range<usize>, usize);

impl Marks {
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes().to_vec();
        let mut escaped = vec![false; bytes.len() + 1];
        for at in 0..bytes.len() {
            escaped[at + 1] = bytes[at] == b'\\' && !escaped[at];
        }
        let mut tick_ends = vec![NONE; bytes.len() + 1];
        let mut ticks: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut at = 0;
        while at < bytes.len() {
            let length = bytes[at..].iter().take_while(|byte| **byte == b'`').count();
            if length > 0 {
                tick_ends[at..at + length].fill(at + length);
                ticks.entry(length).or_default().push(at);
            }
            at += length.max(1);
        }
        let twice = |at: usize, mark: u8| bytes[at..].starts_with(&[mark, mark]);
        Self {
            stars: Runs::of(b'*', &bytes, &escaped),
            scores: Runs::of(b'_', &bytes, &escaped),
            strikes: next(&bytes, |at| twice(at, b'~') && bytes.get(at + 2) != Some(&b'_')),
            bars: next(&bytes, |at| twice(at, b'|')),
            fences: next(&bytes, |at| bytes[at..].starts_with(b"```")),
            tick_ends,
            ticks,
            bytes,
            escaped,
        }
    }

    /// `**…**` or `__…__` at `at`.
    pub(super) fn double(&self, mark: u8, at: usize, end: usize) -> Option<Enclosed> {
        let least = at + 3;
        let next = self.runs(mark).pairs.get(least).copied().filter(|next| next.saturating_add(2) <= end);
        let close = next.or_else(|| {
            let last = end.checked_sub(2).filter(|last| *last >= least)?;
            (self.bytes[last..end] == [mark, mark] && !self.escaped[last]).then_some(last)
        })?;
        Some((at + 2..close, close + 2))
    }

    /// `*…*` at `at`: spaces may not follow the first star, nor more than two the last.
    pub(super) fn star(&self, at: usize, end: usize) -> Option<Enclosed> {
        if at + 1 >= end || self.bytes[at + 1].is_ascii_whitespace() {
            return None;
        }
        let (from, to) = self.stars.first_odd(at + 1, end)?;
        if to - from > 1 {
            return Some((at + 1..to - 1, to));
        }
        let content = &self.bytes[at + 1..from];
        let spaces = content.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
        let is_loose = spaces <= 2 && content.ends_with(&b"  "[..spaces.min(2)]);
        (spaces < content.len() && is_loose).then_some((at + 1..from - spaces, to))
    }

    /// `_…_` at `at`: no letter may follow the last.
    pub(super) fn score(&self, at: usize, end: usize) -> Option<Enclosed> {
        let (_, to) = self.scores.first_odd(at + 1, end)?;
        let ends_word = to == end || !(self.bytes[to].is_ascii_alphanumeric() || self.bytes[to] == b'_');
        ends_word.then_some((at + 1..to - 1, to))
    }

    /// `~~…~~` at `at`.
    pub(super) fn strike(&self, at: usize, end: usize) -> Option<Enclosed> {
        let next = next_in(&self.strikes, at + 3, 2, end);
        let close = next.or_else(|| {
            let last = end.checked_sub(2).filter(|last| *last >= at + 3)?;
            (self.bytes[last..end] == *b"~~").then_some(last)
        })?;
        Some((at + 2..close, close + 2))
    }

    /// `||…||` at `at`.
    pub(super) fn spoiler(&self, at: usize, end: usize) -> Option<Enclosed> {
        let close = next_in(&self.bars, at + 3, 2, end)?;
        Some((at + 2..close, close + 2))
    }

    /// The next three backticks.
    pub(super) fn fence(&self, from: usize, end: usize) -> Option<usize> {
        next_in(&self.fences, from, 3, end)
    }

    /// Code in a line that begins with the backticks at `at`: as many of them as
    /// possible, the same number of which ends it.
    pub(super) fn ticks(&self, at: usize, end: usize) -> Option<Enclosed> {
        let after = self.tick_ends[at].min(end);
        let cut = (end > after && self.bytes[end - 1] == b'`' && self.tick_ends[end - 1] > end).then(|| {
            let length = self.bytes[after..end].iter().rev().take_while(|byte| **byte == b'`').count();
            (length, end - length)
        });
        let whole = self.ticks.range(..=after - at).rev().find_map(|(length, starts)| {
            let next = starts.get(starts.partition_point(|start| *start < after))?;
            (next + length <= end).then_some((*length, *next))
        });
        let cut = cut.filter(|(length, _)| *length <= after - at);
        let (length, close) = match (whole, cut) {
            (Some(whole), Some(cut)) if cut.0 > whole.0 => cut,
            (whole, cut) => whole.or(cut)?,
        };
        Some((at + length..close, close + length))
    }

    fn runs(&self, mark: u8) -> &Runs {
        if mark == b'*' { &self.stars } else { &self.scores }
    }
}

impl Runs {
    fn of(mark: u8, bytes: &[u8], escaped: &[bool]) -> Self {
        let mut around = vec![(NONE, NONE); bytes.len()];
        let mut starts = vec![false; bytes.len()];
        let mut at = 0;
        while at < bytes.len() {
            let is_run = !escaped[at];
            let length = bytes[at..].iter().take_while(|byte| is_run && **byte == mark).count();
            around[at..at + length].fill((at, at + length));
            if length % 2 == 1 {
                starts[at] = true;
            }
            at += length.max(1);
        }
        let odd = next(bytes, |at| starts[at]);
        let pairs = next(bytes, |at| around[at].1 != NONE && around[at].1 == at + 2);
        Self { around, odd, pairs }
    }

    /// The first odd run between two places, the first of which may be inside of
    /// one: what a single mark ends with, or fails at. A lone one at the very
    /// beginning ends nothing.
    fn first_odd(&self, from: usize, end: usize) -> Option<(usize, usize)> {
        let mut from = from;
        if let Some((_, to)) = self.around.get(from).filter(|(_, to)| *to != NONE) {
            let to = (*to).min(end);
            if (to - from) % 2 == 1 {
                return (to - from > 1).then_some((from, to));
            }
            from = to;
        }
        let start = self.odd.get(from).copied().filter(|start| *start < end);
        if let Some(start) = start.filter(|start| self.around[*start].1 <= end) {
            return Some((start, self.around[start].1));
        }
        // The part may end in the middle of a run, and leave an odd half of it.
        let (start, to) = self.around.get(end.checked_sub(1)?).copied().filter(|(_, to)| *to != NONE)?;
        let start = start.max(from);
        (to > end && (end - start) % 2 == 1).then_some((start, end))
    }
}

/// For each place the next one of a kind, itself included.
fn next(bytes: &[u8], is_one: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut table = vec![NONE; bytes.len() + 1];
    for at in (0..bytes.len()).rev() {
        table[at] = if is_one(at) { at } else { table[at + 1] };
    }
    table
}

fn next_in(table: &[usize], from: usize, length: usize, end: usize) -> Option<usize> {
    table.get(from).copied().filter(|next| next.saturating_add(length) <= end)
}
