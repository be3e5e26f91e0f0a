//! Text in HTML, read into plain text and its entities.
//!
//! Source: the Bot API manual, "Formatting options", "HTML style".

use super::entities::{self, Entity};
use super::html_tokens::{Source, Start, Tag, Token};
use super::links;

/// Reads `html`; the words of the refusal when it is not what the manual allows.
pub(super) fn parse(html: &str) -> Result<(String, Vec<Entity>), String> {
    let mut source = Source::new(html);
    let mut builder = Builder::default();
    while let Some(token) = source.token()? {
        match token {
            Token::Text(text) => builder.write(text),
            Token::Letter(letter) => builder.write(letter.encode_utf8(&mut [0; 4])),
            Token::Start(start) => builder.open(start)?,
            Token::End { name, at } => builder.close(&name, at)?,
        }
    }
    builder.finish()
}

/// The text so far, its entities in the order they began, and the tags still open.
#[derive(Default)]
struct Builder {
    text: String,
    /// The length of `text` in UTF-16 units.
    units: usize,
    entities: Vec<Entity>,
    open: Vec<Open>,
}

/// A tag that waits for its end.
struct Open {
    tag: Tag,
    name: String,
    from: usize,
    /// The place of its entity, if it makes one.
    entity: Option<usize>,
    language: Option<Language>,
}

/// The language of a `code`, kept by the `pre` around it until that ends too.
struct Language {
    name: String,
    to: usize,
}

impl Builder {
    fn write(&mut self, text: &str) {
        self.text.push_str(text);
        self.units += entities::units(text);
    }

    fn open(&mut self, start: Start) -> Result<(), String> {
        let entity = self.meaning(&start)?.map(|(kind, argument)| {
            self.entities.push(Entity { kind, offset: self.units, length: 0, argument });
            self.entities.len() - 1
        });
        let class = start.value("class").filter(|_| start.tag == Tag::Code);
        let language = class
            .and_then(|class| class.strip_prefix("language-"))
            .filter(|language| !language.is_empty())
            .map(|language| Language { name: language.to_owned(), to: self.units });
        self.open.push(Open { tag: start.tag, name: start.name, from: self.units, entity, language });
        Ok(())
    }

    /// The kind and argument of the entity a tag makes; nothing when it makes none.
    fn meaning(&self, start: &Start) -> Result<Option<(&'static str, Option<String>)>, String> {
        let (kind, argument) = match start.tag {
            Tag::Plain(kind) => (kind, None),
            Tag::Span if start.value("class") == Some("tg-spoiler") => ("spoiler", None),
            Tag::Span => {
                let at = start.at;
                return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}"));
            }
            Tag::Link => return Ok(start.value("href").and_then(link)),
            Tag::Emoji => {
                let id = start.value("emoji-id").filter(|id| is_number(id));
                let id = id.ok_or("Invalid custom emoji identifier specified")?;
                ("custom_emoji", Some(id.to_owned()))
            }
            Tag::Code if self.open.iter().any(|open| open.tag == Tag::Pre) => return Ok(None),
            Tag::Code => ("code", None),
            Tag::Pre => ("pre", None),
            Tag::Quote if start.value("expandable").is_some() => ("expandable_blockquote", None),
            Tag::Quote => ("blockquote", None),
        };
        Ok(Some((kind, argument)))
    }

    fn close(&mut self, name: &str, at: usize) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {at}"));
        };
        if open.name != name {
            let expected = open.name;
            return Err(format!(
                "Unmatched end tag at byte offset {at}, expected \"</{expected}>\", found \"</{name}>\""
            ));
        }
        if let Some(place) = open.entity {
            self.entities[place].length = self.units - open.from;
        }
        match (open.tag, open.language) {
            (Tag::Code, Some(language)) => self.tell_pre(open.from, language.name),
            (Tag::Pre, Some(language)) if language.to == self.units => {
                self.entities[open.entity.expect("a pre makes an entity")].argument = Some(language.name);
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells the language of a `code` that ends here to the `pre` it began with.
    fn tell_pre(&mut self, from: usize, name: String) {
        let pre = self.open.last_mut().filter(|outer| outer.tag == Tag::Pre && outer.from == from);
        if let Some(pre) = pre {
            pre.language = Some(Language { name, to: self.units });
        }
    }

    fn finish(mut self) -> Result<(String, Vec<Entity>), String> {
        if let Some(open) = self.open.last() {
            return Err(format!("Can't find end tag corresponding to start tag \"{}\"", open.name));
        }
        self.entities.retain(|entity| entity.length > 0);
        Ok((self.text, self.entities))
    }
}

/// A mention of a user or a link; nothing when clients could not open it.
fn link(href: &str) -> Option<(&'static str, Option<String>)> {
    if let Some(id) = links::user_id(href) {
        return Some(("text_mention", Some(id.to_string())));
    }
    Some(("text_link", Some(links::checked(href)?)))
}

fn is_number(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_digit()) && id.parse::<u64>().is_ok_and(|id| id > 0)
}

#[cfg(test)]
mod tests {
    use super::{Entity, parse};

    /// The text, and each entity as its kind, offset, length and argument.
    type Read<'a> = (&'a str, &'a [(&'static str, usize, usize, Option<&'a str>)]);

    fn check(html: &str, (text, entities): Read) {
        let entities = entities.iter().map(|&(kind, offset, length, argument)| Entity {
            kind,
            offset,
            length,
            argument: argument.map(str::to_owned),
        });
        assert_eq!(parse(html), Ok((text.to_owned(), entities.collect())), "{html}");
    }

