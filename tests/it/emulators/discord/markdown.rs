//! What a client makes of a text: a table for each rule, in brief notation.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::post;
use super::emulator::{Discord, markdown};

fn draws(cases: &[(&str, &str)]) {
    for (text, drawn) in cases {
        assert_eq!(markdown::read(text).to_string(), *drawn, "{text:?}");
    }
}

#[test]
fn marks_stand_around_words() {
    draws(&[
        ("a **b** c", "a [b:b] c"),
        ("*a* _b_", "[i:a] [i:b]"),
        ("__a__ ~~b~~ ||c||", "[u:a] [s:b] [h:c]"),
        ("***a***", "[bi:a]"),
        ("__***a***__", "[biu:a]"),
        ("**a *b* c**", "[b:a ][bi:b][b: c]"),
        ("*a **b** c*", "[i:a ][bi:b][i: c]"),
        ("||**a** b||", "[bh:a][h: b]"),
        ("**a\nb**", "[b:a⏎b]"),
        ("~~a **b~~ c**", "[s:a **b] c**"),
    ]);
}

#[test]
fn the_longest_mark_wins_and_stray_ones_are_text() {
    draws(&[
        ("***both* bold**", "[bi:both][b: bold]"),
        ("***both** italic*", "[bi:both][i: italic]"),
        ("**foo*", "*[i:foo]"),
        ("**foo***", "[b:foo*]"),
        ("*foo", "*foo"),
        ("**foo", "**foo"),
        ("a * b * c", "a * b * c"),
        // Two spaces at most may stand before the last star, and are not shown.
        ("a *b * c", "a [i:b] c"),
        ("a *b *c", "a [i:b]c"),
        ("a *b   * c", "a *b   * c"),
        ("** a **", "[b: a ]"),
        ("**foo__bar**baz__", "[b:foo__bar]baz__"),
        ("**", "**"),
        ("***", "***"),
        ("****", "[i:**]"),
        ("*****", "[b:*]"),
        ("||||", "||||"),
        ("~~~~~", "[s:~]"),
        ("2*3*4", "2[i:3]4"),
        ("~~a~~_", "~~a~~_"),
    ]);
}

#[test]
fn underscores_end_with_the_word() {
    draws(&[
        ("snake_case_name", "snake_case_name"),
        ("_a_b_c", "_a_b_c"),
        ("a _b_, c", "a [i:b], c"),
        ("_a __b__ c_", "[i:a ][iu:b][i: c]"),
        ("___a___", "[iu:a]"),
        ("__init__.py", "[u:init].py"),
        ("__a", "__a"),
        // The client looks at what follows only: a word may come before.
        ("some_thing_", "some[i:thing]"),
        ("_a_b_", "_a[i:b]"),
    ]);
}

#[test]
fn a_backslash_takes_a_sign_its_meaning() {
    draws(&[
        (r"\*a\*", "*a*"),
        (r"\**a\**", "*[i:a*]"),
        (r"*a\*", "*a*"),
        (r"**a\*\***", "[b:a**]"),
        (r"a\b \é", r"a\b é"),
        (r"\\*a*", r"\[i:a]"),
        (r"\_a\_ \~~a~~ \||a||", "_a_ ~~a~~ ||a||"),
        (r"\`a\`", "`a`"),
        (r"`a\`", r"[c:a\]"),
        (r"\# a", "# a"),
        (r"\- a", "- a"),
        (r"1\. a", "1. a"),
        (r"\> a", "> a"),
        (r"\-# a", "-# a"),
        (r"\[a](https://b.c)", "[a]([:https://b.c](https://b.c))"),
        (r"\<@1>", "<@1>"),
        (r"¯\_(ツ)_/¯", r"¯\_(ツ)_/¯"),
        ("a\\", "a\\"),
        ("\\\na", "\\⏎a"),
    ]);
}

#[test]
fn code_in_a_line_has_one_backtick_or_more() {
    draws(&[
        ("a `b` c", "a [c:b] c"),
        ("`**a**`", "[c:**a**]"),
        ("``a`b``", "[c:a`b]"),
        ("`` `a` ``", "[c:`a`]"),
        ("` a `", "[c: a ]"),
        ("`a\nb`", "[c:a⏎b]"),
        ("`a``b`", "[c:a``b]"),
        ("`a", "`a"),
        ("``a`", "[c:`a]"),
        ("**`a`**", "[bc:a]"),
        ("*a `b* c`", "[i:a `b] c`"),
        ("``", "``"),
        ("```\n`bar`", "[c:``⏎]bar`"),
    ]);
}

