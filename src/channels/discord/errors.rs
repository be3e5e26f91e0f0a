//! What went wrong in a call, in the words of [`ChannelError`].
//!
//! Nothing here repeats a URL (interaction tokens are in them), a header, or
//! what people wrote: of an error's body only codes, paths and the general
//! message are kept.

use std::time::Duration;

use reqwest012 as reqwest;
use serde_json::Value;
use serenity::Error as SerenityError;
use serenity::gateway::GatewayError;
use serenity::http::HttpError;

use crate::channels::{ChannelError, LimitScope};
use crate::domain::{Closed, ClosedFor};

/// How long to wait after a 429 that does not say so, as an edge server's may.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

/// The longest wait that is believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// What the operator has to do when Discord closes with 4014, or is about to.
pub(super) const MESSAGE_CONTENT_WAY_OUT: &str = "Discord does not let this bot read all messages, which \
    `channels.discord.message_content` asks for. Switch it on: https://discord.com/developers/applications -> \
    your application -> Bot -> Privileged Gateway Intents -> Message Content Intent -> Save Changes. Or set \
    `channels.discord.message_content` to false; mentions, direct messages and commands work without it";

/// The codes that mean that a place or message is closed to us, now and later.
mod code {
    pub(super) const UNKNOWN_CHANNEL: u64 = 10_003;
    pub(super) const UNKNOWN_GUILD: u64 = 10_004;
    pub(super) const UNKNOWN_MESSAGE: u64 = 10_008;
    pub(super) const UNKNOWN_USER: u64 = 10_013;
    pub(super) const UNKNOWN_WEBHOOK: u64 = 10_015;
    pub(super) const UNKNOWN_INTERACTION: u64 = 10_062;
    pub(super) const ALREADY_ACKNOWLEDGED: u64 = 40_060;
    pub(super) const MISSING_ACCESS: u64 = 50_001;
    pub(super) const CANNOT_MESSAGE_USER: u64 = 50_007;
    pub(super) const MISSING_PERMISSIONS: u64 = 50_013;
    pub(super) const INVALID_WEBHOOK_TOKEN: u64 = 50_027;
    pub(super) const THREAD_ARCHIVED: u64 = 50_083;
    pub(super) const NO_MUTUAL_GUILDS: u64 = 50_278;
    pub(super) const CANNOT_REPLY: u64 = 160_002;
    pub(super) const HAS_A_THREAD: u64 = 160_004;
    pub(super) const THREAD_LOCKED: u64 = 160_005;
}

/// Why a call did not succeed.
#[derive(Debug)]
pub(super) enum CallError {
    /// Discord said no.
    Refused(Refusal),
    /// Discord said nothing that we could understand.
    Failed(ChannelError),
}

/// A no, with its reason.
#[derive(Debug)]
pub(super) struct Refusal {
    step: &'static str,
    status: u16,
    /// Discord's error code; 0 where there is none.
    code: u64,
    reason: String,
    /// Paths of the fields it complains about.
    fields: Vec<String>,
    retry_after: Option<Duration>,
    is_account_wide: bool,
}

impl Refusal {
    /// Reads an answer that is not a success.
    pub(super) fn read(step: &'static str, status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = body.get("code").and_then(Value::as_u64).unwrap_or(0);
        let mut fields = Vec::new();
        collect_fields(body.get("errors").unwrap_or(&Value::Null), "", &mut fields);
        let message = body.get("message").and_then(Value::as_str).unwrap_or("no explanation");
        let reason = match fields.as_slice() {
            [] => format!("{message} (status {status}, code {code})"),
            fields => format!("{message} (status {status}, code {code}: {})", fields.join(", ")),
        };
        let seconds = body.get("retry_after").and_then(Value::as_f64);
        let seconds = seconds.or_else(|| retry_after.and_then(|text| text.parse().ok()));
        Self {
            step,
            status,
            code,
            reason,
            fields,
            retry_after: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            // A 429 that is not in Discord's words comes from the edge, which limits addresses.
            is_account_wide: body.get("global").and_then(Value::as_bool).unwrap_or(body.is_null()),
        }
    }

    /// Whether the interaction is over: unknown, expired, or never acknowledged.
    pub(super) fn is_lost_interaction(&self) -> bool {
        matches!(self.code, code::UNKNOWN_INTERACTION | code::UNKNOWN_WEBHOOK | code::INVALID_WEBHOOK_TOKEN)
    }

    /// Whether a message is not where it was looked for.
    pub(super) fn is_unknown_message(&self) -> bool {
        self.code == code::UNKNOWN_MESSAGE
    }

    /// Whether the interaction has its first response already.
    pub(super) fn is_already_acknowledged(&self) -> bool {
        self.code == code::ALREADY_ACKNOWLEDGED
    }

    /// Whether the same post would do, if it were not a reply.
    pub(super) fn is_about_the_reply(&self) -> bool {
        self.code == code::CANNOT_REPLY
            || self.fields.iter().any(|field| field.starts_with("message_reference"))
    }

    /// Whether it is a right that we lack.
    pub(super) fn is_about_rights(&self) -> bool {
        self.code == code::MISSING_PERMISSIONS
    }

    /// Whether the message has its thread already.
    pub(super) fn is_about_a_second_thread(&self) -> bool {
        self.code == code::HAS_A_THREAD
    }

