//! A text with entities, as Telegram's clients draw it.
//!
//! Source: the Bot API manual, `MessageEntity` ("Offset in UTF-16 code units")
//! and "Formatting options". That code of several lines and quotes take lines of
//! their own, with the line breaks around them, is what the clients show.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::shown::{Kind, Page, Shown, Span};
use super::entities::Entity;

/// Draws a text.
pub fn drawn(text: &str, entities: &[Entity]) -> Shown {
    let places = places(text);
    let place = |unit: usize| places[unit.min(places.len() - 1)];
    let spans: Vec<(&Entity, Range<usize>)> = entities
        .iter()
        .map(|one| (one, place(one.offset)..place(one.offset.saturating_add(one.length))))
        .filter(|(_, span)| !span.is_empty())
        .collect();
    let mut borders: BTreeSet<usize> = [0, text.len()].into();
    borders.extend(spans.iter().flat_map(|(_, span)| [span.start, span.end]));
    let borders: Vec<usize> = borders.into_iter().collect();

    let mut page = Page::default();
    let mut open: Option<(Option<usize>, Option<usize>)> = None;
    for pair in borders.windows(2) {
        let part = pair[0]..pair[1];
        let around: Vec<(&Entity, &Range<usize>)> = spans
            .iter()
            .filter(|(_, span)| span.start <= part.start && part.end <= span.end)
            .map(|(entity, span)| (*entity, span))
            .collect();
        let start_of = |is_one: fn(&str) -> bool| {
            around.iter().find(|(entity, _)| is_one(entity.kind)).map(|(_, span)| span.start)
        };
        let quote = start_of(|kind| kind.ends_with("blockquote"));
        let code = start_of(|kind| kind == "pre");
        let here = (quote, code);
        let mut shown = &text[part];
        if open.is_some_and(|open| open != here) {
            // A block has a line of its own: the line break behind it ends that line.
            let was_block = open != Some((None, None));
            page.end();
            shown = shown.strip_prefix('\n').filter(|_| was_block).unwrap_or(shown);
        }
        if open != Some(here) && code.is_some() {
            let language = around.iter().find(|(entity, _)| entity.kind == "pre");
            let language = language.and_then(|(entity, _)| entity.argument.clone());
            page.begin(Kind::Code { language }, quote.is_some(), 0);
        }
        page.say(look(text, &around).saying(shown), quote.is_some(), 0);
        open = Some(here);
    }
    page.finish()
}

/// For each UTF-16 unit and the end the byte it belongs to.
fn places(text: &str) -> Vec<usize> {
    let mut places = Vec::with_capacity(text.len() + 1);
    for (at, letter) in text.char_indices() {
        places.extend(std::iter::repeat_n(at, letter.len_utf16()));
    }
    places.push(text.len());
    places
}

fn look(text: &str, around: &[(&Entity, &Range<usize>)]) -> Span {
    let mut look = Span::default();
    for (entity, span) in around {
        match entity.kind {
            "bold" => look.bold = true,
            "italic" => look.italic = true,
            "underline" => look.underlined = true,
            "strikethrough" => look.struck = true,
            "spoiler" => look.spoiler = true,
            "code" => look.code = true,
            "url" => look.link = Some(text[(*span).clone()].to_owned()),
            "text_link" => look.link.clone_from(&entity.argument),
            "mention" | "text_mention" | "bot_command" | "hashtag" | "cashtag" | "custom_emoji" => {
                look.mention = true;
            }
            _ => {}
        }
    }
    look
}

/// Takes HTML as the server takes a message, and draws it; the words of the refusal where it is refused.
pub fn of_html(html: &str) -> Result<Shown, String> {
    if html.len() > super::text::LONGEST_SOURCE {
        return Err("Text is too long".to_owned());
    }
    let (text, entities) = super::html::parse(html)?;
    let formatted = super::entities::fix(&text, entities)?;
    if super::entities::units(&formatted.text) > super::text::LONGEST {
        return Err("Message is too long".to_owned());
    }
    Ok(drawn(&formatted.text, &formatted.entities))
}
