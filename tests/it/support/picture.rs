//! Pictures of messages: what a person sees, as an SVG in the manner of a platform.
//!
//! Plain `<text>` with a `<tspan>` for each word, placed by a table of widths, so
//! that a picture is the same everywhere and needs no font of its own. It is a
//! sketch: colours and sizes are near those of the clients, and no more.

use std::fmt::Write;

use switchboard::domain::Platform;

use super::shown::{Kind, Shown, ShownBlock, Span};

const WIDTH: f64 = 560.0;
const PADDING: f64 = 14.0;
const INDENT: f64 = 20.0;
const SANS: &str = "Helvetica, Arial, sans-serif";
const MONO: &str = "Menlo, Consolas, monospace";

/// How a platform looks.
#[derive(Debug)]
struct Skin {
    page: &'static str,
    bubble: Option<&'static str>,
    text: &'static str,
    faint: &'static str,
    name: &'static str,
    link: &'static str,
    /// Behind mentions.
    mention: Option<&'static str>,
    code: &'static str,
    code_text: &'static str,
    bar: &'static str,
    /// Room for an avatar, which is a circle or a square.
    avatar: Option<bool>,
    font: &'static str,
    size: f64,
}

fn skin(platform: Platform) -> Skin {
    match platform {
        Platform::Discord => Skin {
            page: "#313338",
            bubble: None,
            text: "#dbdee1",
            faint: "#949ba4",
            name: "#f2f3f5",
            link: "#00a8fc",
            mention: Some("#3c4270"),
            code: "#2b2d31",
            code_text: "#dbdee1",
            bar: "#4e5058",
            avatar: Some(true),
            font: SANS,
            size: 16.0,
        },
        Platform::Telegram => Skin {
            page: "#d5e4c0",
            bubble: Some("#ffffff"),
            text: "#000000",
            faint: "#8a8a8a",
            name: "#3a8ec9",
            link: "#168acd",
            mention: None,
            code: "#f1f4f7",
            code_text: "#38677f",
            bar: "#3a8ec9",
            avatar: None,
            font: SANS,
            size: 15.0,
        },
        Platform::Slack => Skin {
            page: "#ffffff",
            bubble: None,
            text: "#1d1c1d",
            faint: "#616061",
            name: "#1d1c1d",
            link: "#1264a3",
            mention: Some("#e8f5fa"),
            code: "#f8f8f8",
            code_text: "#c01343",
            bar: "#dddddd",
            avatar: Some(false),
            font: SANS,
            size: 15.0,
        },
        Platform::Terminal => Skin {
            page: "#1e1e1e",
            bubble: None,
            text: "#d4d4d4",
            faint: "#8a8a8a",
            name: "#4ec9b0",
            link: "#569cd6",
            mention: None,
            code: "#1e1e1e",
            code_text: "#ce9178",
            bar: "#8a8a8a",
            avatar: None,
            font: MONO,
            size: 14.0,
        },
    }
}

/// Draws a message under the name of who wrote it.
pub fn svg(platform: Platform, name: &str, shown: &Shown) -> String {
    let skin = skin(platform);
    let left = PADDING * 2.0 + if skin.avatar.is_some() { 50.0 } else { 0.0 };
    let mut sheet = Sheet {
        left,
        right: WIDTH - PADDING * 2.0,
        down: PADDING * 2.0,
        behind: String::new(),
        ink: String::new(),
        skin,
    };
    let title = Span { bold: true, ..Span::default().saying(name) };
    let ink = Ink { fill: sheet.skin.name, size: sheet.skin.size, mono: false };
    sheet.paragraph(&[title], left, None, ink);
    shown.blocks.iter().for_each(|block| sheet.block(block));
    sheet.finish()
}

/// What letters are made of.
#[derive(Debug, Clone, Copy)]
struct Ink {
    fill: &'static str,
    size: f64,
    mono: bool,
}

#[derive(Debug)]
struct Sheet {
    skin: Skin,
    left: f64,
    right: f64,
    /// How far down the sheet is filled.
    down: f64,
    behind: String,
    ink: String,
}

impl Sheet {
    fn block(&mut self, block: &ShownBlock) {
        let size = self.skin.size;
        let plain = Ink { fill: self.skin.text, size, mono: false };
        let quote = if block.quoted { PADDING } else { 0.0 };
        let left = self.left + quote + INDENT * f64::from(u32::try_from(block.indent.min(12)).unwrap_or(0));
        // Letters stand on the line that is filled so far, and hang a little below.
        let top = self.down + size * 0.35;
        match &block.kind {
            Kind::Paragraph => self.paragraph(&block.spans, left, None, plain),
            Kind::Heading(level) => {
                let scale = [1.5, 1.25, 1.1][usize::from(level.clamp(&1, &3) - 1)];
                let bold: Vec<Span> =
                    block.spans.iter().map(|span| Span { bold: true, ..span.clone() }).collect();
                self.paragraph(&bold, left, None, Ink { size: size * scale, ..plain });
            }
            Kind::Subtext => {
                self.paragraph(
                    &block.spans,
                    left,
                    None,
                    Ink { fill: self.skin.faint, size: size * 0.8, mono: false },
                );
            }
            Kind::ListItem { sign } => self.paragraph(&block.spans, left + INDENT, Some((sign, left)), plain),
            Kind::Code { .. } => {
                self.down += PADDING / 2.0;
                let ink = Ink { fill: self.skin.code_text, size: size * 0.87, mono: true };
                self.paragraph(&block.spans, left + PADDING / 2.0, None, ink);
                self.down += PADDING / 2.0;
                let (right, fill) = (self.right, self.skin.code);
                self.rectangle((left, top), (right - left, self.down + size * 0.35 - top), fill, 4.0);
            }
        }
        if block.quoted {
            let (bar, height) = (self.skin.bar, self.down + size * 0.35 - top);
            self.rectangle((left - PADDING, top), (4.0, height), bar, 2.0);
        }
    }

