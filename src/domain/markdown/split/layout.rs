//! Where a text may be cut, and what each cut goes through.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::markdown::parse::events;
use crate::domain::markdown::split::frame::Frame;

/// The longest language of a fence that is repeated, in characters.
const LANGUAGE: usize = 30;

/// What goes on at both sides of a cut.
pub(super) enum Container {
    Fence {
        ticks: String,
        language: String,
        /// Where it begins, unless that is before this text.
        start: Option<usize>,
    },
    Table {
        head: String,
    },
    Mark(&'static str),
    Quote,
    /// Of a level from 1.
    Heading(usize),
}

/// How good a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Word,
    Sentence,
    Line,
    Item,
    Paragraph,
}

/// What a text is made of, by place.
pub(super) struct Layout {
    /// In order.
    places: Vec<(usize, Rank)>,
    /// What is not cut, in order, none within another.
    whole: Vec<Range<usize>>,
    containers: Vec<(Range<usize>, Container)>,
    /// Items of lists with numbers: where they begin, and their number.
    numbers: Vec<(usize, u64)>,
    /// Code that stands in instead of having fences.
    indented: Vec<Range<usize>>,
}

impl Layout {
    /// Looks at a text behind what its frame says.
    pub(super) fn of(frame: &Frame, text: &str) -> Self {
        let source = frame.opened(text);
        let mut reader = Reader { source: &source, before: frame.length(), ..Reader::default() };
        for (event, range) in events(&source) {
            reader.read(&event, &range);
        }
        let whole = outermost(reader.whole);
        let mut layout = Self {
            places: Vec::new(),
            whole,
            containers: reader.containers,
            numbers: reader.numbers,
            indented: reader.indented,
        };
        layout.places = places(text, &layout, &reader.headings, &reader.items);
        layout
    }

    /// The best place to cut that is at most `hard`; one before `early` wastes more room than it saves reading.
    pub(super) fn best(&self, hard: usize, early: usize) -> usize {
        let before = self.places.partition_point(|(at, _)| *at <= hard);
        let places = self.places.get(..before).unwrap_or_default();
        let late = places.iter().filter(|(at, _)| *at > early).max_by_key(|(at, rank)| (*rank, *at));
        let best = late.or_else(|| places.last());
        best.map_or(hard, |(at, _)| *at)
    }

    /// What a cut goes through, the outermost first.
    pub(super) fn around(&self, at: usize) -> impl Iterator<Item = &Container> {
        let through = self.containers.iter().filter(move |(range, _)| range.start < at && at < range.end);
        through.map(|(_, container)| container)
    }

    /// The number of the item that begins behind a cut, as text, and how long it is in the source.
    pub(super) fn number(&self, at: usize, rest: &str) -> Option<(String, usize)> {
        let blank = rest.len() - rest.trim_start_matches(['\n', ' ']).len();
        let found = self.numbers.iter().find(|(start, _)| *start == at + blank)?;
        let item = rest.get(blank..)?;
        let digits = item.len() - item.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let sign = item.get(digits..)?.chars().next()?;
        let is_written = item.get(..digits)?.parse() == Ok(found.1);
        (!is_written && digits > 0).then(|| (format!("{}{sign}", found.1), digits + 1))
    }

    /// Whether a place is in code that stands in instead of having fences.
    pub(super) fn is_in_indented_code(&self, at: usize) -> bool {
        self.indented.iter().any(|range| range.contains(&at))
    }
}

/// How far lines stand in behind a cut in a source.
pub(super) fn indent(source: &str, at: usize) -> usize {
    let (before, behind) = source.split_at_checked(at).unwrap_or((source, ""));
    if before.is_empty() || before.ends_with('\n') {
        let line = behind.lines().find(|line| !line.trim().is_empty());
        return line.map_or(0, blank);
    }
    let line = before.rsplit('\n').next().unwrap_or_default();
    let sign = line.get(blank(line)..).and_then(sign_of_an_item).unwrap_or_default();
    blank(line) + sign
}

/// How far the line stands in that a place of a source is in.
pub(super) fn indent_of_line(source: &str, at: usize) -> usize {
    let start = source.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    source.get(start..).map_or(0, blank)
}

