//! Rich text: what is accepted, kept and seen.

use serde_json::{Value, json};

use super::bot::{call, get, workspace};
use super::slack::Slack;

fn section(elements: Value) -> Value {
    json!({"type": "rich_text_section", "elements": elements})
}

fn block(elements: Value) -> Value {
    json!([{"type": "rich_text", "elements": elements}])
}

/// A block with one leaf in a section.
fn leaf(leaf: Value) -> Value {
    block(json!([section(json!([leaf]))]))
}

/// What Slack says to blocks: nothing, or the first of its complaints.
async fn complaint(slack: &Slack, blocks: &Value) -> Option<String> {
    let body = json!({"channel": "C1", "text": "t", "blocks": blocks});
    let answer = call(slack, "chat.postMessage", body).await;
    if answer["ok"] == true {
        return None;
    }
    assert_eq!(answer["error"], "invalid_blocks", "{answer}");
    assert_eq!(answer["errors"], answer["response_metadata"]["messages"]);
    Some(answer["errors"][0].as_str().unwrap().to_owned())
}

async fn is_drawn(slack: &Slack, blocks: Value, drawn: &str) {
    let body = json!({"channel": "C1", "text": "t", "blocks": blocks});
    let answer = call(slack, "chat.postMessage", body).await;
    let ts = answer["ts"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let shown = slack.message("C1", ts).unwrap();
    assert_eq!(slack.drawn(&shown).to_string(), drawn);
}

#[tokio::test]
async fn every_documented_element_is_accepted() {
    let (slack, _) = workspace().await;
    slack.without_rate_limits();
    let leaves = json!([
        {"type": "text", "text": "a", "style": {"bold": true, "italic": false, "strike": true, "code": true}},
        {"type": "text", "text": " ", "style": {"underline": true}},
        {"type": "link", "url": "https://b.c"},
        {"type": "link", "url": "https://b.c", "text": "d", "unsafe": true, "style": {"code": true}},
        {"type": "emoji", "name": "wave", "unicode": "1f44b"},
        {"type": "user", "user_id": "U1", "style": {"bold": true}},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "team", "team_id": "T1"},
        {"type": "broadcast", "range": "here"},
        {"type": "color", "value": "#f00"},
        {"type": "date", "timestamp": 1_720_710_212, "format": "{date_num}", "fallback": "then"},
    ]);
    let blocks = block(json!([
        section(leaves.clone()),
        {"type": "rich_text_quote", "elements": leaves, "border": 1},
        {"type": "rich_text_list", "style": "ordered", "indent": 8, "offset": 3, "border": 0,
            "elements": [section(leaves)]},
        {"type": "rich_text_preformatted", "language": "rust", "border": 0, "elements": [
            {"type": "text", "text": "let x;"}, {"type": "link", "url": "https://b.c"},
        ]},
        section(json!([])),
    ]));
    assert_eq!(complaint(&slack, &blocks).await, None);
    assert_eq!(slack.take_problems().len(), 0);
}

