//! Message text: escaping, control sequences, links, and who is called by them.
//!
//! Source: docs.slack.dev/messaging/formatting-message-text. `&`, `<` and `>`
//! are the only control characters; what stands between `<` and `>` is a
//! mention, a channel, a special word or a link. Where the documentation is
//! silent, a control sequence is taken to work: it notifies inside code, inside
//! `markdown_text` and with `mrkdwn` false as well.

use std::fmt::Write;

/// Somebody a text calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mention {
    User(String),
    Group(String),
    /// `<!channel>`, `<!here>` and `<!everyone>`.
    Everybody,
}

/// What a text says to a person.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) seen: String,
    pub(super) mentions: Vec<Mention>,
    /// The links that may unfurl.
    pub(super) links: Vec<String>,
}

/// How names are shown.
pub(super) trait Names {
    fn user(&self, id: &str) -> Option<String>;
    fn user_named(&self, name: &str) -> Option<String>;
    fn channel(&self, id: &str) -> Option<String>;
    fn group(&self, id: &str) -> Option<String>;
}

/// How far plain words are turned into links and mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parse {
    /// Control sequences and bare URLs: what happens by default.
    Normal,
    /// `parse=none`: bare URLs stay text.
    None,
    /// `link_names`: also `@channel`, `@here`, `@everyone`.
    LinkNames,
    /// `parse=full`: also `@name`.
    Full,
}

impl Reading {
    /// Reads a text with its control sequences.
    pub(super) fn of(text: &str, parse: Parse, names: &dyn Names) -> Self {
        let mut reading = Self::default();
        let mut rest = text;
        while let Some(start) = rest.find('<') {
            let (plain, after) = rest.split_at(start);
            reading.plain(plain, parse, names);
            match control(after) {
                Some((inside, remaining)) => {
                    reading.control(inside, names);
                    rest = remaining;
                }
                None => {
                    reading.seen.push('<');
                    rest = &after[1..];
                }
            }
        }
        reading.plain(rest, parse, names);
        reading
    }

    /// Adds text in which nothing has a meaning, as `plain_text` objects.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.seen.push_str(text);
    }

    pub(super) fn append(&mut self, other: Self) {
        if !self.seen.is_empty() && !other.seen.is_empty() {
            self.seen.push('\n');
        }
        self.seen.push_str(&other.seen);
        self.mentions.extend(other.mentions);
        self.links.extend(other.links);
    }

    fn plain(&mut self, text: &str, parse: Parse, names: &dyn Names) {
        if parse != Parse::None {
            self.links.extend(bare_urls(text).into_iter().map(|(_, url)| unescape(url)));
        }
        if matches!(parse, Parse::LinkNames | Parse::Full) {
            for word in text.split_whitespace().filter_map(|word| word.strip_prefix('@')) {
                let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
                match word {
                    "channel" | "here" | "everyone" => self.mentions.push(Mention::Everybody),
                    name if parse == Parse::Full => {
                        self.mentions.extend(names.user_named(name).map(Mention::User))
                    }
                    _ => {}
                }
            }
        }
        self.seen.push_str(&unescape(text));
    }

    fn control(&mut self, inside: &str, names: &dyn Names) {
        let (target, label) =
            inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
        let label = label.filter(|label| !label.is_empty()).map(unescape);
        if let Some(user) = target.strip_prefix('@') {
            let name = names.user(user).or(label).unwrap_or_else(|| user.to_owned());
            write!(self.seen, "@{name}").unwrap();
            self.mentions.push(Mention::User(user.to_owned()));
        } else if let Some(channel) = target.strip_prefix('#') {
            let name = names.channel(channel).or(label).unwrap_or_else(|| channel.to_owned());
            write!(self.seen, "#{name}").unwrap();
        } else if let Some(group) = target.strip_prefix("!subteam^") {
            let name = names.group(group).or(label).unwrap_or_else(|| group.to_owned());
            write!(self.seen, "@{}", name.trim_start_matches('@')).unwrap();
            self.mentions.push(Mention::Group(group.to_owned()));
        } else if let Some(word) = target.strip_prefix('!') {
            if matches!(word, "channel" | "here" | "everyone") {
                write!(self.seen, "@{word}").unwrap();
                self.mentions.push(Mention::Everybody);
            } else {
                self.seen.push_str(&label.unwrap_or_else(|| format!("<!{word}>")));
            }
        } else {
            let url = unescape(target);
            self.seen.push_str(label.as_deref().unwrap_or(&url));
            // slackhq/slack-api-docs page_unfurling.md: a label that is part of the
            // address makes it a mere reference, which never unfurls.
            let address = url.split_once("://").map_or(url.as_str(), |(_, address)| address);
            if label.is_none_or(|label| !address.contains(&label)) {
                self.links.push(url);
            }
        }
    }
}