    /// Draws lines, broken where they are too long, with a sign before the first.
    fn paragraph(&mut self, spans: &[Span], left: f64, sign: Option<(&str, f64)>, ink: Ink) {
        let height = (ink.size * 1.4).round();
        self.down += height;
        if let Some((sign, at)) = sign {
            self.word(&Span::default().saying(sign), at, ink);
        }
        let mut at = left;
        for span in spans {
            for (index, line) in span.text.split('\n').enumerate() {
                if index > 0 {
                    (at, self.down) = (left, self.down + height);
                }
                for word in line.split_inclusive(' ') {
                    for piece in
                        pieces(word, self.right - left, |letter| width(letter, ink, span, &self.skin))
                    {
                        let long: f64 =
                            piece.chars().map(|letter| width(letter, ink, span, &self.skin)).sum();
                        if at > left && at + long > self.right {
                            (at, self.down) = (left, self.down + height);
                        }
                        self.word(&span.saying(piece), at, ink);
                        at += long;
                    }
                }
            }
        }
    }

    fn word(&mut self, word: &Span, at: f64, ink: Ink) {
        let long: f64 = word.text.chars().map(|letter| width(letter, ink, word, &self.skin)).sum();
        let (top, high) = (self.down - ink.size, ink.size * 1.3);
        let behind = if word.spoiler {
            Some(self.skin.faint)
        } else if word.code && !ink.mono {
            Some(self.skin.code)
        } else {
            self.skin.mention.filter(|_| word.mention)
        };
        if let Some(fill) = behind {
            self.rectangle((at, top), (long, high), fill, 0.0);
        }
        let fill = match word {
            Span { spoiler: true, .. } => self.skin.faint,
            Span { link: Some(_), .. } | Span { mention: true, .. } => self.skin.link,
            Span { code: true, .. } => self.skin.code_text,
            Span { .. } => ink.fill,
        };
        let mut style = String::new();
        if word.code || ink.mono {
            write!(style, " font-family=\"{MONO}\"").unwrap();
        }
        style.push_str(if word.bold { " font-weight=\"bold\"" } else { "" });
        style.push_str(if word.italic { " font-style=\"italic\"" } else { "" });
        match (word.underlined, word.struck) {
            (true, true) => style.push_str(" text-decoration=\"underline line-through\""),
            (true, false) => style.push_str(" text-decoration=\"underline\""),
            (false, true) => style.push_str(" text-decoration=\"line-through\""),
            (false, false) => {}
        }
        let (down, size, text) = (self.down, ink.size, escaped(&word.text));
        writeln!(
            self.ink,
            "<text y=\"{down:.1}\" font-size=\"{size:.1}\" xml:space=\"preserve\">\
             <tspan x=\"{at:.1}\" textLength=\"{long:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
             fill=\"{fill}\"{style}>{text}</tspan></text>"
        )
        .unwrap();
    }

    fn rectangle(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str, round: f64) {
        writeln!(
            self.behind,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\" fill=\"{fill}\"/>"
        )
        .unwrap();
    }

    fn finish(self) -> String {
        let Self { skin, down, behind, ink, .. } = self;
        let height = (down + PADDING * 2.0).round();
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" font-family=\"{}\">\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
            skin.font, skin.page
        );
        if let Some(bubble) = skin.bubble {
            let (width, height) = (WIDTH - PADDING * 2.0, height - PADDING * 2.0);
            writeln!(out, "<rect x=\"{PADDING}\" y=\"{PADDING}\" width=\"{width}\" height=\"{height}\" rx=\"12\" fill=\"{bubble}\"/>")
                .unwrap();
        }
        if let Some(is_round) = skin.avatar {
            let round = if is_round { 20 } else { 5 };
            writeln!(
                out,
                "<rect x=\"{x}\" y=\"{x}\" width=\"40\" height=\"40\" rx=\"{round}\" fill=\"#5865f2\"/>",
                x = PADDING * 1.5
            )
            .unwrap();
        }
        out.push_str(&behind);
        out.push_str(&ink);
        out.push_str("</svg>\n");
        out
    }
}

/// How wide a letter is: letters of one kind are of one width.
fn width(letter: char, ink: Ink, span: &Span, skin: &Skin) -> f64 {
    let is_wide = unicode_width::UnicodeWidthChar::width(letter) == Some(2);
    let share = if ink.mono || span.code || skin.font == MONO {
        if is_wide { 1.2 } else { 0.6 }
    } else if is_wide {
        1.0
    } else {
        match letter {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.25,
            ' ' | 'f' | 't' | 'r' | 'I' | '(' | ')' | '[' | ']' | '{' | '}' | '-' | '/' | '"' | '`' => 0.32,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.88,
            'A'..='Z' => 0.69,
            _ => 0.55,
        }
    };
    let bold = if span.bold { 1.12 } else { 1.0 };
    share * ink.size * bold
}

/// A word in pieces that fit into a line.
fn pieces(word: &str, room: f64, width: impl Fn(char) -> f64) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut long) = (0, 0.0);
    for (at, letter) in word.char_indices() {
        long += width(letter);
        if long > room && at > start {
            pieces.push(&word[start..at]);
            (start, long) = (at, width(letter));
        }
    }
    pieces.push(&word[start..]);
    pieces
}

/// Text as XML has it; what XML has no place for becomes a question mark in a box.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ if letter.is_control() => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}
