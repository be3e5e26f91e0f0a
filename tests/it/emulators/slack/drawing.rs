//! What a client makes of texts and blocks, in brief notation.

use serde_json::{Value, json};

use super::bot::{call, workspace};
use super::slack::Slack;

async fn posted(slack: &Slack, body: Value) -> String {
    let answer = call(slack, "chat.postMessage", body).await;
    let ts = answer["ts"].as_str().unwrap_or_else(|| panic!("{answer}"));
    slack.drawn(&slack.message("C1", ts).unwrap()).to_string()
}

async fn draws(cases: &[(&str, &str)]) {
    let (slack, _) = workspace().await;
    slack.without_rate_limits();
    for (text, drawn) in cases {
        assert_eq!(posted(&slack, json!({"channel": "C1", "text": text})).await, *drawn, "{text:?}");
    }
}

#[tokio::test]
async fn marks_stand_around_words_in_a_line() {
    draws(&[
        ("*a* _b_ ~c~ `d`", "[b:a] [i:b] [s:c] [c:d]"),
        ("*_a_ b*", "[bi:a][b: b]"),
        ("a (*b*), *c*.", "a ([b:b]), [b:c]."),
        ("**a**", "**a**"),
        ("* a *", "* a *"),
        ("*a", "*a"),
        ("*a\nb*", "*a⏎b*"),
        ("2*3*4", "2*3*4"),
        ("snake_case_name", "snake_case_name"),
        ("*a *b*", "[b:a *b]"),
        ("`*a*`", "[c:*a*]"),
        ("*a `b* c`", "*a [c:b* c]"),
        ("`a", "`a"),
        ("é*a*", "é*a*"),
        ("# a\n- b", "# a⏎- b"),
        ("[a](https://b.c)", "[a]([:https://b.c](https://b.c))"),
        (r"\*a\*", r"\[b:a\]"),
    ])
    .await;
}

#[tokio::test]
async fn control_sequences_are_names_and_links() {
    draws(&[
        ("<@U1> <#C1> <!here>", "[m:@alice] [m:#general] [m:@here]"),
        ("<https://b.c|d> <https://b.c/x_y_z>", "[:d](https://b.c) [:https://b.c/x_y_z](https://b.c/x_y_z)"),
        ("*<https://b.c|d>*", "[b:d](https://b.c)"),
        ("_a <https://b.c/_> b_", "[i:a ][i:https://b.c/_](https://b.c/_)[i: b]"),
        ("a &lt;b&gt; &amp; <c>", "a <b> & <c>"),
        ("`&lt;a&gt;`", "[c:<a>]"),
    ])
    .await;
}

#[tokio::test]
async fn boxes_and_quotes_have_lines_of_their_own() {
    draws(&[
        ("a\n```\nlet x;\n*y*\n```\nb", "a\n``` let x;⏎*y*\nb"),
        ("```a```", "``` a"),
        ("```rust\nx\n```", "``` rust⏎x"),
        ("```a", "```a"),
        ("&gt; a\nb", "> a\nb"),
        ("> a\n>b\nc", "> a⏎b\nc"),
        ("a\n&gt; *b*", "a\n> [b:b]"),
        ("&gt;&gt;&gt; a\nb\n```c```", "> a⏎b\n> ``` c"),
        ("a &gt; b", "a > b"),
    ])
    .await;
}

#[tokio::test]
async fn blocks_are_drawn_in_the_place_of_the_text() {
    let (slack, _) = workspace().await;
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "*a*"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*b*\nc"}, "fields": [
            {"type": "plain_text", "text": "*d*"},
        ]},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "_e_"}]},
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "f", "style": {"bold": true}}]},
        ]},
    ]);
    let drawn = posted(&slack, json!({"channel": "C1", "text": "t", "blocks": blocks})).await;
    assert_eq!(drawn, "# *a*\n[b:b]⏎c\n*d*\n-# [i:e]\n[b:f]");
}
