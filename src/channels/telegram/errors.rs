//! What went wrong with a call, in the words of all channels.

use std::time::Duration;

use crate::channels::telegram::api::{CallError, Refusal};
use crate::channels::{ChannelError, LimitScope};
use crate::domain::{Closed, ClosedFor};

/// How long to wait when Telegram asks for it without saying how long.
const UNNAMED_WAIT: Duration = Duration::from_secs(5);

/// What Telegram says with 400 when there is no message or chat any more, and goes on elsewhere.
const GONE: [&str; 2] = ["group chat was upgraded", "message to edit not found"];

/// What Telegram says, with 400 or 403, when a place is closed to us.
const CLOSED: [(&str, Closed); 19] = [
    ("bot was blocked by the user", Closed::chat(ClosedFor::Blocked)),
    ("bot can't initiate conversation", Closed::chat(ClosedFor::Blocked)),
    ("bot was kicked", Closed::chat(ClosedFor::Removed)),
    ("bot is not a member", Closed::chat(ClosedFor::Removed)),
    ("chat not found", Closed::chat(ClosedFor::Removed)),
    ("peer_id_invalid", Closed::chat(ClosedFor::Removed)),
    ("chat_restricted", Closed::chat(ClosedFor::Restricted)),
    ("chat_write_forbidden", Closed::chat(ClosedFor::Restricted)),
    ("have no rights to send", Closed::chat(ClosedFor::Restricted)),
    ("need administrator rights", Closed::chat(ClosedFor::Restricted)),
    ("not enough rights", Closed::chat(ClosedFor::Restricted)),
    ("chat was deactivated", Closed::chat(ClosedFor::Deleted)),
    ("chat was deleted", Closed::chat(ClosedFor::Deleted)),
    ("channel was deleted", Closed::chat(ClosedFor::Deleted)),
    ("user is deactivated", Closed::chat(ClosedFor::Deleted)),
    ("user_deactivated", Closed::chat(ClosedFor::Deleted)),
    ("message thread not found", Closed::address(ClosedFor::Deleted)),
    ("topic_deleted", Closed::address(ClosedFor::Deleted)),
    ("topic_closed", Closed::address(ClosedFor::Archived)),
];

/// Says which of our errors it is that `step` failed with.
pub(super) fn channel_error(step: &'static str, error: CallError) -> ChannelError {
    match error {
        CallError::Refused(refusal) => refused(step, refusal),
        CallError::Turned { status } => ChannelError::Unreachable {
            step,
            source: format!("something else than the Bot API answered, with status {status}").into(),
        },
        CallError::NotSent(source) => ChannelError::Unreachable { step, source },
        CallError::NoAnswer(source) => ChannelError::Unknown { step, source },
    }
}

/// The same for what is there twice when it is done twice: a server that fails may have
/// done it before, and a gateway in front of it does not know.
pub(super) fn error_of_a_post(step: &'static str, error: CallError) -> ChannelError {
    let may_be_done = error.may_be_done();
    match channel_error(step, error) {
        ChannelError::Unreachable { step, source } if may_be_done => ChannelError::Unknown { step, source },
        error => error,
    }
}

