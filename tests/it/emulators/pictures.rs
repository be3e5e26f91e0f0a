//! Pictures of messages are well-formed, and the same each time.

use switchboard::domain::Platform;

use crate::support::discord::markdown;
use crate::support::picture::svg;
use crate::support::shown::{Shown, Span};

const EVERYTHING: &str = "# Head\n**bold** *it* __un__ ~~st~~ ||sp|| `co <de>` [li & nk](https://b.c) <@1>\n\
    -# small\n- one\n  1. two\n> quote\n```rust\nlet x = \"<y>\";\n```\nend";

fn drawn(text: &str) -> Shown {
    markdown::read(text)
}

/// The elements of a picture in order; panics where they are not nested rightly.
fn elements(picture: &str) -> Vec<String> {
    let (mut names, mut open) = (Vec::new(), Vec::new());
    for tag in picture.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or_else(|| panic!("{tag} has no end"));
        assert!(!text.contains('>'), "{text}");
        let entities = text
            .split('&')
            .skip(1)
            .all(|rest| ["amp;", "lt;", "gt;", "quot;"].iter().any(|entity| rest.starts_with(entity)));
        assert!(entities, "{text}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap().to_owned();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            if !tag.ends_with('/') {
                open.push(name.clone());
            }
            names.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    names
}

#[test]
fn every_platform_draws_all_that_can_be_seen() {
    for platform in Platform::ALL {
        let picture = svg(platform, "Switch & <board>", &drawn(EVERYTHING));
        assert_eq!(picture, svg(platform, "Switch & <board>", &drawn(EVERYTHING)));
        let names = elements(&picture);
        assert_eq!(names[0], "svg");
        assert!(
            names.iter().all(|name| ["svg", "rect", "text", "tspan"].contains(&name.as_str())),
            "{names:?}"
        );
        for words in
            ["Head", "bold", "&lt;de&gt;", "&amp; ", "•", "1.", "quote", "&quot;&lt;y&gt;&quot;", "end"]
        {
            assert!(picture.contains(words), "{platform:?}: {words}: {picture}");
        }
        for look in ["font-weight=\"bold\"", "font-style=\"italic\"", "underline", "line-through", "Menlo"] {
            assert!(picture.contains(look), "{platform:?}: {look}");
        }
    }
}

#[test]
fn long_lines_are_broken_inside_the_picture() {
    let texts =
        ["word ".repeat(60), "x".repeat(400), format!("- {}", "漢".repeat(100)), "a\n\n\nb".to_owned()];
    for text in texts {
        let picture = svg(Platform::Discord, "a", &drawn(&text));
        elements(&picture);
        let attribute = |line: &str, name: &str| -> f64 {
            let (_, value) = line.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{line}"));
            value.split('"').next().unwrap().parse().unwrap()
        };
        let height = attribute(picture.lines().next().unwrap(), "height");
        let words: Vec<&str> = picture.lines().filter(|line| line.starts_with("<text")).collect();
        assert!(words.len() > 2);
        for line in words {
            assert!(attribute(line, "x") < 532.0, "{line}");
            assert!(attribute(line, "y") < height, "{line}");
        }
    }
}

#[test]
fn letters_that_xml_has_no_place_for_are_replaced() {
    let mut shown = drawn("a");
    shown.blocks[0].spans = vec![Span::default().saying("a\0b\u{1b}[0m\tc\u{ffff}")];
    let picture = svg(Platform::Terminal, "\u{7}", &shown);
    elements(&picture);
    assert!(picture.contains("a\u{fffd}b\u{fffd}[0m "), "{picture}");
    assert!(!picture.contains(['\0', '\u{1b}', '\u{7}', '\t', '\u{ffff}']));
}
