//! Through the real client, as the bot uses it: async-openai without retries.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, ChatCompletionStreamOptions, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs,
};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::asking::{question, streamed};
use super::emulated::{Answer, Fault, Finished, Models, RetryAfter};

fn client(models: &Models) -> Client<OpenAIConfig> {
    // Fails when a test before has installed it.
    rustls::crypto::ring::default_provider().install_default().ok();
    let config = OpenAIConfig::new()
        .with_api_base(models.base_url())
        .with_api_key(models.key())
        .with_org_id("")
        .with_project_id("");
    let service = ReqwestService::new(reqwest::Client::new());
    Client::with_config(config).with_http_service(service)
}

fn typed(text: &str) -> CreateChatCompletionRequest {
    let message = ChatCompletionRequestUserMessageArgs::default().content(text).build().unwrap();
    CreateChatCompletionRequestArgs::default()
        .model("gpt-4o-mini")
        .max_completion_tokens(100_u32)
        .messages([message.into()])
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_typed_client_gets_a_plain_answer() {
    let models = Models::start().await;
    models.will_say("Certainly.");
    let answer: async_openai::types::chat::CreateChatCompletionResponse =
        client(&models).chat().create_byot(typed("are you there?")).await.unwrap();
    assert_eq!(answer.choices[0].message.content.as_deref(), Some("Certainly."));
    assert_eq!(answer.usage.unwrap().completion_tokens, 3);
    assert_eq!(models.request(1).await.last_user_text(), "are you there?");
    assert_eq!(models.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn the_typed_client_gets_a_stream_with_usage() {
    let models = Models::start().await;
    models.will_stream(["Cer", "tain", "ly."]);
    let mut request = typed("?");
    // With the feature `byot` the client leaves this to its caller.
    request.stream = Some(true);
    request.stream_options =
        Some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None });
    let mut stream = client(&models).chat().create_stream(request).await.unwrap();
    let (mut said, mut usage, mut reason) = (String::new(), None, None);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.unwrap();
        if let Some(choice) = chunk.choices.first() {
            said.extend(choice.delta.content.clone());
            reason = reason.or(choice.finish_reason);
        }
        usage = usage.or(chunk.usage);
    }
    assert_eq!(said, "Certainly.");
    assert!(reason.is_some());
    assert_eq!(usage.unwrap().prompt_tokens_details.unwrap().cached_tokens, Some(0));
    assert_eq!(models.finished_request(1).await.finished, Finished::Answered);
    assert_eq!(models.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn tool_calls_reach_the_typed_client() {
    let models = Models::start().await;
    models.will(Answer::tool_call("clock", &json!({"zone": "UTC"})));
    let mut request = typed("?");
    request.stream = Some(true);
    let mut stream = client(&models).chat().create_stream(request).await.unwrap();
    let (mut names, mut arguments) = (String::new(), String::new());
    while let Some(chunk) = stream.next().await {
        for call in chunk.unwrap().choices[0].delta.tool_calls.iter().flatten() {
            let function = call.function.as_ref().unwrap();
            names.extend(function.name.clone());
            arguments.extend(function.arguments.clone());
        }
    }
    assert_eq!((names.as_str(), arguments.as_str()), ("clock", "{\"zone\":\"UTC\"}"));
}

#[tokio::test]
async fn errors_reach_the_client_after_exactly_one_request() {
    let models = Models::start().await;
    let client = client(&models);
    models.fault("chat/completions", 1, Fault::RateLimited(RetryAfter::Seconds(3600)));
    let error = client.chat().create_byot::<_, Value>(question("?")).await.unwrap_err();
    let OpenAIError::ApiError(error) = error else { panic!("{error:?}") };
    assert_eq!(error.status_code, 429);
    assert_eq!(error.api_error.code.as_deref(), Some("rate_limit_exceeded"));
    assert_eq!(models.count(), 1);

    models.fault("chat/completions", 1, Fault::ServerError);
    let stream = client.chat().create_stream_byot::<_, Value>(streamed("?")).await;
    let error = match stream {
        Ok(mut stream) => stream.next().await.unwrap().unwrap_err(),
        Err(error) => error,
    };
    assert!(error.to_string().contains("server had an error"), "{error:?}");
    assert_eq!(models.count(), 2);

    models.fault("chat/completions", 1, Fault::IntegerErrorCode);
    let error = client.chat().create_byot::<_, Value>(question("?")).await.unwrap_err();
    assert!(matches!(error, OpenAIError::JSONDeserialize(..)), "{error:?}");

    models.fault("chat/completions", 1, Fault::CutBefore);
    let error = client.chat().create_byot::<_, Value>(question("?")).await.unwrap_err();
    assert!(matches!(error, OpenAIError::Reqwest(_)), "{error:?}");
    assert_eq!(models.count(), 4);
    assert_eq!(models.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn dropping_the_stream_is_seen_by_the_model() {
    let models = Models::start().await;
    models.will_stream(["a", "b"]);
    models.hold(1);
    let client = client(&models);
    let mut stream = client.chat().create_stream_byot::<_, Value>(streamed("?")).await.unwrap();
    stream.next().await.unwrap().unwrap();
    models.wait_until_held(1).await;
    drop(stream);
    let request = models.finished_request(1).await;
    assert_eq!(request.finished, Finished::Disconnected { deltas: 1 });
}
