//! Links with a text of their own, bare addresses, and tags in angle brackets.

use std::ops::Range;

use super::super::super::shown::Span;
use super::{DEEPEST, Place, Reader, Source};

/// A link or a tag.
#[derive(Debug)]
pub(super) enum Link {
    /// `[label](url)`.
    Masked { label: Range<usize>, url: String, next: usize },
    /// `https://…` or `<https://…>`.
    Bare { url: Range<usize>, next: usize },
    /// Something in the shape of a link whose label is another address: a client
    /// shows it as it was written.
    Suspect { all: Range<usize> },
    /// A person, channel, role, command, emoji or time.
    Tag { all: Range<usize> },
}

/// Finds the link or tag that begins with the first character of `rest`.
pub(super) fn find(source: &Source<'_>, rest: Range<usize>, place: &Place) -> Option<Link> {
    let text = &source.text[rest.clone()];
    let at = rest.start;
    match text.as_bytes().first()? {
        b'[' if !place.in_link && place.depth < DEEPEST => masked(text, at),
        b'<' => {
            let inside = &text[1..text.find('>')?];
            let next = at + inside.len() + 2;
            if is_tag(inside) {
                return Some(Link::Tag { all: at..next });
            }
            let is_address = !inside.contains(char::is_whitespace) && has_scheme(inside);
            is_address.then_some(Link::Bare { url: at + 1..next - 1, next })
        }
        b'@' => {
            let word = ["@everyone", "@here"].into_iter().find(|word| text.starts_with(word))?;
            Some(Link::Tag { all: at..at + word.len() })
        }
        _ => {
            let length = address(text)?;
            Some(Link::Bare { url: at..at + length, next: at + length })
        }
    }
}

fn has_scheme(text: &str) -> bool {
    ["http://", "https://", "steam://"].iter().any(|scheme| text.starts_with(scheme))
}

/// The length of the address at the beginning of a text. It does not end with
/// punctuation, nor with a parenthesis that began outside of it.
fn address(text: &str) -> Option<usize> {
    if !has_scheme(text) {
        return None;
    }
    let host = text.find("://")? + 3;
    let end = text.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(text.len());
    let url = text[..end].trim_end_matches(['.', ',', ':', ';', '"', '\'', ']']);
    if url.len() < host || url[host..].chars().nth(1).is_none() {
        return None;
    }
    let closing = url.len() - url.trim_end_matches(')').len();
    let is_foreign = closing > url.matches('(').count();
    Some(url.len() - usize::from(is_foreign))
}

/// reference.mdx, "Message Formatting": `<@1>`, `<@!1>`, `<@&1>`, `<#1>`,
/// `</name:1>`, `<:name:1>`, `<a:name:1>`, `<t:1>`, `<t:1:R>`, `<id:customize>`.
fn is_tag(inside: &str) -> bool {
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if let Some(command) = inside.strip_prefix('/') {
        let is_name =
            |name: &str| !name.is_empty() && name.split(' ').all(|part| is_word(&part.replace('-', "_")));
        return command.rsplit_once(':').is_some_and(|(name, id)| is_name(name) && is_id(id));
    }
    if let Some(time) = inside.strip_prefix("t:") {
        let (time, style) = time.split_once(':').map_or((time, None), |(time, style)| (time, Some(style)));
        let is_style = |style: &str| style.len() == 1 && "tTdDfFsSR".contains(style);
        return is_id(time.strip_prefix('-').unwrap_or(time)) && style.is_none_or(is_style);
    }
    if let Some(emoji) = inside.strip_prefix(':').or_else(|| inside.strip_prefix("a:")) {
        return emoji.split_once(':').is_some_and(|(name, id)| name.is_ascii() && is_word(name) && is_id(id));
    }
    if let Some(page) = inside.strip_prefix("id:") {
        return matches!(page, "customize" | "browse" | "guide" | "linked-roles");
    }
    ["@&", "@!", "@", "#"].iter().find_map(|sign| inside.strip_prefix(sign)).is_some_and(is_id)
}

