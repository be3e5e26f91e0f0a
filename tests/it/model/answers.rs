//! Answers as they should be, and as servers really send them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use switchboard::domain::{FinishReason, ModelFailure, Usage};
use switchboard::model::{MAX_ANSWER_BYTES, Model, ModelEvent, OpenAi};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::{PATIENT, ask, no_estimates, openai, openai_with, said, settings, settings_at};
use crate::support::models::{Answer, Fault, Finished, ModelCard, Models};

const TEXT: &str = "Certainly: 😀 «да», 漢字, and\n\na second paragraph.";

#[tokio::test]
async fn an_answer_comes_in_pieces_with_what_it_took() {
    let models = Models::start().await;
    models.will_say(TEXT);

    let heard = ask(&openai(&models), &said("are you there?")).await;

    let asked = models.finished_request(1).await;
    let usage = asked.usage.unwrap();
    let (prompt, completion) = (usage.prompt_tokens as u32, usage.completion_tokens as u32);
    let finished = heard.end.unwrap();
    assert_eq!(heard.text, TEXT);
    assert_eq!(finished.text, TEXT);
    assert_eq!(finished.finish_reason, FinishReason::Stop);
    assert_eq!((finished.model.as_str(), finished.provider.as_str()), ("gpt-4o-mini", "main"));
    let expected = Usage {
        prompt_tokens: prompt,
        completion_tokens: completion,
        cost_micros: u64::from(prompt) * 2 + u64::from(completion) * 10,
        is_reported: true,
    };
    assert_eq!(finished.usage, expected);
    assert_eq!(asked.last_user_text(), "are you there?");
    assert_eq!(asked.finished, Finished::Answered);
    assert!(models.problems().is_empty(), "{:?}", models.problems());
}

#[tokio::test]
async fn whatever_servers_do_to_a_stream_the_text_is_the_same() {
    let faults = [
        Fault::WithoutDone,
        Fault::UnknownFinishReason,
        Fault::ExtraFields,
        Fault::WithoutUsage,
        Fault::CrlfLineEnds,
        Fault::Comments,
        Fault::AsciiJson,
        Fault::SurrogatesApart,
        Fault::EventsPerWrite(3),
        Fault::AllInOneWrite,
        Fault::BytesPerWrite(1),
        Fault::SlowDrip { bytes: 400, pause: Duration::from_millis(1) },
        Fault::Delay(Duration::from_millis(1)),
    ];
    let models = Models::start().await;
    for fault in faults {
        models.will(Answer::text(TEXT).with(fault.clone()));

        let heard = ask(&openai(&models), &said("hello")).await;

        let finished = heard.end.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(heard.text, TEXT, "{fault:?}");
        assert_eq!(finished.text, TEXT, "{fault:?}");
        assert_eq!(finished.finish_reason, FinishReason::Stop, "{fault:?}");
        assert_eq!(finished.usage.is_reported, fault != Fault::WithoutUsage, "{fault:?}");
    }
}

