//! Refusals: error bodies with the platform's codes, and the nested errors of
//! "Invalid Form Body" (reference.mdx, "Error Messages").

use serde_json::{Value, json};

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: Value,
    /// A correct bot never sends this, so it counts as a problem.
    pub(super) malformed: bool,
}

impl Refusal {
    /// A refusal that a correct bot may meet.
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, body: json!({ "message": message, "code": code }), malformed: false }
    }

    /// A refusal of something no correct bot sends.
    pub(super) fn malformed(status: u16, code: u32, message: &str) -> Self {
        Self { malformed: true, ..Self::new(status, code, message) }
    }

    /// A form error in one field, which a correct bot may meet.
    pub(super) fn field(path: &str, code: &str, message: &str) -> Self {
        let mut form = Form::default();
        form.refuse(path, code, message);
        Self { malformed: false, ..form.into_refusal() }
    }

    /// Says that the errors are inside a field, such as a callback's `data`.
    pub(super) fn inside(mut self, field: &str) -> Self {
        if let Some(errors) = self.body.get_mut("errors") {
            *errors = json!({ field: errors.take() });
        }
        self
    }

    pub(super) fn unknown_channel() -> Self {
        Self::new(404, 10003, "Unknown Channel")
    }

    pub(super) fn unknown_guild() -> Self {
        Self::new(404, 10004, "Unknown Guild")
    }

    pub(super) fn unknown_message() -> Self {
        Self::new(404, 10008, "Unknown Message")
    }

    pub(super) fn unknown_user() -> Self {
        Self::new(404, 10013, "Unknown User")
    }

    pub(super) fn unknown_webhook() -> Self {
        Self::new(404, 10015, "Unknown Webhook")
    }

    pub(super) fn unknown_interaction() -> Self {
        Self::new(404, 10062, "Unknown interaction")
    }

    pub(super) fn unknown_command() -> Self {
        Self::new(404, 10063, "Unknown application command")
    }

    pub(super) fn missing_access() -> Self {
        Self::new(403, 50001, "Missing Access")
    }

    pub(super) fn missing_permissions() -> Self {
        Self::new(403, 50013, "Missing Permissions")
    }

    pub(super) fn cannot_message_user() -> Self {
        Self::new(403, 50007, "Cannot send messages to this user")
    }

    pub(super) fn empty_message() -> Self {
        Self::malformed(400, 50006, "Cannot send an empty message")
    }
}

/// Collects what is wrong with a form.
///
/// The numbers above are in opcodes-and-status-codes.mdx. The names inside
/// `errors` are documented by example only ("a complete list of errors is not
/// feasible"). Seen in issues: `BASE_TYPE_*`, `MODEL_TYPE_CONVERT`, `NONCE_*`,
/// `MESSAGE_REFERENCE_UNKNOWN_MESSAGE`, `MAX_EMBED_SIZE_EXCEEDED`,
/// `MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE`, `APPLICATION_COMMAND_INVALID_NAME`,
/// `APPLICATION_COMMAND_TOO_LARGE`. The others are not confirmed, so no bot
/// should be tested for their exact names.
#[derive(Debug, Default)]
pub(super) struct Form {
    errors: Option<Value>,
}

impl Form {
    /// Adds an error at a path such as `embeds.0.title`; an empty path is the
    /// whole request.
    pub(super) fn refuse(&mut self, path: &str, code: &str, message: &str) {
        let mut place = self.errors.get_or_insert_with(|| json!({}));
        for part in path.split('.').filter(|part| !part.is_empty()) {
            place = &mut place[part];
        }
        let errors = &mut place["_errors"];
        if errors.is_null() {
            *errors = json!([]);
        }
        let error = json!({ "code": code, "message": message });
        errors.as_array_mut().expect("errors are a list").push(error);
    }

    pub(super) fn required(&mut self, path: &str) {
        self.refuse(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    pub(super) fn too_long(&mut self, path: &str, most: usize) {
        self.refuse(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {most} or fewer in length."));
    }

    pub(super) fn bad_length(&mut self, path: &str, least: usize, most: usize) {
        let message = format!("Must be between {least} and {most} in length.");
        self.refuse(path, "BASE_TYPE_BAD_LENGTH", &message);
    }

    pub(super) fn not_one_of(&mut self, path: &str, choices: &str) {
        self.refuse(path, "BASE_TYPE_CHOICES", &format!("Value must be one of {choices}."));
    }

    /// Passes, or refuses with everything that was found.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.errors.is_none() { Ok(()) } else { Err(self.into_refusal()) }
    }

    fn into_refusal(self) -> Refusal {
        let errors = self.errors.unwrap_or_else(|| json!({}));
        let body = json!({ "message": "Invalid Form Body", "code": 50035, "errors": errors });
        Refusal { status: 400, body, malformed: true }
    }
}