/// `[label](url)` at the beginning of a text.
fn masked(text: &str, at: usize) -> Option<Link> {
    let (label, (url, next)) = labels(text).rev().find_map(|label| {
        let target = target(text.get(label + 2..)?)?;
        Some((label, (target.0, label + 2 + target.1)))
    })?;
    let is_address = url.starts_with("http://") || url.starts_with("https://");
    if !is_address || address(&url).is_none() {
        return None;
    }
    let words = &text[1..label];
    let is_plain = words.trim().is_empty()
        || words.match_indices("http").any(|(start, _)| address(&words[start..]).is_some())
        || words.contains("```");
    if is_plain {
        return Some(Link::Suspect { all: at..at + next });
    }
    Some(Link::Masked { label: at + 1..at + label, url, next: at + next })
}

/// Where the label of a link may end: at a bracket before a parenthesis. Inside
/// of it brackets come in pairs, or close only while another closes after them
/// before one opens.
fn labels(text: &str) -> std::vec::IntoIter<usize> {
    let bytes = text.as_bytes();
    let mut ends = Vec::new();
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(['[', ']'])) {
        let bracket = at + found;
        let after = &text[bracket + 1..];
        if bytes[bracket] == b'[' {
            let Some(close) = after.find(']') else { break };
            at = bracket + close + 2;
            continue;
        }
        if after.starts_with('(') {
            ends.push(bracket);
        }
        if after.find(['[', ']']).is_none_or(|next| after.as_bytes()[next] == b'[') {
            break;
        }
        at = bracket + 1;
    }
    ends.into_iter()
}

/// The address behind `](`, without backslashes, and the length of all up to its parenthesis.
fn target(text: &str) -> Option<(String, usize)> {
    let start = text.len() - text.trim_start().len();
    let begin = start + usize::from(text[start..].starts_with('<'));
    let mut url = String::new();
    let mut at = begin;
    let after = loop {
        let letter = text[at..].chars().next()?;
        match letter {
            ')' => break at,
            '(' => {
                let close = text[at..].find(')')?;
                url.push_str(&text[at..=at + close]);
                at += close + 1;
            }
            '\\' => {
                let next = text[at + 1..].chars().next()?;
                if next.is_ascii_alphanumeric() || next.is_whitespace() {
                    url.push(letter);
                }
                url.push(next);
                at += 1 + next.len_utf8();
            }
            _ if letter.is_whitespace() => break at,
            _ => {
                url.push(letter);
                at += letter.len_utf8();
            }
        }
    };
    if url.ends_with('>') {
        url.pop();
    }
    let rest = text[after..].trim_start();
    let rest = match rest.strip_prefix(['"', '\'']) {
        Some(title) if after < text.len() - rest.len() => title[title.find(['"', '\''])? + 1..].trim_start(),
        _ => rest,
    };
    rest.starts_with(')').then(|| (url, text.len() - rest.len() + 1))
}

impl Reader {
    /// Draws a link; returns where the text goes on.
    pub(super) fn link(&mut self, source: &Source<'_>, link: Link, place: &Place) -> usize {
        match link {
            Link::Masked { label, url, next } => {
                let mut inner = place.deeper();
                inner.style.link = Some(url);
                inner.in_link = true;
                self.range(source, label, &inner, false);
                next
            }
            Link::Bare { url, next } => {
                let shown = &source.text[url];
                let link = place.style.link.clone().or_else(|| Some(shown.to_owned()));
                self.page.say(Span { link, ..place.style.saying(shown) }, place.quoted, place.lists);
                next
            }
            Link::Suspect { all } => {
                self.say(&source.text[all.clone()], place);
                all.end
            }
            Link::Tag { all } => {
                let tag = Span { mention: true, ..place.style.saying(&source.text[all.clone()]) };
                self.page.say(tag, place.quoted, place.lists);
                all.end
            }
        }
    }
}