#[tokio::test]
async fn leaves_have_their_fields_and_no_others() {
    let (slack, _) = workspace().await;
    slack.without_rate_limits();
    let at = "/blocks/0/elements/0/elements/0";
    let cases = [
        (json!({"type": "text", "text": ""}), "must be more than 0 characters", "/text"),
        (json!({"type": "text"}), "missing required field: text", ""),
        (json!({"type": "text", "text": 1}), "must provide a string", "/text"),
        (json!({"type": "text", "text": "a", "bold": true}), "invalid additional property: bold", ""),
        (
            json!({"type": "text", "text": "a", "style": {"big": true}}),
            "invalid additional property: big",
            "/style",
        ),
        (
            json!({"type": "text", "text": "a", "style": {"bold": "yes"}}),
            "must provide a boolean",
            "/style/bold",
        ),
        (json!({"type": "text", "text": "a", "style": "bold"}), "must provide an object", "/style"),
        (json!({"type": "text", "text": "a", "style": null}), "must provide an object", "/style"),
        (
            json!({"type": "user", "user_id": "U1", "style": {"code": true}}),
            "invalid additional property: code",
            "/style",
        ),
        (json!({"type": "user", "user": "U1"}), "invalid additional property: user", ""),
        (json!({"type": "link", "text": "a"}), "missing required field: url", ""),
        (
            json!({"type": "link", "url": "https://b.c", "text": ""}),
            "must be more than 0 characters",
            "/text",
        ),
        (json!({"type": "link", "url": ""}), "must be more than 0 characters", "/url"),
        (json!({"type": "emoji"}), "missing required field: name", ""),
        (json!({"type": "broadcast", "range": "all"}), "must be a valid enum value", "/range"),
        (
            json!({"type": "date", "timestamp": "now", "format": "{date}"}),
            "must provide a number",
            "/timestamp",
        ),
        (json!({"type": "image", "image_url": "https://b.c"}), "unsupported type: image", "/type"),
        (json!({"text": "a"}), "missing required field: type", ""),
        (json!("a"), "must provide an object", ""),
        (section(json!([])), "unsupported type: rich_text_section", "/type"),
    ];
    let count = cases.len();
    for (element, problem, place) in cases {
        let expected = format!("[ERROR] {problem} [json-pointer:{at}{place}]");
        assert_eq!(complaint(&slack, &leaf(element.clone())).await.as_ref(), Some(&expected), "{element}");
    }
    assert_eq!(slack.take_problems().len(), count);
}

#[tokio::test]
async fn lists_boxes_and_quotes_hold_what_they_may() {
    let (slack, _) = workspace().await;
    slack.without_rate_limits();
    let text = json!({"type": "text", "text": "a"});
    let list = |elements: Value, rest: Value| {
        let mut list = json!({"type": "rich_text_list", "style": "bullet", "elements": elements});
        list.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        list
    };
    let item = json!([section(json!([text]))]);
    let cases = [
        (text.clone(), "unsupported type: text", "/type"),
        (json!({"type": "rich_text_section"}), "missing required field: elements", ""),
        (json!({"type": "rich_text_section", "elements": {}}), "must provide an array", "/elements"),
        (json!({"type": "rich_text_list", "elements": item}), "missing required field: style", ""),
        (list(json!([text]), json!({})), "unsupported type: text", "/elements/0/type"),
        (
            list(json!([list(item.clone(), json!({}))]), json!({})),
            "unsupported type: rich_text_list",
            "/elements/0/type",
        ),
        (list(item.clone(), json!({"style": "star"})), "must be a valid enum value", "/style"),
        (list(item.clone(), json!({"indent": 9})), "must be less than 9", "/indent"),
        (list(item.clone(), json!({"indent": -1})), "must provide a number", "/indent"),
        (list(item.clone(), json!({"indent": "1"})), "must provide a number", "/indent"),
        (list(item.clone(), json!({"offset": 1.5})), "must provide a number", "/offset"),
        (list(item.clone(), json!({"border": 2})), "must be less than 2", "/border"),
        (list(item, json!({"start": 2})), "invalid additional property: start", ""),
        (
            json!({"type": "rich_text_preformatted", "elements": [{"type": "emoji", "name": "a"}]}),
            "unsupported type: emoji",
            "/elements/0/type",
        ),
        (
            json!({"type": "rich_text_quote", "elements": [section(json!([]))]}),
            "unsupported type: rich_text_section",
            "/elements/0/type",
        ),
    ];
    for (element, problem, place) in cases {
        let expected = format!("[ERROR] {problem} [json-pointer:/blocks/0/elements/0{place}]");
        assert_eq!(complaint(&slack, &block(json!([element]))).await, Some(expected), "{element}");
    }
    let empty = complaint(&slack, &block(json!([]))).await;
    assert_eq!(
        empty.as_deref(),
        Some("[ERROR] must provide at least 1 item [json-pointer:/blocks/0/elements]")
    );
    let missing = complaint(&slack, &json!([{"type": "divider"}, {"type": "rich_text"}])).await;
    assert_eq!(missing.as_deref(), Some("[ERROR] missing required field: elements [json-pointer:/blocks/1]"));
    slack.take_problems();
}

