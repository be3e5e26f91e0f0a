//! What the model says when all goes well.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::asking::{Asker, question, streamed, with};
use super::emulated::{Answer, Models};

#[tokio::test]
async fn without_a_script_it_says_back_what_it_hears() {
    let models = Models::start().await;
    let (status, answer) = Asker::of(&models).ask(&question("hello?")).await;
    assert_eq!(status, 200);
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["message"]["role"], "assistant");
    assert_eq!(answer["choices"][0]["message"]["content"], "hello?");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    // 3 for the prompt, 4 for the message, and two of four bytes each.
    assert_eq!(answer["usage"]["prompt_tokens"], 9);
    assert_eq!(answer["usage"]["completion_tokens"], 2);
    assert_eq!(answer["usage"]["total_tokens"], 11);
    assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
    assert_eq!(models.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn a_stream_has_role_then_deltas_then_reason_then_usage_then_done() {
    let models = Models::start().await;
    models.will_stream(["Hel", "lo", "!"]);
    let heard = Asker::of(&models).stream(&streamed("hi")).await;
    let chunks = heard.chunks();
    let deltas: Vec<&Value> = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]).collect();
    let first = json!({"role": "assistant", "content": "", "refusal": null});
    let expected = [first, json!({"content": "Hel"}), json!({"content": "lo"}), json!({"content": "!"})];
    assert_eq!(deltas[..4], expected.iter().collect::<Vec<_>>());
    assert_eq!(*deltas[4], json!({}));
    assert_eq!(chunks[4]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks[5]["choices"], json!([]));
    assert_eq!(chunks[5]["usage"]["completion_tokens"], 2);
    assert!(chunks[..5].iter().all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some()));
    assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"]));
    assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"));
    assert!(heard.is_done());
}

#[tokio::test]
async fn without_include_usage_no_chunk_speaks_of_usage() {
    let models = Models::start().await;
    let request = with(question("hi"), json!({"stream": true}));
    let heard = Asker::of(&models).stream(&request).await;
    assert!(heard.chunks().iter().all(|chunk| chunk.get("usage").is_none()));
    assert_eq!(heard.said("content"), "hi");
}

#[tokio::test]
async fn answers_come_in_line_and_rules_come_first() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    models.will_say("first");
    models.will_say("second");
    models.when_asked("title", "A fine title");
    models.answers_with(|asked| format!("{} messages", asked.messages.len()));
    for (asked, expected) in
        [("one", "first"), ("give it a title", "A fine title"), ("two", "second"), ("three", "1 messages")]
    {
        let (_, answer) = asker.ask(&question(asked)).await;
        assert_eq!(answer["choices"][0]["message"]["content"], expected);
    }
    models.will_say("nobody will hear this");
    assert_eq!(models.unsaid(), ["nobody will hear this"]);
}

#[tokio::test]
async fn sixty_thousand_characters_arrive_whole() {
    let models = Models::start().await;
    let text: String = "Grüße, 世界 👩‍👩‍👧! ".chars().cycle().take(60_000).collect();
    models.will_say(&text);
    models.will_say(&text);
    let asker = Asker::of(&models);
    assert_eq!(asker.stream(&streamed("?")).await.said("content"), text);
    let (_, answer) = asker.ask(&question("?")).await;
    assert_eq!(answer["choices"][0]["message"]["content"], text);
}

#[tokio::test]
async fn tool_calls_come_whole_or_in_deltas() {
    let models = Models::start().await;
    let arguments = json!({"city": "Zürich"});
    let call = Answer::tool_call("weather", &arguments).and_calls("clock", &json!({}));
    models.will(call.clone());
    models.will(call);
    let asker = Asker::of(&models);
    let tools = json!([
        {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "clock"}},
    ]);

    let (_, answer) = asker.ask(&with(question("?"), json!({"tools": tools}))).await;
    let message = &answer["choices"][0]["message"];
    assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
    assert!(message["content"].is_null());
    assert_eq!(message["tool_calls"][0]["function"]["name"], "weather");
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], arguments.to_string());
    assert_eq!(message["tool_calls"][1]["function"]["name"], "clock");

    let heard = asker.stream(&with(streamed("?"), json!({"tools": tools}))).await;
    let chunks = heard.chunks();
    let calls = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0]);
    let calls: Vec<&Value> = calls.filter(|call| call.is_object()).collect();
    assert_eq!(calls[0]["type"], "function");
    assert!(calls[0]["id"].as_str().unwrap().starts_with("call_"));
    let of_first = calls.iter().filter(|call| call["index"] == 0);
    let pieces = of_first.filter_map(|call| call["function"]["arguments"].as_str());
    assert_eq!(pieces.collect::<String>(), arguments.to_string());
    assert_eq!(heard.finish_reason().as_deref(), Some("tool_calls"));
    assert!(chunks[0]["choices"][0]["delta"]["content"].is_null());
}