fn refused(step: &'static str, refusal: Refusal) -> ChannelError {
    let reason = refusal.to_string();
    let closed = CLOSED.iter().find(|(words, _)| refusal.says(words)).map(|(_, closed)| *closed);
    match refusal.code {
        401 => ChannelError::Unauthorized {
            reason: format!(
                "{reason}; get a new one from @BotFather (/mybots, your bot, API Token) and set channels.telegram.token"
            ),
        },
        404 if refusal.description == "Not Found" => ChannelError::Unauthorized {
            reason: format!(
                "{reason}; set channels.telegram.token to what @BotFather shows (/mybots, your bot, API Token), \
                 all of it, such as 123456789:AAF…"
            ),
        },
        // Telegram does not say whether it was the chat or the account; with
        // our own pace within the account's limit it is the chat.
        420 | 429 => ChannelError::RateLimited {
            step,
            scope: LimitScope::Chat,
            retry_after: refusal.retry_after.unwrap_or(UNNAMED_WAIT),
        },
        403 => ChannelError::Gone { step, reason, closed },
        400 if refusal.moved_to.is_some() || GONE.iter().any(|words| refusal.says(words)) => {
            ChannelError::Gone { step, reason, closed: None }
        }
        400 if closed.is_some() => ChannelError::Gone { step, reason, closed },
        504 => ChannelError::Unknown { step, source: Box::new(refusal) },
        500.. => ChannelError::Unreachable { step, source: Box::new(refusal) },
        _ => ChannelError::Rejected { step, reason },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{channel_error, error_of_a_post};
    use crate::channels::ChannelError;
    use crate::channels::telegram::api::{CallError, Refusal};
    use crate::domain::{Closed, ClosedFor};

    fn refusal(code: u16, description: &str) -> CallError {
        let description = description.to_owned();
        CallError::Refused(Refusal { code, description, retry_after: None, moved_to: None })
    }

    fn of(code: u16, description: &str) -> ChannelError {
        channel_error("editing", refusal(code, description))
    }

    #[test]
    fn refusals_mean_what_telegram_means() {
        let gone = [
            (403, "Forbidden: bot was blocked by the user"),
            (403, "Forbidden: bot was kicked from the supergroup chat"),
            (400, "Bad Request: chat not found"),
            (400, "Bad Request: message to edit not found"),
            (400, "Bad Request: not enough rights to send text messages to the chat"),
            (400, "Bad Request: TOPIC_CLOSED"),
        ];
        for (code, description) in gone {
            assert!(matches!(of(code, description), ChannelError::Gone { .. }), "{description}");
        }
        for (code, description) in
            [(400, "Bad Request: message is too long"), (404, "Not Found: method not found")]
        {
            assert!(matches!(of(code, description), ChannelError::Rejected { .. }), "{description}");
        }
        for code in [500, 502, 503] {
            assert!(matches!(of(code, "Bad Gateway"), ChannelError::Unreachable { .. }), "{code}");
        }
        assert!(matches!(of(504, "Gateway Timeout"), ChannelError::Unknown { .. }));
    }

    #[test]
    fn a_place_that_is_closed_is_told_from_a_message_that_is_gone() {
        let table = [
            (403, "Forbidden: bot was blocked by the user", Some(Closed::chat(ClosedFor::Blocked))),
            (403, "Forbidden: user is deactivated", Some(Closed::chat(ClosedFor::Deleted))),
            (
                403,
                "Forbidden: bot was kicked from the supergroup chat",
                Some(Closed::chat(ClosedFor::Removed)),
            ),
            (403, "Forbidden: the group chat was deleted", Some(Closed::chat(ClosedFor::Deleted))),
            (400, "Bad Request: chat not found", Some(Closed::chat(ClosedFor::Removed))),
            (400, "Bad Request: TOPIC_CLOSED", Some(Closed::address(ClosedFor::Archived))),
            (400, "Bad Request: message thread not found", Some(Closed::address(ClosedFor::Deleted))),
            (400, "Bad Request: message to edit not found", None),
            (403, "Forbidden: for a reason to come", None),
        ];
        for (code, description, expected) in table {
            let ChannelError::Gone { closed, .. } = of(code, description) else { panic!("{description}") };
            assert_eq!(closed, expected, "{description}");
        }
    }

    #[test]
    fn a_post_at_which_the_server_failed_may_be_there() {
        for status in [408, 500, 502, 503] {
            let error = error_of_a_post("posting", CallError::Turned { status });
            assert!(matches!(error, ChannelError::Unknown { .. }), "{status}: {error}");
        }
        let error = error_of_a_post("posting", refusal(500, "Internal Server Error"));
        assert!(matches!(error, ChannelError::Unknown { .. }), "{error}");
        let not_done = [CallError::Turned { status: 403 }, CallError::NotSent("no route".into())];
        for error in not_done.map(|error| error_of_a_post("posting", error)) {
            assert!(matches!(error, ChannelError::Unreachable { .. }), "{error}");
        }
    }

    #[test]
    fn a_wait_without_a_time_is_still_a_wait() {
        let ChannelError::RateLimited { retry_after, .. } = of(429, "Too Many Requests") else {
            panic!("429 is a rate limit");
        };
        assert_eq!(retry_after, Duration::from_secs(5));
    }

    #[test]
    fn a_wrong_token_names_the_way_out() {
        for (code, description) in [(401, "Unauthorized"), (404, "Not Found")] {
            let error = of(code, description);
            assert!(matches!(error, ChannelError::Unauthorized { .. }), "{error}");
            assert!(error.to_string().contains("@BotFather"), "{error}");
        }
    }
}
