//! Which entities may lie inside which.
//!
//! Source: the Bot API manual, "Formatting options": of two entities with common
//! characters one contains the other; the five styles go with everything but
//! `pre` and `code`; quotes are not nested; all others do not contain each other.
//! What becomes of entities that break this it does not say. Here quotes, links and code win over what
//! begins later or inside of them, what people mark wins over what is found,
//! and styles are cut until they fit.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use super::entities::Entity;

const STYLES: [&str; 5] = ["bold", "italic", "underline", "strikethrough", "spoiler"];
const QUOTES: [&str; 2] = ["blockquote", "expandable_blockquote"];
const CODE: [&str; 2] = ["code", "pre"];
/// Who comes first, and wins, where two begin and end together.
const ORDER: [&str; 4] = ["blockquote", "expandable_blockquote", "code", "pre"];

/// Brings marked and found entities in order: by offset, the longer one first.
pub(super) fn settle(mut given: Vec<Entity>, found: Vec<Entity>) -> Vec<Entity> {
    given.sort_by_key(place);
    let (styles, blocks): (Vec<_>, Vec<_>) = given.into_iter().partition(|one| STYLES.contains(&one.kind));
    let (quotes, mut marks) = outermost(blocks);
    let quoted: Vec<_> = quotes.iter().map(span).collect();
    let marked: Vec<_> = marks.iter().map(span).collect();
    let code: Vec<_> = marks.iter().filter(|one| CODE.contains(&one.kind)).map(span).collect();
    let is_free = |one: &Entity| {
        let one = span(one);
        let is_apart = touching(&marked, &one).is_none();
        is_apart
            && touching(&quoted, &one).is_none_or(|quote| quote.start <= one.start && one.end <= quote.end)
    };
    marks.extend(found.into_iter().filter(is_free));
    marks.sort_by_key(place);
    let marked: Vec<_> = marks.iter().map(span).collect();

    let mut pieces = BTreeSet::new();
    for (style, kind) in STYLES.iter().enumerate() {
        let spans = joined(styles.iter().filter(|one| one.kind == *kind).map(span));
        for span in spans.iter().flat_map(|span| outside(span, &code)) {
            let cut = cut(&span, [&quoted, &marked]);
            pieces.extend(cut.map(|piece| (piece.start, Reverse(piece.end), style)));
        }
    }
    let mut all = nested(pieces);
    all.extend(quotes);
    all.extend(marks);
    all.sort_by_key(place);
    all
}

fn span(entity: &Entity) -> Range<usize> {
    entity.offset..entity.offset + entity.length
}

fn place(entity: &Entity) -> (usize, Reverse<usize>, usize, &'static str) {
    let rank = ORDER.iter().position(|kind| *kind == entity.kind).unwrap_or(ORDER.len());
    (entity.offset, Reverse(entity.length), rank, entity.kind)
}

/// Keeps what lies apart from what came before or, if not a quote, inside of a quote.
fn outermost(blocks: Vec<Entity>) -> (Vec<Entity>, Vec<Entity>) {
    let (mut quotes, mut marks) = (Vec::new(), Vec::new());
    let (mut quoted_to, mut marked_to) = (0, 0);
    for block in blocks {
        let Range { start, end } = span(&block);
        let is_quote = QUOTES.contains(&block.kind);
        if start < marked_to || (start < quoted_to && (is_quote || end > quoted_to)) {
            continue;
        }
        if is_quote {
            quoted_to = end;
            quotes.push(block);
        } else {
            marked_to = end;
            marks.push(block);
        }
    }
    (quotes, marks)
}

/// The first of ordered spans that shares characters with this one.
fn touching<'a>(spans: &'a [Range<usize>], one: &Range<usize>) -> Option<&'a Range<usize>> {
    let at = spans.partition_point(|span| span.end <= one.start);
    spans.get(at).filter(|span| span.start < one.end)
}

/// Makes one of what overlaps or follows without a gap.
fn joined(spans: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match joined.last_mut().filter(|last| span.start <= last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => joined.push(span),
        }
    }
    joined
}

/// What is left of a span without code.
fn outside(span: &Range<usize>, code: &[Range<usize>]) -> Vec<Range<usize>> {
    let first = code.partition_point(|code| code.end <= span.start);
    let (mut from, mut left) = (span.start, Vec::new());
    for code in code[first..].iter().take_while(|code| code.start < span.end) {
        left.push(from..code.start);
        from = code.end;
    }
    left.push(from..span.end);
    left.retain(|span| !span.is_empty());
    left
}

/// Cuts a span where it would begin or end in the middle of something.
fn cut(span: &Range<usize>, layers: [&[Range<usize>]; 2]) -> impl Iterator<Item = Range<usize>> + use<> {
    let around = |layer: &[Range<usize>], at: usize| touching(layer, &(at..at + 1)).cloned();
    let mut borders = vec![span.start, span.end];
    for layer in layers {
        borders.extend(around(layer, span.start).map(|around| around.end));
        borders.extend(around(layer, span.end).map(|around| around.start));
    }
    borders.retain(|border| (span.start..=span.end).contains(border));
    borders.sort_unstable();
    borders.dedup();
    (1..borders.len()).map(move |at| borders[at - 1]..borders[at])
}