#[tokio::test]
async fn thoughts_refusals_and_reasons_have_their_own_fields() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    models.will(Answer::text("42").after_thinking("six times seven"));
    let heard = asker.stream(&streamed("?")).await;
    assert_eq!(heard.said("reasoning_content"), "six times seven");
    assert_eq!(heard.said("content"), "42");
    let usage = heard.chunks().pop().unwrap()["usage"].clone();
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 4);

    models.will(Answer::refusal("I can't help with that."));
    let (_, answer) = asker.ask(&question("?")).await;
    assert!(answer["choices"][0]["message"]["content"].is_null());
    assert_eq!(answer["choices"][0]["message"]["refusal"], "I can't help with that.");

    models.will(Answer::text("Once upon").finished_by("content_filter"));
    let heard = asker.stream(&streamed("?")).await;
    assert_eq!(heard.finish_reason().as_deref(), Some("content_filter"));
}

#[tokio::test]
async fn an_answer_ends_at_its_limit_or_at_a_stop_sequence() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let request = with(streamed("1234567890"), json!({"max_completion_tokens": 2}));
    let heard = asker.stream(&request).await;
    assert_eq!(heard.said("content"), "12345678");
    assert_eq!(heard.finish_reason().as_deref(), Some("length"));

    let request = with(question("one. two. three"), json!({"stop": ["three", " two"]}));
    let (_, answer) = asker.ask(&request).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "one.");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn a_long_prompt_is_cached_in_steps_of_128_tokens() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let system = json!({"role": "system", "content": "s".repeat(4 * 1200)});
    for (text, cached) in [("one", 0), ("two", 1152)] {
        let messages = json!([system, {"role": "user", "content": text}]);
        let (_, answer) = asker.ask(&json!({"model": "gpt-4o", "messages": messages})).await;
        assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], cached);
    }
}

#[tokio::test]
async fn pace_is_kept() {
    let models = Models::start().await;
    models.first_token_after(Duration::from_millis(60));
    models.tokens_per_second(100.0);
    let asker = Asker::of(&models);
    let began = Instant::now();
    // Ten tokens, the first after 60 ms, the others 10 ms apart.
    asker.stream(&streamed(&"four".repeat(10))).await;
    assert!(began.elapsed() >= Duration::from_millis(150));
    let began = Instant::now();
    asker.ask(&question(&"four".repeat(10))).await;
    assert!(began.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn models_embeddings_and_moderations_are_there() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let (_, list) = asker.get("/models").await;
    assert_eq!(list["object"], "list");
    assert!(list["data"].as_array().unwrap().iter().any(|model| model["id"] == "gpt-4o"));
    assert_eq!(asker.get("/models/gpt-4o").await.1["object"], "model");
    let (status, error) = asker.get("/models/gpt-9").await;
    assert_eq!((status, &error["error"]["code"]), (404, &json!("model_not_found")));

    let request =
        json!({"model": "text-embedding-3-small", "input": ["red apple", "green apple", "Tuesday"]});
    let response = asker.post("/embeddings", &request).await.unwrap();
    let body: Value = response.json().await.unwrap();
    let vector = |n: usize| -> Vec<f64> {
        let numbers = body["data"][n]["embedding"].as_array().unwrap();
        numbers.iter().map(|number| number.as_f64().unwrap()).collect()
    };
    let near = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>();
    assert_eq!(vector(0).len(), 1536);
    assert!(near(vector(0), vector(1)) > near(vector(0), vector(2)) + 0.1);

    models.flags("villain");
    let request = json!({"input": ["you hero", "you villain"]});
    let response = asker.post("/moderations", &request).await.unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["results"][0]["flagged"], false);
    assert_eq!(body["results"][1]["flagged"], true);
    assert_eq!(body["results"][1]["categories"]["harassment"], true);
    assert_eq!(models.problems(), Vec::<String>::new());
}
