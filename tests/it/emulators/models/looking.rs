//! What a test sees, and how it waits without sleeping.

use serde_json::json;

use super::asking::{Asker, question, streamed, with};
use super::emulated::{Answer, Fault, Finished, Gate, Models};

#[tokio::test]
async fn requests_show_who_said_what_and_how_they_ended() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let messages = json!([
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
    ]);
    models.will_say("hello");
    asker.ask(&with(question(""), json!({ "messages": messages }))).await;
    asker.ask(&json!({"model": "gpt-4o"})).await;

    let [first, second] = &models.requests()[..] else { panic!("two requests") };
    assert_eq!(first.model, "gpt-4o-mini");
    assert!(!first.stream);
    assert_eq!(first.messages[0].role, "system");
    assert_eq!(first.last_user_text(), "a\nb");
    assert_eq!(first.text_of("system").collect::<Vec<_>>(), ["Be kind."]);
    assert_eq!(first.json["messages"], messages);
    assert_eq!(first.headers["content-type"], "application/json");
    assert!(!first.headers.contains_key("authorization"));
    assert_eq!(first.finished, Finished::Answered);
    assert_eq!(first.usage.unwrap().completion_tokens, 2);
    assert_eq!(second.finished, Finished::Refused(400));
    assert!(first.at <= second.at);

    let calls = models.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!((calls[1].target.as_str(), calls[1].status), ("/v1/chat/completions", 400));
    assert_eq!(models.take_problems().len(), 1);
}

#[tokio::test]
async fn a_held_stream_waits_at_its_delta_until_it_is_let_go() {
    let models = Models::start().await;
    models.will_stream(["one ", "two ", "three"]);
    models.hold(1);
    let asker = Asker::of(&models);
    let mut response = asker.post("/chat/completions", &streamed("?")).await.unwrap();
    models.wait_until_held(1).await;
    let early = String::from_utf8(response.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(early.contains("one ") && !early.contains("two "));
    models.hold(2);
    let later = String::from_utf8(response.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(later.contains("two ") && !later.contains("three"));
    assert_eq!(models.request(1).await.finished, Finished::NotYet);
    models.release();
    assert!(response.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    assert_eq!(models.finished_request(1).await.finished, Finished::Answered);
}

#[tokio::test]
async fn a_plain_answer_is_held_before_its_headers() {
    let models = Models::start().await;
    models.hold(0);
    let asker = Asker::of(&models);
    let asking = tokio::spawn(async move { asker.ask(&question("hi")).await.0 });
    models.wait_until_held(1).await;
    assert!(!asking.is_finished());
    models.release();
    assert_eq!(asking.await.unwrap(), 200);
}

#[tokio::test]
async fn one_answer_can_have_a_gate_of_its_own() {
    let models = Models::start().await;
    let gate = Gate::closed_after(1);
    models.when_asked("slow", Answer::deltas(["a", "b"]).behind(&gate));
    let asker = Asker::of(&models);
    let slow = asker.post("/chat/completions", &streamed("slow")).await.unwrap();
    gate.wait_until_held(1).await;
    assert_eq!(asker.ask(&question("quick")).await.0, 200);
    gate.release();
    assert!(slow.text().await.unwrap().contains("[DONE]"));
}

#[tokio::test]
async fn a_client_that_leaves_is_seen_leaving() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    models.will_stream(["a", "b", "c"]);
    models.hold(2);
    let response = asker.post("/chat/completions", &streamed("?")).await.unwrap();
    models.wait_until_held(1).await;
    drop(response);
    let request = models.finished_request(1).await;
    assert_eq!(request.finished, Finished::Disconnected { deltas: 2 });
    models.gate().wait_until_nobody_is_held().await;
    models.release();

    for fault in [Fault::Hang, Fault::HangAfter] {
        models.fault("chat/completions", 1, fault);
        let (asker, body) = (asker.clone(), question("?"));
        let asking = tokio::spawn(async move { asker.ask(&body).await });
        let n = models.count() + 1;
        models.request(n).await;
        asking.abort();
        let request = models.finished_request(n).await;
        assert_eq!(request.finished, Finished::Disconnected { deltas: 0 });
    }
}

#[tokio::test]
async fn a_test_waits_for_the_request_it_means() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let asking = tokio::spawn(async move {
        for text in ["one", "two", "three"] {
            asker.ask(&question(text)).await;
        }
    });
    assert_eq!(models.request(2).await.last_user_text(), "two");
    let third = models.wait_for_request(|asked| asked.last_user_text() == "three").await;
    assert!(!third.stream);
    asking.await.unwrap();
    assert_eq!(models.count(), 3);
    models.remembers(1);
    assert_eq!((models.requests().len(), models.count()), (1, 3));
}

#[tokio::test]
async fn it_ends_with_its_last_handle() {
    let models = Models::start().await;
    let (asker, address) = (Asker::of(&models), models.address());
    let other = models.clone();
    drop(models);
    assert_eq!(asker.ask(&question("hi")).await.0, 200);
    drop(other);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    // And comes back at the same place after an outage.
    let models = Models::start_at(address).await;
    assert_eq!(asker.ask(&question("hi")).await.0, 200);
    assert_eq!(models.count(), 1);
}