/// Cuts styles that would outlast another one they began in.
fn nested(mut pieces: BTreeSet<(usize, Reverse<usize>, usize)>) -> Vec<Entity> {
    let (mut nested, mut open) = (Vec::new(), Vec::<usize>::new());
    while let Some((offset, Reverse(end), style)) = pieces.pop_first() {
        while open.last().is_some_and(|outer| *outer <= offset) {
            open.pop();
        }
        let to = open.last().map_or(end, |outer| end.min(*outer));
        if to < end {
            pieces.insert((to, Reverse(end), style));
        }
        open.push(to);
        nested.push(Entity { kind: STYLES[style], offset, length: to - offset, argument: None });
    }
    nested
}

#[cfg(test)]
mod tests {
    use super::{Entity, settle};

    type Brief = (&'static str, usize, usize);

    fn check(given: &[Brief], found: &[Brief], expected: &[Brief]) {
        let entities = |list: &[Brief]| -> Vec<Entity> {
            list.iter()
                .map(|&(kind, offset, length)| Entity { kind, offset, length, argument: None })
                .collect()
        };
        assert_eq!(settle(entities(given), entities(found)), entities(expected));
    }

    #[test]
    fn the_longer_comes_first_and_equal_styles_are_joined() {
        check(
            &[("italic", 1, 1), ("bold", 0, 4), ("bold", 4, 2), ("bold", 3, 2)],
            &[],
            &[("bold", 0, 6), ("italic", 1, 1)],
        );
        check(&[("code", 0, 1), ("code", 1, 1)], &[], &[("code", 0, 1), ("code", 1, 1)]);
    }

    #[test]
    fn styles_are_cut_around_code_and_where_they_cross() {
        check(&[("bold", 0, 9), ("pre", 2, 3)], &[], &[("bold", 0, 2), ("pre", 2, 3), ("bold", 5, 4)]);
        check(
            &[("bold", 0, 5), ("italic", 3, 5)],
            &[],
            &[("bold", 0, 5), ("italic", 3, 2), ("italic", 5, 3)],
        );
        check(
            &[("text_link", 2, 4), ("bold", 0, 4), ("italic", 5, 3)],
            &[],
            &[("bold", 0, 2), ("text_link", 2, 4), ("bold", 2, 2), ("italic", 5, 1), ("italic", 6, 2)],
        );
        check(&[("bold", 0, 9), ("text_link", 2, 3)], &[], &[("bold", 0, 9), ("text_link", 2, 3)]);
    }

    #[test]
    fn quotes_hold_everything_but_quotes_and_links_hold_no_others() {
        check(
            &[("blockquote", 0, 9), ("text_link", 1, 5), ("code", 2, 2), ("expandable_blockquote", 7, 1)],
            &[],
            &[("blockquote", 0, 9), ("text_link", 1, 5)],
        );
        check(&[("text_link", 0, 3), ("code", 0, 3)], &[], &[("code", 0, 3)]);
        check(&[("blockquote", 0, 4), ("text_link", 2, 4)], &[], &[("blockquote", 0, 4)]);
    }

    #[test]
    fn what_is_found_gives_way_to_links_and_code_but_not_to_styles() {
        check(&[("code", 0, 3)], &[("url", 2, 5), ("url", 8, 3)], &[("code", 0, 3), ("url", 8, 3)]);
        check(
            &[("bold", 5, 4), ("blockquote", 0, 10)],
            &[("mention", 1, 6), ("hashtag", 9, 3)],
            &[("blockquote", 0, 10), ("mention", 1, 6), ("bold", 5, 2), ("bold", 7, 2)],
        );
    }

    #[test]
    fn whatever_is_given_one_of_two_contains_the_other() {
        let mut seed = 1_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        let kinds = ["bold", "italic", "spoiler", "text_link", "code", "blockquote", "custom_emoji"];
        for _ in 0..2000 {
            let mut entity = || {
                let kind = kinds[usize::try_from(random(7)).unwrap()];
                let (offset, length) = (random(20), 1 + random(9));
                let number = |value: u64| usize::try_from(value).unwrap();
                Entity { kind, offset: number(offset), length: number(length), argument: None }
            };
            let given: Vec<_> = (0..6).map(|_| entity()).collect();
            let found = vec![Entity { kind: "url", offset: 8, length: 6, argument: None }];
            let settled = settle(given.clone(), found);
            for (at, one) in settled.iter().enumerate() {
                let end = one.offset + one.length;
                let fits = |other: &Entity| other.offset >= end || other.offset + other.length <= end;
                assert!(settled[at + 1..].iter().all(fits), "{given:?} became {settled:?}");
            }
            assert!(settled.iter().all(|one| one.length > 0), "{given:?} became {settled:?}");
        }
    }
}
