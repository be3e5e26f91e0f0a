//! `rich_text` blocks: what is accepted, what it says, and how it is drawn.
//!
//! Sources: docs.slack.dev/reference/block-kit/blocks/rich-text-block and the
//! pages of its elements (rich-text-section-element and its siblings,
//! text-element, link-element, emoji-element, …); the types of
//! slackapi/node-slack-sdk for indentation (0 to 8) and borders (0 or 1).
//! Refusals are worded as reported: "must provide a string"
//! (stoiveyp/Slack.NetStandard#90), "invalid additional property"
//! (soxtoby/SlackNet#196: mentions have no style `code`), "missing required
//! field" (slackapi/python-slack-sdk#1630), "must be more than 0 characters"; an
//! empty label of a link is refused (slack-go/slack#1412), an empty list of
//! elements is not (slackapi/python-slack-sdk#1576). The words for other wrong
//! types, numbers and choices are made after these. Elements that need other parts
//! of Slack, such as `canvas`, are unknown here.

use serde_json::{Map, Value};

use super::super::shown::{Kind, Page, Span};
use super::text::{Mention, Names, Reading};

const DEEPEST: u64 = 8;
const BLOCK_ID: usize = 255;

/// What a field has to be.
#[derive(Debug, Clone, Copy)]
enum Field {
    /// Text with at least one character.
    Text,
    /// Text that may be empty.
    AnyText,
    Number,
    Flag,
    /// A number up to this one.
    UpTo(u64),
    OneOf(&'static [&'static str]),
    /// Flags of these names.
    Style(&'static [&'static str]),
    Parts(Parts),
}

/// What stands in `elements`.
#[derive(Debug, Clone, Copy)]
enum Parts {
    Blocks,
    Sections,
    Leaves,
    TextOrLinks,
}

impl Parts {
    fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Blocks => {
                &["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"]
            }
            Self::Sections => &["rich_text_section"],
            Self::Leaves => &[
                "broadcast",
                "channel",
                "color",
                "date",
                "emoji",
                "link",
                "team",
                "text",
                "user",
                "usergroup",
            ],
            Self::TextOrLinks => &["text", "link"],
        }
    }
}

const STYLES: &[&str] =
    &["bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"];
const STYLES_OF_MENTIONS: &[&str] =
    &["bold", "italic", "strike", "underline", "highlight", "client_highlight", "unlink"];

/// A field's name, whether it has to be there, and what it is.
type Rule = (&'static str, bool, Field);

const STYLE: Rule = ("style", false, Field::Style(STYLES));
const STYLE_OF_MENTION: Rule = ("style", false, Field::Style(STYLES_OF_MENTIONS));
const BORDER: Rule = ("border", false, Field::UpTo(1));

/// The fields of an element besides `type`; nothing for elements unknown here.
fn rules(kind: &str) -> Option<&'static [Rule]> {
    Some(match kind {
        "rich_text" => &[("elements", true, Field::Parts(Parts::Blocks)), ("block_id", false, Field::Text)],
        "rich_text_section" => &[("elements", true, Field::Parts(Parts::Leaves))],
        "rich_text_list" => &[
            ("elements", true, Field::Parts(Parts::Sections)),
            ("style", true, Field::OneOf(&["bullet", "ordered"])),
            ("indent", false, Field::UpTo(DEEPEST)),
            ("offset", false, Field::Number),
            BORDER,
        ],
        "rich_text_preformatted" => &[
            ("elements", true, Field::Parts(Parts::TextOrLinks)),
            ("language", false, Field::AnyText),
            BORDER,
        ],
        "rich_text_quote" => &[("elements", true, Field::Parts(Parts::Leaves)), BORDER],
        "text" => &[("text", true, Field::Text), STYLE],
        "link" => &[
            ("url", true, Field::Text),
            ("text", false, Field::Text),
            ("unsafe", false, Field::Flag),
            ("from_llm", false, Field::Flag),
            ("is_slack_url", false, Field::Flag),
            ("truncated", false, Field::Flag),
            STYLE,
        ],
        "emoji" => &[
            ("name", true, Field::Text),
            ("unicode", false, Field::Text),
            ("skin_tone", false, Field::Number),
            STYLE_OF_MENTION,
        ],
        "date" => &[
            ("timestamp", true, Field::Number),
            ("format", true, Field::Text),
            ("url", false, Field::Text),
            ("fallback", false, Field::Text),
            STYLE,
        ],
        "user" => &[("user_id", true, Field::Text), STYLE_OF_MENTION],
        "usergroup" => &[("usergroup_id", true, Field::Text), STYLE_OF_MENTION],
        "channel" => &[("channel_id", true, Field::Text), STYLE_OF_MENTION],
        "team" => &[("team_id", true, Field::Text), STYLE_OF_MENTION],
        "color" => &[("value", true, Field::Text), STYLE_OF_MENTION],
        "broadcast" => &[("range", true, Field::OneOf(&["here", "channel", "everyone"])), STYLE_OF_MENTION],
        _ => return None,
    })
}

