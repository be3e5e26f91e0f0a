//! What providers say when they refuse, and which error that makes.

use std::time::Duration;

use serde_json::Value;

use crate::model::ModelError;
use crate::model::discretion::Discretion;

/// Codes and types that mean: the account has nothing left, however long we wait.
const QUOTA_CODES: [&str; 10] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "project_spend_limit_exceeded",
    "organization_spend_limit_exceeded",
    "billing_hard_limit_reached",
    "billing_not_active",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "insufficient_credits",
    "payment_required",
];

/// Codes and types that mean: there is no such model here, or not for us.
const MODEL_CODES: [&str; 4] =
    ["model_not_found", "model_not_available", "invalid_model", "DeploymentNotFound"];

/// What a provider says about a refusal, in whichever shape it says it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    message: String,
    code: String,
    kind: String,
}

impl Complaint {
    /// Reads the body of a response that is no success.
    pub(super) fn from_body(body: &[u8]) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            return Self::from_json(&value);
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        let message = if text.starts_with('<') { "(a web page)" } else { text };
        Self { message: message.to_owned(), ..Self::default() }
    }

    /// Reads an error object, wrapped or not, or a bare message.
    pub(super) fn from_json(value: &Value) -> Self {
        // Gemini wraps its error into a list.
        let value = value.get(0).unwrap_or(value);
        let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        let field = |name: &str| match error.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let message = match error {
            Value::String(text) => text.clone(),
            _ => [field("message"), field("detail"), field("msg")]
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default(),
        };
        Self { message, code: field("code"), kind: field("type") }
    }

    /// The status that a complaint in the middle of a stream would have had.
    pub(super) fn likely_status(&self) -> u16 {
        if let Ok(status) = self.code.parse::<u16>()
            && (400..600).contains(&status)
        {
            return status;
        }
        match (self.code.as_str(), self.kind.as_str()) {
            ("rate_limit_exceeded", _) | (_, "rate_limit_error" | "rate_limit_exceeded") => 429,
            ("invalid_api_key", _) | (_, "authentication_error") => 401,
            ("context_length_exceeded" | "model_not_found", _) | (_, "invalid_request_error") => 400,
            _ => 500,
        }
    }

    /// The error that this complaint with this status makes.
    pub(super) fn into_error(
        self,
        model: &str,
        status: u16,
        retry_after: Option<Duration>,
        discretion: Discretion<'_>,
    ) -> ModelError {
        let model = model.to_owned();
        let message = self.words(discretion);
        if status == 402 || self.is_about_quota() {
            return ModelError::QuotaGone { model, message };
        }
        if self.is_about_the_model() {
            return ModelError::Misconfigured { model, status, message };
        }
        match status {
            // A wrong path, or an address that sends us elsewhere: we do not carry the prompt there.
            300..=399 | 404 | 405 => ModelError::Misconfigured { model, status, message },
            401 | 403 => ModelError::Unauthorized { model, status, message },
            429 => ModelError::RateLimited { model, retry_after },
            408 | 409 | 500.. => {
                let step = format!("status {status}: {message}");
                ModelError::Unavailable { model, step, retry_after, source: None }
            }
            _ => ModelError::Rejected { model, status, message },
        }
    }

    /// What may be shown of it: the message, and the code where it says more.
    pub(super) fn words(&self, discretion: Discretion<'_>) -> String {
        let name = if self.code.is_empty() { &self.kind } else { &self.code };
        let text = match (self.message.is_empty(), name.is_empty()) {
            (true, true) => return "no reason given".to_owned(),
            (true, false) => name.clone(),
            (false, true) => self.message.clone(),
            (false, false) => format!("{name}: {}", self.message),
        };
        discretion.one_line(&text)
    }

    fn is_about_quota(&self) -> bool {
        self.has_one_of(&QUOTA_CODES)
    }

    fn is_about_the_model(&self) -> bool {
        self.has_one_of(&MODEL_CODES)
    }

    fn has_one_of(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str()) || codes.contains(&self.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Complaint;
    use crate::domain::ModelFailure;
    use crate::model::discretion::Discretion;

    const NO_SECRETS: Discretion<'_> = Discretion { key: "", lines: &[] };

    #[test]
    fn every_shape_of_error_is_read() {
        let table = [
            (
                r#"{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}"#,
                "rate_limit_exceeded: slow down",
            ),
            (r#"{"error":{"message":"gone","type":"server_error","code":null}}"#, "server_error: gone"),
            (r#"{"error":{"message":"gone","code":503}}"#, "503: gone"),
            (r#"{"error":"model not loaded"}"#, "model not loaded"),
            (
                r#"{"object":"error","message":"no such model","type":"NotFoundError","code":404}"#,
                "404: no such model",
            ),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (r#"[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]"#, "400: bad"),
            ("upstream connect error\nreset", "upstream connect error reset"),
            ("<html><body>502</body></html>", "(a web page)"),
            (r#"{"detail":[{"msg":"field required"}]}"#, "no reason given"),
            ("", "no reason given"),
            ("null", "no reason given"),
        ];
        for (body, expected) in table {
            assert_eq!(Complaint::from_body(body.as_bytes()).words(NO_SECRETS), expected, "{body}");
        }
    }

    #[test]
    fn statuses_and_codes_are_told_apart() {
        let table = [
            (429, "rate_limit_exceeded", ModelFailure::RateLimited),
            (429, "insufficient_quota", ModelFailure::QuotaGone),
            (429, "credit_balance_exhausted", ModelFailure::QuotaGone),
            (400, "billing_hard_limit_reached", ModelFailure::QuotaGone),
            (403, "project_spend_limit_exceeded", ModelFailure::QuotaGone),
            (402, "", ModelFailure::QuotaGone),
            (401, "invalid_api_key", ModelFailure::Unauthorized),
            (403, "", ModelFailure::Unauthorized),
            (308, "", ModelFailure::Misconfigured),
            (400, "context_length_exceeded", ModelFailure::Rejected),
            (404, "model_not_found", ModelFailure::Misconfigured),
            (404, "", ModelFailure::Misconfigured),
            (405, "", ModelFailure::Misconfigured),
            (403, "model_not_found", ModelFailure::Misconfigured),
            (400, "model_not_found", ModelFailure::Misconfigured),
            (413, "", ModelFailure::Rejected),
            (422, "", ModelFailure::Rejected),
            (408, "", ModelFailure::Unavailable),
            (409, "", ModelFailure::Unavailable),
            (500, "", ModelFailure::Unavailable),
            (529, "overloaded_error", ModelFailure::Unavailable),
        ];
        for (status, code, expected) in table {
            let complaint = Complaint { code: code.to_owned(), ..Complaint::default() };
            let error = complaint.into_error("m", status, None, NO_SECRETS);
            assert_eq!(error.failure(), expected, "{status} {code}");
        }
    }

    #[test]
    fn a_complaint_in_a_stream_gets_the_status_it_deserves() {
        let table = [
            (r#"{"code":502,"message":"x"}"#, 502),
            (r#"{"code":"429"}"#, 429),
            (r#"{"code":7}"#, 500),
            (r#"{"code":"rate_limit_exceeded"}"#, 429),
            (r#"{"type":"invalid_request_error"}"#, 400),
            (r#"{"type":"authentication_error"}"#, 401),
            (r#""overloaded""#, 500),
        ];
        for (json, expected) in table {
            let complaint = Complaint::from_json(&serde_json::from_str(json).unwrap());
            assert_eq!(complaint.likely_status(), expected, "{json}");
        }
    }
}