fn blank(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// How long the sign is that makes an item of a line.
fn sign_of_an_item(line: &str) -> Option<usize> {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let signs: &[char] = if digits == 0 { &['-', '*', '+'] } else { &['.', ')'] };
    let rest = line.get(digits..)?.strip_prefix(signs)?;
    rest.starts_with(' ').then_some(digits + 2)
}

/// What is known while a text is looked at; all places count from behind what comes before.
#[derive(Default)]
struct Reader<'a> {
    source: &'a str,
    before: usize,
    whole: Vec<Range<usize>>,
    containers: Vec<(Range<usize>, Container)>,
    numbers: Vec<(usize, u64)>,
    /// Lists with numbers that are open: the number of the next item. None for those without.
    lists: Vec<(usize, Option<u64>)>,
    items: Vec<usize>,
    headings: Vec<Range<usize>>,
    indented: Vec<Range<usize>>,
}

impl Reader<'_> {
    fn read(&mut self, event: &Event<'_>, range: &Range<usize>) {
        let here = range.start.saturating_sub(self.before)..range.end.saturating_sub(self.before);
        let source = self.source.get(range.clone()).unwrap_or_default();
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. })
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_) => self.whole.push(here),
            Event::Start(Tag::Heading { level, .. }) => {
                self.containers.push((here.clone(), Container::Heading(*level as usize)));
                self.headings.push(here);
            }
            Event::Start(Tag::Table(_)) => self.table(here, range.start, source),
            Event::Start(Tag::BlockQuote(_)) => self.containers.push((here, Container::Quote)),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => self.fence(here, range.start, source),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => self.indented.push(here),
            Event::Start(Tag::Strong) => {
                let sign = if source.starts_with('_') { "__" } else { "**" };
                self.containers.push((here, Container::Mark(sign)));
            }
            Event::Start(Tag::Emphasis) => {
                let sign = if source.starts_with('_') { "_" } else { "*" };
                self.containers.push((here, Container::Mark(sign)));
            }
            Event::Start(Tag::Strikethrough) => {
                let sign = if source.starts_with("~~") { "~~" } else { "~" };
                self.containers.push((here, Container::Mark(sign)));
            }
            Event::Start(Tag::List(start)) => self.lists.push((range.end, *start)),
            Event::Start(Tag::Item) => {
                self.items.push(here.start);
                while self.lists.last().is_some_and(|(end, _)| *end <= range.start) {
                    self.lists.pop();
                }
                if let Some((_, Some(number))) = self.lists.last_mut() {
                    self.numbers.push((here.start, *number));
                    *number = number.saturating_add(1);
                }
            }
            Event::End(TagEnd::List(_)) => {
                self.lists.pop();
            }
            // Where something is escaped, places in the text are not those of the source.
            Event::Text(text) if text.as_ref() == source => self.addresses(text, here.start),
            _ => {}
        }
    }

    fn addresses(&mut self, text: &str, start: usize) {
        if !text.contains("://") {
            return;
        }
        let mut finder = linkify::LinkFinder::new();
        finder.kinds(&[linkify::LinkKind::Url]);
        self.whole.extend(finder.links(text).map(|link| start + link.start()..start + link.end()));
    }

    /// A fence and its first line of code stay together.
    fn fence(&mut self, here: Range<usize>, at: usize, source: &str) {
        let length = source.len() - source.trim_start_matches(['`', '~']).len();
        let ticks = source.get(..length).unwrap_or_default().to_owned();
        let first = source.split('\n').next().unwrap_or_default();
        let language = first.get(length..).unwrap_or_default().trim().chars().take(LANGUAGE).collect();
        let code = source.split_inclusive('\n').take(2).map(str::len).sum::<usize>();
        if at >= self.before {
            let head = here.start..(here.start + code).min(here.end);
            // The end of a fence stays with the last line.
            self.whole.push(head);
        }
        if let Some(end) = source.trim_end().rfind('\n').filter(|_| is_ended(source, &ticks)) {
            let start = at + end;
            let line = start.saturating_sub(self.before)..here.end;
            self.whole.push(line);
        }
        let start = at.checked_sub(self.before);
        self.containers.push((here, Container::Fence { ticks, language, start }));
    }

    /// A table moves whole, unless nothing comes before it: then its rows do, each time under its head.
    fn table(&mut self, here: Range<usize>, at: usize, source: &str) {
        if !self.source.get(..at).is_some_and(|before| before.trim().is_empty()) {
            self.whole.push(here);
            return;
        }
        let (mut at, mut head) = (at, String::new());
        for (number, line) in source.split_inclusive('\n').enumerate() {
            let row = at.saturating_sub(self.before)..(at + line.len()).saturating_sub(self.before);
            at += line.len();
            match number {
                0 | 1 => head.push_str(line),
                2 => self.whole.push(here.start..row.end),
                _ => self.whole.push(row),
            }
        }
        self.containers.push((here, Container::Table { head }));
    }
}

