//! Texts to try: answers as models write them, the examples of CommonMark, and worse.

use proptest::prelude::{Strategy, prop};
use serde_json::Value;

/// The Markdown of the examples in CommonMark's specification.
pub fn commonmark() -> Vec<String> {
    let file = include_str!("../../fixtures/markdown/commonmark-0.31.2.json");
    let file: Value = serde_json::from_str(file).unwrap();
    file["examples"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// A whole answer.
pub fn answer() -> impl Strategy<Value = String> {
    prop::collection::vec(block(), 1..8).prop_map(|blocks| blocks.join("\n\n"))
}

fn word() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "the",
        "answer",
        "is",
        "42",
        "snake_case",
        "naïve",
        "数",
        "a&b",
        "x<y",
        "5*3",
        "C#",
        "(see)",
        "~5",
        "#1",
        "@ann",
        "1.5",
        "|",
        "\\*",
        "it's",
        "👨‍👩‍👧",
        "so:",
        "end.",
    ]);
    let marked = plain.clone().prop_flat_map(|word| {
        prop::sample::select(vec!["**", "*", "_", "~~", "||", "***", "`"])
            .prop_map(move |mark| format!("{mark}{word} it{mark}"))
    });
    let link = prop::sample::select(vec![
        "[docs](https://example.org/a_b)",
        "https://example.org/x_y_z",
        "**[bold](https://example.org)**",
    ]);
    proptest::prop_oneof![
        8 => plain.prop_map(str::to_owned),
        2 => marked.prop_filter("marks stand at words", |word| !word.contains("|| it") && !word.contains("\\*")),
        1 => link.prop_map(str::to_owned),
    ]
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 1..25).prop_map(|words| format!("So {}", words.join(" ")))
}

fn block() -> impl Strategy<Value = String> {
    let code = prop::collection::vec(
        prop::sample::select(vec!["let a = 1;", "    b <- c", "# no", "x * y_z"]),
        1..6,
    )
    .prop_map(|lines| format!("```rust\n{}\n```", lines.join("\n")));
    let list = || prop::collection::vec(words(), 1..5);
    let bullets = list().prop_map(|items| format!("- {}", items.join("\n- ")));
    let nested = list().prop_map(|items| format!("- {}", items.join("\n  - ")));
    let numbers = list().prop_map(|items| {
        let lines = items.iter().enumerate().map(|(at, item)| format!("{}. {item}", at + 3));
        lines.collect::<Vec<_>>().join("\n")
    });
    let table = prop::collection::vec("[a-z]{1,8}", 4).prop_map(|cells| {
        format!("| {} | {} |\n|---|--:|\n| {} | {} |", cells[0], cells[1], cells[2], cells[3])
    });
    proptest::prop_oneof![
        4 => words(),
        1 => words().prop_map(|words| format!("## {words}")),
        1 => words().prop_map(|words| format!("> {words}")),
        1 => code,
        1 => bullets,
        1 => nested,
        1 => numbers,
        1 => table,
        1 => proptest::prelude::Just("---".to_owned()),
    ]
}

/// Anything that means something somewhere.
pub fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "B9",
        " ",
        "\n",
        "\n\n",
        "*",
        "**",
        "_",
        "__",
        "~~",
        "||",
        "|",
        "`",
        "``",
        "```",
        "```rust\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "### ",
        "[",
        "]",
        "](",
        ")",
        "(",
        "<",
        ">",
        "<b>",
        "</b>",
        "<br>",
        "&lt;",
        "&",
        "\\",
        "$",
        "$$",
        "\\(",
        "\\)",
        "https://example.org/a",
        "<https://example.org>",
        "@everyone",
        "<@1>",
        "<!channel>",
        "<#C1>",
        "@ann",
        "![",
        "| a | b |\n|---|---|\n",
        "    ",
        "\t",
        "é",
        "e\u{301}",
        "👨‍👩‍👧",
        "\u{200b}",
        "\0",
        "\u{202e}",
        "---\n",
        "[^1]",
        ":",
        "<t:1>",
        "</x:1>",
        "javascript:a",
        "tg://b",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}
