//! How often is asked, and when.

use std::sync::Arc;
use std::time::Duration;

use switchboard::domain::ModelFailure;
use switchboard::model::{RetryPolicy, Retrying};

use super::{IMPATIENT, TWICE, ask, openai_with, retrying, said, settings};
use crate::support::models::{Answer, Fault, Models, RetryAfter};
use crate::support::observed::PATIENCE;

const ROUTE: &str = "chat/completions";

#[tokio::test]
async fn what_may_pass_is_asked_again_as_often_as_configured_and_no_more() {
    let faults = [
        Fault::ServerError,
        Fault::Unavailable,
        Fault::Overloaded,
        Fault::Status(408),
        Fault::Status(409),
        Fault::Html(502),
        Fault::RateLimited(RetryAfter::Absent),
        Fault::RateLimited(RetryAfter::Milliseconds(1)),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::CutAfterHeaders,
        Fault::CutAfterDeltas(0),
        Fault::ErrorAfterDeltas(0),
    ];
    for fault in faults {
        let models = Models::start().await;
        models.fault(ROUTE, usize::MAX, fault.clone());
        let heard = ask(&retrying(&models, TWICE), &said("hello")).await;
        assert!(heard.end.is_err(), "{fault:?}");
        assert_eq!(models.count(), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn silence_is_asked_again() {
    for fault in [Fault::Hang, Fault::HangAfter, Fault::HangAfterHeaders] {
        let models = Models::start().await;
        models.fault(ROUTE, 1, fault.clone());
        models.answers_with(|_| "Yes.");
        let impatient = openai_with(&settings(&models), IMPATIENT);
        let heard = ask(&Retrying::new(Arc::new(impatient), TWICE), &said("hello")).await;
        assert_eq!(heard.end.unwrap().text, "Yes.", "{fault:?}");
        assert_eq!(models.count(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn what_will_not_pass_is_asked_once() {
    let faults = [
        Fault::Unauthorized,
        Fault::Forbidden,
        Fault::ModelNotFound,
        Fault::ContextLengthExceeded,
        Fault::InsufficientQuota,
        Fault::Status(413),
        Fault::Html(200),
        Fault::EmptyChoices,
        Fault::RateLimited(RetryAfter::Seconds(3_600)),
        Fault::RateLimited(RetryAfter::Date(Duration::from_secs(3_600))),
    ];
    for fault in faults {
        let models = Models::start().await;
        models.fault(ROUTE, usize::MAX, fault.clone());
        let heard = ask(&retrying(&models, TWICE), &said("hello")).await;
        assert!(heard.end.is_err(), "{fault:?}");
        assert_eq!(models.count(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn after_the_first_text_nothing_is_asked_again() {
    for fault in [Fault::CutAfterDeltas(1), Fault::ErrorAfterDeltas(1), Fault::WithoutFinishReason] {
        let models = Models::start().await;
        models.will(Answer::deltas(["Hello"]).with(fault.clone()));
        let heard = ask(&retrying(&models, TWICE), &said("hello")).await;
        assert_eq!(heard.text, "Hello", "{fault:?}");
        assert_eq!(heard.error().failure(), ModelFailure::Cut, "{fault:?}");
        assert_eq!(models.count(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn the_second_try_counts() {
    let models = Models::start().await;
    models.fault(ROUTE, 1, Fault::ServerError);
    models.fault(ROUTE, 1, Fault::CutAfterHeaders);
    models.answers_with(|_| "Yes.");
    assert_eq!(ask(&retrying(&models, TWICE), &said("hello")).await.end.unwrap().text, "Yes.");
    assert_eq!(models.count(), 3);
}

#[tokio::test]
async fn nobody_comes_back_before_the_time_that_was_asked_for() {
    let models = Models::start().await;
    models.fault(ROUTE, 1, Fault::RateLimited(RetryAfter::Milliseconds(300)));
    models.will_say("Yes.");

    assert_eq!(ask(&retrying(&models, TWICE), &said("hello")).await.end.unwrap().text, "Yes.");

    let wait = models.request(2).await.at - models.request(1).await.at;
    assert!(wait >= Duration::from_millis(300), "{wait:?}");
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let models = Models::start().await;
    models.fault(ROUTE, usize::MAX, Fault::ServerError);
    let policy = RetryPolicy { first_wait: PATIENCE * 2, longest_wait: PATIENCE * 2, ..TWICE };
    let error = ask(&retrying(&models, policy), &said("hello")).await.error();
    assert!(error.to_string().contains("status 500"), "{error}");
    assert_eq!(models.count(), 1);
}

#[tokio::test]
async fn the_total_time_ends_an_answer_wherever_it_is() {
    let total = Duration::from_secs(1);
    for (deltas, text, failure) in [(0, "", ModelFailure::Unavailable), (2, "one two ", ModelFailure::Cut)] {
        let models = Models::start().await;
        models.hold(deltas);
        models.will_stream(["one ", "two ", "three"]);
        let heard = ask(&retrying(&models, RetryPolicy { total, ..TWICE }), &said("count")).await;
        assert_eq!(heard.text, text);
        let error = heard.error();
        assert_eq!(error.failure(), failure);
        assert!(error.to_string().ends_with("no whole answer within 1 s"), "{error}");
        assert_eq!(models.count(), 1);
    }
}