/// What is wrong with a block at this place, as Slack says it.
pub(super) fn wrongs(block: &Value, pointer: &str) -> Vec<String> {
    let mut wrongs = Vec::new();
    if block["block_id"].as_str().is_some_and(|id| id.chars().count() > BLOCK_ID) {
        complain(
            &mut wrongs,
            &format!("must be less than {} characters", BLOCK_ID + 1),
            &format!("{pointer}/block_id"),
        );
    }
    if block["elements"].as_array().is_some_and(Vec::is_empty) {
        complain(&mut wrongs, "must provide at least 1 item", &format!("{pointer}/elements"));
    }
    check(block, &["rich_text"], pointer, &mut wrongs);
    wrongs
}

fn complain(wrongs: &mut Vec<String>, problem: &str, pointer: &str) {
    wrongs.push(format!("[ERROR] {problem} [json-pointer:{pointer}]"));
}

/// Checks an element, and what is in it.
fn check(element: &Value, kinds: &[&str], pointer: &str, wrongs: &mut Vec<String>) {
    let Some(fields) = element.as_object() else {
        return complain(wrongs, "must provide an object", pointer);
    };
    let Some(kind) = fields.get("type") else {
        return complain(wrongs, "missing required field: type", pointer);
    };
    let known = kind.as_str().filter(|kind| kinds.contains(kind)).and_then(|kind| rules(kind));
    let Some(rules) = known else {
        let name = kind.as_str().map_or_else(|| kind.to_string(), str::to_owned);
        return complain(wrongs, &format!("unsupported type: {name}"), &format!("{pointer}/type"));
    };
    check_names(fields, rules.iter().map(|(name, _, _)| *name).chain(["type"]), pointer, wrongs);
    for (name, is_required, field) in rules {
        let pointer = format!("{pointer}/{name}");
        match fields.get(*name) {
            Some(value) => check_field(value, *field, &pointer, wrongs),
            None if *is_required => {
                let pointer = pointer.rsplit_once('/').map_or("", |(element, _)| element);
                complain(wrongs, &format!("missing required field: {name}"), pointer);
            }
            None => {}
        }
    }
}

fn check_names<'a>(
    fields: &Map<String, Value>,
    known: impl Iterator<Item = &'a str>,
    pointer: &str,
    wrongs: &mut Vec<String>,
) {
    let known: Vec<&str> = known.collect();
    for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
        complain(wrongs, &format!("invalid additional property: {name}"), pointer);
    }
}

fn check_field(value: &Value, field: Field, pointer: &str, wrongs: &mut Vec<String>) {
    let mut fails = |is_right: bool, problem: &str| {
        if !is_right {
            complain(wrongs, problem, pointer);
        }
    };
    match field {
        Field::Text | Field::AnyText => {
            fails(value.is_string(), "must provide a string");
            let is_empty = matches!(field, Field::Text) && value.as_str() == Some("");
            fails(!is_empty, "must be more than 0 characters");
        }
        Field::Number => fails(value.is_u64(), "must provide a number"),
        Field::Flag => fails(value.is_boolean(), "must provide a boolean"),
        Field::UpTo(most) => {
            fails(value.is_u64(), "must provide a number");
            fails(
                value.as_u64().is_none_or(|number| number <= most),
                &format!("must be less than {}", most + 1),
            );
        }
        Field::OneOf(choices) => {
            fails(value.is_string(), "must provide a string");
            fails(value.as_str().is_none_or(|one| choices.contains(&one)), "must be a valid enum value");
        }
        Field::Style(names) => {
            let Some(flags) = value.as_object() else { return fails(false, "must provide an object") };
            check_names(flags, names.iter().copied(), pointer, wrongs);
            for (name, flag) in flags {
                check_field(flag, Field::Flag, &format!("{pointer}/{name}"), wrongs);
            }
        }
        Field::Parts(parts) => {
            let Some(elements) = value.as_array() else { return fails(false, "must provide an array") };
            for (index, element) in elements.iter().enumerate() {
                check(element, parts.kinds(), &format!("{pointer}/{index}"), wrongs);
            }
        }
    }
}

fn text_of(element: &Value, name: &str) -> String {
    element[name].as_str().unwrap_or_default().to_owned()
}

fn elements(element: &Value) -> impl Iterator<Item = &Value> {
    element["elements"].as_array().into_iter().flatten()
}

/// What a block says, a line for each section, item, box and quote.
pub(super) fn read(block: &Value, names: &dyn Names) -> Reading {
    let mut reading = Reading::default();
    for part in elements(block) {
        let items = if part["type"] == "rich_text_list" { elements(part).collect() } else { vec![part] };
        for lines in items {
            let mut own = Reading::default();
            elements(lines).for_each(|leaf| read_leaf(leaf, names, &mut own));
            own.seen.truncate(own.seen.trim_end_matches('\n').len());
            reading.append(own);
        }
    }
    reading
}

