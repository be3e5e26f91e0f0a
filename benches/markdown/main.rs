//! How long it takes to cut a text into parts and to write each for its platform, by the text's length.
//!
//! Time for each kilobyte has to be the same for a small text as for a large one,
//! whatever is in it. `make bench` prints the table of docs/performance.md.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark prints what it found")]

use std::hint::black_box;
use std::time::Instant;

use switchboard::channels::{discord, slack, telegram};
use switchboard::domain::markdown::{heal, split};
use switchboard::domain::{Address, AddressKind, Capabilities, Platform};

/// The lengths of the texts, in kilobytes.
const SIZES: [usize; 3] = [10, 100, 1_000];

/// What texts consist of, again and again.
const TEXTS: [(&str, &str); 6] = [
    (
        "an answer",
        "## Head\n\nSome **bold** words, `code`, [a link](https://example.org/a) and more of them.\n\n\
         1. one\n2. two\n   - three\n\n```rust\nlet a = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    ),
    ("one long line", "word "),
    ("nothing but marks", "**_~~||`"),
    ("quotes in lists", "> - > - a\n"),
    ("brackets", "[](\\("),
    ("code", "```\nx\n```\n"),
];

fn main() {
    // What `cargo bench -- short` asks for: only to show that it works.
    let is_short = std::env::args().any(|word| word == "short");
    let sizes = if is_short { &SIZES[..1] } else { &SIZES[..] };
    let heads: String = sizes.iter().map(|size| format!(" {size} kB |")).collect();
    println!(
        "| µs for each kB of | on |{heads} most to least |\n|---|---|{}",
        "---|".repeat(sizes.len() + 1)
    );
    for (name, unit) in TEXTS {
        for platform in [Platform::Discord, Platform::Telegram, Platform::Slack] {
            let times: Vec<f64> = sizes.iter().map(|size| each_kb(platform, unit, *size)).collect();
            let cells: String = times.iter().map(|time| format!(" {time:.0} |")).collect();
            let (least, most) =
                (times.iter().copied().fold(f64::MAX, f64::min), times.iter().copied().fold(0.0, f64::max));
            println!("| {name} | {platform} |{cells} {:.2} |", most / least);
        }
    }
}

/// Microseconds for each kilobyte, the best of a few tries.
fn each_kb(platform: Platform, unit: &str, size_kb: usize) -> f64 {
    let text = unit.repeat(size_kb * 1_000 / unit.len() + 1);
    let tries = (100 / size_kb).max(1);
    let time = |_| {
        let began = Instant::now();
        black_box(write(platform, black_box(&text)));
        began.elapsed().as_secs_f64() * 1e6 / size_kb as f64
    };
    (0..tries).map(time).fold(f64::MAX, f64::min)
}

/// Writes a text that has not ended yet, and returns how much there is of it.
fn write(platform: Platform, text: &str) -> usize {
    let address = Address {
        platform,
        scope: String::new(),
        chat: "-1".to_owned(),
        thread: None,
        kind: AddressKind::Group,
        space: None,
    };
    let (capabilities, encode): (&Capabilities, &dyn Fn(&str) -> usize) = match platform {
        Platform::Discord => (&discord::CAPABILITIES, &|part| discord::encode::content(part).len()),
        Platform::Telegram => (&telegram::CAPABILITIES, &|part| telegram::encode::html(part, &address).len()),
        Platform::Slack => (&slack::CAPABILITIES, &|part| slack::encode::Content::of(part).text().len()),
        Platform::Terminal => return text.len(),
    };
    let parts = split(&heal(text), capabilities.text_limit, capabilities.length);
    parts.iter().map(|part| encode(part)).sum()
}
