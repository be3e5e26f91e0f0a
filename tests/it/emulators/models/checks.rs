//! What is refused, and what of it is a problem.

use std::time::Duration;

use serde_json::{Value, json};

use super::asking::{Asker, question, with};
use super::emulated::{ModelCard, Models};

/// Fields added to a good request; the `param` and `code` of the error, empty for null.
#[rustfmt::skip]
const BAD_REQUESTS: [(&str, &str, &str); 33] = [
    (r#"{"messages": null}"#, "messages", "missing_required_parameter"),
    (r#"{"messages": []}"#, "messages", "empty_array"),
    (r#"{"messages": "hi"}"#, "messages", "invalid_type"),
    (r#"{"messages": [{"content": "x"}]}"#, "messages[0].role", "missing_required_parameter"),
    (r#"{"messages": [{"role": "bot", "content": "x"}]}"#, "messages[0].role", "invalid_value"),
    (r#"{"messages": [{"role": "user", "content": 7}]}"#, "messages[0].content", "invalid_type"),
    (r#"{"messages": [{"role": "user", "content": []}]}"#, "messages[0].content", "empty_array"),
    (r#"{"messages": [{"role": "user", "content": [{"type": "video"}]}]}"#, "messages[0].content[0].type", "invalid_value"),
    (r#"{"messages": [{"role": "user", "content": [{"type": "text"}]}]}"#, "messages[0].content[0].text", "missing_required_parameter"),
    (r#"{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///x"}}]}]}"#, "messages[0].content[0].image_url.url", "invalid_value"),
    (r#"{"messages": [{"role": "user", "content": null}]}"#, "messages.[0].content", ""),
    (r#"{"messages": [{"role": "assistant"}]}"#, "messages.[0].content", ""),
    (r#"{"messages": [{"role": "user", "content": "x", "name": "Al Ice"}]}"#, "messages[0].name", "invalid_value"),
    (r#"{"messages": [{"role": "user", "content": "x", "ts": 1}]}"#, "messages[0].ts", "unknown_parameter"),
    (r#"{"messages": [{"role": "assistant", "content": "x", "tool_calls": []}]}"#, "messages[0].tool_calls", "empty_array"),
    (r#"{"messages": [{"role": "tool", "content": "x", "tool_call_id": "call_1"}]}"#, "messages.[0].role", ""),
    (r#"{"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}]}]}"#, "messages.[1].role", ""),
    (r#"{"temperature": 2.1}"#, "temperature", "decimal_above_max_value"),
    (r#"{"temperature": -0.1}"#, "temperature", "decimal_below_min_value"),
    (r#"{"temperature": "hot"}"#, "temperature", "invalid_type"),
    (r#"{"max_tokens": 0}"#, "max_tokens", "integer_below_min_value"),
    (r#"{"max_completion_tokens": 1.5}"#, "max_completion_tokens", "invalid_type"),
    (r#"{"max_completion_tokens": 99999}"#, "max_completion_tokens", "invalid_value"),
    (r#"{"max_tokens": 1, "max_completion_tokens": 1}"#, "max_tokens", "invalid_parameter_combination"),
    (r#"{"stream_options": {"include_usage": true}}"#, "stream_options", ""),
    (r#"{"stream": true, "stream_options": {"usage": true}}"#, "stream_options.usage", "unknown_parameter"),
    (r#"{"stream": "yes"}"#, "stream", "invalid_type"),
    (r#"{"max_token": 5}"#, "max_token", "unknown_parameter"),
    (r#"{"stop": ["a", "b", "c", "d", "e"]}"#, "stop", "array_above_max_length"),
    (r#"{"tool_choice": "auto"}"#, "tool_choice", ""),
    (r#"{"tools": [{"type": "function", "function": {"name": "a b"}}]}"#, "tools[0].function.name", "invalid_value"),
    (r#"{"response_format": {"type": "json_object"}}"#, "messages", ""),
    (r#"{"metadata": {"a": 1}}"#, "metadata.a", "invalid_type"),
];

#[tokio::test]
async fn malformed_requests_are_refused_as_the_real_api_does_and_are_problems() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    for (fields, param, code) in BAD_REQUESTS {
        let request = with(question("hi"), serde_json::from_str(fields).unwrap());
        let (status, body) = asker.ask(&request).await;
        let error = &body["error"];
        assert_eq!((status, error["param"].as_str()), (400, Some(param)), "{fields}: {error}");
        assert_eq!(error["code"].as_str().unwrap_or_default(), code, "{fields}: {error}");
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].as_str().unwrap().len() > 10);
        assert_eq!(models.take_problems().len(), 1, "{fields}");
    }
    assert_eq!(models.count(), BAD_REQUESTS.len());
}

#[tokio::test]
async fn a_request_with_everything_legal_is_no_problem() {
    let models = Models::start().await;
    let request = json!({
        "model": "gpt-4o",
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "name": "alice_1", "content": [
                {"type": "text", "text": "what is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ]},
            {"role": "assistant", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}},
                {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
            ]},
            {"role": "tool", "tool_call_id": "call_2", "content": "a cat"},
            {"role": "tool", "tool_call_id": "call_1", "content": "a dog"},
            {"role": "user", "content": ""},
        ],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}],
        "tool_choice": "auto",
        "parallel_tool_calls": true,
        "max_completion_tokens": 100,
        "temperature": 2,
        "top_p": 1,
        "seed": 1,
        "stop": null,
        "user": "u1",
        "metadata": {"conversation": "1"},
        "response_format": {"type": "text"},
    });
    let (status, answer) = Asker::of(&models).ask(&request).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(models.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn a_key_must_be_there_and_right() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let url = asker.url("/chat/completions");
    let ask = |authorization: Option<&'static str>| {
        let request = asker.http().post(&url).json(&question("hi"));
        match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        }
    };
    for (authorization, code) in [
        (None, Value::Null),
        (Some("Basic sk-emulated-0123456789abcdef"), Value::Null),
        (Some("Bearer sk-wrong"), json!("invalid_api_key")),
    ] {
        let response = ask(authorization).send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], code);
        assert_eq!(models.take_problems().len(), 1);
    }

    models.rotates_key("sk-fresh");
    let (status, body) = asker.ask(&question("hi")).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("invalid_api_key")));
    assert_eq!(models.problems(), Vec::<String>::new());
    assert_eq!(Asker::of(&models).ask(&question("hi")).await.0, 200);
}

#[tokio::test]
async fn only_json_is_taken() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let post = || asker.http().post(asker.url("/chat/completions")).bearer_auth(models.key());
    let text = question("hi").to_string();
    let response = post().body(text.clone()).send().await.unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["code"], "unsupported_content_type");
    let response = post().header("content-type", "application/json").body("{\"model\"").send();
    assert_eq!(response.await.unwrap().status(), 400);
    let response = post().header("content-type", "application/json; charset=utf-8").body(text);
    assert_eq!(response.send().await.unwrap().status(), 200);
    assert_eq!(models.take_problems().len(), 2);
}

#[tokio::test]
async fn unknown_models_paths_and_methods_are_problems() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    let (status, body) = asker.ask(&with(question("hi"), json!({"model": "gpt-9"}))).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("model_not_found")));
    let (status, body) = asker.ask(&with(question("hi"), json!({"model": null}))).await;
    assert_eq!((status, &body["error"]["param"]), (400, &Value::Null));
    let (status, body) = asker.get("/completions").await;
    assert_eq!((status, &body["error"]["message"]), (404, &json!("Invalid URL (GET /v1/completions)")));
    let (status, body) = asker.get("/chat/completions").await;
    assert_eq!((status, &body["error"]["code"]), (405, &json!("method_not_supported")));
    assert_eq!(models.take_problems().len(), 4);

    models.retires("gpt-4o-mini");
    let (status, _) = asker.ask(&question("hi")).await;
    assert_eq!(status, 404);
    assert_eq!(models.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn models_differ_in_what_they_take() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    models.knows(ModelCard::new("o4-mini").reasoning());
    models.knows(ModelCard::new("llama").on_an_older_server());
    models.knows(ModelCard::new("tiny").with_context(10).with_answers_up_to(5));
    for (model, fields, code) in [
        ("o4-mini", json!({"max_tokens": 5}), "unsupported_parameter"),
        ("o4-mini", json!({"temperature": 0.5}), "unsupported_value"),
        ("llama", json!({"max_completion_tokens": 5}), "unknown_parameter"),
        ("tiny", json!({"max_completion_tokens": 6}), "invalid_value"),
    ] {
        let request = with(with(question("hi"), json!({ "model": model })), fields);
        let (status, body) = asker.ask(&request).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!(code)));
    }
    models.take_problems();
    let (status, body) = asker.ask(&with(question("a long question"), json!({"model": "tiny"}))).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("context_length_exceeded")));
    assert_eq!(models.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let models = Models::start().await;
    let asker = Asker::of(&models);
    models.with_rate_limit(1, Duration::from_secs(30));
    assert_eq!(asker.ask(&question("hi")).await.0, 200);
    let response = asker.post("/chat/completions", &question("hi")).await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "30");
    models.without_rate_limits();
    assert_eq!(asker.ask(&question("hi")).await.0, 200);
    assert_eq!(models.problems(), Vec::<String>::new());
}
