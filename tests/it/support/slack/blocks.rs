//! Block Kit: what is accepted, and what a person sees of it.
//!
//! Source: docs.slack.dev/reference/block-kit/blocks. The sum over all blocks
//! is not documented; slackapi/bolt-js#2509 measured about 13,200 characters.
//! What stands in `rich_text` is looked at in `rich.rs`.

use serde_json::{Value, json};

use super::super::shown::{Kind, Page, Shown, Span};
use super::methods::Refusal;
use super::text::{Names, Parse, Reading};
use super::{mrkdwn, rich};

const MOST_BLOCKS: usize = 50;
const SECTION_TEXT: usize = 3_000;
const HEADER_TEXT: usize = 150;
const MARKDOWN_TEXT: usize = 12_000;
const BUTTON_TEXT: usize = 75;
const BUTTON_VALUE: usize = 2_000;
const ACTION_ID: usize = 255;
const ALL_BLOCKS: usize = 13_200;
const KNOWN: [&str; 13] = [
    "actions",
    "alert",
    "card",
    "carousel",
    "context",
    "context_actions",
    "divider",
    "file",
    "header",
    "image",
    "markdown",
    "table",
    "video",
];

/// Checks blocks as `chat.postMessage` does.
pub(super) fn check(blocks: &Value) -> Result<(), Refusal> {
    let Some(list) = blocks.as_array() else {
        return Err(Refusal::malformed("invalid_blocks_format"));
    };
    let mut wrong = Vec::new();
    if list.len() > MOST_BLOCKS {
        wrong.push(format!("[ERROR] no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]"));
    }
    let mut markdown = 0;
    for (index, block) in list.iter().enumerate() {
        if block["type"] == "rich_text" {
            wrong.extend(rich::wrongs(block, &format!("/blocks/{index}")));
        } else if let Err(problem) = check_block(block) {
            wrong.push(format!("[ERROR] {problem} [json-pointer:/blocks/{index}]"));
        }
        if block["type"] == "markdown" {
            markdown += text_length(&block["text"]);
        }
    }
    if !wrong.is_empty() {
        let details = json!({"errors": wrong.clone(), "response_metadata": {"messages": wrong}});
        return Err(Refusal::malformed("invalid_blocks").with(details));
    }
    if markdown > MARKDOWN_TEXT || total_length(blocks) > ALL_BLOCKS {
        return Err(Refusal::malformed("msg_blocks_too_long"));
    }
    Ok(())
}

fn check_block(block: &Value) -> Result<(), String> {
    let kind = block["type"].as_str().ok_or("missing required field: type")?;
    match kind {
        "section" => check_section(block),
        "header" => check_text(&block["text"], HEADER_TEXT, &["plain_text"]),
        "markdown" => {
            block["text"].as_str().map(|_| ()).ok_or_else(|| "missing required field: text".to_owned())
        }
        "context" => check_elements(block, 10, |element| match element["type"].as_str() {
            Some("image") => Ok(()),
            _ => check_text(element, SECTION_TEXT, &["plain_text", "mrkdwn"]),
        }),
        "actions" => check_elements(block, 25, check_action),
        "input" => Err("unsupported type: input".to_owned()),
        known if KNOWN.contains(&known) => Ok(()),
        unknown => Err(format!("unsupported type: {unknown}")),
    }
}

fn check_section(block: &Value) -> Result<(), String> {
    if block["text"].is_null() && block["fields"].is_null() {
        return Err("missing required field: text or fields".to_owned());
    }
    if !block["text"].is_null() {
        check_text(&block["text"], SECTION_TEXT, &["plain_text", "mrkdwn"])?;
    }
    let fields = block["fields"].as_array().map_or(&[][..], Vec::as_slice);
    if fields.len() > 10 {
        return Err("no more than 10 items allowed".to_owned());
    }
    fields.iter().try_for_each(|field| check_text(field, 2_000, &["plain_text", "mrkdwn"]))?;
    if block["accessory"].is_null() { Ok(()) } else { check_action(&block["accessory"]) }
}

fn check_elements(
    block: &Value,
    most: usize,
    check: impl Fn(&Value) -> Result<(), String>,
) -> Result<(), String> {
    let elements = block["elements"].as_array().ok_or("missing required field: elements")?;
    if elements.is_empty() {
        return Err("must provide at least 1 item".to_owned());
    }
    if elements.len() > most {
        return Err(format!("no more than {most} items allowed"));
    }
    elements.iter().try_for_each(check)
}

fn check_action(element: &Value) -> Result<(), String> {
    let kind = element["type"].as_str().ok_or("missing required field: type")?;
    if kind == "button" {
        check_text(&element["text"], BUTTON_TEXT, &["plain_text"])?;
        if text_length(&element["value"]) > BUTTON_VALUE {
            return Err(format!("must be less than {} characters", BUTTON_VALUE + 1));
        }
        if text_length(&element["action_id"]) > ACTION_ID {
            return Err(format!("must be less than {} characters", ACTION_ID + 1));
        }
    }
    Ok(())
}

fn check_text(object: &Value, most: usize, kinds: &[&str]) -> Result<(), String> {
    let kind = object["type"].as_str().ok_or("missing required field: type")?;
    if !kinds.contains(&kind) {
        return Err(format!("unsupported type: {kind}"));
    }
    let text = object["text"].as_str().ok_or("missing required field: text")?;
    match text.chars().count() {
        0 => Err("must be more than 0 characters".to_owned()),
        length if length > most => Err(format!("must be less than {} characters", most + 1)),
        _ => Ok(()),
    }
}

