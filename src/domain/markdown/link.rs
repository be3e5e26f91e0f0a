//! Where links lead, and how a reader can tell.
//!
//! A link says its host wherever its text does not: words can promise one place
//! and lead to another. Only the web and mail can be linked to; everything else
//! (`javascript:`, `tg://`, a path) is shown and leads nowhere.

use std::sync::Arc;

use linkify::{LinkFinder, LinkKind};
use url::Url;

use crate::domain::markdown::Span;
use crate::domain::markdown::span::push;

/// The longest address that can be linked to, in bytes.
const LONGEST: usize = 2_000;

/// The address as platforms take it, if it may be linked to.
pub(super) fn target(address: &str) -> Option<Arc<str>> {
    let is_short = address.len() <= LONGEST;
    let url = Url::parse(address).ok().filter(|_| is_short)?;
    let leads_somewhere = match url.scheme() {
        "http" | "https" => url.host_str().is_some_and(|host| !host.is_empty()),
        "mailto" => !url.path().is_empty(),
        _ => false,
    };
    let text = url.as_str();
    (leads_somewhere && text.len() <= LONGEST).then(|| Arc::from(text))
}

/// What has to be said behind a link with this text: nothing, where the text itself says where it leads.
pub(super) fn remark(text: &str, address: &str) -> Option<String> {
    let Some(url) = target(address).and_then(|target| Url::parse(&target).ok()) else {
        return (!address.is_empty() && text != address).then(|| format!(" ({address})"));
    };
    let host = url.host_str().map(bare);
    let place = host.unwrap_or(url.path());
    (!is_said(text.trim(), host, place)).then(|| format!(" ({place})"))
}

/// Whether somebody who reads the text knows that it leads there.
fn is_said(text: &str, host: Option<&str>, place: &str) -> bool {
    let read = Url::parse(text).or_else(|_| Url::parse(&format!("https://{text}")));
    let is_same = host.is_some() && read.is_ok_and(|read| read.host_str().map(bare) == host);
    text == place || (is_same && !text.contains('@'))
}

fn bare(host: &str) -> &str {
    host.trim_start_matches("www.")
}

/// Puts text behind other spans, with the addresses in it as links.
pub(super) fn push_linked(spans: &mut Vec<Span>, look: &Span, text: &str) {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    for piece in finder.spans(text) {
        let is_address = piece.kind().is_some();
        let link = Some(piece.as_str()).filter(|_| is_address).and_then(target);
        push(spans, Span { text: piece.as_str().to_owned(), link, ..look.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::{remark, target};

    #[test]
    fn only_the_web_and_mail_can_be_linked_to() {
        let table = [
            ("https://example.org/a?b#c", Some("https://example.org/a?b#c")),
            ("HTTP://EXAMPLE.org", Some("http://example.org/")),
            ("mailto:ann@example.org", Some("mailto:ann@example.org")),
            ("https://ex\u{430}mple.org", Some("https://xn--exmple-4nf.org/")),
            ("javascript:alert(1)", None),
            ("tg://resolve?domain=x", None),
            ("data:text/html,x", None),
            ("/path", None),
            ("#part", None),
            ("https://", None),
            ("", None),
        ];
        for (address, expected) in table {
            assert_eq!(target(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn a_link_says_its_host_where_its_text_does_not() {
        let table = [
            ("the docs", "https://www.example.org/a", Some(" (example.org)")),
            ("example.org/a", "https://example.org/a", None),
            ("https://www.example.org", "https://example.org/a", None),
            ("https://bank.example", "https://evil.example", Some(" (evil.example)")),
            ("https://evil.example@bank.example", "https://bank.example", Some(" (bank.example)")),
            ("bank.example", "https://bank.example@evil.example/", Some(" (evil.example)")),
            ("write", "mailto:ann@example.org", Some(" (ann@example.org)")),
            ("ann@example.org", "mailto:ann@example.org", None),
            ("click", "javascript:alert(1)", Some(" (javascript:alert(1))")),
            ("part", "#part", Some(" (#part)")),
            ("#part", "#part", None),
            ("empty", "", None),
        ];
        for (text, address, expected) in table {
            assert_eq!(remark(text, address).as_deref(), expected, "{text} {address}");
        }
    }
}
