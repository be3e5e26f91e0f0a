//! The connection to a provider: one request for one call, and our own errors.
//!
//! The client library repeats requests on its own, reads error bodies strictly
//! and loses their status, and holds a response of any size. Below it, in place
//! of its own service, is this one: it sends once, turns every status that is no
//! success into [`Refused`], and puts limits to what comes in.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use secrecy::{ExposeSecret, SecretString};
use tower::Service;

use crate::config::ProviderSettings;
use crate::model::SetupError;
use crate::model::body::limited;
use crate::model::complaint::Complaint;
use crate::model::retry_after::retry_after;

/// The largest body of an error that is read.
const MAX_ERROR_BYTES: usize = 16 * 1024;
/// How long we wait for the body of an error; its status is enough.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(2);
const USER_AGENT: &str = concat!("switchboard/", env!("CARGO_PKG_VERSION"));

/// Says which TLS implementation clients use; without it they panic.
///
/// Does nothing when that has been said before.
pub fn install_crypto() {
    let _said_before = rustls::crypto::ring::default_provider().install_default();
}

/// Makes the HTTP client of one provider.
pub(super) fn client(provider: &str, connect: Duration) -> Result<Client, SetupError> {
    install_crypto();
    // A redirect would carry the prompt to whoever the provider names.
    let client = Client::builder().connect_timeout(connect).redirect(Policy::none()).user_agent(USER_AGENT);
    client.build().map_err(|source| SetupError::Client { provider: provider.to_owned(), source })
}

/// Makes the service that the client library sends its requests through.
pub(super) fn service(
    client: Client,
) -> impl Service<HttpRequestFactory, Response = Response, Error = OpenAIError, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    tower::service_fn(move |request: HttpRequestFactory| {
        let client = client.clone();
        async move {
            let response = client.execute(request.build().await?).await?;
            if response.status().is_success() {
                Ok(limited(response))
            } else {
                Err(OpenAIError::Boxed(Box::new(Refused::read(response).await)))
            }
        }
    })
}

/// Where a provider is and how it knows us.
///
/// The library's own configuration reads keys and addresses from the
/// environment, where one provider's could reach another. This one has nothing
/// but what it is given.
pub(super) struct Access {
    base_url: String,
    key: SecretString,
    headers: HeaderMap,
}

impl Access {
    /// Takes base URL and key from the settings of a provider.
    pub(super) fn new(provider: &str, settings: &ProviderSettings) -> Result<Self, SetupError> {
        let base_url = settings.base_url.trim_end_matches('/').to_owned();
        let url = reqwest::Url::parse(&base_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            return Err(SetupError::BadUrl { provider: provider.to_owned() });
        }
        let key = settings.api_key.clone().unwrap_or_default();
        let mut headers = HeaderMap::new();
        if !key.expose_secret().is_empty() {
            let value = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
            let mut value = value.map_err(|_| SetupError::BadKey { provider: provider.to_owned() })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { base_url, key, headers })
    }
}

impl Config for Access {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// A response with a status that is no success.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) complaint: Complaint,
}

impl Refused {
    async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let mut body = Vec::new();
        // Late, cut or endless: what has come by then will do.
        let _late = tokio::time::timeout(ERROR_BODY_PATIENCE, read_start(response, &mut body)).await;
        Self { status, retry_after, complaint: Complaint::from_body(&body) }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)
    }
}

impl Error for Refused {}

async fn read_start(mut response: Response, body: &mut Vec<u8>) {
    while let Ok(Some(piece)) = response.chunk().await {
        let room = MAX_ERROR_BYTES - body.len();
        body.extend(piece.iter().take(room));
        if body.len() == MAX_ERROR_BYTES {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Access;
    use crate::config::ProviderSettings;

    fn access(base_url: &str, key: &str) -> Result<Access, String> {
        let settings = json!({"base_url": base_url, "api_key": key, "model": "m"});
        let settings: ProviderSettings = serde_json::from_value(settings).unwrap();
        Access::new("main", &settings).map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_needs_a_real_url_and_a_key_that_can_be_sent() {
        assert!(access("http://127.0.0.1:9/v1/", "").is_ok_and(|access| access.headers.is_empty()));
        assert!(access("https://api.example/v1", "sk-1").is_ok_and(|access| !access.headers.is_empty()));
        for (url, key) in
            [("api.example/v1", "k"), ("ftp://x/", "k"), ("", "k"), ("http://x/v1", "sk\nsecret")]
        {
            let error = access(url, key).err().unwrap_or_default();
            assert!(error.contains("`main`") && !error.contains("secret"), "{url} {error}");
        }
    }
}