fn read_leaf(leaf: &Value, names: &dyn Names, reading: &mut Reading) {
    reading.verbatim(&leaf_text(leaf, names));
    match leaf["type"].as_str().unwrap_or_default() {
        "link" => reading.links.push(text_of(leaf, "url")),
        "user" => reading.mentions.push(Mention::User(text_of(leaf, "user_id"))),
        "usergroup" => reading.mentions.push(Mention::Group(text_of(leaf, "usergroup_id"))),
        "broadcast" => reading.mentions.push(Mention::Everybody),
        _ => {}
    }
}

fn leaf_text(leaf: &Value, names: &dyn Names) -> String {
    let named = |sign: &str, id: String, name: Option<String>| format!("{sign}{}", name.unwrap_or(id));
    match leaf["type"].as_str().unwrap_or_default() {
        "text" => text_of(leaf, "text"),
        "link" => leaf["text"].as_str().map_or_else(|| text_of(leaf, "url"), str::to_owned),
        "user" => {
            let id = text_of(leaf, "user_id");
            named("@", id.clone(), names.user(&id))
        }
        "usergroup" => {
            let id = text_of(leaf, "usergroup_id");
            named("@", id.clone(), names.group(&id))
        }
        "channel" => {
            let id = text_of(leaf, "channel_id");
            named("#", id.clone(), names.channel(&id))
        }
        "broadcast" => format!("@{}", text_of(leaf, "range")),
        "team" => format!("@{}", text_of(leaf, "team_id")),
        "color" => text_of(leaf, "value"),
        "date" => leaf["fallback"].as_str().map_or_else(|| text_of(leaf, "format"), str::to_owned),
        "emoji" => format!(":{}:", text_of(leaf, "name")),
        _ => String::new(),
    }
}

/// Draws a block.
pub(super) fn draw(block: &Value, names: &dyn Names, page: &mut Page) {
    for part in elements(block) {
        let has_border = part["border"] == 1;
        page.end();
        match part["type"].as_str().unwrap_or_default() {
            "rich_text_list" => {
                let indent = usize::try_from(part["indent"].as_u64().unwrap_or(0)).unwrap_or(0);
                let offset = part["offset"].as_u64().unwrap_or(0);
                for (number, item) in (offset + 1..).zip(elements(part)) {
                    let sign = sign(part["style"] == "ordered", indent, number);
                    page.begin(Kind::ListItem { sign }, has_border, indent);
                    elements(item).for_each(|leaf| page.say(look(leaf, names), has_border, indent));
                    page.end();
                }
            }
            kind => {
                let quoted = has_border || kind == "rich_text_quote";
                if kind == "rich_text_preformatted" {
                    let language = part["language"].as_str().map(str::to_owned);
                    page.begin(Kind::Code { language }, quoted, 0);
                }
                elements(part).for_each(|leaf| page.say(look(leaf, names), quoted, 0));
            }
        }
    }
    page.end();
}

/// Items have other signs in lists inside of lists, three kinds in turn.
fn sign(is_ordered: bool, indent: usize, number: u64) -> String {
    match (is_ordered, indent % 3) {
        (false, turn) => ["•", "◦", "▪"][turn].to_owned(),
        (true, 1) => {
            let letter = u8::try_from((number - 1) % 26).unwrap_or(0);
            format!("{}.", char::from(b'a' + letter))
        }
        (true, 2) => format!("{}.", roman(number)),
        (true, _) => format!("{number}."),
    }
}

fn roman(number: u64) -> String {
    const DIGITS: [(u64, &str); 9] =
        [(100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")];
    let mut rest = number.min(1_000);
    let mut out = String::new();
    for (value, digits) in DIGITS {
        while rest >= value {
            out.push_str(digits);
            rest -= value;
        }
    }
    out
}

fn look(leaf: &Value, names: &dyn Names) -> Span {
    let has = |name: &str| leaf["style"][name] == true;
    let kind = leaf["type"].as_str().unwrap_or_default();
    let unicode = leaf["unicode"].as_str().filter(|_| kind == "emoji").map(|codes| {
        let letters = codes.split('-').filter_map(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        letters.collect::<String>()
    });
    Span {
        text: unicode.filter(|text| !text.is_empty()).unwrap_or_else(|| leaf_text(leaf, names)),
        bold: has("bold"),
        italic: has("italic"),
        struck: has("strike"),
        underlined: has("underline"),
        code: has("code"),
        mention: matches!(kind, "user" | "usergroup" | "channel" | "team" | "broadcast"),
        link: leaf["url"].as_str().map(str::to_owned),
        spoiler: false,
    }
}