    fn refuse(html: &str, why: &str) {
        assert_eq!(parse(html), Err(why.to_owned()), "{html}");
    }

    #[test]
    fn every_tag_of_the_manual_makes_its_entity() {
        let tags = [
            ("bold", &["b", "strong"][..]),
            ("italic", &["i", "em"]),
            ("underline", &["u", "ins"]),
            ("strikethrough", &["s", "strike", "del"]),
            ("spoiler", &["tg-spoiler"]),
            ("code", &["code"]),
            ("pre", &["pre"]),
            ("blockquote", &["blockquote"]),
        ];
        for (kind, names) in tags {
            for name in names {
                check(&format!("x<{name}>👍</{name}>"), ("x👍", &[(kind, 1, 2, None)]));
            }
        }
        let example = "https://example.com/";
        let more: &[(&str, (&'static str, Option<&str>))] = &[
            ("<span class=\"tg-spoiler\">x</span>", ("spoiler", None)),
            ("<blockquote expandable>x</blockquote>", ("expandable_blockquote", None)),
            ("<a href=\"https://example.com/\">x</a>", ("text_link", Some(example))),
            ("<a href=\"tg://user?id=7\">x</a>", ("text_mention", Some("7"))),
            ("<tg-emoji emoji-id=\"53\">x</tg-emoji>", ("custom_emoji", Some("53"))),
        ];
        for (html, (kind, argument)) in more {
            check(html, ("x", &[(kind, 0, 1, *argument)]));
        }
    }

    #[test]
    fn entities_come_in_the_order_they_begin_and_empty_ones_vanish() {
        check("<b>a<i>b</i></b><u></u>", ("ab", &[("bold", 0, 2, None), ("italic", 1, 1, None)]));
        check("<b>a</b><b>b</b>", ("ab", &[("bold", 0, 1, None), ("bold", 1, 1, None)]));
        check("<a>x</a><a href='javascript:x'>y</a> ", ("xy ", &[]));
    }

    #[test]
    fn only_code_that_fills_a_pre_names_its_language() {
        let pre = |length, language| ("pre", 0, length, language);
        check("<pre><code class=\"language-c\">x</code></pre>", ("x", &[pre(1, Some("c"))]));
        check("<pre><code class=language-c>x</code>y</pre>", ("xy", &[pre(2, None)]));
        check("<pre>x<code class=\"language-c\">y</code></pre>", ("xy", &[pre(2, None)]));
        check("<pre><code class=\"language-\">x</code></pre>", ("x", &[pre(1, None)]));
        check("<pre class=\"language-c\">x</pre>", ("x", &[pre(1, None)]));
        check("<code class=\"language-c\">x</code>", ("x", &[("code", 0, 1, None)]));
    }

    #[test]
    fn four_names_and_all_numbers_are_references() {
        check("&lt;&gt;&amp;&quot;&#65;&#x1F44d;&#X42;", ("<>&\"A👍B", &[]));
        for literal in
            ["&", "&&", "a & b", "&nbsp;", "&LT;", "&lt", "&#;", "&#x;", "&#0;", "&#x110000;", "&#+65;"]
        {
            check(literal, (literal, &[]));
        }
        check("&amp;lt;1 > 0", ("&lt;1 > 0", &[]));
        let url = "https://example.com/?a=1&b=\"&c";
        check(
            "<a href='https://example.com/?a=1&amp;b=&quot;&c'>x</a>",
            ("x", &[("text_link", 0, 1, Some(url))]),
        );
        refuse(
            "&#xd83d;&#xdc4d;",
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units",
        );
    }

    #[test]
    fn tags_may_hold_blanks_capitals_and_foreign_attributes() {
        check("<B\n>x</b >", ("x", &[("bold", 0, 1, None)]));
        check("<b title=\"<&gt;>\" lang=en x>x</B>", ("x", &[("bold", 0, 1, None)]));
        check("<SPAN CLASS = 'tg-spoiler' class=y>x</span>", ("x", &[("spoiler", 0, 1, None)]));
    }

    #[test]
    fn broken_tags_are_refused() {
        for (html, why) in [
            ("<", "Unclosed start tag at byte offset 0"),
            ("é<h1", "Unclosed start tag at byte offset 2"),
            ("<a href=", "Unclosed start tag at byte offset 0"),
            ("<a href=\"x>y</a>", "Unclosed start tag at byte offset 0"),
            ("x<br/>", "Unsupported start tag \"br/\" at byte offset 1"),
            ("<!-- -->", "Unsupported start tag \"!--\" at byte offset 0"),
            ("<b />", "Empty attribute name in the tag \"b\" at byte offset 0"),
            ("<b é='x'>", "Empty attribute name in the tag \"b\" at byte offset 0"),
            ("<b x<i>", "Unexpected end of name token at byte offset 3"),
            ("<a href=>x</a>", "Unexpected end of name token at byte offset 8"),
            ("<span class=\"x\">", "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
            ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
            ("<tg-emoji emoji-id=\"0\">x</tg-emoji>", "Invalid custom emoji identifier specified"),
            ("<b>x</b y>", "Unclosed end tag at byte offset 4"),
            ("<b>x</>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</>\""),
            ("<b>x</strong>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</strong>\""),
            ("<b><i>x", "Can't find end tag corresponding to start tag \"i\""),
        ] {
            refuse(html, why);
        }
    }
}