#[tokio::test]
async fn the_reason_of_the_end_is_told() {
    let models = Models::start().await;
    for (reason, expected) in [
        ("stop", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("content_filter", FinishReason::Filtered),
        ("eos_token", FinishReason::Stop),
    ] {
        models.will(Answer::text("So far").finished_by(reason));
        assert_eq!(
            ask(&openai(&models), &said("go on")).await.end.unwrap().finish_reason,
            expected,
            "{reason}"
        );
    }
}

#[tokio::test]
async fn thoughts_are_not_shown_and_blank_lines_after_them_neither() {
    let models = Models::start().await;
    models.will(Answer::deltas(["\n", "\n", "  Yes", ".\n"]).after_thinking("Let me see, what is this?"));

    let heard = ask(&openai(&models), &said("is it?")).await;

    assert_eq!(heard.text, "Yes.\n");
    assert_eq!(heard.end.unwrap().text, "Yes.\n");
}

#[tokio::test]
async fn thinking_longer_than_the_first_token_may_take_is_fine() {
    let models = Models::start().await;
    let slowly = super::Patience { first_token: Duration::from_millis(400), ..PATIENT };
    models.will(Answer::text("Yes.").after_thinking("hm ".repeat(40)).at_tokens_per_second(50.0));

    let heard = ask(&openai_with(&settings(&models), slowly), &said("is it?")).await;

    assert_eq!(heard.end.unwrap().text, "Yes.");
}

#[tokio::test]
async fn a_refusal_by_the_model_is_an_answer() {
    let models = Models::start().await;
    models.will(Answer::refusal("I can't help with that."));
    assert_eq!(ask(&openai(&models), &said("help")).await.end.unwrap().text, "I can't help with that.");
}

#[tokio::test]
async fn a_nul_is_left_out() {
    let models = Models::start().await;
    models.will_stream(["a\0b", "\0"]);
    assert_eq!(ask(&openai(&models), &said("a\0b")).await.end.unwrap().text, "ab");
}

#[tokio::test]
async fn an_endless_answer_ends_at_the_limit() {
    let models = Models::start().await;
    models.will_stream((0..1_000).map(|_| "漢".repeat(1_000)));

    let heard = ask(&openai(&models), &said("count")).await;

    let finished = heard.end.unwrap();
    assert_eq!(finished.finish_reason, FinishReason::Length);
    assert_eq!(finished.text.len(), MAX_ANSWER_BYTES / 3 * 3);
    assert_eq!(heard.text, finished.text);
    assert!(!finished.usage.is_reported);
}

#[tokio::test]
async fn one_huge_piece_is_not_taken() {
    let models = Models::start().await;
    models.will(Answer::text("hi").with(Fault::HugeDelta(10 * 1024 * 1024)));
    let error = ask(&openai(&models), &said("hello")).await.error();
    assert_eq!(error.failure(), ModelFailure::Unavailable, "{error}");
}

#[tokio::test]
async fn another_model_can_be_asked_for() {
    let models = Models::start().await;
    let mut request = said("hello");
    request.model = Some("gpt-4o".to_owned());

    let finished = ask(&openai(&models), &request).await.end.unwrap();

    assert_eq!(finished.model, "gpt-4o");
    assert_eq!(models.request(1).await.model, "gpt-4o");
}

#[tokio::test]
async fn older_servers_get_the_limit_by_the_name_they_know() {
    let models = Models::start().await;
    models.knows(ModelCard::new("old").on_an_older_server());
    let mut settings = settings(&models);
    settings.model = "old".to_owned();
    settings.max_answer_tokens = Some(2);
    settings.use_max_tokens = true;
    models.will_say("This is far too long for that.");

    let finished = ask(&openai_with(&settings, PATIENT), &said("hello")).await.end.unwrap();

    assert_eq!(finished.finish_reason, FinishReason::Length);
    assert_eq!(models.request(1).await.json["max_tokens"], 2);
    assert!(models.problems().is_empty(), "{:?}", models.problems());
}

#[tokio::test]
async fn unreported_usage_is_estimated_with_what_earlier_reports_taught() {
    let models = Models::start().await;
    let tokens = no_estimates();
    let openai = OpenAi::new("main", &settings(&models), Arc::clone(&tokens)).unwrap();
    let question = said(&"What a long question this is! ".repeat(40));
    models.will_say("Yes.");
    let reported = ask(&openai, &question).await.end.unwrap().usage;

    models.will(Answer::text("Yes.").with(Fault::WithoutUsage));
    let estimated = ask(&openai, &question).await.end.unwrap().usage;

    assert!(reported.is_reported && !estimated.is_reported);
    assert_eq!(estimated.prompt_tokens, tokens.estimate_prompt("gpt-4o-mini", &question.lines));
    assert!(estimated.prompt_tokens.abs_diff(reported.prompt_tokens) <= 2, "{estimated:?} {reported:?}");
    assert!(estimated.cost_micros > 0);
}

#[tokio::test]
async fn who_stops_listening_stops_the_model() {
    let models = Models::start().await;
    models.hold(2);
    models.will_stream(["one ", "two ", "three"]);
    let mut stream = openai(&models).ask(&said("count")).await.unwrap();
    assert!(
        matches!(stream.next().await.unwrap().unwrap(), ModelEvent::Begun(begun) if begun.provider == "main")
    );
    for expected in ["one ", "two "] {
        assert_eq!(stream.next().await.unwrap().unwrap(), ModelEvent::Delta(expected.to_owned()));
    }

    drop(stream);

    assert_eq!(models.finished_request(1).await.finished, Finished::Disconnected { deltas: 2 });
}

#[tokio::test]
async fn who_stops_listening_before_the_first_word_stops_the_model_too() {
    let models = Models::start().await;
    models.hold(0);
    let model = super::retrying(&models, super::TWICE);
    let mut stream = model.ask(&said("hello")).await.unwrap();
    tokio::select! {
        event = stream.next() => panic!("nothing should have come, got {event:?}"),
        () = models.wait_until_held(1) => {}
    }

    drop(stream);

    assert_eq!(models.finished_request(1).await.finished, Finished::Disconnected { deltas: 0 });
}

#[tokio::test]
async fn one_connection_serves_one_question_after_the_other() {
    let models = Models::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let openai = openai_with(&settings_at(&url, &models.key()), PATIENT);
    let questions = async {
        for _ in 0..10 {
            models.will(Answer::text(TEXT).with(Fault::EventsPerWrite(1)));
            ask(&openai, &said("hello")).await.end.unwrap();
        }
    };
    let only_connection = async {
        let (mut ours, _) = listener.accept().await.unwrap();
        let mut theirs = TcpStream::connect(models.address()).await.unwrap();
        copy_bidirectional(&mut ours, &mut theirs).await.unwrap();
    };
    tokio::select! {
        () = questions => {}
        () = only_connection => panic!("the connection was given up"),
    }
}
