//! What goes wrong, fault by fault.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::asking::{Asker, Heard, question, streamed};
use super::emulated::{Answer, Fault, Finished, Models, RetryAfter};

/// Asks for a stream that is spoiled by some faults.
async fn spoiled(answer: Answer, faults: &[Fault]) -> (Models, Heard) {
    let models = Models::start().await;
    models.will(faults.iter().cloned().fold(answer, Answer::with));
    let heard = Asker::of(&models).stream(&streamed("?")).await;
    assert_eq!(models.problems(), Vec::<String>::new());
    (models, heard)
}

fn abc() -> Answer {
    Answer::deltas(["a", "b", "c"])
}

#[tokio::test]
async fn errors_have_status_type_and_code_and_leave_the_script_alone() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    models.will_say("after all");
    let faults = [
        (Fault::Unauthorized, 401, "invalid_request_error", json!("invalid_api_key")),
        (Fault::Forbidden, 403, "request_forbidden", json!("unsupported_country_region_territory")),
        (Fault::ModelNotFound, 404, "invalid_request_error", json!("model_not_found")),
        (Fault::ContextLengthExceeded, 400, "invalid_request_error", json!("context_length_exceeded")),
        (Fault::RateLimited(RetryAfter::Absent), 429, "requests", json!("rate_limit_exceeded")),
        (Fault::InsufficientQuota, 429, "insufficient_quota", json!("insufficient_quota")),
        (Fault::ServerError, 500, "server_error", Value::Null),
        (Fault::Unavailable, 503, "server_error", Value::Null),
        (Fault::Overloaded, 529, "overloaded_error", Value::Null),
        (Fault::Status(409), 409, "invalid_request_error", Value::Null),
    ];
    for (fault, status, kind, code) in faults {
        models.fault("/v1/chat/completions", 1, fault);
        let (got, body) = asker.ask(&question("?")).await;
        assert_eq!((got, &body["error"]["type"], &body["error"]["code"]), (status, &json!(kind), &code));
        assert_eq!(models.requests().last().unwrap().finished, Finished::Refused(status));
    }
    let (_, answer) = asker.ask(&question("?")).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "after all");
    assert_eq!(models.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn a_rate_limit_says_how_long_in_every_way() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    for (wait, name) in [
        (RetryAfter::Seconds(20), Some("retry-after")),
        (RetryAfter::Milliseconds(1500), Some("retry-after-ms")),
        (RetryAfter::Date(Duration::from_secs(60)), Some("retry-after")),
        (RetryAfter::Absent, None),
    ] {
        models.fault("chat/completions", 1, Fault::RateLimited(wait));
        let response = asker.post("/chat/completions", &question("?")).await.unwrap();
        let said = |name| response.headers().get(name).map(|value| value.to_str().unwrap());
        let both = [said("retry-after"), said("retry-after-ms")];
        assert_eq!(both.iter().flatten().count(), usize::from(name.is_some()));
        match wait {
            RetryAfter::Seconds(_) => assert_eq!(said("retry-after"), Some("20")),
            RetryAfter::Milliseconds(_) => assert_eq!(said("retry-after-ms"), Some("1500")),
            RetryAfter::Date(_) => assert!(said("retry-after").unwrap().ends_with(" GMT")),
            RetryAfter::Absent => {}
        }
    }
}

#[tokio::test]
async fn other_servers_have_other_errors() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    for fault in [Fault::IntegerErrorCode, Fault::FlatError, Fault::StringError] {
        models.will(fault);
    }
    let (status, body) = asker.ask(&question("?")).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!(400)));
    let (status, body) = asker.ask(&question("?")).await;
    assert_eq!((status, &body["object"]), (400, &json!("error")));
    let (status, body) = asker.ask(&question("?")).await;
    assert_eq!((status, body["error"].is_string()), (404, true));
    for status in [200, 502] {
        models.fault("chat/completions", 1, Fault::Html(status));
        let response = asker.post("/chat/completions", &streamed("?")).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        assert!(response.text().await.unwrap().contains("<html>"));
    }
}

