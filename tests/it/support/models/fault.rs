//! What can go wrong, by name.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::super::every::every;
use super::super::server::Reply;
use super::error::{ApiError, no_model, too_long, wrong_key};

/// One thing that goes wrong.
///
/// "Deltas" counts the deltas of an answer (content, thoughts, tool calls), not the
/// first chunk, which holds only the role. In an answer that is not streamed, faults
/// at a delta happen in the middle of the body, and faults of the event stream alone
/// (comments, `[DONE]`, line ends) do nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// `401` with `invalid_api_key`, as after a key was revoked.
    Unauthorized,
    /// `403` with `unsupported_country_region_territory`.
    Forbidden,
    /// `404` with `model_not_found`.
    ModelNotFound,
    /// `400` with `context_length_exceeded`.
    ContextLengthExceeded,
    /// `429` with `rate_limit_exceeded`, and how long to wait.
    RateLimited(RetryAfter),
    /// `429` with `insufficient_quota`: waiting does not help.
    InsufficientQuota,
    /// `500` with `server_error`.
    ServerError,
    /// `503` with `server_error`, overloaded.
    Unavailable,
    /// `529` with `overloaded_error`, as gateways to Anthropic answer.
    Overloaded,
    /// Any status with an error object of the usual shape.
    Status(u16),
    /// Any status with an HTML page, as proxies answer.
    Html(u16),
    /// `400` with an integer as `error.code`, as vLLM and llama.cpp answer.
    IntegerErrorCode,
    /// `400` with the error's fields at the top, as older vLLM answered.
    FlatError,
    /// `404` with a string as `error`, as Ollama answers.
    StringError,
    /// The connection closes without a byte; the model was not asked.
    CutBefore,
    /// The model answers, but the connection closes without a byte.
    CutAfter,
    /// Silence before the headers; the model was not asked.
    Hang,
    /// The model answers, but nothing comes.
    HangAfter,
    /// All as usual, but the headers come this much later.
    Delay(Duration),
    /// `200` and headers, then the connection closes.
    CutAfterHeaders,
    /// The connection closes after so many deltas.
    CutAfterDeltas(usize),
    /// `200` and headers, then silence.
    HangAfterHeaders,
    /// Silence after so many deltas.
    HangAfterDeltas(usize),
    /// `data: {"error": …}` after so many deltas, and the stream ends.
    ErrorAfterDeltas(usize),
    /// A `data:` line with half an object after so many deltas; the stream goes on.
    InvalidJsonAfterDeltas(usize),
    /// `choices` is empty in all chunks, or in the answer.
    EmptyChoices,
    /// The stream ends in order, with a `finish_reason`, but without `[DONE]`.
    WithoutDone,
    /// The stream has its `[DONE]`, but never a `finish_reason`.
    WithoutFinishReason,
    /// The stream ends in order, with neither `finish_reason` nor `[DONE]`.
    WithoutFinishReasonAndDone,
    /// `finish_reason` is a word that no client knows.
    UnknownFinishReason,
    /// Fields that no client knows, at every level.
    ExtraFields,
    /// No usage, though it was asked for.
    WithoutUsage,
    /// `content` is null, and there is nothing else.
    NullContent,
    /// A content delta of so many bytes comes before all others.
    HugeDelta(usize),
    /// Lines end in CR LF.
    CrlfLineEnds,
    /// Comment lines (`: ping`) stand between the events.
    Comments,
    /// All letters beyond ASCII are written as `\u….`, as Python's `json` does.
    AsciiJson,
    /// A character beyond the BMP comes as two lone surrogates in two events.
    SurrogatesApart,
    /// So many events go out in one TCP write.
    EventsPerWrite(usize),
    /// The whole stream goes out in one TCP write.
    AllInOneWrite,
    /// TCP writes of so many bytes, wherever that cuts characters and lines.
    BytesPerWrite(usize),
    /// TCP writes of so many bytes, with a pause after each.
    SlowDrip { bytes: usize, pause: Duration },
}

