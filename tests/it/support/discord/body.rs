//! Request bodies: JSON, or `multipart/form-data` with `payload_json` and
//! `files[n]` (reference.mdx, "Content Type" and "Uploading Files").

use serde_json::{Map, Value, json};

use super::super::server::Call;
use super::errors::{Form, Refusal};

/// The request may be this large (message.mdx, "Create Message").
const MAX_REQUEST_BYTES: usize = 25 * 1024 * 1024;

/// A request's fields and files.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) fields: Value,
    pub(super) files: Vec<Upload>,
}

/// One file of a request.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    /// The `n` of `files[n]`.
    pub(super) index: u64,
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Body {
    /// Reads the body of a call.
    pub(super) fn read(call: &Call) -> Result<Self, Refusal> {
        if call.body.is_empty() {
            return Ok(Self { fields: json!({}), files: Vec::new() });
        }
        if call.body.len() > MAX_REQUEST_BYTES {
            return Err(Refusal::malformed(413, 40005, "Request entity too large"));
        }
        let content_type = call.header("content-type").unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind {
            "application/json" => Ok(Self { fields: parse(&call.body)?, files: Vec::new() }),
            "multipart/form-data" => read_parts(content_type, &call.body),
            _ => {
                let mut form = Form::default();
                let message = "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.";
                form.refuse("", "CONTENT_TYPE_INVALID", message);
                form.finish().map(|()| Self::default())
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(bytes)
        .map_err(|_| Refusal::malformed(400, 50109, "The request body contains invalid JSON."))
}

fn read_parts(content_type: &str, bytes: &[u8]) -> Result<Body, Refusal> {
    let malformed = || Refusal::malformed(400, 0, "400: Bad Request");
    let boundary = attribute(content_type, "boundary").ok_or_else(malformed)?;
    let mut fields = Map::new();
    let mut payload = None;
    let mut files = Vec::new();
    for part in split_parts(bytes, &boundary).ok_or_else(malformed)? {
        let split = find(part, b"\r\n\r\n").ok_or_else(malformed)?;
        let head = String::from_utf8_lossy(&part[..split]).into_owned();
        let content = &part[split + 4..];
        let disposition = header(&head, "content-disposition").ok_or_else(malformed)?;
        let name = attribute(&disposition, "name").ok_or_else(malformed)?;
        if name == "payload_json" {
            payload = Some(parse(content)?);
        } else if let Some(file_name) = attribute(&disposition, "filename") {
            let index = name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']'));
            files.push(Upload {
                index: index.and_then(|index| index.parse().ok()).ok_or_else(malformed)?,
                name: file_name,
                content_type: header(&head, "content-type"),
                bytes: content.to_vec(),
            });
        } else {
            fields.insert(name, Value::String(String::from_utf8_lossy(content).into_owned()));
        }
    }
    Ok(Body { fields: payload.unwrap_or(Value::Object(fields)), files })
}

/// Cuts a body at its boundary lines; `None` when its end is missing.
fn split_parts<'a>(bytes: &'a [u8], boundary: &str) -> Option<Vec<&'a [u8]>> {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = bytes.get(find(bytes, delimiter.as_bytes())? + delimiter.len()..)?;
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, format!("\r\n{delimiter}").as_bytes())?;
        parts.push(&rest[..end]);
        rest = &rest[end + 2 + delimiter.len()..];
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// An attribute such as `name="files[0]"` of a header's value.
fn attribute(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|attribute| {
        let (key, value) = attribute.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').to_owned())
    })
}
