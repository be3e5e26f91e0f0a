//! Addresses behind links and buttons.
//!
//! Source: the Bot API manual, "Formatting options" (`tg://user?id=`) and
//! `InlineKeyboardButton` ("HTTP or tg:// URL"). It does not say which addresses
//! count as such: here the host needs a dot or must be an IP address.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest part of a name between two dots (RFC 1035).
const LONGEST_LABEL: usize = 63;

/// The user a `tg://user?id=` address points to.
pub(super) fn user_id(url: &str) -> Option<i64> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, query) = rest.split_once('?')?;
    if !scheme.eq_ignore_ascii_case("tg") || !host.eq_ignore_ascii_case("user") {
        return None;
    }
    let query = query.split('#').next()?;
    let id = query.split('&').find_map(|pair| pair.strip_prefix("id="))?;
    id.parse().ok().filter(|id| *id > 0)
}

/// The address as the platform keeps it: scheme and host in small letters, `http://` before a bare
/// domain, a slash after the host; nothing when clients could not open it.
pub(super) fn checked(url: &str) -> Option<String> {
    let url = url.trim();
    if url.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return None;
    }
    let is_scheme = |start: &str| start.chars().all(|letter| letter.is_ascii_alphanumeric());
    match url.split_once("://").filter(|(start, _)| is_scheme(start)) {
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "tg" => of_app(rest),
            scheme @ ("http" | "https") => of_web(scheme, rest),
            _ => None,
        },
        None if split_host(url).0.contains('@') => None,
        None => of_web("http", url),
    }
}

/// Tells whether a name could be found in the Internet: an IP address or a domain with a dot.
pub(super) fn is_host(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bracketed {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<Ipv4Addr>().is_ok() || is_domain(host),
    }
}

/// Tells whether a name is a domain with a dot and a plausible ending.
pub(super) fn is_domain(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter))
    };
    let is_ending = |label: &str| {
        label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"))
            || (label.chars().count() >= 2 && label.chars().all(char::is_alphabetic))
    };
    host.rsplit_once('.').is_some_and(|(_, ending)| is_ending(ending)) && host.split('.').all(is_label)
}

/// An address that opens something in the app, such as `tg://resolve?domain=x`.
fn of_app(rest: &str) -> Option<String> {
    let (host, tail) = split_host(rest);
    let is_name = host.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    (!host.is_empty() && is_name).then(|| format!("tg://{}{tail}", host.to_ascii_lowercase()))
}

fn of_web(scheme: &str, rest: &str) -> Option<String> {
    let (authority, tail) = split_host(rest);
    let (login, place) = match authority.rsplit_once('@') {
        Some((login, place)) => (format!("{login}@"), place),
        None => (String::new(), authority),
    };
    let (host, port) = match place.rsplit_once(':').filter(|_| !place.ends_with(']')) {
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    };
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    if !is_host(host) || !port.is_none_or(is_port) {
        return None;
    }
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let slash = if tail.starts_with('/') { "" } else { "/" };
    Some(format!("{scheme}://{login}{}{port}{slash}{tail}", host.to_lowercase()))
}

/// Cuts what comes before the path, the query and the fragment.
fn split_host(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::{checked, user_id};

    #[test]
    fn addresses_are_normalised() {
        for (given, kept) in [
            ("https://example.com", "https://example.com/"),
            (" HTTPS://Example.COM/A?b#C ", "https://example.com/A?b#C"),
            ("http://example.com?a=http://b", "http://example.com/?a=http://b"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
            ("http://[::1]/", "http://[::1]/"),
            ("https://me:word@example.com", "https://me:word@example.com/"),
            ("example.com", "http://example.com/"),
            ("example.com:80/?u=https://a.b", "http://example.com:80/?u=https://a.b"),
            ("пример.рф", "http://пример.рф/"),
            ("TG://Resolve?domain=X", "tg://resolve?domain=X"),
        ] {
            assert_eq!(checked(given).as_deref(), Some(kept), "{given}");
        }
    }

    #[test]
    fn what_no_client_opens_is_no_address() {
        for given in [
            "",
            "nowhere",
            "http://",
            "http://localhost:8080/",
            "http://a..b/",
            "http://example.com:x/",
            "http://example.com:70000/",
            "https://example.com/a b",
            "ftp://example.com/",
            "javascript:alert(1)",
            "mailto:a@b.com",
            "a@b.com",
            "1.5",
            "tg://",
            "tg://?id=1",
        ] {
            assert_eq!(checked(given), None, "{given}");
        }
    }

    #[test]
    fn a_user_is_mentioned_by_id() {
        assert_eq!(user_id("tg://user?id=7"), Some(7));
        assert_eq!(user_id("TG://user?x=1&id=9000000000#y"), Some(9_000_000_000));
        for other in ["tg://user?id=", "tg://user?id=-7", "tg://user?id=0", "tg://user", "https://user?id=7"]
        {
            assert_eq!(user_id(other), None, "{other}");
        }
    }
}
