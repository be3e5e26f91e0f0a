//! Cutting a long text into posts, each a text of its own.
//!
//! A cut falls behind a paragraph if it can, else behind a line, a sentence, a
//! word, and never inside of what a person sees as one character, unless that
//! alone is longer than a post. Links, code within a line and formulas are not cut,
//! tables move whole, a heading stays with what it is about. What a cut goes through
//! ends before it and begins again behind: a fence with its language, a
//! longer table with its head, a list with its number, words that stand out.
//! Cuts depend on the text nearby only, so that a text which grows keeps them.

mod frame;
mod layout;
mod numbers;
mod window;

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::markdown::parse::legible;

use frame::Frame;
use layout::Layout;
use window::Window;

/// How many bytes of a text one unit of its length stands for at most: an address
/// that is not seen, and signs of four bytes.
const BYTES: usize = 8;

/// How many bytes behind the last possible cut are looked at, for what goes through it to have an end.
const AHEAD: usize = 2_000;

/// How many characters tell how much room the next ones take.
const SAMPLE: usize = 400;

/// How many times a cut that turns out too late is made earlier.
const TRIES: usize = 40;

/// Cuts `text` into parts of at most `limit` each, as `length` measures them.
///
/// A part is never blank; a blank text has no parts.
#[must_use]
pub fn split(text: &str, limit: usize, length: impl Fn(&str) -> usize) -> Vec<String> {
    let text = legible(text.trim_end());
    let text = numbers::counted(&text);
    let mut rest: &str = &text;
    let mut frame = Frame::default();
    let mut parts = Vec::new();
    while !rest.trim().is_empty() {
        let room = room(rest, limit, &length);
        let window = Window::new(rest, &frame, room.saturating_mul(BYTES));
        if window.is_whole() {
            let last = frame.opened(window.text());
            if length(&last) <= limit {
                parts.push(last);
                break;
            }
        }
        let (end, part, next) = cut(&window, rest, &frame, (limit, room, &length));
        if !part.trim().is_empty() {
            parts.push(part);
        }
        rest = rest.get(window.source(end)..).unwrap_or_default();
        (rest, frame) = next.begin(rest);
    }
    parts
}

/// How many characters at the beginning of a text may fit into `limit`, by the first of them.
///
/// Where a few characters take much room, nobody has to look at all those that would fit otherwise.
fn room(text: &str, limit: usize, length: &impl Fn(&str) -> usize) -> usize {
    let sample = text.get(..beyond(text, SAMPLE)).unwrap_or_default();
    if sample.len() == text.len() {
        return limit;
    }
    let taken = length(sample).max(2 * SAMPLE);
    (limit.saturating_mul(2 * SAMPLE) / taken).max(1)
}

/// Cuts off one part: where it ends, what it says, and how the next one begins.
fn cut(
    window: &Window<'_>,
    source: &str,
    frame: &Frame,
    (limit, room, length): (usize, usize, &impl Fn(&str) -> usize),
) -> (usize, String, Frame) {
    let ahead = window.text().floor_char_boundary(beyond(window.text(), room).saturating_add(AHEAD));
    let layout = Layout::of(frame, window.text().get(..ahead).unwrap_or_default());
    let mut room = room.saturating_sub(frame.count()).max(1);
    let early = beyond(window.text(), room) / 2;
    let mut last = (0, String::new(), Frame::default());
    for _ in 0..TRIES {
        let end = layout.best(beyond(window.text(), room), early);
        let (closing, next) = frame.at(&layout, window, source, end);
        let said = window.text().get(..end).unwrap_or_default().trim_end();
        let part = frame.opened(said) + &closing;
        let measured = length(&part);
        last = (end, part, next);
        if measured <= limit || room <= 1 {
            break;
        }
        // What would fit if all of it took as much room, and an earlier place at any rate.
        let count = window.text().get(..end).map_or(room, |said| said.chars().count());
        room = (count * limit / measured).min(count.saturating_sub(1)).max(1);
    }
    last
}

/// Where the characters end that are within `room`, in bytes; at least one stays.
fn beyond(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.chars().count();
        if used > room {
            return if at > 0 { at } else { within(grapheme, room) };
        }
    }
    text.len()
}

/// How many bytes of one overlong character are within `room`; at least one code point.
fn within(grapheme: &str, room: usize) -> usize {
    grapheme.char_indices().nth(room.max(1)).map_or(grapheme.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests;
