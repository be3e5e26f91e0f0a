//! Calls to Discord's REST API: one way in, with timeouts and typed refusals.
//!
//! Requests are made and paced by serenity; answers are read here, because its
//! own reading loses the time to wait after a 429, and fails after a success
//! whose body it does not know, when the message has been posted already.

use std::time::Duration;

use reqwest012 as reqwest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use serenity::Error as SerenityError;
use serenity::builder::CreateAttachment;
use serenity::http::{Http, HttpBuilder, LightMethod, Multipart, MultipartUpload, Request, Route};
use serenity::model::id::ApplicationId;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::channels::ChannelError;
use crate::channels::discord::errors::{CallError, Refusal, from_library, from_transport};
use crate::domain::TextFile;

/// Where the API is unless configured otherwise.
pub(super) const DEFAULT_BASE: &str = "https://discord.com";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One request, from connecting to the last byte.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// One call, which may wait for the limiter before it is sent.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 4 << 20;

/// The REST API, as one bot.
#[derive(Debug)]
pub(super) struct Api {
    token: SecretString,
    base: String,
    client: reqwest::Client,
    http: Http,
    application: OnceCell<ApplicationId>,
}

impl Api {
    /// Prepares calls to the API at `base`; nothing is sent.
    pub(super) fn new(token: SecretString, base: &str) -> Result<Self, ChannelError> {
        let client = reqwest::Client::builder()
            .use_rustls_tls()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| from_transport("preparing calls", error))?;
        let base = base.trim_end_matches('/').to_owned();
        let http = http(&token, &base, client.clone());
        Ok(Self { token, base, client, http, application: OnceCell::new() })
    }

    /// A client for the gateway, which keeps its own.
    pub(super) fn for_gateway(&self) -> Http {
        http(&self.token, &self.base, self.client.clone())
    }

    /// Makes a call; an answer without a body is `null`.
    pub(super) async fn call(
        &self,
        step: &'static str,
        method: LightMethod,
        route: Route<'_>,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let request = Request::new(route, method).body(body.map(|body| body.to_string().into_bytes()));
        self.make(step, request).await
    }

    /// Makes a message, which may bring a file.
    pub(super) async fn post(
        &self,
        step: &'static str,
        route: Route<'_>,
        body: &Value,
        file: Option<&TextFile>,
    ) -> Result<Value, CallError> {
        let Some(file) = file else { return self.call(step, LightMethod::Post, route, Some(body)).await };
        let mut body = body.clone();
        if let Value::Object(fields) = &mut body {
            fields.insert("attachments".to_owned(), json!([{ "id": 0, "filename": file.name }]));
        }
        let upload = CreateAttachment::bytes(file.text.as_bytes(), &file.name);
        let form = Multipart {
            upload: MultipartUpload::Attachments(vec![upload]),
            fields: Vec::new(),
            payload_json: Some(body.to_string()),
        };
        self.make(step, Request::new(route, LightMethod::Post).multipart(Some(form))).await
    }

    /// Reads a list, as far as `query` says.
    pub(super) async fn list(
        &self,
        step: &'static str,
        route: Route<'_>,
        query: Vec<(&'static str, String)>,
    ) -> Result<Vec<Value>, CallError> {
        let request = Request::new(route, LightMethod::Get).params(Some(query));
        match self.make(step, request).await? {
            Value::Array(list) => Ok(list),
            _ => {
                Err(CallError::Failed(ChannelError::Unknown { step, source: "the answer is no list".into() }))
            }
        }
    }

    async fn make(&self, step: &'static str, request: Request<'_>) -> Result<Value, CallError> {
        let answer = timeout(CALL_TIMEOUT, async {
            let response = self.send(request).await.map_err(|error| from_library(step, error))?;
            let status = response.status();
            let retry_after = response.headers().get("retry-after");
            let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
            let bytes = read(response).await.map_err(|error| from_transport(step, error))?;
            Ok::<_, ChannelError>((status, retry_after, bytes))
        });
        let unclear = |source| ChannelError::Unknown { step, source };
        let (status, retry_after, bytes) =
            answer.await.map_err(|elapsed| unclear(elapsed.into())).flatten().map_err(CallError::Failed)?;
        if !status.is_success() {
            let refusal = Refusal::read(step, status.as_u16(), retry_after.as_deref(), &bytes);
            return Err(CallError::Refused(refusal));
        }
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|error| CallError::Failed(unclear(error.into())))
    }

    async fn send(&self, request: Request<'_>) -> Result<reqwest::Response, SerenityError> {
        match &self.http.ratelimiter {
            Some(limiter) => limiter.perform(request).await,
            None => {
                let proxy = self.http.proxy.as_deref();
                let request = request.build(&self.client, self.http.token(), proxy)?;
                Ok(request.send().await?)
            }
        }
    }

    /// The id of our application, which interactions and commands belong to.
    pub(super) async fn application(&self) -> Result<ApplicationId, ChannelError> {
        let asked = self.application.get_or_try_init(|| async {
            let application = self.about_the_application().await?;
            id_of("asking for the application", &application).map(ApplicationId::new)
        });
        asked.await.copied()
    }

    /// Remembers the id of our application, as the gateway tells it.
    pub(super) fn is_application(&self, id: ApplicationId) {
        // It cannot change; if it is known already, it is the same.
        let _ = self.application.set(id);
    }

    /// What Discord knows of our application.
    pub(super) async fn about_the_application(&self) -> Result<Value, ChannelError> {
        let route = Route::Oauth2ApplicationCurrent;
        Ok(self.call("asking for the application", LightMethod::Get, route, None).await?)
    }
}

fn http(token: &SecretString, base: &str, client: reqwest::Client) -> Http {
    let builder = HttpBuilder::new(token.expose_secret()).client(client);
    if base == DEFAULT_BASE {
        return builder.build();
    }
    // The built-in limiter sends to the real Discord whatever the proxy says.
    builder.proxy(base).ratelimiter_disabled(true).build()
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_BYTES {
            break;
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The id that an answer has to carry.
pub(super) fn id_of(step: &'static str, answer: &Value) -> Result<u64, ChannelError> {
    let id = answer.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    id.filter(|id| *id != 0)
        .ok_or_else(|| ChannelError::Unknown { step, source: "the answer has no id".into() })
}

/// An id that we keep as text, as the number that it has to be.
pub(super) fn snowflake(step: &'static str, id: &str) -> Result<u64, ChannelError> {
    let number = id.parse().ok().filter(|id| *id != 0);
    number.ok_or_else(|| ChannelError::Rejected { step, reason: "that is no id of Discord's".to_owned() })
}
