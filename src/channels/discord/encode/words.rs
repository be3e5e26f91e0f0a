//! Text in which nothing means anything to Discord, beside what is meant to.

use url::Url;

use crate::channels::discord::encode::content::NOTHING;

/// Text as it reads.
pub(super) fn escaped(text: &str, begins_a_line: bool) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut is_start = begins_a_line;
    let mut before = None;
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

/// A link that shows a text.
pub(super) fn linked(text: &str, address: &str, is_code: bool) -> String {
    if Url::parse(text).is_ok_and(|read| read.as_str() == address) {
        return text.to_owned();
    }
    if text.contains("://") {
        // Discord makes no link of what looks like another.
        return format!("{} (<{address}>)", escaped(text, false));
    }
    let words = if is_code { plain_code(text) } else { escaped(text, false) };
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
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_double = before == Some(c) || behind.starts_with(c);
    match c {
        '\\' | '*' | '`' => true,
        '_' => !(is_letter(before) && is_letter(behind.chars().next())),
        '~' | '|' => is_double,
        '[' => behind.contains("]("),
        '<' => [":", "a:", "t:", "id:", "http"].iter().any(|sign| behind.starts_with(sign)),
        _ => false,
    }
}

/// The sign that makes a list, a heading or a quote of a line, and the number before it.
fn begins_a_block(line: &str) -> Option<(&str, &str)> {
    const SIGNS: [&str; 8] = ["# ", "## ", "### ", "-# ", "> ", ">>> ", "- ", "+ "];
    if SIGNS.iter().any(|sign| line.starts_with(sign)) {
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
