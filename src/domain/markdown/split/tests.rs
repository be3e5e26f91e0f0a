//! How texts are cut: by examples, and by what has to hold for all of them.

use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

use super::split;

fn chars(text: &str) -> usize {
    text.chars().count()
}

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

fn escaped(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '&' | '<' | '>') { 5 } else { 1 }).sum()
}

const UNITS: [fn(&str) -> usize; 3] = [chars, utf16, escaped];

#[test]
fn a_short_text_stays_whole() {
    assert_eq!(split("hello", 20, chars), ["hello"]);
    assert!(split(" \n ", 20, chars).is_empty());
}

#[test]
fn cuts_fall_where_a_reader_would_breathe() {
    let table = [
        ("one two three four five", 20, vec!["one two three four", "five"]),
        ("first line\nsecond line", 20, vec!["first line", "second line"]),
        ("A b. C d. E f. G h. I j.", 20, vec!["A b. C d. E f. G h.", "I j."]),
    ];
    for (text, limit, parts) in table {
        assert_eq!(split(text, limit, chars), parts, "{text:?}");
    }
}

#[test]
fn a_fence_is_closed_and_opened_again() {
    let code = format!("Look:\n```rust\n{}```\nDone.", "let x = 1;\n".repeat(12));
    let parts = split(&code, 80, chars);
    assert!(parts.len() > 1, "{parts:?}");
    for part in &parts {
        assert_eq!(part.matches("```").count() % 2, 0, "{part}");
    }
    assert!(parts[1].starts_with("```rust\n"), "{parts:?}");
}

#[test]
fn a_family_is_not_torn_apart() {
    let family = "👨‍👩‍👧‍👦";
    for part in split(&family.repeat(10), 30, utf16) {
        assert_eq!(part.replace(family, ""), "");
    }
}

#[test]
fn one_endless_character_is_cut_all_the_same() {
    let stacked = format!("e{}", "\u{301}".repeat(5_000));
    let parts = split(&stacked, 2_000, chars);
    assert_eq!(parts.concat(), stacked);
    assert!(parts.iter().all(|part| part.chars().count() <= 2_000));
}

fn talk() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec!["word ", "line\n", "```rust\n", "```\n", "é", "👨‍👩‍👧", "&<", "\n\n"]);
    prop::collection::vec(piece, 0..200).prop_map(|pieces| pieces.concat())
}

/// Blocks of code that follow each other closely, none of them empty.
fn fences() -> impl Strategy<Value = String> {
    let language = prop::sample::select(vec!["", "rust", "python", "objective-c", "sh"]);
    let line = prop::sample::select(vec!["x = 1;", "", "    indented", "a-word-that-is-rather-long", "é👨‍👩‍👧"]);
    let code = prop::collection::vec(line, 0..4);
    let prose = prop::sample::select(vec!["", "", "", "So.\n", "And then we go on to this:\n\n", "\n\n"]);
    let block = (prose, language, code).prop_map(|(prose, language, code)| {
        let code: String = code.iter().map(|line| format!("{line}\n")).collect();
        format!("{prose}```{language}\nfn\n{code}```\n")
    });
    prop::collection::vec(block, 1..25).prop_map(|blocks| blocks.concat())
}

/// What a reader sees of posts: text and code, without what is blank.
fn seen(posts: &[String]) -> Vec<(Option<String>, String)> {
    let mut seen: Vec<(Option<String>, String)> = Vec::new();
    for post in posts {
        let mut block: Option<(String, bool)> = None;
        for line in post.lines() {
            if let Some(language) = line.strip_prefix("```") {
                block = match block {
                    None => Some((language.to_owned(), true)),
                    Some((_, is_empty)) => {
                        assert!(!is_empty, "a block without code in {post:?}");
                        assert_eq!(language, "", "{post:?}");
                        None
                    }
                };
                continue;
            }
            let words: String = line.chars().filter(|c| !c.is_whitespace()).collect();
            if let Some((_, is_empty)) = &mut block {
                *is_empty = false;
            }
            let language = block.as_ref().map(|(language, _)| language.clone());
            match seen.last_mut() {
                Some((last, text)) if *last == language => text.push_str(&words),
                _ if words.is_empty() => {}
                _ => seen.push((language, words)),
            }
        }
        assert_eq!(block, None, "a block that stays open in {post:?}");
    }
    seen
}

proptest! {
    #[test]
    fn a_reader_sees_the_same_of_many_blocks_of_code(text in fences(), limit in 40_usize..300) {
        for unit in UNITS {
            let parts = split(&text, limit, unit);
            for part in &parts {
                prop_assert!(unit(part) <= limit, "{part:?}");
            }
            prop_assert_eq!(seen(&parts), seen(std::slice::from_ref(&text)));
        }
    }

    #[test]
    fn no_part_is_too_long_and_no_word_is_lost(text in talk(), limit in 40_usize..200) {
        for unit in UNITS {
            let parts = split(&text, limit, unit);
            for part in &parts {
                prop_assert!(unit(part) <= limit, "{part:?}");
            }
            // Fences come and go at cuts; where a line has no better place, a cut may fall into one.
            let is_visible = |c: &char| !c.is_whitespace() && !"`rust".contains(*c);
            let visible = |text: &str| text.chars().filter(is_visible).collect::<String>();
            prop_assert_eq!(visible(&parts.concat()), visible(&text));
        }
    }

    #[test]
    fn a_growing_text_keeps_its_cuts(text in talk(), more in any::<bool>()) {
        let whole = split(&text, 60, chars);
        let grown = split(&format!("{text}{}", if more { "and more words to come" } else { "x" }), 60, chars);
        for (before, after) in whole.iter().zip(&grown).take(whole.len().saturating_sub(1)) {
            prop_assert_eq!(before, after);
        }
    }
}

proptest! {
    // Each case is cut again at every character.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn blocks_of_code_that_grow_keep_their_cuts_and_need_no_fewer_posts(text in fences()) {
        let mut before: Vec<String> = Vec::new();
        for (end, _) in text.char_indices().filter(|(end, _)| *end < 700) {
            let parts = split(text.split_at(end).0, 60, chars);
            prop_assert!(parts.len() >= before.len(), "{before:?} {parts:?}");
            let lasting = before.len().saturating_sub(1);
            prop_assert_eq!(before.iter().take(lasting).collect::<Vec<_>>(), parts.iter().take(lasting).collect::<Vec<_>>());
            before = parts;
        }
    }
}
