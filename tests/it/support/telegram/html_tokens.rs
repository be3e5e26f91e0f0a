//! HTML cut in tokens: text, tags, character references.
//!
//! Source: the Bot API manual, "Formatting options", "HTML style".

/// What a tag of the manual's list stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// A tag that is its own meaning, with the kind of its entity.
    Plain(&'static str),
    Span,
    Link,
    Emoji,
    Code,
    Pre,
    Quote,
}

impl Tag {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "b" | "strong" => Self::Plain("bold"),
            "i" | "em" => Self::Plain("italic"),
            "u" | "ins" => Self::Plain("underline"),
            "s" | "strike" | "del" => Self::Plain("strikethrough"),
            "tg-spoiler" => Self::Plain("spoiler"),
            "span" => Self::Span,
            "a" => Self::Link,
            "tg-emoji" => Self::Emoji,
            "code" => Self::Code,
            "pre" => Self::Pre,
            "blockquote" => Self::Quote,
            _ => return None,
        })
    }
}

#[derive(Debug)]
pub(super) enum Token<'a> {
    Text(&'a str),
    /// What a character reference stands for.
    Letter(char),
    Start(Start),
    End {
        name: String,
        at: usize,
    },
}

/// A start tag; `at` is the byte it begins at.
#[derive(Debug)]
pub(super) struct Start {
    pub tag: Tag,
    pub name: String,
    attributes: Vec<(String, String)>,
    pub at: usize,
}

impl Start {
    /// The value of an attribute; of the first one, should a bot repeat it.
    pub(super) fn value(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }
}

/// The source and how far it is read; cuts it in tokens.
pub(super) struct Source<'a> {
    html: &'a str,
    at: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(html: &'a str) -> Self {
        Self { html, at: 0 }
    }

    /// The next token; nothing at the end.
    pub(super) fn token(&mut self) -> Result<Option<Token<'a>>, String> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        if rest.starts_with("</") {
            return self.end_tag().map(Some);
        }
        if rest.starts_with('<') {
            return self.start_tag().map(Some);
        }
        if let Some(letter) = self.reference()? {
            return Ok(Some(Token::Letter(letter)));
        }
        // An `&` that begins no reference is text.
        let tail = rest.strip_prefix('&').unwrap_or(rest);
        let after = tail.find(['<', '&']).map_or("", |found| &tail[found..]);
        let length = rest.len() - after.len();
        self.at += length;
        Ok(Some(Token::Text(&rest[..length])))
    }

    fn start_tag(&mut self) -> Result<Token<'a>, String> {
        let at = self.at;
        self.at += 1;
        let name = self.take_while(is_in_tag_name).to_ascii_lowercase();
        let unclosed = || format!("Unclosed start tag at byte offset {at}");
        if self.peek().is_none() {
            return Err(unclosed());
        }
        let tag = Tag::named(&name)
            .ok_or_else(|| format!("Unsupported start tag \"{name}\" at byte offset {at}"))?;
        let mut attributes = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return Err(unclosed()),
                Some('>') => break,
                Some(_) => {}
            }
            let attribute = self.attribute_name()?;
            if attribute.is_empty() {
                return Err(format!("Empty attribute name in the tag \"{name}\" at byte offset {at}"));
            }
            let value = self.attribute_value()?.ok_or_else(unclosed)?;
            attributes.push((attribute, value));
        }
        self.at += 1;
        Ok(Token::Start(Start { tag, name, attributes, at }))
    }

    fn end_tag(&mut self) -> Result<Token<'a>, String> {
        let at = self.at;
        self.at += 2;
        let name = self.take_while(is_in_tag_name).to_ascii_lowercase();
        self.skip_blanks();
        if self.peek() != Some('>') {
            return Err(format!("Unclosed end tag at byte offset {at}"));
        }
        self.at += 1;
        Ok(Token::End { name, at })
    }

    /// A name up to a blank, `=` or the end of the tag; empty when there is none.
    fn attribute_name(&mut self) -> Result<String, String> {
        let from = self.at;
        let name = self.take_while(is_in_name).to_ascii_lowercase();
        let is_whole = self.peek().is_none_or(|next| is_blank(next) || matches!(next, '=' | '>'));
        if is_whole || name.is_empty() { Ok(name) } else { Err(broken_name(from)) }
    }

    /// The value behind `=`, empty without one; nothing when the source ends first.
    fn attribute_value(&mut self) -> Result<Option<String>, String> {
        self.skip_blanks();
        if self.peek() != Some('=') {
            return Ok(Some(String::new()));
        }
        self.at += 1;
        self.skip_blanks();
        match self.peek() {
            None => Ok(None),
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            Some(_) => self.unquoted().map(Some),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Option<String>, String> {
        self.at += 1;
        let mut value = String::new();
        loop {
            value.push_str(self.take_while(|letter| letter != quote && letter != '&'));
            if let Some(letter) = self.reference()? {
                value.push(letter);
                continue;
            }
            let Some(next) = self.peek() else {
                return Ok(None);
            };
            self.at += 1;
            if next == quote {
                return Ok(Some(value));
            }
            value.push(next);
        }
    }

    fn unquoted(&mut self) -> Result<String, String> {
        let from = self.at;
        let value = self.take_while(is_in_name);
        let is_whole = self.peek().is_none_or(|next| is_blank(next) || next == '>');
        if is_whole && !value.is_empty() { Ok(value.to_owned()) } else { Err(broken_name(from)) }
    }

    /// Steps over a character reference, if here is one.
    fn reference(&mut self) -> Result<Option<char>, String> {
        let Some((code, length)) = reference(self.rest()) else {
            return Ok(None);
        };
        self.at += length;
        let surrogate = "Text contains invalid Unicode characters after decoding HTML entities, \
                         check for unmatched surrogate code units";
        char::from_u32(code).map(Some).ok_or_else(|| surrogate.to_owned())
    }

    fn rest(&self) -> &'a str {
        &self.html[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|letter| !wanted(letter)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn skip_blanks(&mut self) {
        self.take_while(is_blank);
    }
}

/// The code point and length of the character reference that `text` begins with:
/// one of the four names, or any number that Unicode has room for.
fn reference(text: &str) -> Option<(u32, usize)> {
    let body = text.strip_prefix('&')?;
    let end = body.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '#')?;
    if !body[end..].starts_with(';') {
        return None;
    }
    let code = match &body[..end] {
        "lt" => u32::from('<'),
        "gt" => u32::from('>'),
        "amp" => u32::from('&'),
        "quot" => u32::from('"'),
        other => {
            let number = other.strip_prefix('#')?;
            match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            }
        }
    };
    (1..=u32::from(char::MAX)).contains(&code).then_some((code, "&;".len() + end))
}

fn is_blank(letter: char) -> bool {
    letter.is_ascii_whitespace()
}

fn is_in_tag_name(letter: char) -> bool {
    letter != '>' && !is_blank(letter)
}

fn is_in_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.')
}

fn broken_name(at: usize) -> String {
    format!("Unexpected end of name token at byte offset {at}")
}