/// How a `429` says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// `Retry-After: 20`.
    Seconds(u64),
    /// `Retry-After` with the HTTP date that is so far from now.
    Date(Duration),
    /// `retry-after-ms: 1500`.
    Milliseconds(u64),
    /// Not at all.
    Absent,
}

/// An HTTP date: RFC 9110, section 5.6.7.
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

impl Fault {
    /// The answer that comes instead of the model's, which then is not asked.
    pub(super) fn instead(&self, model: &str) -> Option<Reply> {
        let error = match self {
            Self::Html(status) => return Some(html(*status)),
            Self::IntegerErrorCode => return Some(odd(400, integer_code())),
            Self::FlatError => return Some(odd(400, flat())),
            Self::StringError => {
                let text = format!("model '{model}' not found, try pulling it first");
                return Some(odd(404, json!({ "error": text })));
            }
            Self::CutBefore => return Some(Reply::Cut),
            Self::Hang => return Some(Reply::Hang),
            usual => usual.error(model)?,
        };
        Some(error.reply())
    }

    /// The error object of the usual shape that this fault is.
    pub(super) fn error(&self, model: &str) -> Option<ApiError> {
        Some(match self {
            Self::Unauthorized => wrong_key("sk-revoked-0000000000000000"),
            Self::Forbidden => ApiError::new(403, "Country, region, or territory not supported")
                .typed("request_forbidden")
                .coded("unsupported_country_region_territory"),
            Self::ModelNotFound => no_model(model),
            Self::ContextLengthExceeded => too_long(128_000, 130_000),
            Self::RateLimited(wait) => wait.apply(rate_limited(model)),
            Self::InsufficientQuota => ApiError::new(
                429,
                "You exceeded your current quota, please check your plan and billing details. For \
                 more information on this error, read the docs: \
                 https://platform.openai.com/docs/guides/error-codes/api-errors.",
            )
            .typed("insufficient_quota")
            .coded("insufficient_quota"),
            Self::ServerError => ApiError::new(500, SERVER_ERROR),
            Self::Unavailable => {
                ApiError::new(503, "The engine is currently overloaded, please try again later")
            }
            Self::Overloaded => ApiError::new(529, "Overloaded"),
            Self::Status(status) => ApiError::new(*status, "The emulator was told to say so."),
            _ => return None,
        })
    }
}

/// What a broken model server says, also in the middle of a stream.
pub(super) const SERVER_ERROR: &str =
    "The server had an error while processing your request. Sorry about that!";

/// A rate limit that was reached.
pub(super) fn rate_limited(model: &str) -> ApiError {
    let message = format!(
        "Rate limit reached for {model} in organization org-emulated on requests per min (RPM): \
         Limit 500, Used 500, Requested 1. Please try again in 20s. Visit \
         https://platform.openai.com/account/rate-limits to learn more."
    );
    ApiError::new(429, message).coded("rate_limit_exceeded").forgivable()
}

