//! What Slack's errors mean.
//!
//! The SDK's errors carry whole answers, urls and tickets among them; only the
//! code of an answer and the words of the transport are kept.

use std::error::Error;
use std::time::Duration;

use hyper_util::client::legacy::Error as TransportError;
use serde::Deserialize;
use slack_morphism::errors::SlackClientError;

use crate::channels::{ChannelError, LimitScope};
use crate::domain::{Closed, ClosedFor};

/// How long to wait when Slack does not say.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// A call that was made, for what may have to be said about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) name: &'static str,
    /// Whom a rate limit on it holds back.
    pub(super) scope: LimitScope,
    /// Whether it is there twice when it is done twice.
    pub(super) is_post: bool,
}

/// Says what an error of the SDK means.
pub(super) fn meaning(step: Step, error: SlackClientError) -> ChannelError {
    let name = step.name;
    match error {
        SlackClientError::RateLimitError(limit) => limited(step, limit.retry_after),
        SlackClientError::ApiError(refused) => {
            refusal(step, &refused.code, needed_scope(refused.http_response_body.as_deref()))
        }
        SlackClientError::HttpError(refused) => match refused.status_code.as_u16() {
            // A server that fails may have done it before, and a gateway in front of it does not know.
            status @ (408 | 500..) if step.is_post => unknown(step, format!("HTTP status {status}")),
            status @ (408 | 500..) => unreachable(step, format!("HTTP status {status}")),
            status => ChannelError::Rejected { step: name, reason: format!("HTTP status {status}") },
        },
        SlackClientError::HttpProtocolError(failed) => {
            let cause = failed.cause.as_deref();
            let words = cause.map_or_else(|| "no cause given".to_owned(), words);
            let transport = cause.and_then(|cause| cause.downcast_ref::<TransportError>());
            if transport.is_some_and(TransportError::is_connect) {
                return unreachable(step, words);
            }
            unknown(step, words)
        }
        SlackClientError::ProtocolError(failed) => {
            // The position only: the words of a parser quote what it read.
            let (line, column) = (failed.json_error.line(), failed.json_error.column());
            unknown(step, format!("the answer cannot be read (line {line}, column {column})"))
        }
        SlackClientError::EndOfStream(_)
        | SlackClientError::SystemError(_)
        | SlackClientError::SocketModeProtocolError(_) => unknown(step, "the answer broke off".to_owned()),
    }
}

/// Says that no answer came in time.
pub(super) fn late(step: Step, after: Duration) -> ChannelError {
    unknown(step, format!("no answer after {} s", after.as_secs_f32()))
}

fn limited(step: Step, retry_after: Option<Duration>) -> ChannelError {
    let retry_after = retry_after.unwrap_or(USUAL_WAIT);
    ChannelError::RateLimited { step: step.name, scope: step.scope, retry_after }
}

/// Says that nothing was done.
pub(super) fn unreachable(step: Step, words: String) -> ChannelError {
    ChannelError::Unreachable { step: step.name, source: words.into() }
}

fn unknown(step: Step, words: String) -> ChannelError {
    ChannelError::Unknown { step: step.name, source: words.into() }
}

/// Says what an error code means: docs.slack.dev/reference/methods.
fn refusal(step: Step, code: &str, needed: Option<String>) -> ChannelError {
    let reason = code.to_owned();
    match code {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => limited(step, None),
        // "It's possible some aspect of the operation succeeded before the error was raised."
        "internal_error" | "fatal_error" => unknown(step, reason),
        "service_unavailable" | "request_timeout" | "team_added_to_org" => unreachable(step, reason),
        "message_not_found" | "user_not_in_channel" => {
            ChannelError::Gone { step: step.name, reason, closed: None }
        }
        _ if let Some(closed) = closed_by(code) => {
            ChannelError::Gone { step: step.name, reason, closed: Some(closed) }
        }
        "account_inactive"
        | "invalid_auth"
        | "not_authed"
        | "org_login_required"
        | "team_access_not_granted"
        | "token_expired"
        | "token_revoked"
        | "user_removed_from_team" => ChannelError::Unauthorized { reason },
        "missing_scope" => ChannelError::Setup { way_out: scope_way_out(needed.as_deref()) },
        "not_allowed_token_type" => ChannelError::Setup {
            way_out: "Slack does not take this kind of token here: channels.slack.bot_token is the Bot User OAuth \
                      Token (xoxb-…) from OAuth & Permissions, channels.slack.app_token is an App-Level Token \
                      (xapp-…) from Basic Information"
                .to_owned(),
        },
        "messages_tab_disabled" => ChannelError::Setup {
            way_out: "people cannot get direct messages from this Slack app: App Home -> Show Tabs -> turn on the \
                      Messages Tab and allow to send messages from it"
                .to_owned(),
        },
        _ => ChannelError::Rejected { step: step.name, reason },
    }
}