#[tokio::test]
async fn connections_are_cut_where_it_was_asked_for() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        models.fault("chat/completions", 1, fault);
        assert!(asker.post("/chat/completions", &question("?")).await.is_err());
    }
    models.will(abc().with(Fault::CutAfterHeaders));
    let heard = asker.stream(&streamed("?")).await;
    assert!(heard.was_cut && heard.pieces.is_empty());
    models.will(abc().with(Fault::CutAfterDeltas(2)));
    let heard = asker.stream(&streamed("?")).await;
    assert!(heard.was_cut);
    assert_eq!(heard.said("content"), "ab");
    models.will(abc().with(Fault::CutAfterDeltas(1)));
    let response = asker.post("/chat/completions", &question("?")).await.unwrap();
    assert!(response.text().await.is_err());
    let ends: Vec<Finished> = models.requests().iter().map(|request| request.finished).collect();
    let cut = |deltas| Finished::Cut { deltas };
    assert_eq!(ends, [cut(0), cut(0), cut(0), cut(2), cut(0)]);
}

#[tokio::test]
async fn a_cut_answer_was_given_or_not() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    models.will_say("first");
    models.will_say("second");
    models.fault("chat/completions", 1, Fault::CutBefore);
    models.fault("chat/completions", 1, Fault::CutAfter);
    asker.post("/chat/completions", &question("?")).await.unwrap_err();
    assert_eq!(models.unsaid().len(), 2);
    asker.post("/chat/completions", &question("?")).await.unwrap_err();
    assert_eq!(models.unsaid(), ["second"]);
    assert_eq!(models.requests()[1].usage.unwrap().completion_tokens, 2);
}

#[tokio::test]
async fn silence_comes_where_it_was_asked_for() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    for (fault, heard) in [(Fault::HangAfterHeaders, ""), (Fault::HangAfterDeltas(1), "\"a\"")] {
        models.will(abc().with(fault));
        let mut response = asker.post("/chat/completions", &streamed("?")).await.unwrap();
        if !heard.is_empty() {
            let piece = response.chunk().await.unwrap().unwrap();
            assert!(String::from_utf8_lossy(&piece).contains(heard));
        }
        let more = tokio::time::timeout(Duration::from_millis(50), response.chunk()).await;
        assert!(more.is_err(), "there should be silence");
        drop(response);
        let deltas = usize::from(!heard.is_empty());
        let last = models.finished_request(models.count()).await;
        assert_eq!(last.finished, Finished::Disconnected { deltas });
    }
}

#[tokio::test]
async fn a_delay_is_only_a_delay() {
    let models = Models::start().await;
    models.fault("chat/completions", 1, Fault::Delay(Duration::from_millis(50)));
    let began = Instant::now();
    assert_eq!(Asker::of(&models).ask(&question("?")).await.0, 200);
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn streams_end_without_what_belongs_there() {
    for (fault, has_reason, is_done) in [
        (Fault::WithoutDone, true, false),
        (Fault::WithoutFinishReason, false, true),
        (Fault::WithoutFinishReasonAndDone, false, false),
    ] {
        let (models, heard) = spoiled(abc(), &[fault]).await;
        assert!(!heard.was_cut);
        assert_eq!((heard.finish_reason().is_some(), heard.is_done()), (has_reason, is_done));
        assert_eq!(heard.said("content"), "abc");
        assert_eq!(models.finished_request(1).await.finished, Finished::Answered);
    }
    let (_, heard) = spoiled(abc(), &[Fault::WithoutUsage]).await;
    assert!(heard.chunks().iter().all(|chunk| chunk.get("usage").is_none()));
}

#[tokio::test]
async fn chunks_are_odd_in_every_way() {
    let (_, heard) = spoiled(abc(), &[Fault::EmptyChoices]).await;
    assert!(heard.chunks().iter().all(|chunk| chunk["choices"] == json!([])));
    let (_, heard) = spoiled(abc(), &[Fault::UnknownFinishReason]).await;
    assert_eq!(heard.finish_reason().as_deref(), Some("abort"));
    let (_, heard) = spoiled(abc(), &[Fault::ExtraFields]).await;
    assert_eq!(heard.chunks()[1]["x_emulator"]["region"], "eu-1");
    assert_eq!(heard.said("content"), "abc");
    let (_, heard) = spoiled(abc(), &[Fault::NullContent]).await;
    assert_eq!((heard.said("content").as_str(), heard.is_done()), ("", true));
    let (_, heard) = spoiled(abc(), &[Fault::HugeDelta(10_000_000)]).await;
    assert_eq!(heard.said("content").len(), 10_000_003);
    let (_, heard) = spoiled(abc(), &[Fault::ErrorAfterDeltas(2)]).await;
    let last = heard.chunks().pop().unwrap();
    assert_eq!(last["error"]["type"], "server_error");
    assert_eq!((heard.said("content").as_str(), heard.is_done()), ("ab", false));
    let (_, heard) = spoiled(abc(), &[Fault::InvalidJsonAfterDeltas(1)]).await;
    let broken = heard.data().iter().filter(|data| serde_json::from_str::<Value>(data).is_err()).count();
    assert_eq!(broken, 2, "the broken line and [DONE]");
    assert_eq!(heard.said("content"), "abc");
}

#[tokio::test]
async fn plain_answers_are_odd_too() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let answer = async |fault| {
        models.will(abc().with(fault));
        asker.ask(&question("?")).await.1
    };
    assert_eq!(answer(Fault::EmptyChoices).await["choices"], json!([]));
    assert!(answer(Fault::WithoutUsage).await.get("usage").is_none());
    assert!(answer(Fault::NullContent).await["choices"][0]["message"]["content"].is_null());
    assert_eq!(answer(Fault::UnknownFinishReason).await["choices"][0]["finish_reason"], "abort");
    assert_eq!(answer(Fault::ErrorAfterDeltas(0)).await["error"]["type"], "server_error");
    assert_eq!(answer(Fault::ExtraFields).await["x_emulator"]["region"], "eu-1");
    assert_eq!(answer(Fault::BytesPerWrite(3)).await["choices"][0]["message"]["content"], "abc");
}

