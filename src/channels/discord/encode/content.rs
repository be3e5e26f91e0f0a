//! Blocks in the Markdown of Discord, which is one of its own
//! (docs.discord.com/developers/reference#message-formatting).
//!
//! It has no tables, no pictures and no quotes within quotes; a fence has three
//! ticks and no more. What means something to Discord and is meant as text gets a
//! backslash.

use crate::channels::discord::encode::words::{bare, escaped, is_web, linked, plain_code};
use crate::domain::markdown::{Block, List, Mark, RULE, Span, plain};

/// How far an item of a list within another stands in.
const INDENT: &str = "  ";

/// What stands before a quote within a quote.
const QUOTE: &str = "› ";

/// Keeps two signs from being one.
pub(super) const NOTHING: char = '\u{200b}';

/// The largest heading that Discord does not know; smaller ones are bold.
const SMALLEST_HEADING: u8 = 3;

/// Writes blocks.
pub(super) fn write(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut last: Option<&Block> = None;
    for block in blocks {
        out.push_str(match last {
            None => "",
            Some(Block::Heading { .. }) => "\n",
            Some(_) => "\n\n",
        });
        out.push_str(&one(block));
        last = Some(block);
    }
    out
}

fn one(block: &Block) -> String {
    match block {
        Block::Paragraph(spans) => words(spans, None),
        Block::Heading { level, spans } if *level <= SMALLEST_HEADING => {
            let words = words(spans, None).replace('\n', " ");
            // Signs at the end would be taken for a part of the mark.
            let words = words.strip_suffix('#').map_or(words.clone(), |words| format!("{words}\\#"));
            // A heading without words would take the next line's.
            let is_blank = words.trim().is_empty();
            if is_blank { words } else { format!("{} {words}", "#".repeat(usize::from(*level))) }
        }
        Block::Heading { spans, .. } => words(spans, Some(Mark::Bold)),
        Block::Code { language, text } => fenced(language, text),
        Block::Quote(blocks) => quoted(blocks),
        Block::List(list) => items(list),
        Block::Table(table) => fenced("", &table.lines().join("\n")),
        Block::Rule => RULE.to_owned(),
    }
}

fn fenced(language: &str, text: &str) -> String {
    let text = text.replace("```", &format!("`{NOTHING}`{NOTHING}`"));
    if text.trim().is_empty() {
        return text;
    }
    let end = if text.ends_with('`') { NOTHING.to_string() } else { String::new() };
    format!("```{language}\n{text}{end}\n```")
}

fn quoted(blocks: &[Block]) -> String {
    let inner: Vec<String> = blocks
        .iter()
        .map(|block| match block {
            Block::Quote(blocks) => each_line(&inside(blocks), QUOTE),
            block => one(block),
        })
        .collect();
    each_line(&inner.join("\n\n"), "> ")
}

/// A quote within a quote, in which all others end up.
fn inside(blocks: &[Block]) -> String {
    let inner = blocks.iter().map(|block| match block {
        Block::Quote(blocks) => inside(blocks),
        block => one(block),
    });
    inner.collect::<Vec<_>>().join("\n\n")
}

fn each_line(text: &str, sign: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| format!("{sign}{line}")).collect();
    lines.join("\n")
}

fn items(list: &List) -> String {
    let items = list.items.iter().enumerate().map(|(index, item)| {
        let mut out = match list.number(index) {
            None => "- ".to_owned(),
            // Discord counts from one.
            Some(number) if list.start == Some(0) => format!("{number}\\. "),
            Some(number) => format!("{number}. "),
        };
        for (index, block) in item.iter().enumerate() {
            let text = match block {
                Block::Quote(blocks) => inside(blocks),
                Block::Heading { spans, .. } => words(spans, Some(Mark::Bold)),
                // An item cannot begin with a list.
                Block::List(_) if index == 0 => escaped(&plain(std::slice::from_ref(block)), ""),
                block => one(block),
            };
            let is_code = matches!(block, Block::Code { .. } | Block::Table(_));
            if is_code {
                out.push('\n');
                out.push_str(&text);
                continue;
            }
            if index > 0 {
                out.push('\n');
                out.push_str(INDENT);
            }
            out.push_str(&indented(&text));
        }
        out
    });
    items.collect::<Vec<_>>().join("\n")
}

/// Lines that stand in, but for those of code.
fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_code = false;
    for (index, line) in text.split('\n').enumerate() {
        let is_fence = line.starts_with("```");
        if index > 0 {
            out.push('\n');
            if !is_code && !is_fence {
                out.push_str(INDENT);
            }
        }
        is_code ^= is_fence;
        out.push_str(line);
    }
    out
}

fn words(spans: &[Span], more: Option<Mark>) -> String {
    let mut out = String::new();
    let mut open: Vec<Mark> = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        let marks = more.map_or(span.marks, |more| span.marks.and(more));
        let (before, text, after) = trimmed(&span.text);
        // Signs in code would end the marks around it.
        let is_bare = text.is_empty() || span.is_code;
        let wanted: Vec<Mark> = if is_bare { Vec::new() } else { marks.iter().collect() };
        let common = open.iter().zip(&wanted).take_while(|(open, wanted)| open == wanted).count();
        let ended: Vec<Mark> = open.drain(common..).collect();
        ended.iter().rev().for_each(|mark| out.push_str(sign(*mark)));
        out.push_str(before);
        let is_joined = !ended.is_empty() && before.is_empty() && wanted.len() > common;
        if is_joined {
            out.push(NOTHING);
        }
        wanted.iter().skip(common).for_each(|mark| out.push_str(sign(*mark)));
        open = wanted;
        let is_apart = !after.is_empty() || stands_apart(span, spans.get(index + 1));
        let dressed = dressed(span, text, &out, is_apart);
        out.push_str(&dressed);
        if !after.is_empty() {
            open.drain(..).rev().for_each(|mark| out.push_str(sign(mark)));
            out.push_str(after);
        }
    }
    open.drain(..).rev().for_each(|mark| out.push_str(sign(mark)));
    out
}

/// Whether an address can end where a span does: Discord reads it up to the next
/// space, but for punctuation there.
fn stands_apart(span: &Span, next: Option<&Span>) -> bool {
    let Some(next) = next else { return true };
    let word = next.text.split(char::is_whitespace).next().unwrap_or_default();
    let is_alike = next.marks == span.marks && !next.is_code && next.link.is_none();
    word.is_empty() || is_alike && word.chars().all(|c| ".,:;\"'".contains(c))
}

/// The text of a span behind what is `written`, without its marks.
fn dressed(span: &Span, text: &str, written: &str, is_apart: bool) -> String {
    match &span.link {
        Some(link) if is_web(link) && !text.is_empty() => match bare(text, link) {
            Some(address) if is_apart => address.to_owned(),
            Some(address) => format!("<{address}>"),
            None => linked(text, link, span.is_code),
        },
        _ if span.is_code => plain_code(text),
        _ => escaped(text, written),
    }
}

/// What a text begins and ends with that is no text: marks do not stand at it.
fn trimmed(text: &str) -> (&str, &str, &str) {
    let start = text.len() - text.trim_start().len();
    let (before, rest) = text.split_at(start);
    let (text, after) = rest.split_at(rest.trim_end().len());
    (before, text, after)
}

const fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Spoiler => "||",
        Mark::Bold => "**",
        Mark::Italic => "*",
        Mark::Struck => "~~",
    }
}