#[test]
fn three_backticks_make_a_box() {
    draws(&[
        ("```rust\nlet x;\n```", "```rust let x;"),
        ("```\nlet x;\n```", "``` let x;"),
        ("```let x;```", "``` let x;"),
        ("```rust```", "``` rust"),
        ("```not a name\nx```", "``` not a name⏎x"),
        ("```c++\n\n\n  x\n\n```", "```c++   x"),
        ("```cpp\n```", "``` cpp"),
        ("a\n```\nb\n```\nc", "a\n``` b\nc"),
        ("a\n\n```\nb\n```\n\nc", "a⏎\n``` b\n⏎c"),
        ("```\n*a* \\* <@1> # b\n```", "``` *a* \\* <@1> # b"),
        ("```\na``b\n```", "``` a``b"),
        ("````a````", "``` `a\n`"),
        ("```\na", "```⏎a"),
        ("```````", "``` `"),
        ("``````", "``````"),
        ("**a\n```b```**", "[b:a]\n``` [b:b]"),
        ("*foo```bar*baz```", "[i:foo```bar]baz```"),
        ("```a```\n# b", "``` a\n# b"),
    ]);
}

#[test]
fn headings_and_small_print_take_their_line() {
    draws(&[
        ("# a\n## b\n### c\n#### d", "# a\n## b\n### c\n#### d"),
        ("#a", "#a"),
        ("a # b", "a # b"),
        ("  # a", "# a"),
        ("# a **b**", "# a [b:b]"),
        ("x\n# a\ny", "x\n# a\ny"),
        // Signs at the end and blank lines below are not shown.
        ("# a ##\n\n\nb", "# a\nb"),
        ("# C#", "# C"),
        ("# # a", "# # a"),
        ("# `a\nb`", "# `a\nb`"),
        ("**x\n# a** b", "[b:x]\n# [b:a]\n b"),
        ("-# a\nb", "-# a\nb"),
        ("-#a", "-#a"),
        ("-#  a *b*", "-# a [i:b]"),
        ("-# -# a", "-# -# a"),
        ("#", "#"),
        ("# ", "#"),
    ]);
}

#[test]
fn quotes_go_to_the_end_of_the_line_or_of_the_text() {
    draws(&[
        ("> a", "> a"),
        (">a", ">a"),
        ("a > b", "a > b"),
        ("> a\n> b\nc", "> a⏎b\nc"),
        ("> a\n\nb", "> a\n⏎b"),
        ("> a\n> \n> b", "> a⏎⏎b"),
        // A line with the sign alone is none of the quote.
        ("> a\n>\n> b", "> a\n>\n> b"),
        (">>> a\nb\n\nc", "> a⏎b⏎⏎c"),
        ("x\n>>> a", "x\n> a"),
        ("> > a", "> > a"),
        ("> a\n>>> b\nc", "> a\n> b⏎c"),
        ("> # a\n> b", "> # a\n> b"),
        ("> - a\n> - b", "> • a\n> • b"),
        ("> ```rust\n> x\n> ```\ny", "> ```rust x\ny"),
        (">>> ```\nx\n```\ny", "> ``` x\n> y"),
        ("```\n> a\n```", "``` > a"),
        ("> **a\n> b**", "> [b:a⏎b]"),
        ("> **a\nb**", "> **a\nb**"),
        ("*> a*", "> [i:a]"),
        ("x *> a*", "x [i:> a]"),
    ]);
}

#[test]
fn items_stand_in_lists_two_spaces_deep() {
    draws(&[
        ("- a\n* b", "• a\n• b"),
        ("-a", "-a"),
        ("+ a", "+ a"),
        ("- a\n  - b\n    - c\n- d", "• a\n  ◦ b\n    ▪ c\n• d"),
        ("1. a\n2. b", "1. a\n2. b"),
        // Numbers are counted from the first one.
        ("3. a\n7. b\n- c", "3. a\n4. b\n5. c"),
        ("- a\n1. b", "• a\n• b"),
        ("0. a", "1. a"),
        ("1) a", "1) a"),
        ("1. a\n  - b\n2. c", "1. a\n  ◦ b\n2. c"),
        ("1. a\n\n2. b", "1. a\n\n2. b"),
        ("x\n- a\ny", "x\n• a\ny"),
        ("- a\n  b\n c\nd", "• a⏎b⏎c\nd"),
        // One more space is no list inside.
        ("- a\n - b", "• a\n• b"),
        ("- a\n  ```rust\n  x\n    y\n  ```\n- b", "• a\n  ```rust x⏎  y\n• b"),
        ("- a\n  > b\n- c", "• a\n>   b\n• c"),
        ("- **a** `b`", "• [b:a] [c:b]"),
        ("- # a", "• # a"),
        ("- **a\n- b**", "• **a\n• b**"),
        ("-", "-"),
        ("a - b", "a - b"),
        ("* a *b*", "• a [i:b]"),
        ("- - a", "• \n  ◦ a"),
    ]);
    let deep = markdown::read(&format!("{}a", "- ".repeat(13)));
    assert_eq!(deep.blocks.len(), 11);
    assert_eq!(deep.blocks[10].text(), "- - a");
}