/// The inside of a control sequence at the beginning of `text`, and what
/// follows it.
pub(super) fn control(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with('<') {
        return None;
    }
    let end = text.find('>')?;
    let inside = text.get(1..end)?;
    let known = inside.starts_with(['@', '#', '!']) && inside.len() > 1
        || ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| inside.starts_with(scheme));
    (known && !inside.contains(['<', '\n'])).then(|| (inside, &text[end + 1..]))
}

/// URLs that stand in a text without brackets, with their positions.
fn bare_urls(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("http").map(|at| from + at) {
        let tail = &text[at..];
        from = at + 4;
        if !tail.starts_with("http://") && !tail.starts_with("https://") {
            continue;
        }
        let end = tail.find(|c: char| c.is_whitespace() || "<>\"`|".contains(c)).unwrap_or(tail.len());
        let url = tail[..end].trim_end_matches(['.', ',', ')', '!', '?', ';', ':', '*', '_', '~']);
        if url.len() > "https://".len() {
            found.push((at, url));
            from = at + url.len();
        }
    }
    found
}

/// The text as Slack keeps it and gives it back: stray control characters
/// escaped, bare URLs in brackets.
pub(super) fn kept(text: &str, parse: Parse) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let start = rest.find('<').unwrap_or(rest.len());
        let (plain, after) = rest.split_at(start);
        keep_plain(&mut out, plain, parse);
        if after.is_empty() {
            return out;
        }
        if let Some((inside, remaining)) = control(after) {
            write!(out, "<{inside}>").unwrap();
            rest = remaining;
        } else {
            out.push_str("&lt;");
            rest = &after[1..];
        }
    }
}

fn keep_plain(out: &mut String, plain: &str, parse: Parse) {
    let mut from = 0;
    let urls = if parse == Parse::None { Vec::new() } else { bare_urls(plain) };
    for (at, url) in urls {
        escape_stray(out, &plain[from..at]);
        out.push('<');
        escape_stray(out, url);
        out.push('>');
        from = at + url.len();
    }
    escape_stray(out, &plain[from..]);
}

fn escape_stray(out: &mut String, text: &str) {
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        match character {
            '&' if !["&amp;", "&lt;", "&gt;"].iter().any(|entity| rest.starts_with(entity)) => {
                out.push_str("&amp;")
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
}

/// What a person types, as Slack's clients send it: everything is escaped
/// except `<@bot>`, `<@U…>`, `<#C…>` and `<!here>`, which stand for picks from
/// the completion list.
pub(super) fn typed(text: &str, bot_user: &str) -> String {
    let text = text.replace("<@bot>", &format!("<@{bot_user}>"));
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find('<') {
        let (plain, after) = rest.split_at(start);
        keep_plain(&mut out, &escape(plain), Parse::Normal);
        match control(after) {
            Some((inside, remaining)) => {
                write!(out, "<{inside}>").unwrap();
                rest = remaining;
            }
            None => {
                out.push_str("&lt;");
                rest = &after[1..];
            }
        }
    }
    keep_plain(&mut out, &escape(rest), Parse::Normal);
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(super) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Whether Slack treats a link as media: "images, tweets, videos, or audio".
pub(super) fn is_media(url: &str) -> bool {
    const ENDS: [&str; 9] = [".png", ".jpg", ".jpeg", ".gif", ".webp", ".mp4", ".mov", ".mp3", ".wav"];
    const HOSTS: [&str; 6] = ["youtube.com", "youtu.be", "vimeo.com", "flickr.com", "twitter.com", "x.com"];
    let path = url.split(['?', '#']).next().unwrap_or(url).to_ascii_lowercase();
    let host = path.split('/').nth(2).unwrap_or_default().trim_start_matches("www.");
    ENDS.iter().any(|end| path.ends_with(end)) || HOSTS.contains(&host)
}
