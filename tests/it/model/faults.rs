//! Everything that goes wrong ends in the error that says so.

use std::time::Duration;

use switchboard::domain::ModelFailure;
use switchboard::model::ModelError;
use tokio::net::TcpListener;

use super::{IMPATIENT, PATIENT, ask, openai, openai_with, said, settings, settings_at};
use crate::support::models::{Answer, Fault, Models, RetryAfter};

#[tokio::test]
async fn every_failure_before_the_first_text_has_its_name() {
    use ModelFailure::{
        Cut, Misconfigured, Nonsense, QuotaGone, RateLimited, Rejected, Unauthorized, Unavailable,
    };
    let table = [
        (Fault::Unauthorized, Unauthorized),
        (Fault::Forbidden, Unauthorized),
        (Fault::Html(401), Unauthorized),
        (Fault::ModelNotFound, Misconfigured),
        (Fault::ContextLengthExceeded, Rejected),
        (Fault::Status(413), Rejected),
        (Fault::Status(422), Rejected),
        (Fault::Status(405), Misconfigured),
        (Fault::Html(308), Misconfigured),
        (Fault::Html(404), Misconfigured),
        (Fault::IntegerErrorCode, Rejected),
        (Fault::FlatError, Rejected),
        (Fault::StringError, Misconfigured),
        (Fault::RateLimited(RetryAfter::Absent), RateLimited),
        (Fault::Html(429), RateLimited),
        (Fault::InsufficientQuota, QuotaGone),
        (Fault::Status(402), QuotaGone),
        (Fault::ServerError, Unavailable),
        (Fault::Unavailable, Unavailable),
        (Fault::Overloaded, Unavailable),
        (Fault::Status(408), Unavailable),
        (Fault::Status(409), Unavailable),
        (Fault::Html(502), Unavailable),
        (Fault::CutBefore, Unavailable),
        (Fault::CutAfter, Unavailable),
        (Fault::CutAfterHeaders, Unavailable),
        (Fault::CutAfterDeltas(0), Unavailable),
        (Fault::ErrorAfterDeltas(0), Unavailable),
        (Fault::Html(200), Nonsense),
        (Fault::EmptyChoices, Nonsense),
        (Fault::NullContent, Nonsense),
        (Fault::InvalidJsonAfterDeltas(0), Nonsense),
    ];
    let models = Models::start().await;
    for (number, (fault, expected)) in table.into_iter().enumerate() {
        models.will(Answer::text("Hello there.").with(fault.clone()));

        let heard = ask(&openai(&models), &said("hello")).await;

        assert_eq!(heard.text, "", "{fault:?}");
        let error = heard.error();
        assert_eq!(error.failure(), expected, "{fault:?}: {error}");
        assert_eq!(models.count(), number + 1, "{fault:?}");
    }
    models.will(Answer::deltas([""]).with(Fault::WithoutFinishReason));
    assert_eq!(ask(&openai(&models), &said("hello")).await.error().failure(), Cut);
}

#[tokio::test]
async fn what_had_come_before_a_failure_stays() {
    let table = [
        Fault::CutAfterDeltas(2),
        Fault::HangAfterDeltas(2),
        Fault::ErrorAfterDeltas(2),
        Fault::InvalidJsonAfterDeltas(2),
        Fault::WithoutFinishReason,
        Fault::WithoutFinishReasonAndDone,
    ];
    let models = Models::start().await;
    let openai = openai_with(&settings(&models), IMPATIENT);
    for fault in table {
        models.will(Answer::deltas(["Hello ", "there"]).with(fault.clone()));

        let heard = ask(&openai, &said("hello")).await;

        assert_eq!(heard.text, "Hello there", "{fault:?}");
        let error = heard.error();
        assert_eq!(error.failure(), ModelFailure::Cut, "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn silence_ends_by_itself() {
    let models = Models::start().await;
    let openai = openai_with(&settings(&models), IMPATIENT);
    for fault in [Fault::Hang, Fault::HangAfter, Fault::HangAfterHeaders, Fault::HangAfterDeltas(0)] {
        models.will(Answer::text("Hello there.").with(fault.clone()));
        let error = ask(&openai, &said("hello")).await.error();
        assert_eq!(error.failure(), ModelFailure::Unavailable, "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn an_answer_is_whole_when_only_what_follows_it_is_missing() {
    let models = Models::start().await;
    models.will(Answer::deltas(["Hello"]).with(Fault::WithoutDone).with(Fault::WithoutUsage));
    let finished = ask(&openai(&models), &said("hello")).await.end.unwrap();
    assert_eq!(finished.text, "Hello");
    assert!(!finished.usage.is_reported);
}

#[tokio::test]
async fn a_call_of_a_tool_that_nobody_offered_is_no_answer() {
    let models = Models::start().await;
    models.will(Answer::tool_call("weather", &serde_json::json!({"city": "Oslo"})));
    let error = ask(&openai(&models), &said("weather?")).await.error();
    assert_eq!(error.failure(), ModelFailure::Nonsense, "{error}");
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&openai_with(&settings_at(&url, "key"), PATIENT), &said("hello")).await.error();
    assert_eq!(error.to_string(), "model `gpt-4o-mini` is not available: no connection");
}

#[tokio::test]
async fn how_long_to_wait_is_read_in_every_form() {
    let models = Models::start().await;
    let table = [
        (RetryAfter::Seconds(20), Some(20)),
        (RetryAfter::Milliseconds(2_000), Some(2)),
        (RetryAfter::Date(Duration::from_secs(3_600)), Some(3_600)),
        (RetryAfter::Absent, None),
    ];
    for (form, expected) in table {
        models.fault("chat/completions", 1, Fault::RateLimited(form));
        let error = ask(&openai(&models), &said("hello")).await.error();
        let ModelError::RateLimited { retry_after, .. } = error else { panic!("{form:?}: {error}") };
        // Dates have seconds, and the second may turn between two of them.
        let seconds = retry_after.map(|wait| wait.as_secs());
        assert!(
            seconds == expected || seconds.zip(expected).is_some_and(|(a, b)| a.abs_diff(b) == 1),
            "{form:?}"
        );
    }
}
