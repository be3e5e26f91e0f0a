//! What travels on a socket: frames from Slack, acknowledgements to it.
//!
//! A frame's payload is kept as it came, so that one which cannot be read can
//! still be acknowledged and put into quarantine.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::channels::slack::encode::Response;

/// A frame: docs.slack.dev/apis/events-api/using-socket-mode.
#[derive(Debug, Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) envelope_id: Option<String>,
    /// Why Slack is about to close the connection.
    pub(super) reason: Option<String>,
    #[serde(borrow)]
    pub(super) payload: Option<&'a RawValue>,
}

/// Writes an acknowledgement, with an answer if there is one.
pub(super) fn acknowledgement(envelope_id: &str, payload: Option<&Response>) -> Option<String> {
    #[derive(Serialize)]
    struct Acknowledgement<'a> {
        envelope_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<&'a Response>,
    }
    serde_json::to_string(&Acknowledgement { envelope_id, payload }).ok()
}

#[cfg(test)]
mod tests {
    use super::{Frame, acknowledgement};

    #[test]
    fn a_frame_is_read_whatever_its_payload_holds() {
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        for payload in [r#"{"text":"\ud800"}"#, r#""\u0000""#, deep.as_str(), "null"] {
            let text = format!(r#"{{"type":"events_api","envelope_id":"e1","payload":{payload}}}"#);
            let frame: Frame = serde_json::from_str(&text).unwrap();
            assert_eq!(frame.envelope_id.as_deref(), Some("e1"));
        }
    }

    #[test]
    fn a_bare_acknowledgement_is_the_id_alone() {
        assert_eq!(acknowledgement("e1", None).unwrap(), r#"{"envelope_id":"e1"}"#);
    }
}
