//! Calls to the Bot API: teloxide's requests and HTTP client, our reading of
//! the answers.
//!
//! teloxide's own sending is not used. It sleeps ten seconds over every 5xx,
//! gives up a whole batch of updates for one lone surrogate, puts the raw
//! answer into its errors, and does not tell a request that never left from
//! one that went unanswered.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use reqwest012::RequestBuilder;
use reqwest012::multipart::{self, Form};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use teloxide::Bot;
use teloxide::requests::Payload;

use crate::channels::ChannelError;
use crate::channels::telegram::wire::Answer;
use crate::domain::TextFile;

/// How long a call may take.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an answer is read; the server sends at most 4 MiB of updates.
const LONGEST_ANSWER: usize = 16 << 20;
/// How much of the platform's words goes into our errors, in bytes.
const LONGEST_REASON: usize = 300;

type Source = Box<dyn Error + Send + Sync>;

/// The Bot API, for one bot.
pub(super) struct Api {
    /// Holds the token, and would print it.
    bot: Bot,
}

/// Why a call gave no result.
#[derive(Debug)]
pub(super) enum CallError {
    /// The platform says no.
    Refused(Refusal),
    /// Something between us and the platform answered instead.
    Turned { status: u16 },
    /// The request did not leave.
    NotSent(Source),
    /// The request left, and no answer came that we can read.
    NoAnswer(Source),
}

/// The platform's no.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: u16,
    /// Its words, without the token.
    pub(super) description: String,
    pub(super) retry_after: Option<Duration>,
    /// Where the group has moved to, if it has.
    pub(super) moved_to: Option<i64>,
}

impl Api {
    /// Prepares the client; nothing is sent yet.
    pub(super) fn new(token: &SecretString, base: &str) -> Result<Self, ChannelError> {
        let setup = |what: &str| ChannelError::Setup { way_out: what.to_owned() };
        let wrong = || setup("channels.telegram.api_base is no URL such as https://api.telegram.org");
        let url = base.parse().map_err(|_| wrong())?;
        // Its limit of time is too short for long polls; each call brings its own.
        let client = teloxide::net::default_reqwest_settings()
            .build()
            .map_err(|_| setup("the HTTP client for Telegram could not be made"))?;
        let bot = Bot::with_client(token.expose_secret(), client).set_api_url(url);
        let api_url = bot.api_url();
        if api_url.cannot_be_a_base() || !matches!(api_url.scheme(), "http" | "https") {
            return Err(wrong());
        }
        Ok(Self { bot })
    }

    /// Makes a call and reads its result.
    pub(super) async fn call<P, T>(&self, payload: &P) -> Result<T, CallError>
    where
        P: Payload + Serialize,
        T: DeserializeOwned,
    {
        let body = self.fetch(payload, CALL_TIMEOUT).await?;
        serde_json::from_str(self.result(&body)?.get()).map_err(|_| unreadable())
    }

    /// Makes a call for its effect only, whatever it returns.
    pub(super) async fn run<P: Payload + Serialize>(&self, payload: &P) -> Result<(), CallError> {
        let body = self.fetch(payload, CALL_TIMEOUT).await?;
        self.result(&body).map(drop)
    }

    /// Makes a call and returns what came, an answer of the platform.
    pub(super) async fn fetch<P>(&self, payload: &P, timeout: Duration) -> Result<Body, CallError>
    where
        P: Payload + Serialize,
    {
        self.send(P::NAME, timeout, |request| request.json(payload)).await
    }

    /// Makes a call that brings a file, and reads its result.
    pub(super) async fn upload<T: DeserializeOwned>(
        &self,
        method: &str,
        fields: Vec<(&'static str, String)>,
        (name, file): (&'static str, &TextFile),
    ) -> Result<T, CallError> {
        let content = multipart::Part::text(file.text.clone()).file_name(file.name.clone());
        let form = fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value));
        let form = form.part(name, content);
        let body = self.send(method, CALL_TIMEOUT, |request| request.multipart(form)).await?;
        serde_json::from_str(self.result(&body)?.get()).map_err(|_| unreadable())
    }

    async fn send(
        &self,
        method: &str,
        timeout: Duration,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Body, CallError> {
        let mut url = self.bot.api_url();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&format!("bot{}", self.bot.token())).push(method);
        }
        let request = fill(self.bot.client().post(url).timeout(timeout));
        let mut response = request.send().await.map_err(|error| {
            let error = error.without_url();
            if error.is_connect() || error.is_builder() {
                CallError::NotSent(Box::new(error))
            } else {
                CallError::NoAnswer(Box::new(error))
            }
        })?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        loop {
            let chunk =
                response.chunk().await.map_err(|error| CallError::NoAnswer(Box::new(error.without_url())))?;
            let Some(chunk) = chunk else { break };
            if bytes.len() + chunk.len() > LONGEST_ANSWER {
                return Err(CallError::NoAnswer("the answer is too long".into()));
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Ok(Body { status, text })
    }

    /// Finds the result in an answer.
    pub(super) fn result<'a>(&self, body: &'a Body) -> Result<&'a RawValue, CallError> {
        let Ok(answer) = serde_json::from_str::<Answer<'a>>(&body.text) else {
            return Err(match body.status {
                200..300 => unreadable(),
                504 => CallError::NoAnswer("a gateway got no answer in time".into()),
                status => CallError::Turned { status },
            });
        };
        if answer.ok {
            return answer.result.ok_or_else(unreadable);
        }
        let parameters = answer.parameters.unwrap_or_default();
        Err(CallError::Refused(Refusal {
            code: answer.error_code.unwrap_or(body.status),
            description: self.without_token(&answer.description.unwrap_or_default()),
            retry_after: parameters.retry_after.map(Duration::from_secs),
            moved_to: parameters.migrate_to_chat_id,
        }))
    }

    /// A text of the platform, shortened, without our token.
    pub(super) fn without_token(&self, text: &str) -> String {
        let token = self.bot.token();
        let text = if token.is_empty() { text.to_owned() } else { text.replace(token, "<token>") };
        text.get(..text.floor_char_boundary(LONGEST_REASON)).unwrap_or_default().to_owned()
    }
}

/// What came, with the status it came under.
pub(super) struct Body {
    status: u16,
    text: String,
}

fn unreadable() -> CallError {
    CallError::NoAnswer("the answer is none of the Bot API".into())
}

impl Refusal {
    /// Whether the platform's words contain these, in any case.
    pub(super) fn says(&self, words: &str) -> bool {
        self.description.to_ascii_lowercase().contains(words)
    }
}

impl CallError {
    /// Whether what was asked for may be done all the same.
    pub(super) fn may_be_done(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.code >= 500,
            Self::Turned { status } => matches!(status, 408 | 500..),
            Self::NotSent(_) => false,
            Self::NoAnswer(_) => true,
        }
    }

    /// The refusal, if it is one.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Turned { .. } | Self::NotSent(_) | Self::NoAnswer(_) => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.description, self.code)
    }
}

impl Error for Refusal {}
