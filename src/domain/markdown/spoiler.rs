//! `||hidden||`, which CommonMark does not know.

use crate::domain::markdown::span::push;
use crate::domain::markdown::{Mark, Span};

/// What begins and ends what is hidden.
pub(super) const BARS: &str = "||";

/// Text on its way to spans.
pub(super) enum Piece {
    Span(Span),
    /// Two bars with this look.
    Bars {
        look: Span,
        /// Whether something stands behind it.
        can_open: bool,
        /// Whether something stands before it.
        can_close: bool,
    },
}

/// Makes spans of pieces: what is between two bars is hidden, and bars without others stay.
pub(super) fn hide(pieces: Vec<Piece>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut open: Option<Vec<Span>> = None;
    for piece in pieces {
        match (piece, open.take()) {
            (Piece::Span(span), None) => push(&mut spans, span),
            (Piece::Span(span), Some(mut hidden)) => {
                hidden.push(span);
                open = Some(hidden);
            }
            (Piece::Bars { can_close: true, .. }, Some(hidden)) if hidden.len() > 1 => {
                for span in hidden.into_iter().skip(1) {
                    push(&mut spans, Span { marks: span.marks.and(Mark::Spoiler), ..span });
                }
            }
            (Piece::Bars { look, can_open, .. }, before) => {
                let bars = Span { text: BARS.to_owned(), ..look };
                for span in before.into_iter().flatten() {
                    push(&mut spans, span);
                }
                if can_open { open = Some(vec![bars]) } else { push(&mut spans, bars) }
            }
        }
    }
    for span in open.into_iter().flatten() {
        push(&mut spans, span);
    }
    spans
}