fn text_length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

/// The characters of all strings in the blocks.
fn total_length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.iter().map(total_length).sum(),
        Value::Object(fields) => fields.values().map(total_length).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// What a person sees of blocks, one line per block.
pub(super) fn read(blocks: &Value, names: &dyn Names) -> Reading {
    let mut reading = Reading::default();
    for block in blocks.as_array().into_iter().flatten() {
        reading.append(read_block(block, names));
    }
    reading
}

fn read_block(block: &Value, names: &dyn Names) -> Reading {
    let mut reading = Reading::default();
    match block["type"].as_str().unwrap_or_default() {
        "section" => {
            reading.append(read_object(&block["text"], names));
            for field in block["fields"].as_array().into_iter().flatten() {
                reading.append(read_object(field, names));
            }
        }
        "header" => reading.append(read_object(&block["text"], names)),
        "markdown" => reading = Reading::of(block["text"].as_str().unwrap_or_default(), Parse::Normal, names),
        "context" => {
            for element in block["elements"].as_array().into_iter().flatten() {
                reading.append(read_object(element, names));
            }
        }
        "rich_text" => reading = rich::read(block, names),
        "image" => reading.links.extend(block["image_url"].as_str().map(str::to_owned)),
        _ => {}
    }
    reading
}

fn read_object(object: &Value, names: &dyn Names) -> Reading {
    let text = object["text"].as_str().unwrap_or_default();
    if object["type"] == "mrkdwn" {
        return Reading::of(text, Parse::Normal, names);
    }
    let mut reading = Reading::default();
    reading.verbatim(text);
    reading
}

/// Draws blocks; what is no text is left out.
pub(super) fn draw(blocks: &Value, names: &dyn Names, page: &mut Page) {
    for block in blocks.as_array().into_iter().flatten() {
        page.end();
        match block["type"].as_str().unwrap_or_default() {
            "section" => {
                let fields = block["fields"].as_array().into_iter().flatten();
                for object in std::iter::once(&block["text"]).chain(fields) {
                    page.end();
                    draw_object(object, names, page);
                }
            }
            "header" => {
                page.begin(Kind::Heading(1), false, 0);
                draw_object(&block["text"], names, page);
            }
            "context" => {
                page.begin(Kind::Subtext, false, 0);
                let elements = block["elements"].as_array().into_iter().flatten();
                elements.for_each(|element| draw_object(element, names, page));
            }
            "markdown" => draw_object(&json!({"type": "plain_text", "text": block["text"]}), names, page),
            "rich_text" => rich::draw(block, names, page),
            _ => {}
        }
    }
    page.end();
}

fn draw_object(object: &Value, names: &dyn Names, page: &mut Page) {
    let text = object["text"].as_str().unwrap_or_default();
    if object["type"] == "mrkdwn" {
        mrkdwn::draw(text, names, page);
    } else {
        page.say(Span::default().saying(text), false, 0);
    }
}

/// A button a person can click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    pub action_id: String,
    pub block_id: String,
    pub label: String,
    pub value: Option<String>,
    pub url: Option<String>,
}

/// The buttons in blocks.
pub(super) fn buttons(blocks: &Value) -> Vec<Button> {
    let mut found = Vec::new();
    for block in blocks.as_array().into_iter().flatten() {
        let elements =
            block["elements"].as_array().into_iter().flatten().chain(std::iter::once(&block["accessory"]));
        for element in elements.filter(|element| element["type"] == "button") {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            found.push(Button {
                action_id: text(&element["action_id"]).unwrap_or_default(),
                block_id: text(&block["block_id"]).unwrap_or_default(),
                label: text(&element["text"]["text"]).unwrap_or_default(),
                value: text(&element["value"]),
                url: text(&element["url"]),
            });
        }
    }
    found
}

/// Blocks without the identifiers that Slack makes up anew each time.
pub(super) fn nameless(blocks: Option<&Value>) -> Option<Value> {
    let mut blocks = blocks.cloned();
    for block in blocks.as_mut().and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = block.as_object_mut() {
            fields.remove("block_id");
        }
    }
    blocks
}

/// Gives blocks and actions the identifiers Slack makes up when they have none.
pub(super) fn name_parts(blocks: &mut Value, mut fresh: impl FnMut() -> String) {
    for block in blocks.as_array_mut().into_iter().flatten() {
        if block["block_id"].is_null() {
            block["block_id"] = json!(fresh());
        }
        for element in block.get_mut("elements").and_then(Value::as_array_mut).into_iter().flatten() {
            if element["type"] == "button" && element["action_id"].is_null() {
                element["action_id"] = json!(fresh());
            }
        }
    }
}

/// Takes blocks as `chat.postMessage` takes them, where nobody is known, and draws them.
pub fn drawn(blocks: &Value) -> Result<Shown, String> {
    struct Nobody;

    impl Names for Nobody {
        fn user(&self, _: &str) -> Option<String> {
            None
        }

        fn user_named(&self, _: &str) -> Option<String> {
            None
        }

        fn channel(&self, _: &str) -> Option<String> {
            None
        }

        fn group(&self, _: &str) -> Option<String> {
            None
        }
    }

    check(blocks).map_err(|refusal| format!("{} {:?}", refusal.error, refusal.details))?;
    let mut page = Page::default();
    draw(blocks, &Nobody, &mut page);
    Ok(page.finish())
}