    /// Whether asking again would be answered alike.
    pub(super) fn is_final(&self) -> bool {
        matches!(self.status, 400 | 403 | 404)
    }

    /// What Discord said, for the log.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether we may not see what we asked for.
    pub(super) fn is_closed_to_us(&self) -> bool {
        matches!(self.status, 403 | 404)
    }

    fn into_error(self) -> ChannelError {
        let closed = closed_by(self.code);
        let Self { step, reason, .. } = self;
        match self.status {
            429 => {
                let scope = if self.is_account_wide { LimitScope::Account } else { LimitScope::Chat };
                let retry_after = self.retry_after.unwrap_or(DEFAULT_RETRY_AFTER).min(LONGEST_RETRY_AFTER);
                ChannelError::RateLimited { step, scope, retry_after }
            }
            500.. => ChannelError::Unreachable { step, source: reason.into() },
            _ if is_gone(self.code) => ChannelError::Gone { step, reason, closed: None },
            _ if closed.is_some() => ChannelError::Gone { step, reason, closed },
            401 => ChannelError::Unauthorized { reason },
            _ => ChannelError::Rejected { step, reason },
        }
    }
}

impl CallError {
    /// The failure of a post: a server that fails may have done it before, and a gateway
    /// in front of it does not know. Looking tells, also when the key is forgotten.
    pub(super) fn of_a_post(self) -> ChannelError {
        match self {
            Self::Refused(Refusal { step, status: 500.., reason, .. }) => {
                ChannelError::Unknown { step, source: reason.into() }
            }
            error => error.into(),
        }
    }
}

impl From<CallError> for ChannelError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => refusal.into_error(),
            CallError::Failed(error) => error,
        }
    }
}

fn is_gone(code: u64) -> bool {
    matches!(
        code,
        code::UNKNOWN_MESSAGE
            | code::UNKNOWN_WEBHOOK
            | code::UNKNOWN_INTERACTION
            | code::INVALID_WEBHOOK_TOKEN
    )
}

/// What a code says about the place; nothing where it is about something else.
fn closed_by(code: u64) -> Option<Closed> {
    // Channels and threads are refused one by one: a channel that we may not see may have a thread that we may.
    let why = match code {
        code::UNKNOWN_CHANNEL | code::UNKNOWN_USER => ClosedFor::Deleted,
        code::UNKNOWN_GUILD | code::MISSING_ACCESS => ClosedFor::Removed,
        code::CANNOT_MESSAGE_USER | code::NO_MUTUAL_GUILDS => ClosedFor::Blocked,
        code::MISSING_PERMISSIONS => ClosedFor::Restricted,
        code::THREAD_ARCHIVED | code::THREAD_LOCKED => ClosedFor::Archived,
        _ => return None,
    };
    Some(Closed::address(why))
}

/// Collects paths and codes of a form's errors; their messages may repeat what was sent.
fn collect_fields(errors: &Value, path: &str, found: &mut Vec<String>) {
    let Some(errors) = errors.as_object() else { return };
    for (key, value) in errors {
        if key == "_errors" {
            let codes =
                value.as_array().into_iter().flatten().filter_map(|error| error.get("code")?.as_str());
            found.extend(codes.map(|code| format!("{path} {code}")));
        } else {
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            collect_fields(value, &below, found);
        }
    }
}

/// Reads an error of the library that made or sent a request.
pub(super) fn from_library(step: &'static str, error: SerenityError) -> ChannelError {
    match error {
        SerenityError::Http(HttpError::Request(error)) => from_transport(step, error),
        SerenityError::Http(HttpError::Url(error)) => {
            ChannelError::Setup { way_out: format!("`channels.discord.api_base` is no address: {error}") }
        }
        SerenityError::Http(HttpError::InvalidHeader(_)) => {
            ChannelError::Unauthorized { reason: "it has characters that no token has".to_owned() }
        }
        other => ChannelError::Unknown { step, source: other.to_string().into() },
    }
}

/// Reads an error of the connection; its URL, which may hold a token, is taken out.
pub(super) fn from_transport(step: &'static str, error: reqwest::Error) -> ChannelError {
    let error = error.without_url();
    if error.is_builder() {
        ChannelError::Rejected { step, reason: error.to_string() }
    } else if error.is_connect() {
        ChannelError::Unreachable { step, source: error.into() }
    } else {
        ChannelError::Unknown { step, source: error.into() }
    }
}

/// Reads why the gateway will not have us; nothing where trying again may help.
pub(super) fn from_gateway(error: &SerenityError) -> Option<ChannelError> {
    let SerenityError::Gateway(error) = error else { return None };
    match error {
        GatewayError::InvalidAuthentication => {
            Some(ChannelError::Unauthorized { reason: "the gateway closed with 4004".to_owned() })
        }
        GatewayError::DisallowedGatewayIntents => {
            Some(ChannelError::Setup { way_out: MESSAGE_CONTENT_WAY_OUT.to_owned() })
        }
        GatewayError::InvalidGatewayIntents => Some(ChannelError::Rejected {
            step: "identifying",
            reason: "the gateway closed with 4013 (invalid intents)".to_owned(),
        }),
        _ => None,
    }
}