#[tokio::test]
async fn lines_end_in_crlf_and_comments_stand_between() {
    let (models, heard) = spoiled(abc(), &[Fault::CrlfLineEnds, Fault::Comments]).await;
    let raw = heard.raw();
    assert!(raw.starts_with(": ping\r\n\r\ndata: {"));
    assert!(raw.ends_with(": ping\r\n\r\ndata: [DONE]\r\n\r\n"));
    assert!(!raw.replace("\r\n", "").contains('\n'));
    assert_eq!(heard.said("content"), "abc");
    assert_eq!(models.finished_request(1).await.finished, Finished::Answered);
}

#[tokio::test]
async fn writes_cut_characters_and_lines_apart() {
    let text = "né 👩‍👩‍👧 世界";
    let (models, heard) = spoiled(Answer::text(text), &[Fault::BytesPerWrite(1)]).await;
    assert!(heard.pieces.iter().all(|piece| piece.len() == 1));
    assert_eq!(heard.said("content"), text);
    assert_eq!(models.finished_request(1).await.finished, Finished::Answered);
    let (_, heard) = spoiled(Answer::text(text), &[Fault::AllInOneWrite]).await;
    assert_eq!(heard.pieces.len(), 1);
    // Role, three deltas, reason, usage, [DONE].
    let (_, heard) = spoiled(abc(), &[Fault::EventsPerWrite(2)]).await;
    let events = heard.pieces.iter().map(|piece| String::from_utf8_lossy(piece).matches("data: ").count());
    assert_eq!(events.collect::<Vec<_>>(), [2, 2, 2, 1]);
    let drip = Fault::SlowDrip { bytes: 200, pause: Duration::from_millis(2) };
    let (_, heard) = spoiled(abc(), &[drip]).await;
    assert!(heard.pieces.iter().all(|piece| piece.len() <= 200));
    assert_eq!(heard.said("content"), "abc");
}

#[tokio::test]
async fn characters_are_escaped_or_torn_apart_in_json() {
    let text = "né 👍 x";
    let (_, heard) = spoiled(Answer::text(text), &[Fault::AsciiJson]).await;
    assert!(heard.raw().is_ascii());
    assert_eq!(heard.said("content"), text);
    let (_, heard) = spoiled(Answer::deltas(["a 👍 b"]), &[Fault::SurrogatesApart]).await;
    let raw = heard.raw();
    assert!(raw.contains(r#"{"content":"\ud83d"}"#) && raw.contains(r#"{"content":"\udc4d"}"#));
    // serde_json refuses the halves, and only them.
    assert_eq!(heard.said("content"), "a  b");
}

#[tokio::test]
async fn other_routes_fail_too() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    models.fault("models", 2, Fault::Unavailable);
    assert_eq!(asker.get("/models").await.0, 503);
    assert_eq!(asker.get("/models/gpt-4o").await.0, 503);
    assert_eq!(asker.get("/models").await.0, 200);
    models.fault("embeddings", 1, Fault::CutAfter);
    let request = json!({"model": "text-embedding-3-small", "input": "x"});
    assert!(asker.post("/embeddings", &request).await.is_err());
    models.fault("embeddings", 1, Fault::ServerError);
    models.without_faults();
    assert_eq!(asker.post("/embeddings", &request).await.unwrap().status(), 200);
}