#[test]
fn links_have_an_address_and_words_that_are_none() {
    draws(&[
        ("[a](https://b.c)", "[:a](https://b.c)"),
        ("[a](<https://b.c>)", "[:a](https://b.c)"),
        ("[**a** b](https://b.c)", "[b:a](https://b.c)[: b](https://b.c)"),
        ("**[a](https://b.c)**", "[b:a](https://b.c)"),
        ("[a](https://b.c/d_(e))", "[:a](https://b.c/d_(e))"),
        (r"[a\]b](https://b.c)", "[:a]b](https://b.c)"),
        ("[[a]](https://b.c)", "[:[a]](https://b.c)"),
        ("[b.c](https://b.c)", "[:b.c](https://b.c)"),
        ("[a](https://b.c \"d\")", "[:a](https://b.c)"),
        ("[https://b.c](https://d.e)", "[https://b.c](https://d.e)"),
        ("[see https://b.c](<https://d.e>)", "[see https://b.c](<https://d.e>)"),
        ("[](https://b.c)", "[](https://b.c)"),
        ("[a] (https://b.c)", "[a] ([:https://b.c](https://b.c))"),
        ("[a](b)", "[a](b)"),
        ("[a](mailto:b@c.d)", "[a](mailto:b@c.d)"),
        ("[a](ftp://b.c)", "[a](ftp://b.c)"),
        ("[a(https://b.c)", "[a([:https://b.c](https://b.c))"),
        ("a [1], b [2](https://b.c)", "a [1], b [:2](https://b.c)"),
        ("![a](https://b.c)", "![:a](https://b.c)"),
    ]);
}

#[test]
fn addresses_end_before_punctuation() {
    draws(&[
        ("see https://b.c/d_e_f.", "see [:https://b.c/d_e_f](https://b.c/d_e_f)."),
        ("(https://b.c)", "([:https://b.c](https://b.c))"),
        ("https://b.c/d_(e)", "[:https://b.c/d_(e)](https://b.c/d_(e))"),
        ("<https://b.c>", "[:https://b.c](https://b.c)"),
        ("<https://b.c", "<[:https://b.c](https://b.c)"),
        ("**https://b.c**", "[b:https://b.c](https://b.c)"),
        ("*https://b.c/*", "[i:https://b.c/](https://b.c/)"),
        ("`https://b.c`", "[c:https://b.c]"),
        ("https://", "https://"),
        ("http://a", "http://a"),
        ("b.c", "b.c"),
    ]);
}

#[test]
fn tags_are_people_places_and_times() {
    draws(&[
        ("<@1> <@!1> <@&1> <#1>", "[m:<@1>] [m:<@!1>] [m:<@&1>] [m:<#1>]"),
        ("</x y:1> <:x:1> <a:x:1>", "[m:</x y:1>] [m:<:x:1>] [m:<a:x:1>]"),
        ("<t:1> <t:-1:R> <id:guide>", "[m:<t:1>] [m:<t:-1:R>] [m:<id:guide>]"),
        ("@everyone @here @channel", "[m:@everyone] [m:@here] @channel"),
        ("**<@1>**", "[bm:<@1>]"),
        ("`<@1>`", "[c:<@1>]"),
        ("<@> <@x> <#1 <t:x> <t:1:x> <:x> </:1> <b>", "<@> <@x> <#1 <t:x> <t:1:x> <:x> </:1> <b>"),
    ]);
}

#[test]
fn blank_lines_are_seen_and_edges_are_not() {
    draws(&[("", ""), (" \n a \n ", "a"), ("a\n\n\nb", "a⏎⏎⏎b"), ("a  b", "a  b"), ("a\n\n- b", "a⏎\n• b")]);
    assert_eq!(markdown::read("# a\n\nb\n- c\n  - **d**\n> e").text(), "a\nb\n• c\n◦ d\ne");
}

#[test]
fn hostile_texts_come_to_an_end() {
    let parts = [
        "*", "_", "**a", "*a _b ", "`", "``a", "```", "[", "[[x]", "](", "[a](", "\\", "> ", "- ", "# ",
        "-# ", "<@", "||~~__**", "https://", "1. ", "é*", "\n", " *", "(", "<t:",
    ];
    let begun = Instant::now();
    for part in parts {
        for other in parts {
            let text = format!("{part}{other}").repeat(4_000 / (part.len() + other.len()));
            let drawn = markdown::read(&text).text();
            assert!(drawn.len() <= text.len() * 4, "{part:?} {other:?}");
        }
    }
    // Each of these texts is as long as a message can be.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_message_is_drawn_from_its_text() {
    let discord = Discord::start().await.without_rate_limits();
    let team = discord.guild(100, "Team");
    let general = team.channel(200, "general");

    post(&discord, general, json!({ "content": "# Hi\n**there**" })).await;

    assert_eq!(discord.screen(general)[0].drawn().to_string(), "# Hi\n[b:there]");
}
