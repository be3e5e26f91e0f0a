//! What the platform marks by itself: commands, mentions, hashtags, addresses.
//!
//! Source: the kinds of `MessageEntity` in the Bot API manual, "Commands" in Bot
//! Features (32 Latin letters, numbers and underscores), and the FAQ on usernames. Where a
//! word begins and ends is not documented; the borders below are what a reader
//! would expect. Phone numbers, cashtags and bank cards are left out.

use super::entities::Entity;
use super::links;

/// The longest command without its slash.
const LONGEST_COMMAND: usize = 32;
/// Usernames: collectible ones may be shorter than the usual five letters.
const USERNAME: std::ops::RangeInclusive<usize> = 4..=32;
/// The endings that make an address of a name without `http://`; the manual has no list.
const ENDINGS: &[&str] = &["com", "org", "net", "edu", "gov", "info", "io", "dev", "app", "me"];

/// A kind, and how many bytes of the text are of it.
type Found = (&'static str, usize);

/// Finds everything, in the order of the text; nothing overlaps.
pub(super) fn find(text: &str) -> Vec<Entity> {
    let mut entities = Vec::new();
    let (mut rest, mut offset, mut previous) = (text, 0, None);
    while let Some(letter) = rest.chars().next() {
        let found = starting(rest, letter, previous);
        let (part, after) = rest.split_at(found.map_or(letter.len_utf8(), |(_, bytes)| bytes));
        let length = super::entities::units(part);
        if let Some((kind, _)) = found {
            entities.push(Entity { kind, offset, length, argument: None });
        }
        (rest, offset, previous) = (after, offset + length, part.chars().next_back());
    }
    entities
}

/// What begins right here.
fn starting(rest: &str, letter: char, previous: Option<char>) -> Option<Found> {
    match letter {
        '/' if previous.is_none_or(|before| before.is_whitespace() || "([{\"'«“".contains(before)) => {
            command(rest)
        }
        '@' if !previous.is_some_and(is_word) => Some(("mention", 1 + username(&rest[1..])?)),
        '#' if !previous.is_some_and(|before| is_word(before) || "#&/".contains(before)) => hashtag(rest),
        _ if is_word(letter) && !previous.is_some_and(|before| is_name(before) || "@#/".contains(before)) => {
            address(rest)
        }
        _ => None,
    }
}

fn command(rest: &str) -> Option<Found> {
    let name = run(&rest[1..], is_latin);
    let after = &rest[1 + name..];
    let ends = !after.starts_with(|letter| is_word(letter) || letter == '/');
    if !(1..=LONGEST_COMMAND).contains(&name) || !ends {
        return None;
    }
    let bot = after.strip_prefix('@').and_then(username).map_or(0, |name| 1 + name);
    Some(("bot_command", 1 + name + bot))
}

fn hashtag(rest: &str) -> Option<Found> {
    let name = run(&rest[1..], is_word);
    if rest[1..=name].chars().all(char::is_numeric) {
        return None;
    }
    let chat = rest[1 + name..].strip_prefix('@').and_then(username).map_or(0, |name| 1 + name);
    Some(("hashtag", 1 + name + chat))
}

/// The length of the username at the start.
fn username(rest: &str) -> Option<usize> {
    let length = run(rest, is_latin);
    let is_whole = !rest[length..].starts_with(is_word);
    let is_name = rest.starts_with(|first: char| first.is_ascii_alphabetic());
    (USERNAME.contains(&length) && is_whole && is_name).then_some(length)
}

/// An email or a web address, with or without its scheme.
fn address(rest: &str) -> Option<Found> {
    let name = run(rest, is_name);
    let (first, after) = rest.split_at(name);
    if let Some(place) = after.strip_prefix("://") {
        let is_web = first.eq_ignore_ascii_case("http") || first.eq_ignore_ascii_case("https");
        let host = is_web.then(|| host(place)).flatten().filter(|host| links::is_host(host))?;
        let length = name + "://".len() + host.len();
        return Some(("url", length + tail(&rest[length..])));
    }
    if let Some(place) = after.strip_prefix('@') {
        let host = host(place).filter(|host| links::is_domain(host))?;
        return Some(("email", name + 1 + host.len()));
    }
    let host = host(first).filter(|host| links::is_domain(host))?;
    let ending = host.rsplit('.').next()?.to_ascii_lowercase();
    // A name that breaks off for a letter of another kind, as in `a.com_b`, is none.
    let is_known = ENDINGS.contains(&ending.as_str()) && !rest[host.len()..].starts_with(is_word);
    is_known.then(|| ("url", host.len() + tail(&rest[host.len()..])))
}

/// The letters a host may have, without the full stop of a sentence.
fn host(place: &str) -> Option<&str> {
    let host = &place[..run(place, |letter| letter.is_alphanumeric() || ".-_".contains(letter))];
    let host = host.trim_end_matches(['.', '-', '_']);
    (!host.is_empty()).then_some(host)
}

/// The length of the port, path, query and fragment, without the punctuation of the sentence around.
fn tail(after: &str) -> usize {
    let digits = after.strip_prefix(':').map_or(0, |port| run(port, |letter| letter.is_ascii_digit()));
    let port = if digits > 0 { 1 + digits } else { 0 };
    let path = &after[port..];
    if !path.starts_with(['/', '?', '#']) {
        return port;
    }
    let path = &path[..run(path, |letter| !letter.is_whitespace() && !"<>\"«»“”".contains(letter))];
    let (mut end, mut open, mut closed) = (path.len(), path.matches('(').count(), path.matches(')').count());
    for letter in path.chars().rev() {
        match letter {
            ')' if closed > open => closed -= 1,
            '(' => open -= 1,
            '.' | ',' | ':' | ';' | '!' | '?' | '\'' | ']' | '}' | '…' => {}
            _ => break,
        }
        end -= letter.len_utf8();
    }
    port + end
}

/// The bytes at the start made of such letters only.
fn run(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !is_part(letter)).unwrap_or(text.len())
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Letters in the part of an email before the `@`, and in domains.
fn is_name(letter: char) -> bool {
    is_word(letter) || ".-+%".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::find;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let cut = |from: usize, length: usize| String::from_utf16(&units[from..from + length]).unwrap();
        let found: Vec<_> =
            find(text).iter().map(|entity| (entity.kind, cut(entity.offset, entity.length))).collect();
        let expected: Vec<_> = expected.iter().map(|(kind, part)| (*kind, (*part).to_owned())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn commands_have_up_to_32_letters_and_may_name_their_bot() {
        let longest = format!("/{}", "x".repeat(32));
        check(&longest, &[("bot_command", &longest)]);
        check(&format!("{longest}x"), &[]);
        check(
            "👍 /start, (/Set_2@jobs_bot)",
            &[("bot_command", "/start"), ("bot_command", "/Set_2@jobs_bot")],
        );
        check("/help@me", &[("bot_command", "/help")]);
        check("/ a/b /usr/bin 1/2 /é ./x", &[]);
    }

    #[test]
    fn mentions_and_hashtags_are_whole_words() {
        check("@some_one, é@nobody @abc @1234 @somé", &[("mention", "@some_one")]);
        check(&format!("@{}", "x".repeat(33)), &[]);
        check("#tag #größe2. a#b #12 ##x &#x", &[("hashtag", "#tag"), ("hashtag", "#größe2")]);
        check("#tag@team_chat", &[("hashtag", "#tag@team_chat")]);
    }

    #[test]
    fn addresses_end_before_the_punctuation_of_the_sentence() {
        check("(see https://a.example/b_(c)?d=[1]#e).", &[("url", "https://a.example/b_(c)?d=[1]#e")]);
        check(
            "https://a.example. HTTP://b.example:80!",
            &[("url", "https://a.example"), ("url", "HTTP://b.example:80")],
        );
        check(
            "t.me/name, example.com: x.y main.rs 1.5 a.com_b",
            &[("url", "t.me/name"), ("url", "example.com")],
        );
        check("tg://user?id=7 ftp://a.example http://localhost xhttps://a.example", &[]);
    }

    #[test]
    fn emails_are_neither_mentions_nor_urls() {
        check("do-not.reply+1@telegram.org.", &[("email", "do-not.reply+1@telegram.org")]);
        check("me@someone a@b", &[]);
    }
}
