//! Letters and how each of them looks, of a text and of what a platform shows.

use switchboard::domain::Platform;
use switchboard::domain::markdown::{Block, Mark, Span};

use crate::support::shown::{self, Kind, Shown};

/// A letter or a digit, and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub letter: char,
    /// In words, such as `bold italic`.
    pub style: String,
}

/// What is to be seen of blocks.
pub fn looks_of(platform: Platform, blocks: &[Block]) -> Vec<Look> {
    let mut looks = Vec::new();
    blocks.iter().for_each(|block| add(platform, block, Within::Lists(0), &mut looks));
    looks
}

/// Where a block stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// In so many lists.
    Lists(usize),
    /// In what can only be words: on Slack a quote, and a list that counts from nothing.
    Words,
}

fn add(platform: Platform, block: &Block, within: Within, looks: &mut Vec<Look>) {
    match block {
        Block::Paragraph(spans) => {
            spans.iter().for_each(|span| say(looks, &span.text, &style_of(platform, span)))
        }
        // Discord has three kinds of headings, none of them in a list; others are bold.
        Block::Heading { level: ..=3, spans }
            if platform == Platform::Discord && within == Within::Lists(0) =>
        {
            spans.iter().for_each(|span| say(looks, &span.text, "heading"));
        }
        Block::Heading { spans, .. } => spans.iter().for_each(|span| {
            let span = Span { marks: span.marks.and(Mark::Bold), ..span.clone() };
            say(looks, &span.text, &style_of(platform, &span));
        }),
        Block::Code { text, .. } => say(looks, text, "box"),
        Block::Quote(blocks) => {
            let inside = if platform == Platform::Slack { Within::Words } else { within };
            blocks.iter().for_each(|block| add(platform, block, inside, looks));
        }
        Block::List(list) => {
            let is_words = platform == Platform::Slack && list.start == Some(0);
            let within = if is_words { Within::Words } else { within };
            let (has_signs, inside) = match within {
                Within::Lists(lists) => (has_signs(platform, lists), Within::Lists(lists + 1)),
                Within::Words => (true, Within::Words),
            };
            for (index, item) in list.items.iter().enumerate() {
                if has_signs {
                    say(looks, &list.sign(index), if platform == Platform::Telegram { "" } else { "sign" });
                }
                item.iter().for_each(|block| add(platform, block, inside, looks));
            }
        }
        Block::Table(table) => say(looks, &table.lines().join("\n"), "box"),
        Block::Rule => {}
    }
}

/// Whether the signs of a list are those of the text: Slack counts in letters in a list within another.
fn has_signs(platform: Platform, lists: usize) -> bool {
    platform != Platform::Slack || lists == 0
}

fn style_of(platform: Platform, span: &Span) -> String {
    // Code goes with no other mark but on Slack, which hides nothing.
    let is_bare = span.is_code && platform != Platform::Slack;
    let marks =
        [(Mark::Bold, "bold"), (Mark::Italic, "italic"), (Mark::Struck, "struck"), (Mark::Spoiler, "hidden")];
    let marks = marks.iter().filter(|(mark, name)| {
        let is_shown = platform != Platform::Slack || *name != "hidden";
        span.marks.has(*mark) && is_shown && !is_bare
    });
    let names = marks.map(|(_, name)| *name).chain(span.is_code.then_some("code"));
    names.collect::<Vec<_>>().join(" ")
}

/// What is to be seen on a platform.
pub fn looks_on(platform: Platform, shown: &Shown) -> Vec<Look> {
    let mut looks = Vec::new();
    for block in &shown.blocks {
        match &block.kind {
            Kind::ListItem { sign } if has_signs(platform, block.indent) => say(&mut looks, sign, "sign"),
            _ => {}
        }
        for span in &block.spans {
            let style = match block.kind {
                Kind::Code { .. } => "box".to_owned(),
                Kind::Heading(_) => "heading".to_owned(),
                Kind::Paragraph | Kind::Subtext | Kind::ListItem { .. } => shown_style(span),
            };
            say(&mut looks, &span.text, &style);
        }
    }
    looks
}

fn shown_style(span: &shown::Span) -> String {
    let styles = [
        (span.bold, "bold"),
        (span.italic, "italic"),
        (span.struck, "struck"),
        (span.spoiler, "hidden"),
        (span.code, "code"),
        (span.underlined, "underlined"),
        (span.mention, "mention"),
    ];
    let names = styles.iter().filter(|(is_so, _)| *is_so).map(|(_, name)| *name);
    names.collect::<Vec<_>>().join(" ")
}

fn say(looks: &mut Vec<Look>, text: &str, style: &str) {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    looks.extend(letters.map(|letter| Look { letter, style: style.to_owned() }));
}