fn is_ended(source: &str, ticks: &str) -> bool {
    let last = source.trim_end().rsplit('\n').next().unwrap_or_default().trim();
    source.trim_end().contains('\n') && last.starts_with(ticks) && last.trim_matches(['`', '~']).is_empty()
}

/// Those that are not within others, in order; what touches stays apart.
fn outermost(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut kept: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match kept.last_mut().filter(|last| range.start < last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => kept.push(range),
        }
    }
    kept
}

/// Of ranges in order, the last that begins before a place.
fn last_before(ranges: &[Range<usize>], at: usize) -> Option<&Range<usize>> {
    let next = ranges.partition_point(|range| range.start < at);
    next.checked_sub(1).and_then(|last| ranges.get(last))
}

/// All places at which a text may be cut.
fn places(text: &str, layout: &Layout, headings: &[Range<usize>], items: &[usize]) -> Vec<(usize, Rank)> {
    let is_free = |at: usize| last_before(&layout.whole, at).is_none_or(|range| range.end <= at);
    let fences: Vec<Range<usize>> = layout
        .containers
        .iter()
        .filter(|(_, container)| matches!(container, Container::Fence { .. }))
        .map(|(range, _)| range.clone())
        .collect();
    let is_code = |at: usize| last_before(&fences, at).is_some_and(|fence| at < fence.end);
    let mut places = Vec::new();
    let mut at = 0;
    for word in text.split_word_bounds() {
        let start = at;
        at += word.len();
        let Some(rank) = rank(text, start, word) else { continue };
        let rest = text.get(at..).unwrap_or_default();
        if rest.is_empty() || rest.starts_with([' ', '\t']) && !word.ends_with('\n') || !is_free(at) {
            continue;
        }
        let is_within_line = !word.ends_with('\n');
        if is_within_line && would_begin_a_block(rest) {
            continue;
        }
        let next = at + rest.len() - rest.trim_start_matches([' ', '\n']).len();
        let heading = last_before(headings, at).and_then(|heading| text.get(heading.end..at));
        if heading.is_some_and(|between| between.trim().is_empty()) {
            continue;
        }
        let rank = match rank {
            Rank::Paragraph | Rank::Line if is_code(at) => Rank::Line,
            Rank::Line if items.binary_search(&next).is_ok() => Rank::Item,
            rank => rank,
        };
        places.push((at, rank));
    }
    places
}

/// Whether words would be something else if they began a line.
fn would_begin_a_block(words: &str) -> bool {
    let behind_digits = words.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_number = behind_digits.len() < words.len() && behind_digits.starts_with(['.', ')']);
    let signs = ["- ", "+ ", "* ", "-\n", "+\n", "*\n", "--", "***", "___", "```", "~~~"];
    is_number || words.starts_with(['#', '>', '<', '=']) || signs.iter().any(|sign| words.starts_with(sign))
}

/// How good it would be to cut behind a word.
fn rank(text: &str, start: usize, word: &str) -> Option<Rank> {
    let before = text.get(..start).unwrap_or_default();
    if word.ends_with('\n') {
        let line = before.trim_end_matches([' ', '\t', '\r']);
        return Some(if line.ends_with('\n') { Rank::Paragraph } else { Rank::Line });
    }
    if word.chars().all(|c| matches!(c, '。' | '！' | '？')) {
        return Some(Rank::Sentence);
    }
    if !word.chars().all(char::is_whitespace) {
        return None;
    }
    Some(if before.ends_with(['.', '!', '?', ':']) { Rank::Sentence } else { Rank::Word })
}
