//! The stand-in.

use std::sync::Arc;

use switchboard::domain::texts::Texts;
use switchboard::domain::{Line, Speaker};
use switchboard::model::{Echo, ModelRequest};

use super::{ask, said};

fn echo() -> Echo {
    Echo::new(Arc::new(Texts::english()))
}

#[tokio::test]
async fn the_stand_in_repeats_the_person_and_says_that_it_is_one() {
    let mut request = said("are you there?");
    request.lines.push(Line {
        speaker: Speaker::Assistant,
        text: "Yes.".to_owned(),
        tokens: None,
        voice: None,
    });

    let heard = ask(&echo(), &request).await;

    let finished = heard.end.unwrap();
    let (answer, notice) = heard.text.split_once("\n\n").unwrap();
    assert_eq!(answer, "You said: are you there?");
    assert_eq!(notice, Texts::english().get("echo-notice"));
    assert_eq!(finished.text, heard.text);
    assert_eq!(finished.model, "echo");
    assert!(finished.usage.completion_tokens > 0 && finished.usage.cost_micros == 0);
}

#[tokio::test]
async fn the_stand_in_takes_whatever_is_said() {
    let words = "word ".repeat(200_000);
    let wall = "漢".repeat(350_000);
    let texts = [
        "",
        "\0",
        "{ $text } { -term } { echo-notice }",
        "\u{202e}evil \u{2066}rtl",
        "مرحبا بالعالم",
        "a\r\nb\tc",
        "<@U1> *bold* `code`",
        &words,
        &wall,
    ];
    for text in texts {
        let heard = ask(&echo(), &said(text)).await;
        assert_eq!(heard.text, heard.end.unwrap().text);
        assert!(heard.text.contains(text.trim_end()));
    }
}

#[tokio::test]
async fn the_stand_in_stands_silence_too() {
    let heard = ask(&echo(), &ModelRequest { lines: Vec::new(), model: None }).await;
    assert!(heard.text.starts_with("You said:\n\n"), "{}", heard.text);
}
