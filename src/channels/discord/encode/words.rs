//! Text in which nothing means anything to Discord, beside what is meant to.

use url::Url;

use crate::channels::discord::encode::content::NOTHING;

/// Text as it reads behind what is `written` already.
pub(super) fn escaped(text: &str, written: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut before = written.chars().next_back();
    let mut is_start = matches!(before, None | Some('\n'));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((number, sign)) = begins_a_block(rest).filter(|_| is_start) {
            out.push_str(number);
            out.push('\\');
            (rest, is_start) = (sign, false);
            continue;
        }
        let behind = rest.get(c.len_utf8()..).unwrap_or_default();
        let other = harmless(c, behind);
        if other.is_none() && is_sign(c, before, behind) {
            out.push('\\');
        }
        out.push(other.unwrap_or(c));
        is_start = c == '\n';
        before = Some(c);
        rest = behind;
    }
    out
}

/// The text of a link, if that is its address.
pub(super) fn bare<'a>(text: &'a str, address: &str) -> Option<&'a str> {
    Url::parse(text).is_ok_and(|read| read.as_str() == address).then_some(text)
}

/// A link that shows another text than its address.
pub(super) fn linked(text: &str, address: &str, is_code: bool) -> String {
    // A parenthesis may end it.
    let address = address.replace('(', "%28").replace(')', "%29");
    if text.contains("://") {
        // Discord makes no link of what looks like another.
        return format!("{} (<{address}>)", escaped(text, " "));
    }
    let words = if is_code { plain_code(text) } else { escaped(text, "[") };
    let words = words.replace('\n', " ").replace('[', "\\[").replace(']', "\\]");
    format!("[{words}](<{address}>)")
}

/// Whether Discord links to it.
pub(super) fn is_web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// Code within a line.
pub(super) fn plain_code(text: &str) -> String {
    if text.trim().is_empty() {
        return text.to_owned();
    }
    if !text.contains('`') {
        return format!("`{text}`");
    }
    // Twice, for three in a row.
    let apart = format!("`{NOTHING}`");
    format!("`` {} ``", text.replace("``", &apart).replace("``", &apart))
}

/// What stands for a sign that would make a mention.
fn harmless(c: char, behind: &str) -> Option<char> {
    match c {
        '<' if is_reference(behind) => Some('＜'),
        '@' if is_for_all(behind) => Some('＠'),
        _ => None,
    }
}

/// Whether a sign means something here.
fn is_sign(c: char, before: Option<char>, behind: &str) -> bool {
    // Discord's words are those of ASCII.
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let is_double = before == Some(c) || behind.starts_with(c);
    match c {
        '\\' | '*' | '`' => true,
        '_' => !(is_letter(before) && is_letter(behind.chars().next())),
        '~' | '|' => is_double,
        // The address of a link, wherever its words have begun.
        '(' => before == Some(']'),
        '<' => [":", "a:", "t:", "id:", "http"].iter().any(|sign| behind.starts_with(sign)),
        // Addresses that are to be links are written elsewhere.
        '/' => before == Some(':') && behind.starts_with('/'),
        _ => false,
    }
}

/// The sign that makes a list, a heading or a quote of a line, and the number before it.
fn begins_a_block(line: &str) -> Option<(&str, &str)> {
    const SIGNS: [&str; 5] = ["-# ", "> ", ">>> ", "- ", "+ "];
    let behind = line.trim_start_matches('#');
    // A heading looks for its words on the next lines, too.
    let is_heading = behind.len() < line.len() && behind.chars().next().is_none_or(char::is_whitespace);
    if is_heading || SIGNS.iter().any(|sign| line.starts_with(sign)) {
        return Some(("", line));
    }
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    line.split_at_checked(digits).filter(|(number, rest)| !number.is_empty() && rest.starts_with(". "))
}

/// `<@1>`, `<@!1>`, `<@&1>`, `<#1>`, `</name:1>`, `<id:guide>`, after the `<`.
fn is_reference(after: &str) -> bool {
    let Some((inside, _)) = after.split_once('>') else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(person) = inside.strip_prefix('@') {
        return is_number(person.strip_prefix(['!', '&']).unwrap_or(person));
    }
    if let Some(command) = inside.strip_prefix('/') {
        return command.rsplit_once(':').is_some_and(|(_, id)| is_number(id));
    }
    inside.strip_prefix('#').is_some_and(is_number) || inside.starts_with("id:")
}

fn is_for_all(after: &str) -> bool {
    after.starts_with("everyone") || after.starts_with("here")
}
