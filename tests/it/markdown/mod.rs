//! What models write, through the encoders of all platforms and back: platforms
//! take every part, nothing that can be read is lost, and it looks as it should.

mod looks;
mod texts;

use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::RngSeed;

use looks::{Look, looks_of, looks_on};
use switchboard::channels::{discord, slack, telegram};
use switchboard::domain::markdown::{heal, parse, split};
use switchboard::domain::{Address, AddressKind, Capabilities, Platform};

use crate::support::shown::Shown;
use crate::support::{discord::markdown, slack::blocks, telegram::drawing};

/// The platforms that have mark-up.
const PLATFORMS: [Platform; 3] = [Platform::Discord, Platform::Telegram, Platform::Slack];

fn capabilities(platform: Platform) -> &'static Capabilities {
    match platform {
        Platform::Discord => &discord::CAPABILITIES,
        Platform::Telegram => &telegram::CAPABILITIES,
        Platform::Slack => &slack::CAPABILITIES,
        Platform::Terminal => panic!("a terminal has no mark-up"),
    }
}

/// The parts of a text, each no longer than `limit`, or than the platform allows.
fn parts(platform: Platform, text: &str, limit: Option<usize>) -> Vec<String> {
    let capabilities = capabilities(platform);
    let limit = limit.unwrap_or(capabilities.text_limit);
    let parts = split(text, limit, capabilities.length);
    for part in &parts {
        let length = (capabilities.length)(part);
        assert!(length <= limit, "{length} of {limit} on {platform}: {part:?} of {text:?}");
    }
    parts
}

/// What a person sees of a part.
fn shown(platform: Platform, part: &str) -> Shown {
    let shown = match platform {
        Platform::Discord => Ok(markdown::read(&discord::encode::content(part))),
        Platform::Telegram => drawing::of_html(&telegram::encode::html(part, &place(AddressKind::Direct))),
        Platform::Slack => {
            let content = serde_json::to_value(slack::encode::Content::of(part)).unwrap();
            content.get("blocks").map_or_else(|| Ok(Shown::default()), blocks::drawn)
        }
        Platform::Terminal => panic!("a terminal has no mark-up"),
    };
    shown.unwrap_or_else(|refusal| panic!("{platform} refuses {part:?}: {refusal}"))
}

fn place(kind: AddressKind) -> Address {
    let scope = String::new();
    Address { platform: Platform::Telegram, scope, chat: "-1".into(), thread: None, kind, space: None }
}

/// What a person sees of a text in parts of at most `limit`, letter by letter.
fn read(platform: Platform, text: &str, limit: Option<usize>) -> Vec<Look> {
    let parts = parts(platform, text, limit);
    parts.iter().flat_map(|part| looks_on(platform, &shown(platform, part))).collect()
}

fn letters(looks: &[Look]) -> String {
    looks.iter().map(|look| look.letter).collect()
}

/// So many texts, the same at each run; `make fuzz` asks for others and for more.
fn texts_to_try(cases: u32) -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

#[test]
fn every_example_of_commonmark_is_taken_and_read_whole() {
    for text in texts::commonmark() {
        for platform in PLATFORMS {
            let read = letters(&read(platform, &text, None));
            assert_eq!(read, letters(&looks_of(platform, &parse(&text))), "{platform}: {text:?}");
        }
    }
}

proptest! {
    #![proptest_config(texts_to_try(256))]

    #[test]
    fn an_answer_looks_alike_everywhere(text in texts::answer()) {
        for platform in PLATFORMS {
            prop_assert_eq!(read(platform, &text, None), looks_of(platform, &parse(&text)), "{} {:?}", platform, &text);
        }
    }

    #[test]
    fn parts_together_are_the_whole(text in texts::answer(), limit in 400_usize..900) {
        for platform in PLATFORMS {
            let limit = if platform == Platform::Slack { 3 * limit } else { limit };
            let read = letters(&read(platform, &text, Some(limit)));
            prop_assert_eq!(read, letters(&looks_of(platform, &parse(&text))), "{} {:?}", platform, &text);
        }
    }
}

proptest! {
    #![proptest_config(texts_to_try(512))]

    #[test]
    fn anything_is_taken_and_nothing_is_lost(text in texts::hostile()) {
        for platform in PLATFORMS {
            let read = letters(&read(platform, &text, None));
            prop_assert_eq!(read, letters(&looks_of(platform, &parse(&text))), "{} {:?}", platform, &text);
        }
    }

    #[test]
    fn anything_unfinished_is_taken(text in texts::hostile()) {
        for platform in PLATFORMS {
            for part in parts(platform, &heal(&text), None) {
                shown(platform, &part);
            }
        }
        for part in parts(Platform::Telegram, &text, None) {
            let html = telegram::encode::html(&part, &place(AddressKind::Group));
            prop_assert!(drawing::of_html(&html).is_ok(), "{:?}", html);
        }
    }
}
