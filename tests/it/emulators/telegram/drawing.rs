//! What a client makes of a text and its entities, in brief notation.

use serde_json::json;

use super::quick;
use super::telegram::{Entity, drawing};

/// Entities by kind, offset, length and argument.
type Brief = (&'static str, usize, usize, Option<&'static str>);

fn draws(text: &str, entities: &[Brief], drawn: &str) {
    let entities: Vec<Entity> = entities
        .iter()
        .map(|&(kind, offset, length, argument)| Entity {
            kind,
            offset,
            length,
            argument: argument.map(str::to_owned),
        })
        .collect();
    assert_eq!(drawing::drawn(text, &entities).to_string(), drawn, "{text:?}");
}

#[test]
fn entities_style_their_part_counted_in_utf16() {
    draws("a b", &[], "a b");
    draws("👍 bold", &[("bold", 3, 4, None)], "👍 [b:bold]");
    draws("abc", &[("bold", 0, 2, None), ("italic", 1, 2, None)], "[b:a][bi:b][i:c]");
    draws("ab", &[("underline", 0, 1, None), ("strikethrough", 1, 1, None)], "[u:a][s:b]");
    draws("ab", &[("spoiler", 0, 2, None), ("code", 1, 1, None)], "[h:a][hc:b]");
    draws("*a* <b>", &[], "*a* <b>");
    draws("see here", &[("text_link", 4, 4, Some("https://b.c/"))], "see [:here](https://b.c/)");
    draws("https://b.c", &[("url", 0, 11, None)], "[:https://b.c](https://b.c)");
    draws("@bob /start", &[("mention", 0, 4, None), ("bot_command", 5, 6, None)], "[m:@bob] [m:/start]");
    draws("ab", &[("bold", 1, 99, None), ("bold", 9, 1, None), ("bold", 0, 0, None)], "a[b:b]");
}

#[test]
fn boxes_and_quotes_have_lines_of_their_own() {
    draws("a\nlet x;\nb", &[("pre", 2, 6, Some("rust"))], "a\n```rust let x;\nb");
    draws("a\nx\n\nb", &[("pre", 2, 1, None)], "a\n``` x\n⏎b");
    draws("q\nr\nb", &[("blockquote", 0, 3, None), ("bold", 2, 1, None)], "> q⏎[b:r]\nb");
    draws("q\nx", &[("expandable_blockquote", 0, 3, None), ("pre", 2, 1, None)], "> q\n> ``` x");
    draws("qr", &[("blockquote", 0, 1, None), ("blockquote", 1, 1, None)], "> q\n> r");
    draws("a\n\nb", &[], "a⏎⏎b");
}

#[tokio::test]
async fn a_message_is_drawn_from_its_entities() {
    let (telegram, bot) = quick().await;
    telegram.user(7, "Alice");
    let html = "<b>bold <i>both</i></b> &lt;\n<pre><code class=\"language-rust\">let x;</code></pre>\n\
                <blockquote>q <s>r</s></blockquote>\n<a href=\"https://example.com\">link</a>";

    bot.ok("sendMessage", json!({ "chat_id": 7, "text": html, "parse_mode": "HTML" })).await;

    let drawn = telegram.next_message(7).await.unwrap().drawn();
    let expected = "[b:bold ][bi:both] <\n```rust let x;\n> q [s:r]\n[:link](https://example.com/)";
    assert_eq!(drawn.to_string(), expected);
    assert_eq!(drawn.text(), "bold both <\nlet x;\nq r\nlink");
}
