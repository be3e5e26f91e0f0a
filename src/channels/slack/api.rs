//! The Web API: every call with a limit in time, and answers read leniently.
//!
//! Requests and answers are our own shapes: the SDK's are strict, and an answer
//! it cannot read would make a post that was done look like one that was not.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::{SlackClientHyperConnector, SlackClientHyperHttpsConnector};
use slack_morphism::{
    SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext, SlackClientHttpConnector,
    SlackResponseUrl,
};
use tokio::time::timeout;
use url::Url;

use crate::channels::ChannelError;
use crate::channels::slack::errors::{Step, late, meaning, unreachable, words};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// Where Slack's own response urls lead.
const RESPONSE_HOST: &str = "hooks.slack.com";

/// Where files are brought to, such as `files.slack.com`.
const FILES_HOSTS: &str = ".slack.com";

/// Where Slack tells what a token may do; the SDK keeps headers to itself.
const SCOPES: &str = "x-oauth-scopes";

pub(super) type Connector = SlackClientHyperHttpsConnector;

/// The Web API with our tokens.
pub(super) struct Api {
    pub(super) client: Arc<SlackClient<Connector>>,
    pub(super) bot: SlackApiToken,
    plain: Client<HttpsConnector<HttpConnector>, String>,
    /// The token that opens sockets, where there are any.
    pub(super) app: Option<SlackApiToken>,
    call_within: Duration,
}

impl Api {
    /// Prepares the client; nothing is sent yet.
    pub(super) fn new(
        api_base: &str,
        bot: &SecretString,
        app: Option<&SecretString>,
        call_within: Duration,
    ) -> Result<Self, ChannelError> {
        // Somebody else may have chosen a provider before; any will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT));
        let https = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| ChannelError::Setup {
                way_out: format!(
                    "the system's root certificates cannot be read (is `ca-certificates` installed?): {error}"
                ),
            })?
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(http);
        let plain = Client::builder(TokioExecutor::new()).build(https.clone());
        let base = api_base.trim_end_matches('/');
        let connector = SlackClientHyperConnector::with_connector(https).with_slack_api_url(base);
        let token = |secret: &SecretString| {
            SlackApiToken::new(SlackApiTokenValue(secret.expose_secret().trim().to_owned()))
        };
        Ok(Self {
            client: Arc::new(SlackClient::new(connector)),
            bot: token(bot),
            plain,
            app: app.map(token),
            call_within,
        })
    }

    /// Calls a method as the bot, with its arguments as JSON.
    pub(super) async fn post<A: DeserializeOwned + Send>(
        &self,
        step: Step,
        method: &str,
        arguments: &(impl Serialize + Sync + Send),
    ) -> Result<A, ChannelError> {
        self.post_as(&self.bot, step, method, arguments).await
    }

    /// Calls a method with one of the tokens.
    pub(super) async fn post_as<A: DeserializeOwned + Send>(
        &self,
        token: &SlackApiToken,
        step: Step,
        method: &str,
        arguments: &(impl Serialize + Sync + Send),
    ) -> Result<A, ChannelError> {
        let session = self.client.open_session(token);
        self.in_time(step, session.http_session_api.http_post(method, arguments, None)).await
    }

    /// Calls a method that takes no JSON as the bot.
    pub(super) async fn get<A: DeserializeOwned + Send>(
        &self,
        step: Step,
        method: &str,
        arguments: &[(&str, &str)],
    ) -> Result<A, ChannelError> {
        let session = self.client.open_session(&self.bot);
        let arguments: Vec<_> = arguments.iter().map(|(name, value)| (*name, Some(*value))).collect();
        self.in_time(step, session.http_session_api.http_get(method, &arguments, None)).await
    }

    /// What the bot's token may do, as Slack tells with every answer; nothing where
    /// somebody in between keeps it back.
    pub(super) async fn scopes(&self, step: Step) -> Result<Option<String>, ChannelError> {
        let url = self.client.http_api.connector.create_method_uri_path("auth.test");
        let url = url.map_err(|error| meaning(step, error))?;
        let bearer = format!("Bearer {}", self.bot.token_value.0);
        let request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(String::new());
        let request = request.map_err(|error| unreachable(step, error.to_string()))?;
        let Ok(answer) = timeout(self.call_within, self.plain.request(request)).await else {
            return Err(late(step, self.call_within));
        };
        let answer = answer.map_err(|error| unreachable(step, words(&error)))?;
        if !answer.status().is_success() {
            return Err(unreachable(step, format!("HTTP status {}", answer.status().as_u16())));
        }
        let scopes = answer.headers().get(SCOPES).and_then(|scopes| scopes.to_str().ok());
        Ok(scopes.map(str::to_owned))
    }

    /// Brings a file to where Slack has told us to, which needs no token.
    pub(super) async fn bring(&self, step: Step, url: &str, content: String) -> Result<(), ChannelError> {
        let url = self.upload_url(url).ok_or_else(|| ChannelError::Rejected {
            step: step.name,
            reason: "Slack names a place for it that is none of Slack's".to_owned(),
        })?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(content);
        let request = request.map_err(|error| unreachable(step, error.to_string()))?;
        let Ok(answer) = timeout(self.call_within, self.plain.request(request)).await else {
            return Err(unreachable(step, "no answer in time".to_owned()));
        };
        let answer = answer.map_err(|error| unreachable(step, words(&error)))?;
        let reason = format!("HTTP status {}", answer.status().as_u16());
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.is_client_error() => Err(ChannelError::Rejected { step: step.name, reason }),
            _ => Err(unreachable(step, reason)),
        }
    }

    /// Reads an address for a file, if it leads to Slack or to the configured API.
    fn upload_url(&self, text: &str) -> Option<Url> {
        let url: Url = text.parse().ok()?;
        let is_slacks =
            url.scheme() == "https" && url.host_str().is_some_and(|host| host.ends_with(FILES_HOSTS));
        (is_slacks || self.is_at_home(&url)).then_some(url)
    }

    fn is_at_home(&self, url: &Url) -> bool {
        let home = self.client.http_api.connector.create_method_uri_path("api.test");
        home.is_ok_and(|home| url.origin() == home.origin())
    }

    /// Posts to a response url.
    pub(super) async fn respond(
        &self,
        step: Step,
        url: &SlackResponseUrl,
        answer: &(impl Serialize + Sync + Send),
    ) -> Result<(), ChannelError> {
        let span = tracing::Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let connector = &self.client.http_api.connector;
        let sending = connector.http_post_uri::<_, serde::de::IgnoredAny>(url.0.clone(), answer, context);
        let sending = async {
            match sending.await {
                // What a response url answers, not always with the type of a text.
                Err(SlackClientError::ProtocolError(answer)) if answer.json_body.as_deref() == Some("ok") => {
                    Ok(())
                }
                answer => answer.map(drop),
            }
        };
        self.in_time(step, sending).await
    }

    /// Reads a response url, if it leads to Slack or to the configured API.
    pub(super) fn response_url(&self, text: &str) -> Option<SlackResponseUrl> {
        let url = SlackResponseUrl(text.parse().ok()?);
        let is_slacks = url.0.scheme() == "https" && url.0.host_str() == Some(RESPONSE_HOST);
        (is_slacks || self.is_at_home(&url.0)).then_some(url)
    }

    async fn in_time<A>(
        &self,
        step: Step,
        call: impl Future<Output = Result<A, SlackClientError>>,
    ) -> Result<A, ChannelError> {
        match timeout(self.call_within, call).await {
            Ok(answer) => answer.map_err(|error| meaning(step, error)),
            Err(_) => Err(late(step, self.call_within)),
        }
    }
}
