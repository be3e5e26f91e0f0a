//! The parameters of a call, from JSON, a form, multipart or the query.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::server::Call;
use super::answer::Refusal;

/// Named parameters; what was text in a form stays text until somebody asks for more.
#[derive(Debug, Default)]
pub(super) struct Params {
    values: BTreeMap<String, Value>,
    files: BTreeMap<String, SentFile>,
}

/// A file that came with a call.
#[derive(Debug, Clone)]
pub(super) struct SentFile {
    pub name: String,
    pub mime: String,
    pub bytes: Vec<u8>,
}

impl Params {
    /// Reads the parameters of a request ("Making requests" in the Bot API manual).
    pub fn read(call: &Call) -> Result<Self, Refusal> {
        let mut params = Self::default();
        params.add_form(call.parts.uri.query().unwrap_or_default().as_bytes());
        let content_type = call.header("content-type").unwrap_or_default().to_owned();
        let kind = content_type.to_ascii_lowercase();
        if call.body.is_empty() {
            return Ok(params);
        }
        if kind.starts_with("application/json") {
            match serde_json::from_slice(&call.body) {
                Ok(Value::Object(object)) => params.values.extend(object),
                _ => return Err(Refusal::bad_request("can't parse JSON content").malformed()),
            }
        } else if kind.starts_with("multipart/form-data") {
            let boundary = boundary(&content_type)
                .ok_or_else(|| Refusal::bad_request("boundary not found").malformed())?;
            params.add_multipart(&call.body, &boundary);
        } else {
            params.add_form(&call.body);
        }
        params.values.retain(|_, value| !value.is_null());
        Ok(params)
    }

    /// Takes a JSON object as parameters, as in an answer to a webhook.
    pub fn from_object(object: serde_json::Map<String, Value>) -> Self {
        let values = object.into_iter().filter(|(_, value)| !value.is_null()).collect();
        Self { values, ..Self::default() }
    }

    /// The names that were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().chain(self.files.keys()).map(String::as_str)
    }

    /// The file under this name.
    pub fn file(&self, name: &str) -> Option<&SentFile> {
        self.files.get(name)
    }

    /// Tells whether the parameter was given at all.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The parameter as text, empty when absent.
    pub fn text(&self, name: &str) -> String {
        match self.values.get(name) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// The parameter as a number; 0 when absent or not a number, as in `td::to_integer`.
    pub fn integer(&self, name: &str) -> i64 {
        self.text(name).trim().parse().unwrap_or(0)
    }

    /// The parameter within limits, or its default.
    pub fn clamped(&self, name: &str, default: i64, least: i64, most: i64) -> i64 {
        if self.text(name).is_empty() { default } else { self.integer(name).clamp(least, most) }
    }

    /// The parameter as a flag.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.text(name).trim().to_ascii_lowercase().as_str(), "true" | "yes" | "1")
    }

    /// The parameter as JSON, also when it came as JSON text within a form.
    pub fn json(&self, name: &str, what: &str) -> Result<Option<Value>, Refusal> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| Refusal::bad_request(format!("Can't parse {what} JSON object")).malformed()),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    fn add_form(&mut self, form: &[u8]) {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(form).unwrap_or_default();
        self.values.extend(pairs.into_iter().map(|(name, value)| (name, Value::String(value))));
    }

    /// Takes the parts of a form, of which those with a file name are files.
    fn add_multipart(&mut self, body: &[u8], boundary: &str) {
        let delimiter = format!("--{boundary}").into_bytes();
        let mut rest = body;
        while let Some(start) = find(rest, &delimiter) {
            rest = &rest[start + delimiter.len()..];
            let end = find(rest, &delimiter).unwrap_or(rest.len());
            let part = &rest[..end];
            let Some(split) = find(part, b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&part[..split]);
            let content = &part[split + 4..];
            let content = content.strip_suffix(b"\r\n").unwrap_or(content);
            let Some(name) = quoted(&head, " name=") else { continue };
            if let Some(file) = quoted(&head, "filename=") {
                let mime = head.lines().find_map(|line| {
                    let (key, value) = line.split_once(':')?;
                    key.eq_ignore_ascii_case("content-type").then(|| value.trim().to_owned())
                });
                let mime = mime.unwrap_or_else(|| "application/octet-stream".to_owned());
                self.files.insert(name, SentFile { name: file, mime, bytes: content.to_vec() });
            } else {
                self.values.insert(name, Value::String(String::from_utf8_lossy(content).into_owned()));
            }
        }
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let (_, boundary) = content_type.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

fn quoted(head: &str, key: &str) -> Option<String> {
    let (_, value) = head.split_once(key)?;
    let value = value.strip_prefix('"')?;
    Some(value[..value.find('"')?].to_owned())
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    within.windows(what.len()).position(|window| window == what)
}