/// What a code says about the place; nothing where it is about something else.
fn closed_by(code: &str) -> Option<Closed> {
    Some(match code {
        // A private channel that we are not in is not shown to us.
        "channel_not_found" | "not_in_channel" => Closed::chat(ClosedFor::Removed),
        "is_archived" | "is_inactive" => Closed::chat(ClosedFor::Archived),
        "user_disabled" | "user_not_found" => Closed::chat(ClosedFor::Deleted),
        "restricted_action" | "restricted_action_read_only_channel" => Closed::chat(ClosedFor::Restricted),
        "restricted_action_thread_locked" => Closed::address(ClosedFor::Archived),
        "thread_not_found" => Closed::address(ClosedFor::Deleted),
        _ => return None,
    })
}

fn scope_way_out(needed: Option<&str>) -> String {
    match needed {
        Some("connections:write") => "the Slack app-level token lacks the scope `connections:write`: Basic Information -> \
             App-Level Tokens -> Generate Token and Scopes, add it, and set the new token as channels.slack.app_token"
            .to_owned(),
        Some(scope) => format!(
            "the Slack app lacks the scope `{scope}`: OAuth & Permissions -> Scopes -> Bot Token Scopes, add it, then \
             reinstall the app to the workspace"
        ),
        None => "the Slack app lacks a scope: OAuth & Permissions -> Scopes -> Bot Token Scopes, add it, then \
                 reinstall the app to the workspace"
            .to_owned(),
    }
}

/// The scope that Slack says is missing.
fn needed_scope(body: Option<&str>) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        needed: Option<String>,
    }
    let needed = serde_json::from_str::<Answer>(body?).ok()?.needed?;
    let is_scope = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | ',');
    needed.chars().all(is_scope).then_some(needed)
}

/// An error and its causes, in their own words.
pub(super) fn words(error: &(dyn Error + Send + Sync + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use slack_morphism::errors::{SlackClientApiError, SlackClientError};

    use super::{Step, meaning};
    use crate::channels::{ChannelError, LimitScope};

    fn of(code: &str, body: &str) -> ChannelError {
        let error = SlackClientApiError::new(code.to_owned()).with_http_response_body(body.to_owned());
        meaning(
            Step { name: "posting", scope: LimitScope::Chat, is_post: true },
            SlackClientError::ApiError(error),
        )
    }

    #[test]
    fn a_missing_scope_is_named_with_the_way_out() {
        let error = of(
            "missing_scope",
            r#"{"ok":false,"error":"missing_scope","needed":"chat:write","provided":""}"#,
        );
        let words = error.to_string();
        assert!(words.contains("`chat:write`") && words.contains("OAuth & Permissions"), "{words}");
        let error = of("missing_scope", r#"{"needed":"connections:write"}"#);
        assert!(error.to_string().contains("App-Level Tokens"), "{error}");
    }

    #[test]
    fn codes_have_their_meaning() {
        assert!(matches!(of("is_archived", ""), ChannelError::Gone { .. }));
        assert!(matches!(of("cant_update_message", ""), ChannelError::Rejected { .. }));
        assert!(matches!(of("token_revoked", ""), ChannelError::Unauthorized { .. }));
        assert!(matches!(of("fatal_error", ""), ChannelError::Unknown { .. }));
        assert!(matches!(of("service_unavailable", ""), ChannelError::Unreachable { .. }));
        assert!(matches!(of("ratelimited", ""), ChannelError::RateLimited { .. }));
        assert!(matches!(of("something_new", ""), ChannelError::Rejected { .. }));
    }
}