impl Fault {
    /// All that can go wrong with an answer of five deltas or more, each as it is
    /// seen on bad days.
    pub fn every() -> Vec<Self> {
        every! {
            Self::Unauthorized => [Self::Unauthorized],
            Self::Forbidden => [Self::Forbidden],
            Self::ModelNotFound => [Self::ModelNotFound],
            Self::ContextLengthExceeded => [Self::ContextLengthExceeded],
            Self::RateLimited(RetryAfter::Seconds(_)) => [Self::RateLimited(RetryAfter::Seconds(1))],
            Self::RateLimited(RetryAfter::Date(_)) => [Self::RateLimited(RetryAfter::Date(Duration::from_secs(1)))],
            Self::RateLimited(RetryAfter::Milliseconds(_)) => [Self::RateLimited(RetryAfter::Milliseconds(100))],
            Self::RateLimited(RetryAfter::Absent) => [Self::RateLimited(RetryAfter::Absent)],
            Self::InsufficientQuota => [Self::InsufficientQuota],
            Self::ServerError => [Self::ServerError],
            Self::Unavailable => [Self::Unavailable],
            Self::Overloaded => [Self::Overloaded],
            Self::Status(_) => [Self::Status(402), Self::Status(408), Self::Status(413), Self::Status(422)],
            Self::Html(_) => [Self::Html(200), Self::Html(401), Self::Html(404), Self::Html(502)],
            Self::IntegerErrorCode => [Self::IntegerErrorCode],
            Self::FlatError => [Self::FlatError],
            Self::StringError => [Self::StringError],
            Self::CutBefore => [Self::CutBefore],
            Self::CutAfter => [Self::CutAfter],
            Self::Hang => [Self::Hang],
            Self::HangAfter => [Self::HangAfter],
            Self::Delay(_) => [Self::Delay(Duration::from_millis(300))],
            Self::CutAfterHeaders => [Self::CutAfterHeaders],
            Self::CutAfterDeltas(_) => [Self::CutAfterDeltas(0), Self::CutAfterDeltas(3)],
            Self::HangAfterHeaders => [Self::HangAfterHeaders],
            Self::HangAfterDeltas(_) => [Self::HangAfterDeltas(0), Self::HangAfterDeltas(3)],
            Self::ErrorAfterDeltas(_) => [Self::ErrorAfterDeltas(0), Self::ErrorAfterDeltas(3)],
            Self::InvalidJsonAfterDeltas(_) => [Self::InvalidJsonAfterDeltas(0), Self::InvalidJsonAfterDeltas(3)],
            Self::EmptyChoices => [Self::EmptyChoices],
            Self::WithoutDone => [Self::WithoutDone],
            Self::WithoutFinishReason => [Self::WithoutFinishReason],
            Self::WithoutFinishReasonAndDone => [Self::WithoutFinishReasonAndDone],
            Self::UnknownFinishReason => [Self::UnknownFinishReason],
            Self::ExtraFields => [Self::ExtraFields],
            Self::WithoutUsage => [Self::WithoutUsage],
            Self::NullContent => [Self::NullContent],
            Self::HugeDelta(_) => [Self::HugeDelta(2_000)],
            Self::CrlfLineEnds => [Self::CrlfLineEnds],
            Self::Comments => [Self::Comments],
            Self::AsciiJson => [Self::AsciiJson],
            Self::SurrogatesApart => [Self::SurrogatesApart],
            Self::EventsPerWrite(_) => [Self::EventsPerWrite(3)],
            Self::AllInOneWrite => [Self::AllInOneWrite],
            Self::BytesPerWrite(_) => [Self::BytesPerWrite(1)],
            Self::SlowDrip { .. } => [Self::SlowDrip { bytes: 100, pause: Duration::from_millis(5) }],
        }
    }
}

impl RetryAfter {
    fn apply(self, error: ApiError) -> ApiError {
        match self {
            Self::Seconds(seconds) => error.with_header("retry-after", seconds.to_string()),
            Self::Milliseconds(ms) => error.with_header("retry-after-ms", ms.to_string()),
            Self::Date(from_now) => {
                let date = (OffsetDateTime::now_utc() + from_now).format(HTTP_DATE);
                error.with_header("retry-after", date.expect("any date can be written"))
            }
            Self::Absent => error,
        }
    }
}

fn html(status: u16) -> Reply {
    let page = "<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head>\
                <body><center><h1>Bad gateway</h1></center><hr>nginx</body></html>\n";
    let status = StatusCode::from_u16(status).expect("a fault's status is legal");
    Reply::text(status, "text/html; charset=utf-8", page)
}

fn odd(status: u16, body: Value) -> Reply {
    let status = StatusCode::from_u16(status).expect("statuses here are legal");
    Reply::json(status, &body)
}

fn integer_code() -> Value {
    json!({"error": {
        "message": "This model's maximum context length is 4096 tokens.",
        "type": "BadRequestError",
        "param": null,
        "code": 400,
    }})
}

fn flat() -> Value {
    json!({
        "object": "error",
        "message": "This model's maximum context length is 4096 tokens.",
        "type": "BadRequestError",
        "param": null,
        "code": 400,
    })
}