#[tokio::test]
async fn history_gives_rich_text_back_as_it_was_posted_with_an_id() {
    let (slack, _) = workspace().await;
    let mut posted = leaf(json!({"type": "text", "text": "a & <b>", "style": {"bold": true}}));
    let body = json!({"channel": "C1", "text": "fallback", "blocks": posted});
    let answer = call(&slack, "chat.postMessage", body).await;

    let history = get(&slack, "conversations.history", &[("channel", "C1")]).await;

    let kept = &history["messages"][0]["blocks"];
    let id = kept[0]["block_id"].as_str().unwrap();
    assert!(!id.is_empty());
    posted[0]["block_id"] = json!(id);
    assert_eq!(*kept, posted);
    assert_eq!(answer["message"]["blocks"], posted);
    assert_eq!(history["messages"][0]["text"], "fallback");
}

#[tokio::test]
async fn people_read_a_line_for_each_part_and_are_called_by_their_mention() {
    let (slack, _) = workspace().await;
    slack.without_rate_limits();
    let blocks = block(json!([
        section(json!([{"type": "text", "text": "Hi "}, {"type": "user", "user_id": "U1"}, {"type": "text", "text": ":\n"}])),
        {"type": "rich_text_list", "style": "bullet", "elements": [
            section(json!([{"type": "text", "text": "one"}])), section(json!([{"type": "text", "text": "two"}])),
        ]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "<!channel>"}]},
    ]));
    let answer =
        call(&slack, "chat.postMessage", json!({"channel": "C1", "text": "t", "blocks": blocks})).await;
    let shown = slack.message("C1", answer["ts"].as_str().unwrap()).unwrap();
    assert_eq!(shown.text, "Hi @alice:\none\ntwo\n<!channel>");
    assert_eq!(shown.notified, ["U1"]);
    let drawn = "Hi [m:@alice]:\n• one\n• two\n> <!channel>";
    assert_eq!(slack.drawn(&shown).to_string(), drawn);
}

#[tokio::test]
async fn rich_text_is_drawn_part_by_part() {
    let (slack, _) = workspace().await;
    slack.without_rate_limits();
    let styles = json!([
        {"type": "text", "text": "a", "style": {"bold": true, "italic": true}},
        {"type": "text", "text": "b", "style": {"strike": true, "underline": true}},
        {"type": "text", "text": "*c*", "style": {"code": true}},
        {"type": "text", "text": "\nd "},
        {"type": "link", "url": "https://b.c", "text": "e", "style": {"bold": true}},
        {"type": "link", "url": "https://b.c"},
        {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fb"},
        {"type": "emoji", "name": "shipit"},
        {"type": "broadcast", "range": "here"},
        {"type": "channel", "channel_id": "C1"},
    ]);
    let drawn =
        "[bi:a][us:b][c:*c*]⏎d [b:e](https://b.c)[:https://b.c](https://b.c)👋🏻:shipit:[m:@here#general]";
    is_drawn(&slack, block(json!([section(styles)])), drawn).await;
    let list = |style: &str, indent: u64, offset: u64, words: &[&str]| {
        let items: Vec<Value> =
            words.iter().map(|word| section(json!([{"type": "text", "text": word}]))).collect();
        json!({"type": "rich_text_list", "style": style, "indent": indent, "offset": offset, "elements": items})
    };
    let lists = block(json!([
        list("ordered", 0, 0, &["a", "b"]),
        list("bullet", 1, 0, &["c"]),
        list("ordered", 2, 3, &["d"]),
        list("ordered", 0, 2, &["e"]),
        list("ordered", 1, 1, &["f"]),
    ]));
    is_drawn(&slack, lists, "1. a\n2. b\n  ◦ c\n    iv. d\n3. e\n  b. f").await;
    let boxes = block(json!([
        section(json!([{"type": "text", "text": "x\n"}])),
        {"type": "rich_text_preformatted", "language": "rust", "elements": [{"type": "text", "text": "let x;\n*y*"}]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "q\nr"}]},
        {"type": "rich_text_preformatted", "border": 1, "elements": [{"type": "text", "text": "z"}]},
    ]));
    is_drawn(&slack, boxes, "x\n```rust let x;⏎*y*\n> q⏎r\n> ``` z").await;
}
